package schema

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"sync"
	"unicode/utf8"
)

// Schema is what an answer has to satisfy. It is safe for concurrent use.
type Schema struct {
	given *node  // as the user wrote it
	sent  *node  // an object at the top
	field string // the property of sent that holds the user's part; empty if sent is given
	inner string // where in sent the given schema stands, as a pointer

	once     sync.Once
	compiled *compiled
	err      error
}

// Parse reads a schema: JSON if it begins with a brace or is `true` or `false`, and
// else llm's short form, such as `name, age int, bio: a short biography`. The error is
// a [*SpecError]. It looks at the form alone; whether JSON is a schema says
// [Schema.Check].
//
// A schema whose top is not plainly an object is put into one, as its property `value`:
// the backend refuses any other, strict or not (`schema must be a JSON Schema of
// 'type: "object"', got 'type: "array"'`). [Schema.Unwrap] takes it out again, so that
// a schema of an array has an array for its data.
func Parse(spec string) (*Schema, error) {
	text := strings.TrimPrefix(spec, "\uFEFF")
	trimmed := strings.TrimSpace(text)
	switch {
	case len(text) > maxSpec:
		return nil, specError(text, 0, fmt.Sprintf("larger than %d bytes", maxSpec))
	case !utf8.ValidString(text):
		return nil, specError(text, len(text)-len(strings.TrimLeftFunc(text, func(r rune) bool { return r != utf8.RuneError })), "not UTF-8")
	case trimmed == "":
		return nil, specError(text, 0, "empty")
	case strings.HasPrefix(trimmed, "[") || strings.HasPrefix(trimmed, `"`):
		return nil, specError(text, strings.IndexAny(text, `["`), "a schema is a JSON object, true, false, or the short form")
	}
	read := parseShort
	if trimmed[0] == '{' || trimmed == "true" || trimmed == "false" {
		read = parseTree
	}
	given, err := read(text)
	if err != nil {
		return nil, err
	}
	s := &Schema{given: given, sent: given}
	if !given.get("type").is("object") || given.has("anyOf") {
		s.wrap("value", "/properties/value", func(inner *node) *node { return inner })
	}
	return s, nil
}

// Multi is the schema of an object whose property `items` is an array of what s asks
// for. Multi of Multi is Multi.
func (s *Schema) Multi() *Schema {
	m := &Schema{given: s.given}
	m.wrap("items", "/properties/items/items", func(inner *node) *node {
		return objectNode(member{"type", textNode("array")}, member{"items", inner})
	})
	return m
}

// wrap makes s.sent: s.given, carried as a property. What belongs to the top stays
// there, and references follow.
func (s *Schema) wrap(field, inner string, carry func(*node) *node) {
	s.field, s.inner = field, inner
	top := objectNode()
	moved := []string{"$schema", "$defs", "definitions"}
	base := identity(s.given)
	if s.given.kind == kindObject {
		if v := s.given.get("$schema"); v != nil {
			top.add("$schema", v)
		}
	}
	body := mapSchema(s.given, "", func(_, keyword string, v *node) *node {
		if keyword == "$ref" && v.kind == kindText {
			return textNode(movedReference(v.text, base, inner))
		}
		return v
	})
	properties := objectNode(member{field, carry(body.without(append(moved, "$id")...))})
	top.members = append(top.members, object(properties, listNode(textNode(field))).members...)
	for _, name := range moved[1:] {
		if v := body.get(name); v != nil {
			top.add(name, v)
		}
	}
	s.sent = top
}

// movedReference is a reference after the schema has moved from the top to inner.
func movedReference(ref, base, inner string) string {
	fragment, local := strings.CutPrefix(localReference(ref, base), "#")
	switch {
	case !local:
		return ref
	case fragment != "" && fragment[0] != '/', // an anchor
		strings.HasPrefix(fragment, "/$defs/"), strings.HasPrefix(fragment, "/definitions/"):
		return "#" + fragment
	}
	return "#" + inner + fragment
}

// Name is a name for the schema as the API takes it, 1 to 64 characters of A-Z, a-z,
// 0-9, '_' and '-': the schema's title as far as it goes, else "answer".
//
// Source: API reference, text.format.name.
func (s *Schema) Name() string {
	const fallback = "answer"
	title := s.given.get("title")
	if title == nil || title.kind != kindText {
		return fallback
	}
	var b strings.Builder
	for _, r := range title.text {
		switch {
		case r >= 'a' && r <= 'z', r >= 'A' && r <= 'Z', r >= '0' && r <= '9', r == '-':
			b.WriteRune(r)
		case !strings.HasSuffix(b.String(), "_"):
			b.WriteByte('_')
		}
		if b.Len() == 64 {
			break
		}
	}
	name := strings.Trim(b.String(), "_")
	if name == "" {
		return fallback
	}
	return name
}

// JSON is the schema as it is to be sent: compact, its members in the order in which
// they were given.
func (s *Schema) JSON() json.RawMessage { return s.sent.bytes() }

// Unwrap is the part of an answer that the given schema describes: the array for
// [Schema.Multi], the value for a schema that [Parse] has put into an object, and else
// the whole. The error is a [*Mismatch]: the answer is not JSON, or lacks the part.
func (s *Schema) Unwrap(answer []byte) (json.RawMessage, error) {
	var whole json.RawMessage
	if err := json.Unmarshal(answer, &whole); err != nil {
		return nil, notJSON(answer, err)
	}
	if s.field == "" {
		return whole, nil
	}
	var parts map[string]json.RawMessage
	_ = json.Unmarshal(whole, &parts) // what is not an object has no parts
	part, ok := parts[s.field]
	if !ok {
		return nil, &Mismatch{Path: ".", Rule: "#", Want: fmt.Sprintf("an object with %q", s.field),
			Got: short(string(whole), 60), Offset: -1}
	}
	return part, nil
}

// Check says whether the given JSON is a schema, and one that answers can be checked
// against. The error is a [*Fault], the first one found. Refused are also: a reference
// that leads nowhere, or out of the schema, since nothing is fetched; one that leads
// back to itself without a step into the answer; `$id` below the top; `$dynamicRef`.
// `$schema` may name 2020-12 and 2019-09, which are read as 2020-12, and draft-07, -06
// and -04, which are read as draft-07.
func (s *Schema) Check() error {
	_, err := s.compile()
	return err
}

// Unchecked lists the patterns that Go's regexp does not know (look-around, for
// example). [Schema.Validate] passes over them; the backend may know them.
func (s *Schema) Unchecked() []Fault {
	c, err := s.compile()
	if err != nil {
		return nil
	}
	return slices.Clone(c.unchecked)
}

func (s *Schema) compile() (*compiled, error) {
	s.once.Do(func() {
		s.compiled, s.err = compile(s.sent, s.shown)
	})
	return s.compiled, s.err
}

// shown is a place in what is sent as a place in what was given.
func (s *Schema) shown(path string) string {
	if s.inner != "" {
		if rest, ok := strings.CutPrefix(path, s.inner); ok {
			path = rest
		}
	}
	return "#" + path
}
