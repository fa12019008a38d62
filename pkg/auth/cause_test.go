package auth

import (
	"context"
	"errors"
	"io"
	"net/http"
	"os"
	"testing"
	"testing/synctest"
	"time"

	"github.com/codexctl/codexctl/pkg/credentials"
)

// errOwn is why a caller ends its context.
var errOwn = errors.New("the caller has its own reason")

// ending makes a context that ends after some time, because of cause.
type ending func(parent context.Context, after time.Duration, cause error) (context.Context, context.CancelFunc)

// endings are the ways in which the command line ends a wait.
func endings() map[string]ending {
	return map[string]ending{
		"a time limit": context.WithTimeoutCause,
		"a signal": func(parent context.Context, after time.Duration, cause error) (context.Context, context.CancelFunc) {
			ctx, cancel := context.WithCancelCause(parent)
			timer := time.AfterFunc(after, func() { cancel(cause) })
			return ctx, func() { timer.Stop(); cancel(nil) }
		},
	}
}

// held is a store whose lock somebody has until the test ends.
func held(t *testing.T, ttl time.Duration) string {
	t.Helper()
	path := stored(t, ttl)
	lock, err := credentials.File{Path: path}.Lock(t.Context(), 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(lock.Unlock)
	return path
}

// silent is a transport that gets no answer and does not tell the cause of its end.
func silent(r *http.Request) (*http.Response, error) {
	<-r.Context().Done()
	return nil, r.Context().Err()
}

// silentBody is silent after the header.
func silentBody(r *http.Request) (*http.Response, error) {
	body, writer := io.Pipe()
	context.AfterFunc(r.Context(), func() { _ = writer.CloseWithError(r.Context().Err()) })
	return &http.Response{StatusCode: http.StatusOK, Header: http.Header{}, Body: body, Request: r}, nil
}

func client(f roundTrip) *http.Client { return &http.Client{Transport: f} }

func authorize(ctx context.Context, s *Source) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "https://chatgpt.com/x", nil)
	if err != nil {
		return err
	}
	return s.Authorize(req)
}

func refusal(ctx context.Context, t *testing.T, s *Source) error {
	t.Helper()
	req := refusedRequest(t, token("acc", clock().Add(-time.Hour), "old")).WithContext(ctx)
	_, err := s.Refused(req)
	return err
}

