//go:build unix

package main

import (
	"syscall"

	"golang.org/x/sys/unix"
)

// socketPair is two ends of a connection, which no child inherits by itself.
func socketPair() ([2]int, error) {
	syscall.ForkLock.RLock() // not every system can open them closed to children
	defer syscall.ForkLock.RUnlock()
	pair, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_STREAM, 0)
	if err != nil {
		return pair, err
	}
	unix.CloseOnExec(pair[0])
	unix.CloseOnExec(pair[1])
	return pair, nil
}
