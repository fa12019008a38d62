package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"sync/atomic"
	"time"

	"github.com/codexctl/codexctl/bench/lab"
)

// turnCost is what the turns of conversations cost.
type turnCost struct {
	kept                  string // where
	servers               int
	callers, turns        int // callers at a time, and turns in all
	perTurn, redisPerTurn time.Duration
	seen                  visited
}

func (c turnCost) cells() []string {
	redis := "–"
	if c.redisPerTurn > 0 {
		redis = duration(c.redisPerTurn)
	}
	return []string{
		c.kept, fmt.Sprint(c.servers), fmt.Sprint(c.callers), fmt.Sprint(c.turns), perSecond(c.seen),
		duration(quantile(c.seen.wholes, 0.5)), duration(quantile(c.seen.wholes, 0.99)), duration(c.perTurn), redis,
	}
}

const (
	// turnsEach is how many turns each conversation has.
	turnsEach = 20

	// turnItems is what a turn leaves behind: the question, reasoning, the answer.
	turnItems = 3
)

// measureTurns measures conversations in a folder and in Redis, and one server and several.
func (s *scaling) measureTurns(ctx context.Context, l *lab.Lab) error {
	counts, replicas, busy, each := []int{1, 10, 100}, []int{1, 2, 4}, 32, turnsEach
	if l.Quick {
		counts, replicas, busy, each = []int{2}, []int{2}, 2, 2
	}
	b, err := l.Backend(ctx, "{}")
	if err != nil {
		return err
	}
	defer b.Close()
	t := &turnStand{l: l, b: b}
	for _, count := range counts {
		if err := s.addTurns(ctx, &s.turns, t, turnPlan{"nothing", 1, count, each}); err != nil {
			return err
		}
	}
	for _, count := range counts {
		if err := s.addTurns(ctx, &s.turns, t, turnPlan{"folder", 1, count, each}); err != nil {
			return err
		}
	}
	if t.redis, s.noRedis = startRedis(ctx, l); s.noRedis != nil {
		if errors.Is(s.noRedis, errNoRedis) {
			leaveOut("conversations in Redis", s.noRedis)
			return nil
		}
		return s.noRedis
	}
	defer t.redis.stop()
	for _, count := range counts {
		if err := s.addTurns(ctx, &s.turns, t, turnPlan{"Redis", 1, count, each}); err != nil {
			return err
		}
	}
	for _, servers := range replicas {
		if err := s.addTurns(ctx, &s.replicas, t, turnPlan{"Redis", servers, busy, each}); err != nil {
			return err
		}
	}
	s.shared, err = t.oneTalk(ctx, replicas[len(replicas)-1], min(busy, 8), each)
	return err
}

func perSecond(v visited) string { return fmt.Sprintf("%.0f", v.perSecond()) }

// turnPlan is so many conversations at a time, each with so many turns, kept somewhere.
type turnPlan struct {
	kept                 string
	servers, talks, each int
}

func (s *scaling) addTurns(ctx context.Context, to *[]turnCost, t *turnStand, p turnPlan) error {
	cost, err := t.manyTalks(ctx, p)
	if err != nil {
		return fmt.Errorf("%s, %d servers, %d conversations: %w", p.kept, p.servers, p.talks, err)
	}
	*to = append(*to, cost)
	return nil
}

// turnStand is a backend, and a Redis server if there is one.
type turnStand struct {
	l     *lab.Lab
	b     *lab.Backend
	redis *redisServer
	count int // of measurements, so that none meets the conversations of another
}

// open starts so many servers that keep conversations in the same place.
func (t *turnStand) open(ctx context.Context, kept string, servers int) (list []*lab.Server, err error) {
	t.count++
	args := []string{"--no-store"}
	switch kept {
	case "folder":
		args = nil
	case "Redis":
		args = []string{"--session-store", t.redis.url}
	}
	for range servers {
		server, err := t.l.Serve(ctx, t.b, args...)
		if err != nil {
			closeAll(list)
			return nil, err
		}
		list = append(list, server)
	}
	return list, t.b.Forget(ctx)
}

func closeAll(servers []*lab.Server) {
	for _, s := range servers {
		s.Close()
	}
}

