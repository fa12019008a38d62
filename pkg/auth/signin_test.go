package auth

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/codexctl/codexctl/internal/freeport"
	"github.com/codexctl/codexctl/pkg/credentials"
)

// The canaries: none of them may show up where it does not belong.
const (
	canaryCode     = "ac_canary-code"
	canaryVerifier = "canary-verifier"
	canaryRefresh  = "rt_canary"
	canaryHandle   = "deviceauth_canary"
)

// exchanged is a request that the signing-in issuer got.
type exchanged struct {
	path        string
	contentType string
	form        url.Values // of a form
	body        string     // of anything else
}

// signer is an issuer for sign-ins. It answers each path with what is set for it.
type signer struct {
	*httptest.Server

	mu       sync.Mutex
	answers  map[string]http.HandlerFunc
	requests []exchanged
}

func newSigner(t *testing.T) *signer {
	t.Helper()
	s := &signer{answers: map[string]http.HandlerFunc{"/oauth/token": say(200, tokens())}}
	s.Server = httptest.NewServer(s)
	t.Cleanup(s.Close)
	return s
}

func (s *signer) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	got := exchanged{path: r.URL.Path, contentType: r.Header.Get("Content-Type")}
	body, _ := io.ReadAll(r.Body)
	if got.contentType == typeForm {
		got.form, _ = url.ParseQuery(string(body))
	} else {
		got.body = string(body)
	}
	s.mu.Lock()
	s.requests = append(s.requests, got)
	answer := s.answers[r.URL.Path]
	s.mu.Unlock()
	if answer == nil || r.Method != http.MethodPost {
		http.NotFound(w, r)
		return
	}
	answer(w, r)
}

func (s *signer) on(path string, answer http.HandlerFunc) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.answers[path] = answer
}

func (s *signer) seen() []exchanged {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]exchanged{}, s.requests...)
}

func say(status int, body string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) { replies(status, body)(w, 0) }
}

func idToken(account string) string {
	return raw(fmt.Sprintf(`{"email":"a@example.com","https://api.openai.com/auth":{"chatgpt_account_id":%q,"chatgpt_plan_type":"pro","chatgpt_user_id":"user-1"}}`, account))
}

func tokens() string {
	return fmt.Sprintf(`{"access_token":%q,"refresh_token":%q,"id_token":%q,"expires_in":3600,"token_type":"Bearer"}`,
		token("from-access", clock().Add(2*time.Hour), "new"), canaryRefresh, idToken("from-id"))
}

// wantLogin is what the tokens above amount to.
func wantLogin() credentials.Credential {
	return credentials.Credential{
		AccessToken:  credentials.NewSecret(token("from-access", clock().Add(2*time.Hour), "new")),
		RefreshToken: credentials.NewSecret(canaryRefresh),
		IDToken:      credentials.NewSecret(idToken("from-id")),
		AccountID:    "from-id",
		UserID:       "user-1",
		Plan:         "pro",
		ExpiresAt:    clock().Add(time.Hour),
		LastRefresh:  clock(),
	}
}

// plain shows a login with its secrets, to compare.
func plain(c credentials.Credential) string {
	return fmt.Sprintln(c.AccessToken.Reveal(), c.RefreshToken.Reveal(), c.IDToken.Reveal(), c.AccountID, c.UserID, c.Plan, c.ExpiresAt.UTC(), c.LastRefresh.UTC())
}

// vault is a Store that remembers.
type vault struct {
	mu    sync.Mutex
	kept  []credentials.Credential
	fails error
}

func (v *vault) Store(c credentials.Credential) error {
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.fails != nil {
		return v.fails
	}
	v.kept = append(v.kept, c)
	return nil
}

func (v *vault) holds(t *testing.T, want int) {
	t.Helper()
	v.mu.Lock()
	defer v.mu.Unlock()
	if len(v.kept) != want {
		t.Errorf("%d logins were stored, want %d", len(v.kept), want)
	}
}

// signIn is a BrowserLogin at work.
type signIn struct {
	t       *testing.T
	address *url.URL
	cancel  context.CancelFunc
	done    chan struct{}
	login   credentials.Credential
	err     error

	mu       sync.Mutex
	warnings []string
}

