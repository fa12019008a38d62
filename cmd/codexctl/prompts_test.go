//go:build unix

package main

import (
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/tidwall/gjson"

	"github.com/codexctl/codexctl/internal/emulator"
	"github.com/codexctl/codexctl/internal/freeport"
	"github.com/codexctl/codexctl/pkg/credentials"
)

// household is a home of its own and an emulator that listens.
type household struct {
	t        *testing.T
	emulator *emulator.Emulator
	url      string
	home     string
}

func newHousehold(t *testing.T) *household {
	t.Helper()
	h := &household{t: t, emulator: emulator.New(emulator.Config{Seed: 1, Scene: emulator.Scene{AnyPort: true}}), home: t.TempDir()}
	server := httptest.NewServer(h.emulator)
	t.Cleanup(server.Close)
	h.url = server.URL
	return h
}

// command is the program in this home.
func (h *household) command(args ...string) *exec.Cmd {
	command := codexctl(h.url, args...)
	command.Dir = h.home
	command.Env = append(command.Env, "HOME="+h.home, "TMPDIR="+h.home)
	return command
}

// run runs the program and returns its exit code and both outputs together.
func (h *household) run(args ...string) (int, string) {
	h.t.Helper()
	out, err := h.command(args...).CombinedOutput()
	if err == nil {
		return 0, string(out)
	}
	exit, ok := errors.AsType[*exec.ExitError](err)
	if !ok {
		h.t.Fatal(err)
	}
	return exit.ExitCode(), string(out)
}

func (h *household) own() string { return filepath.Join(h.home, ".langchain", "chatgpt-auth.json") }

func (h *household) official() string { return filepath.Join(h.home, ".codex", "auth.json") }

// keep stores a login; the official form has keys that only its owner knows.
func (h *household) keep(format credentials.Format, path string, o emulator.LoginOptions) string {
	h.t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		h.t.Fatal(err)
	}
	writeLogin(h.t, h.emulator, format, path, o)
	return readFile(h.t, path)
}

// present is a file's content; empty when it is not there.
func present(path string) string {
	data, _ := os.ReadFile(path)
	return string(data)
}

// mustBeFree checks that nobody holds a port any more.
func mustBeFree(t *testing.T, port string) {
	t.Helper()
	l, err := net.Listen("tcp4", "127.0.0.1:"+port)
	if err != nil {
		t.Errorf("the port is not free: %v", err)
		return
	}
	l.Close()
}

