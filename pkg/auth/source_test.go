package auth

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/codexctl/codexctl/pkg/credentials"
)

func TestOpen(t *testing.T) {
	_, err := Open(t.Context(), credentials.Locator{Home: t.TempDir()}, Config{})
	if !errors.Is(err, ErrLoginRequired) || !errors.Is(err, credentials.ErrNotFound) {
		t.Errorf("no login: error = %v, want %v", err, ErrLoginRequired)
	}
	_, err = Open(t.Context(), credentials.Locator{AuthFile: storedAs(t, `{"auth_mode":"apikey"}`)}, Config{})
	if !errors.Is(err, ErrLoginRequired) || !errors.Is(err, credentials.ErrOtherLogin) {
		t.Errorf("API key: error = %v, want %v", err, ErrLoginRequired)
	}
	_, err = Open(t.Context(), credentials.Locator{AuthFile: storedAs(t, `{"access_token":1}`)}, Config{})
	if errors.Is(err, ErrLoginRequired) || !errors.Is(err, credentials.ErrMalformed) {
		t.Errorf("row 23: malformed: error = %v, want %v and no %v", err, credentials.ErrMalformed, ErrLoginRequired)
	}
	if _, err := (&Source{}).Credential(t.Context()); !errors.Is(err, ErrLoginRequired) {
		t.Errorf("zero Source: error = %v, want %v", err, ErrLoginRequired)
	}
}

func TestTheStoreGoingAwayMeansSignedOut(t *testing.T) {
	path := stored(t, time.Hour)
	s := source(t, path, "http://127.0.0.1:1")
	if _, err := s.Credential(t.Context()); err != nil {
		t.Fatal(err)
	}
	_ = os.Remove(path)
	if _, err := s.Credential(t.Context()); !errors.Is(err, ErrLoginRequired) {
		t.Errorf("error = %v, want %v", err, ErrLoginRequired)
	}
}

func TestLoginsThatMayNotBeRenewed(t *testing.T) {
	at := func(ttl time.Duration) string { return token("acc", clock().Add(ttl), "x") }
	nested := func(ttl time.Duration) string {
		return `{"tokens":{"access_token":"` + at(ttl) + `","refresh_token":"r"}}`
	}
	tests := []struct {
		name   string
		open   func(t *testing.T, ttl time.Duration) credentials.Locator
		setUp  func(*Source)
		reason Reason
	}{
		{"a variable", func(t *testing.T, ttl time.Duration) credentials.Locator {
			return credentials.Locator{Getenv: func(name string) string {
				return map[string]string{credentials.VariableToken: at(ttl)}[name]
			}}
		}, nil, ReasonEnvironment},
		{"the official CLI's file", func(t *testing.T, ttl time.Duration) credentials.Locator {
			home := t.TempDir()
			if err := os.Mkdir(home+"/.codex", 0o700); err != nil {
				t.Fatal(err)
			}
			write(t, home+"/.codex/auth.json", nested(ttl))
			return credentials.Locator{Home: home}
		}, nil, ReasonShared},
		{"renewal switched off", func(t *testing.T, ttl time.Duration) credentials.Locator {
			return credentials.Locator{AuthFile: storedAs(t, nested(ttl))}
		}, func(s *Source) { s.NoRefresh = true }, ReasonSwitchedOff},
		{"no refresh token", func(t *testing.T, ttl time.Duration) credentials.Locator {
			return credentials.Locator{AuthFile: storedAs(t, `{"access_token":"`+at(ttl)+`"}`)}
		}, nil, ReasonNoRefreshToken},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			i := newIssuer(t, grants)
			for _, ttl := range []time.Duration{time.Minute, -time.Minute} {
				s, err := Open(t.Context(), tt.open(t, ttl), Config{Issuer: i.URL, Now: clock})
				if err != nil {
					t.Fatal(err)
				}
				if tt.setUp != nil {
					tt.setUp(s)
				}
				_, err = s.Credential(t.Context())
				if ttl > 0 && err != nil {
					t.Errorf("before expiry: error = %v, want none", err)
				}
				var reason *NotRenewableError
				if ttl < 0 && (!errors.Is(err, ErrLoginExpired) || !errors.As(err, &reason) || reason.Reason != tt.reason) {
					t.Errorf("after expiry: error = %v, want %v because %s", err, ErrLoginExpired, tt.reason)
				}
				if _, err := s.Renew(t.Context()); !errors.Is(err, ErrNotRenewable) {
					t.Errorf("Renew: error = %v, want %v", err, ErrNotRenewable)
				}
				retry, err := s.Refused(refusedRequest(t, at(ttl)))
				if retry || err != nil {
					t.Errorf("Refused = %t, %v, want false, nil", retry, err)
				}
			}
			if i.count() != 0 {
				t.Errorf("%d requests, want none", i.count())
			}
		})
	}
}

