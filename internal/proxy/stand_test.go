package proxy

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httptrace"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/tidwall/gjson"
	"go.uber.org/goleak"

	"github.com/codexctl/codexctl/internal/catalogue"
	"github.com/codexctl/codexctl/internal/chatcompat"
	"github.com/codexctl/codexctl/internal/emulator"
	"github.com/codexctl/codexctl/internal/session"
	"github.com/codexctl/codexctl/pkg/auth"
	"github.com/codexctl/codexctl/pkg/credentials"
	"github.com/codexctl/codexctl/pkg/responses"
)

// Every answer that a test opens has to be gone at its end.
func TestMain(m *testing.M) {
	// The metrics library keeps one goroutine for the life of the process.
	goleak.VerifyTestMain(m, goleak.IgnoreAnyFunction("github.com/VictoriaMetrics/metrics.summariesSwapCron"))
}

const (
	// patience bounds every request of a stand: what takes longer hangs.
	patience = time.Minute

	// upstreamPath is where the backend answers prompts.
	upstreamPath = "/backend-api/codex/responses"

	// hello and helloChat are the plainest requests of both forms. The model is one
	// that the emulator lists, and that takes the plain form.
	hello     = `{"model":"gpt-5.5","input":"hi"}`
	helloChat = `{"model":"gpt-5.5","messages":[{"role":"user","content":"hi"}]}`
)

// stand is a server on a real socket, with the emulator behind it in memory, a login in
// a file of its own, and kept conversations in a folder of its own:
//
//	s := newStand(t, func(c *Config) { c.Strict = true })
//	s.scene("failed-after-deltas")
//	status, header, body := s.post("/v1/responses", hello)
//	frames := s.stream("/v1/responses", asStream(hello)).rest()
//	sent := s.sent() // the bodies that the emulator got
//
// Config.Client makes no retries and gives up after 10 s of silence, unless the function
// says otherwise. The login is an *auth.Source, so renewals are real ones.
type stand struct {
	t        testing.TB
	server   *Server
	http     *httptest.Server
	emulator *emulator.Emulator
	login    *auth.Source
	store    *session.Store
	clock    *fakeClock
	url      string
	authFile string
}

// standEmulator is what the emulator of a stand is made of; tests that compare with
// another emulator use the same.
func standEmulator(now func() time.Time) emulator.Config {
	return emulator.Config{BaseURL: "http://127.0.0.1:7357", Seed: 7, Now: now}
}