// TestTheCauseComesThrough waits for something that does not come, and leaves.
func TestTheCauseComesThrough(t *testing.T) {
	const nowhere = "http://127.0.0.1:1"
	torn := func(t *testing.T) string { return storedAs(t, `{"tokens":{"acc`) }
	login := credentials.Credential{AccessToken: credentials.NewSecret("at")}
	device := func(t *testing.T, polls step) (*DeviceLogin, *tape, DeviceCode) {
		s := newTape(polls)
		l := s.login()
		code, err := l.Start(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		return l, s, code
	}
	tests := []struct {
		name  string
		after time.Duration // less than half a second for a torn store
		wait  func(ctx context.Context, t *testing.T) error
	}{
		{"Credential, for the lock", time.Second, func(ctx context.Context, t *testing.T) error {
			_, err := source(t, held(t, -time.Hour), nowhere).Credential(ctx)
			return err
		}},
		{"Credential, for the lock, with a token that is still good", time.Second, func(ctx context.Context, t *testing.T) error {
			s := source(t, held(t, time.Minute), nowhere)
			s.Warn = func(err error) { t.Errorf("warned of %v", err) }
			_, err := s.Credential(ctx)
			return err
		}},
		{"Credential, for a torn store", 120 * time.Millisecond, func(ctx context.Context, t *testing.T) error {
			s := source(t, stored(t, time.Hour), nowhere)
			s.Login.Path, s.Login.Format = torn(t), credentials.Codex // no other is waited for
			_, err := s.Credential(ctx)
			return err
		}},
		{"Renew, for the lock", time.Second, func(ctx context.Context, t *testing.T) error {
			_, err := source(t, held(t, time.Hour), nowhere).Renew(ctx)
			return err
		}},
		{"Renew, for a guard", time.Second, func(ctx context.Context, t *testing.T) error {
			s := source(t, stored(t, time.Hour), nowhere)
			s.Guard = patient{}
			_, err := s.Renew(ctx)
			return err
		}},
		{"Renew, for a torn store", 120 * time.Millisecond, func(ctx context.Context, t *testing.T) error {
			s := source(t, stored(t, time.Hour), nowhere)
			s.Guard, s.Login.Format = tearing{}, credentials.Codex
			_, err := s.Renew(ctx)
			return err
		}},
		{"Authorize", time.Second, func(ctx context.Context, t *testing.T) error {
			return authorize(ctx, source(t, held(t, -time.Hour), nowhere))
		}},
		{"Refused", time.Second, func(ctx context.Context, t *testing.T) error {
			return refusal(ctx, t, source(t, held(t, -time.Hour), nowhere))
		}},
		{"Open", 120 * time.Millisecond, func(ctx context.Context, t *testing.T) error {
			_, err := Open(ctx, credentials.Locator{AuthFile: torn(t)}, Config{})
			return err
		}},
		{"Keeper.Check, for the lock", time.Second, func(ctx context.Context, t *testing.T) error {
			return Keeper{File: credentials.File{Path: held(t, time.Hour)}}.Check(ctx)
		}},
		{"Keeper.Check, for a torn store", 120 * time.Millisecond, func(ctx context.Context, t *testing.T) error {
			return Keeper{File: credentials.File{Path: torn(t)}}.Check(ctx)
		}},
		{"Keeper.Check, for a torn store to replace", 120 * time.Millisecond, func(ctx context.Context, t *testing.T) error {
			return Keeper{File: credentials.File{Path: torn(t)}, Replace: true}.Check(ctx)
		}},
		{"Revoke, for an answer", time.Second, func(ctx context.Context, _ *testing.T) error {
			return Revoke(ctx, Config{HTTPClient: client(silent)}, login)
		}},
		{"Revoke, for the rest of an answer", time.Second, func(ctx context.Context, _ *testing.T) error {
			return Revoke(ctx, Config{HTTPClient: client(silentBody)}, login)
		}},
		{"DeviceLogin.Start", time.Second, func(ctx context.Context, _ *testing.T) error {
			_, err := (&DeviceLogin{Config: Config{HTTPClient: client(silent)}}).Start(ctx)
			return err
		}},
		{"DeviceLogin.Wait, between two polls", time.Second, func(ctx context.Context, t *testing.T) error {
			l, _, code := device(t, step{status: 403})
			_, err := l.Wait(ctx, code)
			return err
		}},
		{"DeviceLogin.Wait, after polls that failed", 10 * time.Second, func(ctx context.Context, t *testing.T) error {
			l, _, code := device(t, step{status: 503})
			_, err := l.Wait(ctx, code)
			return err
		}},
		{"DeviceLogin.Wait, for a poll", 10 * time.Second, func(ctx context.Context, t *testing.T) error {
			l, _, code := device(t, step{status: 403})
			l.Config.HTTPClient = client(silent)
			_, err := l.Wait(ctx, code)
			return err
		}},
		{"DeviceLogin.Wait, for the tokens", 10 * time.Second, func(ctx context.Context, t *testing.T) error {
			l, s, code := device(t, step{status: 200, body: ticketAnswer})
			l.Config.HTTPClient = client(func(r *http.Request) (*http.Response, error) {
				if r.URL.Path == tokenPath {
					return silentBody(r)
				}
				return s.RoundTrip(r)
			})
			_, err := l.Wait(ctx, code)
			return err
		}},
	}
	for how, end := range endings() {
		for _, tt := range tests {
			t.Run(tt.name+": "+how, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					ctx, cancel := end(t.Context(), tt.after, errOwn)
					defer cancel()
					began := time.Now()
					err := tt.wait(ctx, t)
					wantOwn(t, err, errOwn)
					// A lock is tried every 20 ms, and both may come at once.
					if took := time.Since(began); took < tt.after || took > tt.after+20*time.Millisecond {
						t.Errorf("left after %v, want %v", took, tt.after)
					}
				})
			})
		}
	}
}

// wantOwn wants cause, and nothing of the context that it has ended.
func wantOwn(t *testing.T, err, cause error) {
	t.Helper()
	if !errors.Is(err, cause) || errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("error = %v, want %v alone", err, cause)
	}
}

// patient is a guard that nobody ever gives up, and that tells no cause.
type patient struct{}

func (patient) Lock(ctx context.Context, _ string) (func(), error) {
	<-ctx.Done()
	return nil, ctx.Err()
}

// tearing is a guard that comes when somebody has emptied the store to fill it.
type tearing struct{}

func (tearing) Lock(_ context.Context, path string) (func(), error) {
	return func() {}, os.WriteFile(path, nil, 0o600)
}

func TestTheCauseComesThroughABrowserLogin(t *testing.T) {
	const after = 50 * time.Millisecond
	for how, end := range endings() {
		t.Run("for the browser: "+how, func(t *testing.T) {
			ctx, cancel := end(t.Context(), after, errOwn)
			defer cancel()
			_, err := (&BrowserLogin{Ports: []int{0, 0, 0}}).Login(ctx)
			wantOwn(t, err, errOwn)
		})
		t.Run("for the tokens: "+how, func(t *testing.T) {
			ctx, cancel := end(t.Context(), 4*after, errOwn)
			defer cancel()
			lines := make(chan string, 1)
			lines <- canaryCode
			l := BrowserLogin{Ports: []int{0, 0, 0}, Paste: lines, Config: Config{HTTPClient: client(silent)}}
			_, err := l.Login(ctx)
			wantOwn(t, err, errOwn)
		})
		t.Run("before it begins: "+how, func(t *testing.T) {
			ctx, cancel := end(t.Context(), 0, errOwn)
			defer cancel()
			<-ctx.Done()
			_, err := (&BrowserLogin{Ports: []int{0, 0, 0}}).Login(ctx)
			wantOwn(t, err, errOwn)
		})
	}
}

