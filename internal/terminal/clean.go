package terminal

import (
	"io"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Clean is s without the characters that steer a terminal. Newline and tab stay.
func Clean(s string) string {
	return strings.Map(func(r rune) rune {
		if steers(r) {
			return -1
		}
		return r
	}, s)
}

// steers knows the C0 and C1 control characters but newline and tab, and the marks
// that turn the direction of writing around.
func steers(r rune) bool {
	switch {
	case r == '\n', r == '\t':
		return false
	case r >= 0x202A && r <= 0x202E, r >= 0x2066 && r <= 0x2069:
		return true
	}
	return unicode.IsControl(r)
}

// CleanWriter passes text on to w as [Clean] leaves it. A character that is split
// between two writes stays whole: its first bytes wait for the rest.
func CleanWriter(w io.Writer) io.Writer { return &cleanWriter{out: w} }

type cleanWriter struct {
	out  io.Writer
	torn []byte
}

func (c *cleanWriter) Write(p []byte) (int, error) {
	text := append(c.torn, p...)
	c.torn = nil
	if n := tornTail(text); n > 0 {
		c.torn = append([]byte(nil), text[len(text)-n:]...)
		text = text[:len(text)-n]
	}
	if _, err := io.WriteString(c.out, Clean(string(text))); err != nil {
		return 0, err
	}
	return len(p), nil
}

// tornTail is how many bytes at the end of b begin a character and do not end it.
func tornTail(b []byte) int {
	for n := 1; n < utf8.UTFMax && n <= len(b); n++ {
		tail := b[len(b)-n:]
		if utf8.RuneStart(tail[0]) {
			if utf8.FullRune(tail) {
				return 0
			}
			return n
		}
	}
	return 0
}
