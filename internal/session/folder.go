package session

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// Names in the folder.
const (
	recordSuffix = ".jsonl"
	lockSuffix   = ".lock"
	indexName    = "index.jsonl"
	folderLock   = "folder.lock"
)

// tailSize is how much of a record's end is read for its brief, in bytes. A brief is
// at most about 800: an id and a model, each with 128 characters or so, and a title.
const tailSize = 1 << 10

// Folder is a [Backend] of files, for one process or several on one machine.
//
// A record is the file "<key>.jsonl" of mode 0600: the head line, and for every
// exchange the line itself and a short line with the brief, in one write. Files are
// only ever appended to. What was appended survives a kill of the process, and not a
// power cut: nothing is forced to the disk, which would make an append take five times
// as long, and the index would need it too. A last line without its end is what a
// killed or full-disk writer left; it does not count, and the next write begins
// on a line of its own.
type Folder struct {
	dir   string
	turns queues
	index index
}

// OpenFolder opens the folder and creates it with mode 0700 if it is missing. The error
// is the system's.
func OpenFolder(dir string) (*Folder, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("open session folder: %w", err)
	}
	return &Folder{dir: dir}, nil
}

// Path is the file in which a conversation lies, if it is kept.
func (f *Folder) Path(id string) string { return f.path(keyOf(id) + recordSuffix) }

func (f *Folder) path(name string) string { return filepath.Join(f.dir, name) }

// open opens a file of the folder; a symbolic link is an error.
func (f *Folder) open(name string, flag int) (*os.File, error) {
	return os.OpenFile(f.path(name), flag|noFollow, 0o600)
}

// Load implements [Backend].
func (f *Folder) Load(_ context.Context, key string) (lines [][]byte, brief []byte, err error) {
	data, err := f.read(key + recordSuffix)
	if err != nil {
		return nil, nil, err
	}
	lines, last := splitRecord(data)
	return lines, last.Brief, nil
}

// read is all of a file; nil if it is missing.
func (f *Folder) read(name string) ([]byte, error) {
	file, err := f.open(name, os.O_RDONLY)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	defer file.Close()
	info, err := file.Stat()
	if err != nil {
		return nil, err
	}
	data := bytes.NewBuffer(make([]byte, 0, info.Size()+bytes.MinRead))
	_, err = data.ReadFrom(file)
	return data.Bytes(), err
}

// Append implements [Backend]. It costs the same however long the record is: a write to
// the index and one to the record. A folder has no tokens and no life of its own.
func (f *Folder) Append(ctx context.Context, key, _ string, names []string, head, line, brief []byte, _ time.Duration) (stored bool, err error) {
	err = f.writing(ctx, func() error {
		stored, err = f.append(key, names, head, line, brief)
		return err
	})
	return stored, err
}

func (f *Folder) append(key string, names []string, head, line, brief []byte) (stored bool, err error) {
	flag := os.O_RDWR | os.O_APPEND
	if head != nil {
		flag |= os.O_CREATE
	}
	file, err := f.open(key+recordSuffix, flag)
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	defer file.Close()
	end, err := f.end(key, file)
	if err != nil {
		return false, err
	}
	text, err := end.continued(head, line, brief)
	if err != nil {
		return false, err
	}
	index := make([]indexLine, len(names))
	for i, name := range names {
		index[i] = indexLine{Name: name, Key: key}
	}
	// The names come first: one that leads to a missing line is harmless, a line
	// that lacks its name could never be found.
	if len(index) > 0 {
		if err := f.appendIndex(index...); err != nil {
			return false, err
		}
	}
	if _, err := file.Write(text); err != nil {
		return false, err
	}
	return true, file.Close()
}

// end looks at the end of a record, or at all of it if the end is torn.
func (f *Folder) end(key string, file *os.File) (ending, error) {
	tail, err := readTail(file, tailSize)
	if err != nil {
		return ending{}, err
	}
	return endOf(tail, func() ([]byte, error) { return f.read(key + recordSuffix) })
}

// Remove implements [Backend].
func (f *Folder) Remove(ctx context.Context, key string) (existed bool, err error) {
	err = f.writing(ctx, func() error {
		err := os.Remove(f.path(key + recordSuffix))
		existed = err == nil
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		return err
	})
	return existed, err
}

// Each implements [Backend]. Of each record it reads the last 1 KiB, and all of it only
// if its end is torn.
func (f *Folder) Each(ctx context.Context, do func(key string, lines int, brief []byte) error) error {
	return f.files(recordSuffix, func(key string) error {
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		file, err := f.open(key+recordSuffix, os.O_RDONLY)
		if err != nil {
			return nil // removed meanwhile, or nothing of ours
		}
		defer file.Close()
		end, err := f.end(key, file)
		if err != nil {
			return err
		}
		return do(key, end.lines, end.brief)
	})
}

// files calls do for the keys that have a regular file with this suffix.
func (f *Folder) files(suffix string, do func(key string) error) error {
	entries, err := os.ReadDir(f.dir)
	if err != nil {
		return err
	}
	for _, entry := range entries {
		key, ok := strings.CutSuffix(entry.Name(), suffix)
		if !ok || !isKey(key) || !entry.Type().IsRegular() {
			continue
		}
		if err := do(key); err != nil {
			return err
		}
	}
	return nil
}

// isKey says whether a file name without its suffix is a key, as keyOf makes them.
func isKey(name string) bool {
	return len(name) == 64 && strings.Trim(name, "0123456789abcdef") == ""
}

// Close implements [Backend]. A folder holds nothing open.
func (f *Folder) Close() error { return nil }
