package cli

import (
	"strings"

	"github.com/codexctl/codexctl/internal/terminal"
)

// oneLine is text from outside on one line of a terminal.
func oneLine(s string) string { return strings.Join(strings.Fields(terminal.Clean(s)), " ") }
