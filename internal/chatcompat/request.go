package chatcompat

import (
	"encoding/json"
	"fmt"
	"maps"

	"github.com/codexctl/codexctl/pkg/responses"
)

// body is a JSON object, field by field.
type body map[string]json.RawMessage

// Request turns a Chat Completions body into a Responses body: messages become
// input items, tools, tool_choice, response_format, reasoning_effort and verbosity
// move to where the Responses API has them, all other fields stay. A body without
// `messages` is returned as it is.
//
// The error wraps [responses.ErrBadRequest] and names the field.
//
// Source: OpenAI API reference, "Create chat completion".
func Request(data []byte) ([]byte, error) {
	var b body
	if err := json.Unmarshal(data, &b); err != nil || b["messages"] == nil {
		return data, nil // not ours to judge
	}
	if b["input"] != nil {
		return nil, fmt.Errorf("%w: fields messages and input: only one of them can be given", responses.ErrBadRequest)
	}
	for _, move := range []func(body) error{moveMessages, moveTools, moveToolChoice, moveFormat, moveEffort, moveVerbosity} {
		if err := move(b); err != nil {
			return nil, err
		}
	}
	return json.Marshal(b)
}

func bad(field, want string) error {
	return fmt.Errorf("%w: field %s: want %s", responses.ErrBadRequest, field, want)
}

// take removes a field; nil when it is absent or null.
func (b body) take(name string) json.RawMessage {
	value := b[name]
	delete(b, name)
	if string(value) == "null" {
		return nil
	}
	return value
}

// put sets a field inside an object field such as reasoning.effort. A value that is
// there already stays: it was given in the form that the backend knows.
func (b body) put(object, name string, value json.RawMessage) error {
	inner := body{}
	if len(b[object]) > 0 {
		if err := json.Unmarshal(b[object], &inner); err != nil {
			return bad(object, "an object")
		}
	}
	if inner[name] == nil {
		inner[name] = value
	}
	b[object] = encode(inner)
	return nil
}

// encode is v as JSON; the types of this package always encode.
func encode(v any) json.RawMessage {
	data, _ := json.Marshal(v)
	return data
}

func moveEffort(b body) error {
	if value := b.take("reasoning_effort"); value != nil {
		return b.put("reasoning", "effort", value)
	}
	return nil
}

func moveVerbosity(b body) error {
	if value := b.take("verbosity"); value != nil {
		return b.put("text", "verbosity", value)
	}
	return nil
}

// moveFormat flattens response_format: what stands in json_schema there stands beside
// the type here.
func moveFormat(b body) error {
	value := b.take("response_format")
	if value == nil {
		return nil
	}
	var format body
	if err := json.Unmarshal(value, &format); err != nil {
		return bad("response_format", "an object")
	}
	if schema := format.take("json_schema"); schema != nil {
		var inner body
		if err := json.Unmarshal(schema, &inner); err != nil {
			return bad("response_format.json_schema", "an object")
		}
		maps.Copy(format, inner)
	}
	return b.put("text", "format", encode(format))
}

// moveTools flattens tools: what stands in `function` or `custom` there stands beside
// the type here.
func moveTools(b body) error {
	if b["tools"] == nil {
		return nil
	}
	var tools []body
	if err := json.Unmarshal(b["tools"], &tools); err != nil {
		return bad("tools", "a list of objects")
	}
	for i, tool := range tools {
		if err := flatten(tool); err != nil {
			return bad(fmt.Sprintf("tools.%d", i), "a tool as Chat Completions or Responses have it")
		}
	}
	b["tools"] = encode(tools)
	return nil
}

func moveToolChoice(b body) error {
	var choice body
	if json.Unmarshal(b["tool_choice"], &choice) != nil || choice == nil {
		return nil // a word, which both know
	}
	if err := flatten(choice); err != nil {
		return bad("tool_choice", "a word or a choice as Chat Completions or Responses have it")
	}
	b["tool_choice"] = encode(choice)
	return nil
}

// flatten moves the fields of an object's `function` or `custom` up into it.
func flatten(b body) error {
	for _, name := range []string{"function", "custom"} {
		value := b.take(name)
		if value == nil {
			continue
		}
		var inner body
		if err := json.Unmarshal(value, &inner); err != nil {
			return err
		}
		maps.Copy(b, inner)
	}
	return nil
}