// cli.md 7 "on a terminal ask before replacing", cli.md 3 "on a terminal ask (survey
// confirm)", cli.md 7 `auth logout`; cli.md 4, rows 11 and 130: the questions, asked for
// real. What a terminal without a name gets is one plain line.
func TestPromptsOnATerminal(t *testing.T) {
	t.Parallel()
	prompts := []struct {
		name     string
		question string
		args     []string
		file     func(*household) string
		format   credentials.Format
		with     emulator.LoginOptions
		after    func(t *testing.T, before, after string) // a yes
	}{
		{
			name: "replace a login", question: "Replace it?",
			args: []string{"auth", "login", "--browser-command", "visit"}, file: (*household).own, format: credentials.LangChain,
			after: func(t *testing.T, before, after string) {
				if gjson.Get(after, "account_id").Str == gjson.Get(before, "account_id").Str || gjson.Get(after, "refresh_token").Str == "" {
					t.Error("nobody new is signed in")
				}
			},
		},
		{
			name: "renew the official client's file", question: "Renew it and write it back?",
			args: []string{"ask", "hi"}, file: (*household).official, format: credentials.Codex,
			with: emulator.LoginOptions{Expired: true}, after: sameButTokens,
		},
		{
			name: "sign out", question: "Forget the login in",
			args: []string{"auth", "logout"}, file: (*household).own, format: credentials.LangChain,
			after: func(t *testing.T, _, after string) {
				if after != "" {
					t.Error("the login is still there")
				}
			},
		},
	}
	replies := []struct {
		name, types string
		exit        int
	}{
		{"yes", "y\r", 0},
		{"the whole word", "Yes\r", 0},
		{"no", "n\r", 11},
		{"Enter alone", "\r", 11},
		{"Ctrl-C", "\x03", 130},
	}
	for _, term := range []string{"xterm", "dumb", ""} {
		for _, p := range prompts {
			for _, reply := range replies {
				if term == "" && reply.name != "yes" && reply.name != "Ctrl-C" {
					continue
				}
				t.Run(fmt.Sprintf("TERM=%s/%s/%s", term, p.name, reply.name), func(t *testing.T) {
					t.Parallel()
					h := newHousehold(t)
					path := p.file(h)
					before := h.keep(p.format, path, p.with)
					args := p.args
					if args[1] == "login" {
						args = append(args[:len(args):len(args)], "--port", freeport.For(t), "--wait", "1m")
					}
					command := h.command(args...)
					command.Env = append(command.Env, "TERM="+term)
					c := onConsole(t, command)
					c.shows(p.question)
					c.types(reply.types)
					c.ends(reply.exit)
					after := present(path)
					switch {
					case reply.exit != 0 && after != before:
						t.Error("the file was changed")
					case reply.exit != 0 && len(h.emulator.Journal()) > 0:
						t.Error("somebody was asked for something")
					case reply.exit == 0 && after == before:
						t.Error("the file was not changed")
					case reply.exit == 0:
						p.after(t, before, after)
					}
					// The question belongs to stderr.
					if out := c.stdout.String(); strings.Contains(out, "?") || strings.Contains(out, "\x1b") {
						t.Errorf("stdout has %q", out)
					}
					// A terminal that is asked for its cursor answers among the keys.
					if strings.Contains(c.seen(), "\x1b[6n") {
						t.Error("the terminal was asked where its cursor is")
					}
					if term == "dumb" && strings.Contains(c.seen(), "\x1b") {
						t.Errorf("a dumb terminal got an escape sequence: %q", c.seen())
					}
				})
			}
		}
	}
}

// An answer that is none is asked for again, and SIGTERM leaves the terminal as it was.
func TestPromptsThatAreNotAnswered(t *testing.T) {
	t.Parallel()
	for _, term := range []string{"xterm", "dumb"} {
		t.Run(term, func(t *testing.T) {
			t.Parallel()
			h := newHousehold(t)
			before := h.keep(credentials.LangChain, h.own(), emulator.LoginOptions{})
			command := h.command("auth", "logout")
			command.Env = append(command.Env, "TERM="+term)
			c := onConsole(t, command)
			c.shows("Forget the login in")
			if term == "xterm" {
				c.types("maybe\r")
				c.shows("not a valid answer")
			}
			if err := c.command.Process.Signal(syscall.SIGTERM); err != nil {
				t.Fatal(err)
			}
			c.ends(143)
			if present(h.own()) != before {
				t.Error("the file was changed")
			}
		})
	}
}

// comeBack signs in at the address and returns where the issuer sends the browser.
func comeBack(t *testing.T, address string) *url.URL {
	t.Helper()
	client := http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	response, err := client.Get(address)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	back, err := response.Location()
	if err != nil {
		t.Fatalf("the sign-in page answered %d", response.StatusCode)
	}
	return back
}