func refusedRequest(t *testing.T, token string) *http.Request {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, "https://chatgpt.com/backend-api/codex/responses", nil)
	if err != nil {
		t.Fatal(err)
	}
	if token != "" {
		req.Header.Set("Authorization", "Bearer "+token)
	}
	return req
}

func TestAuthorizeSetsTheHeaders(t *testing.T) {
	fed := raw(`{"https://api.openai.com/auth":{"chatgpt_account_is_fedramp":true,"chatgpt_account_id":"acc"}}`)
	tests := []struct {
		name, store string
		want        http.Header
	}{
		{"row 56: account", `{"access_token":"t","account_id":"acc"}`, http.Header{"Authorization": {"Bearer t"}, "Chatgpt-Account-Id": {"acc"}}},
		{"row 57: no account", `{"access_token":"t"}`, http.Header{"Authorization": {"Bearer t"}}},
		{"a person is no account", `{"access_token":"t","account_id":"user-1"}`, http.Header{"Authorization": {"Bearer t"}}},
		{"FedRAMP", `{"access_token":"` + fed + `"}`, http.Header{"Authorization": {"Bearer " + fed}, "Chatgpt-Account-Id": {"acc"}, "X-Openai-Fedramp": {"true"}}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			req := refusedRequest(t, "stale")
			req.Header.Set("ChatGPT-Account-Id", "stale")
			if err := source(t, storedAs(t, tt.store), "").Authorize(req); err != nil {
				t.Fatal(err)
			}
			diff(t, "headers", tt.want, req.Header)
		})
	}
	s := source(t, stored(t, time.Hour), "")
	if err := s.Authorize(&http.Request{URL: refusedRequest(t, "").URL}); err != nil {
		t.Errorf("request without headers: error = %v, want none", err)
	}
}

