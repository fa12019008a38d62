package proxy

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/codexctl/codexctl/internal/emulator"
)

// puppet is a backend that sends what a test tells it to, when it is told to.
type puppet struct {
	to    *io.PipeWriter
	gone  chan struct{} // closed when the call is cancelled
	asked chan *http.Request
}

func newPuppet() *puppet {
	return &puppet{gone: make(chan struct{}), asked: make(chan *http.Request, 1)}
}

// RoundTrip answers at once with the head of a stream.
func (p *puppet) RoundTrip(r *http.Request) (*http.Response, error) {
	from, to := io.Pipe()
	p.to = to
	context.AfterFunc(r.Context(), func() { close(p.gone); to.CloseWithError(r.Context().Err()) })
	p.asked <- r
	return &http.Response{StatusCode: http.StatusOK, Header: http.Header{}, Body: from}, nil
}

func (p *puppet) says(t *testing.T, event string) {
	t.Helper()
	if _, err := io.WriteString(p.to, "data: "+event+"\n\n"); err != nil {
		t.Fatalf("send %s: %v", event, err)
	}
}

func puppetStand(t *testing.T, adjust func(*Config)) (*stand, *puppet) {
	p := newPuppet()
	s := newStand(t, func(c *Config) {
		client := *c.Client
		client.HTTPClient, client.Authorizer, client.Catalogue = &http.Client{Transport: p}, nil, nil
		c.Client = &client
		if adjust != nil {
			adjust(c)
		}
	})
	return s, p
}

// A stream tells with its headers which model answers, long before its end.
func TestFirstEventsNameTheModel(t *testing.T) {
	for path, body := range map[string]string{
		"/codex/responses":     `{"model":"gpt-5.5-mini","input":"hi","stream":true}`,
		"/v1/chat/completions": `{"model":"gpt-5.5-mini","messages":[{"role":"user","content":"hi"}],"stream":true}`,
	} {
		s, p := puppetStand(t, nil)
		go func() {
			<-p.asked
			for _, event := range []string{puppetCreated, puppetAdded, puppetOne} {
				_, _ = io.WriteString(p.to, "data: "+event+"\n\n")
			}
			p.to.Close()
		}()
		_, header, text := s.post(path, body)
		if got := header.Get("X-Codexctl-Model"); got != "gpt-5.5" {
			t.Errorf("%s: X-Codexctl-Model = %q, want that of the first event\n%s", path, got, text)
		}
	}
}

// The events of a stream that a puppet plays.
const (
	puppetCreated = `{"type":"response.created","sequence_number":0,"response":{"id":"resp_p","object":"response","model":"gpt-5.5","status":"in_progress","output":[]}}`
	puppetAdded   = `{"type":"response.output_item.added","sequence_number":1,"output_index":0,"item":{"id":"msg_p","type":"message","status":"in_progress","content":[],"role":"assistant"}}`
	puppetOne     = `{"type":"response.output_text.delta","sequence_number":2,"output_index":0,"content_index":0,"item_id":"msg_p","delta":"one"}`
	puppetTwo     = `{"type":"response.output_text.delta","sequence_number":3,"output_index":0,"content_index":0,"item_id":"msg_p","delta":"two"}`
	puppetDone    = `{"type":"response.completed","sequence_number":4,"response":{"id":"resp_p","object":"response","model":"gpt-5.5","status":"completed","output":[]}}`
)

// Contract: a stream is relayed event by event, on both routes.
func TestStreamIsRelayedEventByEvent(t *testing.T) {
	for path, body := range map[string]string{"/v1/responses": asStream(hello), "/v1/chat/completions": asStream(helloChat)} {
		t.Run(path, func(t *testing.T) {
			s, p := puppetStand(t, nil)
			got := make(chan *frames, 1)
			go func() { got <- s.stream(path, body) }()
			<-p.asked
			p.says(t, puppetCreated)
			p.says(t, puppetAdded)
			stream := <-got // the head is there although no text was said
			p.says(t, puppetOne)
			untilText(t, stream, "one")
			p.says(t, puppetTwo)
			untilText(t, stream, "two")
			p.says(t, puppetDone)
			_ = p.to.Close()
			if rest := textOf(stream.rest()); !strings.Contains(rest, "response.completed") && !strings.Contains(rest, "[DONE]") {
				t.Errorf("end of the stream: %s", rest)
			}
		})
	}
}

