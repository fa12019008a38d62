package cli

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// withFile is a program whose configuration file holds a text.
func (p *program) withFile(t *testing.T, text string) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "config.toml")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	p.variables["CODEXCTL_CONFIG"] = path
}

// cli.md 4: a value that a command cannot use is exit 2 from the line, and exit 3, named
// by its place, from the file or a variable. `config show` and `doctor` find it as well.
func TestSettingsAreVerifiedWhereverTheyComeFrom(t *testing.T) {
	for _, tt := range []struct {
		command, flag, variable, file, value string
	}{
		{"batch -", "jobs", "CODEXCTL_BATCH_JOBS", "[batch]\njobs = 0", "0"},
		{"batch -", "rpm", "CODEXCTL_BATCH_RPM", "[batch]\nrpm = -1", "-1"},
		{"auth login", "wait", "CODEXCTL_AUTH_LOGIN_WAIT", "[auth.login]\nwait = \"-1s\"", "-1s"},
		{"auth login", "port", "CODEXCTL_AUTH_LOGIN_PORT", "[auth.login]\nport = 99999", "99999"},
		{"auth login-device", "wait", "CODEXCTL_AUTH_LOGIN_DEVICE_WAIT", "[auth.login-device]\nwait = \"-1s\"", "-1s"},
		{"serve", "port", "CODEXCTL_SERVE_PORT", "[serve]\nport = 99999", "99999"},
		{"serve", "drain", "CODEXCTL_SERVE_DRAIN", "[serve]\ndrain = \"-1s\"", "-1s"},
		{"serve", "instructions-mode", "CODEXCTL_SERVE_INSTRUCTIONS_MODE", "[serve]\ninstructions_mode = \"append\"", "append"},
		{"serve", "reasoning", "CODEXCTL_SERVE_REASONING", "[serve]\nreasoning = \"xml\"", "xml"},
		{"ask hi", "client-version", "CODEXCTL_CLIENT_VERSION", "\nclient_version = \"abc\"", "abc"},
		{"ask hi", "client-version", "CODEXCTL_CLIENT_VERSION", "\nclient_version = \"0.169\"", "0.169"},
		{"ask hi", "model", "", "\nmodel = \"\"", ""},
		{"respond hi", "model", "", "\nmodel = \"\"", ""},
		{"batch -", "model", "", "\nmodel = \"\"", ""},
		{"ask hi", "header", "", "\nheader = [\"nocolon\"]", "nocolon"},
	} {
		p := newProgram(t)
		line := strings.Fields(tt.command)
		want := func(code int, named string, args ...string) {
			t.Helper()
			if got, said := p.run(args...), p.talk.String(); got != code || !strings.Contains(said, named) {
				t.Errorf("%v: exit %d, want %d naming %q:\n%s", args, got, code, named, said)
			} else if tt.flag == "header" && strings.Contains(said, tt.value) || strings.Contains(said, "want ,") {
				t.Errorf("%v: %s", args, said)
			}
		}
		want(exitUsage, "--"+tt.flag, append(line, "--"+tt.flag+"="+tt.value)...)
		inquire := func(named string) {
			t.Helper()
			if tt.flag != "header" { // `config show` masks it
				want(exitConfig, named, "config", "show")
			}
			p.run("doctor", "--offline")
			if out := p.out.String(); !strings.Contains(out, named) || strings.Contains(out, "doctor --help") {
				t.Errorf("doctor does not name %q:\n%s", named, out)
			}
		}
		if tt.variable != "" {
			p.variables[tt.variable] = tt.value
			want(exitConfig, tt.variable, line...)
			inquire(tt.variable)
			delete(p.variables, tt.variable)
		}
		p.withFile(t, tt.file)
		want(exitConfig, "config.toml:2", line...)
		want(exitConfig, underscoredKey(tt.flag), line...)
		inquire("config.toml:2")
		if n := len(p.emulator.Journal("/backend-api/codex/responses")); n > 0 {
			t.Errorf("%s --%s: %d requests were sent", tt.command, tt.flag, n)
		}
	}
}

func underscoredKey(flag string) string { return underscored(flag) + ": " }

// cli.md 2, `--client-version`: a number as the Codex CLI has them.
func TestClientVersion(t *testing.T) {
	for text, want := range map[string]bool{
		"0.169.0": true, "0.169.0-alpha.1": true, "10.0.1-rc-2": true,
		"": false, "abc": false, "0.169": false, "0.169.0.1": false, "v0.169.0": false, "0.169.0-": false,
		"0..1": false, "0.1.0-ä": false, "0.1.0 ": false, "0.1.0-a b": false,
	} {
		if isClientVersion(text) != want {
			t.Errorf("%q: got %v", text, !want)
		}
	}
}

// cli.md 4: what only shows when a command uses its setting is blamed on the setting too.
func TestSettingsInUseAreBlamed(t *testing.T) {
	p := newProgram(t)
	empty := filepath.Join(t.TempDir(), "empty.txt")
	if err := os.WriteFile(empty, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct{ command, variable, value string }{
		{"ask hi", "CODEXCTL_INSTRUCTIONS_FILE", empty},
		{"serve", "CODEXCTL_SERVE_HOST", "0.0.0.0"},
		{"serve", "CODEXCTL_SERVE_UNIX", empty},
	} {
		p.variables[tt.variable] = tt.value
		if code := p.run(strings.Fields(tt.command)...); code != exitConfig || !strings.HasPrefix(p.talk.String(), "codexctl: "+tt.variable+": ") {
			t.Errorf("%s with %s: exit %d, %s", tt.command, tt.variable, code, &p.talk)
		}
		delete(p.variables, tt.variable)
	}
	// A flag silences what contradicts it.
	p.variables["CODEXCTL_STRICT"] = "1"
	if code := p.run("respond", "--as-is", "--dry-run", "--payload", writeText(t, `{"model":"m","input":[]}`)); code != exitOK {
		t.Errorf("--as-is with CODEXCTL_STRICT: exit %d, %s", code, &p.talk)
	}
}

func writeText(t *testing.T, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "text")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// cli.md 7: a record whose model has no name is no record.
func TestRecordWithEmptyModel(t *testing.T) {
	p := newProgram(t)
	code := p.run("batch", writeText(t, `{"prompt":"hi","model":" "}`+"\n"))
	if sent := len(p.emulator.Journal("/backend-api/codex/responses")); code == exitOK || sent > 0 || !strings.Contains(p.out.String()+p.talk.String(), "model") {
		t.Errorf("exit %d, %d requests, %s %s", code, sent, &p.out, &p.talk)
	}
}
