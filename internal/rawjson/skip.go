package rawjson

import (
	"encoding/binary"
	"math/bits"
)

// The functions of this file take an index into JSON and return the index behind
// what they are named for, or -1 when it is not there or is malformed.

// MaxDepth is how deep arrays and objects may be nested, as in encoding/json.
const MaxDepth = 10_000

// SkipValue passes over the value that begins at data[i], inside depth arrays and
// objects.
func SkipValue(data []byte, i, depth int) int {
	if i >= len(data) {
		return -1
	}
	switch data[i] {
	case '"':
		end, _ := SkipString(data, i+1)
		return end
	case '{':
		return skipObject(data, i+1, depth+1)
	case '[':
		return skipArray(data, i+1, depth+1)
	case 't':
		return skipWord(data, i, "true")
	case 'f':
		return skipWord(data, i, "false")
	case 'n':
		return skipWord(data, i, "null")
	}
	return SkipNumber(data, i)
}

// skipObject begins behind the opening brace.
func skipObject(data []byte, i, depth int) int {
	if depth > MaxDepth {
		return -1
	}
	i = SkipSpace(data, i)
	if i < len(data) && data[i] == '}' {
		return i + 1
	}
	for {
		if i = skipName(data, i); i < 0 {
			return -1
		}
		if i = SkipColon(data, i); i < 0 {
			return -1
		}
		if i = SkipValue(data, i, depth); i < 0 {
			return -1
		}
		i = SkipSpace(data, i)
		if i == len(data) {
			return -1
		}
		if data[i] == '}' {
			return i + 1
		}
		if data[i] != ',' {
			return -1
		}
		i = SkipSpace(data, i+1)
	}
}

// skipArray begins behind the opening bracket.
func skipArray(data []byte, i, depth int) int {
	if depth > MaxDepth {
		return -1
	}
	i = SkipSpace(data, i)
	if i < len(data) && data[i] == ']' {
		return i + 1
	}
	for {
		if i = SkipValue(data, i, depth); i < 0 {
			return -1
		}
		i = SkipSpace(data, i)
		if i == len(data) {
			return -1
		}
		if data[i] == ']' {
			return i + 1
		}
		if data[i] != ',' {
			return -1
		}
		i = SkipSpace(data, i+1)
	}
}

// skipName passes over a string with its quotes.
func skipName(data []byte, i int) int {
	if i >= len(data) || data[i] != '"' {
		return -1
	}
	end, _ := SkipString(data, i+1)
	return end
}

// SkipColon ends where the value begins.
func SkipColon(data []byte, i int) int {
	i = SkipSpace(data, i)
	if i == len(data) || data[i] != ':' {
		return -1
	}
	return SkipSpace(data, i+1)
}

// SkipSpace passes over white space, of which there may be none.
func SkipSpace(data []byte, i int) int {
	for i < len(data) && data[i] <= ' ' && (data[i] == ' ' || data[i] == '\n' || data[i] == '\t' || data[i] == '\r') {
		i++
	}
	return i
}

func skipWord(data []byte, i int, word string) int {
	if len(data)-i < len(word) || string(data[i:i+len(word)]) != word {
		return -1
	}
	return i + len(word)
}

// SkipString begins behind the opening quote and ends behind the closing one. It
// takes eight bytes at a time while none of them is special.
func SkipString(data []byte, i int) (end int, escaped bool) {
	for {
		for ; i <= len(data)-8; i += 8 {
			if special := specialBytes(binary.LittleEndian.Uint64(data[i:])); special != 0 {
				i += bits.TrailingZeros64(special) / 8
				if data[i] == '"' {
					return i + 1, escaped
				}
				goto special
			}
		}
		for i < len(data) && data[i] != '"' && data[i] != '\\' && data[i] >= ' ' {
			i++
		}
		if i >= len(data) {
			return -1, escaped
		}
		if data[i] == '"' {
			return i + 1, escaped
		}
	special:
		if data[i] != '\\' {
			return -1, escaped
		}
		escaped = true
		if i = skipEscape(data, i+1); i < 0 {
			return -1, escaped
		}
	}
}

// specialBytes has the top bit of a byte set where word has a quote, a backslash or
// a control character. Above the lowest one set there can be false ones.
func specialBytes(word uint64) uint64 {
	const each = 0x0101010101010101
	low := (word ^ each*2) - each*0x21
	backslash := (word ^ each*'\\') - each
	return (low | backslash) &^ word & (each * 0x80)
}

// skipEscape begins behind the backslash.
func skipEscape(data []byte, i int) int {
	if i >= len(data) {
		return -1
	}
	switch data[i] {
	case '"', '\\', '/', 'b', 'f', 'n', 'r', 't':
		return i + 1
	case 'u':
		if len(data)-i < len("u0000") || hex4(data[i+1:]) < 0 {
			return -1
		}
		return i + len("u0000")
	}
	return -1
}

// SkipNumber passes over a number.
func SkipNumber(data []byte, i int) int {
	end := i
	for end < len(data) && data[end]-'0' <= 9 {
		end++
	}
	// Nearly all are plain: digits alone, with something behind them.
	if end > i && end < len(data) && (data[i] != '0' || end == i+1) && data[end] != '.' && data[end]|0x20 != 'e' {
		return end
	}
	return skipAnyNumber(data, i)
}

// skipAnyNumber is SkipNumber for whatever a number can be.
func skipAnyNumber(data []byte, i int) int {
	if i < len(data) && data[i] == '-' {
		i++
	}
	from := i
	if i = skipDigits(data, i); i < 0 || data[from] == '0' && i > from+1 {
		return -1
	}
	if i == len(data) || data[i] > '.' && data[i]|0x20 != 'e' {
		return i
	}
	if i < len(data) && data[i] == '.' {
		if i = skipDigits(data, i+1); i < 0 {
			return -1
		}
	}
	if i < len(data) && (data[i] == 'e' || data[i] == 'E') {
		i++
		if i < len(data) && (data[i] == '+' || data[i] == '-') {
			i++
		}
		i = skipDigits(data, i)
	}
	return i
}

// skipDigits passes over at least one digit.
func skipDigits(data []byte, i int) int {
	from := i
	for i < len(data) && data[i]-'0' <= 9 {
		i++
	}
	if i == from {
		return -1
	}
	return i
}
