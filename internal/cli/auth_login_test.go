package cli

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/tidwall/gjson"
	"github.com/tidwall/sjson"

	"github.com/codexctl/codexctl/internal/emulator"
	"github.com/codexctl/codexctl/internal/freeport"
	"github.com/codexctl/codexctl/internal/terminal"
	"github.com/codexctl/codexctl/pkg/credentials"
)

// cli.md 7 `auth login`, cli.md 4 rows 1, 4, 5, 6, 7, 11, rulings.md "Exit codes":
// how a sign-in ends. After each failure the old login is there, byte for byte, the
// port is free and stdout is empty; --json tells the same in one document.
// cli-tools.md 7, check 17: a wrong `state` never gives a token. cli.md 7 decides that
// the waiting goes on, so that it ends with 7, not with 1.
func TestBrowserLoginEnds(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name  string
		scene string
		args  []string
		exit  int
		code  string // error.code
		line  string // the beginning of a line on stderr
		says  string
		page  int // status of the last page
	}{
		{"signed in", "default", nil, 0, "", "Signed in as ", "", 200},
		{"no id token", "exchange-no-id-token", nil, 0, "", "Signed in as ", "", 200},
		{"declined (LangChain rows 44, 47)", "login-denied", nil, 11, "cancelled", "codexctl: sign in: sign-in was declined", "access_denied", 400},
		{"no entitlement", "login-no-entitlement", nil, 4, "plan_required", "codexctl: ChatGPT plan does not include Codex", "missing_codex_entitlement", 400},
		{"wrong state (LangChain row 33): never a token", "login-wrong-state", []string{"--wait", "3s"}, 7, "timeout", "codexctl: ", "--wait", 400},
		{"missing code (LangChain row 35)", "login-no-code", []string{"--wait", "3s"}, 7, "timeout", "codexctl: ", "--wait", 400},
		{"issuer broken", "exchange-server-error", nil, 1, "server_error", "codexctl: ", "HTTP 500", 502},
		{"code refused (LangChain row 29)", "exchange-invalid-grant", nil, 4, "auth_denied", "codexctl: ", "invalid_grant", 502},
		{"issuer busy", "exchange-rate-limited", nil, 5, "rate_limited", "codexctl: ", "429", 502},
		{"a web page", "exchange-html", nil, 6, "network", "codexctl: ", "503", 502},
		{"no JSON", "exchange-garbage", nil, 1, "server_error", "codexctl: ", "", 502},
		{"no refresh token (LangChain row 21)", "exchange-no-refresh-token", nil, 1, "server_error", "codexctl: ", "no refresh token", 502},
		{"the answer is lost", "exchange-lost", nil, 6, "network", "codexctl: ", "", 503},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			p, person := newcomer(t, namedScene(t, tt.scene))
			before := p.keep(t, p.store(), credentials.LangChain, p.emulator.Login(emulator.LoginOptions{}))
			port := freeport.For(t)
			args := append([]string{"--force"}, tt.args...)
			p.wants(t, p.loginOn(port, args...), tt.exit, tt.line)
			p.says(t, tt.says)
			if p.out.Len() > 0 {
				t.Errorf("stdout has %q, want nothing", &p.out)
			}
			page, err := person.Wait()
			if err != nil || page.Status != tt.page {
				t.Errorf("the browser ended at %d, %v, want %d", page.Status, err, tt.page)
			}
			if said := strings.Contains(page.Body, "You are signed in"); said != (tt.exit == 0) {
				t.Errorf("the page says that it worked: %t; exit %d", said, tt.exit)
			}
			if l, err := net.Listen("tcp4", "127.0.0.1:"+port); err != nil {
				t.Errorf("the port is not free: %v", err)
			} else {
				l.Close()
			}
			if tt.exit == 0 {
				if content(t, p.store()) == before {
					t.Error("the login was not replaced")
				}
				return
			}
			unchanged(t, p.store(), before)
			if code := p.loginOn(port, append(args, "--json")...); code != tt.exit {
				t.Errorf("exit %d with --json, want %d", code, tt.exit)
			}
			_, _ = person.Wait()
			failure := gjson.GetBytes(p.out.Bytes(), "error")
			if got := failure.Get("code").Str; got != tt.code || !gjson.ValidBytes(p.out.Bytes()) {
				t.Errorf("error.code %q, want %q: %s", got, tt.code, &p.out)
			}
			if got := failure.Get("exit_code").Int(); got != int64(tt.exit) {
				t.Errorf("error.exit_code %d, want %d", got, tt.exit)
			}
			unchanged(t, p.store(), before)
		})
	}
}

// visitor is a person whose browser does what the test says. Its errors are the
// test's.
func (p *program) visitor(t *testing.T, visit func(back *url.URL)) {
	p.Browse = func(_, address string) error {
		p.visits.Go(func() {
			back, err := p.comeBack(address)
			if err != nil {
				t.Errorf("sign-in page: %v", err)
				return
			}
			visit(back)
		})
		return nil
	}
}

