package proxy

import (
	"bytes"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/tidwall/gjson"
)

// tripper is a RoundTripper that is a function.
type tripper func(*http.Request) (*http.Response, error)

func (f tripper) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

// between puts something between the server and its backend.
func between(c *Config, wrap func(next http.RoundTripper) tripper) {
	client := *c.Client
	upstream := *client.HTTPClient
	upstream.Transport = wrap(upstream.Transport)
	client.HTTPClient = &upstream
	c.Client = &client
}

// answered is an answer of a backend that a test plays.
func answered(r *http.Request, status int, body string, headers ...string) *http.Response {
	h := http.Header{}
	for i := 0; i+1 < len(headers); i += 2 {
		h.Add(headers[i], headers[i+1])
	}
	return &http.Response{
		StatusCode: status, Header: h, Body: io.NopCloser(strings.NewReader(body)), Request: r,
		Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1, ContentLength: int64(len(body)),
	}
}

// wire remembers the requests that go to the backend, secrets included.
type wire struct {
	mu       sync.Mutex
	requests []*http.Request
}

func (w *wire) tap(c *Config) {
	between(c, func(next http.RoundTripper) tripper {
		return func(r *http.Request) (*http.Response, error) {
			w.mu.Lock()
			w.requests = append(w.requests, r)
			w.mu.Unlock()
			return next.RoundTrip(r)
		}
	})
}

// last is the header of the last request.
func (w *wire) last() http.Header {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.requests[len(w.requests)-1].Header
}

// rulings.md, serve: the client headers that pass up, and no other: "never the client's
// Authorization, User-Agent, cookies or x-stainless-*" (proxy.md, Requests). The whole
// set of headers is compared, so that one that nobody thought of is found too.
func TestHeadersThatPassUp(t *testing.T) {
	var up wire
	s := newStand(t, func(c *Config) { c.Key = "the-key"; up.tap(c) })
	passing := map[string]string{
		"session-id": "s-1", "thread-id": "t-1", "x-client-request-id": "c-1",
		"x-codex-turn-state": "ts", "x-codex-turn-metadata": `{"a":1}`, "X-CODEX-Beta-Features": "b",
		"x-openai-subagent": "review", "traceparent": "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
	}
	staying := map[string]string{
		"Authorization": "Bearer the-key", "X-Api-Key": "the-key", "User-Agent": "curl/8", "Cookie": "a=b", "Accept": "x/y",
		"x-stainless-lang": "js", "x-stainless-retry-count": "2", "originator": "codex_cli_rs", "openai-organization": "org-1",
		"openai-project": "proj", "openai-beta": "responses=v1", "x-forwarded-for": "1.2.3.4", "x-forwarded-host": "h",
		"forwarded": "for=1.2.3.4", "x-real-ip": "1.2.3.4", "chatgpt-account-id": "somebody", "version": "0.0.1",
		"x-openai-fedramp": "true", "session_id": "kept", "conversation_id": "k", "x-request-id": "mine", "tracestate": "a=b", "baggage": "a=b",
		"Referer": "http://x", "x-codexctl-strict": "0", "x-codexctl-as-is": "0", "X-Emulator-Scene": "failed", "Accept-Language": "de",
		"x-codexother": "1", "Proxy-Authorization": "Basic eDp5",
	}
	for path, body := range map[string]string{"/v1/responses": hello, "/v1/chat/completions": helloChat} {
		t.Run(path, func(t *testing.T) {
			if status, _, answer := s.post(path, body, "Authorization", "Bearer the-key"); status != http.StatusOK {
				t.Fatalf("got %d %s", status, clipped(answer))
			}
			want := up.last().Clone()
			if got := want.Get("Authorization"); !strings.HasPrefix(got, "Bearer ey") {
				t.Errorf("Authorization: got %.20q, want the login's token", got)
			}
			if got := want.Get("Originator"); got != "codexctl" {
				t.Errorf("originator: got %q, want our own", got)
			}
			var headers []string
			for name, value := range passing {
				want.Set(name, value)
				headers = append(headers, name, value)
			}
			for name, value := range staying {
				headers = append(headers, name, value)
			}
			status, _, answer := s.post(path, body, headers...)
			if status != http.StatusOK {
				t.Fatalf("got %d %s", status, clipped(answer))
			}
			got := up.last()
			for _, name := range slices.Sorted(maps.Keys(got)) {
				if !slices.Equal(got[name], want[name]) {
					t.Errorf("%s: got %q, want %q", name, got[name], want[name])
				}
			}
			for name := range want {
				if _, ok := got[name]; !ok {
					t.Errorf("%s does not pass: want %q", name, want[name])
				}
			}
		})
	}
}

