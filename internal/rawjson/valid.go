package rawjson

import (
	"encoding/json"
	"slices"
)

// Value is the JSON value that data is, without the white space around it; nil if data is
// none, more than one, or nested more than [MaxDepth] deep.
func Value(data []byte) []byte {
	from := SkipSpace(data, 0)
	to := SkipValue(data, from, 0)
	if to < 0 || SkipSpace(data, to) < len(data) {
		return nil
	}
	return data[from:to]
}

// Object is the members of the object that data is, in one pass; nil if it is anything
// else, or not sound. Of members with one name the last counts, as in encoding/json. The
// values are parts of data; to append to one changes no other.
func Object(data []byte) map[string]json.RawMessage {
	i := SkipSpace(data, 0)
	if i == len(data) || data[i] != '{' {
		return nil
	}
	found := make(map[string]json.RawMessage)
	if i = SkipSpace(data, i+1); i < len(data) && data[i] == '}' {
		i++
	} else if i = splitMembers(data, i, found); i < 0 {
		return nil
	}
	if SkipSpace(data, i) < len(data) {
		return nil
	}
	return found
}

// splitMembers begins at the first name and ends behind the closing brace; -1 if there is
// none, or something malformed before it.
func splitMembers(data []byte, i int, found map[string]json.RawMessage) int {
	for {
		name, from := memberName(data, i)
		if from < 0 {
			return -1
		}
		if i = SkipValue(data, from, 1); i < 0 {
			return -1
		}
		found[string(name)] = slices.Clip(data[from:i])
		if next := behindComma(data, i); next > 0 {
			i = next
			continue
		}
		if i = SkipSpace(data, i); i == len(data) || data[i] != '}' {
			return -1
		}
		return i + 1
	}
}
