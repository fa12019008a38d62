package credentials

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"syscall"
	"time"

	"github.com/gofrs/flock"
)

// DefaultLockWait is how long [File.Lock] waits when it is not told.
const DefaultLockWait = 30 * time.Second

// lockPoll is the pause between two tries for a lock that somebody holds.
const lockPoll = 20 * time.Millisecond

// Lock is the right to write a store.
type Lock struct{ held []*flock.Flock }

// Lock waits for the exclusive right to write the store: an exclusive flock on
// "<path>.lock", the one that LangChain takes, and then, if that is another file,
// on the lock of the file that a symlinked path leads to. Lock files have mode 0600
// and are never removed. A missing folder is created with mode 0700.
//
// It waits at most for wait, or [DefaultLockWait] if wait is not positive. The
// error is a [*FileError] that wraps [ErrLockTimeout], [ErrNoLocking] or
// [ErrNotWritable], or the context's cause.
func (f File) Lock(ctx context.Context, wait time.Duration) (*Lock, error) {
	if wait <= 0 {
		wait = DefaultLockWait
	}
	target, err := f.target()
	if err != nil {
		return nil, f.unwritable(err)
	}
	for _, path := range [...]string{f.Path, target} {
		if err := makeFolder(filepath.Dir(path)); err != nil {
			return nil, f.unwritable(err)
		}
	}
	bounded, cancel := context.WithTimeoutCause(ctx, wait, ErrLockTimeout)
	defer cancel()
	lock := &Lock{}
	for _, path := range [...]string{f.Path + ".lock", target + ".lock"} {
		if err := lock.take(bounded, path); err != nil {
			lock.Unlock()
			return nil, f.lockError(ctx, bounded, err)
		}
	}
	return lock, nil
}

// take adds the lock at path, unless it is held already under another name: a
// second flock on one file would wait for ourselves.
func (l *Lock) take(ctx context.Context, path string) error {
	for _, held := range l.held {
		if sameFile(held.Path(), path) {
			return nil
		}
	}
	lock := flock.New(path)
	if _, err := lock.TryLockContext(ctx, lockPoll); err != nil {
		return err
	}
	l.held = append(l.held, lock)
	return nil
}

// Unlock gives the right back. Calling it again, or on nil, does nothing.
func (l *Lock) Unlock() {
	if l == nil {
		return
	}
	for i := len(l.held) - 1; i >= 0; i-- {
		// Closing the descriptor gives up the lock even if this fails.
		_ = l.held[i].Close()
	}
	l.held = nil
}

func (f File) lockError(caller, bounded context.Context, err error) error {
	switch {
	case caller.Err() != nil:
		return context.Cause(caller)
	case bounded.Err() != nil:
		return &FileError{Path: f.Path, Err: ErrLockTimeout}
	case errors.Is(err, errors.ErrUnsupported), errors.Is(err, syscall.ENOLCK):
		return &FileError{Path: f.Path, Err: fmt.Errorf("%w: %w", ErrNoLocking, bare(err))}
	}
	return f.unwritable(err)
}

func sameFile(a, b string) bool {
	if a == b {
		return true
	}
	first, err := os.Stat(a)
	if err != nil {
		return false
	}
	second, err := os.Stat(b)
	return err == nil && os.SameFile(first, second)
}

// makeFolder creates a missing folder and its missing parents for the owner only,
// and leaves the mode of existing ones alone.
func makeFolder(dir string) error { return os.MkdirAll(dir, 0o700) }
