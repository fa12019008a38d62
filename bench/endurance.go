package main

import (
	"context"
	"fmt"
	"io"
	"math"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/codexctl/codexctl/bench/lab"
)

// What many requests may leave behind: a few connections that stay open, and what the
// memory of a process differs by from one moment to the next.
const (
	leftGoroutines  = 10
	leftDescriptors = 10
	leftMiB         = 4
)

// measureEndurance is what a server holds after many requests more than after some,
// one after the other and several at a time, on all routes.
func measureEndurance(ctx context.Context, l *lab.Lab) ([]row, error) {
	requests := 10_000
	if l.Quick {
		requests = 100
	}
	s, err := openStand(ctx, l, 1, `{"writes":"whole"}`)
	if err != nil {
		return nil, err
	}
	defer s.close()
	routes := s.loads()
	// The first ones fill what is filled once.
	if err := endure(ctx, requests/5, routes[native], routes[chat]); err != nil {
		return nil, err
	}
	// A server gives back what it does not need once nothing is asked for a second.
	rest := 1500 * time.Millisecond
	if l.Quick {
		rest = 0
	}
	time.Sleep(rest)
	before, err := s.holds(ctx)
	if err != nil {
		return nil, err
	}
	if err := endure(ctx, requests, routes[native], routes[chat]); err != nil {
		return nil, err
	}
	time.Sleep(rest)
	after, err := s.holds(ctx)
	if err != nil {
		return nil, err
	}
	grown := func(what string, before, after, limit float64, unit string) row {
		return row{
			what: fmt.Sprintf("serve, %d requests: growth of %s", requests, what),
			ours: short(before) + " → " + short(after), value: after - before, unit: unit, bar: bar{atMost: limit},
		}
	}
	return []row{
		grown("goroutines", before.goroutines, after.goroutines, leftGoroutines, "more"),
		grown("descriptors", before.descriptors, after.descriptors, leftDescriptors, "more"),
		grown("memory", before.resident/(1<<20), after.resident/(1<<20), leftMiB, "MiB"),
	}, nil
}

// endure makes half of the requests one after the other and half several at a time, on
// each route.
func endure(ctx context.Context, requests int, routes ...contender) error {
	for _, c := range routes {
		for _, connections := range []int{1, 16} {
			c.load.Connections, c.load.Requests = connections, requests/(2*len(routes))
			if _, err := c.load.Run(ctx); err != nil {
				return err
			}
		}
	}
	return nil
}

// holding is what a server holds, as its own metrics tell it.
type holding struct{ goroutines, descriptors, resident float64 }

// holds asks for it once the connections of the load are gone, which takes the server
// a moment; it is the least of some tries.
func (s *stand) holds(ctx context.Context) (least holding, err error) {
	var seen float64 // the descriptors that the system counts
	for try := range 20 {
		request, err := http.NewRequestWithContext(ctx, http.MethodGet, s.ours.URL+"/metrics", nil)
		if err != nil {
			return holding{}, err
		}
		request.Close = true
		response, err := http.DefaultClient.Do(request)
		if err != nil {
			return holding{}, err
		}
		text, err := io.ReadAll(response.Body)
		response.Body.Close()
		if err != nil {
			return holding{}, err
		}
		var now holding
		for name, to := range map[string]*float64{
			"go_goroutines": &now.goroutines, "process_open_fds": &now.descriptors, "process_resident_memory_bytes": &now.resident,
		} {
			if *to, err = metric(string(text), name); err != nil {
				return holding{}, err
			}
		}
		descriptors, err := lab.Descriptors(s.ours.PID)
		if err != nil {
			return holding{}, err
		}
		if try == 0 {
			least, seen = now, float64(descriptors)
		}
		seen = min(seen, float64(descriptors))
		least = holding{min(least.goroutines, now.goroutines), min(least.descriptors, now.descriptors), min(least.resident, now.resident)}
		time.Sleep(20 * time.Millisecond)
	}
	// Only when all connections are gone do both count the same.
	if math.Abs(seen-least.descriptors) > 5 {
		return holding{}, fmt.Errorf("the server tells %g descriptors, the system %g", least.descriptors, seen)
	}
	return least, nil
}

// metric reads a metric without labels.
func metric(text, name string) (float64, error) {
	for line := range strings.Lines(text) {
		if value, ok := strings.CutPrefix(line, name+" "); ok {
			return strconv.ParseFloat(strings.TrimSpace(value), 64)
		}
	}
	return 0, fmt.Errorf("/metrics does not tell %s", name)
}
