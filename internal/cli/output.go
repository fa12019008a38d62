package cli

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"syscall"

	"github.com/tidwall/gjson"

	"github.com/codexctl/codexctl/internal/terminal"
)

// errReaderGone is a reader of stdout that went away: nobody is left to answer, and
// nothing is wrong.
var errReaderGone = errors.New("the reader of the output went away")

// output is stdout: the answer and nothing else.
type output struct {
	w        io.Writer
	terminal bool
	used     bool // a document has been written
}

func newOutput(w io.Writer, isTerminal bool) *output {
	return &output{w: w, terminal: isTerminal}
}

func (o *output) Write(p []byte) (int, error) {
	n, err := o.w.Write(p)
	switch {
	case err == nil:
		return n, nil
	case errors.Is(err, syscall.EPIPE):
		return n, errReaderGone
	}
	return n, fmt.Errorf("write the output: %w", err)
}

// text is where text of the model goes: on a terminal without the characters that
// would steer it.
func (o *output) text() io.Writer {
	if o.terminal {
		return terminal.CleanWriter(o)
	}
	return o
}

// encode is v as JSON on one line, without escapes for HTML.
func encode(v any) ([]byte, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		return nil, fmt.Errorf("encode the result: %w", err)
	}
	return bytes.TrimSuffix(b.Bytes(), []byte("\n")), nil
}

// document writes the one JSON document of a command, or what --transform picks of
// it. It is laid out for reading on a terminal, on one line otherwise.
func (inv *invocation) document(v any) error {
	data, err := encode(v)
	if err != nil {
		return err
	}
	inv.out.used = true
	if inv.global.transform != "" {
		return inv.transformed(data)
	}
	if inv.out.terminal {
		var b bytes.Buffer
		if json.Indent(&b, data, "", "  ") == nil {
			data = b.Bytes()
		}
		data = []byte(terminal.Clean(string(data)))
	}
	_, err = inv.out.Write(append(data, '\n'))
	return err
}

// transformed writes the value at a GJSON path. A path that leads nowhere is an
// error with nothing on stdout.
func (inv *invocation) transformed(data []byte) error {
	value := gjson.GetBytes(data, inv.global.transform)
	if !value.Exists() {
		return &transformError{inv.global.transform}
	}
	text := value.Raw
	if inv.global.rawOutput && value.Type == gjson.String {
		text = value.Str
	}
	_, err := io.WriteString(inv.out.text(), text+"\n")
	return err
}

// transformError is a path that the result does not have.
type transformError struct{ path string }

func (e *transformError) Error() string { return fmt.Sprintf("the result has nothing at %q", e.path) }

// line writes one value of a --jsonl stream, with one call.
func (inv *invocation) line(v any) error {
	data, err := encode(v)
	if err != nil {
		return err
	}
	_, err = inv.out.Write(append(data, '\n'))
	return err
}
