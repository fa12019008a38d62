package terminal

import (
	"errors"
	"fmt"
	"os"

	"github.com/AlecAivazis/survey/v2"
	"github.com/AlecAivazis/survey/v2/core"
	"github.com/AlecAivazis/survey/v2/terminal"
)

// ErrInterrupted is Ctrl-C at a prompt.
var ErrInterrupted = errors.New("interrupted at the prompt")

// Confirm asks a yes-or-no question on out and reads the answer from in; both must
// be terminals. Enter alone is no.
//
// The prompt library draws on stdout and asks the terminal where its cursor is
// unless told otherwise; it is told here, and only here.
func Confirm(in, out *os.File, question string, colour bool) (bool, error) {
	core.DisableColor = !colour
	answer := false
	err := survey.AskOne(&survey.Confirm{Message: question}, &answer, survey.WithStdio(in, out, out))
	switch {
	case errors.Is(err, terminal.InterruptErr):
		return false, ErrInterrupted
	case err != nil:
		return false, fmt.Errorf("ask: %w", err)
	}
	return answer, nil
}
