package proxy

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"maps"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/tidwall/gjson"
)

// refusal is the error object of an answer.
type refusal struct{ Code, Type, Param, Message string }

// refusalIn reads an answer that is an error, and wants it to have the form that
// OpenAI's clients read: proxy.md, Errors: {"error":{"message","type","code","param"}}.
func refusalIn(t testing.TB, body string) refusal {
	t.Helper()
	var top map[string]json.RawMessage
	if err := json.Unmarshal([]byte(body), &top); err != nil || len(top) != 1 {
		t.Errorf("the error is no object with `error` alone (%v): %s", err, clipped(body))
	}
	var object map[string]json.RawMessage
	if err := json.Unmarshal(top["error"], &object); err != nil {
		t.Errorf("`error` is no object (%v): %s", err, clipped(body))
	}
	for _, name := range []string{"message", "type", "code", "param"} {
		if _, ok := object[name]; !ok {
			t.Errorf("the error has no %s: %s", name, clipped(body))
		}
	}
	get := func(name string) string { return gjson.Get(body, "error."+name).Str }
	return refusal{get("code"), get("type"), get("param"), get("message")}
}

// wantRefusal checks status and code of an error.
func wantRefusal(t testing.TB, what string, status int, body string, wantStatus int, wantCode string) refusal {
	t.Helper()
	got := refusalIn(t, body)
	if status != wantStatus || got.Code != wantCode {
		t.Errorf("%s: got %d %q, want %d %q: %s", what, status, got.Code, wantStatus, wantCode, clipped(body))
	}
	return got
}

// callAs makes a request that bend changes before it is sent, and reads the answer.
func (s *stand) callAs(method, path, body string, bend func(*http.Request)) (int, http.Header, string) {
	s.t.Helper()
	r, err := http.NewRequestWithContext(s.t.Context(), method, s.url+path, strings.NewReader(body))
	if err != nil {
		s.t.Fatal(err)
	}
	if body != "" {
		r.Header.Set("Content-Type", "application/json")
	}
	bend(r)
	client := *s.http.Client()
	client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	response, err := client.Do(r)
	if err != nil {
		s.t.Fatalf("%s %s: %v", method, path, err)
	}
	return s.whole(response)
}

// logBook is a log that a test can read while the server writes.
type logBook struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (b *logBook) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.Write(p)
}

// lines are the lines with this message, in order.
func (b *logBook) lines(message string) []gjson.Result {
	b.mu.Lock()
	defer b.mu.Unlock()
	var found []gjson.Result
	for line := range strings.Lines(b.text.String()) {
		if one := gjson.Parse(line); one.Get("msg").Str == message {
			found = append(found, one)
		}
	}
	return found
}

func (b *logBook) logger() *slog.Logger { return slog.New(slog.NewJSONHandler(b, nil)) }

// eventually waits for what happens in another goroutine.
func eventually(t testing.TB, what string, happened func() bool) {
	t.Helper()
	for end := time.Now().Add(patience); !happened(); time.Sleep(time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("did not come: %s", what)
		}
	}
}

// everyPath is an address of each route, and one of none.
func everyPath() []string {
	return []string{
		"/codex/responses", "/codex/v1/responses", "/v1/responses", "/codex/a/responses",
		"/codex/chat/completions", "/codex/v1/chat/completions", "/v1/chat/completions", "/codex/a/chat/completions",
		"/v1/responses/input_tokens", "/codex/models", "/v1/models", "/v1/models/gpt-5.5",
		"/codex/sessions", "/codex/sessions/a", "/codex/usage", "/api/codex/usage", "/backend-api/wham/usage",
		"/health", "/health/live", "/health/ready", "/metrics", "/", "/nothing", "/health/", "/healthy", "/v1/health",
	}
}

func everyMethod() []string {
	return []string{"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE"}
}

