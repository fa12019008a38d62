package schema

import (
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"
)

// ErrInvalid is what every error of [Parse] and [Schema.Check] is: the schema cannot
// be used, and no request should be made with it.
var ErrInvalid = errors.New("not a usable schema")

// ErrMismatch is what every error of [Schema.Validate] is that blames the answer.
var ErrMismatch = errors.New("the answer does not fit the schema")

// ErrTooCostly is what [Schema.Validate] returns when the check would take more steps
// than the size of the answer explains. Nothing is known of the answer then.
var ErrTooCostly = errors.New("checking the answer against this schema takes too many steps")

// SpecError says what is wrong with the text of a schema, and where.
type SpecError struct {
	// Line is the line of the text, from 1.
	Line int

	// Column is the character in that line, from 1.
	Column int

	// Field is the field of the short form that is meant, empty for JSON.
	Field string

	// Reason is the fault, in words.
	Reason string
}

// Error gives place and fault in one line.
func (e *SpecError) Error() string {
	where := fmt.Sprintf("schema, line %d, column %d: ", e.Line, e.Column)
	if e.Field != "" {
		where += fmt.Sprintf("field %q: ", e.Field)
	}
	return where + e.Reason
}

// Is makes every SpecError an [ErrInvalid].
func (e *SpecError) Is(target error) bool { return target == ErrInvalid }

// Fault is one thing that is wrong with a schema that is JSON.
type Fault struct {
	// Path is the JSON Pointer of the place, as a fragment: "#/properties/age". It
	// leads into the schema as it was given, not as it is sent; only an object that
	// was added by [Parse] or [Schema.Multi] is left out of it.
	Path string

	// Reason is the fault, in words.
	Reason string
}

// Error gives place and fault in one line.
func (f *Fault) Error() string { return "schema, " + f.Path + ": " + f.Reason }

// Is makes every Fault an [ErrInvalid].
func (f *Fault) Is(target error) bool { return target == ErrInvalid }

// Mismatch says where an answer departs from its schema. It is the first place that
// was found; there may be more.
type Mismatch struct {
	// Path is the place in the answer as jq spells it: ".items[2].age", "." for the
	// whole. It is empty for an answer that is not JSON.
	Path string

	// Rule is the place in the schema as it is sent, as a JSON Pointer, such as
	// "#/properties/age". It is empty for an answer that is not JSON.
	Rule string

	// Want is what the schema asks for, in words.
	Want string

	// Got is what stands there, in words, cut short if it is long.
	Got string

	// Offset is the byte at which an answer stops being JSON, counted from 0, and -1
	// for an answer that is JSON.
	Offset int64

	at *step // what Path is made of
}

// Error gives place, wish and finding in one line.
func (e *Mismatch) Error() string {
	if e.Offset >= 0 {
		return fmt.Sprintf("the answer is not %s: %s at byte %d", e.Want, e.Got, e.Offset)
	}
	return fmt.Sprintf("the answer at %s: want %s, got %s", e.Path, e.Want, e.Got)
}

// Is makes every Mismatch an [ErrMismatch].
func (e *Mismatch) Is(target error) bool { return target == ErrMismatch }

// short cuts a text after n characters, and looks at no more of it than it must.
func short(s string, n int) string {
	s = strings.ToValidUTF8(s[:min(len(s), (n+1)*utf8.UTFMax)], "\uFFFD")
	for i := range s {
		if n == 0 {
			return s[:i] + "…"
		}
		n--
	}
	return s
}
