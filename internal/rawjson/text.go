package rawjson

import (
	"bytes"
	"slices"
	"unicode/utf16"
	"unicode/utf8"
)

// Unescape appends to dst the text that the inside of a valid JSON string stands for.
// As in gjson, which reads the finished items that the pieces are compared with, half
// a pair of surrogates takes the \u escape behind it along and becomes U+FFFD, and
// bytes that are no UTF-8 stay as they are.
func Unescape(dst, inside []byte) []byte {
	dst = slices.Grow(dst, len(inside)) // it never gets longer
	for {
		i := bytes.IndexByte(inside, '\\')
		if i < 0 {
			return append(dst, inside...)
		}
		dst = append(dst, inside[:i]...)
		escape := inside[i+1]
		inside = inside[i+2:]
		switch escape {
		case 'b':
			escape = '\b'
		case 'f':
			escape = '\f'
		case 'n':
			escape = '\n'
		case 'r':
			escape = '\r'
		case 't':
			escape = '\t'
		case 'u':
			r := hex4(inside)
			inside = inside[4:]
			if utf16.IsSurrogate(r) && bytes.HasPrefix(inside, []byte(`\u`)) {
				r = utf16.DecodeRune(r, hex4(inside[2:]))
				inside = inside[6:]
			}
			dst = utf8.AppendRune(dst, r)
			continue
		}
		dst = append(dst, escape)
	}
}

// hex4 is the number that the first four bytes spell in hexadecimal digits; -1 when
// they do not.
func hex4(b []byte) rune {
	var n rune
	for _, c := range b[:4] {
		switch {
		case '0' <= c && c <= '9':
			n = n<<4 | rune(c-'0')
		case 'a' <= c|0x20 && c|0x20 <= 'f':
			n = n<<4 | rune(c|0x20-'a'+10)
		default:
			return -1
		}
	}
	return n
}