// proxy.md, Safety: "Host must be loopback or listed"; rulings.md, serve: --allow-host
// NAME, a refused Host is 403.
func TestHostHeader(t *testing.T) {
	listed := func(c *Config) { c.Hosts = []string{"box.lan", "Named.example:8443"} }
	for _, tt := range []struct {
		name    string
		adjust  func(*Config)
		host    string
		allowed bool
	}{
		{"localhost", nil, "localhost", true},
		{"localhost with a port", nil, "localhost:8000", true},
		{"localhost in capitals", nil, "LocalHost:8000", true},
		{"localhost with its final dot", nil, "localhost.:8000", true},
		{"the IPv4 loopback", nil, "127.0.0.1", true},
		{"the IPv4 loopback with a port", nil, "127.0.0.1:8000", true},
		{"another address of the loopback net", nil, "127.8.9.10:1", true},
		{"the IPv6 loopback", nil, "[::1]", true},
		{"the IPv6 loopback with a port", nil, "[::1]:8000", true},
		{"a stranger", nil, "evil.com", false},
		{"a stranger with our port", nil, "evil.com:8000", false},
		{"a stranger below localhost", nil, "localhost.evil.com", false},
		{"a stranger with our address in the name", nil, "127.0.0.1.nip.io", false},
		{"a stranger that ends as we do", nil, "evillocalhost", false},
		{"a name below localhost", nil, "evil.localhost", false},
		{"an address of the private net", nil, "192.168.1.4:8000", false},
		{"the address of all", nil, "0.0.0.0:8000", false},
		{"another IPv6 address", nil, "[::2]:8000", false},
		{"a listed name", listed, "box.lan", true},
		{"a listed name with any port", listed, "box.lan:99", true},
		{"a listed name in capitals with a final dot", listed, "BOX.LAN.", true},
		{"a name listed with its port", listed, "named.example:8443", true},
		{"a name listed with another port", listed, "named.example:8444", false},
		{"a name below a listed one", listed, "a.box.lan", false},
		{"a name that begins with a listed one", listed, "box.lan.evil.com", false},
		{"the loopback beside listed names", listed, "127.0.0.1:1", true},
		{"a socket has no name", func(c *Config) { c.AnyHost = true }, "whatever", true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := newStand(t, tt.adjust)
			for _, path := range []string{"/health/live", "/v1/models"} {
				status, header, body := s.callAs("GET", path, "", func(r *http.Request) { r.Host = tt.host })
				if tt.allowed {
					if status != http.StatusOK {
						t.Errorf("Host %q, %s: got %d %s, want 200", tt.host, path, status, clipped(body))
					}
					continue
				}
				got := wantRefusal(t, "Host "+tt.host+" "+path, status, body, http.StatusForbidden, "host_not_allowed")
				if got.Type != typePermission || !strings.Contains(got.Message, "--allow-host") {
					t.Errorf("refusal: got %+v, want a permission_error that names --allow-host", got)
				}
				if header.Get("Content-Type") != "application/json" {
					t.Errorf("Content-Type: got %q", header.Get("Content-Type"))
				}
			}
		})
	}
}

