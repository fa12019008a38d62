package session

import (
	"context"
	"sync"
)

// Lock implements [Backend]: a queue within the process, and against other processes
// a flock on "<key>.lock". Between processes there is no order: who asks first after
// the lock is given back has it. The token is empty and lost nil: the kernel takes
// nobody's lock away.
func (f *Folder) Lock(ctx context.Context, key string) (token string, lost <-chan struct{}, unlock func(), err error) {
	if err := f.turns.enter(ctx, key); err != nil {
		return "", nil, nil, err
	}
	l, err := lockFile(ctx, f.path(key+lockSuffix))
	if err != nil {
		f.turns.leave(key)
		return "", nil, nil, err
	}
	return "", nil, f.unlocker(key, l), nil
}

// TryLock implements [Backend].
func (f *Folder) TryLock(_ context.Context, key string) (unlock func(), err error) {
	if !f.turns.tryEnter(key) {
		return nil, nil
	}
	l, err := tryLockFile(f.path(key + lockSuffix))
	if l == nil {
		f.turns.leave(key)
		return nil, err
	}
	return f.unlocker(key, l), nil
}

func (f *Folder) unlocker(key string, l *fileLock) func() {
	return sync.OnceFunc(func() {
		l.remove()
		f.turns.leave(key)
	})
}

// writing runs do while no other process and no other caller writes to the folder. It
// is for the moment of a write: turns have locks of their own.
func (f *Folder) writing(ctx context.Context, do func() error) error {
	if err := f.turns.enter(ctx, folderLock); err != nil {
		return err
	}
	defer f.turns.leave(folderLock)
	l, err := lockFile(ctx, f.path(folderLock))
	if err != nil {
		return err
	}
	defer l.unlock()
	return do()
}

// tidyLocks removes the lock files that killed processes have left.
func (f *Folder) tidyLocks(ctx context.Context) error {
	return f.files(lockSuffix, func(key string) error {
		unlock, err := f.TryLock(ctx, key)
		if unlock != nil {
			unlock()
		}
		return err
	})
}
