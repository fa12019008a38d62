package credentials

import (
	"context"
	"errors"
	"syscall"
	"testing"
)

// LangChain 7.1, row 31: a system without locks is told apart, so that callers can
// warn and work on; every other fault of a lock is not.
func TestAFileSystemWithoutLocksIsToldApart(t *testing.T) {
	ctx := context.Background()
	file := File{Path: "/nowhere/auth.json"}
	for _, err := range []error{syscall.ENOLCK, syscall.ENOTSUP, syscall.ENOSYS} {
		got := file.lockError(ctx, ctx, err)
		var about *FileError
		if !errors.Is(got, ErrNoLocking) || !errors.As(got, &about) || about.Path != file.Path {
			t.Errorf("%v is %v, want ErrNoLocking about %s", err, got, file.Path)
		}
	}
	if got := file.lockError(ctx, ctx, syscall.EACCES); errors.Is(got, ErrNoLocking) || !errors.Is(got, ErrNotWritable) {
		t.Errorf("EACCES is %v, want ErrNotWritable", got)
	}
}