// A request of HTTP/1.0 can have no Host at all: that is no name of ours.
func TestRequestWithoutHost(t *testing.T) {
	s := newStand(t, nil)
	c, err := net.Dial("tcp", s.http.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if _, err := io.WriteString(c, "GET /health/live HTTP/1.0\r\n\r\n"); err != nil {
		t.Fatal(err)
	}
	response, err := http.ReadResponse(bufio.NewReader(c), nil)
	if err != nil {
		t.Fatal(err)
	}
	status, _, body := s.whole(response)
	wantRefusal(t, "no Host", status, body, http.StatusForbidden, "host_not_allowed")
}

// quality.md, Security: the DNS-rebinding test. A page at evil.com whose name was made
// to lead here sends no Origin with GET, and its own name in Host: whatever it asks,
// with the key or without, it learns nothing and nothing is asked in its name.
func TestDNSRebinding(t *testing.T) {
	s := newStand(t, func(c *Config) { c.Key = "the-key" })
	for _, path := range everyPath() {
		for _, method := range []string{"GET", "POST", "DELETE", "OPTIONS"} {
			status, header, body := s.callAs(method, path, hello, func(r *http.Request) {
				r.Host = "evil.com:8000"
				r.Header.Set("Authorization", "Bearer the-key")
				r.Header.Set("Sec-Fetch-Site", "same-origin")
			})
			wantRefusal(t, method+" "+path, status, body, http.StatusForbidden, "host_not_allowed")
			if header.Get("Access-Control-Allow-Origin") != "" {
				t.Errorf("%s %s: a page may read the answer", method, path)
			}
		}
	}
	if n := len(s.journal()); n != 0 {
		t.Errorf("the backend was asked %d times", n)
	}
}

// proxy.md, Safety: "Origin is refused unless --cors ORIGIN"; rulings.md: 403. On every
// method and path, and before the key, so that a page cannot try keys.
func TestOriginIsRefused(t *testing.T) {
	s := newStand(t, func(c *Config) { c.Key, c.Origins = "the-key", []string{"https://app.example"} })
	for _, path := range everyPath() {
		for _, method := range everyMethod() {
			for _, origin := range []string{"https://evil.com", "null", "http://app.example", "https://app.example.evil.com", "https://app.example:444", s.url} {
				r := s.send(method, path, "", "Origin", origin, "X-Api-Key", "the-key", "Access-Control-Request-Method", "POST")
				status, header, body := s.whole(r)
				if status != http.StatusForbidden {
					t.Errorf("%s %s from %s: got %d, want 403", method, path, origin, status)
				}
				if method != "HEAD" {
					wantRefusal(t, method+" "+path+" from "+origin, status, body, http.StatusForbidden, "origin_not_allowed")
				}
				for name := range header {
					if strings.HasPrefix(name, "Access-Control-") {
						t.Errorf("%s %s from %s: the refusal has %s", method, path, origin, name)
					}
				}
			}
		}
	}
	if n := len(s.journal()); n != 0 {
		t.Errorf("the backend was asked %d times", n)
	}
}

// Without --cors no page may ask, and there is no preflight at all.
func TestNoPageWithoutCORS(t *testing.T) {
	s := newStand(t, nil)
	for _, method := range everyMethod() {
		status, header, _ := s.whole(s.send(method, "/v1/responses", "", "Origin", "http://localhost:3000", "Access-Control-Request-Method", "POST"))
		if status != http.StatusForbidden || header.Get("Access-Control-Allow-Origin") != "" {
			t.Errorf("%s: got %d with Access-Control-Allow-Origin %q, want 403 without", method, status, header.Get("Access-Control-Allow-Origin"))
		}
	}
}

// rulings.md, serve: "With a key, all routes need it but … CORS preflight."
func TestCORSPreflight(t *testing.T) {
	const app = "https://app.example"
	s := newStand(t, func(c *Config) { c.Key, c.Origins = "the-key", []string{app} })
	for _, path := range []string{"/v1/responses", "/codex/sessions/a", "/metrics"} {
		status, header, body := s.whole(s.send("OPTIONS", path, "", "Origin", app,
			"Access-Control-Request-Method", "POST", "Access-Control-Request-Headers", "authorization,content-type,x-stainless-lang"))
		if status != http.StatusNoContent && status != http.StatusOK {
			t.Errorf("preflight of %s: got %d %s", path, status, body)
		}
		if got := header.Get("Access-Control-Allow-Origin"); got != app {
			t.Errorf("preflight of %s: Access-Control-Allow-Origin: got %q, want %q", path, got, app)
		}
		if got := header.Get("Access-Control-Allow-Methods"); !strings.Contains(got, "POST") {
			t.Errorf("preflight of %s: Access-Control-Allow-Methods: got %q, want POST in it", path, got)
		}
		allowed := strings.ToLower(header.Get("Access-Control-Allow-Headers"))
		for _, name := range []string{"authorization", "content-type", "x-stainless-lang"} {
			if !strings.Contains(allowed, name) {
				t.Errorf("preflight of %s: Access-Control-Allow-Headers: got %q, want %s in it", path, allowed, name)
			}
		}
		if got := header.Get("Access-Control-Allow-Credentials"); got != "" {
			t.Errorf("preflight of %s: Access-Control-Allow-Credentials: got %q, want none: cookies play no part here", path, got)
		}
	}

	// The request itself wants the key, and the page can read the refusal.
	status, header, body := s.post("/v1/responses", hello, "Origin", app)
	wantRefusal(t, "without the key", status, body, http.StatusUnauthorized, "invalid_api_key")
	if got := header.Get("Access-Control-Allow-Origin"); got != app {
		t.Errorf("refusal: Access-Control-Allow-Origin: got %q, want %q", got, app)
	}
	// OPTIONS that is no preflight is a request like any other.
	status, _, body = s.whole(s.send("OPTIONS", "/v1/responses", "", "Origin", app))
	wantRefusal(t, "OPTIONS that is no preflight", status, body, http.StatusUnauthorized, "invalid_api_key")

	status, header, body = s.post("/v1/responses", hello, "Origin", app, "Authorization", "Bearer the-key", "Sec-Fetch-Site", "cross-site")
	if status != http.StatusOK || header.Get("Access-Control-Allow-Origin") != app {
		t.Errorf("with the key: got %d, Access-Control-Allow-Origin %q: %s", status, header.Get("Access-Control-Allow-Origin"), clipped(body))
	}
	exposed := strings.ToLower(strings.Join(header.Values("Access-Control-Expose-Headers"), ","))
	for _, name := range []string{"x-request-id", "x-codexctl-session", "x-codexctl-model", "x-codexctl-dropped", "x-codexctl-emulated"} {
		if !strings.Contains(exposed, name) {
			t.Errorf("Access-Control-Expose-Headers: got %q, want %s in it", exposed, name)
		}
	}
	if n := len(s.sent()); n != 1 {
		t.Errorf("the backend was asked %d times, want once", n)
	}
}

// --cors '*' lets in every page that says who it is.
func TestCORSForAll(t *testing.T) {
	s := newStand(t, func(c *Config) { c.Origins = []string{"*"} })
	for _, origin := range []string{"https://app.example", "null"} {
		status, header, body := s.post("/v1/responses", hello, "Origin", origin, "Sec-Fetch-Site", "cross-site")
		if status != http.StatusOK || header.Get("Access-Control-Allow-Origin") != "*" || header.Get("Access-Control-Allow-Credentials") != "" {
			t.Errorf("%s: got %d, Access-Control-Allow-Origin %q: %s", origin, status, header.Get("Access-Control-Allow-Origin"), clipped(body))
		}
	}
	status, _, body := s.get("/v1/models", "Sec-Fetch-Site", "cross-site")
	wantRefusal(t, "cross-site without Origin", status, body, http.StatusForbidden, "origin_not_allowed")
}

// rulings.md, serve: "Sec-Fetch-Site: cross-site is refused on every method". A page
// whose GET carries no Origin (an image, a link) is known by it.
func TestCrossSiteIsRefused(t *testing.T) {
	for name, adjust := range map[string]func(*Config){
		"no pages listed": nil,
		"a page listed":   func(c *Config) { c.Origins = []string{"https://app.example"} },
	} {
		t.Run(name, func(t *testing.T) {
			s := newStand(t, adjust)
			for _, method := range everyMethod() {
				for _, path := range everyPath() {
					status, _, body := s.whole(s.send(method, path, "", "Sec-Fetch-Site", "Cross-Site"))
					if status != http.StatusForbidden {
						t.Errorf("%s %s: got %d, want 403: %s", method, path, status, clipped(body))
					}
				}
			}
			for _, site := range []string{"same-origin", "none", "same-site"} {
				if status, _, body := s.get("/v1/models", "Sec-Fetch-Site", site); status != http.StatusOK {
					t.Errorf("Sec-Fetch-Site %s: got %d %s, want 200", site, status, clipped(body))
				}
			}
		})
	}
}

// proxy.md, Safety: the key comes as `Authorization: Bearer` or `x-api-key`.
func TestKey(t *testing.T) {
	const key = "sk-codexctl-0123456789"
	s := newStand(t, func(c *Config) { c.Key = key })
	for _, tt := range []struct {
		name    string
		headers []string
		fits    bool
	}{
		{"Bearer", []string{"Authorization", "Bearer " + key}, true},
		{"bearer in small letters", []string{"Authorization", "bearer " + key}, true},
		{"BEARER in capitals", []string{"Authorization", "BEARER " + key}, true},
		{"x-api-key", []string{"X-Api-Key", key}, true},
		{"x-api-key beside another scheme", []string{"X-Api-Key", key, "Authorization", "Basic eDp5"}, true},
		{"nothing", nil, false},
		{"an empty key", []string{"X-Api-Key", ""}, false},
		{"an empty Bearer", []string{"Authorization", "Bearer "}, false},
		{"Bearer alone", []string{"Authorization", "Bearer"}, false},
		{"a wrong key", []string{"Authorization", "Bearer sk-codexctl-0123456780"}, false},
		{"a wrong x-api-key", []string{"X-Api-Key", "nope"}, false},
		{"the beginning of the key", []string{"Authorization", "Bearer " + key[:len(key)-1]}, false},
		{"the key and more", []string{"Authorization", "Bearer " + key + "0"}, false},
		{"the key in capitals", []string{"X-Api-Key", strings.ToUpper(key)}, false},
		{"the key without its scheme", []string{"Authorization", key}, false},
		{"the key in another scheme", []string{"Authorization", "Basic " + key}, false},
		{"the key in the cookie", []string{"Cookie", "key=" + key}, false},
		{"a key that is far too long", []string{"Authorization", "Bearer " + strings.Repeat("k", 200<<10)}, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			before := len(s.sent())
			status, header, body := s.post("/v1/responses", hello, tt.headers...)
			if tt.fits {
				if status != http.StatusOK || len(s.sent()) != before+1 {
					t.Errorf("got %d %s, want 200", status, clipped(body))
				}
				return
			}
			got := wantRefusal(t, tt.name, status, body, http.StatusUnauthorized, "invalid_api_key")
			if got.Type != typeAuth || got.Message == "" {
				t.Errorf("refusal: got %+v, want an authentication_error with a message", got)
			}
			// RFC 9110, section 11.6.1: a 401 has a challenge.
			if challenge := header.Get("WWW-Authenticate"); !strings.HasPrefix(challenge, "Bearer") {
				t.Errorf("WWW-Authenticate: got %q, want Bearer …", challenge)
			}
			if strings.Contains(body, key) || len(s.sent()) != before {
				t.Errorf("the refusal tells the key, or the backend was asked: %s", clipped(body))
			}
		})
	}
	if status, _, body := s.get("/v1/models?key=" + key + "&api_key=" + key); status != http.StatusUnauthorized {
		t.Errorf("the key in the address: got %d %s, want 401", status, clipped(body))
	}
}