// get loads a page and gives its status and text.
func get(address string) (int, string, error) {
	client := http.Client{Transport: &http.Transport{DisableKeepAlives: true}, Timeout: 20 * time.Second}
	response, err := client.Get(address)
	if err != nil {
		return 0, "", err
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	return response.StatusCode, string(body), err
}

// cli.md 7: "The listener is bound (IPv4 and IPv6 loopback) before the URL is printed".
func TestBothLoopbackFamiliesListenBeforeTheAddressIsPrinted(t *testing.T) {
	t.Parallel()
	for _, host := range []string{"127.0.0.1", "::1"} {
		t.Run(host, func(t *testing.T) {
			t.Parallel()
			if host == "::1" && !haveIPv6() {
				t.Skip("this machine has no IPv6 loopback")
			}
			p, _ := newcomer(t, emulator.Scene{})
			port := freeport.For(t)
			address := net.JoinHostPort(host, port)
			printed := &onWrite{out: &p.talk, at: base + "/oauth/authorize?", do: func() {
				conn, err := net.Dial("tcp", address)
				if err != nil {
					t.Errorf("nobody listens when the address is printed: %v", err)
					return
				}
				conn.Close()
			}}
			p.Stderr = printed
			p.visitor(t, func(back *url.URL) {
				if back.Host != "localhost:"+port {
					t.Errorf("the redirect is to %s", back.Host)
				}
				back.Host = address
				if status, body, err := get(back.String()); status != 200 || err != nil {
					t.Errorf("callback on %s: %d, %v: %s", host, status, err, body)
				}
			})
			p.wants(t, p.loginOn(port), 0, "Signed in as ")
			if !printed.done {
				t.Error("no address was printed")
			}
		})
	}
}

// onWrite does something once, when a text is about to be written.
type onWrite struct {
	out  io.Writer
	at   string
	do   func()
	done bool
}

func (w *onWrite) Write(p []byte) (int, error) {
	if !w.done && bytes.Contains(p, []byte(w.at)) {
		w.done = true
		w.do()
	}
	return w.out.Write(p)
}

// cli-tools.md 7, check 17: a wrong `state` is never a token.
// cli.md 7: "A wrong `state` gets HTTP 400 and waiting goes on". Neither other
// visitors, nor a connection that stays silent, nor a second visit change anything
// (langchain.md 2.3, weak points; LangChain rows 34 and 43).
func TestOtherVisitorsDoNotEndTheWaiting(t *testing.T) {
	t.Parallel()
	p, _ := newcomer(t, emulator.Scene{})
	p.visitor(t, func(back *url.URL) {
		silent, err := net.Dial("tcp", back.Host)
		if err != nil {
			t.Errorf("preconnect: %v", err)
			return
		}
		defer silent.Close()
		wrong := *back
		query := wrong.Query()
		query.Set("state", "of-somebody-else")
		wrong.RawQuery = query.Encode()
		denied := *back
		denied.RawQuery = "error=access_denied&state=of-somebody-else"
		bare := *back
		bare.RawQuery = ""
		for name, visit := range map[string]struct {
			address string
			want    int
		}{
			"a good code with a wrong state":  {wrong.String(), 400},
			"an error with a wrong state":     {denied.String(), 400},
			"nothing at all":                  {bare.String(), 400},
			"another page":                    {"http://" + back.Host + "/favicon.ico", 404},
			"the official client's /cancel":   {"http://" + back.Host + "/cancel", 404},
			"the official client's /success?": {"http://" + back.Host + "/success?id_token=x", 404},
		} {
			if status, body, err := get(visit.address); status != visit.want || err != nil {
				t.Errorf("%s: %d, %v, want %d: %s", name, status, err, visit.want, body)
			}
		}
		if p.asked("/oauth/token") != 0 {
			t.Error("a code was taken from a wrong visitor")
		}
		if status, _, err := get(back.String()); status != 200 || err != nil {
			t.Errorf("the right visitor: %d, %v", status, err)
		}
	})
	p.wants(t, p.login(t, "--wait", "20s"), 0, "Signed in as ")
	if got := p.asked("/oauth/token"); got != 1 {
		t.Errorf("%d exchanges, want 1", got)
	}
}

// Issue 3, "done when": callback twice. One exchange, and the second visitor is told
// the same.
func TestCallbackTwiceAtOnce(t *testing.T) {
	t.Parallel()
	p, _ := newcomer(t, emulator.Scene{ExchangeDelayMS: 200})
	p.visitor(t, func(back *url.URL) {
		var both sync.WaitGroup
		for range 2 {
			both.Go(func() {
				if status, body, err := get(back.String()); status != 200 || err != nil {
					t.Errorf("%d, %v: %s", status, err, body)
				}
			})
		}
		both.Wait()
	})
	p.wants(t, p.login(t), 0, "Signed in as ")
	if got := p.asked("/oauth/token"); got != 1 {
		t.Errorf("%d exchanges, want 1", got)
	}
	if got := p.state(t); got != "valid" {
		t.Errorf("state %q", got)
	}
	p.wants(t, p.run("ask", "hi"), 0, "") // a code used twice would have ended the login
}

// Issue 3, "done when": a silent preconnect does not block, nor does a reload.
func TestPreconnectAndReload(t *testing.T) {
	t.Parallel()
	p, person := newcomer(t, emulator.Scene{})
	person.Preconnect, person.VisitTwice = true, true
	start := time.Now()
	p.wants(t, p.login(t, "--wait", "20s"), 0, "Signed in as ")
	if took := time.Since(start); took > 10*time.Second {
		t.Errorf("it took %s: the silent connection was waited for", took)
	}
	if page, err := person.Wait(); page.Status != 200 || err != nil {
		t.Errorf("the browser ended at %d, %v", page.Status, err)
	}
}

// cli.md 7: "The success page is shown only after the tokens are stored; nothing
// secret is in any URL we redirect to".
func TestSuccessPageOnlyAfterStoring(t *testing.T) {
	t.Parallel()
	p, _ := newcomer(t, emulator.Scene{})
	var status int
	var body string
	p.visitor(t, func(back *url.URL) {
		dir := filepath.Dir(p.store())
		if err := errors.Join(os.RemoveAll(dir), os.WriteFile(dir, nil, 0o600)); err != nil {
			t.Error(err)
		}
		status, body, _ = get(back.String())
	})
	code := p.login(t)
	p.wants(t, code, 3, "codexctl: ")
	if status != 500 || strings.Contains(body, "You are signed in") {
		t.Errorf("the page is %d, although nothing was stored: %s", status, body)
	}
	if p.asked("/oauth/token") != 1 {
		t.Error("there was nothing to store")
	}
}

// LangChain rows 45 to 48: the pages say what happened, escaped, and need nothing from
// anywhere; nothing secret stands on them.
func TestCallbackPages(t *testing.T) {
	t.Parallel()
	p, _ := newcomer(t, emulator.Scene{})
	var page string
	p.visitor(t, func(back *url.URL) {
		query := back.Query()
		back.RawQuery = url.Values{
			"error": {"odd_error"}, "error_description": {`<script>alert("1")</script>`}, "state": {query.Get("state")},
		}.Encode()
		_, page, _ = get(back.String())
	})
	p.wants(t, p.login(t), 4, "codexctl: ")
	for _, text := range []string{"<script", "http://", "https://", "src="} {
		if strings.Contains(page, text) {
			t.Errorf("the page of a failure has %q: %s", text, page)
		}
	}
	for _, text := range []string{"odd_error", "&lt;script&gt;", "codexctl auth login", "prefers-color-scheme: dark"} {
		if !strings.Contains(page, text) {
			t.Errorf("the page of a failure has no %q: %s", text, page)
		}
	}
	if strings.Contains(p.talk.String(), "\x1b") {
		t.Errorf("stderr steers the terminal: %q", &p.talk)
	}
}

// rulings.md, "Who may get the token", Authorize: LangChain's scopes, the two flags of
// the official client, the redirect with localhost; originator only when it was given.
// cli-tools.md 7, check 17: the address stands on one unbroken line.
func TestAddressToOpen(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name       string
		variable   string
		args       []string
		originator string
	}{
		{"nobody named an originator", "", nil, ""},
		{"by flag", "", []string{"--originator", "codex_cli_rs"}, "codex_cli_rs"},
		{"by variable", "codex_exec", nil, "codex_exec"},
		{"--no-originator", "codex_exec", []string{"--no-originator"}, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			p, _ := newcomer(t, emulator.Scene{})
			p.variables["CODEXCTL_ORIGINATOR"] = tt.variable
			port := freeport.For(t)
			p.wants(t, p.loginOn(port, tt.args...), 0, "Signed in as ")
			address, err := url.Parse(p.printed(t))
			if err != nil {
				t.Fatal(err)
			}
			query := address.Query()
			if len(query.Get("state")) < 43 || len(query.Get("code_challenge")) != 43 {
				t.Errorf("state %q and challenge %q are too short", query.Get("state"), query.Get("code_challenge"))
			}
			query.Del("state")
			query.Del("code_challenge")
			want := url.Values{
				"response_type": {"code"}, "client_id": {"app_EMoamEEZ73f0CkXaXp7hrann"}, "code_challenge_method": {"S256"},
				"redirect_uri":               {"http://localhost:" + port + "/auth/callback"},
				"scope":                      {"openid profile email offline_access"},
				"id_token_add_organizations": {"true"}, "codex_cli_simplified_flow": {"true"},
			}
			if tt.originator != "" {
				want.Set("originator", tt.originator)
			}
			if query.Encode() != want.Encode() {
				t.Errorf("query %s\nwant %s", query.Encode(), want.Encode())
			}
		})
	}
}