// manyTalks lets each caller have a conversation of its own. Each of its turns goes to
// the next server, so that nothing that only one of them knows can be of help.
func (t *turnStand) manyTalks(ctx context.Context, p turnPlan) (turnCost, error) {
	servers, err := t.open(ctx, p.kept, p.servers)
	if err != nil {
		return turnCost{}, err
	}
	defer closeAll(servers)
	callers := make([]caller, p.talks)
	for i := range callers {
		path := fmt.Sprintf("/codex/talk-%d-%d/responses", t.count, i)
		if p.kept == "nothing" {
			path = "/v1/responses"
		}
		callers[i] = caller{requests: p.each, visit: func(n int) visit {
			return turnVisit(servers[(i+n)%len(servers)].URL+path, fmt.Sprintf("turn %d of %d", n, i))
		}}
	}
	cost := turnCost{kept: p.kept, servers: p.servers, callers: p.talks, turns: p.talks * p.each}
	if err := t.run(ctx, &cost, servers, callers); err != nil {
		return cost, err
	}
	want := make(map[int]int)
	for n := range p.each {
		if p.kept == "nothing" {
			n = 0
		}
		want[turnItems*n+1] += p.talks
	}
	return cost, t.checkHistories(ctx, want)
}

// oneTalk lets all callers talk in one conversation, at all servers: each request waits
// for those before it, wherever they are, and sees them.
func (t *turnStand) oneTalk(ctx context.Context, servers, callers, each int) (turnCost, error) {
	list, err := t.open(ctx, "Redis", servers)
	if err != nil {
		return turnCost{}, err
	}
	defer closeAll(list)
	path := fmt.Sprintf("/codex/talk-%d/responses", t.count)
	var asked atomic.Int64
	all := make([]caller, callers)
	for i := range all {
		all[i] = caller{requests: each, visit: func(n int) visit {
			return turnVisit(list[(i+n)%len(list)].URL+path, fmt.Sprintf("turn %d", asked.Add(1)))
		}}
	}
	cost := turnCost{kept: "Redis", servers: servers, callers: callers, turns: callers * each}
	if err := t.run(ctx, &cost, list, all); err != nil {
		return cost, err
	}
	want := make(map[int]int)
	for n := range cost.turns {
		want[turnItems*n+1] = 1
	}
	return cost, t.checkHistories(ctx, want)
}

// turnVisit is one turn, and its answer.
func turnVisit(url, text string) visit {
	return visit{
		url: url, body: fmt.Sprintf(`{"model":"gpt-5.5","input":%q,"stream":true}`, text),
		check: func(body []byte) error {
			want := fmt.Appendf(nil, `"text":"You said: %s"`, text)
			if !bytes.Contains(body, want) || !bytes.Contains(body, []byte("event: response.completed\n")) {
				return fmt.Errorf("%s: the answer has no %s: %.500s", url, want, body)
			}
			return nil
		},
	}
}

// run makes the load and notes what it cost.
func (t *turnStand) run(ctx context.Context, cost *turnCost, servers []*lab.Server, callers []caller) error {
	pids := make([]int, len(servers))
	for i, s := range servers {
		pids[i] = s.PID
	}
	before, err := usedBy(pids...)
	if err != nil {
		return err
	}
	var redisBefore time.Duration
	if t.redis != nil {
		if redisBefore, err = usedBy(t.redis.pid); err != nil {
			return err
		}
	}
	if cost.seen, err = visitAll(ctx, callers, nil); err != nil {
		return err
	}
	after, err := usedBy(pids...)
	if err != nil {
		return err
	}
	cost.perTurn = (after - before) / time.Duration(cost.turns)
	if t.redis != nil {
		redisAfter, err := usedBy(t.redis.pid)
		if err != nil {
			return err
		}
		cost.redisPerTurn = (redisAfter - redisBefore) / time.Duration(cost.turns)
	}
	return nil
}

// usedBy is the time on processors that processes have had so far.
func usedBy(pids ...int) (sum time.Duration, err error) {
	for _, pid := range pids {
		used, err := lab.Used(pid)
		if err != nil {
			return 0, err
		}
		sum += used
	}
	return sum, nil
}

// checkHistories wants so many requests with each length of input, in items: a turn that
// had not seen one before it would have a shorter one.
func (t *turnStand) checkHistories(ctx context.Context, want map[int]int) error {
	bodies, err := t.b.Bodies(ctx)
	if err != nil {
		return err
	}
	got := make(map[int]int)
	for _, body := range bodies {
		var request struct {
			Input []json.RawMessage `json:"input"`
		}
		if err := json.Unmarshal(body, &request); err != nil {
			return err
		}
		got[len(request.Input)]++
	}
	if !maps.Equal(got, want) {
		return fmt.Errorf("requests by the number of items in their input: %v, want %v", got, want)
	}
	return nil
}
