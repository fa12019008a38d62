package responses

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptrace"
	"runtime"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestHoldBoundsHowLongAnAnswerIsHeldBack(t *testing.T) {
	const gap = 4 * time.Second
	tests := []struct {
		name   string
		hold   time.Duration
		answer []string
		want   time.Duration // until Stream returns
	}{
		{"without a bound the first output is waited for", 0, hello, 3 * gap},
		{"the bound counts from the first event", time.Second, hello, gap + time.Second},
		{"an output before the bound ends it", time.Minute, hello, 3 * gap},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c, _ := trips(plays(gap, tt.answer...))
				c.Hold = tt.hold
				start := time.Now()
				s, err := c.StreamBody(t.Context(), []byte(`{}`))
				if err != nil {
					t.Fatal(err)
				}
				defer s.Close()
				if waited := time.Since(start); waited != tt.want {
					t.Errorf("Stream returned after %v, want %v", waited, tt.want)
				}
				var types []string
				for e, err := range s.Events() {
					if err != nil {
						t.Fatal(err)
					}
					// What comes after the bound is handed out as it comes.
					if at, came := time.Since(start), time.Duration(len(types)+1)*gap; at != max(came, tt.want) {
						t.Errorf("event %d after %v, want %v", len(types), at, max(came, tt.want))
					}
					types = append(types, string(e.Frame))
				}
				var want []string
				for _, e := range tt.answer {
					want = append(want, frames(e))
				}
				if diff := cmp.Diff(want, types); diff != "" {
					t.Errorf("frames (-want +got):\n%s", diff)
				}
			})
		})
	}
}

// oneAnswer is a transport that always gives this body.
type oneAnswer string

func (a oneAnswer) RoundTrip(r *http.Request) (*http.Response, error) {
	return &http.Response{StatusCode: http.StatusOK, Header: http.Header{}, Body: io.NopCloser(strings.NewReader(string(a))), Request: r}, nil
}

// What was kept for the beginning is let go of: a long answer takes no more memory.
func TestLongAnswerTakesNoMemory(t *testing.T) {
	const deltas = 50_000
	body := frames(evCreated) + frames(evAdded) + strings.Repeat(frames(deltaEvent), deltas) + frames(evCompleted)
	c := Client{HTTPClient: &http.Client{Transport: oneAnswer(body)}}
	s, err := c.StreamBody(t.Context(), []byte(`{}`))
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	count := 0
	for _, err := range s.Events() {
		if err != nil {
			t.Fatal(err)
		}
		count++
	}
	runtime.ReadMemStats(&after)
	if took := after.TotalAlloc - before.TotalAlloc; count != deltas+3 || took > uint64(len(body)/4) {
		t.Errorf("%d events of %d bytes took %d bytes of memory; want %d events, and at most a quarter", count, len(body), took, deltas+3)
	}
}

// What a request was read from may be written over.
func TestRequestKeepsNoneOfItsBytes(t *testing.T) {
	data := []byte(`{"model":"m","input":[{"role":"user","content":"a"}],"x":{"y":1}}`)
	var r Request
	if err := r.UnmarshalJSON(data); err != nil {
		t.Fatal(err)
	}
	clear(data)
	if string(r.Input[0]) != `{"role":"user","content":"a"}` || string(r.Extra["x"]) != `{"y":1}` {
		t.Errorf("input %s, x %s; want what was read", r.Input[0], r.Extra["x"])
	}
}

func TestFailureWithinTheHoldIsRepeated(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, made := trips(plays(100*time.Millisecond, evCreated, evOverload, evBusy), plays(0, hello...))
		c.Hold, c.Retries = time.Second, 1
		if r, err := ask(t, c); err != nil || r.Text() != "Hello" || len(made.at) != 2 {
			t.Errorf("text %q, error %v after %d requests; want Hello after 2", r.Text(), err, len(made.at))
		}
	})
}

func TestFailureAfterTheHoldIsAnEvent(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, made := trips(plays(2*time.Second, evCreated, evProgress, evBusy))
		c.Hold, c.Retries = time.Second, 3
		s, err := c.StreamBody(t.Context(), []byte(`{}`))
		if err != nil {
			t.Fatal(err)
		}
		defer s.Close()
		types, err := drain(s, func(Event) error { return nil })
		wantMeaning(t, err, ErrOverloaded)
		if want := []string{typeCreated, typeInProgress, typeFailed}; !cmp.Equal(types, want) || len(made.at) != 1 {
			t.Errorf("events %q after %d requests, want %q after 1", types, len(made.at), want)
		}
	})
}

func TestSilenceWithinTheHoldEndsTheCall(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, _ := trips(playsThenHangs())
		c.Hold, c.IdleTimeout = time.Second, 7*time.Second
		start := time.Now()
		_, err := c.StreamBody(t.Context(), []byte(`{}`))
		wantMeaning(t, err, ErrTimeout)
		if waited := time.Since(start); waited != 7*time.Second {
			t.Errorf("after %v, want 7s: without an event there is nothing to hand out", waited)
		}
	})
}

