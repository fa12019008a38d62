package cli

import (
	"strings"

	"github.com/tidwall/gjson"
	"github.com/tidwall/sjson"
)

// bodyEdit changes fields of a JSON body. The first error is kept.
type bodyEdit struct {
	body []byte
	err  error
}

func (e *bodyEdit) raw(path string, value []byte) {
	if e.err == nil {
		e.keep(path)(sjson.SetRawBytes(e.body, path, value))
	}
}

func (e *bodyEdit) string(path, value string) {
	if e.err == nil {
		e.keep(path)(sjson.SetBytes(e.body, path, value))
	}
}

// assign applies one --set: a value that is JSON is taken as JSON, anything else as
// a string.
func (e *bodyEdit) assign(assignment string) {
	path, value, ok := strings.Cut(assignment, "=")
	switch {
	case e.err != nil:
	case !ok || path == "":
		e.err = usagef("--set wants PATH=VALUE, not %q", assignment)
	case gjson.Valid(value):
		e.raw(path, []byte(value))
	default:
		e.string(path, value)
	}
}

func (e *bodyEdit) keep(path string) func([]byte, error) {
	return func(body []byte, err error) {
		if err != nil {
			e.err = usagef("%s cannot be set: %v", path, err)
			return
		}
		e.body = body
	}
}