// The same for what is asked beside answers: the lists and the allowance.
func TestHeadersOfOtherCalls(t *testing.T) {
	var up wire
	s := newStand(t, up.tap)
	status, _, body := s.get("/codex/usage", "Authorization", "Bearer dummy", "User-Agent", "curl/8", "Cookie", "a=b", "chatgpt-account-id", "x", "originator", "x")
	if status != http.StatusOK {
		t.Fatalf("got %d %s", status, body)
	}
	got := up.last()
	if got.Get("Cookie") != "" || strings.Contains(got.Get("Authorization"), "dummy") || got.Get("User-Agent") == "curl/8" ||
		got.Get("Chatgpt-Account-Id") == "x" || got.Get("Originator") != "codexctl" {
		t.Errorf("sent: %v", slices.Sorted(maps.Keys(got)))
	}
}

// rulings.md: `-H` goes to the backend, and wins over what a caller of the server sends;
// `-H 'K:'` removes a header.
func TestOwnHeadersWin(t *testing.T) {
	var up wire
	s := newStand(t, func(c *Config) {
		up.tap(c)
		c.Client.Header = http.Header{"X-Codex-Mine": {"ours"}, "session-id": {"ours"}, "Traceparent": {}}
	})
	for range 2 { // the caller's must not stay in ours
		status, _, body := s.post("/v1/responses", hello, "X-Codex-Mine", "theirs", "Session-Id", "theirs", "Traceparent", "00-x", "Thread-Id", "theirs")
		if status != http.StatusOK {
			t.Fatalf("got %d %s", status, clipped(body))
		}
		got := up.last()
		for name, want := range map[string][]string{
			"X-Codex-Mine": {"ours"}, "Session-Id": {"ours"}, "Traceparent": nil, "Thread-Id": {"theirs"},
		} {
			if !slices.Equal(got[name], want) {
				t.Errorf("%s: got %q, want %q", name, got[name], want)
			}
		}
	}
	s.post("/v1/responses", hello)
	if got := up.last().Get("Thread-Id"); got != "" {
		t.Errorf("the header of one caller is sent for another: %q", got)
	}
}

// rulings.md, serve: x-openai-internal-codex-responses-lite passes.
func TestLiteHeaderPassesUp(t *testing.T) {
	s := newStand(t, nil)
	const name = "X-Openai-Internal-Codex-Responses-Lite"
	for _, as := range []string{"0", "1"} {
		status, _, body := s.post("/v1/responses", liteBody, name, "true", "X-Codexctl-As-Is", as)
		if status != http.StatusOK {
			t.Errorf("as-is %s: got %d %s, want 200", as, status, clipped(body))
		}
		asked := s.journal(upstreamPath)
		if got := asked[len(asked)-1].Header.Get(name); got != "true" {
			t.Errorf("as-is %s: %s: got %q, want true", as, name, got)
		}
	}
}

