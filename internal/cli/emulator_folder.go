package cli

import (
	"os"
	"path/filepath"

	"github.com/gofrs/flock"
)

// folderPrefix begins the name of an emulator's folder.
const folderPrefix = "codexctl-emulator-"

// folderLock is the file in an emulator's folder that is locked for as long as its
// process lives: a kill that nothing can catch leaves the folder, and frees the lock.
const folderLock = "lock"

// newFolder makes a folder for an emulator, and removes those whose emulators are dead.
// The lock is held until it is closed; nil where there are no locks, and nobody then
// removes the folder but its owner.
func newFolder() (string, *flock.Flock, error) {
	sweepFolders()
	dir, err := os.MkdirTemp("", folderPrefix)
	if err != nil {
		return "", nil, err
	}
	return dir, lockFolder(dir), nil
}

// lockFolder takes the lock before it gets the name that others look for, so that no
// lock of a living process is ever seen free.
func lockFolder(dir string) *flock.Flock {
	early := filepath.Join(dir, "lock.new")
	lock := flock.New(early, flock.SetPermissions(0o600))
	if held, err := lock.TryLock(); err != nil || !held {
		return nil
	}
	if err := os.Rename(early, filepath.Join(dir, folderLock)); err != nil {
		_ = lock.Close()
		return nil
	}
	return lock
}

// sweepFolders removes the folders of dead emulators. What cannot be removed stays for
// whoever can.
func sweepFolders() {
	dirs, err := filepath.Glob(filepath.Join(os.TempDir(), folderPrefix+"*"))
	if err != nil {
		return
	}
	for _, dir := range dirs {
		sweepFolder(dir)
	}
}

// sweepFolder removes a folder if its lock is free. A folder of ours is closed to others,
// so whoever can open the lock in it is its owner, or root.
func sweepFolder(dir string) {
	if info, err := os.Lstat(dir); err != nil || !info.IsDir() || info.Mode().Perm() != 0o700 {
		return
	}
	path := filepath.Join(dir, folderLock)
	if info, err := os.Lstat(path); err != nil || !info.Mode().IsRegular() {
		return
	}
	lock := flock.New(path, flock.SetFlag(os.O_RDWR))
	if free, err := lock.TryLock(); err != nil || !free {
		return
	}
	_ = lock.Close() // some systems remove no file that is open
	_ = os.RemoveAll(dir)
}
