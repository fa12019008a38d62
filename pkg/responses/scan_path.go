package responses

import "iter"

// memberValue is the value of an object's member, a part of object; nil when there is
// none. Of members with one name the first counts.
func memberValue(object []byte, name string) []byte {
	for found, value := range memberValues(object) {
		if string(found) == name {
			return value
		}
	}
	return nil
}

// objectIn is the object that data is, without the white space around it; false if data is
// anything else, or not sound.
func objectIn(data []byte) (object []byte, ok bool) {
	from := skipSpace(data, 0)
	if from == len(data) || data[from] != '{' {
		return nil, false
	}
	to := skipValue(data, from, 0)
	if to < 0 || skipSpace(data, to) < len(data) {
		return nil, false
	}
	return data[from:to], true
}

// memberValues gives the names, without escapes, and values of an object; nothing of
// another value, and nothing behind what is malformed.
func memberValues(object []byte) iter.Seq2[[]byte, []byte] {
	return func(yield func(name, value []byte) bool) {
		for i, from := inner(object, '{'), 0; i > 0; i = behindComma(object, i) {
			if i >= len(object) || object[i] != '"' {
				return
			}
			end, escaped := skipString(object, i+1)
			if end < 0 {
				return
			}
			name := object[i+1 : end-1]
			if escaped {
				name = unescape(nil, name)
			}
			if from = skipColon(object, end); from < 0 {
				return
			}
			if i = skipValue(object, from, 1); i < 0 || !yield(name, object[from:i]) {
				return
			}
		}
	}
}

// elements gives the values of an array, as memberValues those of an object.
func elements(array []byte) iter.Seq[[]byte] {
	return func(yield func(value []byte) bool) {
		for i, from := inner(array, '['), 0; i > 0; i = behindComma(array, i) {
			from = i
			if i = skipValue(array, from, 1); i < 0 || !yield(array[from:i]) {
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
	return skipSpace(value, 1)
}

// behindComma is where the next thing begins; -1 when there is no comma.
func behindComma(data []byte, i int) int {
	i = skipSpace(data, i)
	if i == len(data) || data[i] != ',' {
		return -1
	}
	return skipSpace(data, i+1)
}
