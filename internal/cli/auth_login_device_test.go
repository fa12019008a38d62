package cli

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/tidwall/gjson"

	"github.com/codexctl/codexctl/internal/emulator"
	"github.com/codexctl/codexctl/pkg/credentials"
)

const (
	devicePolls = "/api/accounts/deviceauth/token"
	deviceStart = "/api/accounts/deviceauth/usercode"
)

// pauses are the seconds between the polls, the first counted from the start.
func (p *program) pauses() string {
	var out []int
	entries := p.emulator.Journal(deviceStart, devicePolls)
	for i := 1; i < len(entries); i++ {
		out = append(out, int(entries[i].Time.Sub(entries[i-1].Time).Round(time.Second)/time.Second))
	}
	return fmt.Sprint(out)
}

// cli.md 7 `auth login-device`: "JSON bodies, string intervals, pending only for 403/404
// with the pending code or no readable body, 429/5xx transient, everything else final;
// 404 on start names the ChatGPT security setting". langchain.md 3.1 and 3.3, LangChain
// rows 37 to 40; codex-wire.md 3. The clock is the test's, so no wait takes time.
func TestDeviceLoginEnds(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name   string
		scene  string
		args   []string
		exit   int
		code   string
		line   string
		says   string
		pauses string // seconds before each poll; empty for any
	}{
		{"the interval is a string", "default", nil, 0, "", "Signed in as ", "", "[5 5]"},
		{"the interval is a number", "device-number-interval", nil, 0, "", "Signed in as ", "", "[5 5]"},
		{"no interval", "device-no-interval", nil, 0, "", "Signed in as ", "", "[5 5]"},
		{"three polls at the server's interval (row 37)", "device-three-polls", nil, 0, "", "Signed in as ", "", "[1 1 1 1]"},
		{"a long interval", "device-slow", nil, 0, "", "Signed in as ", "", "[30 30]"},
		{"usercode", "device-usercode", nil, 0, "", "Signed in as ", "", ""},
		{"the lifetime is told", "device-expires-in", nil, 0, "", "Signed in as ", "", ""},
		{"pending is 404 (row 40)", "device-pending-404", nil, 0, "", "Signed in as ", "", "[5 5]"},
		{"pending cannot be read", "device-pending-unreadable", nil, 0, "", "Signed in as ", "", "[5 5]"},
		{"429 while polling", "device-rate-limited-once", nil, 0, "", "codexctl: warning: device login goes on", "429", ""},
		{"500 while polling", "device-server-error-once", nil, 0, "", "codexctl: warning: device login goes on", "500", ""},
		{"a web page while polling", "device-unavailable-once", nil, 0, "", "codexctl: warning: device login goes on", "503", ""},
		{"pending is called unknown (docs/protocol.md, D-4)", "device-pending-unknown", nil, 0, "", "Signed in as ", "", "[5 5]"},
		{"a final 403: expired", "device-expired", nil, 7, "timeout", "codexctl: ", "expired", "[5]"},
		{"declined (row 38)", "device-declined", nil, 11, "cancelled", "codexctl: ", "declined", "[5]"},
		{"500 for ever: until the code expires", "device-server-error-always", []string{"--wait", "20m"}, 7, "timeout", "codexctl: ", "expired", ""},
		{"nobody comes (row 39)", "device-person", []string{"--wait", "20m"}, 7, "timeout", "codexctl: ", "expired", ""},
		{"--wait 1s", "device-person", []string{"--wait", "1s"}, 7, "timeout", "codexctl: ", "--wait", ""},
		{"--wait, 15 minutes by default", "device-person", nil, 7, "timeout", "codexctl: ", "", ""},
		{"--timeout bounds the whole command", "device-person", []string{"--timeout", "18s"}, 7, "timeout", "codexctl: ", "--timeout", "[5 5 5]"},
		{"a grant without a code (langchain.md 3.1, missing fields)", "device-empty-grant", nil, 1, "server_error", "codexctl: ", "authorization code", "[5]"},
		{"switched off", "device-off", nil, 4, "auth_denied", "codexctl: ", "ChatGPT security settings", "[]"},
		{"the start meets a web page", "device-start-unavailable", nil, 6, "network", "codexctl: ", "503", "[]"},
		{"the start brings no JSON", "device-start-garbage", nil, 1, "server_error", "codexctl: ", "", "[]"},
		{"the exchange is refused", "exchange-invalid-grant", nil, 4, "auth_denied", "codexctl: ", "invalid_grant", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				p, _ := newcomer(t, namedScene(t, tt.scene))
				before := p.keep(t, p.store(), credentials.LangChain, p.emulator.Login(emulator.LoginOptions{}))
				args := append([]string{"auth", "login-device", "--force"}, tt.args...)
				start := time.Now()
				p.wants(t, p.run(args...), tt.exit, tt.line)
				p.says(t, tt.says)
				if took := time.Since(start); took > 15*time.Minute+time.Second {
					t.Errorf("it took %s", took)
				}
				if p.out.Len() > 0 {
					t.Errorf("stdout has %q, want nothing", &p.out)
				}
				if got := p.pauses(); tt.pauses != "" && got != tt.pauses {
					t.Errorf("pauses %s, want %s", got, tt.pauses)
				}
				for _, entry := range p.emulator.Journal(deviceStart, devicePolls) {
					if got := entry.Header.Get("Content-Type"); got != "application/json" {
						t.Errorf("%s was sent %q, want JSON", entry.Path, got)
					}
				}
				if tt.exit == 0 {
					p.says(t, base+"/codex/device\n")
					if content(t, p.store()) == before {
						t.Error("the login was not replaced")
					}
					return
				}
				unchanged(t, p.store(), before)
				p.scene(t, namedScene(t, tt.scene))
				if code := p.run(append(args, "--json")...); code != tt.exit {
					t.Errorf("exit %d with --json, want %d", code, tt.exit)
				}
				if got := gjson.GetBytes(p.out.Bytes(), "error.code").Str; got != tt.code {
					t.Errorf("error.code %q, want %q: %s", got, tt.code, &p.out)
				}
				unchanged(t, p.store(), before)
			})
		})
	}
}