// cli.md 7: --port "another number is tried with a warning". The real issuer refuses
// it at the last step.
func TestUnregisteredPort(t *testing.T) {
	t.Parallel()
	p, person := newcomer(t, emulator.Scene{})
	if err := p.emulator.SetScene(emulator.Scene{}); err != nil {
		t.Fatal(err)
	}
	port := freeport.For(t)
	p.wants(t, p.loginOn(port), 4, "codexctl: warning: ")
	p.says(t, "1455 and 1457", port)
	if page, err := person.Wait(); page.Status != 502 || err != nil {
		t.Errorf("the browser ended at %d, %v", page.Status, err)
	}
	if content(t, p.store()) != "" {
		t.Error("something was stored")
	}
	for _, port := range []string{"-1", "65536", "x"} {
		p.wants(t, p.loginOn(port), 2, "codexctl: ")
	}
}

// cli.md 4, "callback or server port busy (3 `port_in_use`, names the flag)".
func TestBusyPort(t *testing.T) {
	t.Parallel()
	for network, host := range map[string]string{"tcp4": "127.0.0.1", "tcp6": "::1"} {
		t.Run(network, func(t *testing.T) {
			t.Parallel()
			if network == "tcp6" && !haveIPv6() {
				t.Skip("this machine has no IPv6 loopback")
			}
			p, _ := newcomer(t, emulator.Scene{})
			l, err := net.Listen(network, net.JoinHostPort(host, "0"))
			if err != nil {
				t.Fatal(err)
			}
			defer l.Close()
			_, port, _ := net.SplitHostPort(l.Addr().String())
			p.wants(t, p.loginOn(port, "--json"), 3, "codexctl: ")
			p.says(t, port, "--port")
			if got := gjson.GetBytes(p.out.Bytes(), "error.code").Str; got != "port_in_use" {
				t.Errorf("error.code %q", got)
			}
			if strings.Contains(p.talk.String(), "/oauth/authorize") {
				t.Error("an address was shown that nobody listens for")
			}
		})
	}
}

