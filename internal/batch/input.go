package batch

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"os"
	"unicode/utf8"
)

const (
	// MaxLine is the longest line of the input in bytes, without its end.
	MaxLine = 32 << 20

	// A larger file is not kept in memory.
	keepFile = 64 << 20

	// What cannot be read twice, such as a pipe, has to be kept, up to here.
	keepStream = 1 << 30
)

// Item is one question of a batch.
type Item struct {
	// ID is its name: of the record's field "id", or the number of its line.
	ID ID

	// Index is its place among the items of the input, from 0.
	Index int

	// Line is the number of its line, from 1; blank lines count.
	Line int

	// Plain says that its data is the prompt itself, and not a JSON object.
	Plain bool

	data []byte // nil when it is to be read from the file

	file   io.ReaderAt
	offset int64
	size   int
	sum    uint32
}

// Data is the line: a JSON object, or the prompt if the item is Plain. It must not be
// changed. The error is [ErrInputChanged] or that of reading the file; an item that is
// kept in memory has none.
func (it Item) Data() ([]byte, error) {
	if it.data != nil || it.file == nil {
		return it.data, nil
	}
	data := make([]byte, it.size)
	n, err := it.file.ReadAt(data, it.offset)
	if n < len(data) && err != nil && !errors.Is(err, io.EOF) {
		return nil, fmt.Errorf("read line %d of the input: %w", it.Line, err)
	}
	if n < len(data) || crc32.ChecksumIEEE(data) != it.sum {
		return nil, &LineError{it.Line, ErrInputChanged}
	}
	return data, nil
}

// Form says how [Read] takes the input.
type Form struct {
	// Lines takes each line as a prompt. Otherwise each is a JSON object.
	Lines bool

	// Check is asked about each item before the next line is read; nil allows all.
	Check func(Item) error
}

// Read reads and checks the whole input. Blank lines are no items, but count as lines.
// A byte order mark and carriage returns before a newline are passed over.
//
// A regular file over 64 MiB is not kept in memory: it must stay open and unchanged as
// long as the items are used. Of anything else 1 GiB is taken.
//
// The error wraps [ErrInput] when the input is at fault; a [*LineError] then says where:
// a line that is torn, is not UTF-8, is longer than [MaxLine] or is no JSON object, an
// id that is none or was there before, or what Check said.
func Read(r io.Reader, f Form) ([]Item, error) {
	in := reading{form: f, seen: make(map[string]int), room: keepStream}
	in.file, in.base = rereadable(r)
	lines := newLineReader(r, MaxLine)
	for {
		start := lines.offset
		line, _, err := lines.next()
		switch {
		case errors.Is(err, io.EOF):
			return in.items, nil
		case errors.Is(err, errLong):
			err = in.bad(lines.line, fmt.Errorf("the line is longer than %d MiB", MaxLine>>20))
		case err != nil:
			err = fmt.Errorf("read the input: %w", err)
		default:
			err = in.add(line, lines.line, start)
		}
		if err != nil {
			return nil, err
		}
	}
}

// rereadable says whether r is a large regular file, and where its reading began.
func rereadable(r io.Reader) (io.ReaderAt, int64) {
	file, ok := r.(*os.File)
	if !ok {
		return nil, 0
	}
	info, err := file.Stat()
	if err != nil || !info.Mode().IsRegular() || info.Size() <= keepFile {
		return nil, 0
	}
	base, err := file.Seek(0, io.SeekCurrent)
	if err != nil {
		return nil, 0
	}
	return file, base
}

// reading is an input that is being read.
type reading struct {
	form  Form
	file  io.ReaderAt // nil: items are kept
	base  int64       // where in the file the reading began
	room  int         // how many bytes may still be kept
	seen  map[string]int
	items []Item
}

// add makes an item of a line that begins at an offset from the base.
func (in *reading) add(line []byte, number int, offset int64) error {
	if number == 1 {
		bare := bytes.TrimPrefix(line, []byte("\ufeff"))
		offset += int64(len(line) - len(bare))
		line = bare
	}
	line = bytes.TrimSuffix(line, []byte("\r"))
	if len(bytes.TrimSpace(line)) == 0 {
		return nil
	}
	if len(line) > MaxLine {
		return in.bad(number, fmt.Errorf("the line is longer than %d MiB", MaxLine>>20))
	}
	item := Item{ID: lineID(number), Index: len(in.items), Line: number, Plain: in.form.Lines, data: line}
	if err := in.check(&item); err != nil {
		return in.bad(number, err)
	}
	if in.file != nil {
		item.file, item.offset, item.size = in.file, in.base+offset, len(line)
		item.sum = crc32.ChecksumIEEE(line)
		item.data = nil
	} else if in.room -= len(line); in.room < 0 {
		return in.bad(number, fmt.Errorf("the input is larger than %d MiB: put it into a file", keepStream>>20))
	}
	in.items = append(in.items, item)
	return nil
}

// check says what is wrong with an item, and finds its id.
func (in *reading) check(item *Item) error {
	if !utf8.Valid(item.data) {
		return errors.New("the text is not UTF-8")
	}
	if !item.Plain {
		if !isObject(item.data) {
			return errors.New("not a whole JSON object; each line must be one")
		}
		id, given, err := readID(item.data)
		if err != nil {
			return err
		}
		if given {
			item.ID = id
		}
	}
	if line, taken := in.seen[item.ID.Text]; taken {
		return fmt.Errorf("the id %q is that of line %d already", item.ID.Text, line)
	}
	in.seen[item.ID.Text] = item.Line
	if in.form.Check != nil {
		return in.form.Check(*item)
	}
	return nil
}

func (in *reading) bad(line int, err error) error {
	return fmt.Errorf("%w: %w", ErrInput, &LineError{line, err})
}

// isObject says whether data is one JSON object and nothing else.
func isObject(data []byte) bool {
	data = bytes.TrimLeft(data, " \t\r\n")
	return len(data) > 0 && data[0] == '{' && json.Valid(data)
}
