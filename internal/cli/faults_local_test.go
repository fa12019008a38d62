package cli

import (
	"context"
	"crypto/x509"
	"fmt"
	"io"
	"io/fs"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/tidwall/gjson"

	"github.com/codexctl/codexctl/internal/emulator"
	"github.com/codexctl/codexctl/pkg/credentials"
)

// trouble is a failure whose cause is on this machine or on the way to the backend, and
// so no scene.
type trouble struct {
	name     string
	line     string // ~ is the home directory
	want     string // exit code and error.code
	make     func(p *machine, t *testing.T)
	textOnly bool // nothing is on stdout with --json either
}

// machine is a program on a machine that troubles it.
type machine struct {
	*program
	port      string        // one that is taken
	interrupt time.Duration // when Ctrl-C is pressed; zero for never
}

// troubles are in the order of the table of exit codes.
func troubles() []trouble {
	return []trouble{
		{"stdout is full", "ask hi", "1 internal", func(p *machine, _ *testing.T) {
			p.Stdout = writerThatFails{&fs.PathError{Op: "write", Path: "/dev/stdout", Err: syscall.ENOSPC}}
		}, true},
		{"nothing at the path", "ask --transform nothing hi", "1 internal", nil, true},
		{"a check of doctor fails", "doctor --offline", "1 internal", (*machine).signOut, false},
		{"the output of a batch is full", "batch --lines -o ~/none/out.jsonl ~/prompts.txt", "2 usage", (*machine).putPrompts, true},

		{"no prompt", "ask", "2 usage", nil, false},
		{"no such flag", "ask --no-such-flag hi", "2 usage", nil, false},
		{"no such command", "what is this", "2 usage", nil, false},
		{"no such file", "ask -f ~/none.txt hi", "2 usage", nil, false},
		{"no such attachment", "ask -a ~/none.png hi", "2 usage", nil, false},
		{"a bad schema", "ask --schema {\"type\":7} hi", "2 usage", nil, false},
		{"instructions are empty", "ask -i= hi", "2 usage", nil, false},
		{"stdin is asked for", "ask -", "2 usage", nil, false},
		{"stdin stays silent", "ask --stdin-timeout 5s hi", "2 usage", func(p *machine, t *testing.T) {
			silence, never := io.Pipe()
			t.Cleanup(func() { never.Close() })
			p.Stdin, p.StdinKind = silence, StdinPipe
		}, false},
		{"no such conversation", "sessions show none", "2 session_not_found", nil, false},
		{"nobody to ask, signing in", "auth login", "2 usage", nil, false},
		{"nobody to ask, exporting", "auth export", "2 usage", nil, false},
		{"an output that is there", "batch --lines -o ~/prompts.txt ~/prompts.txt", "2 usage", (*machine).putPrompts, true},
		{"no output of a batch", "batch --lines --resume ~/prompts.txt ~/prompts.txt", "2 usage", (*machine).putPrompts, true},
		{"a server open to others", "serve --host 0.0.0.0", "2 usage", nil, false},

		{"a bad variable", "ask hi", "3 config", func(p *machine, _ *testing.T) { p.variables["CODEXCTL_RETRIES"] = "many" }, false},
		{"a bad configuration", "ask hi", "3 config", func(p *machine, t *testing.T) {
			p.put(t, ".config/codexctl/config.toml", "modle = \"gpt-5.5\"\n")
		}, false},
		{"no certificates in the file", "ask --ca-cert ~/none.pem hi", "2 usage", func(p *machine, _ *testing.T) { p.Transport = nil }, false},
		{"plain http", "ask --base-url http://example.com/codex hi", "2 usage", nil, false},
		{"a malformed login", "ask hi", "3 config", func(p *machine, t *testing.T) {
			p.put(t, ".langchain/chatgpt-auth.json", `{"access": `)
		}, false},
		{"a login that is a folder", "ask hi", "3 config", func(p *machine, t *testing.T) {
			p.signOut(t)
			if err := os.MkdirAll(p.store(), 0o700); err != nil {
				t.Fatal(err)
			}
		}, false},
		{"a login for other hosts", "ask hi", "3 config", func(p *machine, t *testing.T) {
			elsewhere := emulator.New(emulator.Config{BaseURL: "https://auth.openai.com"})
			p.keep(t, p.store(), credentials.LangChain, elsewhere.Login(emulator.LoginOptions{}))
		}, false},
		{"a port that is taken", "serve --port PORT", "3 port_in_use", (*machine).takePort, false},
		{"a port that is taken, signing in", "auth login --force --port PORT", "3 port_in_use", (*machine).takePort, false},

		{"nobody is signed in", "ask hi", "4 auth_required", (*machine).signOut, false},
		{"no home directory", "ask hi", "4 auth_required", func(p *machine, _ *testing.T) { p.Home = "" }, false},
		{"a login of another kind", "ask hi", "4 auth_required", func(p *machine, t *testing.T) {
			p.put(t, "apikey.json", `{"auth_mode": "apikey", "OPENAI_API_KEY": "sk-none"}`)
			p.variables["CODEXCTL_AUTH_FILE"] = filepath.Join(p.Home, "apikey.json")
		}, false},
		{"the official client's login has run out", "ask hi", "4 auth_expired", func(p *machine, t *testing.T) {
			p.signOut(t)
			p.keep(t, p.officialStore(), credentials.Codex, p.emulator.Login(emulator.LoginOptions{Expired: true}))
		}, false},
		{"a login that cannot be renewed", "ask hi", "4 auth_expired", func(p *machine, t *testing.T) {
			login := p.emulator.Login(emulator.LoginOptions{Expired: true})
			login.RefreshToken = ""
			p.keep(t, p.store(), credentials.LangChain, login)
		}, false},
		{"renewal is switched off", "ask --no-refresh hi", "4 auth_expired", func(p *machine, t *testing.T) {
			p.keep(t, p.store(), credentials.LangChain, p.emulator.Login(emulator.LoginOptions{Expired: true}))
		}, false},
		{"a token of the environment has run out", "ask hi", "4 auth_expired", func(p *machine, t *testing.T) {
			p.signOut(t)
			p.variables["CODEXCTL_ACCESS_TOKEN"] = p.emulator.Login(emulator.LoginOptions{Expired: true}).AccessToken
		}, false},
		{"a token of the environment is not taken", "ask hi", "4 auth_denied", func(p *machine, t *testing.T) {
			p.variables["CODEXCTL_ACCESS_TOKEN"] = emulator.New(emulator.Config{Seed: 9, BaseURL: base}).Login(emulator.LoginOptions{}).AccessToken
		}, false},

		{"more is used than allowed", "ask --max-used 50 hi", "5 quota_exhausted", func(p *machine, t *testing.T) {
			p.scene(t, emulator.Scene{UsedPercent: 90})
		}, false},
		{"usage says that more is used", "usage --fail-over 50", "5 quota_exhausted", func(p *machine, t *testing.T) {
			p.scene(t, emulator.Scene{UsedPercent: 90})
		}, false},

		{"the name is not found", "ask hi", "6 network", unreachable(&net.DNSError{Err: "no such host", Name: "chatgpt.com", IsNotFound: true}), false},
		{"the connection is refused", "ask hi", "6 network", unreachable(syscall.ECONNREFUSED), false},
		{"a certificate of somebody else", "ask hi", "6 network", unreachable(x509.UnknownAuthorityError{}), false},

		{"the answer takes too long", "ask --timeout 30s hi", "7 timeout", func(p *machine, t *testing.T) {
			p.scene(t, namedScene(t, "stall-before-headers"))
		}, false},
		{"another process keeps the lock", "auth refresh", "7 timeout", keepLock, false},
		{"another process keeps the lock, signing out", "auth logout -y", "7 timeout", keepLock, false},

		{"an answer of another shape", "ask --schema name hi", "9 schema_mismatch", func(p *machine, t *testing.T) {
			p.scene(t, emulator.Scene{Text: `{"name": 5}`})
		}, false},
		{"a batch with failures", "batch --lines ~/prompts.txt", "10 partial", func(p *machine, t *testing.T) {
			p.putPrompts(t)
			p.scene(t, namedScene(t, "failed"))
		}, true},
		{"no at a prompt", "auth login", "11 cancelled", func(p *machine, _ *testing.T) { p.Confirm = (&answers{}).confirm }, false},
		{"Ctrl-C", "ask hi", "130 interrupted", func(p *machine, t *testing.T) {
			p.scene(t, namedScene(t, "stall-before-headers"))
			p.interrupt = 30 * time.Second
		}, false},
	}
}

