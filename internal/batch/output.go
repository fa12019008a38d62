package batch

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/gofrs/flock"
)

// File takes the records of a run. Until it is closed no other process gets to write
// it: a lock file beside it, "<file>.lock", says so. It is for one goroutine.
type File struct {
	file   *os.File
	target string // its path, behind symlinks
	size   int64  // the length of what is whole; -1 for what is no regular file
	lock   *flock.Flock

	kept     Kept
	answered map[string]bool
}

// Kept is what [Resume] found.
type Kept struct {
	// Completed is how many records were kept.
	Completed int

	// Failed is how many were dropped because their items are not completed.
	Failed int

	// Torn is how many lines were dropped because they are not whole.
	Torn int

	// Repeated is how many were dropped because their id was completed before.
	Repeated int
}

// Create opens a new output file, or an empty one. Something that is no regular file,
// such as a pipe, is opened for writing and not locked.
//
// The error wraps [ErrOutputExists], [ErrLocked], or is an [*fs.PathError].
func Create(path string) (*File, error) {
	if info, err := os.Stat(path); err == nil && !info.Mode().IsRegular() {
		file, err := os.OpenFile(path, os.O_WRONLY, 0)
		if err != nil {
			return nil, err
		}
		return &File{file: file, size: -1}, nil
	}
	return open(path, func(f *File, _ string) error {
		info, err := f.file.Stat()
		if err == nil && info.Size() > 0 {
			err = fmt.Errorf("%w: %s", ErrOutputExists, path)
		}
		return err
	})
}

// Resume opens the output file of an earlier run, or a new one, for the rest of the
// records. Only those with the status "completed" are kept, of each id the first.
// The others, and lines that a killed process has torn, are dropped by writing a new
// file and putting it in the old one's place, which keeps its mode.
//
// The error wraps [ErrNotOutput] for a file that is something else, [ErrLocked], or is
// that of the file system. The file is then as it was.
func Resume(path string) (*File, error) {
	if info, err := os.Stat(path); err == nil && !info.Mode().IsRegular() {
		return nil, fmt.Errorf("%w: %s is not a regular file", ErrNotOutput, path)
	}
	return open(path, func(f *File, target string) error {
		s, err := newSurvey(f.file, maxRecord)
		if err != nil {
			return fmt.Errorf("resume %s: %w", path, err)
		}
		f.size, f.kept, f.answered = s.size, s.kept, s.answered
		if s.clean {
			return nil
		}
		return f.replace(target, s)
	})
}

// open locks and opens a regular file, and lets prepare look at it.
func open(path string, prepare func(f *File, target string) error) (*File, error) {
	target, err := behindLinks(path)
	if err != nil {
		return nil, err
	}
	f := &File{target: target}
	if f.lock, err = takeLock(target); err != nil {
		return nil, err
	}
	if f.file, err = os.OpenFile(target, os.O_RDWR|os.O_CREATE, 0o666); err == nil {
		err = prepare(f, target)
	}
	if err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return f, nil
}

// Kept is what was found in the file; zero for a new one.
func (f *File) Kept() Kept { return f.kept }

// Answered is the ids of the records that were kept, by their text.
func (f *File) Answered() map[string]bool { return f.answered }

// Write appends a record. If not all of it can be written, none of it stays, so that
// the file remains whole when the disk is full.
func (f *File) Write(record []byte) (int, error) {
	if f.size < 0 {
		return f.file.Write(record)
	}
	n, err := f.file.WriteAt(record, f.size)
	if err != nil {
		// A torn line that cannot be cut off is dropped by the next Resume.
		_ = f.file.Truncate(f.size)
		return 0, err
	}
	f.size += int64(n)
	return n, nil
}

// Close brings the records to disk and lets others have the file. Closing again does
// nothing.
func (f *File) Close() error {
	var err error
	if f.file != nil {
		if f.size >= 0 {
			err = f.file.Sync()
		}
		err = errors.Join(err, f.file.Close())
		f.file = nil
	}
	if f.lock != nil {
		// While it is held, so that nobody has just taken it: see takeLock.
		_ = os.Remove(f.lock.Path())
		_ = f.lock.Close()
		f.lock = nil
	}
	return err
}

// takeLock takes the lock of a file. A holder removes the lock file when it is done,
// so what was locked may be out of place already; then the next one is tried.
func takeLock(target string) (*flock.Flock, error) {
	for {
		lock := flock.New(target + ".lock")
		ok, err := lock.TryLock()
		if err != nil {
			return nil, fmt.Errorf("lock the output file: %w", err)
		}
		if !ok {
			_ = lock.Close()
			return nil, fmt.Errorf("%w: %s", ErrLocked, target)
		}
		held, err := lock.Stat()
		if err == nil {
			var there fs.FileInfo
			if there, err = os.Stat(lock.Path()); err == nil && os.SameFile(held, there) {
				return lock, nil
			}
		}
		_ = lock.Close()
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return nil, fmt.Errorf("lock the output file: %w", err)
		}
	}
}

// behindLinks is the path that symlinks lead to; the last may lead to nothing yet.
func behindLinks(path string) (string, error) {
	for range 40 {
		dir, base := filepath.Split(path) // filepath.Dir takes away .. without looking at links
		dir, err := filepath.EvalSymlinks(cmp.Or(dir, "."))
		if err != nil {
			return "", err
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
	return "", &fs.PathError{Op: "open", Path: path, Err: errors.New("too many symbolic links")}
}
