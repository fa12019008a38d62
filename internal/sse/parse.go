package sse

import "bytes"

// block is what is known of the block that begins at Reader.from. Its places are
// counted from there, since what the buffer holds can be moved.
type block struct {
	next   int  // where the first line begins that has not been taken
	crlf   bool // the line before that one ended with CRLF
	fields int  // how many data lines there were
	line   int  // where the first of them begins
	data   span // its value
	name   span // the value of the last event line
}

// span is a part of a block.
type span struct{ from, to int }

func (s span) of(frame []byte) []byte { return frame[s.from:s.to] }

// scan goes on through the block, line by line. It is true once the blank line at its
// end has been taken. No byte is looked at twice, however the block comes in.
func (r *Reader) scan() bool {
	if r.block.next == 0 {
		r.again()
	}
	for line := r.from + r.block.next; ; {
		end := line
		if line == r.to || r.buf[line] != '\n' {
			end = r.lineEnd(line)
		}
		next := r.behind(line, end)
		if next < 0 {
			return false
		}
		r.block.next = next - r.from
		if end == line {
			return true
		}
		r.take(line, end)
		line = next
	}
}

// head is how a block began: the lines before its first data line.
type head struct {
	bytes []byte
	name  span
}

// longestHead bounds what is remembered of a block.
const longestHead = 256

// again takes the lines before the data of a block that begins as the last one did: to
// compare is quicker than to search.
func (r *Reader) again() {
	if len(r.head.bytes) > 0 && bytes.HasPrefix(r.buf[r.from:r.to], r.head.bytes) {
		r.block.next, r.block.name, r.known = len(r.head.bytes), r.head.name, true
	}
}

// learn remembers how a block began, unless what follows decided about its name. A head
// that ends with a bare CR is none, since an LF can stand behind that next time.
func (r *Reader) learn(frame []byte) {
	lines := frame[:r.block.line]
	if len(lines) <= longestHead && r.block.name.to <= len(lines) && bytes.HasSuffix(lines, []byte("\n")) {
		r.head.bytes, r.head.name = append(r.head.bytes[:0], lines...), r.block.name
	}
}

// lineEnd is the place of the first LF or CR in buf[i:to], or to. A line ends with LF,
// CR or CRLF (the standard, 9.2.5).
func (r *Reader) lineEnd(i int) int {
	if r.lf < i {
		r.lf = r.to
		if n := bytes.IndexByte(r.buf[i:r.to], '\n'); n >= 0 {
			r.lf = i + n
		}
	}
	if r.cr < i {
		r.cr = r.find('\r', i)
	}
	return min(r.lf, r.cr)
}

// find is the place of the first c in buf[i:to], or to.
func (r *Reader) find(c byte, i int) int {
	if n := bytes.IndexByte(r.buf[i:r.to], c); n >= 0 {
		return i + n
	}
	return r.to
}

// behind is where the next line begins after one that ends at end; -1 when that is not
// known yet.
//
// A blank line that is a CR at the very end of the buffer counts at once where lines end
// with a bare CR, so that an event is not kept back until the next one comes.
func (r *Reader) behind(line, end int) int {
	switch {
	case end == r.to:
		return -1
	case r.buf[end] == '\n':
		r.block.crlf = false
		return end + 1
	case end+1 < r.to:
		r.block.crlf = r.buf[end+1] == '\n'
	case r.err == nil && (line < end || r.block.crlf):
		return -1 // the LF of this CRLF may be still to come
	default:
		r.block.crlf = false
	}
	if r.block.crlf {
		return end + 2
	}
	return end + 1
}

// take notes what the line buf[line:end] gives to the block.
func (r *Reader) take(line, end int) {
	if value, ok := fieldValue(r.buf[line:end], "data"); ok {
		if r.block.fields++; r.block.fields == 1 {
			r.block.line, r.block.data = line-r.from, r.spanBefore(end, len(value))
		}
		return
	}
	if value, ok := fieldValue(r.buf[line:end], "event"); ok {
		r.block.name = r.spanBefore(end, len(value))
	}
}

// spanBefore is the span of so many bytes that end at buf[end].
func (r *Reader) spanBefore(end, length int) span {
	return span{end - length - r.from, end - r.from}
}

// fieldValue is the value of a line, if it is of the field of that name. One space behind
// the colon is not part of it, and a line without a colon has an empty one (the standard,
// 9.2.6).
func fieldValue(line []byte, name string) (value []byte, ok bool) {
	if len(line) < len(name) || string(line[:len(name)]) != name {
		return nil, false
	}
	value = line[len(name):]
	if len(value) == 0 {
		return value, true
	}
	if value[0] != ':' {
		return nil, false
	}
	value = value[1:]
	if len(value) > 0 && value[0] == ' ' {
		value = value[1:]
	}
	return value, true
}

// joinData appends to dst the values of a frame's data lines, joined by LF.
func joinData(dst, frame []byte) []byte {
	for first := true; len(frame) > 0; {
		line := frame
		if i := bytes.IndexAny(frame, "\r\n"); i >= 0 {
			line, frame = frame[:i], frame[i+1:] // the LF of a CRLF becomes an empty line
		} else {
			frame = nil
		}
		value, ok := fieldValue(line, "data")
		if !ok {
			continue
		}
		if !first {
			dst = append(dst, '\n')
		}
		first = false
		dst = append(dst, value...)
	}
	return dst
}