// keepLock is a process that renews the login and does not come to an end.
func keepLock(p *machine, t *testing.T) {
	lock, err := credentials.File{Path: p.store()}.Lock(t.Context(), time.Second)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(lock.Unlock)
}

// writerThatFails has one error for all.
type writerThatFails struct{ err error }

func (w writerThatFails) Write([]byte) (int, error) { return 0, w.err }

// unreachable is a network on which no connection comes about.
func unreachable(err error) func(*machine, *testing.T) {
	return func(p *machine, _ *testing.T) {
		p.Transport = brokenNetwork{&net.OpError{Op: "dial", Net: "tcp", Err: err}}
	}
}

type brokenNetwork struct{ err error }

func (n brokenNetwork) RoundTrip(*http.Request) (*http.Response, error) { return nil, n.err }

// put writes a file in the home directory.
func (p *machine) put(t *testing.T, name, text string) {
	t.Helper()
	path := filepath.Join(p.Home, name)
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

func (p *machine) putPrompts(t *testing.T) { p.put(t, "prompts.txt", "hi\n") }

func (p *machine) signOut(t *testing.T) {
	if err := os.Remove(p.store()); err != nil {
		t.Fatal(err)
	}
}

// takePort listens where the command is going to.
func (p *machine) takePort(t *testing.T) {
	taken, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { taken.Close() })
	_, p.port, _ = net.SplitHostPort(taken.Addr().String())
}

