package session

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
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

// briefMark begins the lines that are about the record; see [briefLine].
const briefMark = `{"brief":`

// briefLine follows every exchange in a file.
type briefLine struct {
	Brief json.RawMessage `json:"brief"`
	Lines int             `json:"lines"` // how many exchanges there are
}

// splitRecord is the complete lines of a file, and the newest brief, its count
// corrected by the exchanges that have none of their own.
func splitRecord(data []byte) (lines [][]byte, last briefLine) {
	for line := range bytes.Lines(data) {
		line, whole := bytes.CutSuffix(line, []byte("\n"))
		// Which of them can be read is for the reader to say; this leaves out the torn ones.
		if !whole || !bytes.HasPrefix(line, []byte("{")) || !bytes.HasSuffix(line, []byte("}")) {
			continue
		}
		if b, ok := readBrief(line); ok {
			last = b
			continue
		}
		if lines = append(lines, line); len(lines) > 1 {
			last.Lines++
		}
	}
	return lines, last
}

func readBrief(line []byte) (b briefLine, ok bool) {
	ok = bytes.HasPrefix(line, []byte(briefMark)) && json.Unmarshal(line, &b) == nil
	return b, ok
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

// ending is how a file ends.
type ending struct {
	empty bool
	torn  bool // the last line has no end
	lines int  // how many exchanges there are
	brief []byte
}

// end looks at the end of a record, or at all of it if the end is torn.
func (f *Folder) end(key string, file *os.File) (ending, error) {
	tail, err := readTail(file, tailSize)
	if err != nil {
		return ending{}, err
	}
	return endOf(tail, func() ([]byte, error) { return f.read(key + recordSuffix) })
}

// endOf is the ending of a record with this tail.
func endOf(tail []byte, whole func() ([]byte, error)) (ending, error) {
	if len(tail) == 0 {
		return ending{empty: true}, nil
	}
	e := ending{torn: tail[len(tail)-1] != '\n'}
	if b, ok := lastBrief(tail); ok {
		e.lines, e.brief = b.Lines, b.Brief
		return e, nil
	}
	data, err := whole()
	if err != nil {
		return ending{}, err
	}
	lines, last := splitRecord(data)
	e.empty, e.lines, e.brief = len(lines) == 0, last.Lines, last.Brief
	return e, nil
}

// tornEnd ends a line that somebody else began. It makes sure that the line is no JSON,
// even if nothing was missing but its end: what did not count before must not later.
const tornEnd = " torn\n"

// continued is what is appended to a file that ends so.
func (e ending) continued(head, line, brief []byte) ([]byte, error) {
	about, err := encode(briefLine{brief, e.lines + 1})
	if err != nil {
		return nil, err
	}
	var text bytes.Buffer
	text.Grow(len(head) + len(line) + len(about) + len(tornEnd) + 3)
	if e.torn {
		text.WriteString(tornEnd)
	}
	if e.empty && head != nil {
		text.Write(head)
		text.WriteByte('\n')
	}
	text.Write(line)
	text.WriteByte('\n')
	text.Write(about)
	text.WriteByte('\n')
	return text.Bytes(), nil
}

// readTail is the last bytes of a file, at most size.
func readTail(file *os.File, size int64) ([]byte, error) {
	info, err := file.Stat()
	if err != nil {
		return nil, err
	}
	tail := make([]byte, min(info.Size(), size))
	n, err := file.ReadAt(tail, info.Size()-int64(len(tail)))
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, err
	}
	return tail[:n], nil
}

// lastBrief is the brief in the last line, if it is whole.
func lastBrief(tail []byte) (briefLine, bool) {
	tail, whole := bytes.CutSuffix(tail, []byte("\n"))
	if !whole {
		return briefLine{}, false
	}
	return readBrief(tail[bytes.LastIndexByte(tail, '\n')+1:])
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
