package responses

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/codexctl/codexctl/internal/rawjson"
)

// object writes a JSON object field by field, in the order of the calls. Text is
// not escaped for HTML, so that a prompt can be read in a dry run.
type object struct {
	buf []byte
}

func (o *object) name(name string) {
	if len(o.buf) == 0 {
		o.buf = append(o.buf, '{')
	} else {
		o.buf = append(o.buf, ',')
	}
	o.buf = append(append(o.buf, quote(name)...), ':')
}

func (o *object) raw(name string, value []byte) {
	o.name(name)
	o.buf = append(o.buf, value...)
}

func (o *object) string(name, value string) { o.raw(name, quote(value)) }

func (o *object) stringIfAny(name, value string) {
	if value != "" {
		o.string(name, value)
	}
}

func (o *object) objectIfAny(name string, value *object) {
	if len(value.buf) > 0 {
		o.raw(name, value.bytes())
	}
}

func (o *object) list(name string, items []json.RawMessage) {
	o.name(name)
	o.buf = appendList(o.buf, items)
}

func (o *object) strings(name string, values []string) {
	items := make([]json.RawMessage, len(values))
	for i, v := range values {
		items[i] = quote(v)
	}
	o.list(name, items)
}

func (o *object) extra(extra map[string]json.RawMessage) {
	for _, name := range slices.Sorted(maps.Keys(extra)) {
		o.raw(name, extra[name])
	}
}

// bytes is the finished object.
func (o *object) bytes() []byte {
	if len(o.buf) == 0 {
		return []byte("{}")
	}
	return append(o.buf[:len(o.buf):len(o.buf)], '}')
}

// appendList appends a JSON list to dst.
func appendList(dst []byte, items []json.RawMessage) []byte {
	size := len("[]")
	for _, item := range items {
		size += len(item) + len(",")
	}
	dst = append(slices.Grow(dst, size), '[')
	for i, item := range items {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = append(dst, item...)
	}
	return append(dst, ']')
}

// quote is s as a JSON string. Bytes that are no UTF-8 become U+FFFD.
func quote(s string) []byte {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	// A string always encodes.
	_ = e.Encode(s)
	return bytes.TrimSuffix(b.Bytes(), []byte("\n"))
}

// fields takes an object apart. The first fault is kept in err; what was not asked
// for stays in rest.
type fields struct {
	path string
	rest map[string]json.RawMessage
	err  error
}

// parseFields takes data apart, of which the fields are parts.
func parseFields(path string, data []byte) (*fields, error) {
	if rest := rawjson.Object(data); rest != nil {
		return &fields{path: path, rest: rest}, nil
	}
	if name := strings.TrimSuffix(path, "."); name != "" {
		return nil, badField(name, "an object")
	}
	return nil, notAnObject(data)
}

// notAnObject says why a body is none; what it is instead, the caller can see.
func notAnObject(data []byte) error {
	var object map[string]json.RawMessage
	err := json.Unmarshal(data, &object)
	var syntax *json.SyntaxError
	if errors.As(err, &syntax) {
		return fmt.Errorf("%w: not a JSON object: %w", ErrBadRequest, err)
	}
	return fmt.Errorf("%w: not a JSON object", ErrBadRequest)
}

// take removes a field. It is false when the field is absent or null.
func (f *fields) take(name string) (json.RawMessage, bool) {
	value, ok := f.rest[name]
	delete(f.rest, name)
	return value, ok && string(value) != "null"
}

func (f *fields) fail(name, want string) {
	if f.err == nil {
		f.err = badField(f.path+name, want)
	}
}

func (f *fields) string(name string, to *string) {
	if value, ok := f.take(name); ok && json.Unmarshal(value, to) != nil {
		f.fail(name, "a string")
	}
}

func (f *fields) strings(name string, to *[]string) {
	if value, ok := f.take(name); ok && json.Unmarshal(value, to) != nil {
		f.fail(name, "a list of strings")
	}
}

func (f *fields) list(name string, to *[]json.RawMessage) {
	value, ok := f.take(name)
	switch {
	case !ok:
	case value[0] == '[':
		*to = listItems(value)
	default:
		f.fail(name, "a list")
	}
}

// listItems are the parts of a list that is valid.
func listItems(list json.RawMessage) []json.RawMessage {
	out := []json.RawMessage{}
	for item := range rawjson.Elements(list) {
		out = append(out, slices.Clip(item))
	}
	return out
}

func (f *fields) raw(name string, to *json.RawMessage) {
	if value, ok := f.take(name); ok {
		*to = value
	}
}

func (f *fields) nested(name string, read func(*fields)) {
	value, ok := f.take(name)
	if !ok {
		return
	}
	inner, err := parseFields(f.path+name+".", value)
	if err == nil {
		read(inner)
		err = inner.err
	}
	if f.err == nil {
		f.err = err
	}
}

// input reads a list of items, or a string as one message of the user.
func (f *fields) input(to *[]json.RawMessage) {
	value, ok := f.take("input")
	if !ok {
		return
	}
	var text string
	switch {
	case value[0] == '[':
		*to = listItems(value)
	case json.Unmarshal(value, &text) == nil:
		*to = []json.RawMessage{UserText(text)}
	default:
		f.fail("input", "a string or a list of items")
	}
}
