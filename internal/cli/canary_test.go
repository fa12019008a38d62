package cli

import (
	"bytes"
	"io"
	"maps"
	"net/http"
	"net/url"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"

	"github.com/tidwall/gjson"

	"github.com/codexctl/codexctl/internal/emulator"
	"github.com/codexctl/codexctl/internal/freeport"
	"github.com/codexctl/codexctl/pkg/credentials"
)

// tap is a network that knows every secret that has gone through it: tokens, codes,
// verifiers, cookies and the secret halves of device codes.
type tap struct {
	next http.RoundTripper

	mu      sync.Mutex
	secrets map[string]string // the last name by value
	names   map[string]bool   // all names
}

func newTap(next http.RoundTripper) *tap {
	return &tap{next: next, secrets: map[string]string{}, names: map[string]bool{}}
}

// secretFields are the names of secrets on the wire.
func secretFields() []string {
	return []string{"access_token", "refresh_token", "id_token", "code", "code_verifier", "token", "device_auth_id", "authorization_code"}
}

func (c *tap) RoundTrip(r *http.Request) (*http.Response, error) {
	if token, ok := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer "); ok {
		c.add("bearer", token)
	}
	if r.Body != nil {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			return nil, err
		}
		c.read(string(body))
		r.Body = io.NopCloser(bytes.NewReader(body))
	}
	response, err := c.next.RoundTrip(r)
	if err == nil {
		for _, cookie := range response.Cookies() {
			c.add("cookie", cookie.Value)
		}
	}
	if err != nil || strings.HasPrefix(r.URL.Path, "/backend-api/") {
		return response, err
	}
	body, err := io.ReadAll(response.Body)
	response.Body.Close()
	c.read(string(body))
	response.Body = io.NopCloser(io.MultiReader(bytes.NewReader(body), failing{err}))
	return response, nil
}

// failing ends a body as it ended in truth.
type failing struct{ err error }

func (f failing) Read([]byte) (int, error) {
	if f.err != nil {
		return 0, f.err
	}
	return 0, io.EOF
}

// read finds the secrets of a body, JSON or a form.
func (c *tap) read(body string) {
	form, _ := url.ParseQuery(body)
	for _, name := range secretFields() {
		if gjson.Valid(body) {
			c.add(name, gjson.Get(body, name).Str)
		}
		c.add(name, form.Get(name))
	}
}

func (c *tap) add(name, value string) {
	const least = 24 // what is shorter is no secret of the emulator's
	if len(value) < least {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.secrets[value], c.names[name] = name, true
}

func (c *tap) login(l emulator.Login) emulator.Login {
	c.add("access_token", l.AccessToken)
	c.add("refresh_token", l.RefreshToken)
	c.add("id_token", l.IDToken)
	return l
}

// leaks names the secrets of which a piece is in the text. The beginnings of tokens are
// the same for all of a kind; what comes after is not.
func (c *tap) leaks(text string) []string {
	c.mu.Lock()
	defer c.mu.Unlock()
	const piece = 16
	var found []string
	for value, name := range c.secrets {
		for at := len(value) / 3; at+piece <= len(value); at += piece / 2 {
			if strings.Contains(text, value[at:at+piece]) {
				found = append(found, name)
				break
			}
		}
	}
	if strings.Contains(text, "eyJhbGciOi") {
		found = append(found, "the beginning of a JWT")
	}
	slices.Sort(found)
	return slices.Compact(found)
}

// kinds are the names under which secrets were seen.
func (c *tap) kinds() []string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.Sorted(maps.Keys(c.names))
}

