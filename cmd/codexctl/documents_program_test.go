//go:build unix

package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/codexctl/codexctl/internal/emulator"
	"github.com/codexctl/codexctl/pkg/credentials"
)

// The program in README.md is built and run. It is as it stands but for the address of the
// backend, and the login, which goes there only if it is named.
func TestProgramOfTheReadme(t *testing.T) {
	needTool(t, "go")
	var source string
	for _, b := range readBlocks(t, "README.md") {
		if b.language == "go" {
			source = b.text
		}
	}
	if !strings.HasPrefix(source, "package main\n") {
		t.Fatal("README.md has no program in Go")
	}
	dir, err := os.MkdirTemp(".", "_readme") // in the module, whose packages it imports
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	h := newHousehold(t)
	h.keep(credentials.LangChain, h.own(), emulator.LoginOptions{})
	source = strings.Replace(source, "responses.Client{", `responses.Client{BaseURL: "`+h.url+`/backend-api/codex", `, 1)
	source = strings.Replace(source, "credentials.Locator{", `credentials.Locator{AuthFile: "`+filepath.ToSlash(h.own())+`", `, 1)
	if err := os.WriteFile(filepath.Join(dir, "main.go"), []byte(source), 0o600); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command("go", "run", "./"+dir)
	out, err := cmd.CombinedOutput()
	if want := "You said: What is the capital of France? <nil>\n"; err != nil || string(out) != want {
		t.Errorf("printed %q, %v, want %q", out, err, want)
	}
}