// TestEveryCallerLeavesWithItsOwnCause has three callers wait for one renewal.
func TestEveryCallerLeavesWithItsOwnCause(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := source(t, held(t, -time.Hour), "http://127.0.0.1:1")
		type left struct {
			err, cause error
			after      time.Duration
		}
		results := make(chan left, 3)
		began := time.Now()
		for n, cause := range []error{errors.New("the first"), errors.New("the second"), errors.New("the last")} {
			go func() {
				ctx, cancel := context.WithTimeoutCause(t.Context(), time.Duration(n+1)*time.Second, cause)
				defer cancel()
				_, err := s.Credential(ctx)
				results <- left{err, cause, time.Since(began)}
			}()
			synctest.Wait()
		}
		for n := range 3 {
			got := <-results
			wantOwn(t, got.err, got.cause)
			if want := time.Duration(n+1) * time.Second; got.after < want || got.after > want+20*time.Millisecond {
				t.Errorf("%v left after %v, want %v", got.cause, got.after, want)
			}
		}
	})
}

// TestOurOwnLimitsAreNotTheCallers gives callers more time than we have ourselves.
func TestOurOwnLimitsAreNotTheCallers(t *testing.T) {
	tests := []struct {
		name  string
		limit time.Duration
		want  error
		wait  func(ctx context.Context, t *testing.T) error
	}{
		{"the lock", 30 * time.Second, credentials.ErrLockTimeout, func(ctx context.Context, t *testing.T) error {
			return authorize(ctx, source(t, held(t, -time.Hour), ""))
		}},
		{"a guard", 30 * time.Second, credentials.ErrLockTimeout, func(ctx context.Context, t *testing.T) error {
			s := source(t, stored(t, -time.Hour), "")
			s.Guard = patient{}
			return authorize(ctx, s)
		}},
		{"the lock of a store to check", 30 * time.Second, credentials.ErrLockTimeout, func(ctx context.Context, t *testing.T) error {
			return Keeper{File: credentials.File{Path: held(t, time.Hour)}}.Check(ctx)
		}},
		{"the token endpoint", 30 * time.Second, context.DeadlineExceeded, func(ctx context.Context, t *testing.T) error {
			s := source(t, stored(t, -time.Hour), "")
			s.Config.HTTPClient = client(silent)
			return authorize(ctx, s)
		}},
		{"the revocation endpoint", 10 * time.Second, context.DeadlineExceeded, func(ctx context.Context, _ *testing.T) error {
			return Revoke(ctx, Config{HTTPClient: client(silent)}, credentials.Credential{AccessToken: credentials.NewSecret("at")})
		}},
		{"the device code endpoint", 30 * time.Second, context.DeadlineExceeded, func(ctx context.Context, _ *testing.T) error {
			_, err := (&DeviceLogin{Config: Config{HTTPClient: client(silent)}}).Start(ctx)
			return err
		}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				ctx, cancel := context.WithTimeoutCause(t.Context(), time.Minute, errOwn)
				defer cancel()
				began := time.Now()
				err := tt.wait(ctx, t)
				if took := time.Since(began); !errors.Is(err, tt.want) || errors.Is(err, errOwn) || took < tt.limit || took > tt.limit+20*time.Millisecond {
					t.Errorf("error = %v after %v, want %v after %v", err, took, tt.want, tt.limit)
				}
			})
		})
	}
}

// TestARequestOnItsWayIsNotCalledOff leaves while the issuer thinks.
func TestARequestOnItsWayIsNotCalledOff(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		path := stored(t, -time.Hour)
		s := source(t, path, "")
		answer := &tape{token: step{status: 200, body: `{"access_token":"new","refresh_token":"r2","expires_in":3600}`}}
		s.Config.HTTPClient = client(func(r *http.Request) (*http.Response, error) {
			time.Sleep(5 * time.Second)
			return answer.RoundTrip(r)
		})
		ctx, cancel := context.WithTimeoutCause(t.Context(), time.Second, errOwn)
		defer cancel()
		c, err := s.Credential(ctx)
		if err != nil || c.AccessToken.Reveal() != "new" {
			t.Errorf("Credential = %q, %v, want the answer that came", c.AccessToken.Reveal(), err)
		}
	})
}
