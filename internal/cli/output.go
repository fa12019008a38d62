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

// output is stdout: the answer and nothing else. What reaches a terminal is without
// the characters that would steer it.
type output struct {
	raw      io.Writer
	clean    io.Writer // raw, behind a filter on a terminal
	terminal bool
	used     bool // a document has been written
}

func newOutput(w io.Writer, isTerminal bool) *output {
	o := &output{raw: w, clean: w, terminal: isTerminal}
	if isTerminal {
		o.clean = terminal.CleanWriter(w)
	}
	return o
}

func (o *output) Write(p []byte) (int, error) { return outputError(o.clean.Write(p)) }

// styled writes text of our own that may hold colours.
func (o *output) styled(text string) error {
	_, err := outputError(io.WriteString(o.raw, text))
	return err
}

// outputError tells a reader that went away from all else that can befall a write.
func outputError(n int, err error) (int, error) {
	switch {
	case err == nil:
		return n, nil
	case errors.Is(err, syscall.EPIPE):
		return n, errReaderGone
	}
	return n, fmt.Errorf("write the output: %w", err)
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
	_, err := io.WriteString(inv.out, text+"\n")
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
