package auth

import (
	"context"
	"errors"
	"net"
	"slices"
	"strconv"
	"syscall"
)

// RegisteredPorts returns the callback ports that the real issuer accepts for the
// default client, in the order in which they are tried. Source: fact B-2 in
// docs/protocol.md.
func RegisteredPorts() []int { return []int{1455, 1457} }

// RegisteredPort reports whether the real issuer accepts a callback on port. It shows
// its page for any other port too, and then refuses the exchange, so a person should
// be warned before.
func RegisteredPort(port int) bool { return slices.Contains(RegisteredPorts(), port) }

// loopback is one port, held on this machine's own addresses and on no other.
type loopback struct {
	port      int
	listeners []net.Listener
}

// listen holds the first of ports that can be had. The error is a [*PortError], or
// the context's cause.
func listen(ctx context.Context, ports []int) (loopback, error) {
	var failures []error
	for _, port := range ports {
		held, err := hold(ctx, port)
		if err == nil {
			return held, nil
		}
		if ctx.Err() != nil {
			return loopback{}, context.Cause(ctx)
		}
		failures = append(failures, err)
	}
	return loopback{}, &PortError{Ports: ports, Err: errors.Join(failures...)}
}

// hold takes port on both loopback addresses. A browser goes to either of them for
// "localhost", so a port that somebody else has on one is of no use on the other. A
// machine without IPv6 does without it. Port 0 is a free one.
func hold(ctx context.Context, port int) (loopback, error) {
	var config net.ListenConfig
	four, err := config.Listen(ctx, "tcp4", net.JoinHostPort("127.0.0.1", strconv.Itoa(port)))
	if err != nil {
		return loopback{}, err
	}
	if addr, ok := four.Addr().(*net.TCPAddr); ok {
		port = addr.Port
	}
	held := loopback{port: port, listeners: []net.Listener{four}}
	six, err := config.Listen(ctx, "tcp6", net.JoinHostPort("::1", strconv.Itoa(port)))
	switch {
	case err == nil:
		held.listeners = append(held.listeners, six)
	case taken(err) || ctx.Err() != nil:
		held.release()
		return loopback{}, err
	}
	return held, nil
}

func (l loopback) release() {
	for _, listener := range l.listeners {
		// It is of no use any more, whatever this says.
		_ = listener.Close()
	}
}

// taken reports whether somebody else has the address.
func taken(err error) bool {
	const windows syscall.Errno = 10048 // WSAEADDRINUSE, which syscall.EADDRINUSE is not
	return errors.Is(err, syscall.EADDRINUSE) || errors.Is(err, windows)
}
