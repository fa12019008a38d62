package responses

import (
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
)

func breaks(err error) func(*http.Request) (*http.Response, error) {
	return func(*http.Request) (*http.Response, error) { return nil, err }
}

func TestWhatIsRepeated(t *testing.T) {
	const page = "<html>"
	type answer = func(*http.Request) (*http.Response, error)
	status := func(code int) answer { return refuses(code, `{"detail":"d"}`) }
	tests := []struct {
		name   string
		answer answer
		repeat bool
	}{
		{"connection not made", breaks(io.ErrUnexpectedEOF), true},
		{"request timeout", status(408), true},
		{"server error", status(500), true},
		{"bad gateway", status(502), true},
		{"unavailable", status(503), true},
		{"gateway timeout", status(504), true},
		{"too many requests", status(429), true},
		{"overloaded 503", refuses(503, `{"error":{"code":"server_is_overloaded"}}`), true},
		{"overload inside 200", plays(0, evCreated, evOverload, evBusy), true},
		{"overload at once inside 200", plays(0, evBusy), true},
		{"rate limit inside 200", plays(0, evCreated, failed("rate_limit_exceeded", "m")), true},
		{"asked to wait for a minute", refuses(429, `{}`, "Retry-After", "60"), true},

		{"asked to wait for longer", refuses(429, `{}`, "Retry-After", "61"), false},
		{"asked to wait for longer by a 503", refuses(503, `{}`, "Retry-After", "3600"), false},
		{"usage limit", refuses(429, `{"error":{"type":"usage_limit_reached"}}`), false},
		{"plan without Codex", refuses(429, `{"error":{"type":"usage_not_included"}}`), false},
		{"page", refuses(503, page, "Content-Type", "text/html"), false},
		{"page with 200", refuses(200, page, "Content-Type", "text/html"), false},
		{"redirect", refuses(302, "", "Location", "https://else.where/"), false},
		{"bad request", status(400), false},
		{"not signed in", status(401), false},
		{"payment", status(402), false},
		{"forbidden", status(403), false},
		{"not found", status(404), false},
		{"conflict", status(409), false},
		{"a feature that the backend lacks", status(501), false},
		{"certificate", breaks(fmt.Errorf("tls: %w", x509.UnknownAuthorityError{})), false},
		{"wrong host in the certificate", breaks(x509.HostnameError{Certificate: &x509.Certificate{}, Host: "h"}), false},
		{"unknown failure inside 200", plays(0, evCreated, failed("later", "m")), false},
		{"overload after the first output", plays(0, evCreated, evAdded, evOverload, evBusy), false},
		{"incomplete", plays(0, evCreated, `{"type":"response.incomplete"}`), false},
		{"cut before the first event", plays(0), false},
		{"cut before the first output", plays(0, evCreated), false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c, trips := trips(tt.answer, tt.answer, plays(0, hello...))
				c.Retries = 3
				var notices []Notice
				c.Notify = func(n Notice) { notices = append(notices, n) }
				s, err := c.StreamBody(t.Context(), nil)
				attempts := Attempts(err)
				if err == nil {
					defer s.Close()
					attempts = s.Attempts()
					_, err = Collect(s)
				}
				want := 1
				if tt.repeat {
					want = 3
				}
				if (err == nil) != tt.repeat || len(trips.at) != want || attempts != want {
					t.Fatalf("error %v after %d requests (said %d), want %d", err, len(trips.at), attempts, want)
				}
				if len(notices) != want-1 {
					t.Fatalf("%d notices, want %d", len(notices), want-1)
				}
				for i, n := range notices {
					if n.Kind != NoticeRetry || n.Attempt != i+1 || n.Delay != trips.pauses()[i] || n.Err == nil {
						t.Errorf("notice = %+v, want a repetition after attempt %d and %v", n, i+1, trips.pauses()[i])
					}
				}
			})
		})
	}
}

func TestRepetitionsAreCounted(t *testing.T) {
	for _, retries := range []int{0, 1, 4} {
		synctest.Test(t, func(t *testing.T) {
			c, trips := trips(refuses(500, `{}`))
			c.Retries = retries
			_, err := ask(t, c)
			wantMeaning(t, err, ErrServer)
			if len(trips.at) != retries+1 || Attempts(fmt.Errorf("ask: %w", err)) != retries+1 {
				t.Errorf("%d retries: %d requests (said %d), want %d", retries, len(trips.at), Attempts(err), retries+1)
			}
		})
	}
	if n := Attempts(errors.New("of another kind")); n != 0 {
		t.Errorf("attempts of a foreign error = %d, want 0", n)
	}
}

func TestPausesGrowToALimitAndAreJittered(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, trips := trips(refuses(500, `{}`))
		c.Retries = 80 // far beyond the point where doubling would overflow
		_, _ = ask(t, c)
		exact := 0
		for i, pause := range trips.pauses() {
			want := firstDelay
			for range i {
				want = min(2*want, maxDelay)
			}
			if pause < want*9/10 || pause > want*11/10 {
				t.Errorf("pause %d = %v, want %v, a tenth more or less", i+1, pause, want)
			}
			if pause == want {
				exact++
			}
		}
		if exact > 5 {
			t.Errorf("%d pauses are without jitter", exact)
		}
	})
}