// proxy.md, Requests: without a configured key any Authorization is accepted and ignored.
func TestNoKeyTakesAnyAuthorization(t *testing.T) {
	s := newStand(t, nil)
	for _, value := range []string{"", "Bearer dummy", "Basic eDp5", "Bearer"} {
		if status, _, body := s.post("/v1/responses", hello, "Authorization", value); status != http.StatusOK {
			t.Errorf("Authorization %q: got %d %s, want 200", value, status, clipped(body))
		}
	}
}

// rulings.md, serve: "With a key, all routes need it but /health, /health/live".
func TestOpenPaths(t *testing.T) {
	s := newStand(t, func(c *Config) { c.Key = "the-key" })
	for _, path := range everyPath() {
		for _, method := range []string{"GET", "POST", "DELETE"} {
			status, _, body := s.whole(s.send(method, path, ""))
			switch {
			case path != "/health" && path != "/health/live":
				wantRefusal(t, method+" "+path, status, body, http.StatusUnauthorized, "invalid_api_key")
			case method == "GET" && status != http.StatusOK, method != "GET" && status != http.StatusMethodNotAllowed:
				t.Errorf("%s %s: got %d %s", method, path, status, clipped(body))
			}
		}
	}
	for _, path := range []string{"/health/../metrics", "//metrics", "/health/live/../../v1/models", "/health//live"} {
		status, _, body := s.callAs("GET", "/", "", func(r *http.Request) { r.URL.Path = path })
		if status != http.StatusUnauthorized {
			t.Errorf("%s: got %d %s, want 401", path, status, clipped(body))
		}
	}
}

