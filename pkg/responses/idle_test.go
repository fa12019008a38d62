package responses

import (
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/iotest"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
)

// silent never answers.
func silent(req *http.Request) (*http.Response, error) {
	<-req.Context().Done()
	return nil, req.Context().Err()
}

func TestSilenceEndsTheCall(t *testing.T) {
	tests := []struct {
		name   string
		answer func(*http.Request) (*http.Response, error)
		text   string // - is no response
	}{
		{"before the headers", silent, "-"},
		{"before the first event", playsThenHangs(), "-"},
		{"before the first output", playsThenHangs(evCreated), ""},
		{"between events", playsThenHangs(evCreated, evAdded, evHel), "Hel"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			for limit, want := range map[time.Duration]time.Duration{0: defaultIdleTimeout, 7 * time.Second: 7 * time.Second} {
				synctest.Test(t, func(t *testing.T) {
					c, trips := trips(tt.answer)
					c.IdleTimeout, c.Retries = limit, 3
					start := time.Now()
					r, err := ask(t, c)
					wantMeaning(t, err, ErrTimeout)
					if waited := time.Since(start); waited != want || !strings.Contains(err.Error(), want.String()) || len(trips.at) != 1 {
						t.Errorf("error %v after %v and %d requests, want %v and 1", err, waited, len(trips.at), want)
					}
					if (r == nil) != (tt.text == "-") || r != nil && r.Text() != tt.text {
						t.Errorf("response = %v, want text %q", r, tt.text)
					}
				})
			}
		})
	}
}

func TestSlowAnswerIsNoSilence(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, _ := trips(plays(9*time.Second, hello...))
		c.IdleTimeout = 10 * time.Second
		if r, err := ask(t, c); err != nil || r.Text() != "Hello" {
			t.Errorf("text %q, error %v; want Hello", r.Text(), err)
		}
	})
}

func TestNoLimit(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, _ := trips(plays(100*time.Hour, hello...))
		c.IdleTimeout = -1
		if _, err := ask(t, c); err != nil {
			t.Errorf("error = %v, want none", err)
		}
	})
}

// Our own reader may take as long as it likes.
func TestSlowReaderIsNoSilence(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, _ := trips(plays(0, hello...))
		c.IdleTimeout = time.Second
		s, err := c.StreamBody(t.Context(), nil)
		if err != nil {
			t.Fatal(err)
		}
		defer s.Close()
		types, err := drain(s, func(Event) error { time.Sleep(time.Hour); return nil })
		if err != nil || len(types) != len(hello) {
			t.Errorf("%d events, error %v; want all %d", len(types), err, len(hello))
		}
	})
}

func TestCauseOfTheContextIsReturnedAsItIs(t *testing.T) {
	why := errors.New("the person has left")
	for name, answer := range map[string]func(*http.Request) (*http.Response, error){
		"before the headers":      silent,
		"before the first event":  playsThenHangs(),
		"before the first output": playsThenHangs(evCreated),
		"between events":          playsThenHangs(evCreated, evAdded, evHel),
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c, trips := trips(answer)
				c.Retries = 3
				ctx, cancel := context.WithCancelCause(t.Context())
				time.AfterFunc(time.Second, func() { cancel(why) })
				s, err := c.StreamBody(ctx, nil)
				if err == nil {
					defer s.Close()
					_, err = Collect(s)
				}
				if !errors.Is(err, why) || err.Error() != why.Error() || len(trips.at) != 1 {
					t.Errorf("error %v after %d requests, want %v after 1", err, len(trips.at), why)
				}
			})
			synctest.Test(t, func(t *testing.T) {
				c, _ := trips(answer)
				ctx, cancel := context.WithTimeout(t.Context(), time.Second)
				defer cancel()
				s, err := c.StreamBody(ctx, nil)
				if err == nil {
					defer s.Close()
					_, err = Collect(s)
				}
				if !errors.Is(err, context.DeadlineExceeded) {
					t.Errorf("error = %v, want %v", err, context.DeadlineExceeded)
				}
			})
		})
	}
}

