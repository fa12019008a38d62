package cli

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/codexctl/codexctl/internal/emulator"
	"github.com/codexctl/codexctl/internal/terminal"
	"github.com/codexctl/codexctl/pkg/credentials"
)

// cli.md 7, `auth import`: of several logins a person chooses, a program says --from.
func TestImportChoosesAmongSeveral(t *testing.T) {
	tests := []struct {
		name   string
		choose func(context.Context, string, []string) (int, error)
		args   []string
		exit   int
		plan   string // of the login that was imported; empty for none
	}{
		{"the first of them", func(context.Context, string, []string) (int, error) { return 0, nil }, nil, 0, "pro"},
		{"the second", func(context.Context, string, []string) (int, error) { return 1, nil }, nil, 0, "team"},
		{"Ctrl-C", func(context.Context, string, []string) (int, error) { return 0, terminal.ErrInterrupted }, nil, 130, ""},
		{"nobody to ask", nil, nil, 2, ""},
		{"nobody may be asked", func(context.Context, string, []string) (int, error) { return 0, nil }, []string{"--no-input"}, 2, ""},
		{"--from codex", nil, []string{"--from", "codex"}, 0, "pro"},
		{"--from langchain", nil, []string{"--from", "langchain"}, 0, "team"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			p := newProgram(t)
			delete(p.variables, "CODEXCTL_ACCESS_TOKEN")
			put(t, p, "pro", credentials.Codex, filepath.Join(p.Home, ".codex", "auth.json"))
			put(t, p, "team", credentials.LangChain, filepath.Join(p.Home, ".langchain", "chatgpt-auth.json"))
			target := filepath.Join(t.TempDir(), "mine.json")
			p.Choose = tt.choose
			code := p.run(append([]string{"auth", "import", "-y", "--auth-file", target}, tt.args...)...)
			if code != tt.exit {
				t.Fatalf("exit %d, want %d: %s", code, tt.exit, p.talk.String())
			}
			data, _ := os.ReadFile(target)
			if tt.plan == "" && len(data) > 0 || !strings.Contains(string(data), tt.plan) {
				t.Errorf("imported %d bytes, want the %q login", len(data), tt.plan)
			}
		})
	}
}

// put stores a fresh login of a plan.
func put(t *testing.T, p *program, plan string, format credentials.Format, path string) {
	t.Helper()
	l := p.emulator.Login(emulator.LoginOptions{Plan: plan})
	c := credentials.Credential{
		AccessToken: credentials.NewSecret(l.AccessToken), RefreshToken: credentials.NewSecret(l.RefreshToken),
		IDToken: credentials.NewSecret(l.IDToken), AccountID: l.AccountID, UserID: l.UserID, Plan: plan, ExpiresAt: l.ExpiresAt,
	}
	data, err := credentials.Encode(c, format)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
}
