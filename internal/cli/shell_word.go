package cli

import (
	"strings"
	"unicode/utf8"
)

// shellQuote is s as one word of a POSIX shell.
func shellQuote(s string) string { return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'" }

// shellWord is a name as it is typed; one that no shell would take as it is gets quotes.
func shellWord(name string) string {
	plain := name != "" && !strings.ContainsFunc(name, func(r rune) bool {
		return r <= ' ' || r == utf8.RuneError || strings.ContainsRune("'\"\\$`&|;<>()*?[]#~!{}", r)
	})
	if plain && !strings.HasPrefix(name, "-") || name == "-" {
		return name
	}
	return shellQuote(name)
}
