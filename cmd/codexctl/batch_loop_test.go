//go:build unix

package main

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"testing"

	"github.com/codexctl/codexctl/internal/emulator"
	"github.com/codexctl/codexctl/pkg/credentials"
)

// The loop of docs/batch.md ends when all is answered, and with the code of a record that
// fails each time.
func TestBatchLoopOfTheDocumentEnds(t *testing.T) {
	needTool(t, "sh")
	doc := readFile(t, filepath.Join("..", "..", "docs", "batch.md"))
	found := regexp.MustCompile("(?s)```sh\n([^`]*?\\buntil codexctl.*?)```").FindStringSubmatch(doc)
	if found == nil {
		t.Fatal("docs/batch.md has no loop")
	}
	for _, tt := range []struct {
		name  string
		scene emulator.Scene
		code  int
		asked int
	}{
		{"a record fails each time", emulator.Scene{Fault: emulator.FaultContextLength}, 10, 6},
		{"a record fails once", emulator.Scene{Fault: emulator.FaultContextLength, Times: 1}, 0, 2},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			h := newHousehold(t)
			h.keep(credentials.LangChain, h.own(), emulator.LoginOptions{})
			if err := h.emulator.SetScene(tt.scene); err != nil {
				t.Fatal(err)
			}
			dir := t.TempDir()
			if err := os.WriteFile(filepath.Join(dir, "questions.jsonl"), []byte(`{"prompt":"hi"}`+"\n"), 0o600); err != nil {
				t.Fatal(err)
			}
			var said bytes.Buffer
			cmd := exec.Command("sh", "-c", "sleep() { :; }\nyet=0\ncodexctl() { yet=$((yet + 1)); test $yet -le 20 || exit 99; command codexctl \"$@\"; }\n"+found[1])
			cmd.Dir, cmd.Stderr = dir, &said
			cmd.Env = append(codexctl(h.url).Env, "HOME="+h.home)
			_ = cmd.Run() // its code is looked at
			if got := cmd.ProcessState.ExitCode(); got != tt.code {
				t.Errorf("exit %d, want %d: %s", got, tt.code, &said)
			}
			if got := len(h.emulator.Journal(endpoint("responses"))); got != tt.asked {
				t.Errorf("%d requests, want %d", got, tt.asked)
			}
		})
	}
}