// cli.md 2 and 7: who starts a browser, and with what. --no-browser; implied by
// --no-input and by SSH without a display; over SSH it says at once how to paste.
func TestWhoStartsABrowser(t *testing.T) {
	t.Parallel()
	const ssh = "SSH_CONNECTION=192.0.2.1 1 192.0.2.2 22"
	tests := []struct {
		name    string
		env     string // NAME=value, separated by commas
		args    []string
		command string
		starts  bool
		paste   bool
	}{
		{"the system's", "", nil, "", true, false},
		{"BROWSER", "BROWSER=lynx", nil, "lynx", true, false},
		{"--browser-command", "", []string{"--browser-command", "firefox %s"}, "firefox %s", true, false},
		{"the flag wins over the variable", "BROWSER=lynx", []string{"--browser-command=firefox"}, "firefox", true, false},
		{"--no-browser", "BROWSER=lynx", []string{"--no-browser"}, "", false, false},
		{"--no-browser wins over a command", "", []string{"--no-browser", "--browser-command", "firefox"}, "", false, false},
		{"--no-input", "BROWSER=lynx", []string{"--no-input"}, "", false, false},
		{"CODEXCTL_NO_INPUT", "CODEXCTL_NO_INPUT=1", nil, "", false, false},
		{"CI", "CI=true", nil, "", false, false},
		{"SSH without a display", ssh, nil, "", false, true},
		{"SSH_TTY without a display", "SSH_TTY=/dev/pts/0", nil, "", false, true},
		{"SSH with a display", ssh + ",DISPLAY=localhost:10.0", nil, "", true, true},
		{"SSH with Wayland", ssh + ",WAYLAND_DISPLAY=wayland-0", nil, "", true, true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			p, _ := newcomer(t, emulator.Scene{})
			p.StdinKind = StdinTerminal
			for pair := range strings.SplitSeq(tt.env, ",") {
				name, value, _ := strings.Cut(pair, "=")
				p.variables[name] = value
			}
			var started []string
			p.Browse = func(command, address string) error {
				started = append(started, command+"|"+address)
				return nil
			}
			p.wants(t, p.login(t, append(tt.args, "--wait", "100ms")...), 7, "codexctl: ")
			want := []string(nil)
			if tt.starts {
				want = []string{tt.command + "|" + p.printed(t)}
			}
			if fmt.Sprint(started) != fmt.Sprint(want) {
				t.Errorf("started %q, want %q", started, want)
			}
			p.printed(t) // in every case
			hint := strings.Contains(p.talk.String(), "paste") && strings.Contains(p.talk.String(), "codexctl auth login-device")
			if hint != tt.paste {
				t.Errorf("it says how to paste: %t, want %t: %s", hint, tt.paste, &p.talk)
			}
		})
	}
}

