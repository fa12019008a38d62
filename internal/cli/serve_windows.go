package cli

import (
	"errors"
	"net"
	"syscall"
)

// withUmask has nothing to do here: a socket takes the rights of its folder.
func withUmask(create func() (net.Listener, error)) (net.Listener, error) { return create() }

// inUse says whether somebody else has a port.
func inUse(err error) bool {
	const wsaeAddrInUse = syscall.Errno(10048)
	return errors.Is(err, wsaeAddrInUse)
}