func TestCloseDuringTheHold(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, _ := trips(playsThenHangs(evCreated))
		c.Hold = time.Second
		s, err := c.StreamBody(t.Context(), []byte(`{}`))
		if err != nil {
			t.Fatal(err)
		}
		if !s.Buffered() {
			t.Error("Buffered = false, want true: the first event is held")
		}
		s.Close() // synctest fails if the goroutine stays
	})
}

func TestRequestThatSpeaksForItself(t *testing.T) {
	const developer = `{"type":"message","role":"developer","content":[{"type":"input_text","text":"d"}]}`
	const lite = `{"type":"additional_tools","role":"developer","tools":[]}`
	tests := []struct {
		name string
		r    Request
		want string
	}{
		{"a bare request gets no instructions", Request{Model: "m", Input: items(developer), Bare: true}, `{"model":"m","input":[` + developer + `],"store":false,"stream":true}`},
		{"its own stay", Request{Instructions: "i", Input: items(developer), Bare: true}, `{"instructions":"i","input":[` + developer + `],"store":false,"stream":true}`},
		{"the Lite form gets none", Request{Input: items(lite, developer)}, `{"input":[` + lite + `,` + developer + `],"store":false,"stream":true}`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := tt.r.Body(false)
			if err != nil || string(got) != tt.want {
				t.Errorf("body = %s, %v; want %s", got, err, tt.want)
			}
		})
	}
}

func TestLiteFormIsSentWithItsHeader(t *testing.T) {
	b := serve(t, says(hello...))
	r := Request{Input: items(`{"type":"additional_tools","role":"developer","tools":[]}`)}
	s, err := b.client().Stream(t.Context(), r)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if got := b.got(); len(got) != 1 || got[0].Header.Get(liteHeader) != "true" {
		t.Errorf("%d requests, header %q; want 1 with the Lite header", len(got), got[0].Header.Get(liteHeader))
	}
}

func TestReplay(t *testing.T) {
	in := items(
		`{"type":"message","id":"msg_1","status":"completed","role":"assistant","content":[{"type":"output_text","text":"a"}]}`,
		`{"id":"rs_1","type":"reasoning","summary":[]}`,
		`{"id":"rs_2","type":"reasoning","summary":[],"encrypted_content":"x"}`,
		`{"type":"item_reference","id":"msg_1"}`,
		`{"type":"function_call","id":"fc_1","call_id":"call_1","name":"f","arguments":"{}","status":"completed"}`,
		`{"role":"user","content":"b"}`,
	)
	want := items(
		`{"type":"message","role":"assistant","content":[{"type":"output_text","text":"a"}]}`,
		`{"type":"reasoning","summary":[],"encrypted_content":"x"}`,
		`{"type":"function_call","call_id":"call_1","name":"f","arguments":"{}"}`,
		`{"role":"user","content":"b"}`,
	)
	before, _ := json.Marshal(in)
	if diff := cmp.Diff(want, Replay(in)); diff != "" {
		t.Errorf("items (-want +got):\n%s", diff)
	}
	if after, _ := json.Marshal(in); string(before) != string(after) {
		t.Error("the given items were changed")
	}
}

func TestUsageAddress(t *testing.T) {
	tests := []struct{ base, want string }{
		{"/backend-api/codex", "/backend-api/wham/usage"},
		{"/other", "/other/api/codex/usage"},
	}
	for _, tt := range tests {
		var path string
		b := serve(t, func(w http.ResponseWriter, r *http.Request) {
			path = r.URL.Path
			fails(200, `{"plan_type":"plus"}`)(w, r)
		})
		c := b.client()
		c.BaseURL += tt.base
		got, err := c.Usage(t.Context())
		if err != nil || string(got) != `{"plan_type":"plus"}` || path != tt.want {
			t.Errorf("%s: %s, %v from %s; want the document from %s", tt.base, got, err, path, tt.want)
		}
	}
}

// The end of a stream can come a moment after its last event.
func TestConnectionIsUsedAgainAfterASlowEnd(t *testing.T) {
	b := serve(t, func(w http.ResponseWriter, r *http.Request) {
		says(hello...)(w, r)
		w.(http.Flusher).Flush()
		time.Sleep(5 * time.Millisecond)
	})
	c := b.client()
	var reused []bool
	ctx := httptrace.WithClientTrace(t.Context(), &httptrace.ClientTrace{GotConn: func(i httptrace.GotConnInfo) { reused = append(reused, i.Reused) }})
	for range 3 {
		s, err := c.StreamBody(ctx, []byte(`{}`))
		if err != nil {
			t.Fatal(err)
		}
		if _, err := Collect(s); err != nil {
			t.Fatal(err)
		}
		s.Close()
	}
	if want := []bool{false, true, true}; !cmp.Equal(reused, want) {
		t.Errorf("connections used again: %v, want %v", reused, want)
	}
}