// cli.md 7, `--jsonl` events of login-device; a person who types the code after a while.
func TestDeviceLoginForPrograms(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		p, _ := newcomer(t, namedScene(t, "device-person"))
		person := time.AfterFunc(12*time.Second, func() {
			code := gjson.GetBytes(p.out.Bytes(), "user_code").Str
			if !p.emulator.Approve(strings.ToLower(code)) {
				t.Errorf("no device waits with the code %q", code)
			}
		})
		defer person.Stop()
		p.wants(t, p.run("auth", "login-device", "--jsonl"), 0, "Then enter the code: ")
		if got := p.lineTypes(t); got != "[code waiting done]" {
			t.Errorf("lines %s, want [code waiting done]", got)
		}
		lines := strings.Split(strings.TrimSpace(p.out.String()), "\n")
		if got := gjson.Get(lines[0], "@keys").Raw; got != `["type","verification_url","user_code","expires_at","interval_s"]` {
			t.Errorf("code has %s", got)
		}
		if got := gjson.Get(lines[0], "verification_url").Str; got != base+"/codex/device" {
			t.Errorf("verification_url %q", got)
		}
		if got := gjson.Get(lines[0], "interval_s").Raw; got != "5" {
			t.Errorf("interval_s %s", got)
		}
		elapsed := fmt.Sprint(gjson.Get(p.out.String(), `..#(type=="waiting")#.elapsed_s`).Array())
		if elapsed != "[5 10 15]" && elapsed != "[5 10]" {
			t.Errorf("waiting at %s", elapsed)
		}
		last := lines[len(lines)-1]
		if gjson.Get(last, "state").Str != "valid" || gjson.Get(last, "source.path").Str != p.store() {
			t.Errorf("done is %s", last)
		}

		p.scene(t, namedScene(t, "device-declined"))
		p.wants(t, p.run("auth", "login-device", "--jsonl", "--force"), 11, "codexctl: ")
		if got := p.lineTypes(t); got != "[code error]" && got != "[code waiting error]" {
			t.Errorf("lines %s, want [code error]", got)
		}
		p.scene(t, namedScene(t, "device-off"))
		p.wants(t, p.run("auth", "login-device", "--jsonl", "--force"), 4, "codexctl: ")
		if got := p.lineTypes(t); got != "[error]" {
			t.Errorf("lines %s, want [error]", got)
		}
	})
}

