package schema

import (
	"errors"
	"fmt"
	"regexp"
	"regexp/syntax"
)

// maxProgram is the most instructions that one pattern may compile to. It bounds the
// time of a match, which is instructions times characters.
const maxProgram = 10_000

// pattern is a regular expression and the length of its program.
type pattern struct {
	source string
	re     *regexp.Regexp
	cost   int
}

// pattern compiles the pattern of a rule, or notes that Go cannot.
func (c *compiler) pattern(r *rule, source string) error {
	p, err := newPattern(source)
	var bad *syntax.Error
	switch {
	case err == nil:
		r.pattern = p
	case errors.As(err, &bad) && foreign(bad.Code):
		c.unchecked = append(c.unchecked, Fault{Path: c.shown(below(r.path, "pattern")),
			Reason: "this pattern cannot be checked here: " + err.Error()})
	default:
		return c.fault(below(r.path, "pattern"), "%v", err)
	}
	return nil
}

func (c *compiler) patternProperties(r *rule, children []namedRule) error {
	for _, child := range children {
		p, err := newPattern(child.name)
		if err != nil {
			return c.fault(below(r.path, "patternProperties"), "%v", err)
		}
		r.patterns = append(r.patterns, patternRule{p, child.rule})
	}
	return nil
}

// foreign says whether an error of regexp may be about what other engines know.
func foreign(code syntax.ErrorCode) bool {
	switch code {
	case syntax.ErrInvalidPerlOp, syntax.ErrInvalidEscape, syntax.ErrInvalidNamedCapture,
		syntax.ErrInvalidRepeatSize, syntax.ErrInvalidCharRange:
		return true
	}
	return false
}

func newPattern(source string) (*pattern, error) {
	parsed, err := syntax.Parse(source, syntax.Perl)
	if err != nil {
		return nil, err
	}
	// The size is bounded before it is built: a repetition is not yet unrolled here.
	if size := programSize(parsed, maxProgram); size > maxProgram {
		return nil, fmt.Errorf("the pattern is too large: it comes to more than %d instructions", maxProgram)
	}
	re, err := regexp.Compile(source)
	if err != nil {
		return nil, err
	}
	return &pattern{source, re, programSize(parsed, maxProgram)}, nil
}

// programSize estimates the instructions of an expression, and stops above limit.
func programSize(e *syntax.Regexp, limit int) int {
	size := 1 + len(e.Rune)/2
	if e.Op == syntax.OpLiteral {
		size = 1 + len(e.Rune)
	}
	for _, sub := range e.Sub {
		if size += programSize(sub, limit); size > limit {
			return limit + 1
		}
	}
	if e.Op == syntax.OpRepeat {
		size *= max(1, e.Min, e.Max)
	}
	return min(size, limit+1)
}
