package config

import (
	"bytes"
	"errors"
	"fmt"
	"sort"
	"strings"
	"unicode/utf8"

	"github.com/pelletier/go-toml/v2/unstable"
)

// place is a position in the file, both from 1, the column in bytes.
type place struct{ line, column int }

// bad is an error about a key.
func (p *parser) bad(at int, path []string, format string, args ...any) error {
	where := p.place(at)
	return &Error{File: p.path, Line: where.line, Column: where.column, Key: dotted(path), Reason: fmt.Sprintf(format, args...)}
}

// syntaxError is what go-toml says about a file that is not TOML.
func (p *parser) syntaxError(err error) error {
	at := len(p.data)
	var e *unstable.ParserError
	if errors.As(err, &e) {
		at = int(p.toml.Range(e.Highlight).Offset)
	}
	return p.notTOML(at, err.Error())
}

func (p *parser) notTOML(at int, problem string) error {
	where := p.place(at)
	return &Error{
		File: p.path, Line: where.line, Column: where.column,
		Reason: problem, Text: p.line(where.line), syntax: true,
	}
}

// place is the line and column of an offset.
func (p *parser) place(at int) place {
	if p.lines == nil {
		p.lines = []int{0}
		for i, c := range p.data {
			if c == '\n' {
				p.lines = append(p.lines, i+1)
			}
		}
	}
	line := sort.SearchInts(p.lines, at+1)
	return place{line, at - p.lines[line-1] + 1}
}

// line is a line of the file, to be shown. It is empty if a secret may be in it: in a
// line without a key there may be the end of one that began above.
func (p *parser) line(number int) string {
	text, _, _ := bytes.Cut(p.data[p.lines[number-1]:], []byte("\n"))
	line := strings.TrimSpace(strings.ToValidUTF8(string(text), "\ufffd"))
	key, _, found := strings.Cut(line, "=")
	if !found && !strings.HasPrefix(line, "[") || secretLine(line) {
		return ""
	}
	for name := range strings.FieldsFuncSeq(key, func(r rune) bool { return r == '.' || isNoToken(r) }) {
		if secretKey(name) {
			return ""
		}
	}
	return short(line)
}

// invalidText is the offset of the first byte that is not UTF-8, or -1.
func invalidText(data []byte) int {
	if utf8.Valid(data) {
		return -1
	}
	at := 0
	for {
		r, size := utf8.DecodeRune(data[at:])
		if r == utf8.RuneError && size == 1 {
			return at
		}
		at += size
	}
}
