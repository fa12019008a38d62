package chatcompat

import (
	"bytes"
	"strconv"
	"unicode/utf16"
	"unicode/utf8"
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
func decoded(inside []byte) string { return string(appendDecoded(nil, inside)) }

// appendDecoded appends the text whose JSON has this inside, which must be valid. A lone
// surrogate becomes U+FFFD.
func appendDecoded(dst, inside []byte) []byte {
	for {
		at := bytes.IndexByte(inside, '\\')
		if at < 0 || at+1 >= len(inside) {
			return append(dst, inside...)
		}
		dst = append(dst, inside[:at]...)
		escape := inside[at+1]
		inside = inside[at+2:]
		switch escape {
		case 'n':
			dst = append(dst, '\n')
		case 't':
			dst = append(dst, '\t')
		case 'r':
			dst = append(dst, '\r')
		case 'b':
			dst = append(dst, '\b')
		case 'f':
			dst = append(dst, '\f')
		case 'u':
			var r rune
			r, inside = escapedRune(inside)
			dst = utf8.AppendRune(dst, r)
		default:
			dst = append(dst, escape)
		}
	}
}

// escapedRune reads what stands behind \u, and the second half if it is the first of a
// pair. It returns what is left.
func escapedRune(inside []byte) (rune, []byte) {
	first, ok := fourDigits(inside)
	if !ok {
		return utf8.RuneError, nil
	}
	inside = inside[4:]
	if !utf16.IsSurrogate(first) || !bytes.HasPrefix(inside, []byte(`\u`)) {
		return first, inside
	}
	second, _ := fourDigits(inside[2:])
	if pair := utf16.DecodeRune(first, second); pair != utf8.RuneError {
		return pair, inside[6:]
	}
	return utf8.RuneError, inside
}

func fourDigits(inside []byte) (rune, bool) {
	if len(inside) < 4 {
		return 0, false
	}
	n, err := strconv.ParseUint(string(inside[:4]), 16, 16)
	return rune(n), err == nil
}

// hasSurrogate says whether there may be an escape of half a surrogate pair.
func hasSurrogate(inside []byte) bool {
	return bytes.IndexByte(inside, '\\') >= 0 &&
		(bytes.Contains(inside, []byte(`\ud`)) || bytes.Contains(inside, []byte(`\uD`)))
}
