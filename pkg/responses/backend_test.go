package responses

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httptrace"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/tidwall/gjson"
)

// The streams of the tests are composed from these events.
const (
	evCreated   = `{"type":"response.created","response":{"id":"resp_t","object":"response","model":"gpt-t","status":"in_progress","output":[],"usage":null}}`
	evProgress  = `{"type":"response.in_progress","response":{"id":"resp_t","object":"response","model":"gpt-t","status":"in_progress","output":[]}}`
	evAdded     = `{"type":"response.output_item.added","output_index":0,"item":{"id":"msg_t","type":"message","status":"in_progress","content":[],"role":"assistant"}}`
	evHel       = `{"type":"response.output_text.delta","output_index":0,"content_index":0,"item_id":"msg_t","delta":"Hel"}`
	evLo        = `{"type":"response.output_text.delta","output_index":0,"content_index":0,"item_id":"msg_t","delta":"lo"}`
	evTextDone  = `{"type":"response.output_text.done","output_index":0,"content_index":0,"item_id":"msg_t","text":"Hello"}`
	evItemDone  = `{"type":"response.output_item.done","output_index":0,"item":{"id":"msg_t","type":"message","status":"completed","content":[{"type":"output_text","annotations":[],"text":"Hello"}],"role":"assistant"}}`
	evCompleted = `{"type":"response.completed","response":{"id":"resp_t","object":"response","model":"gpt-t","status":"completed","output":[],"usage":{"input_tokens":9,"input_tokens_details":{"cached_tokens":4},"output_tokens":3,"output_tokens_details":{"reasoning_tokens":1},"total_tokens":12}}}`
	evOverload  = `{"type":"error","error":{"type":"service_unavailable_error","code":"server_is_overloaded","message":"busy","param":null},"sequence_number":2}`
	evBusy      = `{"type":"response.failed","response":{"id":"resp_t","status":"failed","error":{"code":"server_is_overloaded","message":"busy"}}}`
)

// hello is a whole answer.
var hello = []string{evCreated, evProgress, evAdded, evHel, evLo, evTextDone, evItemDone, evCompleted}

// frames is events in their framing.
func frames(events ...string) string {
	var b strings.Builder
	for _, e := range events {
		fmt.Fprintf(&b, "event: %s\ndata: %s\n\n", gjson.Get(e, "type").Str, e)
	}
	return b.String()
}

// sent is a request as a backend got it.
type sent struct {
	Header http.Header
	Body   string
}

// backend answers the requests in turn, the last answer again and again.
type backend struct {
	*httptest.Server
	mu       sync.Mutex
	requests []sent
}

func serve(t testing.TB, answers ...http.HandlerFunc) *backend {
	t.Helper()
	b := &backend{}
	b.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		b.mu.Lock()
		n := len(b.requests)
		b.requests = append(b.requests, sent{r.Header.Clone(), string(body)})
		b.mu.Unlock()
		answers[min(n, len(answers)-1)](w, r)
	}))
	t.Cleanup(b.Close)
	return b
}

func (b *backend) got() []sent {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.requests
}

func (b *backend) client() *Client { return &Client{BaseURL: b.URL, HTTPClient: b.Server.Client()} }

// says answers with events.
func says(events ...string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header()["Content-Type"] = nil // as the real one does
		_, _ = io.WriteString(w, frames(events...))
	}
}

// breaksOff sends text, then loses the connection.
func breaksOff(text string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header()["Content-Type"] = nil
		w.WriteHeader(http.StatusOK)
		_, _ = io.WriteString(w, text)
		w.(http.Flusher).Flush()
		panic(http.ErrAbortHandler)
	}
}

// fails answers with a status and a JSON body.
func fails(status int, body string, header ...string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		for i := 0; i+1 < len(header); i += 2 {
			w.Header().Set(header[i], header[i+1])
		}
		w.WriteHeader(status)
		_, _ = io.WriteString(w, body)
	}
}

// ask sends a body and gathers the answer.
func ask(t testing.TB, c *Client) (*Response, error) {
	t.Helper()
	s, err := c.StreamBody(t.Context(), []byte(`{}`))
	if err != nil {
		return nil, err
	}
	defer s.Close()
	return Collect(s)
}

