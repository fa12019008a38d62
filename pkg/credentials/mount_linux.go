package credentials

import (
	"errors"

	"golang.org/x/sys/unix"
)

// replaceable refuses a file that is itself a mount point, as containers make them
// of single files: it can be written but not renamed over, and that must be known
// before a refresh token is spent.
func replaceable(target string) error {
	var info unix.Statx_t
	err := unix.Statx(unix.AT_FDCWD, target, unix.AT_SYMLINK_NOFOLLOW, 0, &info)
	if err == nil && info.Attributes_mask&unix.STATX_ATTR_MOUNT_ROOT != 0 && info.Attributes&unix.STATX_ATTR_MOUNT_ROOT != 0 {
		return errors.New("it is a mount point and cannot be replaced")
	}
	return nil
}