// cli.md 7: "While it waits, a terminal also accepts the pasted redirect URL or code
// (state checked)"; langchain.md 2.5: the whole address, its query or the bare code.
// A line that is wrong is told, and the waiting goes on.
func TestPasteWhileWaiting(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name string
		line func(back *url.URL) string
	}{
		{"the whole address", (*url.URL).String},
		{"its query", func(back *url.URL) string { return "?" + back.RawQuery }},
		{"its query without the mark", func(back *url.URL) string { return back.RawQuery }},
		{"the code alone", func(back *url.URL) string { return back.Query().Get("code") }},
		{"code#state", func(back *url.URL) string { return back.Query().Get("code") + "#" + back.Query().Get("state") }},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			h := newHousehold(t)
			port := freeport.For(t)
			c := onConsole(t, h.command("auth", "login", "--no-browser", "--port", port))
			back := comeBack(t, c.address())
			strange := *back
			strange.RawQuery = "code=" + back.Query().Get("code") + "&state=of-somebody-else"
			c.types(strange.String() + "\r")
			c.shows("the state differs")
			c.types("hello there\r")
			c.shows("neither the address of the last page nor a code")
			if n := len(h.emulator.Journal("/oauth/token")); n != 0 {
				t.Errorf("%d codes were taken from wrong lines", n)
			}
			c.types("\r" + tt.line(back) + "\r")
			c.shows("Signed in as ")
			c.ends(0)
			mustBeFree(t, port)
			if code, out := h.run("ask", "hi"); code != 0 || out != "You said: hi\n" {
				t.Errorf("exit %d: %s", code, out)
			}
			if c.stdout.Len() > 0 {
				t.Errorf("stdout has %q", &c.stdout)
			}
		})
	}
}

// A code that the issuer refuses is told, and the waiting goes on; a question that was
// answered before has not taken what is pasted after it.
func TestPasteAfterAQuestion(t *testing.T) {
	t.Parallel()
	h := newHousehold(t)
	before := h.keep(credentials.LangChain, h.own(), emulator.LoginOptions{})
	command := h.command("auth", "login", "--no-browser", "--port", freeport.For(t))
	command.Env = append(command.Env, "TERM=xterm")
	c := onConsole(t, command)
	c.shows("Replace it?")
	c.types("y\r")
	back := comeBack(t, c.address())
	c.types("ac_of-another-day\r")
	c.shows("invalid_grant")
	c.types(back.String() + "\r")
	c.shows("Signed in as ")
	c.ends(0)
	if present(h.own()) == before {
		t.Error("the login was not replaced")
	}
}

// Issue 3, "done when": Ctrl-C frees the port and saves nothing; cli.md 4, row 130. Also
// while the code is being traded, where langchain.md 2.5 wants nothing saved either.
func TestCtrlCWhileWaiting(t *testing.T) {
	t.Parallel()
	for _, moment := range []string{"before the browser is back", "during the exchange"} {
		t.Run(moment, func(t *testing.T) {
			t.Parallel()
			h := newHousehold(t)
			before := h.keep(credentials.LangChain, h.own(), emulator.LoginOptions{})
			args := []string{"auth", "login", "--force", "--port", freeport.For(t), "--no-browser"}
			if moment == "during the exchange" {
				if err := h.emulator.SetScene(emulator.Scene{AnyPort: true, ExchangeDelayMS: 5000}); err != nil {
					t.Fatal(err)
				}
				args = append(args[:len(args)-1], "--browser-command", "visit")
			}
			c := onConsole(t, h.command(args...))
			c.address()
			for end := time.Now().Add(patience); len(args) == 7 && len(h.emulator.Journal("/oauth/token")) == 0; time.Sleep(5 * time.Millisecond) {
				if time.Now().After(end) {
					t.Fatalf("no exchange; the screen got %q", c.seen())
				}
			}
			start := time.Now()
			c.types("\x03")
			c.ends(130)
			if took := time.Since(start); took > 4*time.Second {
				t.Errorf("it took %s to stop", took)
			}
			mustBeFree(t, args[4])
			if present(h.own()) != before {
				t.Error("the old login was changed")
			}
			if entries, _ := filepath.Glob(filepath.Join(filepath.Dir(h.own()), "*")); len(entries) > 2 {
				t.Errorf("files left beside the store: %q", entries)
			}
		})
	}
}
