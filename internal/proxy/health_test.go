package proxy

import (
	"context"
	"maps"
	"net/http"
	"os"
	"runtime"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/tidwall/gjson"

	"github.com/codexctl/codexctl/internal/emulator"
)

// proxy.md, Routes: "readiness tells 'signed in, token valid' from 'up'". A valid login:
// all three pass.
func TestHealthy(t *testing.T) {
	expires := time.Date(2090, 6, 2, 1, 2, 3, 0, time.FixedZone("", 3600))
	s := newStand(t, func(c *Config) {
		c.Login = func(context.Context) (Login, error) { return Login{Account: "a", Expires: expires}, nil }
	})
	const told = `{"status":"pass","version":"test","signed_in":true,"token_expires_at":"2090-06-02T00:02:03Z","message":null}`
	for path, want := range map[string]string{"/health": told, "/health/ready": told, "/health/live": `{"status":"pass"}`} {
		status, header, body := s.get(path)
		if status != http.StatusOK || body != want || header.Get("Content-Type") != "application/json" || header.Get("Cache-Control") != "no-store" {
			t.Errorf("%s: got %d %s, want 200 %s", path, status, body, want)
		}
	}
	unknown := newStand(t, nil) // the stand's login does not say when it expires
	if _, _, body := unknown.get("/health"); gjson.Get(body, "token_expires_at").Raw != "null" {
		t.Errorf("unknown expiry: got %s, want null", body)
	}
	if n := len(unknown.journal(upstreamPath)); n != 0 {
		t.Errorf("the model was asked %d times", n)
	}
}

// Nobody is signed in, or the token cannot be used any more: the server is up, and not
// ready.
func TestUnhealthy(t *testing.T) {
	for name, tt := range map[string]struct {
		spoil func(*testing.T, *stand)
		say   string
	}{
		"no login": {func(t *testing.T, s *stand) {
			if err := os.Remove(s.authFile); err != nil {
				t.Fatal(err)
			}
		}, "credentials"},
		"expired, and renewal is refused": {func(t *testing.T, s *stand) {
			s.signIn(emulator.LoginOptions{Expired: true, Refresh: emulator.RefreshExpired})
			s.clock.advance(20 * 24 * time.Hour)
		}, "refresh"},
	} {
		t.Run(name, func(t *testing.T) {
			s := newStand(t, nil)
			tt.spoil(t, s)
			for path, want := range map[string]int{"/health": 200, "/health/ready": 503, "/health/live": 200} {
				status, _, body := s.get(path)
				if status != want {
					t.Errorf("%s: got %d %s, want %d", path, status, body, want)
				}
				if path == "/health/live" {
					if body != `{"status":"pass"}` {
						t.Errorf("%s: got %s", path, body)
					}
					continue
				}
				document := gjson.Parse(body)
				if document.Get("status").Str != "fail" || document.Get("signed_in").Raw != "false" || document.Get("token_expires_at").Raw != "null" ||
					document.Get("version").Str != "test" || !strings.Contains(strings.ToLower(document.Get("message").Str), tt.say) {
					t.Errorf("%s: got %s, want fail with a message about %s", path, body, tt.say)
				}
			}
			// A request says the same (proxy.md, Errors: 401).
			if status, _, body := s.post("/v1/responses", hello); status != http.StatusUnauthorized {
				t.Errorf("a request: got %d %s, want 401", status, clipped(body))
			}
		})
	}
}

// scrape reads GET /metrics: each sample by its name and labels.
func (s *stand) scrape() map[string]string {
	s.t.Helper()
	status, header, body := s.get("/metrics")
	if status != http.StatusOK || !strings.HasPrefix(header.Get("Content-Type"), "text/plain; version=0.0.4") {
		s.t.Fatalf("got %d %s: %s", status, header.Get("Content-Type"), clipped(body))
	}
	samples := map[string]string{}
	for line := range strings.Lines(body) {
		name, value, ok := strings.Cut(strings.TrimSpace(line), " ")
		ours := strings.HasPrefix(name, "codexctl_") || strings.HasPrefix(name, "go_") || strings.HasPrefix(name, "process_")
		if !ok || !ours {
			s.t.Errorf("a line of /metrics: %q", line)
			continue
		}
		samples[name] = value
	}
	return samples
}

// counters are the samples that count what the server did, without the seconds.
func counters(samples map[string]string) map[string]string {
	out := maps.Clone(samples)
	maps.DeleteFunc(out, func(name, _ string) bool {
		return strings.Contains(name, "_seconds") || !strings.HasPrefix(name, "codexctl_")
	})
	return out
}

// docs/serve.md, Addresses: GET /metrics tells what the process holds, as far as the
// system tells it.
func TestProcessMetrics(t *testing.T) {
	s := newStand(t, nil)
	samples := s.scrape()
	wanted := []string{"go_goroutines"}
	if runtime.GOOS == "linux" {
		wanted = append(wanted, "process_open_fds", "process_resident_memory_bytes")
	}
	for _, name := range wanted {
		if n, err := strconv.Atoi(samples[name]); err != nil || n < 1 {
			t.Errorf("%s is %q, want a number above 0", name, samples[name])
		}
	}
}