// rulings.md, serve: what comes back is x-codex-*, openai-model, x-models-etag, request
// ids, retry-after. The whole set is compared.
func TestHeadersThatComeBack(t *testing.T) {
	more := map[string]string{
		"x-codex-anything": "1", "OpenAI-Model": "gpt-5.5-real", "X-Models-ETag": `W/"1"`,
		"x-oai-request-id": "oai-1", "retry-after": "7", "Set-Cookie": "__cf_bm=secret; path=/", "Server": "cloudflare", "Via": "1.1 x",
		"Alt-Svc": `h3=":443"`, "Strict-Transport-Security": "max-age=1", "Access-Control-Allow-Origin": "*",
		"Access-Control-Allow-Credentials": "true", "openai-organization": "org-1", "openai-processing-ms": "5",
		"X-Envoy-Upstream": "x", "Location": "https://evil.com", "WWW-Authenticate": "Basic", "Content-Encoding": "identity",
		"X-Codexctl-Session": "forged", "X-Content-Type-Options": "nosniff", "ETag": "x", "Report-To": "x", "Cf-Cache-Status": "DYNAMIC",
	}
	s := newStand(t, func(c *Config) {
		between(c, func(next http.RoundTripper) tripper {
			return func(r *http.Request) (*http.Response, error) {
				response, err := next.RoundTrip(r)
				if err == nil {
					for name, value := range more {
						response.Header.Set(name, value)
					}
				}
				return response, err
			}
		})
	})
	s.http.Config.ErrorLog = nil
	always := []string{
		"Content-Type", "Cache-Control", "Date", "X-Request-Id", "Cf-Ray", // the edge network's request id
		"X-Codex-Anything", "Openai-Model", "X-Models-Etag", "X-Oai-Request-Id", "Retry-After",
		"X-Codex-Active-Limit", "X-Codex-Plan-Type", "X-Codex-Credits-Has-Credits", "X-Codex-Credits-Unlimited", "X-Codex-Credits-Balance",
		"X-Codex-Primary-Over-Secondary-Limit-Percent",
	}
	for _, window := range []string{"X-Codex-Primary-", "X-Codex-Secondary-"} {
		always = append(always, window+"Used-Percent", window+"Window-Minutes", window+"Reset-After-Seconds", window+"Reset-At")
	}
	object := []string{"Content-Length", "X-Codexctl-Model"}
	stream := []string{"X-Accel-Buffering", "X-Codexctl-Model"}
	for _, tt := range []struct {
		name, path, body, scene string
		also                    []string
		status                  int
	}{
		{"native object", "/v1/responses", hello, "default", append([]string{"X-Codexctl-Session"}, object...), 200},
		{"native stream", "/v1/responses", asStream(hello), "default", append([]string{"X-Codexctl-Session"}, stream...), 200},
		{"chat object", "/v1/chat/completions", helloChat, "default", object, 200},
		{"chat stream", "/v1/chat/completions", asStream(helloChat), "default", stream, 200},
		{"a refusal", "/v1/responses", hello, "context-length", []string{"Content-Length", "X-Should-Retry"}, 400},
		{"a refusal of the login", "/v1/responses", hello, "unauthorized-always", []string{"Content-Length", "X-Should-Retry", "Www-Authenticate"}, 401},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s.scene(tt.scene)
			status, header, body := s.post(tt.path, tt.body)
			if status != tt.status {
				t.Fatalf("got %d %s, want %d", status, clipped(body), tt.status)
			}
			allowed := append(slices.Clone(always), tt.also...)
			for _, name := range slices.Sorted(maps.Keys(header)) {
				if !slices.Contains(allowed, name) && !strings.HasPrefix(name, "X-Codex-") {
					t.Errorf("%s came back: %q", name, header[name])
				}
			}
			for _, name := range []string{"X-Codex-Anything", "Openai-Model", "X-Models-Etag", "X-Oai-Request-Id", "Retry-After"} {
				if len(header[name]) != 1 {
					t.Errorf("%s: got %q, want the backend's, once", name, header[name])
				}
			}
			if got := header.Get("X-Codexctl-Session"); got == "forged" {
				t.Errorf("X-Codexctl-Session is the backend's")
			}
			if got := header.Get("WWW-Authenticate"); got == "Basic" {
				t.Errorf("WWW-Authenticate is the backend's")
			}
			if tt.status == 200 && header.Get("X-Codex-Primary-Used-Percent") != "12" {
				t.Errorf("X-Codex-Primary-Used-Percent: got %q, want 12", header.Get("X-Codex-Primary-Used-Percent"))
			}
		})
	}
}

