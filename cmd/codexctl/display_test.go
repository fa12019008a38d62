//go:build unix

package main

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/codexctl/codexctl/internal/emulator"
	"github.com/codexctl/codexctl/pkg/credentials"
)

// asking is `ask` in a fresh home, signed in, with a scene and variables of its own.
func asking(t *testing.T, scene emulator.Scene, variables []string, args ...string) *exec.Cmd {
	t.Helper()
	h := newHousehold(t)
	h.keep(credentials.LangChain, h.own(), emulator.LoginOptions{})
	if err := h.emulator.SetScene(scene); err != nil {
		t.Fatal(err)
	}
	command := h.command(append([]string{"ask", "--no-log", "hi"}, args...)...)
	command.Env = append(command.Env, "TERM=xterm", "CI=", "NO_COLOR=", "LC_ALL=C.UTF-8")
	command.Env = append(command.Env, variables...)
	return command
}

// lines are what the screen shows, without its empty end.
func (c *console) lines() string {
	var lines []string
	for line := range strings.SplitSeq(c.screen.String(), "\n") {
		lines = append(lines, strings.TrimRight(line, " "))
	}
	return strings.TrimRight(strings.Join(lines, "\n"), "\n")
}

// finished waits for the end of the program, and for all that it wrote.
func (c *console) finished(code int) {
	c.t.Helper()
	c.ends(code)
	c.slave.Close()
	c.reading.Wait()
}

// cli.md 5: a spinner appears only if stderr is a terminal, not quiet, and CI unset; it
// is gone before the answer.
func TestSpinner(t *testing.T) {
	t.Parallel()
	slow := emulator.Scene{FirstDelayMS: 900}
	tests := []struct {
		name      string
		scene     emulator.Scene
		variables []string
		args      []string
		want      string // what the spinner says; empty if there must be none
	}{
		{"slow", slow, nil, nil, "⠋ waiting"},
		{"slow, into a file", slow, nil, []string{"-o", "out"}, "⠋ waiting"},
		{"slow, as a document", slow, nil, []string{"--json"}, "⠋ waiting"},
		{"no UTF-8", slow, []string{"LC_ALL=C"}, nil, "| waiting"},
		{"no colour", slow, []string{"NO_COLOR=1"}, nil, "⠋ waiting"},
		{"quiet", slow, nil, []string{"-q"}, ""},
		{"CI", slow, []string{"CI=1"}, nil, ""},
		{"dumb", slow, []string{"TERM=dumb"}, nil, ""},
		{"lines", slow, nil, []string{"--jsonl"}, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			c := onConsole(t, asking(t, tt.scene, tt.variables, append(tt.args, "-R")...))
			c.finished(0)
			if tt.want == "" && c.seen() != "" || !strings.Contains(c.seen(), tt.want) {
				t.Errorf("the screen got %q, want %q", c.seen(), tt.want)
			}
			if got := c.lines(); got != "" {
				t.Errorf("the screen still shows %q", got)
			}
		})
	}
}

// cli.md 5: nothing is left of the spinner after an error or Ctrl-C.
func TestSpinnerGivesWay(t *testing.T) {
	t.Parallel()
	t.Run("to an error", func(t *testing.T) {
		t.Parallel()
		c := onScreen(t, asking(t, emulator.Scene{FirstDelayMS: 900, Failed: "server_error"}, nil, "--retries", "0"), 80, true)
		c.finished(1)
		if got := c.lines(); !strings.HasPrefix(got, "codexctl: ") || strings.Contains(got, "waiting") {
			t.Errorf("the screen shows %q", got)
		}
	})
	t.Run("to Ctrl-C", func(t *testing.T) {
		t.Parallel()
		c := onScreen(t, asking(t, emulator.Scene{Cut: emulator.CutStall, CutAt: emulator.CutAtHead}, nil), 80, true)
		c.shows("waiting")
		_ = c.command.Process.Signal(syscall.SIGINT)
		c.finished(130)
		if got := c.lines(); strings.Contains(got, "waiting") || strings.Contains(c.seen(), "\x1b[?25l") {
			t.Errorf("the screen shows %q, got %q", got, c.seen())
		}
	})
}

