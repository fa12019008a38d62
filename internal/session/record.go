package session

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"os"
)

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

// ending is how a file ends.
type ending struct {
	empty bool
	torn  bool // the last line has no end
	lines int  // how many exchanges there are
	brief []byte
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
