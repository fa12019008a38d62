package main

import (
	"bytes"
	"context"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/codexctl/codexctl/bench/lab"
)

const (
	// streamDeltas is the length of the answers, and streamPace the time between two
	// events: slow enough that a thousand streams leave half of two processors idle,
	// backend and callers included, so that a delay is one of the server's.
	streamDeltas = 15
	streamPace   = 200 * time.Millisecond

	// streamSpread is the time over which the streams begin. All of them are open at
	// the end of it, and none has ended.
	streamSpread = 1500 * time.Millisecond
)

// streamCost is what so many streams at a time cost the server.
type streamCost struct {
	streams      int
	events       int           // of an answer
	idle, memory int64         // of the server before, and with all of them open; bytes
	descriptors  int           // with all of them open
	perEvent     time.Duration // of a processor, all else included
	load         float64       // how much of one processor was used
	ours, direct visited
}

// each is the memory of one stream.
func (c streamCost) each() int64 { return (c.memory - c.idle) / int64(c.streams) }

func (c streamCost) memoryEach() string {
	if c.streams < 10 {
		return "–" // less than what the server takes to wake up
	}
	return short(float64(c.each())/1024) + " KiB"
}

// added is what the server adds to the time until an answer begins.
func (c streamCost) added(of float64) time.Duration {
	return max(0, quantile(c.ours.firsts, of)-quantile(c.direct.firsts, of))
}

func streamEvents(costs []streamCost) int { return costs[0].events }

// measureStreams holds more and more streams open at a time, each by a fresh server.
func measureStreams(ctx context.Context, l *lab.Lab) ([]streamCost, error) {
	counts, deltas, spread := []int{1, 10, 100, 1000}, streamDeltas, streamSpread
	if l.Quick {
		counts, deltas, spread = []int{1, 8}, 4, 0
	}
	want, err := recordAnswer(ctx, l, deltas)
	if err != nil {
		return nil, err
	}
	folder, err := writeRecording(l, deltas, want)
	if err != nil {
		return nil, err
	}
	pace := streamPace
	if l.Quick {
		pace = streamPace / 40
	}
	b, err := l.Backend(ctx, fmt.Sprintf(`{"event_delay_ms":%d}`, pace.Milliseconds()), "--replay", folder)
	if err != nil {
		return nil, err
	}
	defer b.Close()
	var costs []streamCost
	for _, count := range counts {
		cost, err := costOfStreams(ctx, l, b, count, spread, want)
		if err != nil {
			return nil, err
		}
		costs = append(costs, cost)
	}
	return costs, nil
}

func costOfStreams(ctx context.Context, l *lab.Lab, b *lab.Backend, count int, spread time.Duration, want []byte) (streamCost, error) {
	cost := streamCost{streams: count, events: bytes.Count(want, []byte("\n\n"))}
	server, err := l.Serve(ctx, b)
	if err != nil {
		return cost, err
	}
	defer server.Close()
	ours := visit{url: server.URL + "/v1/responses", body: nativeRequest, check: exactly(want)}
	direct := visit{url: b.Responses(), body: nativeRequest, token: b.Token, check: exactly(want)}
	// One answer that does not count: the server looks for its login at the first.
	if _, err := visitAll(ctx, spreadOver(1, 0, ours), nil); err != nil {
		return cost, err
	}
	if cost.idle, err = lab.Resident(server.PID); err != nil {
		return cost, err
	}
	before, err := lab.Used(server.PID)
	if err != nil {
		return cost, err
	}
	// What is read while all are open is for this goroutine again once all have ended.
	var open atomic.Int64
	var readErr error
	cost.ours, err = visitAll(ctx, spreadOver(count, spread, ours), func() {
		if open.Add(1) == int64(count) {
			if cost.memory, readErr = lab.Resident(server.PID); readErr == nil {
				cost.descriptors, readErr = lab.Descriptors(server.PID)
			}
		}
	})
	if err == nil {
		err = readErr
	}
	if err != nil {
		return cost, err
	}
	after, err := lab.Used(server.PID)
	if err != nil {
		return cost, err
	}
	cost.perEvent = (after - before) / time.Duration(count*cost.events)
	cost.load = float64(after-before) / float64(cost.ours.wall)
	cost.direct, err = visitAll(ctx, spreadOver(count, spread, direct), nil)
	return cost, err
}

// spreadOver is so many callers with one request each, who begin evenly over a time.
func spreadOver(count int, spread time.Duration, to visit) []caller {
	callers := make([]caller, count)
	for i := range callers {
		callers[i] = caller{
			begins: spread * time.Duration(i) / time.Duration(count), requests: 1,
			visit: func(int) visit { return to },
		}
	}
	return callers
}