// cli.md 8, -R: the summary of the reasoning is shown dim on stderr when that is a
// terminal, apart from the text.
func TestReasoning(t *testing.T) {
	t.Parallel()
	thinking := emulator.Scene{Reasoning: "Weighing it.\n\nIt is \x1b[31mshort.", Text: "Yes."}
	tests := []struct {
		name      string
		all       bool
		variables []string
		args      []string
		raw, want string
	}{
		{"one terminal", true, nil, nil, "\x1b[2m", "Weighing it.\n\nIt is [31mshort.\n\nYes."},
		{"no colour", true, []string{"NO_COLOR=1"}, nil, "Weighing", "Weighing it.\n\nIt is [31mshort.\n\nYes."},
		{"text into a pipe", false, nil, nil, "\x1b[2m", "Weighing it.\n\nIt is [31mshort."},
		{"hidden", true, nil, []string{"-R"}, "", "Yes."},
		{"quiet", true, nil, []string{"-q"}, "", "Yes."},
		{"a document", false, nil, []string{"--json"}, "", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			c := onScreen(t, asking(t, thinking, tt.variables, tt.args...), 80, tt.all)
			c.finished(0)
			if got := c.lines(); got != tt.want || !strings.Contains(c.seen(), tt.raw) {
				t.Errorf("the screen shows\n%s\nwant\n%s\nit got %q", got, tt.want, c.seen())
			}
			if strings.Contains(c.seen(), "\x1b[31m") {
				t.Errorf("the model's escape sequence came through: %q", c.seen())
			}
		})
	}
}

// cli.md 5: Markdown is rendered only when stdout is a terminal and --render is on.
func TestRender(t *testing.T) {
	t.Parallel()
	const text = "# Title\n\nSome **bold** words that do not fit.\n\n- one\x1b[31m\n- two"
	const table = "\n\n|a|b|\n|-|-|\n|one|two|"
	tests := []struct {
		name      string
		text      string
		columns   int
		variables []string
		args      []string
		want      string
		escapes   bool
	}{
		{"on", text, 80, nil, []string{"--render"}, "Title\n\nSome bold words that do not fit.\n\n• one[31m\n• two", true},
		{"on, whole", text, 80, nil, []string{"--render", "--no-stream"}, "Title\n\nSome bold words that do not fit.\n\n• one[31m\n• two", true},
		{"narrow", text, 16, nil, []string{"--render"}, "Title\n\nSome bold words\nthat do not fit.\n\n• one[31m\n• two", true},
		{"no colour", text + table, 80, []string{"NO_COLOR=1"}, []string{"--render"}, "# Title\n\nSome bold words that do not fit.\n\n• one[31m\n• two\n\na   │ b\n────┼────\none │ two", false},
		{"off", "# Title\n\n**bold**", 80, nil, nil, "# Title\n\n**bold**", false},
		{"set by a variable", "**bold**", 80, []string{"CODEXCTL_RENDER=true"}, nil, "bold", true},
		{"switched off on the line", "**bold**", 80, []string{"CODEXCTL_RENDER=true"}, []string{"--render=false"}, "**bold**", false},
		{"a command", "**bold**\x1b[31m", 80, []string{`CODEXCTL_RENDER=sed 's/^/> /'`}, nil, "> **bold**[31m", false},
		{"a command that fails", "**bold**", 80, []string{"CODEXCTL_RENDER=false"}, nil, "**bold**", false},
		{"a command that is not there", "**bold**", 80, []string{"CODEXCTL_RENDER=no-such-program -x"}, []string{"-q"}, "**bold**", false},
		{"JSON is not rendered", `{"a":"*b*"}`, 80, nil, []string{"--render", "--schema", "a"}, `{"a":"*b*"}`, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			variables := append([]string{"PATH=" + os.Getenv("PATH")}, tt.variables...)
			c := onScreen(t, asking(t, emulator.Scene{Text: tt.text}, variables, append(tt.args, "-R")...), tt.columns, true)
			c.finished(0)
			got := c.lines()
			if got != tt.want {
				t.Errorf("the screen shows\n%s\nwant\n%s\nit got %q", got, tt.want, c.seen())
			}
			if tt.escapes != strings.Contains(c.seen(), "\x1b[1") {
				t.Errorf("styles: %t, want %t: %q", !tt.escapes, tt.escapes, c.seen())
			}
		})
	}
}

// A command that fails is named, and the text is there all the same.
func TestRenderCommandFails(t *testing.T) {
	t.Parallel()
	program := filepath.Join(t.TempDir(), "fails")
	if err := os.WriteFile(program, []byte("#!/bin/sh\ncat >/dev/null\nexit 3\n"), 0o700); err != nil {
		t.Fatal(err)
	}
	c := onScreen(t, asking(t, emulator.Scene{Text: "**bold**"}, []string{"CODEXCTL_RENDER=" + program}, "-R"), 300, true)
	c.finished(0)
	if got := c.lines(); !strings.HasPrefix(got, "codexctl: warning: the render command") || !strings.HasSuffix(got, "\n**bold**") {
		t.Errorf("the screen shows %q", got)
	}
}