// cli.md 7: `--start` prints {verification_url, user_code, expires_at, interval_s, id},
// "the secret half stays in the state directory, 0600"; `--complete ID`.
func TestDeviceLoginInTwoSteps(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name  string
		scene string
		args  []string
		exit  int
		left  bool // the secret half is still there
	}{
		{"approved", "device-at-once", nil, 0, false},
		{"declined", "device-declined", nil, 11, false},
		{"expired", "device-expired", nil, 7, false},
		{"nobody came yet: it can be tried again", "device-person", []string{"--wait", "1s"}, 7, true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				p, _ := newcomer(t, namedScene(t, tt.scene))
				p.variables["XDG_STATE_HOME"] = filepath.Join(p.Home, "state")
				p.wants(t, p.run("auth", "login-device", "--start"), 0, "")
				doc := p.out.String()
				if got := gjson.Get(doc, "@keys").Raw; got != `["schema_version","type","verification_url","user_code","expires_at","interval_s","id","error"]` {
					t.Errorf("--start has %s", got)
				}
				if got := time.Until(gjson.Get(doc, "expires_at").Time()); got != 15*time.Minute {
					t.Errorf("the code lives %s", got)
				}
				files, _ := filepath.Glob(filepath.Join(p.Home, "state", "codexctl", "*"))
				if len(files) != 1 || modes(t, files[0]) != "600 in 700" {
					t.Fatalf("state files %q", files)
				}
				secret := gjson.Get(content(t, files[0]), "device_auth_id").Str
				if !strings.HasPrefix(secret, "deviceauth_") || strings.Contains(doc+p.talk.String(), secret) {
					t.Errorf("the secret half %q is not kept to itself", secret)
				}
				id := gjson.Get(doc, "id").Str
				p.wants(t, p.run(append([]string{"auth", "login-device", "--complete", id}, tt.args...)...), tt.exit, "")
				if _, err := os.Stat(files[0]); (err == nil) != tt.left {
					t.Errorf("the secret half is still there: %t, want %t", err == nil, tt.left)
				}
				if tt.left {
					p.scene(t, namedScene(t, "device-at-once"))
					p.wants(t, p.run("auth", "login-device", "--complete", id), 0, "Signed in as ")
				}
				p.wants(t, p.run("auth", "login-device", "--force", "--complete", id), 2, "codexctl: --complete")
			})
		})
	}
}

// cli.md 4, row 2: what --complete cannot be. An empty id is what a script passes whose
// --start has failed; it must not begin another sign-in.
func TestDeviceLoginCompleteWithoutAStart(t *testing.T) {
	t.Parallel()
	for _, id := range []string{"0123abcd", "unknown", "../../etc/passwd", "../device-0123abcd", ""} {
		t.Run(id, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				p, _ := newcomer(t, emulator.Scene{})
				p.wants(t, p.run("auth", "login-device", "--complete", id), 2, "codexctl: --complete")
				p.says(t, "hint: codexctl auth login-device")
				if len(p.emulator.Journal()) > 0 {
					t.Error("the issuer was asked")
				}
			})
		})
	}
	p, _ := newcomer(t, emulator.Scene{})
	p.wants(t, p.run("auth", "login-device", "--start", "--complete", "0123abcd"), 2, "codexctl: --start and --complete exclude each other")
}