func TestTimeoutOfTheTransport(t *testing.T) {
	b := serve(t, func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() })
	c := b.client()
	c.HTTPClient.Timeout = 30 * time.Millisecond
	_, err := ask(t, c)
	wantMeaning(t, err, ErrTimeout)
}

// Close in the middle ends the call at the backend; that nothing is left of it on
// our side is what TestMain looks at.
func TestCloseCancelsTheCall(t *testing.T) {
	gone := make(chan struct{})
	b := serve(t, func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.WriteString(w, frames(evCreated, evAdded, evHel))
		w.(http.Flusher).Flush()
		<-r.Context().Done()
		close(gone)
	})
	s, err := b.client().StreamBody(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	for e := range s.Events() {
		if e.Type == typeTextDelta {
			break
		}
	}
	if err := s.Close(); err != nil {
		t.Errorf("Close = %v, want no error", err)
	}
	select {
	case <-gone:
	case <-time.After(5 * time.Second):
		t.Error("the backend was not told")
	}
	for _, err := range s.Events() {
		if err == nil {
			t.Error("an event after Close")
		}
	}
}

// Close may come from anywhere, at any time.
func TestCloseWhileReading(t *testing.T) {
	for range 20 {
		b := serve(t, func(w http.ResponseWriter, r *http.Request) {
			_, _ = io.WriteString(w, frames(evCreated, evAdded, evOverload))
			for r.Context().Err() == nil {
				if _, err := io.WriteString(w, frames(evHel)); err != nil {
					return
				}
				w.(http.Flusher).Flush()
			}
		})
		s, err := b.client().StreamBody(t.Context(), nil)
		if err != nil {
			t.Fatal(err)
		}
		done := make(chan struct{})
		go func() {
			defer close(done)
			_, _ = Collect(s)
		}()
		time.Sleep(time.Millisecond)
		s.Close()
		<-done
	}
}

func TestCloseFreesTheContext(t *testing.T) {
	var ctx context.Context
	c, _ := trips(func(req *http.Request) (*http.Response, error) {
		ctx = req.Context()
		return &http.Response{StatusCode: 200, Header: http.Header{}, Body: io.NopCloser(strings.NewReader(frames(hello...)))}, nil
	})
	s, err := c.StreamBody(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	if ctx.Err() != nil {
		t.Errorf("context before Close = %v, want it alive", ctx.Err())
	}
	s.Close()
	if ctx.Err() == nil {
		t.Error("context after Close is alive, want it ended")
	}
}

// Events that are held back outlive the reader's buffer.
func TestHeldEventsKeepTheirBytes(t *testing.T) {
	want := frames(hello...)
	s, err := reads(func() io.Reader { return iotest.OneByteReader(strings.NewReader(want)) }).StreamBody(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	var got, lines strings.Builder
	if _, err := drain(s, func(e Event) error {
		return errors.Join(NewFrameSink(&got).Event(e), NewLineSink(&lines).Event(e))
	}); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got.String()); diff != "" {
		t.Errorf("frames (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(strings.Join(hello, "\n")+"\n", lines.String()); diff != "" {
		t.Errorf("lines (-want +got):\n%s", diff)
	}
}

// A loop can be left and taken up again.
func TestEventsCanBeReadOn(t *testing.T) {
	s, err := serve(t, says(hello...)).client().StreamBody(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	n := 0
	for range hello {
		for range s.Events() {
			n++
			break
		}
	}
	for range s.Events() {
		t.Error("an event after the last")
	}
	if n != len(hello) {
		t.Errorf("%d events, want %d", n, len(hello))
	}
}

func TestConnectionIsUsedAgain(t *testing.T) {
	var from []string
	b := serve(t, func(w http.ResponseWriter, r *http.Request) {
		from = append(from, r.RemoteAddr)
		says(hello...)(w, r)
	})
	c := b.client()
	for range 5 {
		s, err := c.StreamBody(t.Context(), nil)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := Collect(s); err != nil {
			t.Fatal(err)
		}
		s.Close()
	}
	for _, addr := range from {
		if addr != from[0] {
			t.Fatalf("connections = %v, want one", from)
		}
	}
}
