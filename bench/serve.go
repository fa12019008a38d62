package main

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"time"

	"github.com/codexctl/codexctl/bench/lab"
)

// The bars of the server: what it may cost next to a reverse proxy that looks at
// nothing.
const (
	nativeLatency    = 1.3
	nativeThroughput = 0.8
	chatThroughput   = 0.6
)

// The answers, in text deltas.
const (
	shortStream = 40
	longStream  = 2000
)

// measureServe is the server next to a bare reverse proxy, both in front of the same
// backend, asked in turn.
func measureServe(ctx context.Context, l *lab.Lab) ([]row, error) {
	short, err := openStand(ctx, l, shortStream, "{}")
	if err != nil {
		return nil, err
	}
	defer short.close()
	var rows []row
	for _, load := range []struct{ connections, requests int }{{1, 400}, {32, 2000}, {256, 2560}} {
		more, err := short.compare(ctx, l, load.connections, load.requests)
		if err != nil {
			return nil, err
		}
		rows = append(rows, more...)
	}
	long, err := openStand(ctx, l, longStream, "{}")
	if err != nil {
		return nil, err
	}
	defer long.close()
	more, err := long.compare(ctx, l, 32, 192)
	return append(rows, more...), err
}

// compare measures the native and the chat route next to the rival.
func (s *stand) compare(ctx context.Context, l *lab.Lab, connections, requests int) ([]row, error) {
	times := 3
	if connections == 1 {
		times = 9 // one at a time, the processors' own moods show
	}
	if l.Quick {
		requests = connections
	}
	rounds, err := inTurn(ctx, l.Times(times), connections, requests, s.loads())
	if err != nil {
		return nil, err
	}
	at := fmt.Sprintf(", %d deltas, concurrency %d", s.deltas, connections)
	rows := []row{
		rounds.row("serve native: p50"+at, native, p50, bar{atMost: nativeLatency}),
		rounds.row("serve native: p99"+at, native, p99, bar{}),
		rounds.row("serve native: first byte"+at, native, first, bar{}),
		rounds.rate("serve native: throughput"+at, native, bar{atLeast: nativeThroughput}),
		rounds.row("serve native: processor time a request"+at, native, processorTime, bar{}),
		rounds.rate("serve chat: throughput"+at, chat, bar{atLeast: chatThroughput}),
		rounds.row("serve chat: processor time a request"+at, chat, processorTime, bar{}),
	}
	return rows, nil
}

// measurePaced is what an event costs that comes alone, every 5 ms of a stream.
func measurePaced(ctx context.Context, l *lab.Lab) ([]row, error) {
	deltas, connections := 10*shortStream, 32
	if l.Quick {
		deltas, connections = shortStream, 1
	}
	s, err := openStand(ctx, l, deltas, `{"event_delay_ms":5}`)
	if err != nil {
		return nil, err
	}
	defer s.close()
	loads := s.loads()
	for i := range loads {
		loads[i].perEvent = deltas
		loads[i].load.Cold = true // a round for the warmth would take as long as the measured one
	}
	rounds, err := inTurn(ctx, l.Times(3), connections, connections, loads)
	if err != nil {
		return nil, err
	}
	return []row{
		rounds.row("serve native: processor time an event, every 5 ms", native, processorTime, bar{}),
		rounds.row("serve chat: processor time an event, every 5 ms", chat, processorTime, bar{}),
	}, nil
}

// contender is a load on a server whose processor time is taken.
type contender struct {
	load     lab.Load
	pid      int
	perEvent int // events of an answer, to tell the time of one; 0 tells that of an answer
}

// The contenders: ours on both routes, and the rival.
const (
	native = iota
	chat
	bare
	contenders
)

// loads are the contenders.
func (s *stand) loads() [contenders]contender {
	return [contenders]contender{
		native: {load: lab.Load{URL: s.ours.URL + "/codex/responses", Body: nativeRequest, Want: s.want}, pid: s.ours.PID},
		chat:   {load: lab.Load{URL: s.ours.URL + "/v1/chat/completions", Body: chatRequest, Want: s.wantChat}, pid: s.ours.PID},
		bare:   {load: lab.Load{URL: s.bare.URL + "/", Body: nativeRequest, Want: s.want}, pid: s.bare.PID},
	}
}

// loadResult is one round of one contender.
type loadResult struct {
	lab.Loaded
	processor time.Duration // of the server, for a request or an event
}

// loadRounds are the results, round by round, of each contender.
type loadRounds [][]loadResult