// cli.md 7: over SSH it says how to paste, where something can be pasted at all; else
// only what else there is.
func TestNobodyIsAskedToPasteInVain(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name  string
		stdin StdinKind
		args  []string
		asks  bool
	}{
		{"a terminal", StdinTerminal, nil, true},
		{"--no-input", StdinTerminal, []string{"--no-input"}, false},
		{"--no-stdin", StdinTerminal, []string{"--no-stdin"}, false},
		{"a pipe", StdinPipe, nil, false},
		{"a closed stdin", StdinNone, nil, false},
	}
	for _, variable := range []string{"SSH_CONNECTION", "SSH_TTY", "NO_SSH"} {
		for _, tt := range tests {
			t.Run(variable+", "+tt.name, func(t *testing.T) {
				t.Parallel()
				p, _ := newcomer(t, emulator.Scene{})
				p.variables[variable] = "192.0.2.1"
				p.StdinKind = tt.stdin
				p.wants(t, p.login(t, append(tt.args, "--no-browser", "--wait", "100ms")...), 7, "codexctl: ")
				if got := strings.Contains(p.talk.String(), "paste"); got != tt.asks {
					t.Errorf("it asks to paste: %t, want %t: %s", got, tt.asks, &p.talk)
				}
				if remote := variable != "NO_SSH"; remote {
					p.says(t, "codexctl auth login-device")
				}
			})
		}
	}
}

// Issue 3, "done when": a browser command that fails; the sign-in goes on.
func TestBrowserThatDoesNotStart(t *testing.T) {
	t.Parallel()
	p, person := newcomer(t, emulator.Scene{})
	p.Browse = func(_, address string) error {
		return errors.Join(errors.New("no such browser"), person.Open(address))
	}
	p.wants(t, p.login(t), 0, "codexctl: warning: open browser: no such browser")
	p.wants(t, 0, 0, "Signed in as ")
}

// cli.md 7: `--wait DUR` (exit 7), and cli.md 2, `--timeout`: "Given explicitly it
// bounds the whole command".
// cli-tools.md 7, check 17: `--wait 1s` is exit 7.
func TestLoginIsBounded(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name string
		args []string
		says string
	}{
		{"--wait", []string{"--wait", "1s"}, "--wait"},
		{"--timeout", []string{"--timeout", "1s"}, "--timeout"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			p, person := newcomer(t, emulator.Scene{})
			person.NeverVisit = true
			ctx, cancel := context.WithTimeoutCause(t.Context(), 6*time.Second, errors.New("the test has lost its patience"))
			defer cancel()
			start := time.Now()
			args := append([]string{"auth", "login", "--port", freeport.For(t)}, tt.args...)
			p.wants(t, p.runContext(ctx, args...), 7, "codexctl: ")
			p.says(t, tt.says)
			p.wants(t, 7, 7, "hint: allow more time: "+tt.says)
			if took := time.Since(start); took < time.Second {
				t.Errorf("it gave up after %s", took)
			}
			if content(t, p.store()) != "" || p.asked("/oauth/token") != 0 {
				t.Error("something was asked for or stored")
			}
		})
	}
}

