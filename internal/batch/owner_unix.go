//go:build unix

package batch

import (
	"os"
	"syscall"
)

// keepOwner gives the new file the owner of the old one. Only root may; for everybody
// else the owners are the same or it fails, which is no harm.
func keepOwner(file *os.File, was os.FileInfo) {
	if owner, ok := was.Sys().(*syscall.Stat_t); ok && os.Geteuid() == 0 {
		_ = file.Chown(int(owner.Uid), int(owner.Gid))
	}
}
