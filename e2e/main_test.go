// Package e2e runs real third-party clients, the official Codex CLI, Chromium and SDKs
// for Go and Node, against the built program and its emulator. README.md says what runs
// and when it is skipped.
package e2e

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// patience is how long one command may take.
const patience = 90 * time.Second

// program is the path of the built codexctl.
var program string

func TestMain(m *testing.M) {
	if dir := os.Getenv(visitVariable); dir != "" {
		os.Exit(browserMain(os.Args[1:], dir))
	}
	os.Exit(testMain(m))
}

func testMain(m *testing.M) int {
	dir, err := os.MkdirTemp("", "codexctl-e2e-")
	if err != nil {
		fmt.Fprintln(os.Stderr, "e2e:", err)
		return 1
	}
	defer os.RemoveAll(dir)
	program = filepath.Join(dir, "codexctl")
	if err := build(program); err != nil {
		fmt.Fprintln(os.Stderr, "e2e:", err)
		return 1
	}
	code := m.Run()
	missing.report(os.Stdout)
	return code
}

// build compiles the module around this one. It tries twice: somebody may be in the
// middle of saving a file.
func build(to string) error {
	for attempt := 1; ; attempt++ {
		command := exec.Command("go", "build", "-tags", "urfave_cli_no_docs", "-o", to, "./cmd/codexctl")
		command.Dir = ".."
		command.Env = append(os.Environ(), "CGO_ENABLED=0")
		said, err := command.CombinedOutput()
		if err == nil {
			return nil
		}
		if attempt == 2 {
			return fmt.Errorf("build codexctl: %w\n%s", err, said)
		}
		time.Sleep(5 * time.Second)
	}
}

// unavailable skips a test whose client cannot be had. With E2E_REQUIRE=1 it fails.
func unavailable(t *testing.T, client string, err error) {
	t.Helper()
	if os.Getenv("E2E_REQUIRE") == "1" {
		t.Fatalf("no %s: %v", client, err)
	}
	missing.add(client, err.Error())
	t.Skipf("no %s: %v", client, err)
}

// missing are the clients that this run has done without.
var missing skips

// skips has, for each reason, the clients that are missing for it.
type skips struct {
	reasons []string
	clients map[string][]string
}

func (s *skips) add(client, reason string) {
	if s.clients == nil {
		s.clients = map[string][]string{}
	}
	if s.clients[reason] == nil {
		s.reasons = append(s.reasons, reason)
	}
	if !slices.Contains(s.clients[reason], client) {
		s.clients[reason] = append(s.clients[reason], client)
	}
}

// report writes a line for each reason. Without -v nothing else tells of a skipped test.
func (s *skips) report(to io.Writer) {
	for _, reason := range s.reasons {
		fmt.Fprintf(to, "e2e: SKIP %s: %s\n", strings.Join(s.clients[reason], ", "), reason)
	}
}

// person is somebody with a home of their own and nothing of the environment in
// which the tests run.
type person struct {
	variables []string
	home      string
}

func newPerson(t *testing.T, variables ...string) person {
	t.Helper()
	home := t.TempDir()
	base := []string{
		"HOME=" + home, "PATH=" + os.Getenv("PATH"), "TMPDIR=" + os.TempDir(), "LANG=C.UTF-8",
		// The clients here know servers of their own. Nothing may reach them.
		"HTTP_PROXY=" + nowhere, "HTTPS_PROXY=" + nowhere, "ALL_PROXY=" + nowhere, "NO_PROXY=127.0.0.1,localhost",
	}
	return person{variables: append(base, variables...), home: home}
}

// nowhere is a proxy that refuses every connection.
const nowhere = "http://127.0.0.1:9"

// with is the same person with further variables.
func (p person) with(variables ...string) person {
	p.variables = append(slices.Clone(p.variables), variables...)
	return p
}

// result is what a command has left behind.
type result struct {
	out, said string // stdout and stderr
	code      int
}

// run runs a command to its end. A command that cannot be run, or takes too long,
// fails the test.
func (p person) run(t *testing.T, path string, args ...string) result {
	t.Helper()
	command := p.command(t, path, args...)
	var out, said bytes.Buffer
	command.Stdout, command.Stderr = &out, &said
	err := command.Run()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		t.Fatalf("%s %s: %v\n%s", filepath.Base(path), strings.Join(args, " "), err, said.String())
	}
	return result{out.String(), said.String(), command.ProcessState.ExitCode()}
}

// must is run for a command that has to succeed.
func (p person) must(t *testing.T, path string, args ...string) result {
	t.Helper()
	r := p.run(t, path, args...)
	if r.code != 0 {
		t.Fatalf("%s %s: exit code %d, want 0\nstderr: %s", filepath.Base(path), strings.Join(args, " "), r.code, r.said)
	}
	return r
}

// command is a command that is told to end when the time is up.
func (p person) command(t *testing.T, path string, args ...string) *exec.Cmd {
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	t.Cleanup(cancel)
	command := exec.CommandContext(ctx, path, args...)
	command.Env, command.Dir = p.variables, p.home
	command.Cancel = func() error { return command.Process.Signal(os.Interrupt) }
	command.WaitDelay = 5 * time.Second
	return command
}

// endless is a command that the caller ends, and waits for.
func (p person) endless(path string, args ...string) *exec.Cmd {
	command := exec.Command(path, args...)
	command.Env, command.Dir = p.variables, p.home
	return command
}
