package credentials

import (
	"syscall"
	"testing"
)

// mountOver makes path show what is at from, until the test ends.
func mountOver(t *testing.T, from, path string) {
	t.Helper()
	if err := syscall.Mount(from, path, "", syscall.MS_BIND, ""); err != nil {
		t.Skipf("cannot mount: %v", err)
	}
	t.Cleanup(func() { _ = syscall.Unmount(path, 0) })
}
