package schema

import (
	"net/url"
	"strconv"
	"strings"
)

// shape is what the value of a keyword has to be.
type shape int

const (
	unknown     shape = iota // not a keyword: says nothing
	anything                 // any JSON value
	text                     // a string
	flag                     // a boolean
	number                   // a number
	count                    // an integer from 0
	texts                    // an array of different strings
	textsByName              // an object of such arrays
	values                   // an array
	typeNames                // a type, or an array of different ones
	schemaOne                // a schema
	schemaList               // an array of schemas, not empty
	schemaMap                // an object of schemas
	schemaItems              // a schema; in draft-07 also an array of schemas
	dependency               // an object of schemas or arrays of strings (draft-07)
	refused                  // a keyword whose meaning is not supported here
)

// keywordShape is the table of keywords.
//
// Source: JSON Schema 2020-12, core and validation; draft-07 for legacy schemas.
func keywordShape(name string, legacy bool) shape {
	switch name {
	case "const", "default":
		return anything
	case "$schema", "$id", "$ref", "$anchor", "$dynamicAnchor", "$comment", "title", "description",
		"format", "pattern", "contentEncoding", "contentMediaType":
		return text
	case "uniqueItems", "deprecated", "readOnly", "writeOnly":
		return flag
	case "multipleOf", "minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum":
		return number
	case "minLength", "maxLength", "minItems", "maxItems", "minContains", "maxContains",
		"minProperties", "maxProperties":
		return count
	case "required":
		return texts
	case "dependentRequired":
		return textsByName
	case "enum", "examples":
		return values
	case "type":
		return typeNames
	case "not", "if", "then", "else", "contains", "additionalProperties", "propertyNames",
		"unevaluatedItems", "unevaluatedProperties", "contentSchema":
		return schemaOne
	case "allOf", "anyOf", "oneOf", "prefixItems":
		return schemaList
	case "properties", "patternProperties", "$defs", "definitions", "dependentSchemas":
		return schemaMap
	case "items":
		return schemaItems
	case "$dynamicRef", "$recursiveRef", "$vocabulary":
		return refused
	}
	if legacy {
		switch name {
		case "additionalItems":
			return schemaOne
		case "dependencies":
			return dependency
		}
	}
	return unknown
}

// isLegacy says whether a schema is to be read by the rules of draft-07.
func isLegacy(root *node) bool {
	v := root.get("$schema")
	return v != nil && strings.Contains(v.text, "/draft-0")
}

// identity is the base that references of a schema may repeat: its $id.
func identity(root *node) string {
	v := root.get("$id")
	if v == nil || v.kind != kindText {
		return ""
	}
	base, _, _ := strings.Cut(v.text, "#")
	return base
}

// localReference is a reference as a fragment, "#" and what follows with its percent
// signs undone, or as it is if it leads out of the schema whose identity is base.
func localReference(ref, base string) string {
	fragment := ref
	if base != "" {
		if rest, ok := strings.CutPrefix(ref, base); ok && (rest == "" || rest[0] == '#') {
			fragment = "#" + strings.TrimPrefix(rest, "#")
		}
	}
	if !strings.HasPrefix(fragment, "#") {
		return ref
	}
	if plain, err := url.PathUnescape(fragment); err == nil {
		return plain
	}
	return fragment
}

// below appends a step to a JSON Pointer (RFC 6901).
func below(path, step string) string {
	return path + "/" + strings.ReplaceAll(strings.ReplaceAll(step, "~", "~0"), "/", "~1")
}

// eachChild calls visit for every schema that stands directly in the value of a keyword.
func eachChild(path, keyword string, v *node, legacy bool, visit func(path string, n *node)) {
	path = below(path, keyword)
	form := keywordShape(keyword, legacy)
	switch {
	case form == schemaOne, form == schemaItems && v.kind != kindArray:
		visit(path, v)
	case form == schemaList, form == schemaItems:
		for i, n := range v.list {
			visit(below(path, strconv.Itoa(i)), n)
		}
	case form == schemaMap, form == dependency:
		for _, m := range v.members {
			if form != dependency || m.value.kind != kindArray {
				visit(below(path, m.name), m.value)
			}
		}
	}
}

// mapSchema is a copy of a schema with every keyword's value put through change, the
// schemas within it first. Where change returns nil the keyword is left out.
func mapSchema(n *node, path string, change func(path, keyword string, v *node) *node) *node {
	return (&mapper{isLegacy(n), change}).schema(n, path)
}

type mapper struct {
	legacy bool
	change func(path, keyword string, v *node) *node
}

func (m *mapper) schema(n *node, path string) *node {
	if n.kind != kindObject {
		return n
	}
	fresh := objectNode()
	for _, old := range n.members {
		changed := map[*node]*node{}
		eachChild(path, old.name, old.value, m.legacy, func(at string, child *node) {
			changed[child] = m.schema(child, at)
		})
		if v := m.change(path, old.name, replaced(old.value, changed)); v != nil {
			fresh.add(old.name, v)
		}
	}
	return fresh
}

// replaced is v, or a copy of it, with the schemas directly in it replaced.
func replaced(v *node, by map[*node]*node) *node {
	if fresh, ok := by[v]; ok {
		return fresh
	}
	if len(by) == 0 {
		return v
	}
	clone := &node{kind: v.kind, text: v.text}
	for _, item := range v.list {
		clone.list = append(clone.list, replacedOne(item, by))
	}
	for _, m := range v.members {
		clone.add(m.name, replacedOne(m.value, by))
	}
	return clone
}

func replacedOne(n *node, by map[*node]*node) *node {
	if fresh, ok := by[n]; ok {
		return fresh
	}
	return n
}
