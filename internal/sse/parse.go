package sse

import "bytes"

// frameEnd returns the length of the first block in b with its blank line, or 0
// when b holds none. In the second case no line end before resume has to be looked
// at again. A line ends with LF, CR or CRLF (the standard, 9.2.5).
//
// A blank line that is a CR at the very end of b counts at once where lines end
// with a bare CR, so that an event is not kept back until the next one comes.
func frameEnd(b []byte, from int) (n, resume int) {
	for {
		i := lineEnd(b[from:])
		if i < 0 {
			return 0, len(b)
		}
		i += from
		if i == 0 {
			return skipLineEnd(b, 0), 0
		}
		next := skipLineEnd(b, i)
		if next == len(b) {
			// Look at this line end again when what follows it is known.
			return 0, i
		}
		if b[next] == '\r' && next+1 == len(b) && next-i == len("\r\n") {
			return 0, i // the LF of this CRLF is still to come
		}
		if b[next] == '\n' || b[next] == '\r' {
			return skipLineEnd(b, next), 0
		}
		from = next
	}
}

// lineEnd returns the index of the first LF or CR in b, or -1. It searches in
// steps, so that a stream with line ends of one kind is not searched to its end
// for the other kind at every line.
func lineEnd(b []byte) int {
	const step = 4 << 10
	for at := 0; at < len(b); at += step {
		part := b[at:min(at+step, len(b))]
		lf := bytes.IndexByte(part, '\n')
		if lf >= 0 {
			part = part[:lf]
		}
		if cr := bytes.IndexByte(part, '\r'); cr >= 0 {
			return at + cr
		}
		if lf >= 0 {
			return at + lf
		}
	}
	return -1
}

// skipLineEnd returns the index behind the line end at b[i].
func skipLineEnd(b []byte, i int) int {
	if b[i] == '\r' && i+1 < len(b) && b[i+1] == '\n' {
		return i + 2
	}
	return i + 1
}

// parse fills e from its frame. It is false when the block has no data line.
func (r *Reader) parse(e *Event) bool {
	found := 0
	for rest := e.Frame; len(rest) > 0; {
		var line []byte
		line, rest = cutLine(rest)
		name, value := cutField(line)
		switch string(name) {
		case "data":
			found++
			switch found {
			case 1:
				e.Data = value
			case 2:
				r.joined = append(r.joined[:0], e.Data...)
				fallthrough
			default:
				r.joined = append(append(r.joined, '\n'), value...)
				e.Data = r.joined
			}
		case "event":
			e.Name = value
		}
	}
	return found > 0
}

// cutLine returns b's first line without its line end, and what follows.
func cutLine(b []byte) (line, rest []byte) {
	i := lineEnd(b)
	if i < 0 {
		return b, nil
	}
	return b[:i], b[skipLineEnd(b, i):]
}

// cutField splits a line at its first colon; one space behind it is not part of
// the value. A line without a colon is a field with an empty value, and a comment
// is a field without a name (the standard, 9.2.6).
func cutField(line []byte) (name, value []byte) {
	i := bytes.IndexByte(line, ':')
	if i < 0 {
		return line, nil
	}
	value = line[i+1:]
	if len(value) > 0 && value[0] == ' ' {
		value = value[1:]
	}
	return line[:i], value
}
