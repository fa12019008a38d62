//go:build unix

package session

import "syscall"

// noFollow makes an open fail where a symbolic link stands.
const noFollow = syscall.O_NOFOLLOW
