package sse

import (
	"bytes"
	"errors"
	"fmt"
	"io"
)

// DefaultLimit is the largest event, in bytes, that a [Reader] accepts unless
// told otherwise: 32 MiB. It bounds memory; the buffer grows only as needed.
const DefaultLimit = 32 << 20

// ErrTooLong is what [Reader.Next] returns for an event beyond the limit. The
// stream cannot be read on after it.
var ErrTooLong = errors.New("event larger than the limit")

const (
	// A server holds many streams on which hardly anything happens, so the buffer begins
	// small. Where one read fills it, more is there at a time, and it doubles up to what
	// serves a fast stream well.
	firstBuffer = 4 << 10
	usualBuffer = 16 << 10

	// After this many reads that give neither bytes nor an error the source is
	// broken, not slow (the same bound as bufio's).
	maxEmptyReads = 100
)

// Event is one dispatched event. Its slices point into the reader's buffer and
// are valid until the next call of [Reader.Next].
type Event struct {
	// Name is the value of the last `event` line, empty when there was none.
	Name []byte

	// Data is the data lines joined by LF, without a final one.
	Data []byte

	// Frame is the event's bytes as they came, from its first line to its blank
	// line. Joined together the frames are the stream, but for a leading byte
	// order mark and for blocks that hold no data.
	Frame []byte

	// Ended is false for a last event that was cut off before its blank line.
	// The standard says to discard such an event; whether it is whole only the
	// reader of the data can tell.
	Ended bool
}

// Reader splits a stream into events. It is not safe for concurrent use.
type Reader struct {
	src   io.Reader
	limit int

	buf  []byte
	from int // buf[from:to] is read and not yet handed out
	to   int
	err  error // what the source ended with

	filled bool // the last read filled the whole buffer

	started bool // the byte order mark has been looked for
	resume  int  // where in buf[from:to] the search for the end of a block goes on

	joined []byte // the data of an event that has more than one data line
}

// NewReader reads events from src. An event longer than limit bytes is
// [ErrTooLong]; a limit of 0 or less means [DefaultLimit].
func NewReader(src io.Reader, limit int) *Reader {
	if limit <= 0 {
		limit = DefaultLimit
	}
	return &Reader{src: src, limit: limit}
}

// Next returns the next event that has data. Blocks without a data line
// (comments, a lone `event` line) are passed over, as the standard says.
//
// The error is [io.EOF] at an orderly end of the source, [ErrTooLong] for an
// event beyond the limit, else the source's own. It is the same at every later call.
func (r *Reader) Next() (Event, error) {
	for {
		frame, ended, err := r.frame()
		if err != nil {
			return Event{}, err
		}
		event := Event{Frame: frame, Ended: ended}
		if r.parse(&event) {
			return event, nil
		}
	}
}

// Buffered says whether [Reader.Next] would return without reading from the
// source.
func (r *Reader) Buffered() bool {
	if !r.started {
		return false
	}
	n, _ := frameEnd(r.buf[r.from:r.to], r.resume)
	return n > 0
}

// frame cuts the next block, with its blank line, out of the buffer.
func (r *Reader) frame() (frame []byte, ended bool, err error) {
	for {
		if r.started || r.skipMark() {
			n, resume := frameEnd(r.buf[r.from:r.to], r.resume)
			if n > r.limit {
				return nil, false, r.tooLong()
			}
			if n > 0 {
				frame = r.buf[r.from : r.from+n]
				r.from, r.resume = r.from+n, 0
				return frame, true, nil
			}
			r.resume = resume
		}
		if r.err != nil {
			return r.rest()
		}
		if r.to-r.from > r.limit {
			return nil, false, r.tooLong()
		}
		r.fill()
	}
}

// rest hands out what stands after the last blank line, once, at the end of the
// source; a broken source gives its error at once, since what it cut is not whole.
func (r *Reader) rest() ([]byte, bool, error) {
	last := r.buf[r.from:r.to]
	r.from, r.resume = r.to, 0
	if len(last) == 0 || !errors.Is(r.err, io.EOF) {
		return nil, false, r.err
	}
	return last, false, nil
}

func (r *Reader) tooLong() error {
	r.err = fmt.Errorf("%w of %d bytes", ErrTooLong, r.limit)
	r.from, r.to, r.resume = 0, 0, 0
	return r.err
}

// skipMark drops a byte order mark at the very start. It is false until enough
// has been read to tell.
func (r *Reader) skipMark() bool {
	const mark = "\xEF\xBB\xBF"
	head := r.buf[r.from:r.to]
	if len(head) < len(mark) && r.err == nil && bytes.HasPrefix([]byte(mark), head) {
		return false
	}
	if bytes.HasPrefix(head, []byte(mark)) {
		r.from += len(mark)
	}
	r.started = true
	return true
}

// fill reads once more, after making room: first by moving what is left to the
// front, then by doubling.
func (r *Reader) fill() {
	if r.from == r.to {
		r.from, r.to = 0, 0
	}
	if r.to == len(r.buf) {
		r.makeRoom()
	}
	for range maxEmptyReads {
		n, err := r.src.Read(r.buf[r.to:])
		r.filled = n == len(r.buf)
		r.to += n
		if err != nil {
			r.err = err
			return
		}
		if n > 0 {
			return
		}
	}
	r.err = io.ErrNoProgress
}

func (r *Reader) makeRoom() {
	held := r.buf[r.from:r.to]
	if r.from >= len(r.buf)/2 && r.from > 0 && (!r.filled || len(r.buf) >= usualBuffer) {
		copy(r.buf, held)
	} else {
		bigger := make([]byte, max(firstBuffer, 2*len(r.buf)))
		copy(bigger, held)
		r.buf = bigger
	}
	r.from, r.to = 0, len(held)
}
