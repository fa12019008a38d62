package terminal

import (
	"os"

	"github.com/mattn/go-isatty"
)

// Is says whether f is a terminal, the Cygwin and MSYS kinds included: those are
// pipes to the system and terminals to the person.
func Is(f *os.File) bool {
	return isatty.IsTerminal(f.Fd()) || isatty.IsCygwinTerminal(f.Fd())
}
