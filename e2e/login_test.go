package e2e

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"os"
	"reflect"
	"regexp"
	"strings"
	"testing"
)

// devices has codes approved at the page, and polls each second.
const devices = `{"name": "device-person", "device_interval_s": 1}`

func TestOfficialCLITakesAnExportedLogin(t *testing.T) {
	s := startEmulator(t, devices)
	o := newOfficial(t, s)

	if r := o.run(t, o.path, "login", "status"); r.code != 1 {
		t.Fatalf("codex login status without a login: exit code %d, want 1", r.code)
	}
	owner := newPerson(t, s.variables()...).with("CODEXCTL_AUTH_FILE=" + s.authFile)
	exported := owner.must(t, program, "auth", "export", "--format", "codex", "-y").out
	if err := os.WriteFile(o.authFile(), []byte(exported), 0o600); err != nil {
		t.Fatal(err)
	}
	o.signedIn(t)

	t.Run("and is let in with it", func(t *testing.T) {
		o.exec(t)
		o.wasLetIn(t, s)
	})
	t.Run("and renews it, after which codexctl reads it", func(t *testing.T) {
		o.ages(t)
		o.exec(t)
		o.hasRenewed(t, s)
		if got := owner.with("CODEXCTL_AUTH_FILE="+o.authFile()).must(t, program, "ask", "hi").out; got != "You said: hi\n" {
			t.Errorf("ask: stdout %q, want %q", got, "You said: hi\n")
		}
	})
}

func TestLoginOfTheOfficialCLI(t *testing.T) {
	s := startEmulator(t, devices)
	o := newOfficial(t, s)
	o.login(t, s)
	o.signedIn(t)
	written := o.read(t)

	t.Run("auth status reads it", func(t *testing.T) {
		status := o.status(t)
		want := loginStatus{Authenticated: true, State: "valid", Email: claim(t, o.tokens(t)["id_token"], "email")}
		want.Source.Kind, want.Source.Format, want.Source.Path = "file", "codex", o.authFile()
		if status != want {
			t.Errorf("auth status: got %+v, want %+v", status, want)
		}
		if status.Email == "" {
			t.Error("auth status: the login has no address to compare with")
		}
	})
	t.Run("ask works with it", func(t *testing.T) {
		if got := o.must(t, program, "ask", "hi").out; got != "You said: hi\n" {
			t.Errorf("ask: stdout %q, want %q", got, "You said: hi\n")
		}
	})
	t.Run("a plain auth refresh leaves it alone", func(t *testing.T) {
		if r := o.run(t, program, "auth", "refresh"); r.code != 4 || !strings.Contains(r.said, "--renew-shared") {
			t.Errorf("auth refresh: exit code %d, stderr %q; want 4 and a hint at --renew-shared", r.code, r.said)
		}
	})
	if now := o.read(t); !bytes.Equal(now, written) {
		t.Fatal("auth.json has changed, want it as the official CLI wrote it")
	}

	t.Run("auth refresh --renew-shared renews it", func(t *testing.T) {
		o.must(t, program, "auth", "refresh", "--renew-shared")
		before, after := object(t, written), object(t, o.read(t))
		for _, name := range []string{"id_token", "access_token", "refresh_token"} {
			if field(before, "tokens", name) == field(after, "tokens", name) {
				t.Errorf("tokens.%s is still the old one", name)
			}
			delete(before["tokens"].(map[string]any), name)
			delete(after["tokens"].(map[string]any), name)
		}
		if before["last_refresh"] == after["last_refresh"] {
			t.Error("last_refresh is still the old one")
		}
		delete(before, "last_refresh")
		delete(after, "last_refresh")
		if !reflect.DeepEqual(before, after) {
			t.Errorf("beside the new tokens: got %v, want %v", after, before)
		}
		if after["auth_mode"] != "chatgpt" {
			t.Errorf("auth_mode: got %v, want chatgpt", after["auth_mode"])
		}
		if info, err := os.Stat(o.authFile()); err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("auth.json: mode %v, error %v, want 0600", info.Mode(), err)
		}
		o.signedIn(t)
	})
	t.Run("and the official CLI goes on from there", func(t *testing.T) {
		o.ages(t)
		o.exec(t)
		o.hasRenewed(t, s)
		if status := o.status(t); status.State != "valid" {
			t.Errorf("auth status: state %q, want valid", status.State)
		}
	})
}

// loginStatus is what `auth status --json` says that is compared here.
type loginStatus struct {
	Authenticated bool   `json:"authenticated"`
	State         string `json:"state"`
	Email         string `json:"email"`
	Source        struct {
		Kind   string `json:"kind"`
		Format string `json:"format"`
		Path   string `json:"path"`
	} `json:"source"`
}

