package freeport

import (
	"net"
	"testing"
)

// A port that a test has is not given to another, though nobody listens on it yet, and it
// can be listened on.
func TestForGivesEachPortOnce(t *testing.T) {
	t.Parallel()
	given := map[string]bool{}
	for range 200 {
		port := For(t)
		if given[port] {
			t.Errorf("%s was given twice", port)
		}
		given[port] = true
		l, err := net.Listen("tcp4", net.JoinHostPort("127.0.0.1", port))
		if err != nil {
			t.Fatal(err)
		}
		l.Close()
	}
}

// One that somebody listens on is passed over, on either address.
func TestForPassesOverWhatIsTaken(t *testing.T) {
	t.Parallel()
	for network, host := range map[string]string{"tcp4": "127.0.0.1", "tcp6": "::1"} {
		l, err := net.Listen(network, net.JoinHostPort(host, For(t)))
		if err != nil {
			t.Logf("no %s here: %v", network, err)
			continue
		}
		defer l.Close()
		_, port, _ := net.SplitHostPort(l.Addr().String())
		if free(t.Context(), port) == nil {
			t.Errorf("%s is taken on %s, and counts as free", port, host)
		}
	}
}