// cli.md 7: "An existing valid login: on a terminal ask before replacing, otherwise
// --force or exit 2; it is replaced only after the new login succeeded". cli.md 3:
// "Signing in to an existing official file needs a yes or --force".
func TestExistingLogin(t *testing.T) {
	t.Parallel()
	yes, no := &answers{yes: true}, &answers{}
	interrupt := &answers{err: terminal.ErrInterrupted}
	tests := []struct {
		name     string
		official bool // in the official client's file, named
		with     emulator.LoginOptions
		norenew  bool // without a refresh token
		answers  *answers
		args     []string
		exit     int
		asked    bool
	}{
		{"valid, nobody to ask", false, emulator.LoginOptions{}, false, nil, nil, 2, false},
		{"valid, --force", false, emulator.LoginOptions{}, false, nil, []string{"--force"}, 0, false},
		{"valid, yes", false, emulator.LoginOptions{}, false, yes, nil, 0, true},
		{"valid, no", false, emulator.LoginOptions{}, false, no, nil, 11, true},
		{"valid, Ctrl-C", false, emulator.LoginOptions{}, false, interrupt, nil, 130, true},
		{"valid, --force on a terminal", false, emulator.LoginOptions{}, false, no, []string{"--force"}, 0, false},
		{"valid, --no-input on a terminal", false, emulator.LoginOptions{}, false, yes, []string{"--no-input"}, 2, false},
		{"renewable", false, emulator.LoginOptions{Expired: true}, false, nil, nil, 2, false},
		{"dead", false, emulator.LoginOptions{Expired: true}, true, no, nil, 0, false},
		{"official, nobody to ask", true, emulator.LoginOptions{}, false, nil, nil, 2, false},
		{"official and dead, nobody to ask", true, emulator.LoginOptions{Expired: true}, true, nil, nil, 2, false},
		{"official, --force", true, emulator.LoginOptions{}, false, nil, []string{"--force"}, 0, false},
		{"official, yes", true, emulator.LoginOptions{}, false, yes, nil, 0, true},
		{"official, no", true, emulator.LoginOptions{}, false, no, nil, 11, true},
		{"official, Ctrl-C", true, emulator.LoginOptions{}, false, interrupt, nil, 130, true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			p, _ := newcomer(t, emulator.Scene{})
			path, format, args := p.store(), credentials.LangChain, tt.args
			if tt.official {
				path, format = p.officialStore(), credentials.Codex
				args = append([]string{"--auth-file", path}, args...)
			}
			before := p.keep(t, path, format, p.emulator.Login(tt.with))
			if tt.norenew {
				before, _ = sjson.Delete(before, "refresh_token")
				before, _ = sjson.Delete(before, "tokens.refresh_token")
			}
			if tt.official {
				before, _ = sjson.SetRaw(before, "tokens.zeta", `{"b":[1,null]}`)
			}
			if err := os.WriteFile(path, []byte(before), 0o600); err != nil {
				t.Fatal(err)
			}
			asked := &answers{}
			if tt.answers != nil {
				asked = &answers{yes: tt.answers.yes, err: tt.answers.err}
				p.Confirm = asked.confirm
			}
			p.wants(t, p.login(t, args...), tt.exit, "")
			if got := len(asked.questions) == 1; got != tt.asked || len(asked.questions) > 1 {
				t.Errorf("questions %q, want one: %t", asked.questions, tt.asked)
			}
			if tt.exit != 0 {
				unchanged(t, path, before)
				if strings.Contains(p.talk.String(), "/oauth/authorize") || len(p.emulator.Journal()) > 0 {
					t.Error("the sign-in had begun already")
				}
				if tt.exit == 2 {
					p.says(t, "hint: ", "--force")
				}
				return
			}
			after := content(t, path)
			if after == before {
				t.Fatal("the login was not replaced")
			}
			if tt.official {
				if got := gjson.Get(after, "tokens.zeta").Raw; got != `{"b":[1,null]}` || gjson.Get(after, "auth_mode").Str != "chatgpt" {
					t.Errorf("the official file lost what is not ours: %s", gjson.Get(after, "@keys"))
				}
			}
		})
	}
}

// rulings.md, "Exit codes": "Malformed store: 3 in every command". cli.md 3: "A failed
// login or renewal leaves the old file byte for byte".
func TestLoginOverAMalformedStore(t *testing.T) {
	t.Parallel()
	p, _ := newcomer(t, emulator.Scene{})
	const torn = `{"access_token": "cut off he`
	if err := errors.Join(os.MkdirAll(filepath.Dir(p.store()), 0o700), os.WriteFile(p.store(), []byte(torn), 0o600)); err != nil {
		t.Fatal(err)
	}
	p.wants(t, p.login(t), 3, "codexctl: ")
	p.says(t, p.store(), "--force")
	unchanged(t, p.store(), torn)
	p.wants(t, p.login(t, "--force"), 0, "Signed in as ")
	if got := p.state(t); got != "valid" {
		t.Errorf("state %q", got)
	}
}

// cli.md 3: "An existing file keeps its format; a new one is LangChain's, or the
// official nested form if it is `auth.json` in the Codex home; `--format` overrides".
func TestFormatOfTheStoredLogin(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name string
		file string // beside the home; "official" is the official client's
		has  credentials.Format
		args []string
		want credentials.Format
	}{
		{"new", "new.json", "", nil, credentials.LangChain},
		{"new, in the Codex home", "official", "", nil, credentials.Codex},
		{"new, --format codex", "new.json", "", []string{"--format", "codex"}, credentials.Codex},
		{"new, --format flat", "new.json", "", []string{"--format", "flat"}, credentials.Flat},
		{"LangChain's stays", "old.json", credentials.LangChain, nil, credentials.LangChain},
		{"nested stays", "old.json", credentials.Codex, nil, credentials.Codex},
		{"flat stays", "old.json", credentials.Flat, nil, credentials.Flat},
		{"--format over an existing one", "old.json", credentials.Codex, []string{"--format", "langchain"}, credentials.LangChain},
		{"the same --format", "old.json", credentials.Flat, []string{"--format", "flat"}, credentials.Flat},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			p, _ := newcomer(t, emulator.Scene{})
			path := filepath.Join(filepath.Dir(p.Home), "folder", tt.file)
			if tt.file == "official" {
				path = p.officialStore()
			}
			if tt.has != "" {
				before := p.keep(t, path, tt.has, p.emulator.Login(emulator.LoginOptions{}))
				before, _ = sjson.SetRaw(before, "stranger", `{"keep":[1]}`)
				if err := os.WriteFile(path, []byte(before), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			p.wants(t, p.login(t, append(tt.args, "--force", "--auth-file", path)...), 0, "Signed in as ")
			data := content(t, path)
			if c, got, err := credentials.Decode([]byte(data), ""); got != tt.want || err != nil || c.RefreshToken.Empty() {
				t.Errorf("form %q, %v, want %q", got, err, tt.want)
			}
			if got := modes(t, path); got != "600 in 700" {
				t.Errorf("the store is %s", got)
			}
			if kept := gjson.Get(data, "stranger.keep").Raw; tt.has == tt.want && kept != "[1]" {
				t.Errorf("the key of a stranger is %q", kept)
			}
			if content(t, p.store()) != "" {
				t.Error("our own store was written too")
			}
			p.wants(t, p.run("ask", "--auth-file", path, "hi"), 0, "")
		})
	}
	p, _ := newcomer(t, emulator.Scene{})
	p.wants(t, p.login(t, "--format", "toml"), 2, "codexctl: --format wants langchain, codex or flat")
}