// inTurn loads the contenders one after the other, n times over. The load itself has
// one processor, so that it leaves the others to the servers.
func inTurn(ctx context.Context, n, connections, requests int, all [contenders]contender) (loadRounds, error) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
	rounds := make(loadRounds, n)
	for i := range rounds {
		for _, c := range all {
			c.load.Connections, c.load.Requests = connections, requests
			result, err := c.run(ctx)
			if err != nil {
				return nil, err
			}
			rounds[i] = append(rounds[i], result)
		}
	}
	return rounds, nil
}

// run makes the load. The processor time is that of the requests that do not count as
// well, and shared among all.
func (c contender) run(ctx context.Context) (loadResult, error) {
	before, err := lab.Used(c.pid)
	if err != nil {
		return loadResult{}, err
	}
	loaded, err := c.load.Run(ctx)
	if err != nil {
		return loadResult{}, err
	}
	after, err := lab.Used(c.pid)
	share := c.load.Requests * max(c.perEvent, 1)
	if !c.load.Cold {
		share += c.load.Connections
	}
	return loadResult{loaded, (after - before) / time.Duration(share)}, err
}

func p50(r loadResult) time.Duration           { return r.Latency(0.5) }
func p99(r loadResult) time.Duration           { return r.Latency(0.99) }
func first(r loadResult) time.Duration         { return r.First(0.5) }
func processorTime(r loadResult) time.Duration { return r.processor }

// row compares the medians of a time, ours being the contender with that number.
func (rounds loadRounds) row(what string, ours int, figure func(loadResult) time.Duration, limit bar) row {
	median := func(of int) time.Duration {
		return lab.MedianOf(rounds, func(r []loadResult) time.Duration { return figure(r[of]) })
	}
	return row{
		what: what, ours: duration(median(ours)), theirs: duration(median(bare)), rival: bareProxy,
		value: lab.MedianOf(rounds, func(r []loadResult) float64 {
			return float64(figure(r[ours])) / float64(max(figure(r[bare]), 1))
		}), unit: "×", bar: limit,
	}
}

// rate is the same of requests in a second.
func (rounds loadRounds) rate(what string, ours int, limit bar) row {
	median := func(of int) string {
		return short(lab.MedianOf(rounds, func(r []loadResult) float64 { return r[of].PerSecond() })) + "/s"
	}
	return row{
		what: what, ours: median(ours), theirs: median(bare), rival: bareProxy,
		value: lab.MedianOf(rounds, func(r []loadResult) float64 { return r[ours].PerSecond() / r[bare].PerSecond() }),
		unit:  "×", bar: limit,
	}
}

const bareProxy = "bare reverse proxy"

// stand is a backend that repeats one answer, and both servers in front of it.
type stand struct {
	backend        *lab.Backend
	ours, bare     *lab.Server
	deltas         int
	want, wantChat []byte // the answers
}

// openStand has an answer of so many deltas made, and repeated as the scene says.
func openStand(ctx context.Context, l *lab.Lab, deltas int, scene string) (s *stand, err error) {
	s = &stand{deltas: deltas}
	defer func() {
		if err != nil {
			s.close()
		}
	}()
	if s.want, err = recordAnswer(ctx, l, deltas); err != nil {
		return s, err
	}
	folder, err := writeRecording(l, deltas, s.want)
	if err != nil {
		return s, err
	}
	if s.backend, err = l.Backend(ctx, scene, "--replay", folder); err != nil {
		return s, err
	}
	if s.ours, err = l.Serve(ctx, s.backend); err != nil {
		return s, err
	}
	if s.bare, err = l.Bare(ctx, s.backend); err != nil {
		return s, err
	}
	s.wantChat, err = s.chatAnswer(ctx)
	return s, err
}

// restart puts a new server of ours in the place of the old one.
func (s *stand) restart(ctx context.Context, l *lab.Lab) error {
	old := s.ours
	fresh, err := l.Serve(ctx, s.backend)
	if err != nil {
		return err
	}
	s.ours = fresh
	return old.Close()
}

func (s *stand) close() {
	for _, server := range []*lab.Server{s.ours, s.bare} {
		if server != nil {
			server.Close()
		}
	}
	if s.backend != nil {
		s.backend.Close()
	}
}

// chatAnswer is the answer of the chat route, once it is found right.
func (s *stand) chatAnswer(ctx context.Context) ([]byte, error) {

	answer, err := s.loads()[chat].load.Once(ctx)
	if err != nil {
		return nil, err
	}
	if err := checkChat(answer, s.deltas); err != nil {
		return nil, errors.Join(fmt.Errorf("the chat answer is wrong: %.2000s", answer), err)
	}
	return answer, nil
}