// untilText reads frames until one holds a text. Nothing that comes later has been sent
// yet, so a server that waits for more would hang here.
func untilText(t *testing.T, stream *frames, text string) {
	t.Helper()
	for {
		f, ok := stream.next()
		if !ok {
			t.Fatalf("the stream ended before %q", text)
		}
		if strings.Contains(f.text, `"`+text+`"`) {
			return
		}
	}
}

// Contract: response.created is held back until the next event or 1 s.
func TestBeginningIsHeldBackForASecond(t *testing.T) {
	s, p := puppetStand(t, nil)
	got := make(chan *frames, 1)
	go func() { got <- s.stream("/v1/responses", asStream(hello)) }()
	<-p.asked
	p.says(t, puppetCreated)
	select {
	case <-got:
		t.Fatal("the head was sent with the first event, want it held back")
	case <-time.After(300 * time.Millisecond):
	}
	stream := <-got
	if f, ok := stream.next(); !ok || f.kind() != "response.created" {
		t.Errorf("first frame = %q, want response.created", f.text)
	}
	_ = p.to.CloseWithError(io.ErrUnexpectedEOF)
	rest := stream.rest()
	if len(rest) != 1 || rest[0].kind() != "error" || rest[0].get("sequence_number").Int() != 1 || rest[0].get("code").Str != "truncated" {
		t.Errorf("end of the stream: %s, want one error with the next sequence_number", textOf(rest))
	}
}

// Contract: a failure right after response.created is a status.
func TestEarlyFailureIsAStatus(t *testing.T) {
	for _, path := range []string{"/v1/responses", "/v1/chat/completions"} {
		s := newStand(t, nil)
		s.scene("failed-context-length")
		body := asStream(hello)
		if strings.Contains(path, "chat") {
			body = asStream(helloChat)
		}
		status, header, text := s.post(path, body)
		if status != http.StatusBadRequest || !strings.Contains(text, "context_length_exceeded") || header.Get("Content-Type") != "application/json" {
			t.Errorf("%s: %d %s", path, status, text)
		}
	}
}

// Contract: comment keep-alives while the model thinks; a stalled upstream gives
// keep-alives, then an error, never a hang.
func TestSilenceIsFilledWithComments(t *testing.T) {
	for path, body := range map[string]string{"/v1/responses": asStream(hello), "/v1/chat/completions": asStream(helloChat)} {
		t.Run(path, func(t *testing.T) {
			s := newStand(t, func(c *Config) {
				c.KeepAlive, c.Now = 30*time.Millisecond, time.Now
				client := *c.Client
				client.IdleTimeout = 400 * time.Millisecond
				c.Client = &client
			})
			s.scene("stall-after-deltas")
			all := s.stream(path, body).rest()
			comments, errors := 0, 0
			for _, f := range all {
				switch {
				case f.text == keepAlive:
					comments++
				case strings.Contains(f.text, `"timeout"`):
					errors++
				}
			}
			last := all[len(all)-1]
			if comments < 3 || errors != 1 || !strings.Contains(last.text, `"timeout"`) {
				t.Errorf("%d comments, %d errors, last frame %s; want several comments, and one error at the end", comments, errors, last.text)
			}
		})
	}
}

// Contract: an idle upstream is 504 before the first byte.
func TestSilenceBeforeTheFirstByteIs504(t *testing.T) {
	for _, scene := range []string{"stall-before-headers", "stall-before-first-event"} {
		for path, body := range map[string]string{"/v1/responses": hello, "/v1/chat/completions": asStream(helloChat)} {
			s := newStand(t, func(c *Config) {
				client := *c.Client
				client.IdleTimeout = 100 * time.Millisecond
				c.Client = &client
			})
			s.scene(scene)
			if status, _, text := s.post(path, body); status != http.StatusGatewayTimeout || !strings.Contains(text, `"code":"timeout"`) {
				t.Errorf("%s, %s: %d %s", scene, path, status, text)
			}
		}
	}
}

// Contract: --timeout bounds one proxied call.
func TestAnswerIsBounded(t *testing.T) {
	s := newStand(t, func(c *Config) { c.Timeout = 100 * time.Millisecond })
	s.scene("stall-before-headers")
	if status, _, text := s.post("/v1/responses", hello); status != http.StatusGatewayTimeout {
		t.Errorf("before the first byte: %d %s", status, text)
	}
	s.scene("stall-after-deltas")
	all := s.stream("/v1/responses", asStream(hello)).rest()
	if last := all[len(all)-1]; last.kind() != "error" || last.get("code").Str != "timeout" {
		t.Errorf("after it: %s", last.text)
	}
}

