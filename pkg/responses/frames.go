package responses

import (
	"bytes"
	"encoding/json"
	"io"
)

// FrameSink writes the frames of a stream as they came, byte for byte.
type FrameSink struct{ out io.Writer }

// NewFrameSink writes to w.
func NewFrameSink(w io.Writer) *FrameSink { return &FrameSink{w} }

// Event writes one frame. The error is the writer's.
func (f *FrameSink) Event(e Event) error {
	_, err := f.out.Write(e.Frame)
	return err
}

// LineSink writes one event per line: its JSON object, unchanged but for line breaks
// inside it.
type LineSink struct {
	out  io.Writer
	line []byte
}

// NewLineSink writes to w, with one call per line.
func NewLineSink(w io.Writer) *LineSink { return &LineSink{out: w} }

// Event writes one line. The error is the writer's.
func (l *LineSink) Event(e Event) error {
	l.line = append(append(l.line[:0], compact(e.Data)...), '\n')
	_, err := l.out.Write(l.line)
	return err
}

// compact is JSON on one line: as it is if it has no line break, else without
// white space.
func compact(data []byte) []byte {
	if bytes.IndexByte(data, '\n') < 0 && bytes.IndexByte(data, '\r') < 0 {
		return data
	}
	var b bytes.Buffer
	if json.Compact(&b, data) != nil {
		return data
	}
	return b.Bytes()
}
