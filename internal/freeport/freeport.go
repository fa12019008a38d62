// Package freeport finds ports for tests that tell a program where to listen. It knows
// nothing of what listens there, and is part of no binary.
//
// A port of the system's choice will not do: once it is let go, the next listener or
// connection of any process may be given it before the program has started.
package freeport

import (
	"context"
	"errors"
	"math/rand/v2"
	"net"
	"strconv"
	"testing"
)

// The ports that are looked at stand below those that systems give away by themselves:
// from 32768 on Linux, from 49152 elsewhere.
const (
	lowest = 20000
	count  = 12000
)

// attempts is how many ports are tried before there is none.
const attempts = 200

// For is a port that nobody has on either loopback address. Until the test ends no other
// call gets it, in this process or another: its UDP namesake is held as the sign. A
// machine without IPv6 does without it.
func For(t testing.TB) string {
	t.Helper()
	var config net.ListenConfig
	var failures []error
	for range attempts {
		port := strconv.Itoa(lowest + rand.IntN(count)) // #nosec G404 -- which one is no secret
		sign, err := config.ListenPacket(t.Context(), "udp4", net.JoinHostPort("127.0.0.1", port))
		if err == nil {
			if err = free(t.Context(), port); err == nil {
				t.Cleanup(func() { _ = sign.Close() })
				return port
			}
			_ = sign.Close()
		}
		failures = append(failures, err)
	}
	t.Fatalf("no free port: %v", errors.Join(failures...))
	return ""
}

// free says why a port cannot be listened on.
func free(ctx context.Context, port string) error {
	var config net.ListenConfig
	four, err := config.Listen(ctx, "tcp4", net.JoinHostPort("127.0.0.1", port))
	if err != nil {
		return err
	}
	defer func() { _ = four.Close() }()
	six, err := config.Listen(ctx, "tcp6", net.JoinHostPort("::1", port))
	if err == nil {
		return six.Close()
	}
	if any6, without := config.Listen(ctx, "tcp6", "[::1]:0"); without == nil {
		_ = any6.Close()
		return err
	}
	return nil
}
