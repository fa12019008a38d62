package terminal

import (
	"os"

	"github.com/mattn/go-isatty"
	"golang.org/x/term"
)

// Is says whether f is a terminal, the Cygwin and MSYS kinds included: those are
// pipes to the system and terminals to the person.
func Is(f *os.File) bool {
	return isatty.IsTerminal(f.Fd()) || isatty.IsCygwinTerminal(f.Fd())
}

// Width is how many columns the terminal behind f has; 0 if it is none, or does not say.
func Width(f *os.File) int {
	columns, _, err := term.GetSize(int(f.Fd()))
	if err != nil {
		return 0
	}
	return columns
}
