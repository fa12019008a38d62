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
	// small. A source that fills it at once has more to give: the buffer doubles up to the
	// usual size for the sake of fewer reads alone.
	firstBuffer = 4 << 10
	usualBuffer = 64 << 10

	// After this many reads that give neither bytes nor an error the source is
	// broken, not slow (the same bound as bufio's).
	maxEmptyReads = 100
)

// Event is one dispatched event. Its slices point into the reader's buffer and
// are valid until the next call of [Reader.Next]; see [Reader.Keep].
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
	full bool  // the last read filled the buffer
	keep bool  // what was handed out is not overwritten

	// The next LF and CR in buf, each behind what has been taken; to if there is none. A
	// value before that place is out of date. So a stream with line ends of one kind is
	// not searched for the other kind at every line.
	lf, cr int

	started bool  // the byte order mark has been looked for
	block   block // begins at from
	whole   bool  // block is an event, and not handed out yet
	known   bool  // block begins as head says
	head    head  // of the last event

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

// Keep says whether the events that are handed out from now on stay valid until it says
// otherwise, instead of until the next one. Their bytes are not copied for it.
func (r *Reader) Keep(on bool) { r.keep = on }

// Next returns the next event that has data. Blocks without a data line
// (comments, a lone `event` line) are passed over, as the standard says.
//
// The error is [io.EOF] at an orderly end of the source, [ErrTooLong] for an
// event beyond the limit, else the source's own. It is the same at every later call.
func (r *Reader) Next() (e Event, err error) {
	for !r.whole && !r.Buffered() {
		if r.err != nil {
			return r.rest()
		}
		if r.to-r.from > r.limit {
			return Event{}, r.tooLong()
		}
		r.fill()
	}
	r.event(&e)
	e.Ended = true
	return e, nil
}

// Buffered says whether [Reader.Next] would return an event without reading from the
// source. What it finds out, Next need not find out again.
func (r *Reader) Buffered() bool {
	if !r.started && !r.skipMark() {
		return false
	}
	for !r.whole {
		if !r.scan() {
			return false
		}
		if r.block.next > r.limit {
			_ = r.tooLong() // what the next event is instead
			return false
		}
		r.whole = r.block.fields > 0
		if !r.whole {
			r.pass(r.block.next)
		}
	}
	return true
}

// event hands out the block, as far as it was scanned.
func (r *Reader) event(e *Event) {
	frame := r.buf[r.from : r.from+r.block.next]
	e.Name, e.Data, e.Frame = r.block.name.of(frame), r.block.data.of(frame), frame
	switch {
	case r.block.fields > 1:
		if r.keep {
			r.joined = nil
		}
		r.joined = joinData(r.joined[:0], frame)
		e.Data = r.joined
	case !r.known:
		r.learn(frame)
	}
	r.pass(r.block.next)
}

// pass leaves the first n bytes behind, and begins another block.
func (r *Reader) pass(n int) {
	r.from += n
	r.block, r.whole, r.known = block{}, false, false
}

// rest hands out what stands after the last blank line, once, at the end of the
// source; a broken source gives its error at once, since what it cut is not whole.
func (r *Reader) rest() (e Event, err error) {
	last := r.to - r.from
	if last == 0 || !errors.Is(r.err, io.EOF) {
		r.pass(last)
		return Event{}, r.err
	}
	if line := r.from + r.block.next; line < r.to {
		r.take(line, r.to)
		r.block.next = last
	}
	if r.block.fields == 0 {
		r.pass(last)
		return Event{}, r.err
	}
	r.event(&e)
	return e, nil
}

func (r *Reader) tooLong() error {
	r.err = fmt.Errorf("%w of %d bytes", ErrTooLong, r.limit)
	r.pass(r.to - r.from)
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
	if r.from == r.to && !r.keep || r.to == len(r.buf) {
		r.makeRoom()
	}
	room := len(r.buf) - r.to
	for range maxEmptyReads {
		n, err := r.src.Read(r.buf[r.to:])
		r.grow(n)
		r.full = n == room
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

// grow takes n more bytes, in which no line end has been looked for.
func (r *Reader) grow(n int) {
	known := r.to
	r.to += n
	if r.lf == known {
		r.lf = r.find('\n', known)
	}
	if r.cr == known {
		r.cr = r.find('\r', known)
	}
}

func (r *Reader) makeRoom() {
	held := r.buf[r.from:r.to]
	if !r.keep && len(held) <= len(r.buf)/2 && len(r.buf) > 0 && (!r.full || len(r.buf) >= usualBuffer) {
		copy(r.buf, held)
	} else {
		bigger := make([]byte, max(firstBuffer, 2*len(r.buf)))
		copy(bigger, held)
		r.buf = bigger
	}
	r.lf -= r.from
	r.cr -= r.from
	r.from, r.to = 0, len(held)
}
