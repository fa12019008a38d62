package emulator

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/tidwall/gjson"
)

// choice is what tool_choice asks for.
type choice struct {
	mode string // "auto", "none", "required" or "named"
	name string // of the named tool
}

// choice reads tool_choice; ok is false if it is no known form.
func (q *request) choice() (c choice, ok bool) {
	if len(q.ToolChoice) == 0 || string(q.ToolChoice) == "null" {
		return choice{mode: "auto"}, true
	}
	if json.Unmarshal(q.ToolChoice, &c.mode) == nil {
		return c, slices.Contains([]string{"auto", "none", "required"}, c.mode)
	}
	var named tool
	if json.Unmarshal(q.ToolChoice, &named) != nil || named.Type == "" {
		return choice{}, false
	}
	if named.Type != toolFunction && named.Type != toolCustom {
		return choice{mode: "auto"}, true // a hosted tool or a list of allowed ones
	}
	return choice{mode: "named", name: named.Name}, named.Name != ""
}

// checkTools wants definitions that can be called and a choice that can be met.
func (q *request) checkTools() *refusal {
	var names []string
	for n, t := range q.tools() {
		param := fmt.Sprintf("tools[%d]", n)
		switch t.Type {
		case toolFunction, toolCustom:
			if !validToolName(t.Name) {
				return invalid("invalid_value", param+".name", "Invalid '%s.name': 1 to 64 letters, digits, '_' and '-' are expected.", param)
			}
			names = append(names, t.Name)
		case "namespace", "web_search", "tool_search", "image_generation", "local_shell":
		default:
			return invalid("invalid_value", param+".type", "Invalid value for '%s.type': '%s'.", param, t.Type)
		}
		if t.Type == toolFunction && t.Strict != nil && *t.Strict {
			if problem := strictProblem(gjson.ParseBytes(t.Parameters), "()"); problem != "" {
				return invalid("invalid_function_parameters", param+".parameters", "Invalid schema for function '%s': %s", t.Name, problem)
			}
		}
	}
	c, ok := q.choice()
	switch {
	case !ok:
		return invalid("invalid_value", "tool_choice", "Invalid value for 'tool_choice'.")
	case c.mode == "required" && len(names) == 0:
		return invalid("invalid_value", "tool_choice", "Tool choice 'required' needs at least one tool.")
	case c.mode == "named" && !slices.Contains(names, c.name):
		return invalid("invalid_value", "tool_choice", "Tool choice '%s' not found in 'tools'.", c.name)
	}
	return nil
}

// validToolName reports whether a tool may have this name.
func validToolName(name string) bool {
	return name != "" && len(name) <= 64 && !strings.ContainsFunc(name, func(r rune) bool {
		return r == '.' || r > 127 || !tokenByte(byte(r))
	})
}

// checkFormat looks at text.
func (q *request) checkFormat() *refusal {
	if q.Text == nil {
		return nil
	}
	if v := q.Text.Verbosity; v != nil && !slices.Contains([]string{"low", "medium", "high"}, *v) {
		return invalid("invalid_value", "text.verbosity", "Invalid value for 'text.verbosity': '%s'.", *v)
	}
	f := q.Text.Format
	if f == nil {
		return nil
	}
	switch f.Type {
	case "text", "json_object":
		return nil
	case "json_schema":
	default:
		return invalid("invalid_value", "text.format.type", "Invalid value for 'text.format.type': '%s'.", f.Type)
	}
	switch schema := gjson.ParseBytes(f.Schema); {
	case f.Name == "":
		return invalid("missing_required_parameter", "text.format.name", "Missing required parameter: 'text.format.name'.")
	case !schema.IsObject():
		return invalid("missing_required_parameter", "text.format.schema", "Missing required parameter: 'text.format.schema'.")
	case f.Strict != nil && *f.Strict:
		if schema.Get("type").String() != "object" {
			return invalid("invalid_json_schema", "text.format.schema", "Invalid schema for response_format '%s': the root must have type 'object'.", f.Name)
		}
		if problem := strictProblem(schema, "()"); problem != "" {
			return invalid("invalid_json_schema", "text.format.schema", "Invalid schema for response_format '%s': %s", f.Name, problem)
		}
	}
	return nil
}

// strictProblem says what keeps a schema from being strict, or "". In strict mode
// every object closes itself and requires all its properties.
func strictProblem(schema gjson.Result, place string) (problem string) {
	properties := schema.Get("properties")
	if schema.Get("type").String() == "object" || properties.Exists() {
		if extra := schema.Get("additionalProperties"); extra.Type != gjson.False {
			return fmt.Sprintf("in %s, 'additionalProperties' must be present and false.", place)
		}
		required := make(map[string]bool)
		for _, name := range schema.Get("required").Array() {
			required[name.String()] = true
		}
		properties.ForEach(func(name, _ gjson.Result) bool {
			if !required[name.String()] {
				problem = fmt.Sprintf("in %s, 'required' must hold every property; '%s' is missing.", place, name.String())
			}
			return problem == ""
		})
	}
	inner := func(name string, sub gjson.Result) bool {
		if problem == "" {
			problem = strictProblem(sub, fmt.Sprintf("(%s, '%s')", strings.Trim(place, "()"), name))
		}
		return problem == ""
	}
	for _, group := range []string{"properties", "$defs", "definitions", "anyOf"} {
		schema.Get(gjson.Escape(group)).ForEach(func(name, sub gjson.Result) bool { return inner(group+"."+name.String(), sub) })
	}
	if items := schema.Get("items"); items.IsObject() {
		inner("items", items)
	}
	return problem
}
