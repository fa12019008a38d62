package cli

import (
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/codexctl/codexctl/internal/terminal"
)

// shellQuote is s as one word of a POSIX shell.
func shellQuote(s string) string { return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'" }

// shellWord is a name as it is typed; one that no shell would take as it is gets quotes.
// Characters that would not be shown as they are stand there by their numbers.
func shellWord(name string) string {
	if !utf8.ValidString(name) || strings.ContainsAny(name, "\n\t") || terminal.Clean(name) != name {
		return shellNumbers(name)
	}
	plain := name != "" && !strings.ContainsFunc(name, func(r rune) bool {
		return r <= ' ' || r == utf8.RuneError || strings.ContainsRune("'\"\\$`&|;<>()*?[]#~!{}^", r)
	})
	// zsh looks for a program behind an = at the beginning.
	if plain && !strings.HasPrefix(name, "-") && !strings.HasPrefix(name, "=") || name == "-" {
		return name
	}
	return shellQuote(name)
}

// shellNumbers is s in the quotes in which octal numbers stand for bytes.
//
// Source: POSIX.1-2024, Shell Command Language, 2.2.4 Dollar-Single-Quotes.
func shellNumbers(s string) string {
	var b strings.Builder
	b.WriteString("$'")
	for _, c := range []byte(s) {
		switch {
		case c == '\'', c == '\\':
			b.WriteString(`\` + string(rune(c)))
		case c == '\n':
			b.WriteString(`\n`)
		case c == '\t':
			b.WriteString(`\t`)
		case c < ' ' || c >= 0x7f:
			fmt.Fprintf(&b, `\%03o`, c)
		default:
			b.WriteByte(c)
		}
	}
	return b.String() + "'"
}
