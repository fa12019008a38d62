package cli

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode"

	"github.com/codexctl/codexctl/internal/emulator"
	"github.com/codexctl/codexctl/pkg/credentials"
)

// steer tries what steers a terminal: colours, the title, the screen, the cursor, 8-bit
// controls, and the direction of writing.
const steer = "x\x1b[31mred\x1b]0;title\x07\u009b2J\u202ecod\u2066e\b\x7f\x00z"

// steers finds a character that steers in what a terminal was sent.
func steers(text string) (rune, bool) {
	for _, r := range text {
		if unicode.IsControl(r) && r != '\n' && r != '\t' || r >= 0x202A && r <= 0x202E || r >= 0x2066 && r <= 0x2069 || r == unicode.ReplacementChar {
			return r, true
		}
	}
	return 0, false
}

// atTerminal is a program at a terminal that takes no escapes, so that whatever escape
// comes is somebody else's.
func atTerminal(t *testing.T, scene emulator.Scene) *program {
	t.Helper()
	p, _ := newcomer(t, scene)
	p.StdoutTerminal, p.StderrTerminal = true, true
	p.Size = func() (columns, lines int) { return 100, 40 }
	p.StderrWidth = func() int { return 100 }
	p.variables["NO_COLOR"], p.variables["TERM"], p.variables["CODEXCTL_LOG"] = "1", "dumb", "0"
	return p
}

// mute fails if a command sends the terminal something that steers, or does not show
// what it is about.
func (p *program) mute(t *testing.T, about string, args ...string) {
	t.Helper()
	code := p.run(args...)
	text := p.out.String() + p.talk.String()
	if r, found := steers(text); found {
		t.Errorf("%q (exit %d) lets %U through: %q", args, code, r, text)
	}
	if !strings.Contains(text, about) {
		t.Errorf("%q (exit %d) does not show %q: %q", args, code, about, text)
	}
}

// foreign answers one path with what the test says, and leaves the rest to the emulator.
type foreign struct {
	next   http.RoundTripper
	path   string
	status int
	kind   string
	body   string
}

func (f foreign) RoundTrip(r *http.Request) (*http.Response, error) {
	if !strings.HasSuffix(r.URL.Path, f.path) {
		return f.next.RoundTrip(r)
	}
	if r.Body != nil {
		_, _ = io.Copy(io.Discard, r.Body)
		_ = r.Body.Close()
	}
	return &http.Response{
		StatusCode: f.status, Header: http.Header{"Content-Type": {f.kind}}, Body: io.NopCloser(strings.NewReader(f.body)),
		Request: r, ContentLength: -1,
	}, nil
}

