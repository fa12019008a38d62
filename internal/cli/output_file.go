package cli

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"

	"github.com/codexctl/codexctl/internal/terminal"
)

// outputFile is the file of --output. A regular file is replaced at once, when all of
// its content is there; a pipe or a device is written to.
type outputFile struct {
	name string // as it was given

	target string      // where its links lead
	mode   fs.FileMode // of the file that is there
	exists bool

	device *os.File // open, if it is no regular file; else nil
}

// placeError is a place where the answer cannot be written.
type placeError struct {
	name string
	err  error
}

func (e *placeError) Error() string { return fmt.Sprintf("--output %s: %v", e.name, e.err) }
func (e *placeError) Unwrap() error { return e.err }

// openOutputFile makes sure that a file can be written, and leaves it as it is. The
// error is a usageError for a name that no file can have here, else a placeError.
func openOutputFile(ctx context.Context, name string) (*outputFile, error) {
	if name == "" {
		return nil, usagef("--output is empty; leave it out to do without")
	}
	f := &outputFile{name: name}
	info, err := os.Stat(name)
	switch {
	case err == nil && info.IsDir():
		return nil, usagef("--output %s is a directory", name)
	case err == nil && !info.Mode().IsRegular():
		return f, f.openDevice(ctx)
	case err == nil:
		f.exists, f.mode = true, info.Mode().Perm()
	case !errors.Is(err, fs.ErrNotExist):
		return nil, f.unusable(err)
	}
	f.target, err = linkTarget(name)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, usagef("--output %s: its directory does not exist", name)
	case err != nil:
		return nil, f.unusable(err)
	}
	return f, f.probe()
}

// linkTarget is where a name leads, which need not exist. What stands in a link counts
// from the directory that the link is really in.
func linkTarget(name string) (string, error) {
	const most = 40 // as many as Linux follows
	for range most {
		dir, base := filepath.Split(name) // filepath.Dir takes away .. without looking at links
		dir, err := filepath.EvalSymlinks(cmp.Or(dir, "."))
		if err != nil {
			return "", err
		}
		name = filepath.Join(dir, base)
		next, err := os.Readlink(name)
		if err != nil {
			return name, nil // not a link, or not there
		}
		if !filepath.IsAbs(next) {
			next = dir + string(filepath.Separator) + next
		}
		name = next
	}
	return "", errors.New("too many symbolic links")
}

// openDevice opens what is no regular file, until the context ends: a named pipe waits
// for its reader.
func (f *outputFile) openDevice(ctx context.Context) error {
	type result struct {
		file *os.File
		err  error
	}
	done := make(chan result, 1)
	// Opening a pipe cannot be interrupted: this goroutine ends with it, or with the
	// process.
	go func() {
		file, err := os.OpenFile(f.name, os.O_WRONLY, 0)
		done <- result{file, err}
	}()
	select {
	case r := <-done:
		if r.err != nil {
			return f.unusable(r.err)
		}
		f.device = r.file
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// probe creates what write will need, and takes it away again: a process that is killed
// while it waits for an answer leaves nothing behind.
func (f *outputFile) probe() error {
	if f.exists {
		file, err := os.OpenFile(f.target, os.O_WRONLY, 0)
		if err != nil {
			return f.unusable(err)
		}
		_ = file.Close()
	}
	file, err := f.create()
	if err != nil {
		return f.unusable(err)
	}
	_ = file.Close()
	_ = os.Remove(file.Name())
	return nil
}

// create makes a new file beside the target. One that takes the place of another is
// nobody else's until it has the mode of that one; a new one has what the umask leaves.
func (f *outputFile) create() (*os.File, error) {
	mode := fs.FileMode(0o666)
	if f.exists {
		mode = 0o600
	}
	for {
		name := filepath.Join(filepath.Dir(f.target), fmt.Sprintf(".codexctl-%016x.tmp", rand.Uint64()))
		file, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, mode)
		if !errors.Is(err, fs.ErrExist) {
			return file, err
		}
	}
}

// write makes data the content of the file. After an error a regular file is as it was.
// The error is a placeError.
func (f *outputFile) write(data []byte) error {
	if f.device != nil {
		return f.writeDevice(data)
	}
	file, err := f.create()
	if err != nil {
		return f.unusable(err)
	}
	_, err = file.Write(data)
	if err == nil && f.exists {
		err = file.Chmod(f.mode)
	}
	if closeErr := file.Close(); err == nil {
		err = closeErr
	}
	if err == nil {
		err = os.Rename(file.Name(), f.target)
	}
	if err != nil {
		_ = os.Remove(file.Name())
		return f.unusable(err)
	}
	return nil
}

func (f *outputFile) writeDevice(data []byte) error {
	_, err := newOutput(f.device, terminal.Is(f.device)).Write(data)
	if errors.Is(err, errReaderGone) {
		err = errors.New("its reader went away")
	}
	if closeErr := f.device.Close(); err == nil {
		err = closeErr
	}
	f.device = nil
	if err != nil {
		return f.unusable(err)
	}
	return nil
}

// close gives up a file that is still open.
func (f *outputFile) close() {
	if f.device != nil {
		_ = f.device.Close()
	}
}

// unusable is an error of the file system, without the names of temporary files.
func (f *outputFile) unusable(err error) error {
	var path *os.PathError
	var link *os.LinkError
	switch {
	case errors.As(err, &path):
		err = path.Err
	case errors.As(err, &link):
		err = link.Err
	}
	return &placeError{f.name, err}
}