func TestTokensOfTheRealIssuerStayAtHome(t *testing.T) {
	real := raw(`{"iss":"https://auth.openai.com","exp":4000000000}`)
	emulated := raw(`{"iss":"http://127.0.0.1:9","exp":4000000000}`)
	flat := func(access, id string) string {
		return `{"access_token":"` + access + `","id_token":"` + id + `","refresh_token":"r","expires_at":4000000000}`
	}
	tests := []struct {
		name, store, url string
		named            bool
		want             error
	}{
		{"backend", flat(real, ""), "https://chatgpt.com/x", false, nil},
		{"issuer", flat(real, ""), "https://AUTH.openai.com:443/x", false, nil},
		{"another host", flat(real, ""), "https://example.com/x", false, ErrForeignHost},
		{"a subdomain", flat(real, ""), "https://x.chatgpt.com/x", false, ErrForeignHost},
		{"a look-alike", flat(real, ""), "https://chatgpt.com.example.com/x", false, ErrForeignHost},
		{"user info in front", flat(real, ""), "https://chatgpt.com@example.com/x", false, ErrForeignHost},
		{"plain HTTP", flat(real, ""), "http://chatgpt.com/x", false, ErrForeignHost},
		{"another port", flat(real, ""), "https://chatgpt.com:8443/x", false, ErrForeignHost},
		{"loopback", flat(real, ""), "http://127.0.0.1:8080/x", false, ErrForeignHost},
		{"opaque, but the id token tells", flat("opaque", real), "https://example.com/x", false, ErrForeignHost},
		{"opaque, nothing tells", flat("opaque", ""), "https://example.com/x", false, ErrForeignHost},
		{"opaque, nothing tells, plain HTTP", flat("opaque", ""), "http://chatgpt.com/x", false, ErrForeignHost},
		{"opaque, nothing tells, to the backend", flat("opaque", ""), "https://chatgpt.com/x", false, nil},
		{"opaque, named by the user", flat("opaque", ""), "https://example.com/x", true, nil},
		{"opaque, but the id token is emulated", flat("opaque", emulated), "https://example.com/x", false, nil},
		{"claims without an issuer", flat(raw("{}"), raw("{}")), "https://example.com/x", false, ErrForeignHost},
		{"emulated login", flat(emulated, ""), "http://127.0.0.1:9/x", false, nil},
		{"emulated login with a real id token", flat(emulated, real), "http://127.0.0.1:9/x", false, ErrForeignHost},
		{"named by the user", flat(real, ""), "https://example.com/x", true, nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			home := t.TempDir()
			path := filepath.Join(home, ".codex", "auth.json")
			if err := os.Mkdir(filepath.Dir(path), 0o700); err != nil {
				t.Fatal(err)
			}
			write(t, path, tt.store)
			locator := credentials.Locator{Home: home}
			if tt.named {
				locator.AuthFile = path
			}
			s, err := Open(t.Context(), locator, Config{Now: clock})
			if err != nil {
				t.Fatal(err)
			}
			req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, tt.url, nil)
			if err != nil {
				t.Fatal(err)
			}
			if err := s.Authorize(req); !errors.Is(err, tt.want) || (err != nil) != (req.Header.Get("Authorization") == "") {
				t.Errorf("Authorize error = %v, headers %d, want %v", err, len(req.Header), tt.want)
			}
		})
	}
	for name, access := range map[string]string{"the real issuer's": real, "nobody's": "opaque"} {
		t.Run("refresh token to a foreign issuer, "+name, func(t *testing.T) {
			i := newIssuer(t, grants)
			s := source(t, storedAs(t, flat(access, "")), i.URL)
			s.Login.Named = false
			if _, err := s.Renew(t.Context()); !errors.Is(err, ErrForeignHost) || i.count() != 0 {
				t.Errorf("Renew error = %v after %d requests, want %v after none", err, i.count(), ErrForeignHost)
			}
		})
	}
	t.Run("an opaque token in a variable", func(t *testing.T) {
		s, err := Open(t.Context(), credentials.Locator{Getenv: func(name string) string {
			return map[string]string{credentials.VariableToken: "opaque"}[name]
		}}, Config{})
		if err != nil {
			t.Fatal(err)
		}
		req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "https://example.com/x", nil)
		if err != nil {
			t.Fatal(err)
		}
		if err := s.Authorize(req); err != nil {
			t.Errorf("Authorize error = %v, want none", err)
		}
	})
}

func TestRefused(t *testing.T) {
	i := newIssuer(t, grants)
	path := stored(t, time.Hour)
	s := source(t, path, i.URL)
	req := refusedRequest(t, "")
	if retry, err := s.Refused(req); retry || err != nil {
		t.Errorf("request without a token: Refused = %t, %v, want false, nil", retry, err)
	}
	if err := s.Authorize(req); err != nil {
		t.Fatal(err)
	}
	if retry, err := s.Refused(req); !retry || err != nil || i.count() != 1 {
		t.Errorf("current token: Refused = %t, %v after %d requests, want true after 1", retry, err, i.count())
	}
	if retry, err := s.Refused(req); !retry || err != nil || i.count() != 1 {
		t.Errorf("older token: Refused = %t, %v after %d requests, want true after 1", retry, err, i.count())
	}
	i.answer = replies(401, `{"error":{"code":"refresh_token_invalidated"}}`)
	if err := s.Authorize(req); err != nil {
		t.Fatal(err)
	}
	if retry, err := s.Refused(req); retry || !errors.Is(err, ErrRenewalRefused) {
		t.Errorf("no more renewals: Refused = %t, %v, want false, %v", retry, err, ErrRenewalRefused)
	}
	_ = os.Remove(path)
	if _, err := s.Refused(req); !errors.Is(err, ErrLoginRequired) {
		t.Errorf("no store: error = %v, want %v", err, ErrLoginRequired)
	}
}

