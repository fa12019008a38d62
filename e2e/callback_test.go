package e2e

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"io"
	"maps"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

func TestCallbackPageAfterSuccess(t *testing.T) {
	needChromium(t)
	s := startEmulator(t, `{"name": "login-any-port"}`)
	r, v, stored := browserLogin(t, s)
	if r.code != 0 {
		t.Fatalf("auth login: exit code %d, want 0\nstderr: %s", r.code, r.said)
	}
	if v.Title != "You are signed in" || !strings.Contains(v.Text, "You can close this tab") {
		t.Errorf("the page is titled %q and says %q, want a success and what to do next", v.Title, v.Text)
	}
	statuses(t, v, http.StatusFound, http.StatusOK)
	plain(t, v)
	easyToRead(t, v)

	where, err := url.Parse(v.URL)
	if err != nil {
		t.Fatal(err)
	}
	// The issuer, not we, puts these there. The code is spent by now.
	if got := slices.Sorted(maps.Keys(where.Query())); where.Path != "/auth/callback" || !slices.Equal(got, []string{"code", "scope", "state"}) {
		t.Errorf("the browser ended at %s with %v, want /auth/callback with what the issuer has added", where.Path, got)
	}
	login := map[string]any{}
	data, err := os.ReadFile(stored)
	if err != nil {
		t.Fatalf("auth login has stored nothing: %v", err)
	}
	if err := json.Unmarshal(data, &login); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"access_token", "refresh_token", "id_token"} {
		secret, _ := login[name].(string)
		if secret == "" {
			t.Fatalf("the stored login has no %s to look for", name)
		}
		if strings.Contains(v.DOM, secret) {
			t.Errorf("the %s stands in the page", name)
		}
		for _, asked := range v.Requests {
			if strings.Contains(asked.URL, secret) {
				t.Errorf("the %s stands in an address", name)
			}
		}
	}
	for _, name := range []string{"code", "state"} {
		if strings.Contains(v.DOM, where.Query().Get(name)) {
			t.Errorf("the %s of the callback stands in the page", name)
		}
	}
}

func TestCallbackPageAfterADenial(t *testing.T) {
	needChromium(t)
	s := startEmulator(t, `{"name": "login-denied"}`)
	r, v, stored := browserLogin(t, s)
	if r.code == 0 {
		t.Error("auth login: exit code 0, want a failure")
	}
	if _, err := os.Stat(stored); err == nil {
		t.Error("a login has been stored")
	}
	for _, want := range []string{"The sign-in was declined.", "You are not signed in.", "codexctl auth login"} {
		if !strings.Contains(v.Text, want) {
			t.Errorf("the page says %q, want %q in it", v.Text, want)
		}
	}
	if v.Title != "Sign-in failed" {
		t.Errorf("the page is titled %q, want %q", v.Title, "Sign-in failed")
	}
	statuses(t, v, http.StatusFound, http.StatusBadRequest)
	plain(t, v)
	easyToRead(t, v)
}

// hostile is text that takes over a page which does not escape it.
const hostile = `<script>document.title="taken"</script><img src="http://e2e.invalid/x.png" onerror="document.title='taken'">` +
	`&lt;b&gt;"'</p></main><a href="http://e2e.invalid/">here</a>`

// The checks of this file are worth something only if the browser would notice.
func TestBrowserNoticesAnUnescapedPage(t *testing.T) {
	needChromium(t)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html")
		_, _ = io.WriteString(w, `<!DOCTYPE html><body style="background: #fff"><p style="color: #ccc; width: 500px">`+hostile)
	}))
	defer server.Close()
	dir := t.ArtifactDir()
	ctx, cancel := context.WithTimeout(t.Context(), visitTime)
	defer cancel()
	if err := browse(ctx, server.URL, dir); err != nil {
		t.Fatal(err)
	}
	v := readVisit(t, dir)
	fetched := slices.ContainsFunc(v.Requests, func(asked request) bool { return asked.URL == "http://e2e.invalid/x.png" })
	if v.Title != "taken" || v.Active != 3 || !fetched || len(v.Console) == 0 {
		t.Errorf("title %q, %d active elements, image fetched %v, complaints %q; want taken, 3, true and some", v.Title, v.Active, fetched, v.Console)
	}
	if v.Light.Contrast > 2 || !v.Light.Wide || v.Light.Ground != v.Dark.Ground {
		t.Errorf("light %+v, dark %+v; want little contrast, too wide, and the same ground", v.Light, v.Dark)
	}
}

