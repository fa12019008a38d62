//go:build unix

package main

import (
	"bytes"
	"fmt"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/tidwall/gjson"
	"github.com/tidwall/sjson"
	"golang.org/x/sys/unix"

	"github.com/codexctl/codexctl/internal/emulator"
	"github.com/codexctl/codexctl/pkg/credentials"
)

// holdLock is the lock's rival: another program that takes the flock on the file that
// its argument names, says so, and keeps it until its stdin ends.
func holdLock() {
	file, err := os.OpenFile(os.Args[1], os.O_CREATE|os.O_RDWR, 0o600)
	if err == nil {
		err = unix.Flock(int(file.Fd()), unix.LOCK_EX)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	fmt.Println("held")
	_, _ = os.Stdin.Read(make([]byte, 1))
}

// figure is how often something is done here: as often as the variable says, which is
// how the figures of quality.md are reached, else so that the tests are quick.
func figure(t *testing.T, variable string, quick int) int {
	t.Helper()
	text := os.Getenv(variable)
	if text == "" {
		return quick
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < 1 {
		t.Fatalf("%s is %q, want a number", variable, text)
	}
	return n
}

// quality.md, Reliability, renewal race: many processes find one expired login. The figure
// is 20 rounds: CODEXCTL_TEST_ROUNDS=20 go test ./cmd/codexctl -run RenewalRace
// cli-tools.md 7, check 9: one refresh request, and all succeed (cli.md 3, the lock).
func TestRenewalRace(t *testing.T) {
	const processes = 50
	tests := []struct {
		name   string
		format credentials.Format
		rival  bool
	}{
		{"our store", credentials.LangChain, false},
		{"our store, while a foreign process holds the lock", credentials.LangChain, true},
		{"the official file, named", credentials.Codex, false},
	}
	rounds := figure(t, "CODEXCTL_TEST_ROUNDS", 1)
	for round := range rounds * len(tests) {
		tt := tests[round%len(tests)]
		t.Run(fmt.Sprintf("%s, round %d", tt.name, round/len(tests)+1), func(t *testing.T) {
			stand := emulator.New(emulator.Config{Seed: 1})
			server := httptest.NewServer(stand)
			defer server.Close()
			store := filepath.Join(t.TempDir(), "auth.json")
			writeLogin(t, stand, tt.format, store, emulator.LoginOptions{Expired: true})
			before := readFile(t, store)
			release := func() {}
			if tt.rival {
				release = takeLock(t, store+".lock")
			}

			var all sync.WaitGroup
			failures := make(chan string, processes)
			for range processes {
				all.Go(func() {
					var out bytes.Buffer
					cmd := codexctl(server.URL, "--auth-file", store, "ask", "hi")
					cmd.Stdout, cmd.Stderr = &out, &out
					if err := cmd.Run(); err != nil || out.String() != "You said: hi\n" {
						failures <- fmt.Sprintf("%v: %s", err, &out)
					}
				})
			}
			if tt.rival {
				time.Sleep(500 * time.Millisecond)
				if n := len(stand.Journal("/oauth/token")); n != 0 {
					t.Errorf("%d token requests while another process held the lock, want 0", n)
				}
				release()
			}
			all.Wait()
			close(failures)
			for failure := range failures {
				t.Errorf("a process failed: %s", failure)
			}
			if n := len(stand.Journal("/oauth/token")); n != 1 {
				t.Errorf("%d token requests, want 1", n)
			}
			if n := len(stand.Journal("/backend-api/codex/responses")); n != processes {
				t.Errorf("%d requests for an answer, want %d", n, processes)
			}
			after := readFile(t, store)
			if tt.format == credentials.Codex {
				sameButTokens(t, before, after)
			}
			if names, _ := filepath.Glob(filepath.Join(filepath.Dir(store), "*")); len(names) > 2 {
				t.Errorf("files left beside the store: %q", names)
			}
		})
	}
}

// writeLogin stores a login; the official form as it is found in life, with keys that
// only its owner knows.
func writeLogin(t *testing.T, stand *emulator.Emulator, format credentials.Format, path string, o emulator.LoginOptions) {
	t.Helper()
	l := stand.Login(o)
	data, err := credentials.Encode(credentials.Credential{
		AccessToken:  credentials.NewSecret(l.AccessToken),
		RefreshToken: credentials.NewSecret(l.RefreshToken),
		IDToken:      credentials.NewSecret(l.IDToken),
		AccountID:    l.AccountID, UserID: l.UserID, Plan: l.Plan, ExpiresAt: l.ExpiresAt,
		LastRefresh: l.ExpiresAt.Add(-time.Hour),
	}, format)
	if err != nil {
		t.Fatal(err)
	}
	if format == credentials.Codex {
		for _, field := range []struct{ path, value string }{
			{"tokens.alpha", `{"b":1,"a":[2,null]}`}, {"zeta", `"last but one"`}, {"agent_identity", `null`},
		} {
			if data, err = sjson.SetRawBytes(data, field.path, []byte(field.value)); err != nil {
				t.Fatal(err)
			}
		}
	}
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
}

// sameButTokens compares two official files: everything but the three tokens and the
// time of the last refresh is the same, in the same order.
func sameButTokens(t *testing.T, before, after string) {
	t.Helper()
	for _, path := range []string{"tokens.access_token", "tokens.refresh_token", "last_refresh"} {
		if gjson.Get(before, path).Str == gjson.Get(after, path).Str {
			t.Errorf("%s was not renewed", path)
		}
	}
	for _, path := range []string{"tokens.access_token", "tokens.refresh_token", "tokens.id_token", "last_refresh"} {
		was, is := gjson.Get(before, path).Raw, gjson.Get(after, path).Raw
		after = strings.Replace(after, is, was, 1)
	}
	if before != after {
		t.Errorf("apart from the tokens the file is\n%s\nwant\n%s", after, before)
	}
}

// takeLock lets another process hold the lock until release is called.
func takeLock(t *testing.T, path string) (release func()) {
	t.Helper()
	var rival *exec.Cmd
	if program, err := exec.LookPath("flock"); err == nil {
		rival = exec.Command(program, path, "sh", "-c", "echo held; read line")
	} else {
		rival = exec.Command("holdlock", path)
	}
	end, err := rival.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	said, err := rival.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := rival.Start(); err != nil {
		t.Fatal(err)
	}
	if _, err := said.Read(make([]byte, len("held\n"))); err != nil {
		t.Fatalf("the rival did not get the lock: %v", err)
	}
	return func() {
		end.Close()
		_ = rival.Wait() // sh's read fails at the end of its input
	}
}

// codexctl is the program, pointed at a stand-in and at nothing of this machine.
func codexctl(url string, args ...string) *exec.Cmd {
	cmd := exec.Command("codexctl", args...)
	cmd.Env = []string{
		"PATH=" + os.Getenv("PATH"), "HOME=" + os.TempDir(), "XDG_CACHE_HOME=" + os.DevNull,
		"CODEXCTL_BASE_URL=" + url + "/backend-api/codex", "CODEXCTL_ISSUER=" + url, "GORACE=" + promptly,
	}
	return cmd
}

func readFile(t *testing.T, path string) string {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}
