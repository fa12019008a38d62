package responses

import (
	"bufio"
	"encoding/json"
	"io"
)

// TextSink writes the text of an answer as it arrives, byte for byte. A call of a
// tool is written as one line of JSON. Its memory does not grow with the answer.
type TextSink struct {
	out    *bufio.Writer
	pieces Pieces
	wrote  bool
	last   byte
}

// NewTextSink writes to w.
func NewTextSink(w io.Writer) *TextSink {
	return &TextSink{out: bufio.NewWriterSize(w, 32<<10)}
}

// Event takes the next event. more says that another one is there already, so that
// writing may wait for it; the first text is written at once whatever it says. The
// error is the writer's.
func (t *TextSink) Event(e Event, more bool) error {
	first := !t.wrote
	if e.Type == typeItemDone {
		t.item(e.OutputIndex(), e.value(memberItem))
	} else {
		t.pieces.event(e, t.piece)
	}
	if more && !first {
		return nil
	}
	return t.out.Flush()
}

// Item takes a finished output item, for an answer that was collected first. The
// error is the writer's.
func (t *TextSink) Item(index int, item json.RawMessage) error {
	t.item(index, item)
	return t.out.Flush()
}

func (t *TextSink) item(index int, item json.RawMessage) {
	t.pieces.item(index, item, t.piece)
	t.call(item)
}

// Finish writes what is held back, and a newline if the text lacks one and newline
// asks for it. The error is the writer's, else that of [Pieces.Err].
func (t *TextSink) Finish(newline bool) error {
	if newline && t.wrote && t.last != '\n' {
		t.write("\n")
	}
	if err := t.out.Flush(); err != nil {
		return err
	}
	return t.pieces.Err()
}

// Wrote says whether anything was written.
func (t *TextSink) Wrote() bool { return t.wrote }

func (t *TextSink) piece(_ textPlace, text []byte) {
	t.wrote, t.last = true, text[len(text)-1]
	_, _ = t.out.Write(text) // the error stays in the writer and comes with Flush
}

// call writes the call of a tool on a line of its own.
func (t *TextSink) call(item json.RawMessage) {
	if _, ok := ReadToolCall(item); !ok {
		return
	}
	if t.wrote && t.last != '\n' {
		t.write("\n")
	}
	t.write(string(compact(item)))
	t.write("\n")
}

func (t *TextSink) write(s string) {
	t.wrote, t.last = true, s[len(s)-1]
	_, _ = t.out.WriteString(s) // the error stays in the writer and comes with Flush
}
