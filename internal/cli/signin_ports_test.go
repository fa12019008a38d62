package cli

import (
	"context"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/gofrs/flock"
	"github.com/tidwall/gjson"

	"github.com/codexctl/codexctl/internal/emulator"
)

// registered is the two ports that the issuer knows.
func registered() []string { return []string{"1455", "1457"} }

// thePorts gives this test the two registered ports to itself: a lock keeps the tests
// of other processes away, and what else holds one makes the test skip.
func thePorts(t *testing.T) {
	t.Helper()
	lock := flock.New(filepath.Join(os.TempDir(), "codexctl-test-ports.lock"), flock.SetPermissions(0o666))
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	if got, err := lock.TryLockContext(ctx, 10*time.Millisecond); !got {
		t.Skipf("another test has the ports 1455 and 1457 for longer than a minute: %v", err)
	}
	t.Cleanup(func() { _ = lock.Unlock() })
	for _, port := range registered() {
		var err error
		for end := time.Now().Add(3 * time.Second); time.Now().Before(end); time.Sleep(20 * time.Millisecond) {
			var l net.Listener
			if l, err = net.Listen("tcp4", "127.0.0.1:"+port); err == nil {
				l.Close()
				break
			}
		}
		if err != nil {
			t.Skipf("another program on this machine has the port %s: %v", port, err)
		}
	}
}

// occupy holds a port on one loopback address for the rest of the test.
func occupy(t *testing.T, network, host, port string) {
	t.Helper()
	l, err := net.Listen(network, net.JoinHostPort(host, port))
	if err != nil {
		t.Skipf("the port %s was taken meanwhile: %v", port, err)
	}
	t.Cleanup(func() { l.Close() })
}

// cli-tools.md 7, check 17: a busy port has a clear text and a second port.
// cli.md 7, `--port N` (1455, then 1457: the only two the issuer accepts); issue 3,
// "done when": 1455 busy, then both. The emulator gives tokens for these two alone.
func TestRegisteredPorts(t *testing.T) {
	tests := []struct {
		name string
		busy [][3]string
		args []string
		exit int
		port string
	}{
		{"both free", nil, nil, 0, "1455"},
		{"1455 busy", [][3]string{{"tcp4", "127.0.0.1", "1455"}}, nil, 0, "1457"},
		{"1455 busy on IPv6 alone", [][3]string{{"tcp6", "::1", "1455"}}, nil, 0, "1457"},
		{"named", nil, []string{"--port", "1457"}, 0, "1457"},
		{"both busy", [][3]string{{"tcp4", "127.0.0.1", "1455"}, {"tcp4", "127.0.0.1", "1457"}}, nil, 3, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			thePorts(t)
			for _, b := range tt.busy {
				if b[0] == "tcp6" && !haveIPv6() {
					t.Skip("this machine has no IPv6 loopback")
				}
				occupy(t, b[0], b[1], b[2])
			}
			p, person := newcomer(t, emulator.Scene{})
			if err := p.emulator.SetScene(emulator.Scene{}); err != nil {
				t.Fatal(err)
			}
			p.wants(t, p.run(append([]string{"auth", "login", "--json", "--wait", "15s"}, tt.args...)...), tt.exit, "")
			if _, err := person.Wait(); err != nil {
				t.Errorf("browser: %v", err)
			}
			if tt.exit != 0 {
				p.says(t, "1455", "1457", "--port", "login-device")
				if got := gjson.GetBytes(p.out.Bytes(), "error.code").Str; got != "port_in_use" {
					t.Errorf("error.code %q", got)
				}
				return
			}
			address, err := url.Parse(p.printed(t))
			if err != nil {
				t.Fatal(err)
			}
			if got, want := address.Query().Get("redirect_uri"), "http://localhost:"+tt.port+"/auth/callback"; got != want {
				t.Errorf("redirect %q, want %q", got, want)
			}
			if got := p.state(t); got != "valid" {
				t.Errorf("state %q", got)
			}
			for _, port := range registered() {
				if len(tt.busy) > 0 {
					break
				}
				if l, err := net.Listen("tcp4", "127.0.0.1:"+port); err != nil {
					t.Errorf("port %s was not given back: %v", port, err)
				} else {
					l.Close()
				}
			}
		})
	}
}
