package rawjson

import "iter"

// Member is the value of an object's member, a part of object; nil when there is
// none. Of members with one name the first counts.
func Member(object []byte, name string) []byte {
	for found, value := range Members(object) {
		if string(found) == name {
			return value
		}
	}
	return nil
}

// Members gives the names, without escapes, and values of an object; nothing of
// another value, and nothing behind what is malformed.
func Members(object []byte) iter.Seq2[[]byte, []byte] {
	return func(yield func(name, value []byte) bool) {
		for i := inner(object, '{'); i > 0; i = behindComma(object, i) {
			name, from := memberName(object, i)
			if from < 0 {
				return
			}
			if i = SkipValue(object, from, 1); i < 0 || !yield(name, object[from:i]) {
				return
			}
		}
	}
}

// memberName is the name that begins at i, without escapes, and where its value begins; -1
// if there is none.
func memberName(object []byte, i int) (name []byte, value int) {
	if i >= len(object) || object[i] != '"' {
		return nil, -1
	}
	end, escaped := SkipString(object, i+1)
	if end < 0 {
		return nil, -1
	}
	name = object[i+1 : end-1]
	if escaped {
		name = Unescape(nil, name)
	}
	return name, SkipColon(object, end)
}

// Elements gives the values of an array, as Members those of an object.
func Elements(array []byte) iter.Seq[[]byte] {
	return func(yield func(value []byte) bool) {
		for i, from := inner(array, '['), 0; i > 0; i = behindComma(array, i) {
			from = i
			if i = SkipValue(array, from, 1); i < 0 || !yield(array[from:i]) {
				return
			}
		}
	}
}

// inner is where the first thing inside a value begins that opens with a bracket; -1 for
// another value.
func inner(value []byte, bracket byte) int {
	if len(value) == 0 || value[0] != bracket {
		return -1
	}
	return SkipSpace(value, 1)
}

// behindComma is where the next thing begins; -1 when there is no comma.
func behindComma(data []byte, i int) int {
	i = SkipSpace(data, i)
	if i == len(data) || data[i] != ',' {
		return -1
	}
	return SkipSpace(data, i+1)
}
