package batch

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/codexctl/codexctl/pkg/responses"
)

// backend answers after a second; request number refuse is told to come back in 20 s.
type backend struct {
	mu     sync.Mutex
	start  time.Time
	refuse int
	asked  []time.Duration
}

func (b *backend) RoundTrip(*http.Request) (*http.Response, error) {
	b.mu.Lock()
	b.asked = append(b.asked, time.Since(b.start))
	number := len(b.asked)
	b.mu.Unlock()
	time.Sleep(time.Second)
	resp := &http.Response{StatusCode: http.StatusOK, Header: http.Header{"Content-Type": {"text/event-stream"}}}
	body := `data: {"type":"response.completed","response":{"id":"r","status":"completed","output":[]}}` + "\n\n"
	if number == b.refuse {
		resp.StatusCode = http.StatusTooManyRequests
		resp.Header = http.Header{"Content-Type": {"application/json"}, "Retry-After": {"20"}}
		body = `{"error":{"code":"rate_limit_exceeded","message":"slow down"}}`
	}
	resp.Body = io.NopCloser(strings.NewReader(body))
	return resp, nil
}

// With the real client: one 429 among many, and nobody asks until its pause is over.
func TestGateWithClient(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := &backend{start: time.Now(), refuse: 20}
		g := &Gate{}
		client := &responses.Client{HTTPClient: &http.Client{Transport: b}, Retries: 3, Before: g.Wait, Notify: g.Notice}
		sum, err := Run(t.Context(), Config{
			Items: prompts(t, 200), Jobs: 16, Gate: g, Out: io.Discard,
			Do: func(ctx context.Context, item Item) Result {
				stream, err := client.Stream(ctx, responses.Request{
					Model: "m", Instructions: "i", Input: []json.RawMessage{responses.UserText("hi")},
				})
				if err != nil {
					t.Error(err)
					return failed(item, "x")
				}
				defer stream.Close()
				for _, err := range stream.Events() {
					if err != nil {
						t.Error(err)
					}
				}
				return done(item)
			},
		})
		if err != nil {
			t.Fatal(err)
		}
		diffSummary(t, sum, Summary{Total: 200, Completed: 200})
		diff(t, "requests", len(b.asked), 201)
		// The refusal comes after two seconds. What begins in that instant is under
		// way already.
		for _, at := range b.asked {
			if at > 2*time.Second && at < 22*time.Second {
				t.Errorf("a request was made after %v", at)
			}
		}
	})
}