// Each answer has an x-request-id: the caller's, if a header can hold it, else one of
// ours; each request its own. It is what the log calls the request.
func TestRequestID(t *testing.T) {
	var book logBook
	s := newStand(t, func(c *Config) { c.Log = book.logger() })
	for _, path := range []string{"/v1/responses", "/nothing", "/health"} {
		_, header, _ := s.post(path, hello, "X-Request-Id", "mine-1")
		if got := header.Get("X-Request-Id"); got != "mine-1" {
			t.Errorf("%s: x-request-id: got %q, want the caller's", path, got)
		}
	}
	_, one, _ := s.get("/health")
	_, two, _ := s.get("/health")
	if a, b := one.Get("X-Request-Id"), two.Get("X-Request-Id"); a == b || !strings.HasPrefix(a, "req_") || len(a) < 20 {
		t.Errorf("x-request-id: got %q and %q, want two of ours", a, b)
	}
	eventually(t, "five lines", func() bool { return len(book.lines("request")) == 5 })
	if got := book.lines("request")[3].Get("id").Str; got != one.Get("X-Request-Id") {
		t.Errorf("the log calls the request %q, its answer %q", got, one.Get("X-Request-Id"))
	}
}

// rulings.md, serve: request ids come back. The backend's own x-request-id is worth more
// to a caller than ours; the log has both.
func TestRequestIDOfTheBackend(t *testing.T) {
	s := newStand(t, func(c *Config) {
		between(c, func(next http.RoundTripper) tripper {
			return func(r *http.Request) (*http.Response, error) {
				response, err := next.RoundTrip(r)
				if err == nil {
					response.Header.Set("X-Request-Id", "upstream-1")
				}
				return response, err
			}
		})
	})
	if _, header, _ := s.post("/v1/responses", hello, "X-Request-Id", "mine"); !slices.Equal(header["X-Request-Id"], []string{"upstream-1"}) {
		t.Errorf("x-request-id: got %q, want the backend's alone", header["X-Request-Id"])
	}
}

// What a caller or the backend can put into one of our headers cannot add another. The
// handler is called without a connection, since Go's client does not send such names.
func TestNothingIsInjectedIntoHeaders(t *testing.T) {
	const evil = "x\r\nX-Evil: 1"
	s := newStand(t, nil)
	for name, id := range map[string]string{
		"a line end": evil, "a bare line feed": "a\nX-Evil: 1", "a bare return": "a\rb", "a zero byte": "a\x00b", "a tab": "a\tb",
		"an escape": "\x1b[31m", "letters of others": "größe", "too long": strings.Repeat("a", 129), "delete": "a\x7fb",
	} {
		r := httptest.NewRequest("GET", "http://localhost/health", nil)
		r.Header["X-Request-Id"] = []string{id}
		w := httptest.NewRecorder()
		s.server.ServeHTTP(w, r)
		if got := w.Header().Get("X-Request-Id"); !strings.HasPrefix(got, "req_") {
			t.Errorf("%s: x-request-id: got %q, want one of ours", name, got)
		}
	}
	r := httptest.NewRequest("GET", "http://localhost/health", nil)
	r.Header.Set("X-Request-Id", strings.Repeat("a", 128))
	w := httptest.NewRecorder()
	s.server.ServeHTTP(w, r)
	if got := w.Header().Get("X-Request-Id"); len(got) != 128 {
		t.Errorf("x-request-id of 128 characters: got %q, want it back", got)
	}

	// The names of model, session and fields.
	for _, path := range []string{"/v1/responses", "/v1/chat/completions"} {
		for _, body := range []string{
			`{"model":"x\r\nX-Evil: 1","input":"hi"}`, `{"model":"x\r\nX-Evil: 1","messages":[{"role":"user","content":"hi"}]}`,
			`{"model":"gpt-5.5","input":"hi","user\r\nX-Evil: 1":1}`,
		} {
			r := httptest.NewRequest("POST", "http://localhost"+path, strings.NewReader(body))
			r.Header["Session_id"] = []string{evil}
			w := httptest.NewRecorder()
			s.server.ServeHTTP(w, r)
			for name, values := range w.Header() {
				if name == "X-Evil" || strings.ContainsAny(strings.Join(values, ""), "\r\n") {
					t.Errorf("%s: %s: %q", path, name, values)
				}
			}
		}
	}
}