func TestManyCallersOneRequest(t *testing.T) {
	i := newIssuer(t, func(w http.ResponseWriter, n int) { time.Sleep(50 * time.Millisecond); grants(w, n) })
	s := source(t, stored(t, -time.Hour), i.URL)
	var wait sync.WaitGroup
	for range 50 {
		wait.Go(func() {
			req := refusedRequest(t, "")
			if err := s.Authorize(req); err != nil || !strings.HasSuffix(req.Header.Get("Authorization"), freshToken(1)) {
				t.Errorf("Authorize: %v, want the fresh token", err)
			}
			if retry, err := s.Refused(refusedRequest(t, "older")); !retry || err != nil {
				t.Errorf("Refused = %t, %v, want true, nil", retry, err)
			}
		})
	}
	wait.Wait()
	if i.count() != 1 {
		t.Errorf("%d requests, want 1", i.count())
	}
}

func TestLeavingTheWait(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		path := stored(t, -time.Hour)
		s := source(t, path, "http://127.0.0.1:1")
		lock, err := credentials.File{Path: path}.Lock(t.Context(), 0)
		if err != nil {
			t.Fatal(err)
		}
		defer lock.Unlock()
		results := make(chan string, 2)
		for _, patience := range []time.Duration{time.Second, time.Minute} {
			go func() {
				ctx, cancel := context.WithTimeout(t.Context(), patience)
				defer cancel()
				start := time.Now()
				_, err := s.Credential(ctx)
				switch {
				case errors.Is(err, context.DeadlineExceeded):
					results <- fmt.Sprint("left after ", time.Since(start))
				case errors.Is(err, credentials.ErrLockTimeout):
					results <- fmt.Sprint("timeout after ", time.Since(start))
				default:
					results <- fmt.Sprint(err)
				}
			}()
		}
		diff(t, "the impatient", "left after 1s", <-results)
		diff(t, "the patient", "timeout after 30s", <-results)
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if _, err := s.Renew(ctx); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("alone: error = %v, want the caller's deadline", err)
		}
	})
}

type guard struct {
	mu    sync.Mutex
	calls []string
	err   error
}

func (g *guard) note(text string) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.calls = append(g.calls, text)
}

func (g *guard) Lock(_ context.Context, path string) (func(), error) {
	g.note("lock " + filepath.Base(path))
	return func() { g.note("unlock") }, g.err
}

func TestGuardComesBeforeTheFileLock(t *testing.T) {
	i := newIssuer(t, grants)
	path := stored(t, -time.Hour)
	s := source(t, path, i.URL)
	g := &guard{}
	s.Guard = g
	if _, err := s.Credential(t.Context()); err != nil {
		t.Fatal(err)
	}
	diff(t, "guard", []string{"lock auth.json", "unlock"}, g.calls)
	g.err = errors.New("no guard")
	if _, err := s.Renew(t.Context()); !errors.Is(err, g.err) || i.count() != 1 {
		t.Errorf("error = %v after %d requests, want %v after 1", err, i.count(), g.err)
	}
	g.err = context.DeadlineExceeded
	if _, err := s.Renew(t.Context()); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("error = %v, want %v", err, context.DeadlineExceeded)
	}
}

// TestOneRequestPerMachine lets many processes find the same expired login.
func TestOneRequestPerMachine(t *testing.T) {
	path := filepath.Join(t.TempDir(), "auth.json")
	i := newIssuer(t, func(w http.ResponseWriter, n int) {
		time.Sleep(20 * time.Millisecond)
		replies(200, fmt.Sprintf(`{"access_token":"t%d","refresh_token":"r%d","expires_in":3600}`, n, n))(w, n)
	})
	for round, foreign := range []bool{false, true} {
		write(t, path, fmt.Sprintf(`{"access_token":"old%d","refresh_token":"r","expires_at":"2020-01-01"}`, round))
		var lock *credentials.Lock
		if foreign {
			var err error
			if lock, err = (credentials.File{Path: path}).Lock(t.Context(), 0); err != nil {
				t.Fatal(err)
			}
		}
		release := time.AfterFunc(500*time.Millisecond, lock.Unlock)
		runMany(t, 50, func() *exec.Cmd { return command("use", path, i.URL) })
		release.Stop()
		if i.count() != round+1 {
			t.Errorf("round %d: %d requests so far, want %d", round, i.count(), round+1)
		}
	}
}

