package chatcompat

import (
	"bytes"
	"unicode/utf8"

	"github.com/tidwall/gjson"
)

// The text of an answer is handled as the inside of JSON strings: what stands between
// the quotes. Such texts can be joined without decoding them.

// appendQuoted appends s as a JSON string.
func appendQuoted(dst []byte, s string) []byte {
	return append(appendInside(append(dst, '"'), s), '"')
}

// appendInside appends s as the inside of a JSON string. Bytes that are no UTF-8
// become U+FFFD.
func appendInside(dst []byte, s string) []byte {
	const hex = "0123456789abcdef"
	for i := 0; i < len(s); {
		c := s[i]
		switch {
		case c == '"' || c == '\\':
			dst = append(dst, '\\', c)
		case c == '\n':
			dst = append(dst, '\\', 'n')
		case c < ' ':
			dst = append(dst, '\\', 'u', '0', '0', hex[c>>4], hex[c&15])
		case c < utf8.RuneSelf:
			dst = append(dst, c)
		default:
			r, size := utf8.DecodeRuneInString(s[i:])
			dst = utf8.AppendRune(dst, r)
			i += size
			continue
		}
		i++
	}
	return dst
}

// inside is what stands between the quotes of a JSON string, ready to be copied; nil
// for other values. What is not safe to copy is written anew: bytes that are no UTF-8,
// and escaped surrogates, which mean something else when a lone one meets another.
func inside(token []byte) []byte {
	if len(token) < 2 || token[0] != '"' || token[len(token)-1] != '"' {
		return nil
	}
	text := token[1 : len(token)-1]
	if utf8.Valid(text) && !hasSurrogate(text) {
		return text
	}
	return appendInside(nil, decoded(text))
}

// decoded is the text whose JSON has this inside.
func decoded(inside []byte) string {
	if bytes.IndexByte(inside, '\\') < 0 {
		return string(inside)
	}
	return gjson.Parse(`"` + string(inside) + `"`).Str
}

// hasSurrogate says whether there may be an escape of half a surrogate pair.
func hasSurrogate(inside []byte) bool {
	return bytes.IndexByte(inside, '\\') >= 0 &&
		(bytes.Contains(inside, []byte(`\ud`)) || bytes.Contains(inside, []byte(`\uD`)))
}