// newStand makes a stand. adjust changes the server's Config before it is used; nil
// leaves it as it is.
func newStand(t testing.TB, adjust func(*Config)) *stand {
	t.Helper()
	// In the future, since the deadlines of sockets are made from this clock too.
	s := &stand{t: t, clock: &fakeClock{now: time.Date(2090, 6, 1, 12, 0, 0, 0, time.UTC)}}
	s.emulator = emulator.New(standEmulator(s.clock.Now))
	upstream := &http.Client{Transport: traced{s.emulator.Transport()}}

	s.authFile = filepath.Join(t.TempDir(), "auth.json")
	s.signIn(emulator.LoginOptions{})
	found, err := credentials.Locator{AuthFile: s.authFile}.Find(t.Context(), s.clock.Now())
	if err != nil {
		t.Fatal(err)
	}
	s.login = &auth.Source{
		Config:    auth.Config{Issuer: "http://127.0.0.1:7357", HTTPClient: upstream, Now: s.clock.Now},
		Login:     found,
		RescueDir: t.TempDir(),
	}
	client := &responses.Client{
		BaseURL: "http://127.0.0.1:7357/backend-api/codex", HTTPClient: upstream, Authorizer: s.login,
		IdleTimeout: 10 * time.Second, Now: s.clock.Now,
	}
	list := &catalogue.Catalogue{List: client.Models}
	client.Catalogue = list
	folder, err := session.OpenFolder(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	s.store = session.New(folder, session.Config{Now: s.clock.Now})
	config := Config{
		Client: client, Login: s.look, Models: list.Models, DefaultModel: "gpt-5.5", Sessions: s.store,
		Explain: explainForTests, ChatReasoning: chatcompat.ReasoningTags, V1Reasoning: chatcompat.ReasoningField,
		Version: "test", Now: s.clock.Now,
	}
	if adjust != nil {
		adjust(&config)
	}
	s.server = New(config)
	s.http = httptest.NewServer(s.server)
	s.url = s.http.URL
	t.Cleanup(func() {
		s.http.CloseClientConnections()
		s.http.Close()
		_ = s.store.Close()
	})
	return s
}

// traced tells the client when a request is on its way, as net/http's own transport
// does: the time of silence counts from there.
type traced struct{ http.RoundTripper }

func (t traced) RoundTrip(r *http.Request) (*http.Response, error) {
	if trace := httptrace.ContextClientTrace(r.Context()); trace != nil && trace.WroteRequest != nil {
		trace.WroteRequest(httptrace.WroteRequestInfo{})
	}
	return t.RoundTripper.RoundTrip(r)
}

// signIn puts a new login of the emulator into the file.
func (s *stand) signIn(o emulator.LoginOptions) emulator.Login {
	s.t.Helper()
	login := s.emulator.Login(o)
	file, err := json.Marshal(map[string]any{
		"OPENAI_API_KEY": nil, "a_key_of_others": []int{1, 2}, "last_refresh": s.clock.Now().Format(time.RFC3339),
		"tokens": map[string]string{
			"access_token": login.AccessToken, "refresh_token": login.RefreshToken,
			"id_token": login.IDToken, "account_id": login.AccountID,
		},
	})
	if err != nil {
		s.t.Fatal(err)
	}
	if err := os.WriteFile(s.authFile, file, 0o600); err != nil {
		s.t.Fatal(err)
	}
	return login
}

// look is Config.Login.
func (s *stand) look(ctx context.Context) (Login, error) {
	c, err := s.login.Credential(ctx)
	return Login{Account: c.AccountID, Plan: "plus"}, err
}

// scene sets the emulator's scene by its name.
func (s *stand) scene(name string) {
	s.t.Helper()
	scene, ok := emulator.NamedScene(name)
	if !ok {
		s.t.Fatalf("no scene is named %q", name)
	}
	s.play(scene)
}

// play sets a scene of the test's own.
func (s *stand) play(scene emulator.Scene) {
	s.t.Helper()
	if err := s.emulator.SetScene(scene); err != nil {
		s.t.Fatal(err)
	}
}

// journal is what the emulator was asked; with paths, only what was asked there.
func (s *stand) journal(paths ...string) []emulator.Entry { return s.emulator.Journal(paths...) }

// sent are the bodies that came to the backend's responses endpoint, oldest first.
func (s *stand) sent() []string {
	var bodies []string
	for _, e := range s.journal(upstreamPath) {
		bodies = append(bodies, string(e.Body))
	}
	return bodies
}

// send makes a request. headers are names and values in turn; Content-Type is JSON for
// a body. The answer's body is open.
func (s *stand) send(method, path, body string, headers ...string) *http.Response {
	s.t.Helper()
	ctx, cancel := context.WithTimeout(s.t.Context(), patience)
	s.t.Cleanup(cancel)
	r, err := http.NewRequestWithContext(ctx, method, s.url+path, strings.NewReader(body))
	if err != nil {
		s.t.Fatal(err)
	}
	if body != "" {
		r.Header.Set("Content-Type", "application/json")
	}
	for i := 0; i+1 < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	response, err := s.http.Client().Do(r)
	if err != nil {
		s.t.Fatalf("%s %s: %v", method, path, err)
	}
	return response
}

// get and post make a request and read the whole answer.
func (s *stand) get(path string, headers ...string) (int, http.Header, string) {
	s.t.Helper()
	return s.whole(s.send(http.MethodGet, path, "", headers...))
}

func (s *stand) post(path, body string, headers ...string) (int, http.Header, string) {
	s.t.Helper()
	return s.whole(s.send(http.MethodPost, path, body, headers...))
}

func (s *stand) whole(r *http.Response) (int, http.Header, string) {
	s.t.Helper()
	defer r.Body.Close()
	body, err := io.ReadAll(r.Body)
	if err != nil {
		s.t.Fatalf("the answer's body: %v; until then: %s", err, clipped(string(body)))
	}
	return r.StatusCode, r.Header, string(body)
}

// stream makes a request and gives its answer frame by frame.
func (s *stand) stream(path, body string, headers ...string) *frames {
	s.t.Helper()
	r := s.send(http.MethodPost, path, body, headers...)
	s.t.Cleanup(func() { r.Body.Close() })
	return &frames{t: s.t, status: r.StatusCode, header: r.Header, reader: bufio.NewReader(r.Body), close: r.Body.Close}
}

// frames are the frames of a stream. Only streams with LF line ends come apart.
type frames struct {
	t      testing.TB
	status int
	header http.Header
	reader *bufio.Reader
	close  func() error
}

// next is the next frame with its blank line, false at the end of the stream. A stream
// that ends inside a frame, or breaks off, fails the test.
func (f *frames) next() (frame, bool) {
	f.t.Helper()
	var text strings.Builder
	for {
		line, err := f.reader.ReadString('\n')
		text.WriteString(line)
		switch {
		case errors.Is(err, io.EOF) && text.Len() == 0:
			return frame{}, false
		case err != nil:
			f.t.Fatalf("the stream breaks off: %v; its last frame: %s", err, clipped(text.String()))
		case line == "\n":
			return frame{text.String()}, true
		}
	}
}

// rest are all frames to the end.
func (f *frames) rest() []frame {
	f.t.Helper()
	var all []frame
	for {
		one, ok := f.next()
		if !ok {
			return all
		}
		all = append(all, one)
	}
}

// frame is one frame of a stream, as it came.
type frame struct{ text string }

// data are the joined data lines; empty for a comment.
func (f frame) data() string {
	var lines []string
	for line := range strings.Lines(f.text) {
		if data, ok := strings.CutPrefix(strings.TrimSuffix(line, "\n"), "data:"); ok {
			lines = append(lines, strings.TrimPrefix(data, " "))
		}
	}
	return strings.Join(lines, "\n")
}

// kind is the event's type, as its data says.
func (f frame) kind() string { return f.get("type").Str }

// get is a part of the data.
func (f frame) get(path string) gjson.Result { return gjson.Get(f.data(), path) }

// kinds are the types of frames.
func kinds(all []frame) []string {
	out := make([]string, len(all))
	for i, f := range all {
		out[i] = f.kind()
	}
	return out
}

// textOf is the text of all frames.
func textOf(all []frame) string {
	var b strings.Builder
	for _, f := range all {
		b.WriteString(f.text)
	}
	return b.String()
}

// asStream is a request with stream true.
func asStream(body string) string { return with(body, `"stream":true`) }

// with is a request with more fields: `"n":3`.
func with(body, fields string) string {
	if fields == "" {
		return body
	}
	return strings.TrimSuffix(body, "}") + "," + fields + "}"
}

func clipped(s string) string {
	const most = 600
	if len(s) <= most {
		return s
	}
	return s[:most] + "…"
}

// fakeClock stands still until it is moved.
type fakeClock struct {
	mu  sync.Mutex
	now time.Time
}

// Now is the time.
func (c *fakeClock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

// advance moves the clock on.
func (c *fakeClock) advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

// explainForTests is the table of the command line (internal/cli/exit.go) as far as
// errors come from a request, with the same codes.
func explainForTests(err error) Problem {
	for _, row := range []struct {
		err  error
		code string
		say  string
		hint string
	}{
		{auth.ErrRenewalRefused, "auth_expired", "Token refresh failed: ", "sign in again: codexctl auth login"},
		{auth.ErrAccountChanged, "auth_expired", "Token refresh failed: ", "sign in again: codexctl auth login"},
		{auth.ErrLoginExpired, "auth_expired", "", "sign in again: codexctl auth login"},
		{auth.ErrLoginRequired, "auth_required", "No valid OpenAI credentials found: ", "sign in: codexctl auth login"},
		{responses.ErrPlan, "plan_required", "", ""},
		{responses.ErrRegion, "region_blocked", "", ""},
		{responses.ErrUnauthorized, "auth_denied", "", "sign in again: codexctl auth login"},
		{responses.ErrForbidden, "auth_denied", "", ""},
		{responses.ErrQuota, "quota_exhausted", "", ""},
		{responses.ErrRateLimited, "rate_limited", "", ""},
		{responses.ErrModel, "model_not_available", "", ""},
		{responses.ErrClientVersion, "model_not_available", "", ""},
		{responses.ErrContextLength, "context_length_exceeded", "", ""},
		{responses.ErrOverloaded, "server_error", "", ""},
		{responses.ErrBlocked, "network", "", ""},
		{responses.ErrRedirect, "network", "", ""},
		{responses.ErrTruncated, "truncated", "", ""},
		{responses.ErrIncomplete, "incomplete", "", ""},
		{responses.ErrRefused, "refused", "", ""},
		{responses.ErrTimeout, "timeout", "", ""},
		{responses.ErrConnection, "network", "", ""},
		{responses.ErrServer, "server_error", "", ""},
		{responses.ErrInvalid, "invalid_request", "", ""},
		{responses.ErrBadRequest, "usage", "", ""},
		{context.DeadlineExceeded, "timeout", "", ""},
	} {
		if errors.Is(err, row.err) {
			return Problem{Code: row.code, Message: row.say + err.Error(), Hint: row.hint}
		}
	}
	var endpoint *auth.EndpointError
	if errors.As(err, &endpoint) {
		code := "server_error"
		switch {
		case endpoint.HTML:
			code = "network"
		case endpoint.Status == http.StatusTooManyRequests:
			code = "rate_limited"
		}
		return Problem{Code: code, Message: "Token refresh failed: " + err.Error()}
	}
	return Problem{Code: "internal", Message: err.Error()}
}

// TestStand shows that the stand stands: both routes answer, in both forms.
func TestStand(t *testing.T) {
	s := newStand(t, nil)
	status, _, body := s.post("/v1/responses", hello)
	if got := gjson.Get(body, `output.#(type=="message").content.0.text`).Str; status != http.StatusOK || got != "You said: hi" {
		t.Errorf("native: %d %s", status, body)
	}
	status, _, body = s.post("/v1/chat/completions", helloChat)
	if got := gjson.Get(body, "choices.0.message.content").Str; status != http.StatusOK || got != "You said: hi" {
		t.Errorf("chat: %d %s", status, body)
	}
	native := s.stream("/v1/responses", asStream(hello)).rest()
	if len(native) == 0 || native[len(native)-1].kind() != "response.completed" {
		t.Errorf("native stream: %q", kinds(native))
	}
	chat := s.stream("/v1/chat/completions", asStream(helloChat)).rest()
	if len(chat) == 0 || chat[len(chat)-1].data() != "[DONE]" {
		t.Errorf("chat stream: %q", textOf(chat))
	}
	if got := len(s.sent()); got != 4 {
		t.Errorf("the emulator was asked %d times, want 4", got)
	}
	if !bytes.Contains([]byte(s.sent()[0]), []byte(`"stream":true`)) {
		t.Errorf("sent: %s", s.sent()[0])
	}
}
