//go:build unix

package main

import (
	"fmt"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/codexctl/codexctl/internal/emulator"
	"github.com/codexctl/codexctl/pkg/credentials"
)

// tmux is a real terminal, 60 columns wide, with a shell in it.
type tmux struct {
	t      *testing.T
	socket string
	lines  int // that shown has run
}

func newTmux(t *testing.T, h *household) *tmux {
	t.Helper()
	needTool(t, "tmux")
	dir := t.TempDir()
	m := &tmux{t: t, socket: filepath.Join(dir, "s")}
	env := append(h.command().Env, "ENV=", "LC_ALL=C.UTF-8", "TMUX_TMPDIR="+dir)
	start := exec.Command("tmux", "-S", m.socket, "-f", "/dev/null", "new-session", "-d", "-x", "60", "-y", "24", "sh")
	start.Env, start.Dir = env, dir
	if out, err := start.CombinedOutput(); err != nil {
		t.Fatalf("tmux: %v\n%s", err, out)
	}
	t.Cleanup(func() { _ = exec.Command("tmux", "-S", m.socket, "kill-server").Run() })
	m.types("echo; echo rea''dy", "Enter") // the prompt may come after the keys, on the line of the answer
	m.shows("\nready")
	return m
}

// types sends keys, as tmux names them.
func (m *tmux) types(keys ...string) {
	m.t.Helper()
	if out, err := exec.Command("tmux", append([]string{"-S", m.socket, "send-keys"}, keys...)...).CombinedOutput(); err != nil {
		m.t.Fatalf("tmux: %v\n%s", err, out)
	}
}

// screen is what a person sees; with styles as escape sequences if they are wanted.
func (m *tmux) screen(styles bool) string {
	m.t.Helper()
	args := []string{"-S", m.socket, "capture-pane", "-p"}
	if styles {
		args = append(args, "-e")
	}
	out, err := exec.Command("tmux", args...).Output()
	if err != nil {
		m.t.Fatal(err)
	}
	return string(out)
}

// shows waits until the screen has a text.
func (m *tmux) shows(text string) {
	m.t.Helper()
	for end := time.Now().Add(patience); !strings.Contains(m.screen(false), text); time.Sleep(10 * time.Millisecond) {
		if time.Now().After(end) {
			m.t.Fatalf("the terminal does not show %q\n%s", text, m.screen(true))
		}
	}
}

// shown runs a line on an empty screen, and returns what it leaves behind. Its end has a
// number: that of the line before may still be on the screen.
func (m *tmux) shown(line string) string {
	m.t.Helper()
	m.lines++
	m.types(fmt.Sprintf("clear; %s; echo end of it, %d.", line, m.lines), "Enter")
	m.shows(fmt.Sprintf("\nend of it, %d.", m.lines))
	return m.screen(true)
}

// cli.md 5 in a real terminal: prompts, the spinner, colours and Markdown.
func TestRealTerminal(t *testing.T) {
	t.Parallel()
	h := newHousehold(t)
	h.keep(credentials.LangChain, h.own(), emulator.LoginOptions{})
	m := newTmux(t, h)
	scene := func(s emulator.Scene) {
		t.Helper()
		if err := h.emulator.SetScene(s); err != nil {
			t.Fatal(err)
		}
	}

	scene(emulator.Scene{Text: "# Title\n\nSome **bold** words and `code`.\n\n- one\n- two\n\n| a | b |\n|---|---|\n| 1 | 2 |\n"})
	if got := m.shown("codexctl ask -n -R --render hi"); !strings.Contains(got, "\x1b[1mbold") || strings.Contains(got, "**") || strings.Contains(got, "|---|") {
		t.Errorf("--render shows\n%s\nwant bold words, and no marks of Markdown", got)
	}
	if got := m.shown("NO_COLOR=1 codexctl ask -n -R --render hi"); strings.Contains(got, "\x1b[1mbold") || !strings.Contains(got, "bold") {
		t.Errorf("--render with NO_COLOR shows\n%s", got)
	}
	if got := m.shown("codexctl ask -n hi"); !strings.Contains(got, "**bold**") {
		t.Errorf("without --render it shows\n%s\nwant the text as it came", got)
	}

	scene(emulator.Scene{FirstDelayMS: 1500, Reasoning: "Weighing it.", Text: "Yes."})
	m.types("clear; codexctl ask -n hi; echo end of it", "Enter")
	m.shows("waiting")
	m.shows("\nend of it")
	if got := m.screen(true); strings.Contains(got, "waiting") || !strings.Contains(got, "\x1b[2mWeighing it.") || !strings.Contains(got, "Yes.") {
		t.Errorf("after the spinner it shows\n%s\nwant dim reasoning and the text, and no spinner", got)
	}

	scene(emulator.Scene{})
	if got := m.shown("codexctl ask --no-such-flag"); !strings.Contains(got, "\x1b[31m") && !strings.Contains(got, "\x1b[1m\x1b[31m") && !strings.Contains(got, "\x1b[1;31m") {
		t.Errorf("a failure shows no red\n%q", got)
	}
	m.types("clear; codexctl auth logout; echo end of it", "Enter")
	m.shows("?")
	m.types("n", "Enter")
	m.shows("\nend of it")
	if got := m.shown("codexctl auth status"); !strings.Contains(got, "PLUS") {
		t.Errorf("after a no to the question it shows\n%s\nwant the login to be there", got)
	}
}
