package session

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"io"
	"io/fs"
	"iter"
	"os"
	"sync"
	"time"
)

// index is the content of "index.jsonl": which record a response or item is in, and
// which keys have ended. The file is appended to by all processes, and read on by each from where
// it has read to. Its first line has a random number, so that a process sees when
// another has written it anew. The zero value is ready.
type index struct {
	mu     sync.Mutex
	serial string // the file's random number
	offset int64  // how much of the file has been read, in bytes
	lines  int    // of which so many lines

	key   string               // of the newest name
	names map[string]string    // name → key
	ended map[string]time.Time // key → until when
}

// indexLine is a line of the file: one of the three.
type indexLine struct {
	Serial string `json:"serial,omitempty"`

	Name string `json:"name,omitempty"`
	Key  string `json:"key,omitempty"`

	Ended string `json:"ended,omitempty"` // a key
	Until int64  `json:"until,omitempty"` // Unix milliseconds; 0: not ended any more
}

// serialSize is the length of the first line, in bytes: {"serial":"…"} with 26 characters.
const serialSize = 40

// Named implements [Backend].
func (f *Folder) Named(_ context.Context, name string) (key string, err error) {
	f.index.mu.Lock()
	defer f.index.mu.Unlock()
	err = f.index.refresh(f)
	return f.index.names[name], err
}

// MarkEnded implements [Backend].
func (f *Folder) MarkEnded(ctx context.Context, key string, until time.Time, _ time.Duration) error {
	line := indexLine{Ended: key}
	if !until.IsZero() {
		line.Until = until.UnixMilli()
	}
	return f.writing(ctx, func() error { return f.appendIndex(line) })
}

// Ended implements [Backend].
func (f *Folder) Ended(_ context.Context, key string) (until time.Time, err error) {
	f.index.mu.Lock()
	defer f.index.mu.Unlock()
	err = f.index.refresh(f)
	return f.index.ended[key], err
}

// Tidy implements [Backend]: it removes lock files that nobody holds, and writes the
// index anew if less than half of it is of use.
func (f *Folder) Tidy(ctx context.Context, now time.Time) error {
	return errors.Join(f.tidyLocks(ctx), f.compact(ctx, now))
}

// appendIndex adds lines, in one write. The caller is [Folder.writing].
func (f *Folder) appendIndex(lines ...indexLine) error {
	file, err := f.open(indexName, os.O_RDWR|os.O_APPEND|os.O_CREATE)
	if err != nil {
		return err
	}
	defer file.Close()
	tail, err := readTail(file, 1)
	if err != nil {
		return err
	}
	var text bytes.Buffer
	switch {
	case len(tail) == 0:
		if err := writeSerial(&text); err != nil {
			return err
		}
	case tail[0] != '\n':
		text.WriteByte('\n')
	}
	enc := json.NewEncoder(&text)
	enc.SetEscapeHTML(false)
	for _, line := range lines {
		if err := enc.Encode(line); err != nil {
			return err
		}
	}
	if _, err := file.Write(text.Bytes()); err != nil {
		return err
	}
	return file.Close()
}

func writeSerial(to *bytes.Buffer) error {
	line, err := encode(indexLine{Serial: rand.Text()})
	to.Write(line)
	to.WriteByte('\n')
	return err
}

// refresh reads what was appended since the last time, or everything if the file is
// another one.
func (x *index) refresh(f *Folder) error {
	file, err := f.open(indexName, os.O_RDONLY)
	if errors.Is(err, fs.ErrNotExist) {
		x.forget()
		return nil
	}
	if err != nil {
		return err
	}
	defer file.Close()
	serial := make([]byte, serialSize)
	n, err := file.ReadAt(serial, 0)
	if err != nil && !errors.Is(err, io.EOF) {
		return err
	}
	if s := string(serial[:n]); s != x.serial {
		x.forget()
		x.serial = s
	}
	if _, err := file.Seek(x.offset, io.SeekStart); err != nil {
		return err
	}
	data, err := io.ReadAll(file)
	if err != nil {
		return err
	}
	data = data[:bytes.LastIndexByte(data, '\n')+1] // the rest is being written
	x.offset += int64(len(data))
	for line := range bytes.Lines(data) {
		x.lines++
		var l indexLine
		if json.Unmarshal(line, &l) == nil {
			x.take(l)
		}
	}
	return nil
}

func (x *index) forget() {
	x.serial, x.offset, x.lines, x.key = "", 0, 0, ""
	x.names, x.ended = map[string]string{}, map[string]time.Time{}
}

func (x *index) take(l indexLine) {
	switch {
	case l.Name != "":
		// The names of an exchange stand together: they share the memory of their key.
		if l.Key != x.key {
			x.key = l.Key
		}
		x.names[l.Name] = x.key
	case l.Ended != "" && l.Until == 0:
		delete(x.ended, l.Ended)
	case l.Ended != "":
		x.ended[l.Ended] = time.UnixMilli(l.Until)
	}
}

// compactFrom is the number of lines below which the index is left alone: about 150 KiB.
// An exchange has a line for itself and up to 64 for its items, but the shares of what
// is of use and what is not are counted in lines, so their number does not matter.
const compactFrom = 1000

// compact writes the index anew without names whose record is gone and marks that are
// past, if that makes it half as long or less.
func (f *Folder) compact(ctx context.Context, now time.Time) error {
	if lines, err := f.indexLines(); err != nil || lines < compactFrom {
		return err
	}
	return f.writing(ctx, func() error {
		f.index.mu.Lock()
		defer f.index.mu.Unlock()
		if err := f.index.refresh(f); err != nil {
			return err
		}
		text, err := f.index.compacted(f, now)
		if err != nil || text == nil {
			return err
		}
		return f.replaceIndex(text)
	})
}

func (f *Folder) indexLines() (int, error) {
	f.index.mu.Lock()
	defer f.index.mu.Unlock()
	err := f.index.refresh(f)
	return f.index.lines, err
}

// compacted is the index with nothing superfluous; nil if it would be longer than half of
// what there is.
func (x *index) compacted(f *Folder, now time.Time) ([]byte, error) {
	records := map[string]bool{}
	err := f.files(recordSuffix, func(key string) error {
		records[key] = true
		return nil
	})
	if err != nil {
		return nil, err
	}
	// Counted before it is written: mostly it does not pay, and all writers wait.
	lines := 1
	for range x.needed(records, now) {
		lines++
	}
	if lines > x.lines/2 {
		return nil, nil
	}
	var text bytes.Buffer
	err = writeSerial(&text)
	enc := json.NewEncoder(&text)
	enc.SetEscapeHTML(false)
	for line := range x.needed(records, now) {
		err = errors.Join(err, enc.Encode(line))
	}
	return text.Bytes(), err
}

// needed is the lines that are of use, but for the first.
func (x *index) needed(records map[string]bool, now time.Time) iter.Seq[indexLine] {
	return func(yield func(indexLine) bool) {
		for name, key := range x.names {
			if records[key] && !yield(indexLine{Name: name, Key: key}) {
				return
			}
		}
		for key, until := range x.ended {
			if now.Before(until) && !yield(indexLine{Ended: key, Until: until.UnixMilli()}) {
				return
			}
		}
	}
}

func (f *Folder) replaceIndex(text []byte) error {
	file, err := os.CreateTemp(f.dir, "index-*.tmp") // mode 0600
	if err != nil {
		return err
	}
	_, err = file.Write(text)
	err = errors.Join(err, file.Close())
	if err == nil {
		err = os.Rename(file.Name(), f.path(indexName))
	}
	if err != nil {
		_ = os.Remove(file.Name())
	}
	return err
}