// cli-tools.md 7, check 18: `auth login` with a token in the environment is exit 0 with a
// warning that names the variable.
func TestLoginBesideATokenInTheEnvironment(t *testing.T) {
	t.Parallel()
	for _, variable := range []string{"CODEXCTL_ACCESS_TOKEN", "CODEX_ACCESS_TOKEN"} {
		p, _ := newcomer(t, emulator.Scene{})
		p.variables[variable] = p.emulator.Login(emulator.LoginOptions{}).AccessToken
		p.wants(t, p.login(t), 0, "codexctl: warning: "+variable+" is set")
		p.wants(t, 0, 0, "Signed in as ")
		if content(t, p.store()) == "" {
			t.Error("nothing was stored")
		}
		// Named, the store is used all the same, so there is nothing to warn of.
		p.wants(t, p.login(t, "--force", "--auth-file", filepath.Join(p.Home, "other.json")), 0, "Signed in as ")
		if strings.Contains(p.talk.String(), variable) {
			t.Errorf("a warning about %s with --auth-file: %s", variable, &p.talk)
		}
	}
}

// cli.md 7: "`--jsonl` events of both: `url`, `code`, `waiting`, then `done` (the status
// object) or `error`"; cli.md 2: --json is exactly one document.
func TestLoginForPrograms(t *testing.T) {
	t.Parallel()
	const status = `["schema_version","type","authenticated","state","email","account_id","plan","source","access_token","refresh_token","last_refresh","checked","hint","error"]`
	p, _ := newcomer(t, emulator.Scene{})
	p.wants(t, p.login(t, "--json"), 0, "Open this address")
	doc := p.out.String()
	if !gjson.Valid(doc) || gjson.Get(doc, "@keys").Raw != status {
		t.Errorf("the document is %s", doc)
	}
	for path, want := range map[string]string{"type": "auth login", "schema_version": "1", "state": "valid", "authenticated": "true",
		"source.kind": "file", "source.format": "langchain", "source.path": p.store(), "source.renewable": "true", "error": ""} {
		if got := gjson.Get(doc, path).String(); got != want {
			t.Errorf("%s is %q, want %q", path, got, want)
		}
	}

	p.wants(t, p.login(t, "--jsonl", "--force"), 0, "")
	if got := p.lineTypes(t); got != "[url done]" {
		t.Errorf("lines %s, want [url done]", got)
	}
	lines := strings.Split(strings.TrimSpace(p.out.String()), "\n")
	if got := gjson.Get(lines[0], "url").Str; got != p.printed(t) {
		t.Errorf("url %q differs from the printed one", got)
	}
	if last := lines[len(lines)-1]; gjson.Get(last, "@keys").Raw != status || gjson.Get(last, "state").Str != "valid" {
		t.Errorf("done is %s", last)
	}

	p.scene(t, namedScene(t, "login-denied"))
	p.wants(t, p.login(t, "--jsonl", "--force"), 11, "codexctl: ")
	if got := p.lineTypes(t); got != "[url error]" {
		t.Errorf("lines %s, want [url error]", got)
	}
	if !strings.Contains(p.out.String(), `"code":"cancelled"`) {
		t.Errorf("the error is %s", &p.out)
	}

	p.scene(t, emulator.Scene{})
	p.wants(t, p.login(t, "--force", "--transform", "source.format", "-r"), 0, "")
	if p.out.String() != "langchain\n" {
		t.Errorf("--transform gave %q", &p.out)
	}
	p.wants(t, p.login(t, "--force", "-q"), 0, "")
	p.printed(t) // what is needed is said in silence too
}

