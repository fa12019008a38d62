package cli

import (
	"bytes"
	"encoding/binary"
	"errors"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// decodeText gives text as UTF-8. A byte order mark tells UTF-16 and UTF-32 and is
// removed; what is no text is refused rather than mended.
func decodeText(data []byte) (string, error) {
	starts := func(mark string) bool { return bytes.HasPrefix(data, []byte(mark)) }
	// The short mark of UTF-16 is the beginning of the long one.
	switch {
	case starts("\xFF\xFE\x00\x00"):
		return decodeUTF32(data[4:], binary.LittleEndian)
	case starts("\x00\x00\xFE\xFF"):
		return decodeUTF32(data[4:], binary.BigEndian)
	case starts("\xFF\xFE"):
		return decodeUTF16(data[2:], binary.LittleEndian)
	case starts("\xFE\xFF"):
		return decodeUTF16(data[2:], binary.BigEndian)
	}
	data = bytes.TrimPrefix(data, []byte("\xEF\xBB\xBF"))
	if !utf8.Valid(data) {
		return "", errors.New("is no text: it is not UTF-8")
	}
	return string(data), nil
}

// errNotAsMarked is text that ends within a character, or has half of a pair, or a
// number beyond the last character.
var errNotAsMarked = errors.New("is no text: it is not what its byte order mark says")

func decodeUTF16(data []byte, order binary.ByteOrder) (string, error) {
	if len(data)%2 != 0 {
		return "", errNotAsMarked
	}
	var text strings.Builder
	text.Grow(len(data))
	for ; len(data) > 0; data = data[2:] {
		r := rune(order.Uint16(data))
		if utf16.IsSurrogate(r) {
			if len(data) < 4 {
				return "", errNotAsMarked
			}
			if r = utf16.DecodeRune(r, rune(order.Uint16(data[2:]))); r == utf8.RuneError {
				return "", errNotAsMarked
			}
			data = data[2:]
		}
		text.WriteRune(r)
	}
	return text.String(), nil
}

func decodeUTF32(data []byte, order binary.ByteOrder) (string, error) {
	if len(data)%4 != 0 {
		return "", errNotAsMarked
	}
	var text strings.Builder
	text.Grow(len(data) / 2)
	for ; len(data) > 0; data = data[4:] {
		r := order.Uint32(data)
		if r > utf8.MaxRune || !utf8.ValidRune(rune(r)) {
			return "", errNotAsMarked
		}
		text.WriteRune(rune(r))
	}
	return text.String(), nil
}
