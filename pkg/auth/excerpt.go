package auth

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

const (
	// maxExcerpt is how much of a foreign text gets into an error, in bytes.
	maxExcerpt = 300

	// secretLength is how long a word with a digit in it must be to be taken for a
	// token, in bytes.
	secretLength = 20

	hidden = "[redacted]"
)

// excerpt makes a foreign text fit to be shown: short, on one line, without
// control characters and without anything shaped like a token.
func excerpt(text string) string {
	if len(text) > 4*maxExcerpt {
		text = text[:4*maxExcerpt]
	}
	var out strings.Builder
	for len(text) > 0 {
		word := wordAt(text)
		if word > 0 {
			out.WriteString(maskWord(text[:word]))
			text = text[word:]
			continue
		}
		r, size := utf8.DecodeRuneInString(text)
		if r == utf8.RuneError || !unicode.IsPrint(r) {
			r = ' '
		}
		out.WriteRune(r)
		text = text[size:]
	}
	return shorten(strings.Join(strings.Fields(out.String()), " "))
}

// wordAt returns the length of the run of token characters that text begins with.
func wordAt(text string) int {
	n := 0
	for n < len(text) && isWord(text[n]) {
		n++
	}
	return n
}

func isWord(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || strings.IndexByte("_-.~+/=%", c) >= 0
}

func maskWord(word string) string {
	if looksSecret(word) {
		return hidden
	}
	return word
}

// looksSecret goes by length and by what no ordinary word has: a digit, or the
// mixture of cases that random text shows. It hides rather too much.
func looksSecret(word string) bool {
	if len(word) < secretLength {
		return false
	}
	digit := strings.ContainsAny(word, "0123456789")
	mixed := strings.ToLower(word) != word && strings.ToUpper(word) != word
	return digit || mixed
}

// shorten cuts at a whole character.
func shorten(text string) string {
	if len(text) <= maxExcerpt {
		return text
	}
	cut := maxExcerpt
	for cut > 0 && !utf8.RuneStart(text[cut]) {
		cut--
	}
	return text[:cut] + "…"
}
