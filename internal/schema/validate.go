package schema

import (
	"bytes"
	"encoding/json"
	"errors"
	"strings"
)

// Validate checks an answer, as it was received, against the schema as it was sent.
//
// The error is a [*Mismatch] if the answer is not JSON or does not fit, that of
// [Schema.Check] if the schema is none, and [ErrTooCostly] if the check would take more
// than about a million steps and 16 for each byte of the answer. `format` is not
// checked, and patterns as far as [Schema.Unchecked] does not list them.
func (s *Schema) Validate(answer []byte) error {
	c, err := s.compile()
	if err != nil {
		return err
	}
	var v any
	if err := json.Unmarshal(answer, &v); err != nil {
		return notJSON(answer, err)
	}
	w := &walk{left: freeSteps + stepsPerByte*len(answer), tracks: c.tracks}
	found := w.apply(c.root, v)
	switch {
	case w.tooCostly():
		return ErrTooCostly
	case found == nil:
		return nil
	}
	found.Path = found.at.path()
	return found
}

// notJSON says where an answer stops being JSON.
func notJSON(answer []byte, err error) *Mismatch {
	m := &Mismatch{Want: "JSON", Got: err.Error(), Offset: int64(len(answer))}
	var syntax *json.SyntaxError
	var number *json.UnmarshalTypeError
	switch {
	case len(strings.TrimSpace(string(answer))) == 0:
		m.Got, m.Offset = "nothing stands there", 0
	case errors.As(err, &syntax):
		m.Offset = max(0, syntax.Offset-1)
		if strings.HasPrefix(syntax.Error(), "unexpected end") {
			m.Offset = int64(len(answer))
		}
	case errors.As(err, &number):
		m.Got, m.Offset = "a number too large to be read", largeNumber(answer)
	}
	return m
}

// largeNumber is the place of the first number that no float can hold.
func largeNumber(answer []byte) int64 {
	d := json.NewDecoder(bytes.NewReader(answer))
	d.UseNumber()
	for {
		token, err := d.Token()
		if err != nil {
			return 0
		}
		if n, ok := token.(json.Number); ok {
			if _, err := n.Float64(); err != nil {
				return d.InputOffset() - int64(len(n))
			}
		}
	}
}