// cli.md 7: `--with-token` (credential JSON on stdin); cli-tools 5.5: refuses a terminal.
func TestLoginWithToken(t *testing.T) {
	t.Parallel()
	p, _ := newcomer(t, emulator.Scene{})
	p.Browse = func(string, string) error {
		t.Error("a browser was started")
		return nil
	}
	for _, format := range []credentials.Format{credentials.LangChain, credentials.Codex, credentials.Flat} {
		l := p.emulator.Login(emulator.LoginOptions{})
		p.Stdin, p.StdinKind = strings.NewReader(encoded(t, format, l)), StdinPipe
		p.wants(t, p.run("auth", "login", "--with-token", "--force"), 0, "Signed in as "+l.Email)
		if p.out.Len() > 0 {
			t.Errorf("%s: stdout has %q", format, &p.out)
		}
		stored := content(t, p.store())
		got := gjson.GetMany(stored, "access_token", "refresh_token", "id_token", "account_id")
		if want := []string{l.AccessToken, l.RefreshToken, l.IDToken, l.AccountID}; fmt.Sprint(got) != fmt.Sprint(want) {
			t.Errorf("%s: the tokens did not all arrive", format)
		}
		if got := modes(t, p.store()); got != "600 in 700" {
			t.Errorf("the store is %s", got)
		}
		p.wants(t, p.run("ask", "hi"), 0, "")
	}
	if len(p.emulator.Journal("/oauth/token", "/oauth/authorize")) > 0 {
		t.Error("the issuer was asked")
	}

	before := content(t, p.store())
	good := encoded(t, credentials.LangChain, p.emulator.Login(emulator.LoginOptions{}))
	for _, tt := range []struct {
		name  string
		stdin string
		kind  StdinKind
		args  []string
		exit  int
		says  string
	}{
		{"a terminal", good, StdinTerminal, []string{"--force"}, 2, "stdin"},
		{"closed", "", StdinNone, []string{"--force"}, 2, "stdin"},
		{"empty", "", StdinPipe, []string{"--force"}, 2, "stdin"},
		{"--no-stdin", good, StdinPipe, []string{"--force", "--no-stdin"}, 2, "--no-stdin"},
		{"no JSON", "eyJhbGciOi", StdinPipe, []string{"--force"}, 3, "stdin"},
		{"torn", good[:len(good)/2], StdinPipe, []string{"--force"}, 3, "stdin"},
		{"no access token", `{"refresh_token": "r"}`, StdinPipe, []string{"--force"}, 3, "access_token"},
		{"an expiry that is none", `{"access_token": "a", "refresh_token": "r", "expires_at": []}`, StdinPipe, []string{"--force"}, 3, "expires_at"},
		{"an API key", `{"OPENAI_API_KEY": "sk-canary", "auth_mode": "apikey"}`, StdinPipe, []string{"--force"}, 4, "apikey"},
		{"a login is there", good, StdinPipe, nil, 2, "--force"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			p.Stdin, p.StdinKind = strings.NewReader(tt.stdin), tt.kind
			p.wants(t, p.run(append([]string{"auth", "login", "--with-token"}, tt.args...)...), tt.exit, "codexctl: ")
			p.says(t, tt.says)
			unchanged(t, p.store(), before)
			for _, secret := range []string{"eyJ", "sk-canary", "rt_"} {
				if strings.Contains(p.talk.String()+p.out.String(), secret) {
					t.Errorf("stdin is quoted: %s%s", &p.talk, &p.out)
				}
			}
		})
	}
}

// cli.md 6: "A pipe that stays silent is waited for; --stdin-timeout gives up with exit
// 2; --timeout bounds it in any case".
func TestLoginWithTokenFromASilentPipe(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		flag string
		exit int
	}{{"--stdin-timeout", 2}, {"--timeout", 7}} {
		t.Run(tt.flag, func(t *testing.T) {
			t.Parallel()
			p, _ := newcomer(t, emulator.Scene{})
			silent := &later{over: make(chan struct{})}
			defer close(silent.over)
			p.Stdin, p.StdinKind = silent, StdinPipe
			ctx, cancel := context.WithTimeoutCause(t.Context(), 5*time.Second, errors.New("the test has lost its patience"))
			defer cancel()
			p.wants(t, p.runContext(ctx, "auth", "login", "--with-token", tt.flag, "300ms"), tt.exit, "codexctl: ")
			p.says(t, tt.flag)
		})
	}
}

// cli.md 3: the file's directory must be writable, and that is found out before a
// person is asked to sign in: exit 3, no address.
func TestLoginThatCouldNotBeStored(t *testing.T) {
	t.Parallel()
	p, _ := newcomer(t, emulator.Scene{})
	if err := errors.Join(os.MkdirAll(p.Home, 0o700), os.WriteFile(filepath.Dir(p.store()), nil, 0o600)); err != nil {
		t.Fatal(err)
	}
	p.wants(t, p.login(t), 3, "codexctl: ")
	if strings.Contains(p.talk.String(), "/oauth/authorize") {
		t.Errorf("somebody was asked to sign in for nothing: %s", &p.talk)
	}
	p.Home = ""
	p.wants(t, p.login(t), 3, "codexctl: ")
	p.says(t, "--auth-file")
}
