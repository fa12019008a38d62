package cli

import (
	"fmt"
	"io"
	"strings"
	"text/tabwriter"

	"github.com/codexctl/codexctl/internal/terminal"
)

// table prints rows whose cells end with a tab, in columns.
func (inv *invocation) table(rows func(io.Writer)) error {
	w := tabwriter.NewWriter(inv.out, 0, 8, 2, ' ', 0)
	rows(w)
	return w.Flush()
}

// namedRow prints a name and a value, unless there is none. What comes from a token can
// hold anything, so it is cleaned.
func namedRow(w io.Writer, name, value string) {
	if value != "" {
		fmt.Fprintf(w, "%s\t%s\n", name, strings.ReplaceAll(terminal.Clean(value), "\n", " "))
	}
}

// orDash is a cell of a table, a dash if it is empty.
func orDash(text string) string {
	if text == "" {
		return "-"
	}
	return text
}

// oneLine is text from outside on one line of a terminal.
func oneLine(s string) string { return strings.Join(strings.Fields(terminal.Clean(s)), " ") }
