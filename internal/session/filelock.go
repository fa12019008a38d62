package session

import (
	"context"
	"fmt"
	"os"
	"runtime"
	"time"

	"github.com/gofrs/flock"
)

// lockPoll is the pause between two tries for a lock that another process holds.
const lockPoll = 5 * time.Millisecond

// fileLock is a flock on a file of its own, which the kernel gives back when the
// process dies. The file is there while somebody holds or awaits the lock.
type fileLock struct{ held *flock.Flock }

// lockFile waits for the lock at path. The error is the context's cause or the
// system's.
//
// A lock file is removed by its holder, so a lock may be got on a file that has just
// lost its name. Such a lock excludes nobody: the one that counts is on the file that
// bears the name now. See [fileLock.remove].
func lockFile(ctx context.Context, path string) (*fileLock, error) {
	for {
		l := newFileLock(path)
		if _, err := l.held.TryLockContext(ctx, lockPoll); err != nil {
			_ = l.held.Close()
			if ctx.Err() != nil {
				return nil, context.Cause(ctx)
			}
			return nil, fmt.Errorf("lock %s: %w", path, err)
		}
		if l.named() {
			return l, nil
		}
		_ = l.held.Close()
	}
}

// tryLockFile is lockFile without waiting; nil if somebody holds the lock.
func tryLockFile(path string) (*fileLock, error) {
	l := newFileLock(path)
	locked, err := l.held.TryLock()
	if err != nil {
		_ = l.held.Close()
		return nil, fmt.Errorf("lock %s: %w", path, err)
	}
	if !locked || !l.named() {
		_ = l.held.Close()
		return nil, nil
	}
	return l, nil
}

func newFileLock(path string) *fileLock {
	return &fileLock{flock.New(path, flock.SetFlag(os.O_CREATE|os.O_RDWR|noFollow), flock.SetPermissions(0o600))}
}

// named says whether the locked file still bears its name.
func (l *fileLock) named() bool {
	mine, err := l.held.Stat()
	if err != nil {
		return false
	}
	there, err := os.Lstat(l.held.Path())
	return err == nil && os.SameFile(mine, there)
}

// unlock gives the lock back and leaves its file.
func (l *fileLock) unlock() { _ = l.held.Close() }

// remove deletes the file and gives the lock back, in this order: as long as we hold
// the lock, nobody else can believe to hold the one of this name. Windows deletes no
// open file, so there it is the other way round, and the deletion fails if somebody
// has opened the file since.
func (l *fileLock) remove() {
	path := l.held.Path()
	if runtime.GOOS == "windows" {
		l.unlock()
		_ = os.Remove(path)
		return
	}
	_ = os.Remove(path)
	l.unlock()
}
