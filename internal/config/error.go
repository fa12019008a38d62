package config

import (
	"fmt"
	"strconv"
	"strings"
)

// Error is a configuration file that cannot be used. It never holds the value of a key
// that looks like a secret.
type Error struct {
	// File is the file's path.
	File string

	// Line and Column count from 1, the column in bytes; both are 0 for an error about
	// the file as a whole, and Column alone for one about a line.
	Line, Column int

	// Key is the key with its tables, such as serve.port; empty if there is none.
	Key string

	// Reason says what is wrong, in half a sentence.
	Reason string

	// Text is the line of a file that is not TOML, at most 80 characters of it.
	Text string

	// Err is why the file or a value cannot be used; nil if Reason says it all.
	Err error

	syntax bool // the file is not TOML
}

// Error is one line: the place as compilers write it, the key and the reason.
func (e *Error) Error() string {
	var b strings.Builder
	b.WriteString(e.File)
	if e.Line > 0 {
		fmt.Fprintf(&b, ":%d", e.Line)
	}
	if e.Column > 0 {
		fmt.Fprintf(&b, ":%d", e.Column)
	}
	b.WriteString(": ")
	if e.Key != "" {
		b.WriteString(e.Key + ": ")
	}
	b.WriteString(e.Reason)
	if e.Text != "" {
		b.WriteString(": " + strconv.Quote(e.Text))
	}
	return b.String()
}

// Unwrap is why the file or a value cannot be used.
func (e *Error) Unwrap() error { return e.Err }

// shown is how many characters of the file an error shows.
const shown = 80

// quote makes a text of the file fit for a message: short, and without characters that
// a terminal would obey.
func quote(text string) string {
	if secretText(text) {
		return "a secret"
	}
	return strconv.Quote(short(text))
}

// short is the beginning of a text.
func short(text string) string {
	n := 0
	for i := range text {
		if n == shown {
			return text[:i] + "…"
		}
		n++
	}
	return text
}