// Somebody who knows the state can put any text into the error.
func TestCallbackPageEscapesAnError(t *testing.T) {
	needChromium(t)
	s := startEmulator(t, `{"name": "login-any-port"}`)
	p := newPerson(t, s.variables()...)
	command := p.command(t, program, "auth", "login", "--jsonl", "--no-browser", "--port", freePort(t), "--wait", "60s")
	var said bytes.Buffer
	command.Stderr = &said
	out, err := command.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewScanner(out)
	var first struct {
		URL string `json:"url"`
	}
	if !lines.Scan() || json.Unmarshal(lines.Bytes(), &first) != nil || first.URL == "" {
		t.Fatalf("auth login --jsonl: first line %q, want an address", lines.Text())
	}
	asked, err := url.Parse(first.URL)
	if err != nil {
		t.Fatal(err)
	}
	answer := url.Values{"error": {"access_denied"}, "error_description": {hostile}, "state": {asked.Query().Get("state")}}

	dir := t.ArtifactDir()
	ctx, cancel := context.WithTimeout(t.Context(), visitTime)
	defer cancel()
	if err := browse(ctx, asked.Query().Get("redirect_uri")+"?"+answer.Encode(), dir); err != nil {
		t.Fatal(err)
	}
	for lines.Scan() {
		// Its end has to be read before Wait may be called.
	}
	if err := command.Wait(); err == nil {
		t.Errorf("auth login: exit code 0, want a failure\n%s", said.String())
	}
	v := readVisit(t, dir)
	if v.Title != "Sign-in failed" {
		t.Errorf("the page is titled %q, want %q: its error has become part of it", v.Title, "Sign-in failed")
	}
	if !strings.Contains(v.Text, hostile) {
		t.Errorf("the page says %q, want the error as it came: %q", v.Text, hostile)
	}
	statuses(t, v, http.StatusBadRequest)
	plain(t, v)
	easyToRead(t, v)
}

// browserLogin runs `auth login`, which starts Chromium, and returns what each of
// them saw, and where the login was to be stored.
func browserLogin(t *testing.T, s stand) (result, visit, string) {
	t.Helper()
	browser, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	dir := t.ArtifactDir()
	stored := filepath.Join(t.TempDir(), "login.json")
	p := newPerson(t, s.variables()...).with("CODEXCTL_AUTH_FILE="+stored, visitVariable+"="+dir)
	r := p.run(t, program, "auth", "login", "--browser-command", "'"+browser+"'", "--port", freePort(t), "--wait", "60s")
	t.Logf("auth login: exit code %d\n%s", r.code, lastLines(r.said, 4))
	return r, readVisit(t, dir), stored
}

// freePort is a port for the callback. The two that the issuer knows may be in use by
// other tests; the emulator's scene takes any.
func freePort(t *testing.T) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	return strconv.Itoa(listener.Addr().(*net.TCPAddr).Port)
}

// statuses checks how the requests of a page were answered, all of them.
func statuses(t *testing.T, v visit, want ...int) {
	t.Helper()
	got := make([]int, len(v.Requests))
	for i, asked := range v.Requests {
		got[i] = asked.Status
	}
	if !slices.Equal(got, want) {
		t.Errorf("HTTP %v, want %v; requests: %+v", got, want, v.Requests)
	}
}

// plain checks that the page has fetched nothing but itself, from this machine, and
// that the browser had nothing to complain about.
func plain(t *testing.T, v visit) {
	t.Helper()
	for _, asked := range v.Requests {
		address, err := url.Parse(asked.URL)
		if err != nil || (address.Hostname() != "localhost" && address.Hostname() != "127.0.0.1") || asked.Type != "Document" {
			t.Errorf("the page has fetched a %s: %s", asked.Type, asked.URL)
		}
	}
	if v.Active != 0 {
		t.Errorf("the page has %d elements that load or do something, want none:\n%s", v.Active, v.DOM)
	}
	for _, complaint := range v.Console {
		// A page with status 400 is one to the browser too.
		if !strings.HasPrefix(complaint, "Failed to load resource: the server responded with a status of 400") {
			t.Errorf("the browser complains: %s", complaint)
		}
	}
}

// easyToRead checks both colour schemes. 4.5 is what WCAG 2 asks of text (AA).
func easyToRead(t *testing.T, v visit) {
	t.Helper()
	for name, shown := range map[string]look{"light": v.Light, "dark": v.Dark} {
		if shown.Contrast < 4.5 {
			t.Errorf("%s: contrast %.1f, want at least 4.5", name, shown.Contrast)
		}
		if shown.Wide {
			t.Errorf("%s: a narrow window has to be scrolled sideways", name)
		}
	}
	if v.Light.Ground == v.Dark.Ground {
		t.Errorf("light and dark have the same ground, %s", v.Light.Ground)
	}
	t.Logf("light %+v, dark %+v", v.Light, v.Dark)
}
