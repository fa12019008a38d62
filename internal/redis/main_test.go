package redis

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/codexctl/codexctl/internal/session"
	"github.com/codexctl/codexctl/pkg/auth"
)

// What the packages that know only the methods ask for.
var (
	_ session.Backend = (*Backend)(nil)
	_ auth.Guard      = (*Guard)(nil)
)

// childVariable makes the test binary play another process.
const childVariable = "REDIS_TEST_CHILD"

func TestMain(m *testing.M) {
	if address := os.Getenv(childVariable); address != "" {
		os.Exit(holdLock(address, os.Args[1]))
	}
	goleak.VerifyTestMain(m)
}

// holdLock asks for a lock, says so, says that it has it, and waits to be killed.
func holdLock(address, key string) int {
	s, err := Open(context.Background(), address)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	s.times = quick()
	fmt.Println("asking")
	if _, _, _, err := s.Backend("test:").Lock(context.Background(), key); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	fmt.Println("locked")
	select {}
}

// quick are times for which a test can wait.
func quick() times {
	return times{
		lease:    900 * time.Millisecond,
		renew:    300 * time.Millisecond,
		patience: 600 * time.Millisecond,
		next:     5 * time.Millisecond,
		behind:   50 * time.Millisecond,
	}
}

// startServer starts a Redis server for this test; its host and port.
func startServer(t *testing.T, options ...string) string {
	t.Helper()
	binary, err := exec.LookPath("redis-server")
	if err != nil {
		if binary, err = exec.LookPath("valkey-server"); err != nil {
			t.Skip("no redis-server or valkey-server on the PATH: apt-get install redis-server")
		}
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	host := l.Addr().String()
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	port := strconv.Itoa(l.Addr().(*net.TCPAddr).Port)
	args := append([]string{"--port", port, "--bind", "127.0.0.1", "--dir", t.TempDir(), "--save", "", "--appendonly", "no"}, options...)
	cmd := exec.Command(binary, args...)
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	})
	for range 200 {
		c, err := net.Dial("tcp", host)
		if err == nil {
			_ = c.Close()
			return host
		}
		time.Sleep(20 * time.Millisecond)
	}
	t.Fatal("the server does not start")
	return ""
}

// connect opens the server with quick times.
func connect(t *testing.T, address string) *Server {
	t.Helper()
	s, err := Open(t.Context(), address)
	if err != nil {
		t.Fatal(err)
	}
	s.times = quick()
	t.Cleanup(func() { _ = s.Close() })
	return s
}

func do(t *testing.T, s *Server, command string, args ...any) any {
	t.Helper()
	reply, err := s.do(t.Context(), command, args...)
	if err != nil {
		t.Fatalf("%s: %v", command, err)
	}
	return reply
}

// mustLock takes a lock that must be had within 5 s.
func mustLock(t *testing.T, b *Backend, key string) (token string, lost <-chan struct{}, unlock func()) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
	defer cancel()
	token, lost, unlock, err := b.Lock(ctx, key)
	if err != nil {
		t.Fatal(err)
	}
	return token, lost, unlock
}

// child is a process that asks for a lock.
func child(t *testing.T, address, key string) (says func(string), kill func()) {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(self, key)
	cmd.Env = append(os.Environ(), childVariable+"="+address)
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewReader(out)
	kill = func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	}
	t.Cleanup(kill)
	return func(want string) {
		t.Helper()
		if line, err := lines.ReadString('\n'); strings.TrimSpace(line) != want {
			t.Fatalf("the child says %q, %v; want %q", line, err, want)
		}
	}, kill
}

func wantErr(t *testing.T, what string, got, want error) {
	t.Helper()
	if !errors.Is(got, want) {
		t.Errorf("%s: got error %v, want %v", what, got, want)
	}
}