// begin starts l on free ports unless it names some, and returns when the address
// has been shown.
func begin(t *testing.T, l BrowserLogin) *signIn {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	s := &signIn{t: t, cancel: cancel, done: make(chan struct{})}
	shown := make(chan string, 1)
	l.Show = func(address string) { shown <- address }
	l.Warn = func(err error) {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.warnings = append(s.warnings, err.Error())
	}
	if l.Ports == nil {
		l.Ports = []int{0, 0, 0}
	}
	if l.Config.Now == nil {
		l.Config.Now = clock
	}
	go func() {
		defer close(s.done)
		s.login, s.err = l.Login(ctx)
	}()
	t.Cleanup(func() { cancel(); <-s.done })
	select {
	case address := <-shown:
		s.address, _ = url.Parse(address)
	case <-s.done:
		if errors.Is(s.err, ErrPortInUse) {
			t.Skip(s.err) // another package's tests were faster
		}
		t.Fatalf("Login ended before it showed an address: %v", s.err)
	}
	return s
}

func (s *signIn) warned() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]string{}, s.warnings...)
}

// until waits for a condition that another goroutine brings about.
func until(t *testing.T, what string, holds func() bool) {
	t.Helper()
	for range 500 {
		if holds() {
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
	t.Fatalf("waited in vain: %s", what)
}

func (s *signIn) state() string { return s.address.Query().Get("state") }

// back is the address that the browser is sent to with these parameters.
func (s *signIn) back(params ...string) string {
	query := url.Values{}
	for i := 0; i < len(params); i += 2 {
		query.Set(params[i], params[i+1])
	}
	return s.address.Query().Get("redirect_uri") + "?" + query.Encode()
}

func (s *signIn) end() (credentials.Credential, error) {
	s.t.Helper()
	select {
	case <-s.done:
	case <-time.After(10 * time.Second):
		s.t.Fatal("Login does not end")
	}
	return s.login, s.err
}

// seenPage is what a browser gets.
type seenPage struct {
	status int
	header http.Header
	body   string
}

// visit plays the browser, which never follows a redirect here: there must be none.
func visit(t *testing.T, method, address string) seenPage {
	t.Helper()
	transport := &http.Transport{}
	defer transport.CloseIdleConnections()
	client := &http.Client{
		Transport:     transport,
		CheckRedirect: func(*http.Request, []*http.Request) error { return errors.New("redirected") },
		Timeout:       10 * time.Second,
	}
	req, err := http.NewRequestWithContext(context.Background(), method, address, nil)
	if err != nil {
		t.Error(err)
		return seenPage{}
	}
	resp, err := client.Do(req)
	if err != nil {
		t.Errorf("%s: %v", method, err)
		return seenPage{}
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Errorf("%s: %v", method, err)
	}
	if resp.Close { // where the client puts it
		resp.Header.Set("Connection", "close")
	}
	return seenPage{resp.StatusCode, resp.Header, string(body)}
}

func (p seenPage) wants(t *testing.T, status int, parts ...string) {
	t.Helper()
	if p.status != status {
		t.Errorf("status %d, want %d", p.status, status)
	}
	for _, part := range parts {
		if !strings.Contains(p.body, part) {
			t.Errorf("page lacks %q:\n%s", part, p.body)
		}
	}
	want := map[string]string{
		"Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'",
		"Referrer-Policy":         "no-referrer",
		"Cache-Control":           "no-store",
		"X-Content-Type-Options":  "nosniff",
		"Connection":              "close",
		"Location":                "",
		"Set-Cookie":              "",
	}
	for name, value := range want {
		if got := p.header.Get(name); got != value {
			t.Errorf("header %s = %q, want %q", name, got, value)
		}
	}
}

// secretless looks for canaries in a text.
func secretless(t *testing.T, what, text string) {
	t.Helper()
	for _, canary := range []string{canaryCode, canaryVerifier, canaryRefresh, canaryHandle, "eyJ", idToken("from-id")} {
		if strings.Contains(text, canary) {
			t.Errorf("%s shows %q: %s", what, canary, text)
		}
	}
}

// freePort is a port that nobody has on either loopback address, or gets for another test.
func freePort(t *testing.T) int {
	t.Helper()
	port, err := strconv.Atoi(freeport.For(t))
	if err != nil {
		t.Fatal(err)
	}
	return port
}

func occupy(t *testing.T, network, address string) net.Listener {
	t.Helper()
	l, err := net.Listen(network, address)
	if err != nil {
		t.Skipf("cannot listen on %s: %v", address, err)
	}
	t.Cleanup(func() { _ = l.Close() })
	return l
}

func keeperAt(t *testing.T) Keeper {
	t.Helper()
	return Keeper{File: credentials.File{Path: filepath.Join(t.TempDir(), "new", "auth.json")}}
}

func asJSON(v any) string {
	out, err := json.Marshal(v)
	if err != nil {
		panic(err)
	}
	return string(out)
}
