package terminal

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/AlecAivazis/survey/v2/terminal"
)

// ErrInterrupted is Ctrl-C at a prompt.
var ErrInterrupted = errors.New("interrupted")

// Prompt asks a person. Both streams must be terminals.
//
// Only the lower half of the prompt library is used: keys and cursor, on Unix and on
// Windows. What it draws questions with brings a template engine along, asks the
// terminal where its cursor is, and loses the keys that arrive with the reply. See
// docs/decisions/0009-no-templates.md.
type Prompt struct {
	In, Out *os.File

	// Term is the terminal's name. One without a name, or a dumb one, gets a plain
	// line to answer.
	Term string

	// Colour says whether the prompt is coloured.
	Colour bool
}

// Confirm asks a yes-or-no question; Enter alone is no. The error is ErrInterrupted
// for Ctrl-C, or the cause of a context that ended first; the terminal is then as it
// was.
func (p Prompt) Confirm(ctx context.Context, question string) (bool, error) {
	return ask(ctx, p,
		func() (bool, error) { return plainConfirm(p.In, p.Out, question) },
		func(d *dialog) (bool, error) { return d.confirm(question) })
}

// Choose asks for one of several options and returns its index. The errors are those
// of Confirm.
func (p Prompt) Choose(ctx context.Context, question string, options []string) (int, error) {
	return ask(ctx, p,
		func() (int, error) { return plainChoose(p.In, p.Out, question, options) },
		func(d *dialog) (int, error) { return d.choose(question, options) })
}

// ask asks in one of two ways, until the context ends.
func ask[T any](ctx context.Context, p Prompt, plain func() (T, error), drawn func(*dialog) (T, error)) (T, error) {
	var none T
	way := plain
	if p.Term != "" && p.Term != "dumb" {
		d, err := p.open()
		if err != nil {
			return none, fmt.Errorf("ask: %w", err)
		}
		defer d.close()
		way = func() (T, error) { return drawn(d) }
	}
	type reply struct {
		answer T
		err    error
	}
	// A read of a terminal cannot be interrupted: if the context ends first, the
	// reader stays behind for the short time that the program has left.
	done := make(chan reply, 1)
	go func() {
		answer, err := way()
		done <- reply{answer, err}
	}()
	select {
	case r := <-done:
		return r.answer, r.err
	case <-ctx.Done():
		_, _ = fmt.Fprintln(p.Out)
		return none, context.Cause(ctx)
	}
}

// dialog is a terminal that hands over single keys and shows none of them by itself.
type dialog struct {
	screen
	keys *terminal.RuneReader
}

// open takes the terminal over. That comes before anything is drawn: who answers as
// soon as the question stands there is then heard as everybody else.
func (p Prompt) open() (*dialog, error) {
	d := &dialog{
		screen: screen{out: p.Out, fd: int(p.Out.Fd()), palette: Palette{On: p.Colour}},
		keys:   terminal.NewRuneReader(terminal.Stdio{In: p.In, Out: p.Out, Err: p.Out}),
	}
	return d, d.keys.SetTermMode()
}

// close leaves the terminal as it was.
func (d *dialog) close() { _ = d.keys.RestoreTermMode() }

// key waits for a key. Ctrl-C is ErrInterrupted, on a line of its own.
func (d *dialog) key() (rune, error) {
	for {
		key, _, err := d.keys.ReadRune()
		switch {
		case err != nil && strings.HasPrefix(err.Error(), "unexpected escape sequence"):
			// Such as Alt with a letter: a key without a meaning, and no reason to give
			// up. The library has no name for this error.
		case err != nil:
			return 0, fmt.Errorf("ask: %w", err)
		case key == terminal.KeyInterrupt:
			_, _ = io.WriteString(d.out, "\n") // we are leaving
			return 0, ErrInterrupted
		default:
			return key, nil
		}
	}
}
