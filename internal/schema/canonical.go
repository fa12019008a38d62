package schema

import "strconv"

// canonical is a text that two JSON values share if they are equal: numbers by their
// value, and objects without the order of their members.
func canonical(v any) string { return string(appendCanonical(nil, v)) }

// canonical is that text, and its steps are counted.
func (w *walk) canonical(v any) string {
	w.size(v)
	if w.tooCostly() {
		return ""
	}
	return canonical(v)
}

func appendCanonical(b []byte, v any) []byte {
	switch v := v.(type) {
	case nil:
		return append(b, "null"...)
	case bool:
		return strconv.AppendBool(b, v)
	case float64:
		return strconv.AppendFloat(b, v+0, 'g', -1, 64) // -0 + 0 is 0
	case string:
		return appendCounted(b, v)
	case []any:
		b = append(b, '[')
		for _, item := range v {
			b = append(appendCanonical(b, item), ',')
		}
		return append(b, ']')
	}
	o := objectOf(v)
	b = append(b, '{')
	for _, name := range o.names() {
		item, _ := o.get(name)
		b = append(appendCanonical(append(appendCounted(b, name), ':'), item), ',')
	}
	return append(b, '}')
}

// appendCounted writes the length before the text, so that nothing in it ends it.
func appendCounted(b []byte, s string) []byte {
	return append(append(strconv.AppendInt(append(b, '"'), int64(len(s)), 10), ':'), s...)
}