// The open health endpoints tell a stranger that the server lives, and nothing of whose
// login it has or what is wrong with it.
func TestHealthTellsStrangersNothing(t *testing.T) {
	s := newStand(t, func(c *Config) { c.Key = "the-key" })
	unsigned := newStand(t, func(c *Config) {
		c.Key = "the-key"
		c.Login = func(context.Context) (Login, error) { return Login{}, errors.New("nobody is signed in") }
	})
	for _, one := range []*stand{s, unsigned} {
		for _, path := range []string{"/health", "/health/live"} {
			for _, key := range []string{"", "wrong"} {
				if status, _, body := one.get(path, "X-Api-Key", key); status != http.StatusOK || body != `{"status":"pass"}` {
					t.Errorf("%s without the key: got %d %s", path, status, body)
				}
			}
		}
	}
	if _, _, body := s.get("/health", "X-Api-Key", "the-key"); !gjson.Get(body, "signed_in").Bool() {
		t.Errorf("/health with the key: got %s, want signed_in", body)
	}
}

// proxy.md, Safety: the log has the request id and the error code in each line, and no
// secret. Refusals of the guard are lines too.
func TestRefusalsAreLogged(t *testing.T) {
	var book logBook
	s := newStand(t, func(c *Config) { c.Key, c.Log = "the-secret-key", book.logger() })
	s.get("/v1/models", "X-Api-Key", "a-wrong-secret", "X-Request-Id", "one")
	s.get("/v1/models", "Origin", "https://evil.com", "X-Request-Id", "two")
	s.get("/nothing", "X-Api-Key", "the-secret-key", "X-Request-Id", "three")
	s.callAs("GET", "/v1/models", "", func(r *http.Request) { r.Host = "evil.com"; r.Header.Set("X-Request-Id", "four") })
	eventually(t, "four lines", func() bool { return len(book.lines("request")) == 4 })
	got := map[string]string{}
	for _, line := range book.lines("request") {
		got[line.Get("id").Str] = line.Get("status").Raw + " " + line.Get("error").Str
		if strings.Contains(line.Raw, "secret") {
			t.Errorf("a secret is in the log: %s", line.Raw)
		}
	}
	want := map[string]string{
		"one": "401 invalid_api_key", "two": "403 origin_not_allowed", "three": "404 not_found", "four": "403 host_not_allowed",
	}
	if !maps.Equal(got, want) {
		t.Errorf("lines: got %q, want %q", got, want)
	}
}

