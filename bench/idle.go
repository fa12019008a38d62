package main

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/codexctl/codexctl/bench/lab"
)

// idleLimit is what a stream may hold on which nothing happens, in KiB.
const idleLimit = 80

// measureIdle is the memory that each of many streams holds which have begun and then
// fall silent. At the end every one of them must come whole.
func measureIdle(ctx context.Context, l *lab.Lab) ([]row, error) {
	streams, rest := 1000, 8*time.Second
	if l.Quick {
		streams, rest = 20, time.Second
	}
	// The rest is before the only delta; what comes before that opens the stream. It is
	// shorter than the time after which ours sends a comment.
	s, err := openStand(ctx, l, 1, fmt.Sprintf(`{"deltas_per_second":%g}`, 1/rest.Seconds()))
	if err != nil {
		return nil, err
	}
	defer s.close()
	var grown [contenders]float64
	for i := range grown {
		if i == chat {
			// What the streams before have left would be used again.
			if err := s.restart(ctx, l); err != nil {
				return nil, err
			}
		}
		if grown[i], err = s.loads()[i].idle(ctx, streams, rest); err != nil {
			return nil, err
		}
	}
	what := fmt.Sprintf("%d idle streams: memory of each", streams)
	return []row{
		idleRow("serve native: "+what, grown[native], grown[bare]),
		idleRow("serve chat: "+what, grown[chat], grown[bare]),
	}, nil
}

func idleRow(what string, ours, theirs float64) row {
	return row{
		what: what, ours: short(ours) + " KiB", theirs: short(theirs) + " KiB", rival: bareProxy,
		value: ours, unit: "KiB", bar: bar{atMost: idleLimit},
	}
}

// idle opens the streams and returns by how many KiB the server has grown for each once
// all have begun. It ends when all have ended.
func (c contender) idle(ctx context.Context, streams int, rest time.Duration) (float64, error) {
	before, err := lab.Resident(c.pid)
	if err != nil {
		return 0, err
	}
	var begun sync.WaitGroup
	begun.Add(streams)
	c.load.Connections, c.load.Requests, c.load.Cold, c.load.Opened = streams, streams, true, begun.Done
	ended := make(chan error, 1)
	go func() {
		loaded, err := c.load.Run(ctx)
		if err == nil && loaded.Latency(0) < rest {
			err = fmt.Errorf("a stream has ended after %s, before its rest was over", loaded.Latency(0))
		}
		ended <- err
	}()
	all := make(chan struct{})
	go func() { begun.Wait(); close(all) }()
	select {
	case err := <-ended:
		return 0, fmt.Errorf("the streams have ended before all had begun: %w", err)
	case <-all:
	}
	time.Sleep(rest / 2) // what was needed to begin can be given back
	during, err := lab.Resident(c.pid)
	if err != nil {
		return 0, err
	}
	select {
	case err := <-ended:
		return 0, fmt.Errorf("streams have ended before all were counted: %w", err)
	default:
	}
	return float64(during-before) / 1024 / float64(streams), <-ended
}
