package credentials

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// reserve is the room for a larger login, in bytes: three tokens of several
// KiB each, written as text, with plenty to spare.
const reserve = 64 << 10

// Leftovers of processes that were killed while writing are removed when they are
// this old.
const leftoverAge = time.Hour

// Pending is a write that has been prepared: the room for it is taken on disk.
// Exactly one of Commit and Abort ends it; Abort after Commit does nothing.
type Pending struct {
	file   File
	target string // the file behind symlinks
	temp   *os.File

	existed bool
	before  []byte
	old     Credential
	format  Format
	fresh   bool // write a new document, keep nothing of the old one
	anew    bool // keep nothing of the old login
}

// Prepare makes everything ready for writing the store, which keeps its form and
// its unknown content; a new store gets the form f.Format, else [LangChain].
//
// The caller holds the lock. Nothing is changed yet. The error is a [*FileError]
// that wraps [ErrNotWritable], or what [File.Read] says about an existing store.
func (f File) Prepare(ctx context.Context) (*Pending, error) {
	p := &Pending{file: f, format: f.Format}
	data, c, format, err := f.load(ctx)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		p.fresh = true
	case err != nil:
		return nil, err
	default:
		p.existed, p.before, p.old, p.format = true, data, c, format
	}
	return p.open()
}

// PrepareNew is Prepare for a login that is no renewal of the stored one, whoever's
// that is. The store keeps its form and its unknown content, and nothing of the old
// login: a field that the new one lacks becomes null.
func (f File) PrepareNew(ctx context.Context) (*Pending, error) {
	p, err := f.Prepare(ctx)
	if err != nil {
		return nil, err
	}
	p.anew = true
	return p, nil
}

// PrepareAs is Prepare for replacing whatever is in the store, readable or not, by
// a new document of the given form.
func (f File) PrepareAs(format Format) (*Pending, error) {
	p := &Pending{file: f, format: format, fresh: true}
	data, err := f.slurp()
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	p.existed, p.before = err == nil, data
	return p.open()
}

// open takes the room on disk.
func (p *Pending) open() (*Pending, error) {
	if err := p.takeRoom(); err != nil {
		p.Abort()
		return nil, p.file.unwritable(err)
	}
	keepOwner(p.temp, p.target)
	sweep(p.temp, p.target)
	return p, nil
}

// takeRoom creates the temporary file and fills it.
func (p *Pending) takeRoom() (err error) {
	if p.target, err = p.file.target(); err != nil {
		return err
	}
	if err := replaceable(p.target); err != nil {
		return err
	}
	if err := makeFolder(filepath.Dir(p.target)); err != nil {
		return err
	}
	if p.temp, err = createTemp(p.target); err != nil {
		return err
	}
	return p.fill(make([]byte, len(p.before)+reserve))
}

// Commit writes c into the store: after it the store holds c, on disk, with mode
// 0600. A store of the official form keeps auth_mode, and account_id unless c is
// of another account.
//
// The error is a [*FileError] that wraps [ErrChanged] or [ErrNotWritable],
// [ErrIncomplete] for a new store, or the context's cause; the store is then as it
// was.
func (p *Pending) Commit(ctx context.Context, c Credential) error {
	defer p.Abort()
	if err := p.unchanged(ctx); err != nil {
		return err
	}
	data, err := p.document(c)
	if err != nil {
		return err
	}
	if err := p.fill(data); err != nil {
		return p.file.unwritable(err)
	}
	if err := os.Rename(p.temp.Name(), p.target); err != nil {
		if e, ok := errors.AsType[*os.LinkError](err); ok {
			err = e.Err
		}
		return p.file.unwritable(err)
	}
	syncFolder(filepath.Dir(p.target))
	p.close()
	return nil
}

// Abort gives the prepared room back and leaves the store as it is.
func (p *Pending) Abort() {
	if p == nil || p.temp == nil {
		return
	}
	// Best effort: the file holds nothing, and later writes sweep it up.
	_ = os.Remove(p.temp.Name())
	p.close()
}

// close forgets the temporary file, whose content fill has synced already.
func (p *Pending) close() {
	_ = p.temp.Close()
	p.temp = nil
}

// unchanged makes sure that nobody who takes no lock, such as the official CLI,
// has written other tokens since Prepare. Their login would be lost. A change of
// anything else is kept, by writing into the newer content.
func (p *Pending) unchanged(ctx context.Context) error {
	if p.fresh {
		data, err := p.file.slurp()
		if (err == nil) != p.existed || !bytes.Equal(data, p.before) {
			return &FileError{Path: p.file.Path, Err: ErrChanged}
		}
		return nil
	}
	data, now, format, err := p.file.load(ctx)
	switch {
	case err != nil && ctx.Err() != nil:
		return context.Cause(ctx)
	case err != nil, format != p.format, !now.SameTokens(p.old):
		return &FileError{Path: p.file.Path, Err: ErrChanged}
	}
	p.before, p.old = data, now
	return nil
}

