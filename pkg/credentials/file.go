package credentials

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"time"
)

// maxStore is the largest store that is read, in bytes.
const maxStore = 1 << 20

// How long a store that may be the official CLI's and does not parse is looked at again
// before it is called malformed: that program empties its file before it fills it.
const (
	tornPause = 50 * time.Millisecond
	tornTries = 10
)

// File is one store.
type File struct {
	// Path is the store as the user or the locator named it.
	Path string

	// Format is the form of a new file; empty means LangChain. An existing file
	// keeps its own form. A flat one whose shape does not decide is LangChain's if
	// Format says so, and else the guide's.
	Format Format
}

// Read returns the login in the store and the store's form. It takes no lock and
// writes nothing.
//
// A store that does not parse is read again for up to half a second, unless Format says
// that it is not the official CLI's: all others replace the whole file. The error is a [*FileError] that wraps fs.ErrNotExist, [ErrUnreadable] or [ErrMalformed], an
// [*OtherLoginError], or the context's cause.
func (f File) Read(ctx context.Context) (Credential, Format, error) {
	_, c, format, err := f.load(ctx)
	return c, format, err
}

// load is Read with the bytes.
func (f File) load(ctx context.Context) ([]byte, Credential, Format, error) {
	for try := 0; ; try++ {
		data, err := f.slurp()
		if err != nil {
			return nil, Credential{}, "", err
		}
		c, format, err := Decode(data, f.Format)
		if err == nil || try == tornTries || !torn(err) || !f.mayBeCodex() {
			return data, c, format, f.named(err)
		}
		if err := pause(ctx, tornPause); err != nil {
			return nil, Credential{}, "", err
		}
	}
}

// torn reports whether the error is about the whole content rather than a field:
// half a file never parses as JSON.
func torn(err error) bool {
	e, ok := errors.AsType[*FileError](err)
	return ok && e.Field == "" && errors.Is(e, ErrMalformed)
}

// mayBeCodex reports whether the store may be the official CLI's. One that does not
// parse cannot say so itself, and a person may have named any.
func (f File) mayBeCodex() bool { return f.Format == Codex || f.Format == "" }

// slurp returns the store's bytes.
func (f File) slurp() ([]byte, error) {
	info, err := os.Stat(f.Path)
	if err != nil {
		return nil, f.unreadable(err)
	}
	// A pipe would block, and could be read only once.
	if !info.Mode().IsRegular() {
		return nil, f.unreadable(errors.New("not a regular file"))
	}
	file, err := os.Open(f.Path)
	if err != nil {
		return nil, f.unreadable(err)
	}
	defer file.Close()
	data, err := io.ReadAll(io.LimitReader(file, maxStore+1))
	if err != nil {
		return nil, f.unreadable(err)
	}
	if len(data) > maxStore {
		return nil, &FileError{Path: f.Path, Err: fmt.Errorf("%w: larger than %d bytes", ErrMalformed, maxStore)}
	}
	return data, nil
}

func (f File) unreadable(err error) error {
	if errors.Is(err, fs.ErrNotExist) {
		return &FileError{Path: f.Path, Err: missing{}}
	}
	return &FileError{Path: f.Path, Err: fmt.Errorf("%w: %w", ErrUnreadable, bare(err))}
}

func (f File) unwritable(err error) error {
	return &FileError{Path: f.Path, Err: fmt.Errorf("%w: %w", ErrNotWritable, bare(err))}
}

// named puts the path into an error of Decode.
func (f File) named(err error) error {
	if e, ok := errors.AsType[*FileError](err); ok {
		return &FileError{Path: f.Path, Field: e.Field, Err: e.Err}
	}
	if e, ok := errors.AsType[*OtherLoginError](err); ok {
		return &OtherLoginError{Path: f.Path, Mode: e.Mode}
	}
	return err
}

// missing is fs.ErrNotExist with words that follow a path.
type missing struct{}

func (missing) Error() string        { return "does not exist" }
func (missing) Is(target error) bool { return target == fs.ErrNotExist }

// Remove deletes the store; for a symlink, what it leads to. Removing a store that
// is not there is no error. The caller holds the lock.
func (f File) Remove() error {
	target, err := f.target()
	if err != nil {
		return f.unwritable(err)
	}
	if err := os.Remove(target); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return f.unwritable(err)
	}
	return nil
}

// target follows the symlinks of the path to the file that is really meant, which
// need not exist.
func (f File) target() (string, error) {
	path := f.Path
	for range 40 {
		dir, base := filepath.Split(path) // filepath.Dir takes away .. without looking at links
		dir, err := filepath.EvalSymlinks(cmp.Or(dir, "."))
		if err != nil {
			return path, ignoreMissing(err)
		}
		path = filepath.Join(dir, base)
		link, err := os.Readlink(path)
		if err != nil {
			return path, nil // not a link, or not there
		}
		if !filepath.IsAbs(link) {
			link = dir + string(filepath.Separator) + link
		}
		path = link
	}
	return "", errors.New("too many symbolic links")
}

func ignoreMissing(err error) error {
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}

// Stamp is a store's state on disk, to see cheaply whether it has been written.
type Stamp struct{ info fs.FileInfo }

// Stamp returns the store's present state; the zero value if it cannot be seen.
func (f File) Stamp() Stamp {
	info, err := os.Stat(f.Path)
	if err != nil {
		return Stamp{}
	}
	return Stamp{info}
}

// Same reports whether nothing was written between the two. Two zero stamps are
// not the same: nothing is known about them.
func (s Stamp) Same(other Stamp) bool {
	return s.info != nil && other.info != nil && os.SameFile(s.info, other.info) &&
		s.info.ModTime().Equal(other.info.ModTime()) && s.info.Size() == other.info.Size()
}

// pause waits, or returns the context's cause.
func pause(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return context.Cause(ctx)
	case <-timer.C:
		return nil
	}
}
