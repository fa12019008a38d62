//go:build unix

package credentials

import (
	"os"
	"syscall"
)

// keepOwner gives the new file the old one's owner, so that renewing as root does
// not lock the user out of a store of mode 0600. Only root may; for everybody else
// the owners are the same or it fails, which is no harm.
func keepOwner(file *os.File, target string) {
	was, err := os.Stat(target)
	if err != nil {
		return
	}
	if owner, ok := was.Sys().(*syscall.Stat_t); ok && os.Geteuid() == 0 {
		_ = file.Chown(int(owner.Uid), int(owner.Gid))
	}
}
