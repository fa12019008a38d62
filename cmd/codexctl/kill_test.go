//go:build unix

package main

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/codexctl/codexctl/internal/emulator"
	"github.com/codexctl/codexctl/internal/freeport"
	"github.com/codexctl/codexctl/pkg/credentials"
)

// kills is how many processes are killed. The figure of quality.md is 200:
// CODEXCTL_TEST_KILLS=200 go test ./cmd/codexctl -run Kill
func kills(t *testing.T) int {
	t.Helper()
	quick := 36
	if testing.Short() {
		quick = 12
	}
	return figure(t, "CODEXCTL_TEST_KILLS", quick)
}

// quality.md, Reliability: "kill -9 at random moments of login, renewal": every file
// parses, old or new. Half of the moments are anywhere in the life of the process, half
// are near the writing of the file.
// cli-tools.md 7, check 19: no truncated credential file (cli.md 3, Writing).
func TestKillAtAnyMoment(t *testing.T) {
	t.Parallel()
	port := freeport.For(t)
	commands := []struct {
		name   string
		format credentials.Format
		with   emulator.LoginOptions
		args   func(store string) []string
		stdin  bool
	}{
		{"renewal of our store", credentials.LangChain, emulator.LoginOptions{Expired: true},
			func(store string) []string { return []string{"ask", "hi", "--auth-file", store} }, false},
		{"renewal of the official file", credentials.Codex, emulator.LoginOptions{},
			func(store string) []string { return []string{"auth", "refresh", "--auth-file", store} }, false},
		{"login", credentials.LangChain, emulator.LoginOptions{},
			func(store string) []string {
				return []string{"auth", "login", "--force", "--auth-file", store, "--browser-command", "visit", "--port", port}
			}, false},
		{"login with a token", credentials.Codex, emulator.LoginOptions{},
			func(store string) []string {
				return []string{"auth", "login", "--with-token", "--force", "--auth-file", store}
			}, true},
	}
	random := rand.New(rand.NewPCG(uint64(time.Now().UnixNano()), 0)) // the moments are random anyway
	ended := map[string]int{}
	life := lifeOfAProcess(t)
	wanted, done := kills(t), 0
	for round := 0; done < wanted; round++ {
		if round == 10*wanted {
			t.Fatalf("only %d of %d processes were killed before they ended: %v", done, round, ended)
		}
		c := commands[round%len(commands)]
		h := newHousehold(t)
		store := filepath.Join(h.home, "auth.json")
		before := h.keep(c.format, store, c.with)
		fresh := filepath.Join(h.home, "fresh.json")
		h.keep(credentials.LangChain, fresh, emulator.LoginOptions{})
		if err := os.Link(store, filepath.Join(h.home, "kept")); err != nil { // a file changed in place would show
			t.Fatal(err)
		}

		command := h.command(c.args(store)...)
		var out bytes.Buffer
		command.Stdout, command.Stderr = &out, &out
		if c.stdin {
			command.Stdin = strings.NewReader(readFile(t, fresh))
		}
		if err := command.Start(); err != nil {
			t.Fatal(err)
		}
		if round%(2*len(commands)) < len(commands) {
			time.Sleep(time.Duration(random.Int64N(int64(3 * life / 2))))
		} else {
			awaitWriting(h, store, c.stdin)
			time.Sleep(time.Duration(random.Int64N(int64(life / 4))))
		}
		_ = command.Process.Kill() // it may have ended
		_ = command.Wait()
		killed := !command.ProcessState.Exited()
		// How long a process lives changes with what else the machine does.
		if killed {
			done++
			life += life / 10
		} else {
			life = max(life-life/10, 2*time.Millisecond)
		}

		after := readFile(t, store)
		what := "old"
		if after != before {
			what = "new"
		}
		ended[fmt.Sprintf("%s, killed: %t", what, killed)]++
		where := fmt.Sprintf("round %d, %s, killed: %t", round, c.name, killed)
		login, format, err := credentials.Decode([]byte(after), "")
		switch {
		case err != nil:
			t.Errorf("%s: the file does not parse: %v", where, err)
		case format != c.format:
			t.Errorf("%s: the form is %s, was %s", where, format, c.format)
		case what == "new" && (login.RefreshToken.Empty() || login.IDToken.Empty() || login.AccountID == ""):
			t.Errorf("%s: the new login lacks something", where)
		case what == "new" && login.Expired(time.Now()):
			t.Errorf("%s: the new login is the old one", where)
		case !killed && (what == "old" || command.ProcessState.ExitCode() != 0):
			t.Errorf("%s: exit %d and the %s login: %s", where, command.ProcessState.ExitCode(), what, &out)
		}
		if kept := readFile(t, filepath.Join(h.home, "kept")); kept != before {
			t.Errorf("%s: the old file was written in place", where)
		}
		for _, path := range leftBeside(t, store) {
			if info, err := os.Stat(path); err == nil && info.Mode().Perm()&0o077 != 0 {
				t.Errorf("%s: %s is left, open to others: %v", where, path, info.Mode())
			}
		}
		// Nothing of the dead process is in the way of the next one.
		again := h.command("auth", "login", "--with-token", "--force", "--auth-file", store)
		again.Stdin = strings.NewReader(readFile(t, fresh))
		if out, err := again.CombinedOutput(); err != nil {
			t.Errorf("%s: the next login fails: %v: %s", where, err, out)
		}
	}
	t.Logf("the files were: %v", ended)
	// A few dozen may all miss one side by chance.
	if done >= 100 && (ended["old, killed: true"] == 0 || ended["new, killed: true"] == 0) {
		t.Error("the moments are badly chosen: all were before, or all after the writing")
	}
}

// lifeOfAProcess is how long one that renews a login takes here, now and in this build.
func lifeOfAProcess(t *testing.T) time.Duration {
	h := newHousehold(t)
	h.keep(credentials.LangChain, h.own(), emulator.LoginOptions{})
	start := time.Now()
	if code, out := h.run("auth", "refresh"); code != 0 {
		t.Fatalf("exit %d: %s", code, out)
	}
	return time.Since(start)
}

// awaitWriting waits for the request whose answer is going to be stored, or, where
// there is none, for the lock file.
func awaitWriting(h *household, store string, local bool) {
	for end := time.Now().Add(2 * time.Second); time.Now().Before(end); time.Sleep(200 * time.Microsecond) {
		_, err := os.Stat(store + ".lock")
		if local && err == nil || !local && len(h.emulator.Journal("/oauth/token")) > 0 {
			return
		}
	}
}

// leftBeside are the files beside a store that may hold a login: all but its lock and
// what this test has put there.
func leftBeside(t *testing.T, store string) []string {
	t.Helper()
	entries, err := os.ReadDir(filepath.Dir(store))
	if err != nil {
		t.Fatal(err)
	}
	var left []string
	for _, entry := range entries {
		switch entry.Name() {
		case filepath.Base(store), filepath.Base(store) + ".lock", "kept", "fresh.json":
		default:
			left = append(left, filepath.Join(filepath.Dir(store), entry.Name()))
		}
	}
	return left
}