// Contract: a client that leaves ends the upstream call.
func TestCallerWhoLeavesEndsTheUpstreamCall(t *testing.T) {
	for path, body := range map[string]string{"/v1/responses": asStream(hello), "/v1/chat/completions": asStream(helloChat)} {
		t.Run(path, func(t *testing.T) {
			s, p := puppetStand(t, nil)
			got := make(chan *frames, 1)
			go func() { got <- s.stream(path, body) }()
			<-p.asked
			p.says(t, puppetCreated)
			p.says(t, puppetAdded)
			stream := <-got
			if err := stream.close(); err != nil {
				t.Fatal(err)
			}
			select {
			case <-p.gone: // before its next event
			case <-time.After(patience):
				t.Fatal("the upstream call goes on")
			}
		})
	}
}

// The journal shows the same: cancelled while the backend still thinks.
func TestCallerWhoLeavesWhileNothingIsSent(t *testing.T) {
	s := newStand(t, nil)
	s.scene("stall-before-headers")
	ctx, cancel := context.WithCancel(t.Context())
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, s.url+"/v1/responses", strings.NewReader(hello))
	if err != nil {
		t.Fatal(err)
	}
	time.AfterFunc(100*time.Millisecond, cancel)
	if _, err := s.http.Client().Do(r); err == nil {
		t.Fatal("no error, want the context's")
	}
	for range 500 {
		if all := s.journal(upstreamPath); len(all) == 1 && all[0].Outcome == emulator.OutcomeClientGone {
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
	t.Errorf("journal: %+v, want the call cancelled", s.journal(upstreamPath))
}

// Contract: --max-concurrent; the refused caller is told to come again.
func TestAnswersAtATime(t *testing.T) {
	s, p := puppetStand(t, func(c *Config) { c.MaxConcurrent = 1 })
	got := make(chan *frames, 1)
	go func() { got <- s.stream("/v1/responses", asStream(hello)) }()
	<-p.asked
	status, header, text := s.post("/v1/responses", hello)
	if status != http.StatusServiceUnavailable || header.Get("Retry-After") != "1" || !strings.Contains(text, "server_busy") {
		t.Errorf("second answer: %d %s", status, text)
	}
	if status, _, _ := s.get("/health/live"); status != http.StatusOK {
		t.Errorf("health: %d, want it to answer all the same", status)
	}
	for _, event := range []string{puppetCreated, puppetAdded, puppetDone} {
		p.says(t, event)
	}
	_ = p.to.Close()
	(<-got).rest()
}

// A server that ends tells those whose answers it cuts.
func TestEndOfTheServerIsToldOnAStream(t *testing.T) {
	p := newPuppet()
	running, cut := context.WithCancelCause(t.Context())
	inner := newStand(t, func(c *Config) {
		client := *c.Client
		client.HTTPClient, client.Authorizer, client.Catalogue = &http.Client{Transport: p}, nil, nil
		c.Client = &client
	})
	outer := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		ctx, cancel := context.WithCancelCause(r.Context())
		defer cancel(nil)
		defer context.AfterFunc(running, func() { cancel(context.Cause(running)) })()
		inner.server.ServeHTTP(w, r.WithContext(ctx))
	}))
	defer outer.Close()
	inner.url = outer.URL
	got := make(chan *frames, 1)
	go func() { got <- inner.stream("/v1/responses", asStream(hello)) }()
	<-p.asked
	p.says(t, puppetCreated)
	p.says(t, puppetAdded)
	stream := <-got
	cut(Ending())
	all := stream.rest()
	if last := all[len(all)-1]; last.kind() != "error" || last.get("code").Str != "server_ending" {
		t.Errorf("end of the stream: %s", textOf(all))
	}
}

// Every stream has the headers that clients and proxies on the way count on.
func TestStreamHeaders(t *testing.T) {
	s := newStand(t, nil)
	for path, body := range map[string]string{"/v1/responses": asStream(hello), "/v1/chat/completions": asStream(helloChat)} {
		stream := s.stream(path, body)
		stream.rest()
		for name, want := range map[string]string{"Content-Type": "text/event-stream", "Cache-Control": "no-cache", "X-Accel-Buffering": "no"} {
			if got := stream.header.Get(name); got != want {
				t.Errorf("%s: %s = %q, want %q", path, name, got, want)
			}
		}
	}
}