func asJSON(t *testing.T, text string) string {
	t.Helper()
	data, err := json.Marshal(text)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

// quality.md, Security: control sequences in model text, error text and claims never reach
// a terminal; nor do those in tool names, titles, names of files and what a server logs.
func TestNothingSteersATerminal(t *testing.T) {
	t.Parallel()
	evil := asJSON(t, steer)
	t.Run("model text", func(t *testing.T) {
		t.Parallel()
		p := atTerminal(t, emulator.Scene{Text: steer, Reasoning: "R " + steer})
		p.keep(t, p.store(), credentials.LangChain, p.emulator.Login(emulator.LoginOptions{}))
		for _, line := range []string{
			"ask hi", "ask --no-stream hi", "ask --json hi", "ask --jsonl hi", "ask --render hi", "ask -u hi", "ask --exact hi", "respond hi", "respond --stream hi",
			"respond --json hi", "respond --jsonl hi", "respond --sse hi", "ask --transform text -r hi", "ask --transform text hi", "ask -v --debug hi",
		} {
			p.mute(t, "red", strings.Fields(line)...)
		}
		in := filepath.Join(t.TempDir(), "in.jsonl")
		if err := os.WriteFile(in, []byte(`{"id":`+evil+`,"prompt":"hi"}`), 0o600); err != nil {
			t.Fatal(err)
		}
		p.mute(t, "red", "batch", in)
		p.mute(t, "", "batch", in, "-v", "--debug", "-o", filepath.Join(t.TempDir(), "out"))
	})
	t.Run("refusals and failures", func(t *testing.T) {
		t.Parallel()
		for _, scene := range []emulator.Scene{
			{Refusal: steer}, {Failed: "server_error", FailedMessage: steer}, {Failed: "cyber_policy", FailedMessage: steer}, {Failed: "invalid_prompt", FailedMessage: steer},
			{Deltas: []string{"red ", steer, "x"}, Cut: emulator.CutEnd, CutAt: emulator.CutAtDeltas, CutDeltas: 2},
		} {
			p := atTerminal(t, scene)
			p.keep(t, p.store(), credentials.LangChain, p.emulator.Login(emulator.LoginOptions{}))
			for _, line := range []string{"ask hi", "ask --json hi", "respond --stream hi", "respond --jsonl hi"} {
				p.mute(t, "red", append(strings.Fields(line), "--retries", "0")...)
			}
		}
	})
	t.Run("answers that are no success", func(t *testing.T) {
		t.Parallel()
		for _, status := range []int{400, 401, 402, 403, 404, 429, 500, 503} {
			for _, f := range []foreign{
				{kind: "application/json", body: `{"error":{"message":` + evil + `,"code":` + evil + `,"type":` + evil + `,"param":` + evil + `}}`},
				{kind: "application/json", body: `{"detail":` + evil + `}`},
				{kind: "text/plain", body: steer},
				{kind: "text/html", body: "<title>" + steer + "</title>"},
			} {
				p := atTerminal(t, emulator.Scene{})
				p.keep(t, p.store(), credentials.LangChain, p.emulator.Login(emulator.LoginOptions{}))
				f.next, f.status, f.path = p.Transport, status, "/responses"
				p.Transport = f
				p.mute(t, "codexctl: ", "ask", "--retries", "0", "hi")
				p.mute(t, "codexctl: ", "ask", "--retries", "0", "--json", "--debug", "-v", "hi")
			}
		}
	})
	t.Run("the issuer's words", func(t *testing.T) {
		t.Parallel()
		for _, body := range []string{
			`{"error":` + evil + `,"error_description":` + evil + `}`, `{"error":{"code":` + evil + `,"message":` + evil + `}}`, steer,
			`{"user_code":` + evil + `,"device_auth_id":"d","interval":"1"}`,
		} {
			p := atTerminal(t, emulator.Scene{})
			p.keep(t, p.store(), credentials.LangChain, p.emulator.Login(emulator.LoginOptions{Expired: true}))
			p.Transport = foreign{next: p.emulator.Transport(), path: "/oauth/token", status: 400, kind: "application/json", body: body}
			p.mute(t, "codexctl: ", "ask", "hi")
			p.mute(t, "codexctl: ", "auth", "refresh", "-v", "--debug")
			p.Transport = foreign{next: p.emulator.Transport(), path: "/usercode", status: 200, kind: "application/json", body: body}
			p.mute(t, "codexctl: ", "auth", "login-device", "--force", "--wait", "1s")
			p.mute(t, "codexctl: ", "auth", "login-device", "--force", "--start")
		}
	})
	t.Run("claims", func(t *testing.T) {
		t.Parallel()
		p := atTerminal(t, emulator.Scene{Plan: steer})
		login := p.emulator.Login(emulator.LoginOptions{Plan: steer, Email: steer + "@example.com"})
		login.AccountID = steer
		p.keep(t, p.store(), credentials.LangChain, login)
		for _, line := range []string{
			"auth status", "auth status --json", "auth info", "auth info --claims all", "auth info --json --claims all", "doctor --offline", "auth status -v --debug",
		} {
			p.mute(t, "", strings.Fields(line)...)
		}
		p.mute(t, "", "ask", "--debug", "-v", "hi")
		claims := base64.RawURLEncoding.EncodeToString([]byte(`{"email":` + evil + `,"iss":` + evil + `,"aud":[` + evil + `],` + evil + `:` + evil + `,"exp":1}`))
		for _, flags := range []string{"", "--claims all", "--json"} {
			p.Stdin, p.StdinKind = strings.NewReader("eyJhbGciOiJub25lIn0."+claims+".x"), StdinPipe
			p.mute(t, "red", append([]string{"auth", "info", "--token", "-"}, strings.Fields(flags)...)...)
		}
		p.StdinKind = StdinNone
		p.scene(t, emulator.Scene{Plan: steer, DeviceApproval: emulator.DeviceApprovalAtOnce, DeviceIntervalS: 1})
		p.mute(t, "", "auth", "login-device", "--force")
	})
	t.Run("lists of the backend", func(t *testing.T) {
		t.Parallel()
		p := atTerminal(t, emulator.Scene{})
		p.keep(t, p.store(), credentials.LangChain, p.emulator.Login(emulator.LoginOptions{}))
		p.Transport = foreign{next: p.emulator.Transport(), path: "/models", status: 200, kind: "application/json", body: `{"models":[{"slug":` + evil + `,"display_name":` + evil +
			`,"description":` + evil + `,"visibility":"list","default_reasoning_level":` + evil + `,"supported_reasoning_levels":[{"effort":` + evil + `}]}]}`}
		p.mute(t, "red", "models", "--refresh")
		p.mute(t, "red", "models", "--json")
		p.mute(t, "", "ask", "--model", "other", "hi")
		p.Transport = foreign{next: p.emulator.Transport(), path: "/usage", status: 200, kind: "application/json", body: `{"plan_type":` + evil + `,"rate_limit":{"limit_reached":true,"primary_window":{"used_percent":7}},"rate_limit_reached_type":{"type":` + evil + `},"credits":{"has_credits":true,"balance":` + evil + `},"additional_rate_limits":[{"limit_name":` + evil + `,"rate_limit":{"primary_window":{"used_percent":1}}}]}`}
		for _, line := range []string{"usage", "usage --short", "usage --json"} {
			p.mute(t, "", strings.Fields(line)...)
		}
		if p.run("usage"); strings.Count(strings.ToLower(p.out.String()), "cod") < 4 {
			t.Errorf("usage does not show the plan, the limit reached, its name and the credits: %s", &p.out)
		}
	})
	t.Run("tools", func(t *testing.T) {
		t.Parallel()
		p := atTerminal(t, emulator.Scene{})
		p.keep(t, p.store(), credentials.LangChain, p.emulator.Login(emulator.LoginOptions{}))
		event := func(text string) string { return "data: " + text + "\n\n" }
		item := `{"id":"fc_1","type":"function_call","status":"completed","call_id":` + evil + `,"name":` + evil + `,"arguments":` + evil + `}`
		p.Transport = foreign{next: p.Transport, path: "/responses", status: 200, kind: "text/event-stream", body: event(`{"type":"response.created","response":{"id":"resp_1"}}`) +
			event(`{"type":"response.output_item.added","output_index":0,"item":`+item+`}`) + event(`{"type":"response.output_item.done","output_index":0,"item":`+item+`}`) +
			event(`{"type":"response.completed","response":{"id":"resp_1","status":"completed","model":`+evil+`,"output":[],"usage":{"input_tokens":1,"output_tokens":1,"total_tokens":2}}}`)}
		for _, line := range []string{"respond", "respond --stream", "respond --json", "respond --jsonl", "respond --sse", "ask", "ask --json", "ask --jsonl", "ask -u -v"} {
			p.mute(t, "red", append(strings.Fields(line), "hi")...)
		}
	})
	t.Run("conversations", func(t *testing.T) {
		t.Parallel()
		p := atTerminal(t, emulator.Scene{Text: steer, Reasoning: steer, ServedModel: "m"})
		p.keep(t, p.store(), credentials.LangChain, p.emulator.Login(emulator.LoginOptions{}))
		p.mute(t, "red", "ask", "--session", "s", "-i", steer, "--summary", "auto", steer)
		for _, line := range []string{"sessions list", "sessions show s", "sessions show s --text", "sessions show s --json", "sessions list --json", "sessions rm -y s"} {
			p.mute(t, "s", strings.Fields(line)...)
		}
	})
	t.Run("in colour", func(t *testing.T) {
		t.Parallel()
		evil := strings.ReplaceAll(steer, "[31m", "[95m") // no colour of ours
		own := regexp.MustCompile(`\x1b\[[0-9;]*[mKG]|\r`)
		p := atTerminal(t, emulator.Scene{Text: "# T " + evil + "\n\n**b** `c`", Reasoning: evil, ServedModel: "m", Plan: evil})
		p.variables["NO_COLOR"], p.variables["TERM"] = "", "xterm-256color"
		p.keep(t, p.store(), credentials.LangChain, p.emulator.Login(emulator.LoginOptions{Plan: evil, Email: evil + "@example.com"}))
		for _, args := range [][]string{
			{"ask", "--session", "s", "-i", evil, "--summary", "auto", "--render", evil}, {"sessions", "show", "s"}, {"sessions", "list"},
			{"usage"}, {"models"}, {"auth", "status"}, {"auth", "info"}, {"doctor"}, {"doctor", "--offline"}, {"ask", "--effort", evil, "hi"}, {"help", evil},
		} {
			p.run(args...)
			text := p.out.String() + p.talk.String()
			if plain := slices.Contains([]string{"models", "auth", "list"}, args[len(args)-1]) || args[0] == "auth"; !plain && !strings.Contains(text, "\x1b[") {
				t.Errorf("%q has no colour: %q", args, text)
			}
			if r, found := steers(own.ReplaceAllString(text, "")); found || strings.Contains(text, "\x1b[95m") {
				t.Errorf("%q lets %U through: %q", args, r, text)
			}
		}
	})
	t.Run("names on the line, of files and in settings", func(t *testing.T) {
		t.Parallel()
		p := atTerminal(t, emulator.Scene{})
		p.keep(t, p.store(), credentials.LangChain, p.emulator.Login(emulator.LoginOptions{}))
		name := strings.ReplaceAll(steer, "\x00", "")
		dir := t.TempDir()
		there := filepath.Join(dir, name+".txt")
		if err := os.WriteFile(there, []byte("some text"), 0o600); err != nil {
			t.Fatal(err)
		}
		torn := filepath.Join(dir, name+".json")
		if err := os.WriteFile(torn, []byte(`{"access_token":`+evil), 0o600); err != nil {
			t.Fatal(err)
		}
		for _, args := range [][]string{
			{"ask", "-f", there, "hi"}, {"ask", "-f", filepath.Join(dir, name), "hi"}, {"ask", "-a", there, "hi"}, {"ask", "-a", filepath.Join(dir, name), "hi"},
			{"ask", "-o", filepath.Join(dir, "no"+name, "x"), "hi"}, {"ask", "--auth-file", filepath.Join(dir, name), "hi"}, {"ask", "--auth-file", torn, "hi"},
			{"ask", "--config", filepath.Join(dir, name), "hi"}, {"ask", "--schema", "@" + filepath.Join(dir, name), "hi"}, {"ask", "--schema", steer, "hi"},
			{"ask", "--instructions-file", filepath.Join(dir, name), "hi"}, {"ask", "--set", steer, "hi"}, {"ask", "--set", steer + "=" + steer, "hi"},
			{"ask", "--model", steer, "hi"}, {"ask", "--effort", steer, "hi"}, {"ask", "--" + name, "hi"}, {"ask", "--timeout", steer, "hi"}, {"ask", "-H", steer, "hi"},
			{"ask", "-H", "X-A: " + steer, "hi"}, {"ask", "--base-url", "http://127.0.0.1/" + name, "hi"}, {"ask", "--base-url", steer, "hi"}, {"ask", "--originator", steer, "hi"},
			{"respond", "--payload", filepath.Join(dir, name)}, {"respond", "--payload", torn}, {"respond", "--tool", steer, "hi"}, {"respond", "--event", steer, "hi"},
			{"batch", filepath.Join(dir, name)}, {"batch", torn}, {"batch", torn, "-o", filepath.Join(dir, "no"+name, "x")}, {name}, {"auth", name}, {"help", name}, {"completion", name},
			{"sessions", "show", name}, {"sessions", "rm", "-y", name}, {"ask", "--session", name, "hi"}, {"auth", "import", filepath.Join(dir, name)}, {"auth", "import", torn},
			{"auth", "info", "--token", steer}, {"auth", "login-device", "--complete", name}, {"models", "--transform", steer}, {"serve", "--unix", filepath.Join(dir, "no"+name, "s")},
			{"serve", "--host", name}, {"serve", "--session-store", "redis://" + name}, {"serve", "--instructions-file", filepath.Join(dir, name)}, {"config", "show", "--config", filepath.Join(dir, name)},
		} {
			p.mute(t, "", args...)
		}
		for _, variable := range []string{"CODEXCTL_MODEL", "CODEXCTL_TIMEOUT", "CODEXCTL_BASE_URL", "CODEXCTL_RETRIES", "CODEXCTL_ORIGINATOR", "HTTPS_PROXY", "CODEXCTL_AUTH_FILE", "CODEXCTL_RENDER"} {
			p.variables[variable] = steer
			p.mute(t, "", "ask", "--debug", "-v", "hi")
			p.mute(t, "", "config", "show")
			p.mute(t, "", "doctor", "--offline")
			delete(p.variables, variable)
		}
		for _, text := range []string{"model = " + evil, "no_such = " + evil, evil + " = 1", "timeout = " + evil, steer} {
			p.withFile(t, text)
			p.mute(t, "", "ask", "-v", "hi")
			p.mute(t, "", "config", "show")
		}
	})
	t.Run("what a server logs", func(t *testing.T) {
		t.Parallel()
		p := atTerminal(t, emulator.Scene{Text: steer})
		p.keep(t, p.store(), credentials.LangChain, p.emulator.Login(emulator.LoginOptions{}))
		address := p.serving(t, "-v", "--debug")
		for _, path := range []string{"/v1/responses", "/no%1b%5b31mwhere", "/codex/a%1bb/responses"} {
			posted(t, address+path, `{"model":`+evil+`,"input":`+evil+`}`)
			posted(t, address+path, `{"model":"gpt-5.5","messages":[{"role":`+evil+`,"content":"hi"}],`+evil+`:1}`)
		}
		if text := p.talk.String(); strings.Count(text, "\n") < 6 {
			t.Errorf("the log is deaf: %q", text)
		} else if r, found := steers(text); found {
			t.Errorf("the log lets %U through: %q", r, text)
		}
	})
	if _, found := steers(fmt.Sprint(steer)); !found {
		t.Error("the test is deaf")
	}
}