// cli.md 4, rows 7 and 143: a program that neither reads nor ends keeps nobody waiting, and
// one that reads slowly does not hold up the answer.
func TestRenderCommandThatStays(t *testing.T) {
	t.Parallel()
	long := emulator.Scene{Text: strings.Repeat(strings.Repeat("word", 100)+" ", 250)} // more than a pipe holds, in few pieces
	t.Run("--timeout", func(t *testing.T) {
		t.Parallel()
		c := onScreen(t, asking(t, long, []string{"PATH=" + os.Getenv("PATH")}, "-R", "--render=sleep 1000", "--timeout", "5s"), 300, true)
		c.finished(7)
		if got := c.lines(); !strings.Contains(got, "timed out after 5s") {
			t.Errorf("the screen shows %q", got)
		}
	})
	for _, trap := range []string{"", "trap '' TERM\n"} {
		t.Run("SIGTERM "+trap, func(t *testing.T) {
			t.Parallel()
			program := filepath.Join(t.TempDir(), "stays")
			if err := os.WriteFile(program, []byte("#!/bin/sh\n"+trap+"echo here\nexec sleep 1000\n"), 0o700); err != nil {
				t.Fatal(err)
			}
			command := asking(t, long, []string{"PATH=" + os.Getenv("PATH"), "CODEXCTL_TIMEOUT=1m"}, "-R", "--render="+program)
			c := onScreen(t, command, 300, true)
			c.shows("here")
			if err := command.Process.Signal(syscall.SIGTERM); err != nil {
				t.Fatal(err)
			}
			c.finished(143)
		})
	}
	// The time of an answer is not that of its reader, who may press Ctrl-C in a pager.
	t.Run("a pager", func(t *testing.T) {
		t.Parallel()
		// It begins to read when the answer has had all its time. Its own naps are short: a
		// shell hears of a Ctrl-C that comes before a nap when the nap is over.
		program := filepath.Join(t.TempDir(), "pager")
		if err := os.WriteFile(program, []byte("#!/bin/sh\ntrap 'echo caught; exit 0' INT\nsleep $1\ncat >/dev/null\necho here\nwhile :; do sleep 0.1; done\n"), 0o700); err != nil {
			t.Fatal(err)
		}
		ask := func(limit int) *console {
			variables := []string{"PATH=" + os.Getenv("PATH"), fmt.Sprintf("CODEXCTL_TIMEOUT=%ds", limit)}
			c := onScreen(t, asking(t, long, variables, "-R", fmt.Sprintf("--render=%s %d", program, limit+1)), 300, true)
			c.until("the pager has not read all", func() bool { return c.ended() || strings.Contains(c.screen.String(), "here") })
			c.types("\x03")
			return c
		}
		// On a machine that is very busy the answer itself may take longer than its time.
		limits := []int{2, 8, 32}
		c := ask(limits[0])
		for _, limit := range limits[1:] {
			if c.code() != 7 {
				break
			}
			c = ask(limit)
		}
		c.finished(0)
		got := c.lines()
		if !strings.Contains(got, "caught") || strings.Contains(got, "codexctl:") {
			t.Errorf("the screen shows %q", got)
		}
	})
}

// cli.md 5: what a command shows may be the whole screen. A summary of the reasoning that
// comes behind the first text is not written into it.
func TestRenderCommandHasTheScreen(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/event-stream")
		for _, data := range []string{
			`{"type":"response.created","response":{"id":"r","status":"in_progress","output":[]}}`,
			`{"type":"response.reasoning_summary_text.delta","output_index":0,"summary_index":0,"delta":"Before."}`,
			`{"type":"response.output_text.delta","output_index":1,"content_index":0,"delta":"one"}`,
			`{"type":"response.reasoning_summary_text.delta","output_index":2,"summary_index":0,"delta":"Between."}`,
			`{"type":"response.output_text.delta","output_index":1,"content_index":0,"delta":" two"}`,
			`{"type":"response.completed","response":{"id":"r","status":"completed","output":[{"type":"message","role":"assistant","content":[{"type":"output_text","text":"one two"}]}]}}`,
		} {
			_, _ = io.WriteString(w, "data: "+data+"\n\n")
		}
	}))
	t.Cleanup(server.Close)
	for render, want := range map[string]bool{"cat": false, "false": true} {
		c := onScreen(t, asking(t, emulator.Scene{}, []string{"PATH=" + os.Getenv("PATH")}, "--base-url", server.URL, "--render="+render), 300, true)
		c.finished(0)
		got := c.lines()
		if !strings.HasPrefix(got, "Before.") || !strings.Contains(got, "two") || strings.Contains(got, "Between") != want {
			t.Errorf("with %s the screen shows\n%s", render, got)
		}
	}
}