func TestRetryAfterIsHonoured(t *testing.T) {
	tests := []struct {
		name, value string
		least, most time.Duration
	}{
		{"seconds", "42", 42 * time.Second, 42 * time.Second},
		{"part of a second", "0.5", 500 * time.Millisecond, 500 * time.Millisecond},
		{"less than our own pause", "0.001", 180 * time.Millisecond, 220 * time.Millisecond},
		{"a date", time.Date(2030, 1, 1, 0, 0, 30, 0, time.UTC).Format(http.TimeFormat), 30 * time.Second, 30 * time.Second},
		{"a date gone by", time.Date(2020, 1, 1, 0, 0, 0, 0, time.UTC).Format(http.TimeFormat), 180 * time.Millisecond, 220 * time.Millisecond},
		{"nonsense", "soon", 180 * time.Millisecond, 220 * time.Millisecond},
		{"no number", "NaN", 180 * time.Millisecond, 220 * time.Millisecond},
		{"negative", "-5", 180 * time.Millisecond, 220 * time.Millisecond},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c, trips := trips(refuses(429, `{}`, "Retry-After", tt.value), plays(0, hello...))
				c.Retries = 1
				c.Now = func() time.Time { return time.Date(2030, 1, 1, 0, 0, 0, 0, time.UTC) }
				if _, err := ask(t, c); err != nil {
					t.Fatal(err)
				}
				if got := trips.pauses()[0]; got < tt.least || got > tt.most {
					t.Errorf("pause = %v, want %v to %v", got, tt.least, tt.most)
				}
			})
		})
	}
}

func TestDelayInTheTextIsHonoured(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, trips := trips(plays(0, evCreated, failed("rate_limit_exceeded", "Please try again in 7.5s")), plays(0, hello...))
		c.Retries = 1
		if _, err := ask(t, c); err != nil || trips.pauses()[0] != 7500*time.Millisecond {
			t.Errorf("error %v, pauses %v; want 7.5s", err, trips.pauses())
		}
	})
}

// A failure before the first output is not seen if another try goes well.
func TestOverloadIsHiddenByTheNextTry(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, _ := trips(plays(0, evCreated, evProgress, evOverload, evBusy), plays(0, hello...))
		c.Retries = 1
		s, err := c.StreamBody(t.Context(), nil)
		if err != nil {
			t.Fatal(err)
		}
		defer s.Close()
		types, err := drain(s, func(Event) error { return nil })
		want := []string{typeCreated, typeInProgress, typeItemAdded, typeTextDelta, typeTextDelta, typeTextDone, typeItemDone, typeCompleted}
		if err != nil || !cmp.Equal(types, want) {
			t.Errorf("events = %v, %v, want those of the second try only: %v", types, err, want)
		}
	})
}

func TestOverloadIsSeenWhenTheTriesAreUsedUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, trips := trips(plays(0, evCreated, evBusy), plays(0, evCreated, evProgress, evOverload, evBusy))
		c.Retries = 1
		s, err := c.StreamBody(t.Context(), nil)
		if err != nil {
			t.Fatalf("error = %v, want the stream of the last try", err)
		}
		defer s.Close()
		types, err := drain(s, func(Event) error { return nil })
		wantMeaning(t, err, ErrOverloaded)
		if diff := cmp.Diff([]string{typeCreated, typeInProgress, typeError, typeFailed}, types); diff != "" {
			t.Errorf("events (-want +got):\n%s", diff)
		}
		if s.Attempts() != 2 || len(trips.at) != 2 {
			t.Errorf("%d requests (said %d), want 2", len(trips.at), s.Attempts())
		}
	})
}

// Beyond some number of events the stream is let go, whatever they are.
func TestHeldEventsAreBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var many []string
		for range heldEvents {
			many = append(many, evProgress)
		}
		c, trips := trips(playsThenHangs(many...))
		start := time.Now()
		s, err := c.StreamBody(t.Context(), nil)
		if err != nil || !s.Buffered() || len(trips.at) != 1 || time.Since(start) != 0 {
			t.Fatalf("StreamBody = %v, want a stream with its events at hand, at once; it took %v", err, time.Since(start))
		}
		s.Close()
	})
}

func TestContextEndsThePause(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		why := errors.New("the person has left")
		ctx, cancel := context.WithCancelCause(t.Context())
		c, trips := trips(refuses(429, `{}`, "Retry-After", "50"))
		c.Retries = 3
		time.AfterFunc(5*time.Second, func() { cancel(why) })
		start := time.Now()
		_, err := c.StreamBody(ctx, nil)
		if !errors.Is(err, why) || time.Since(start) != 5*time.Second || len(trips.at) != 1 {
			t.Errorf("error %v after %v and %d requests, want %v after 5s and 1", err, time.Since(start), len(trips.at), why)
		}
	})
}

// login is an Authorizer; each Refused makes the next name.
type login struct {
	names   []string
	refused []string // what Authorization was on the request that was refused
	retry   bool
	err     error // of Refused
	broken  error // of Authorize
}