func (o official) status(t *testing.T) loginStatus {
	t.Helper()
	var status loginStatus
	if err := json.Unmarshal([]byte(o.must(t, program, "auth", "status", "--json").out), &status); err != nil {
		t.Fatal(err)
	}
	return status
}

func (o official) read(t *testing.T) []byte {
	t.Helper()
	data, err := os.ReadFile(o.authFile())
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// tokens is the texts of the object tokens.
func (o official) tokens(t *testing.T) map[string]string {
	t.Helper()
	tokens := map[string]string{}
	for name, value := range object(t, o.read(t))["tokens"].(map[string]any) {
		tokens[name], _ = value.(string)
	}
	return tokens
}

// ages makes the access token look as if it had run out, so that the official CLI
// renews the login. The emulator refuses it from here on.
func (o official) ages(t *testing.T) {
	t.Helper()
	token := o.tokens(t)["access_token"]
	parts := strings.Split(token, ".")
	claims := payload(t, token)
	claims["exp"] = claims["iat"].(float64) - 60
	claims["iat"] = claims["iat"].(float64) - 3600
	changed, err := json.Marshal(claims)
	if err != nil {
		t.Fatal(err)
	}
	parts[1] = base64.RawURLEncoding.EncodeToString(changed)
	data := bytes.Replace(o.read(t), []byte(token), []byte(strings.Join(parts, ".")), 1)
	if err := os.WriteFile(o.authFile(), data, 0o600); err != nil {
		t.Fatal(err)
	}
}

// wasLetIn checks that it was answered, and as the account of the login.
func (o official) wasLetIn(t *testing.T, s stand) {
	t.Helper()
	requests := s.journal(t, "/backend-api/codex/responses")
	if len(requests) == 0 {
		t.Fatal("the official CLI has asked for nothing")
	}
	last := requests[len(requests)-1]
	account := o.tokens(t)["account_id"]
	if got := last.Header.Get("ChatGPT-Account-ID"); last.Status != 200 || got != account || got == "" {
		t.Errorf("the last request: HTTP %d for account %q, want 200 for %q", last.Status, got, account)
	}
}

// hasRenewed checks that the official CLI has renewed the login as its last request
// for a token, stored it, and kept what makes the file its own.
func (o official) hasRenewed(t *testing.T, s stand) {
	t.Helper()
	requests := s.journal(t, "/oauth/token")
	if len(requests) == 0 {
		t.Fatal("nobody has asked for a token")
	}
	last := requests[len(requests)-1]
	if agent := last.Header.Get("User-Agent"); last.Status != 200 || last.Body["grant_type"] != "refresh_token" || !strings.HasPrefix(agent, "codex_exec/") {
		t.Fatalf("the last request for a token: HTTP %d, %v, by %q; want a renewal by the official CLI", last.Status, last.Body["grant_type"], agent)
	}
	if mode := object(t, o.read(t))["auth_mode"]; mode != "chatgpt" {
		t.Errorf("auth_mode: got %v, want chatgpt", mode)
	}
	o.signedIn(t)
}

// codeWatch finds the user code in what the official CLI prints.
type codeWatch struct {
	text  bytes.Buffer
	found chan string // gets one code
	done  bool
}

var (
	colour   = regexp.MustCompile("\x1b\\[[0-9;]*m")
	userCode = regexp.MustCompile(`\b[A-Z0-9]{4}-[A-Z0-9]{5}\b`)
)

func (w *codeWatch) Write(p []byte) (int, error) {
	w.text.Write(p)
	if code := userCode.Find(colour.ReplaceAll(w.text.Bytes(), nil)); code != nil && !w.done {
		w.done = true
		w.found <- string(code)
	}
	return len(p), nil
}

func object(t *testing.T, data []byte) map[string]any {
	t.Helper()
	var o map[string]any
	if err := json.Unmarshal(data, &o); err != nil {
		t.Fatal(err)
	}
	return o
}

func field(o map[string]any, name, inner string) any { return o[name].(map[string]any)[inner] }

func payload(t *testing.T, token string) map[string]any {
	t.Helper()
	parts := strings.Split(token, ".")
	if len(parts) != 3 {
		t.Fatal("the token is no JWT")
	}
	data, err := base64.RawURLEncoding.DecodeString(parts[1])
	if err != nil {
		t.Fatal(err)
	}
	return object(t, data)
}

func claim(t *testing.T, token, name string) string {
	t.Helper()
	text, _ := payload(t, token)[name].(string)
	return text
}

func lastLines(text string, n int) string {
	lines := strings.Split(strings.TrimSpace(text), "\n")
	return strings.Join(lines[max(0, len(lines)-n):], "\n")
}