// met is what a trouble looks like.
type met struct {
	exit          int
	message, hint string
	document      gjson.Result
	again         bool   // as often as --retries says
	server        string // what a server under the same trouble answers; empty if it was not asked
}

// served says whether a server that runs would come upon the trouble as well.
func (x trouble) served() bool {
	_, code, _ := strings.Cut(x.want, " ")
	return x.line == "ask hi" && slices.Contains([]string{"network", "auth_expired", "auth_denied"}, code)
}

// meet runs the command into its trouble; form is another flag, such as --json.
func (x trouble) meet(t *testing.T, form string) (got met) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		p, _ := newcomer(t, emulator.Scene{})
		p.keep(t, p.store(), credentials.LangChain, p.emulator.Login(emulator.LoginOptions{}))
		home := p.Home
		r := &machine{program: p}
		if x.make != nil {
			x.make(r, t)
		}
		ctx, cancel := context.WithCancelCause(t.Context())
		defer cancel(nil)
		if r.interrupt > 0 {
			time.AfterFunc(r.interrupt, func() { cancel(Interrupted(os.Interrupt)) })
		}
		line := strings.NewReplacer("~", home, "PORT", r.port).Replace(x.line + " " + form)
		got.exit = p.runContext(ctx, strings.Fields(line)...)
		lines, hints := p.errorLines()
		if len(lines) != 1 || hints > 1 {
			t.Fatalf("exit %d with %d errors and %d hints, want one error: %s", got.exit, len(lines), hints, &p.talk)
		}
		plain := strings.NewReplacer(home, "~", r.port, "PORT")
		if r.port == "" {
			plain = strings.NewReplacer(home, "~")
		}
		got.message, got.document = plain.Replace(lines[0]), gjson.ParseBytes(p.out.Bytes())
		for text := range strings.Lines(p.talk.String()) {
			if hint, ok := strings.CutPrefix(strings.TrimSpace(text), "hint: "); ok {
				got.hint = plain.Replace(hint)
			}
		}
		got.again = strings.Count(p.talk.String(), "; trying again in ") == defaultGlobals().retries
		if x.served() {
			got.server = refusal(t, p.visit(t, "native"))
		}
	})
	return got
}

// quality.md, Reliability: a clear error and the right code for what is wrong on this
// machine, in text and in the document.
func TestFaultsOfThisMachine(t *testing.T) {
	t.Parallel()
	startMetrics(t)
	for _, x := range troubles() {
		t.Run(x.name, func(t *testing.T) {
			t.Parallel()
			text := x.meet(t, "")
			if number, _, _ := strings.Cut(x.want, " "); strconv.Itoa(text.exit) != number {
				t.Errorf("exit %d, want %s: %s", text.exit, x.want, text.message)
			}
			if x.textOnly {
				return
			}
			document := x.meet(t, "--json")
			got := fmt.Sprintf("%d %s", document.exit, document.document.Get("error.code").Str)
			if got != x.want || document.message != text.message || document.document.Get("error.exit_code").Int() != int64(text.exit) {
				t.Errorf("with --json: got %s, want %s: %q and %q: %s", got, x.want, document.message, text.message, document.document)
			}
		})
	}
}
