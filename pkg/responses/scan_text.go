package responses

import (
	"bytes"

	"github.com/tidwall/gjson"

	"github.com/codexctl/codexctl/internal/rawjson"
)

// isString says whether a JSON value is a string.
func isString(value []byte) bool { return len(value) > 0 && value[0] == '"' }

// inside is what stands between the quotes of a JSON string; nil for other values.
func inside(value []byte) []byte {
	if !isString(value) {
		return nil
	}
	return value[1 : len(value)-1]
}

// hasEscape says whether the inside of a JSON string is not its text.
func hasEscape(inside []byte) bool { return bytes.IndexByte(inside, '\\') >= 0 }

// textOf is the text of a JSON string: a part of value, or a new slice if it came with
// escapes. It is nil for another value.
func textOf(value []byte) []byte {
	text := inside(value)
	if hasEscape(text) {
		return rawjson.Unescape(nil, text)
	}
	return text
}

// integer is a member's value as a number. Whole numbers of up to 9 digits are all
// that is ever sent; gjson knows what anything else amounts to.
func integer(value []byte) int {
	if len(value) > 9 {
		return int(gjson.ParseBytes(value).Int())
	}
	n := 0
	for _, c := range value {
		if c < '0' || c > '9' {
			return int(gjson.ParseBytes(value).Int())
		}
		n = 10*n + int(c-'0')
	}
	return n
}
