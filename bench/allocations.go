package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/codexctl/codexctl/bench/lab"
	"github.com/codexctl/codexctl/internal/proxy"
	"github.com/codexctl/codexctl/pkg/responses"
)

// measureAllocations is how much more is allocated for each event of a longer answer,
// in process, without the connections.
func measureAllocations(ctx context.Context, l *lab.Lab) ([]row, error) {
	var rows []row
	for _, route := range []struct{ name, path, body string }{
		{"native", "/codex/responses", nativeRequest}, {"chat", "/v1/chat/completions", chatRequest},
	} {
		var counts []float64
		for _, deltas := range []int{shortStream, longStream} {
			answer, err := recordAnswer(ctx, l, deltas)
			if err != nil {
				return nil, err
			}
			count, err := allocations(ctx, answer, route.path, route.body, l.Times(100))
			if err != nil {
				return nil, err
			}
			counts = append(counts, count)
		}
		each := (counts[1] - counts[0]) / (longStream - shortStream)
		rows = append(rows, row{
			what: "serve " + route.name + ": allocations an event", ours: short(counts[0]) + "/answer",
			value: each, unit: "more/event",
		})
	}
	return rows, nil
}

// allocations is how many are made for one answer.
func allocations(ctx context.Context, answer []byte, path, body string, times int) (float64, error) {
	server := proxy.New(proxy.Config{
		Client:  &responses.Client{HTTPClient: &http.Client{Transport: repeated(answer)}},
		Explain: func(err error) proxy.Problem { return proxy.Problem{Message: err.Error()} },
	})
	var wrong error
	count := testing.AllocsPerRun(times, func() {
		r, err := http.NewRequestWithContext(ctx, http.MethodPost, "http://localhost"+path, strings.NewReader(body))
		w := &counted{header: http.Header{}}
		if err == nil {
			server.ServeHTTP(w, r)
		}
		if err != nil || w.status != http.StatusOK || w.bytes < len(answer)/4 {
			wrong = fmt.Errorf("status %d, %d bytes; %w", w.status, w.bytes, err)
		}
	})
	return count, wrong
}

// repeated is a backend in memory that gives one answer again and again.
type repeated []byte

// RoundTrip answers.
func (a repeated) RoundTrip(r *http.Request) (*http.Response, error) {
	return &http.Response{
		StatusCode: http.StatusOK, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1, Header: http.Header{},
		Body: io.NopCloser(bytes.NewReader(a)), Request: r,
	}, nil
}

// counted is a caller who counts what comes.
type counted struct {
	header        http.Header
	status, bytes int
}

// Header is what the answer's head will hold.
func (c *counted) Header() http.Header { return c.header }

// WriteHeader notes the status.
func (c *counted) WriteHeader(status int) { c.status = status }

// Write counts.
func (c *counted) Write(p []byte) (int, error) {
	c.bytes += len(p)
	return len(p), nil
}

// Flush does nothing: all is there.
func (c *counted) Flush() {}
