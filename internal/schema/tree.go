package schema

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"
)

const (
	maxSpec  = 1 << 20 // bytes of a schema
	maxDepth = 128     // of objects and arrays in each other, in a schema
)

type kind byte

const (
	kindNull kind = iota
	kindBool
	kindNumber
	kindText
	kindArray
	kindObject
)

func (k kind) String() string {
	return [...]string{"null", "a boolean", "a number", "a string", "an array", "an object"}[k]
}

// node is a JSON value whose members keep their order: the backend writes an answer's
// fields in the order of the schema ("Key ordering" in the guide).
type node struct {
	kind    kind
	text    string // a string's value, a number as it was written, "true" or "false"
	list    []*node
	members []member
}

type member struct {
	name  string
	value *node
}

func textNode(s string) *node            { return &node{kind: kindText, text: s} }
func flagNode(b bool) *node              { return &node{kind: kindBool, text: fmt.Sprint(b)} }
func listNode(n ...*node) *node          { return &node{kind: kindArray, list: n} }
func objectNode(m ...member) *node       { return &node{kind: kindObject, members: m} }
func (n *node) is(s string) bool         { return n != nil && n.kind == kindText && n.text == s }
func (n *node) isFalse() bool            { return n != nil && n.kind == kindBool && n.text == "false" }
func (n *node) has(name string) bool     { return n.get(name) != nil }
func (n *node) add(name string, v *node) { n.members = append(n.members, member{name, v}) }

// get is the member of that name, or nil.
func (n *node) get(name string) *node {
	for _, m := range n.members {
		if m.name == name {
			return m.value
		}
	}
	return nil
}

// without is n less some members.
func (n *node) without(names ...string) *node {
	rest := &node{kind: n.kind, text: n.text, list: n.list}
next:
	for _, m := range n.members {
		for _, name := range names {
			if m.name == name {
				continue next
			}
		}
		rest.members = append(rest.members, m)
	}
	return rest
}

// parseTree reads one JSON value.
func parseTree(text string) (*node, error) {
	var whole json.RawMessage
	if err := json.Unmarshal([]byte(text), &whole); err != nil {
		var syntax *json.SyntaxError
		if errors.As(err, &syntax) {
			at := int(syntax.Offset) - 1
			if strings.HasPrefix(syntax.Error(), "unexpected end") {
				at = len(text)
			}
			return nil, specError(text, at, "not JSON: "+syntax.Error())
		}
		return nil, specError(text, 0, "not JSON: "+err.Error())
	}
	d := json.NewDecoder(strings.NewReader(text))
	d.UseNumber()
	p := treeParser{text: text, decoder: d}
	return p.value(0)
}

type treeParser struct {
	text    string
	decoder *json.Decoder
}

func (p *treeParser) fail(reason string) error {
	return specError(p.text, int(p.decoder.InputOffset())-1, reason)
}

func (p *treeParser) value(depth int) (*node, error) {
	token, err := p.decoder.Token()
	if err != nil {
		return nil, p.fail("not JSON: " + err.Error()) // the whole was JSON a moment ago
	}
	switch token := token.(type) {
	case nil:
		return &node{kind: kindNull}, nil
	case bool:
		return flagNode(token), nil
	case string:
		return textNode(token), nil
	case json.Number:
		if _, err := token.Float64(); err != nil {
			return nil, p.fail("the number " + short(token.String(), 20) + " is too large")
		}
		return &node{kind: kindNumber, text: token.String()}, nil
	}
	if depth == maxDepth {
		return nil, p.fail(fmt.Sprintf("more than %d objects and arrays within each other", maxDepth))
	}
	if token == json.Delim('[') {
		return p.array(depth)
	}
	return p.object(depth)
}

func (p *treeParser) array(depth int) (*node, error) {
	n := &node{kind: kindArray}
	for p.decoder.More() {
		item, err := p.value(depth + 1)
		if err != nil {
			return nil, err
		}
		n.list = append(n.list, item)
	}
	return n, p.end()
}

func (p *treeParser) object(depth int) (*node, error) {
	n := &node{kind: kindObject}
	seen := map[string]bool{}
	for p.decoder.More() {
		token, err := p.decoder.Token()
		if err != nil {
			return nil, p.fail("not JSON: " + err.Error())
		}
		name, _ := token.(string)
		if seen[name] {
			return nil, p.fail(fmt.Sprintf("the name %q stands twice in one object", short(name, 60)))
		}
		seen[name] = true
		value, err := p.value(depth + 1)
		if err != nil {
			return nil, err
		}
		n.add(name, value)
	}
	return n, p.end()
}

func (p *treeParser) end() error {
	if _, err := p.decoder.Token(); err != nil && !errors.Is(err, io.EOF) {
		return p.fail("not JSON: " + err.Error())
	}
	return nil
}

// specError places a fault at a byte of the text.
func specError(text string, offset int, reason string) *SpecError {
	before := text[:max(0, min(offset, len(text)))]
	line := strings.Count(before, "\n") + 1
	column := utf8.RuneCountInString(before[strings.LastIndexByte(before, '\n')+1:]) + 1
	return &SpecError{Line: line, Column: column, Reason: reason}
}

// appendTo writes n as compact JSON.
func (n *node) appendTo(b *bytes.Buffer) {
	switch n.kind {
	case kindNull:
		b.WriteString("null")
	case kindBool, kindNumber:
		b.WriteString(n.text)
	case kindText:
		appendText(b, n.text)
	case kindArray:
		b.WriteByte('[')
		for i, item := range n.list {
			if i > 0 {
				b.WriteByte(',')
			}
			item.appendTo(b)
		}
		b.WriteByte(']')
	case kindObject:
		b.WriteByte('{')
		for i, m := range n.members {
			if i > 0 {
				b.WriteByte(',')
			}
			appendText(b, m.name)
			b.WriteByte(':')
			m.value.appendTo(b)
		}
		b.WriteByte('}')
	}
}

func (n *node) bytes() []byte {
	var b bytes.Buffer
	n.appendTo(&b)
	return b.Bytes()
}

func appendText(b *bytes.Buffer, s string) {
	e := json.NewEncoder(b)
	e.SetEscapeHTML(false)
	_ = e.Encode(s)         // a string in memory: nothing can fail
	b.Truncate(b.Len() - 1) // the line end that Encode adds
}