// x-codexctl-model is what the backend calls the model that has answered; it too can
// hold no line end.
func TestModelHeaderIsText(t *testing.T) {
	const events = `data: {"type":"response.created","sequence_number":0,"response":{"id":"resp_1","model":"a\r\nX-Evil: ü","status":"in_progress","output":[]}}

data: {"type":"response.completed","sequence_number":1,"response":{"id":"resp_1","model":"a\r\nX-Evil: ü","status":"completed","output":[]}}

`
	s := newStand(t, func(c *Config) {
		between(c, func(http.RoundTripper) tripper {
			return func(r *http.Request) (*http.Response, error) { return answered(r, 200, events), nil }
		})
	})
	for _, path := range []string{"/v1/responses", "/v1/chat/completions"} {
		for _, fields := range []string{"", `"stream":true`} {
			body := hello
			if path != "/v1/responses" {
				body = helloChat
			}
			status, header, answer := s.post(path, with(body, fields))
			if got := header.Get("X-Codexctl-Model"); status != 200 || got != "a??X-Evil: ?" || header.Get("X-Evil") != "" {
				t.Errorf("%s %s: got %d, x-codexctl-model %q: %s", path, fields, status, got, clipped(answer))
			}
		}
	}
}

// proxy.md, Requests: what was dropped and emulated is named in headers; without either
// there is none.
func TestHeadersAboutTheRequest(t *testing.T) {
	s := newStand(t, nil)
	for _, tt := range []struct{ name, path, body, dropped, emulated string }{
		{"native, plain", "/v1/responses", hello, "", ""},
		{"chat, plain", "/v1/chat/completions", helloChat, "", ""},
		{"native", "/v1/responses", with(hello, `"temperature":0.5,"metadata":{},"user":"u","max_output_tokens":50`), "metadata, temperature, user", "max_output_tokens"},
		{"chat", "/v1/chat/completions", with(helloChat, `"temperature":0.5,"seed":1,"max_tokens":50,"stop":["zzz"],"n":2`), "seed, temperature", "max_tokens, n, stop"},
		{"chat with a shape of the Responses API", "/codex/responses", with(helloChat, `"temperature":0.5,"stop":"zzz"`), "temperature", "stop"},
	} {
		for _, stream := range []bool{false, true} {
			t.Run(tt.name, func(t *testing.T) {
				body := tt.body
				if stream {
					body = asStream(body)
				}
				status, header, answer := s.post(tt.path, body)
				if status != http.StatusOK {
					t.Fatalf("got %d %s", status, clipped(answer))
				}
				for name, want := range map[string]string{"X-Codexctl-Dropped": tt.dropped, "X-Codexctl-Emulated": tt.emulated, "X-Codexctl-Model": "gpt-5.5"} {
					if got := strings.Join(header[name], "|"); got != want {
						t.Errorf("%s: got %q, want %q", name, got, want)
					}
				}
			})
		}
	}
}

// A caller's ids are the backend's business; what it reads of the body is ours: the
// header is not made part of it, nor the other way round.
func TestHeadersStayOutOfTheBody(t *testing.T) {
	s := newStand(t, nil)
	s.post("/v1/responses", hello, "Session-Id", "secret-of-header")
	if bytes.Contains([]byte(s.sent()[0]), []byte("secret-of-header")) || !gjson.Valid(s.sent()[0]) {
		t.Errorf("sent: %s", s.sent()[0])
	}
}
