package cli

import (
	"strings"
	"testing"
)

// rulings.md: "URL userinfo, header values and secret variables are masked", also in a
// value that nothing can be made of.
func TestMaskedSetting(t *testing.T) {
	for _, tt := range []struct{ flag, text, want string }{
		{"base-url", "https://user:pa/sEcReT@host/x", "https://***@host/x"},
		{"base-url", "user:sEcReT@host", "***@host"},
		{"base-url", "https://user:p@ss@host/x", "https://***@host/x"},
		{"base-url", "https://host/x", "https://host/x"},
		{"session-store", "redis://user:pa/sEcReT@host/0", "redis://***@host/0"},
		{"session-store", "redis://host:6379/0", "redis://host:6379/0"},
		{"header", "X-Foo hunter2secret", "***"},
		{"header", "X-Foo: hunter2secret", "X-Foo: ***"},
		{"header", "X-Foo:", "X-Foo:"},
		{"render", `curl -H "X-Api-Key: hunter2"`, "curl …"},
		{"render", `curl "hunter2`, "***"},
		{"render", "glow", "glow"},
		{"instructions", "Write to ann@example.org: be terse", "Write to ann@example.org: be terse"},
	} {
		if got := maskedSetting(tt.flag, tt.text); got != tt.want {
			t.Errorf("%s %q: got %q, want %q", tt.flag, tt.text, got, tt.want)
		}
	}
}

// cli.md 11: `doctor` is "safe to paste in public", and `config show` shows no secret.
func TestBadValuesAreNotShown(t *testing.T) {
	for variable, value := range map[string]string{
		"CODEXCTL_TIMEOUT": "hunter2", "CODEXCTL_COLOR": "hunter2", "CODEXCTL_CLIENT_VERSION": "hunter2",
		"CODEXCTL_SERVE_PORT": "hunter2", "CODEXCTL_SERVE_REASONING": "hunter2",
		"CODEXCTL_BASE_URL": "https://user:pa/hunter2@host/x", "CODEXCTL_ISSUER": "user:hunter2@host",
		"CODEXCTL_SESSION_STORE": "redis://user:pa/hunter2@host/0", "CODEXCTL_RENDER": "curl -H 'X-Api-Key: hunter2'",
	} {
		p := newProgram(t)
		p.variables[variable] = value
		p.run("doctor", "--offline")
		if out := p.out.String() + p.talk.String(); strings.Contains(out, "hunter2") {
			t.Errorf("doctor shows %s:\n%s", variable, out)
		}
		if code := p.run("config", "show"); code == exitOK && strings.Contains(p.out.String(), "hunter2") {
			t.Errorf("config show shows %s:\n%s", variable, &p.out)
		}
	}
	for _, text := range []string{"timeout = \"hunter2\"", "header = [\"X-Foo hunter2\"]", "[serve]\nport = \"hunter2\"", "hunter2 = ["} {
		p := newProgram(t)
		p.withFile(t, text)
		p.run("doctor", "--offline")
		if out := p.out.String() + p.talk.String(); strings.Contains(out, "hunter2") || !strings.Contains(out, "config.toml:") {
			t.Errorf("doctor, %s:\n%s", text, out)
		}
	}
}