func runMany(t *testing.T, n int, make func() *exec.Cmd) {
	t.Helper()
	var wait sync.WaitGroup
	answers := sync.Map{}
	for range n {
		wait.Go(func() {
			out, err := make().Output()
			if err != nil {
				t.Errorf("process failed: %v: %s", err, out)
			}
			answers.Store(string(out), true)
		})
	}
	wait.Wait()
	count := 0
	answers.Range(func(any, any) bool { count++; return true })
	if count != 1 {
		t.Errorf("processes got %d different tokens, want 1", count)
	}
}

func TestKilledRenewalsLeaveAWholeStore(t *testing.T) {
	path := stored(t, time.Hour)
	i := newIssuer(t, func(w http.ResponseWriter, n int) {
		replies(200, fmt.Sprintf(`{"access_token":"t%d","refresh_token":"r%d","expires_in":3600}`, n, n))(w, n)
	})
	for n := range 20 {
		cmd := command("renew", path, i.URL)
		if err := cmd.Start(); err != nil {
			t.Skipf("cannot start another process: %v", err)
		}
		time.Sleep(time.Duration(3*n) * time.Millisecond)
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
		if _, _, err := (credentials.File{Path: path}).Read(t.Context()); err != nil {
			t.Fatalf("after kill %d: %v", n, err)
		}
	}
}

func TestNothingSecretIsShown(t *testing.T) {
	const canary = "canary-3f9a7c"
	path := storedAs(t, `{"access_token":"`+canary+`","refresh_token":"`+canary+`-r","expires_at":"2026-05-01"}`)
	var out bytes.Buffer
	for _, body := range []string{`{"error":"` + canary + `-r"}`, canary + `-r`, `{"error":{"message":"` + canary + `-r","code":"refresh_token_reused"}}`} {
		i := newIssuer(t, replies(400, body))
		s := source(t, path, i.URL)
		s.Warn = func(err error) { fmt.Fprintln(&out, err) }
		_, err := s.Credential(t.Context())
		if err == nil {
			t.Fatal("no error, want one")
		}
		fmt.Fprintf(&out, "%v %+v %#v %+v %#v\n", err, err, err, s.current, &s.unsaved)
		slog.New(slog.NewTextHandler(&out, nil)).Error("renew", "err", err, "login", s.Login)
	}
	if strings.Contains(out.String(), canary) {
		t.Errorf("output shows the secret:\n%s", out.String())
	}
}

func TestErrorsReadWell(t *testing.T) {
	for want, err := range map[string]error{
		"token refresh failed: refresh_token_reused (HTTP 401 Unauthorized): Sorry":  &RefusedError{Code: "refresh_token_reused", Status: 401, Description: "Sorry"},
		"token endpoint answered HTTP 503 Service Unavailable":                       &EndpointError{Status: 503},
		"token endpoint answered 307, a redirect to \"x.test\" that is not followed": &RedirectError{Status: 307, Host: "x.test"},
		"a login issued by https://auth.openai.com is not sent to http://x":          &ForeignHostError{Host: "http://x", Issuer: DefaultIssuer},
		"X login cannot be renewed: it came from the environment":                    &NotRenewableError{Origin: credentials.Origin{Variable: "X"}, Reason: ReasonEnvironment},
	} {
		if err.Error() != want {
			t.Errorf("got %q, want %q", err, want)
		}
	}
	long := excerpt(strings.Repeat("é ", 1000))
	if len(long) > maxExcerpt+3 || !strings.HasSuffix(long, "…") {
		t.Errorf("excerpt of a long text has %d bytes: %q", len(long), long)
	}
}