// drain runs a sink over a stream; it returns the types of the events as well.
func drain(s *Stream, sink func(Event) error) (types []string, err error) {
	for e, err := range s.Events() {
		if err != nil {
			return types, err
		}
		types = append(types, e.Type)
		if err := sink(e); err != nil {
			return types, err
		}
	}
	return types, nil
}

// writeText runs a TextSink over a stream, as a caller does.
func writeText(s *Stream, w io.Writer) error {
	sink := NewTextSink(w)
	_, err := drain(s, func(e Event) error { return sink.Event(e, s.Buffered()) })
	return errors.Join(err, sink.Finish(true))
}

// meanings are the values that callers compare errors with.
var meanings = []error{
	ErrUnauthorized, ErrForbidden, ErrPlan, ErrRegion, ErrRateLimited, ErrQuota, ErrModel, ErrClientVersion,
	ErrContextLength, ErrInvalid, ErrOverloaded, ErrServer, ErrBlocked, ErrRedirect, ErrConnection, ErrTimeout,
	ErrTruncated, ErrIncomplete, ErrRefused, ErrBadRequest,
}

// wantMeaning checks that err, wrapped once more, has one meaning and no other.
func wantMeaning(t testing.TB, err, want error) {
	t.Helper()
	wrapped := fmt.Errorf("ask: %w", err)
	for _, m := range meanings {
		if got := errors.Is(wrapped, m); got != (m == want) {
			t.Errorf("errors.Is(%q, %q) = %v, want %v", err, m, got, m == want)
		}
	}
}

// roundTrips is a backend inside the process, for tests on a clock of their own. It
// answers in turn, the last answer again and again.
type roundTrips struct {
	answers []func(*http.Request) (*http.Response, error)
	at      []time.Time
}

func (r *roundTrips) RoundTrip(req *http.Request) (*http.Response, error) {
	_, _ = io.Copy(io.Discard, req.Body)
	_ = req.Body.Close()
	if trace := httptrace.ContextClientTrace(req.Context()); trace != nil && trace.WroteRequest != nil {
		trace.WroteRequest(httptrace.WroteRequestInfo{})
	}
	r.at = append(r.at, time.Now())
	return r.answers[min(len(r.at), len(r.answers))-1](req)
}

// pauses are the times between the requests.
func (r *roundTrips) pauses() []time.Duration {
	var d []time.Duration
	for i := 1; i < len(r.at); i++ {
		d = append(d, r.at[i].Sub(r.at[i-1]))
	}
	return d
}

func trips(answers ...func(*http.Request) (*http.Response, error)) (*Client, *roundTrips) {
	r := &roundTrips{answers: answers}
	return &Client{HTTPClient: &http.Client{Transport: r}}, r
}

// plays answers with events, and a pause before each.
func plays(pause time.Duration, events ...string) func(*http.Request) (*http.Response, error) {
	return func(req *http.Request) (*http.Response, error) {
		from, to := io.Pipe()
		stop := context.AfterFunc(req.Context(), func() { to.CloseWithError(req.Context().Err()) })
		go func() {
			defer stop()
			for _, e := range events {
				if pause > 0 {
					time.Sleep(pause)
				}
				if _, err := io.WriteString(to, frames(e)); err != nil {
					return
				}
			}
			_ = to.Close()
		}()
		return &http.Response{StatusCode: 200, Header: http.Header{}, Body: from}, nil
	}
}

// playsThenHangs answers with events, then says nothing more.
func playsThenHangs(events ...string) func(*http.Request) (*http.Response, error) {
	return func(req *http.Request) (*http.Response, error) {
		from, to := io.Pipe()
		context.AfterFunc(req.Context(), func() { to.CloseWithError(req.Context().Err()) })
		go func() { _, _ = io.WriteString(to, frames(events...)) }()
		return &http.Response{StatusCode: 200, Header: http.Header{}, Body: from}, nil
	}
}

// refuses answers with a status and a JSON body.
func refuses(status int, body string, header ...string) func(*http.Request) (*http.Response, error) {
	return func(*http.Request) (*http.Response, error) {
		h := http.Header{"Content-Type": {"application/json"}}
		for i := 0; i+1 < len(header); i += 2 {
			h.Set(header[i], header[i+1])
		}
		return &http.Response{StatusCode: status, Header: h, Body: io.NopCloser(strings.NewReader(body))}, nil
	}
}