// proxy.md, Routes: "Unknown paths: 404 in the OpenAI error shape"; a known path with
// another method is 405 and says which it takes.
func TestUnknownPaths(t *testing.T) {
	s := newStand(t, nil)
	for _, path := range []string{"/", "/nothing", "/v2/responses", "/codex", "/codex/a/b/responses", "/v1/completions", "/v1/embeddings"} {
		for _, method := range []string{"GET", "POST"} {
			status, _, body := s.whole(s.send(method, path, ""))
			wantRefusal(t, method+" "+path, status, body, http.StatusNotFound, "not_found")
		}
	}
	// An address that is no path cannot be asked for with a client.
	answer := httptest.NewRecorder()
	strange := httptest.NewRequest(http.MethodGet, "*", http.NoBody)
	strange.Host = "localhost"
	s.server.ServeHTTP(answer, strange)
	wantRefusal(t, "GET *", answer.Code, answer.Body.String(), http.StatusNotFound, "not_found")
	for path, want := range map[string]string{"/v1/responses": "POST", "/v1/models": "GET", "/codex/sessions/a": "GET, DELETE"} {
		status, header, body := s.whole(s.send("PUT", path, "{}"))
		wantRefusal(t, "PUT "+path, status, body, http.StatusMethodNotAllowed, "method_not_allowed")
		methods := strings.Split(header.Get("Allow"), ", ")
		for _, method := range strings.Split(want, ", ") {
			if !slices.Contains(methods, method) {
				t.Errorf("PUT %s: Allow: got %q, want %s in it", path, methods, method)
			}
		}
	}
}
