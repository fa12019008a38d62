package schema

import (
	"encoding/json"
	"fmt"
	"net/url"
	"strings"

	"github.com/google/jsonschema-go/jsonschema"
)

// library is a schema as google/jsonschema-go wants it. All that is known of that
// library stands in this file.
type library struct{ resolved *jsonschema.Resolved }

// equal compares JSON values as JSON Schema does.
func equal(a, b any) bool { return jsonschema.Equal(a, b) }

// library makes the library's form of a schema. It gets what bears on a verdict and nothing
// else: encoding/json, with which it reads, takes "Type" for "type", and would trip over
// members that are no keywords. References are pointers by now.
func (c *compiler) library(root *node, targets map[string]string) (library, error) {
	skipped := map[string]bool{}
	for _, f := range c.unchecked {
		skipped[f.Path] = true
	}
	plain := mapSchema(root, "", func(path, keyword string, v *node) *node {
		switch keyword {
		case "$schema", "$id", "$anchor", "$dynamicAnchor", "$comment", "title", "description", "default",
			"examples", "format", "contentEncoding", "contentMediaType", "deprecated", "readOnly", "writeOnly":
			return nil
		case "pattern":
			if skipped[c.shown(below(path, keyword))] {
				return nil
			}
		case "$ref":
			return textNode("#" + (&url.URL{Path: targets[path]}).EscapedPath())
		}
		if keywordShape(keyword, c.legacy) == unknown {
			return nil
		}
		return v
	})
	if c.legacy && plain.kind == kindObject {
		plain.add("$schema", textNode("http://json-schema.org/draft-07/schema#"))
	}
	resolved, err := guarded(func() (*jsonschema.Resolved, error) {
		var s jsonschema.Schema
		err := json.Unmarshal(plain.bytes(), &s)
		if err != nil {
			return nil, c.fault("", "%s", short(err.Error(), 300))
		}
		resolved, err := s.Resolve(nil)
		if err != nil {
			return nil, c.fault("", "%s", short(err.Error(), 300))
		}
		return resolved, nil
	})
	return library{resolved}, err
}

// validate is the library's verdict; err is its failure to come to one.
func (l library) validate(v any) (verdict, err error) {
	return guarded(func() (error, error) { return l.resolved.Validate(v), nil })
}

// guarded makes an error of a panic: the library asserts what it takes for granted.
func guarded[T any](f func() (T, error)) (result T, err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("the schema library gave up: %v", r)
		}
	}()
	return f()
}

// lastRule takes the library's message apart, "validating root: validating /properties/a:
// not: validated against …": the last place in the schema, and what is said of it.
func lastRule(message string) (rule, reason string) {
	message, _, _ = strings.Cut(message, "\n")
	for {
		rest, ok := strings.CutPrefix(message, "validating ")
		if !ok {
			return "#" + rule, short(message, 200)
		}
		place, rest, ok := strings.Cut(rest, ": ")
		if !ok {
			return "#" + rule, short(message, 200)
		}
		if rule = place; place == "root" {
			rule = ""
		}
		message = rest
	}
}
