package terminal

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"

	"github.com/AlecAivazis/survey/v2"
	"github.com/AlecAivazis/survey/v2/core"
	"github.com/AlecAivazis/survey/v2/terminal"
	"golang.org/x/term"
)

// ErrInterrupted is Ctrl-C at a prompt.
var ErrInterrupted = errors.New("interrupted at the prompt")

// Prompt asks a person. Both streams must be terminals.
//
// The prompt library draws on stdout unless told otherwise, asks the terminal where
// its cursor is and waits for ever for one that does not answer, and knows no
// context. All of that is mended here, and only here.
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
	return attend(ctx, p, func() (bool, error) { return p.ask(question) })
}

// Choose asks for one of several options and returns its index. The errors are those
// of Confirm.
func (p Prompt) Choose(ctx context.Context, question string, options []string) (int, error) {
	return attend(ctx, p, func() (int, error) { return p.choose(question, options) })
}

// attend waits for an answer, or for the end of the context, and leaves the terminal
// as it was.
func attend[T any](ctx context.Context, p Prompt, ask func() (T, error)) (T, error) {
	var none T
	before, err := term.GetState(int(p.In.Fd()))
	if err != nil {
		return none, fmt.Errorf("ask: %w", err)
	}
	type reply struct {
		answer T
		err    error
	}
	// A read of a terminal cannot be interrupted: if the context ends first, the
	// reader stays behind for the short time that the program has left.
	done := make(chan reply, 1)
	go func() {
		answer, err := ask()
		done <- reply{answer, err}
	}()
	select {
	case r := <-done:
		return r.answer, r.err
	case <-ctx.Done():
		_ = term.Restore(int(p.In.Fd()), before) // best effort: we are leaving
		fmt.Fprintln(p.Out)
		return none, context.Cause(ctx)
	}
}

func (p Prompt) ask(question string) (bool, error) {
	if p.Term == "" || p.Term == "dumb" {
		return plainConfirm(p.In, p.Out, question)
	}
	core.DisableColor = !p.Colour
	answer := false
	err := survey.AskOne(&survey.Confirm{Message: question}, &answer, survey.WithStdio(p.In, p.Out, p.Out))
	switch {
	case errors.Is(err, terminal.InterruptErr):
		return false, ErrInterrupted
	case err != nil:
		return false, fmt.Errorf("ask: %w", err)
	}
	return answer, nil
}

func (p Prompt) choose(question string, options []string) (int, error) {
	if p.Term == "" || p.Term == "dumb" {
		return plainChoose(p.In, p.Out, question, options)
	}
	core.DisableColor = !p.Colour
	chosen := 0
	err := survey.AskOne(&survey.Select{Message: question, Options: options}, &chosen, survey.WithStdio(p.In, p.Out, p.Out))
	switch {
	case errors.Is(err, terminal.InterruptErr):
		return 0, ErrInterrupted
	case err != nil:
		return 0, fmt.Errorf("ask: %w", err)
	}
	return chosen, nil
}

// plainChoose asks with numbered lines and reads a number.
func plainChoose(in io.Reader, out io.Writer, question string, options []string) (int, error) {
	text := question + "\n"
	for i, option := range options {
		text += fmt.Sprintf("  %d) %s\n", i+1, option)
	}
	if _, err := fmt.Fprintf(out, "%s[1-%d] ", text, len(options)); err != nil {
		return 0, fmt.Errorf("ask: %w", err)
	}
	line, err := bufio.NewReader(in).ReadString('\n')
	if err != nil && line == "" && !errors.Is(err, io.EOF) {
		return 0, fmt.Errorf("ask: %w", err)
	}
	number, err := strconv.Atoi(strings.TrimSpace(line))
	if err != nil || number < 1 || number > len(options) {
		return 0, fmt.Errorf("ask: want a number from 1 to %d", len(options))
	}
	return number - 1, nil
}

// plainConfirm asks with a line and reads a line.
func plainConfirm(in io.Reader, out io.Writer, question string) (bool, error) {
	if _, err := fmt.Fprintf(out, "%s [y/N] ", question); err != nil {
		return false, fmt.Errorf("ask: %w", err)
	}
	line, err := bufio.NewReader(in).ReadString('\n')
	if err != nil && line == "" && !errors.Is(err, io.EOF) {
		return false, fmt.Errorf("ask: %w", err)
	}
	answer := strings.ToLower(strings.TrimSpace(line))
	return answer == "y" || answer == "yes", nil
}