// document is the store's new content.
func (p *Pending) document(c Credential) ([]byte, error) {
	if p.fresh {
		return Encode(c, p.format)
	}
	o, err := parseObject(p.before)
	if err != nil {
		return nil, p.file.named(malformed("", err))
	}
	if p.anew {
		// What the form does not allow in a new file, it does not allow in this one.
		if _, err := Encode(c, p.format); err != nil {
			return nil, err
		}
	}
	if o, err = p.format.edit(o, p.old, c, p.anew || strangers(p.old, c)); err != nil {
		return nil, p.file.named(err)
	}
	return o.raw, nil
}

// fill makes data the whole content of the temporary file, on disk.
func (p *Pending) fill(data []byte) error {
	if _, err := p.temp.WriteAt(data, 0); err != nil {
		return err
	}
	if err := p.temp.Truncate(int64(len(data))); err != nil {
		return err
	}
	return p.temp.Sync()
}

// createTemp makes a file beside target that nobody else could have guessed.
func createTemp(target string) (*os.File, error) {
	name := tempPrefix(target) + rand.Text() + tempSuffix
	return os.OpenFile(filepath.Join(filepath.Dir(target), name), os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o600)
}

const tempSuffix = ".tmp"

func tempPrefix(target string) string { return "." + filepath.Base(target) + "." }

// sweep removes leftovers, told by their age on the file system's own clock.
func sweep(temp *os.File, target string) {
	now, err := temp.Stat()
	if err != nil {
		return
	}
	dir := filepath.Dir(target)
	entries, err := os.ReadDir(dir)
	if err != nil {
		return
	}
	for _, entry := range entries {
		name := entry.Name()
		if !strings.HasPrefix(name, tempPrefix(target)) || !strings.HasSuffix(name, tempSuffix) {
			continue
		}
		info, err := entry.Info()
		if err == nil && info.Mode().IsRegular() && now.ModTime().Sub(info.ModTime()) > leftoverAge {
			_ = os.Remove(filepath.Join(dir, name))
		}
	}
}

// syncFolder makes the rename survive a power cut. Some file systems cannot; the
// store is in place either way.
func syncFolder(dir string) {
	if d, err := os.Open(dir); err == nil {
		_ = d.Sync()
		_ = d.Close()
	}
}

// RescueError says that a fresh login could not be put where it belongs. The
// refresh token it replaces is spent, so the copy that it names may be the only
// one.
type RescueError struct {
	// Path is the copy, in LangChain's form. Empty if that failed too.
	Path string

	// Err is why the login could not be stored, and why no copy could be made.
	Err error
}

// Error names the copy.
func (e *RescueError) Error() string {
	if e.Path == "" {
		return "the renewed login could not be stored anywhere: " + e.Err.Error()
	}
	return "the renewed login was saved to " + e.Path + ": " + e.Err.Error()
}

// Unwrap returns Err.
func (e *RescueError) Unwrap() error { return e.Err }

// Rescue saves c, which could not be stored because of cause, as
// "rescue-<random>.json" with mode 0600 in dir, which it creates with mode 0700 if
// it is missing. It always returns an error.
func Rescue(dir string, c Credential, cause error) *RescueError {
	path, err := rescue(dir, c)
	if err != nil {
		return &RescueError{Err: errors.Join(cause, err)}
	}
	return &RescueError{Path: path, Err: cause}
}

func rescue(dir string, c Credential) (string, error) {
	if dir == "" {
		return "", errors.New("no folder for a rescue copy")
	}
	data, err := Encode(c, LangChain)
	if err != nil {
		return "", fmt.Errorf("make a rescue copy: %w", err)
	}
	if err := makeFolder(dir); err != nil {
		return "", fmt.Errorf("make a rescue copy: %w", err)
	}
	path := filepath.Join(dir, "rescue-"+strings.ToLower(rand.Text())+".json")
	if err := writeNew(path, data); err != nil {
		return "", fmt.Errorf("make a rescue copy: %w", err)
	}
	syncFolder(dir)
	return path, nil
}

func writeNew(path string, data []byte) error {
	file, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	_, err = file.Write(data)
	return errors.Join(err, file.Sync(), file.Close())
}
