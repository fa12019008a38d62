package chatcompat

import (
	"bytes"
	"encoding/json"
	"maps"
	"slices"

	"github.com/codexctl/codexctl/internal/rawjson"
)

// body is a JSON object, field by field.
type body map[string]json.RawMessage

// newBody takes data apart, of which the fields are parts; null is a body without any.
func newBody(data []byte) (body, error) {
	b := body(rawjson.Object(data))
	if b != nil {
		return b, nil
	}
	err := json.Unmarshal(data, &b) // says why
	return b, err
}

// take removes a field; nil when it is absent or null.
func (b body) take(name string) json.RawMessage {
	value := b[name]
	delete(b, name)
	if isNull(value) {
		return nil
	}
	return value
}

// put sets a field inside an object field such as reasoning.effort. A value that is
// there already stays: it was given in the form that the backend knows.
func (b body) put(object, name string, value json.RawMessage) error {
	inner := body{}
	if !isNull(b[object]) {
		if err := json.Unmarshal(b[object], &inner); err != nil {
			return bad(object, "an object")
		}
	}
	if isNull(inner[name]) {
		inner[name] = value
	}
	b[object] = inner.encode()
	return nil
}

// encode writes the object with its fields in order of their names, and their values
// as they are.
func (b body) encode() json.RawMessage {
	out := []byte{'{'}
	for i, name := range slices.Sorted(maps.Keys(b)) {
		if i > 0 {
			out = append(out, ',')
		}
		out = append(appendQuoted(out, name), ':')
		out = append(out, b[name]...)
	}
	return append(out, '}')
}

func isNull(value json.RawMessage) bool {
	return len(value) == 0 || string(value) == "null"
}

// list is a JSON list of values that are JSON already.
func list(values []json.RawMessage) json.RawMessage {
	size := len("[]")
	for _, value := range values {
		size += len(value) + len(",")
	}
	out := append(make([]byte, 0, size), '[')
	for i, value := range values {
		if i > 0 {
			out = append(out, ',')
		}
		out = append(out, value...)
	}
	return append(out, ']')
}

// encode is v as JSON, without escapes for HTML, so that a prompt can be read in a
// dry run. The types of this package always encode.
func encode(v any) json.RawMessage {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	_ = e.Encode(v)
	return bytes.TrimSuffix(b.Bytes(), []byte("\n"))
}