// proxy.md, Routes: GET /metrics, for Prometheus: requests by route and status, tokens by
// kind, retries, and nothing that a caller chose.
func TestMetrics(t *testing.T) {
	var book logBook
	s := newStand(t, func(c *Config) { c.Client.Retries, c.Log = 1, book.logger() })
	if got, want := counters(s.scrape()), map[string]string{"codexctl_requests_active": "1"}; !maps.Equal(got, want) {
		t.Errorf("before: got %v, want %v", got, want)
	}
	s.mustPost("/v1/responses", hello)
	s.mustPost("/codex/session-of-a-caller/responses", asStream(hello))
	s.mustPost("/v1/chat/completions", helloChat, "X-Request-Id", "request-of-a-caller", "User-Agent", "agent-of-a-caller")
	s.post("/v1/responses", `{"model":"model-of-a-caller","input":"hi"}`)
	s.post("/v1/chat/completions", "no JSON")
	s.get("/path-of-a-caller")
	s.whole(s.send("PATCH", "/v1/models", "{}"))
	s.get("/v1/models")
	s.get("/v1/models/gpt-5.5?of-a-caller")
	s.get("/health/ready")
	s.get("/codex/sessions/none-of-a-caller")
	s.scene("server-error-once")
	s.mustPost("/v1/responses", with(hello, `"store":false`))
	eventually(t, "all lines", func() bool { return len(book.lines("request")) == 13 })

	got := counters(s.scrape())
	var tokens, all []string
	for name := range got {
		if strings.HasPrefix(name, "codexctl_tokens_total") {
			tokens = append(tokens, name)
		}
		if strings.Contains(name, "of-a-caller") {
			all = append(all, name)
		}
	}
	if len(all) != 0 {
		t.Errorf("labels that a caller chose: %q", all)
	}
	sums := map[string]int64{}
	for _, line := range book.lines("request") {
		sums["input"] += line.Get("input_tokens").Int()
		sums["output"] += line.Get("output_tokens").Int()
	}
	for kind, sum := range sums {
		if want := gjson.Parse(got[`codexctl_tokens_total{type="`+kind+`"}`]).Int(); sum == 0 || want != sum {
			t.Errorf("tokens %s: got %d, want %d", kind, want, sum)
		}
	}
	for _, kind := range []string{"cached", "reasoning"} {
		if _, ok := got[`codexctl_tokens_total{type="`+kind+`"}`]; !ok {
			t.Errorf("no tokens %s: %q", kind, tokens)
		}
	}
	maps.DeleteFunc(got, func(name, _ string) bool { return strings.HasPrefix(name, "codexctl_tokens_total") })
	want := map[string]string{
		"codexctl_requests_active":                                "1",
		"codexctl_upstream_retries_total":                         "1",
		`codexctl_requests_total{route="responses",status="200"}`: "3",
		`codexctl_requests_total{route="responses",status="400"}`: "1",
		`codexctl_requests_total{route="chat",status="200"}`:      "1",
		`codexctl_requests_total{route="chat",status="400"}`:      "1",
		`codexctl_requests_total{route="none",status="404"}`:      "1",
		`codexctl_requests_total{route="none",status="405"}`:      "1",
		`codexctl_requests_total{route="models",status="200"}`:    "2",
		`codexctl_requests_total{route="health",status="200"}`:    "1",
		`codexctl_requests_total{route="sessions",status="404"}`:  "1",
		`codexctl_requests_total{route="metrics",status="200"}`:   "1",
	}
	for name, value := range want {
		if got[name] != value {
			t.Errorf("%s: got %q, want %q", name, got[name], value)
		}
	}
	for name, value := range got {
		if _, ok := want[name]; !ok {
			t.Errorf("%s %s is more than expected", name, value)
		}
	}
	seconds := s.scrape()
	for _, name := range []string{
		`codexctl_request_seconds_count{route="responses"}`, `codexctl_request_seconds_sum{route="chat"}`, "codexctl_first_byte_seconds_count",
	} {
		if _, ok := seconds[name]; !ok {
			t.Errorf("%s is missing", name)
		}
	}
	if got := seconds[`codexctl_request_seconds_count{route="responses"}`]; got != "4" {
		t.Errorf("durations of responses: got %s, want 4", got)
	}
}

// The requests that are being answered are counted as long as they are.
func TestActiveRequests(t *testing.T) {
	gate, asked := make(chan struct{}), make(chan struct{}, 1)
	s := newStand(t, func(c *Config) {
		between(c, func(next http.RoundTripper) tripper {
			return func(r *http.Request) (*http.Response, error) {
				asked <- struct{}{}
				<-gate
				return next.RoundTrip(r)
			}
		})
	})
	done := make(chan struct{})
	go func() {
		defer close(done)
		s.whole(s.send("POST", "/v1/responses", hello))
	}()
	<-asked
	if got := s.scrape()["codexctl_requests_active"]; got != "2" {
		t.Errorf("while one is answered: got %s, want it and the asking itself", got)
	}
	close(gate)
	<-done
	eventually(t, "the end", func() bool { return s.scrape()["codexctl_requests_active"] == "1" })
}

// Two servers in one process count for themselves.
func TestMetricsOfTwoServers(t *testing.T) {
	one, two := newStand(t, nil), newStand(t, nil)
	one.mustPost("/v1/responses", hello)
	eventually(t, "the count", func() bool { return one.scrape()[`codexctl_requests_total{route="responses",status="200"}`] == "1" })
	if got := two.scrape()[`codexctl_requests_total{route="responses",status="200"}`]; got != "" {
		t.Errorf("the other server counted %s", got)
	}
}
