//go:build unix

package main

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/tidwall/gjson"

	"github.com/codexctl/codexctl/internal/emulator"
	"github.com/codexctl/codexctl/pkg/credentials"
)

// signedIn is a household with a login of its own.
func signedIn(t *testing.T) *household {
	t.Helper()
	h := newHousehold(t)
	h.keep(credentials.LangChain, h.own(), emulator.LoginOptions{})
	return h
}

// mustRun runs the program, which must succeed.
func (h *household) mustRun(args ...string) string {
	h.t.Helper()
	code, out := h.run(args...)
	if code != 0 {
		h.t.Fatalf("%q: exit %d: %s", args, code, out)
	}
	return out
}

// sessionFolder is where conversations lie in this home.
func (h *household) sessionFolder() string {
	return filepath.Join(h.home, ".local", "state", "codexctl", "sessions")
}

// cli.md 10: a conversation is kept when stderr is a terminal, and the first time ever a
// line says so; `sessions rm` asks there.
func TestConversationsOnATerminal(t *testing.T) {
	t.Parallel()
	h := signedIn(t)
	first := onConsole(t, h.command("ask", "My name is Alice"))
	first.shows("conversations are kept in " + h.sessionFolder() + " for 30 days")
	first.ends(0)
	second := onConsole(t, h.command("ask", "-c", "What's my name?"))
	second.ends(0)
	if got := second.stdout.String(); got != "Your name is Alice.\n" {
		t.Errorf("the answer is %q", got)
	}
	if strings.Contains(second.seen(), "kept in") {
		t.Errorf("it is said again: %q", second.seen())
	}
	before := h.mustRun("sessions", "list", "--json")
	for _, variable := range []string{"CI=1", "CODEXCTL_LOG=0"} {
		command := h.command("ask", "hi")
		command.Env = append(command.Env, variable)
		onConsole(t, command).ends(0)
	}
	onConsole(t, h.command("ask", "-n", "hi")).ends(0)
	if after := h.mustRun("sessions", "list", "--json"); after != before {
		t.Errorf("kept %s, before it was %s", after, before)
	}
	no := onConsole(t, h.command("sessions", "rm", "--all"))
	no.shows("Remove gen-")
	no.types("n\r")
	no.ends(11)
	yes := onConsole(t, h.command("sessions", "rm", "--all"))
	yes.shows("Remove gen-")
	yes.types("y\r")
	yes.ends(0)
	if got := gjson.Get(h.mustRun("sessions", "list", "--json"), "items.#").Int(); got != 0 {
		t.Errorf("%d are left", got)
	}
}

// cli.md 10: two processes on one session never corrupt it: their turns follow each
// other, and each sees all that was completed before.
func TestTwoProcessesOnOneConversation(t *testing.T) {
	t.Parallel()
	h := signedIn(t)
	const turns = 10
	var both sync.WaitGroup
	for _, name := range []string{"left", "right"} {
		both.Go(func() {
			for i := range turns {
				if out, err := h.command("ask", "--session", "shared", fmt.Sprintf("%s %d", name, i)).CombinedOutput(); err != nil {
					t.Errorf("%s %d: %v: %s", name, i, err, out)
				}
			}
		})
	}
	both.Wait()
	doc := h.mustRun("sessions", "show", "shared", "--json")
	if got := gjson.Get(doc, "exchanges.#").Int(); got != 2*turns {
		t.Errorf("%d exchanges are in the history, want %d", got, 2*turns)
	}
	for _, name := range []string{"left", "right"} {
		at := 0
		for i := range turns {
			text := fmt.Sprintf(`"text":"%s %d"`, name, i)
			next := strings.Index(doc[at:], text)
			if next < 0 || strings.Count(doc, text) != 1 {
				t.Errorf("%s is not there once, in its place", text)
				continue
			}
			at += next
		}
	}
	sent := map[int64]bool{}
	for _, entry := range h.emulator.Journal("/backend-api/codex/responses") {
		sent[gjson.GetBytes(entry.Body, `input.#(role="user")#|#`).Int()] = true
	}
	if len(sent) != 2*turns {
		t.Errorf("requests had %d different histories, want %d", len(sent), 2*turns)
	}
}

// cli.md 10: a process that is killed while it answers leaves the conversation as it was,
// and the turn to the next.
func TestKillDuringAConversation(t *testing.T) {
	t.Parallel()
	h := signedIn(t)
	h.mustRun("ask", "--session", "a", "My name is Alice")
	record := strings.TrimSpace(h.mustRun("sessions", "path", "a"))
	before := readFile(t, record)
	stall, _ := emulator.NamedScene("stall-after-deltas")
	if err := h.emulator.SetScene(stall); err != nil {
		t.Fatal(err)
	}
	for range 3 {
		command := h.command("ask", "--session", "a", "lost")
		out := &watched{out: io.Discard}
		command.Stdout = out
		if err := command.Start(); err != nil {
			t.Fatal(err)
		}
		for end := time.Now().Add(patience); !strings.Contains(out.String(), "Hel") && time.Now().Before(end); time.Sleep(5 * time.Millisecond) {
		}
		_ = command.Process.Signal(syscall.SIGKILL)
		_ = command.Wait()
		if after := readFile(t, record); after != before {
			t.Fatalf("the record was changed:\n%s\nbefore:\n%s", after, before)
		}
	}
	if err := h.emulator.SetScene(emulator.Scene{}); err != nil {
		t.Fatal(err)
	}
	// A writer that was killed in the middle of a line does not matter either.
	if err := os.WriteFile(record, []byte(before+`{"type":"exchange","moves":true,"id":"torn`), 0o600); err != nil {
		t.Fatal(err)
	}
	if got := h.mustRun("ask", "-c", "What's my name?"); got != "Your name is Alice.\n" {
		t.Errorf("the answer is %q", got)
	}
	if got := gjson.Get(h.mustRun("sessions", "show", "--json"), "turns").Int(); got != 2 {
		t.Errorf("%d turns, want 2", got)
	}
	for _, path := range []string{record, h.sessionFolder()} {
		if info, err := os.Stat(path); err != nil || info.Mode().Perm()&0o077 != 0 {
			t.Errorf("%s: %v, %v", path, info.Mode(), err)
		}
	}
}