// canary runs a command and looks for secrets in what it printed. A command whose
// purpose is to print one has only its stderr looked at.
func (p *program) canary(t *testing.T, secrets *tap, args ...string) {
	t.Helper()
	code := p.run(args...)
	text := p.talk.String()
	for line := range strings.Lines(p.talk.String()) {
		traced := strings.HasPrefix(line, "> ") || strings.HasPrefix(line, "< ") || strings.HasPrefix(line, "    ")
		if traced && strings.Contains(line, "@") {
			t.Errorf("%q (exit %d) traces an e-mail address: %s", args, code, line)
		}
	}
	shows := len(args) > 1 && args[0] == "auth" && (args[1] == "token" || args[1] == "export")
	if !shows {
		text += p.out.String()
	}
	if found := secrets.leaks(text); len(found) > 0 {
		t.Errorf("%q (exit %d) prints %q:\n%s", args, code, found, text)
	}
	if shows && code == 0 && len(secrets.leaks(p.out.String())) == 0 {
		t.Errorf("%q prints no secret: the canary is deaf", args)
	}
}

// Issue 3, "done when", and quality.md, Security: with secrets of known value, no
// command, flag or fault prints one, `auth token` and `auth export` aside. Every named
// scene, with --debug.
// cli-tools.md 7, check 12: no token, code, verifier, cookie or e-mail in the trace.
func TestCanaryInEveryScene(t *testing.T) {
	t.Parallel()
	var mu sync.Mutex
	seen := map[string]bool{}
	t.Run("scenes", func(t *testing.T) {
		for _, info := range sampled(emulator.SceneNames()) {
			if strings.HasPrefix(info.Name, "flood") || info.Name == "oversized-event" {
				continue // much text, and none of it is ours
			}
			t.Run(info.Name, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					secrets := canaryScene(t, info.Name)
					mu.Lock()
					defer mu.Unlock()
					for _, kind := range secrets.kinds() {
						seen[kind] = true
					}
				})
			})
		}
	})
	for _, name := range append(secretFields(), "bearer", "cookie") {
		if !seen[name] && !t.Failed() && !testing.Short() {
			t.Errorf("no %s was ever seen: the canary is deaf to it", name)
		}
	}
}