func (l *login) Authorize(r *http.Request) error {
	r.Header.Set("Authorization", "Bearer "+l.names[min(len(l.refused), len(l.names)-1)])
	return l.broken
}

func (l *login) Refused(r *http.Request) (bool, error) {
	l.refused = append(l.refused, r.Header.Get("Authorization"))
	return l.retry, l.err
}

func TestUnauthorizedIsRepeatedOnceWithAFreshIdentity(t *testing.T) {
	mine := errors.New("sign in again")
	no := fails(401, `{"detail":"Unauthorized"}`)
	tests := []struct {
		name     string
		login    *login
		answers  []http.HandlerFunc
		want     error
		requests int
		refused  []string
	}{
		{"fresh identity helps", &login{names: []string{"a", "b"}, retry: true}, []http.HandlerFunc{no, says(hello...)}, nil, 2, []string{"Bearer a"}},
		{"fresh identity does not help", &login{names: []string{"a", "b"}, retry: true}, []http.HandlerFunc{no}, ErrUnauthorized, 2, []string{"Bearer a"}},
		{"no fresh identity", &login{names: []string{"a"}}, []http.HandlerFunc{no}, ErrUnauthorized, 1, []string{"Bearer a"}},
		{"an error of the login", &login{names: []string{"a"}, retry: true, err: mine}, []http.HandlerFunc{no}, mine, 1, []string{"Bearer a"}},
		{"no login to send with", &login{names: []string{"a"}, broken: mine}, []http.HandlerFunc{no}, mine, 0, nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			b := serve(t, tt.answers...)
			c := b.client()
			c.Authorizer, c.Retries = tt.login, 3
			var kinds []NoticeKind
			c.Notify = func(n Notice) { kinds = append(kinds, n.Kind) }
			s, err := c.StreamBody(t.Context(), nil)
			attempts := Attempts(err)
			if err == nil {
				defer s.Close()
				attempts = s.Attempts()
			}
			if !errors.Is(err, tt.want) || tt.want == mine && err.Error() != mine.Error() {
				t.Errorf("error = %v, want %v", err, tt.want)
			}
			if len(b.got()) != tt.requests || attempts != tt.requests {
				t.Errorf("%d requests (said %d), want %d", len(b.got()), attempts, tt.requests)
			}
			if diff := cmp.Diff(tt.refused, tt.login.refused); diff != "" {
				t.Errorf("refused (-want +got):\n%s", diff)
			}
			var want []NoticeKind
			if tt.requests == 2 {
				want = []NoticeKind{NoticeRenewed}
				if second := b.got()[1].Header.Get("Authorization"); second != "Bearer b" {
					t.Errorf("second request is of %q, want Bearer b", second)
				}
			}
			if diff := cmp.Diff(want, kinds); diff != "" {
				t.Errorf("notices (-want +got):\n%s", diff)
			}
		})
	}
}

// The repetition after a 401 does not use up one of the retries.
func TestUnauthorizedStandsOutsideTheRetries(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, trips := trips(refuses(500, `{}`), refuses(401, `{}`), refuses(500, `{}`), plays(0, hello...))
		c.Retries, c.Authorizer = 2, &login{names: []string{"a", "b"}, retry: true}
		s, err := c.StreamBody(t.Context(), nil)
		if err != nil || s.Attempts() != 4 || len(trips.at) != 4 {
			t.Fatalf("error %v after %d requests, want an answer to the fourth", err, len(trips.at))
		}
		s.Close()
	})
}

// Before stands in front of each request, also of the repeated ones, and before anybody
// is asked for an identity.
func TestBeforeEachRequest(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, trips := trips(refuses(500, `{}`), refuses(401, `{}`), plays(0, hello...))
		c.Retries = 1
		c.Authorizer = &login{names: []string{"a", "b"}, retry: true}
		type key struct{}
		asked := 0
		c.Before = func(ctx context.Context) error {
			if ctx.Value(key{}) != "call" {
				t.Error("the context is not the call's")
			}
			if asked != len(trips.at) {
				t.Errorf("asked %d times after %d requests", asked, len(trips.at))
			}
			asked++
			return nil
		}
		s, err := c.StreamBody(context.WithValue(t.Context(), key{}, "call"), nil)
		if err != nil {
			t.Fatal(err)
		}
		s.Close()
		if asked != 3 || len(trips.at) != 3 {
			t.Errorf("asked %d times, %d requests; want 3 of each", asked, len(trips.at))
		}
	})
}

func TestBeforeEndsTheCall(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, trips := trips(refuses(500, `{}`), plays(0, hello...))
		c.Retries = 3
		stop := errors.New("no further request")
		c.Before = func(context.Context) error {
			if len(trips.at) == 1 {
				return stop
			}
			return nil
		}
		_, err := ask(t, c)
		if !errors.Is(err, stop) || err.Error() != stop.Error() || len(trips.at) != 1 || Attempts(err) != 1 {
			t.Errorf("error %v after %d requests (said %d), want %v after 1", err, len(trips.at), Attempts(err), stop)
		}
	})
}
