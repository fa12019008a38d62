package auth

import (
	"context"
	"errors"
	"fmt"

	"github.com/codexctl/codexctl/pkg/credentials"
)

// Guard keeps renewals of one login apart where the store's file lock does not
// reach, for example between machines that share a folder. It comes on top of the
// file lock, never instead: other programs know only that one.
type Guard interface {
	// Lock waits until nobody else renews the login in the store called path, at
	// most until ctx ends. The function it returns ends the exclusion and is called
	// exactly once.
	Lock(ctx context.Context, path string) (unlock func(), err error)
}

// exclude takes the guard and then the file lock. The error is the guard's, what
// [credentials.File.Lock] says, or the context's cause.
func (s *Source) exclude(ctx context.Context, file credentials.File) (release func(), err error) {
	bounded, cancel := context.WithTimeoutCause(ctx, credentials.DefaultLockWait, credentials.ErrLockTimeout)
	defer cancel()
	unguard := func() {}
	if s.Guard != nil {
		if unguard, err = s.Guard.Lock(bounded, file.Path); err != nil {
			return nil, overdue(ctx, bounded, file, fmt.Errorf("renewal guard: %w", err))
		}
	}
	lock, err := file.Lock(bounded, 0)
	switch {
	case errors.Is(err, credentials.ErrNoLocking):
		// Not renewing at all would be worse than a small risk of renewing twice.
		s.warn(err)
	case err != nil:
		unguard()
		return nil, overdue(ctx, bounded, file, err)
	}
	return func() { lock.Unlock(); unguard() }, nil
}

// overdue puts the reason why the wait has ended in the place of what that has torn
// down.
func overdue(caller, bounded context.Context, file credentials.File, err error) error {
	switch {
	case caller.Err() != nil:
		return context.Cause(caller)
	case bounded.Err() != nil:
		return &credentials.FileError{Path: file.Path, Err: credentials.ErrLockTimeout}
	}
	return err
}
