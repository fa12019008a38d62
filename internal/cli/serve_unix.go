//go:build !windows

package cli

import (
	"errors"
	"net"
	"syscall"
)

// withUmask creates what nobody but its owner can open, from the first moment on.
func withUmask(create func() (net.Listener, error)) (net.Listener, error) {
	old := syscall.Umask(0o177)
	defer syscall.Umask(old)
	return create()
}

// inUse says whether somebody else has a port.
func inUse(err error) bool { return errors.Is(err, syscall.EADDRINUSE) }
