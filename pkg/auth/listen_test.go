package auth

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/gofrs/flock"
)

func TestListen(t *testing.T) {
	t.Run("rows 17 to 19: nothing but loopback", func(t *testing.T) {
		held, err := listen(t.Context(), []int{0, 0, 0})
		if err != nil {
			t.Fatal(err)
		}
		defer held.release()
		for _, l := range held.listeners {
			if addr, ok := l.Addr().(*net.TCPAddr); !ok || !addr.IP.IsLoopback() || addr.Port != held.port {
				t.Errorf("listens on %v, want loopback and port %d", l.Addr(), held.port)
			}
		}
	})
	for _, network := range []string{"tcp4", "tcp6"} {
		host := map[string]string{"tcp4": "127.0.0.1:", "tcp6": "[::1]:"}[network]
		t.Run("first port busy on "+network+": the second", func(t *testing.T) {
			first, second := freePort(t), freePort(t)
			occupy(t, network, host+fmt.Sprint(first))
			held, err := listen(t.Context(), []int{first, second})
			if err != nil || held.port != second {
				t.Errorf("port %d, %v, want %d", held.port, err, second)
			}
			held.release()
			if held, err = hold(t.Context(), second); err != nil {
				t.Errorf("second port was not given back: %v", err)
			}
			held.release()
		})
	}
	t.Run("both busy", func(t *testing.T) {
		ports := []int{freePort(t), freePort(t)}
		for _, port := range ports {
			occupy(t, "tcp4", fmt.Sprint("127.0.0.1:", port))
		}
		l := BrowserLogin{Ports: ports, Show: func(string) { t.Error("an address was shown") }}
		_, err := l.Login(t.Context())
		busy, ok := errors.AsType[*PortError](err)
		if !ok || !errors.Is(err, ErrPortInUse) || !errors.Is(err, syscall.EADDRINUSE) {
			t.Fatalf("error %v, want a PortError", err)
		}
		diff(t, "ports", ports, busy.Ports)
		if want := fmt.Sprintf("callback port cannot be used: %d, %d (", ports[0], ports[1]); !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "\n") {
			t.Errorf("error %q, want %q in one line", err, want)
		}
	})
	t.Run("no such port", func(t *testing.T) {
		_, err := listen(t.Context(), []int{70000})
		if !errors.Is(err, ErrPortInUse) || errors.Is(err, syscall.EADDRINUSE) {
			t.Errorf("error %v, want a PortError of another cause", err)
		}
	})
}

func TestPortErrorWithoutCause(t *testing.T) {
	diff(t, "text", "callback port cannot be used: 1455", (&PortError{Ports: []int{1455}}).Error())
}

func TestRegisteredPorts(t *testing.T) {
	diff(t, "ports", []int{1455, 1457}, RegisteredPorts())
	if !RegisteredPort(1455) || !RegisteredPort(1457) || RegisteredPort(8765) {
		t.Error("RegisteredPort differs from the list")
	}
}

// thePorts gives this test the two registered ports to itself: the tests of
// internal/cli take the same lock. Another program may still hold one.
func thePorts(t *testing.T) {
	t.Helper()
	lock := flock.New(filepath.Join(os.TempDir(), "codexctl-test-ports.lock"), flock.SetPermissions(0o666))
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	if got, err := lock.TryLockContext(ctx, 10*time.Millisecond); !got {
		t.Skipf("another test has the ports 1455 and 1457 for longer than a minute: %v", err)
	}
	t.Cleanup(func() { _ = lock.Unlock() })
}

// Another program may hold the real ports, so this one may skip.
func TestTheRealPorts(t *testing.T) {
	thePorts(t)
	for _, port := range RegisteredPorts() {
		held, err := hold(t.Context(), port)
		if err != nil {
			t.Skipf("port %d is in use", port)
		}
		held.release()
	}
	occupy(t, "tcp4", "127.0.0.1:1455")
	i := newSigner(t)
	s := begin(t, BrowserLogin{Config: Config{Issuer: i.URL}, Ports: []int{}})
	if got, want := s.address.Query().Get("redirect_uri"), "http://localhost:1457/auth/callback"; got != want {
		t.Fatalf("redirect %q with 1455 busy, want %q", got, want)
	}
	visit(t, "GET", s.back("code", canaryCode, "state", s.state())).wants(t, 200)
	if _, err := s.end(); err != nil {
		t.Error(err)
	}
	if got := i.seen()[0].form.Get("redirect_uri"); got != "http://localhost:1457/auth/callback" {
		t.Errorf("exchange with redirect %q", got)
	}
}
