package auth

import (
	"context"
	"errors"

	"github.com/codexctl/codexctl/pkg/credentials"
)

// Keeper puts a fresh login into a store, in place of whatever login is there. Its
// Store method is what [BrowserLogin] and [DeviceLogin] want. The official client
// signs out first and leaves nobody signed in when something goes wrong; here the
// old login stays, byte for byte, until the new one is on disk.
//
// Source: fact B-6 in docs/protocol.md.
type Keeper struct {
	// File is the store; see [credentials.Locator.Target]. It need not exist.
	File credentials.File

	// Format is the form to write. Empty keeps the form and the unknown keys of an
	// existing store, and means File.Format for a new one.
	Format credentials.Format

	// Replace also overwrites a store that holds no login in a known form: another
	// kind of login, or nothing readable. Its content is lost.
	Replace bool

	// Warn is told if the file system has no locks; the store is written all the
	// same. Nil means nobody is told.
	Warn func(error)
}

// Check finds out whether Store would work now, before a person is asked to sign in.
// It changes nothing but that the store's folder and lock file may come to exist. It
// waits at most 30 seconds for the lock, which is free again when it returns.
//
// The error is Store's, or the context's cause.
func (k Keeper) Check(ctx context.Context) error {
	unlock, pending, err := k.prepare(ctx)
	if err != nil {
		return err
	}
	defer unlock()
	pending.Abort()
	return nil
}

// Store writes c, under the store's lock. A missing folder is created with mode
// 0700, the file gets mode 0600.
//
// The error is a [*credentials.FileError] or a [*credentials.OtherLoginError] about
// the store, or [credentials.ErrIncomplete] if c lacks what the form needs; the store
// is then as it was. Nothing can cancel it: it waits at most 30 seconds for the lock,
// and a login that was given is worth them.
func (k Keeper) Store(c credentials.Credential) error {
	ctx := context.Background()
	unlock, pending, err := k.prepare(ctx)
	if err != nil {
		return err
	}
	defer unlock()
	return pending.Commit(ctx, c)
}

// prepare takes the lock and the room on disk.
func (k Keeper) prepare(ctx context.Context) (unlock func(), pending *credentials.Pending, err error) {
	lock, err := k.File.Lock(ctx, credentials.DefaultLockWait)
	switch {
	case errors.Is(err, credentials.ErrNoLocking):
		if k.Warn != nil {
			k.Warn(err)
		}
	case err != nil:
		return nil, nil, err
	}
	if pending, err = k.open(ctx); err != nil {
		lock.Unlock()
		return nil, nil, err
	}
	return lock.Unlock, pending, nil
}

// open prepares the write: into the present document if its form is to stay, else as
// a new one.
func (k Keeper) open(ctx context.Context) (*credentials.Pending, error) {
	file := k.File
	if k.Format != "" {
		file.Format = k.Format
	}
	_, format, err := k.File.Read(ctx)
	unusable := errors.Is(err, credentials.ErrMalformed) || errors.Is(err, credentials.ErrOtherLogin)
	switch {
	case unusable && !k.Replace:
		return nil, err
	case unusable, err == nil && k.Format != "" && k.Format != format:
		return file.PrepareAs(file.Format)
	}
	// A store that is missing or cannot be read at all is judged there.
	return file.PrepareNew(ctx)
}
