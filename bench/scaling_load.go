package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"
)

// caller is somebody who makes requests one after the other. Unlike those of a
// [lab.Load], each may be another one, at another address.
type caller struct {
	// begins is how long after the others' start this one makes the first.
	begins time.Duration

	// requests is how many are made; visit makes the nth.
	requests int
	visit    func(n int) visit
}

// visit is one request.
type visit struct {
	url, body string
	token     string             // as bearer; empty: none
	check     func([]byte) error // looks at the answer's body
}

// visited is what all callers together have seen.
type visited struct {
	wall           time.Duration
	firsts, wholes []time.Duration // to the first text of an answer, and to its end; sorted
}

// firstDelta stands where the first text of an answer is.
const firstDelta = "event: response.output_text.delta\n"

func (v visited) perSecond() float64 { return float64(len(v.wholes)) / v.wall.Seconds() }

// quantile is the time that this part of all did not exceed.
func quantile(sorted []time.Duration, of float64) time.Duration {
	if len(sorted) == 0 {
		return 0
	}
	return sorted[min(int(of*float64(len(sorted))), len(sorted)-1)]
}

// visitAll lets all callers make their requests at the same time. opened, if not nil, is
// called at the first text of each answer. The first failure ends it.
func visitAll(ctx context.Context, callers []caller, opened func()) (visited, error) {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	transport := &http.Transport{MaxIdleConnsPerHost: len(callers), DisableCompression: true}
	defer transport.CloseIdleConnections()
	client := &http.Client{Transport: transport}
	parts := make([]visited, len(callers))
	var running sync.WaitGroup
	start := time.Now()
	for i, c := range callers {
		running.Go(func() {
			time.Sleep(c.begins)
			for n := 0; n < c.requests && ctx.Err() == nil; n++ {
				if err := parts[i].make(ctx, client, c.visit(n), opened); err != nil {
					cancel(err)
				}
			}
		})
	}
	running.Wait()
	sum := visited{wall: time.Since(start)}
	for _, p := range parts {
		sum.firsts, sum.wholes = append(sum.firsts, p.firsts...), append(sum.wholes, p.wholes...)
	}
	slices.Sort(sum.firsts)
	slices.Sort(sum.wholes)
	return sum, context.Cause(ctx)
}

// make makes one request and notes its times.
func (v *visited) make(ctx context.Context, client *http.Client, to visit, opened func()) error {
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, to.url, strings.NewReader(to.body))
	if err != nil {
		return err
	}
	request.Header.Set("Content-Type", "application/json")
	request.Header.Set("User-Agent", "load/1.0")
	if to.token != "" {
		request.Header.Set("Authorization", "Bearer "+to.token)
	}
	start := time.Now()
	response, err := client.Do(request)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	var body bytes.Buffer
	chunk, begun := make([]byte, 4<<10), false
	for err == nil {
		var n int
		n, err = response.Body.Read(chunk)
		body.Write(chunk[:n])
		if !begun && bytes.Contains(body.Bytes(), []byte(firstDelta)) {
			begun = true
			v.firsts = append(v.firsts, time.Since(start))
			if opened != nil {
				opened()
			}
		}
	}
	if !errors.Is(err, io.EOF) {
		return err
	}
	v.wholes = append(v.wholes, time.Since(start))
	if response.StatusCode != http.StatusOK {
		return fmt.Errorf("%s: %s: %.300s", to.url, response.Status, &body)
	}
	return to.check(body.Bytes())
}

// exactly wants an answer to be this, byte for byte.
func exactly(want []byte) func([]byte) error {
	return func(got []byte) error {
		if !bytes.Equal(got, want) {
			return fmt.Errorf("the answer has %d bytes, want %d others: %.300q", len(got), len(want), got)
		}
		return nil
	}
}
