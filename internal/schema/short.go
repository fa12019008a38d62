package schema

import (
	"fmt"
	"slices"
	"strings"
)

// parseShort reads the short form: fields separated by line ends, or by commas if there
// is no line end; each is `name [type][: description]`. What llm ignores (a third word)
// or takes for nothing (no field at all) is an error here.
//
// Source: https://llm.datasette.io/en/stable/schemas.html, "Concise LLM schema syntax",
// and llm/utils.py, schema_dsl.
func parseShort(text string) (*node, error) {
	separator := ","
	if strings.Contains(text, "\n") {
		separator = "\n"
	}
	properties, required := objectNode(), listNode()
	at := 0
	for field := range strings.SplitSeq(text, separator) {
		start := at + len(field) - len(strings.TrimLeft(field, space))
		at += len(field) + len(separator)
		if field = strings.TrimSpace(field); field == "" {
			continue
		}
		name, value, reason := parseField(field)
		if reason == "" && properties.has(name) {
			reason = "stands twice"
		}
		if reason != "" {
			if separator == "," && strings.Contains(text, ":") {
				reason += "; descriptions with commas need one field a line"
			}
			err := specError(text, start, reason)
			err.Field = name
			return nil, err
		}
		properties.add(name, value)
		required.list = append(required.list, textNode(name))
	}
	if len(required.list) == 0 {
		return nil, specError(text, 0, `no fields: give JSON Schema, or fields such as "name, age int"`)
	}
	return object(properties, required), nil
}

const space = " \t\r\n\v\f"

// object is an object in the way strict mode wants it.
func object(properties, required *node) *node {
	return objectNode(
		member{"type", textNode("object")},
		member{"properties", properties},
		member{"required", required},
		member{"additionalProperties", flagNode(false)},
	)
}

// parseField reads one field; reason is why it could not.
func parseField(field string) (name string, value *node, reason string) {
	head, description, _ := strings.Cut(field, ":")
	words := strings.Fields(head)
	if len(words) == 0 {
		return "", nil, "a name is missing before the colon"
	}
	name = words[0]
	typed := "string"
	if len(words) > 1 {
		var ok bool
		if typed, ok = shortType(words[1]); !ok {
			return name, nil, fmt.Sprintf("unknown type %q; known are %s", words[1], strings.Join(shortTypes(), ", "))
		}
	}
	if len(words) > 2 {
		return name, nil, fmt.Sprintf("%q is one word too many: a field is `name [type][: description]`", words[2])
	}
	value = objectNode(member{"type", textNode(typed)})
	if description = strings.TrimSpace(description); description != "" {
		value.add("description", textNode(description))
	}
	return name, value, ""
}

func shortTypes() []string { return []string{"str", "int", "float", "bool"} }

func shortType(word string) (string, bool) {
	i := slices.Index(shortTypes(), word)
	if i < 0 {
		return "", false
	}
	return []string{"string", "integer", "number", "boolean"}[i], true
}
