package cli

import (
	"errors"
	"math"
	"strconv"
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
		return
	case !ok || path == "":
		e.err = usagef("--set wants PATH=VALUE, not %q", assignment)
		return
	}
	if e.err = e.checkPath(path); e.err != nil {
		return
	}
	if gjson.Valid(value) {
		e.raw(path, []byte(value))
	} else {
		e.string(path, value)
	}
}

// checkPath refuses paths that the library would lose, misread, or fill a list with
// nothing for: a name is empty, has a character with a meaning of its own, or is a
// number beyond the end of its list. Such a character in a name is written with a \.
func (e *bodyEdit) checkPath(path string) error {
	for at, names := 0, splitPath(path); at < len(names); at++ {
		name := names[at]
		if name == "" || strings.ContainsAny(unescaped(name), "*?#|@!{}[]()") {
			return usagef("--set %s: %q is no name of a field", path, name)
		}
		index, err := strconv.Atoi(name)
		switch {
		case errors.Is(err, strconv.ErrRange) && name[0] != '-':
			index = math.MaxInt // the library would count up to it
		case err != nil, index < 0:
			continue
		}
		list := gjson.ParseBytes(e.body)
		if at > 0 {
			list = list.Get(strings.Join(names[:at], "."))
		}
		if !list.IsObject() && index > len(list.Array()) {
			return usagef("--set %s: %s is beyond the end of a list of %d", path, name, len(list.Array()))
		}
	}
	return nil
}

// splitPath cuts a path at its dots, but for those behind a \.
func splitPath(path string) []string {
	names := []string{""}
	for i := 0; i < len(path); i++ {
		last := &names[len(names)-1]
		switch {
		case path[i] == '\\' && i+1 < len(path):
			*last += path[i : i+2]
			i++
		case path[i] == '.':
			names = append(names, "")
		default:
			*last += path[i : i+1]
		}
	}
	return names
}

// unescaped is a name without its escaped characters.
func unescaped(name string) string {
	var b strings.Builder
	for i := 0; i < len(name); i++ {
		if name[i] == '\\' {
			i++
			continue
		}
		b.WriteByte(name[i])
	}
	return b.String()
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