// canaryScene runs the commands that a scene can trouble, and all in the default one;
// with a login that is good, one that must be renewed and one that cannot be.
func canaryScene(t *testing.T, scene string) *tap {
	p, _ := newcomer(t, namedScene(t, scene))
	secrets := newTap(p.Transport)
	p.Transport = secrets
	piped := encoded(t, credentials.Flat, secrets.login(p.emulator.Login(emulator.LoginOptions{})))
	other := filepath.Join(p.Home, "other.json")
	p.keep(t, other, credentials.Codex, secrets.login(p.emulator.Login(emulator.LoginOptions{})))
	good, old, dead := emulator.LoginOptions{}, emulator.LoginOptions{Expired: true}, emulator.LoginOptions{Expired: true, Refresh: emulator.RefreshUsed}
	for _, group := range []struct {
		scenes string // the beginning of their names; empty for the backend's
		logins []emulator.LoginOptions
		lines  []string
	}{
		{"", []emulator.LoginOptions{good}, []string{
			"ask --debug -v hi", "ask --debug --jsonl -u hi", "respond --debug --include-headers --sse hi", "auth status --debug -v --check --json",
			"doctor --debug -v",
			"models --debug -v --refresh", "models --debug --json", "usage --debug -v", "usage --debug --json --fail-over 1",
		}},
		{"token-", []emulator.LoginOptions{good, old, dead}, []string{
			"ask --debug -v --json hi", "auth refresh --debug -v", "auth refresh --debug --json", "auth token --debug --min-ttl 1000h", "auth token --debug",
		}},
		{"device-", []emulator.LoginOptions{good}, []string{
			"auth login-device --debug -v --force", "auth login-device --debug -v --force --jsonl",
			"auth login-device --debug --force --json", "auth login-device --debug --force --start",
		}},
		{"exchange-", []emulator.LoginOptions{good}, []string{"auth login-device --debug -v --force --jsonl"}},
		{"revoke-", []emulator.LoginOptions{good}, []string{"auth logout --debug -v --revoke -y", "auth logout --debug --revoke -y --json"}},
		{"default", []emulator.LoginOptions{good, old, dead}, []string{
			"ask --debug --dry-run hi", "auth status --debug -v", "auth info --debug --claims all", "auth info --debug --json --claims all",
			"auth export --debug -y --format codex", "auth export --debug -y --format env", "auth import --debug -v -y --force --json " + other,
			"auth import --debug -y " + other, "auth logout --debug", "auth login --debug", "auth info --token eyJ0-not-here",
			"doctor --debug -v --json", "doctor --offline", "config show --debug -v", "config show --json",
		}},
	} {
		issuers := strings.HasPrefix(scene, "token-") && scene != "token-rate" || strings.HasPrefix(scene, "device-") ||
			strings.HasPrefix(scene, "exchange-") || strings.HasPrefix(scene, "revoke-") || strings.HasPrefix(scene, "login-")
		if scene != "default" && (group.scenes == "" && issuers || !strings.HasPrefix(scene, group.scenes)) {
			continue
		}
		for _, o := range group.logins {
			for _, line := range group.lines {
				p.scene(t, namedScene(t, scene)) // what happens once happens again
				p.keep(t, p.store(), credentials.LangChain, secrets.login(p.emulator.Login(o)))
				p.canary(t, secrets, strings.Fields(line)...)
			}
		}
	}
	if scene != "default" {
		return secrets
	}
	for stdin, lines := range map[string][]string{
		piped:                            {"auth login --with-token --debug -v --force --json", "auth import --debug --force -", "auth info --token - --debug"},
		piped[:len(piped)-40]:            {"auth login --with-token --debug -v --force --json", "auth import --debug --force --json -", "auth info --token - --debug"},
		gjson.Get(piped, "id_token").Str: {"auth info --token - --debug --claims all", "auth info --token - --json --claims all", "auth import --force -"},
		gjson.Get(piped, "id_token").Str + ".x.y": {"auth info --token - --debug --json"},
	} {
		for _, line := range lines {
			p.Stdin, p.StdinKind = strings.NewReader(stdin), StdinPipe
			p.canary(t, secrets, strings.Fields(line)...)
		}
	}
	p.StdinKind = StdinNone
	for _, store := range []string{other, filepath.Join(p.Home, "shared.json")} {
		p.keep(t, store, credentials.Codex, secrets.login(p.emulator.Login(old)))
		p.canary(t, secrets, "ask", "--debug", "-v", "--auth-file", store, "hi")
	}
	p.variables["CODEXCTL_ACCESS_TOKEN"] = secrets.login(p.emulator.Login(good)).AccessToken
	p.canary(t, secrets, "ask", "--debug", "-v", "--json", "hi")
	p.canary(t, secrets, "auth", "status", "--debug", "-v", "--json")
	p.canary(t, secrets, "auth", "refresh", "--debug", "-v")
	return secrets
}

// The same for the browser's way, which needs sockets and so the real clock. The pages
// that the browser shows count as well.
func TestCanaryInEveryBrowserLogin(t *testing.T) {
	t.Parallel()
	for _, info := range emulator.SceneNames() {
		if !strings.HasPrefix(info.Name, "login-") && !strings.HasPrefix(info.Name, "exchange-") && info.Name != "default" {
			continue
		}
		t.Run(info.Name, func(t *testing.T) {
			t.Parallel()
			p, person := newcomer(t, namedScene(t, info.Name))
			secrets := newTap(p.Transport)
			p.Transport, person.Issuer = secrets, p.emulator.Transport()
			for _, output := range []string{"-v", "--json", "--jsonl"} {
				p.scene(t, namedScene(t, info.Name))
				p.canary(t, secrets, "auth", "login", "--port", freeport.For(t), "--debug", "--force", "--wait", "400ms", output)
				page, _ := person.Wait()
				if found := secrets.leaks(page.Body); len(found) > 0 {
					t.Errorf("the page shows %q: %s", found, page.Body)
				}
			}
			kinds := secrets.kinds()
			if info.Name == "default" && !(slices.Contains(kinds, "code") && slices.Contains(kinds, "code_verifier") && slices.Contains(kinds, "refresh_token")) {
				t.Errorf("the canary knows only %q", kinds)
			}
		})
	}
}
