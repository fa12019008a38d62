package chatcompat

import (
	"encoding/json"
	"fmt"
	"maps"

	"github.com/tidwall/gjson"
)

const noParameters = `{"type":"object","properties":{}}`

func (p *parsing) addTools(name string, value json.RawMessage) error {
	var tools []body
	if json.Unmarshal(value, &tools) != nil {
		return bad(name, "a list of objects")
	}
	for i, tool := range tools {
		where := fmt.Sprintf("%s.%d", name, i)
		if tool == nil || flatten(tool, "function", "custom") != nil {
			return bad(where, "a tool as Chat Completions or Responses have it")
		}
		if err := p.addTool(where, tool); err != nil {
			return err
		}
	}
	return nil
}

// addTool takes a flat tool.
func (p *parsing) addTool(where string, tool body) error {
	kind := gjson.ParseBytes(tool["type"]).Str
	if kind == "function" || kind == "custom" {
		if err := p.rename(where, tool); err != nil {
			return err
		}
	}
	if kind == "custom" {
		if err := flattenGrammar(tool); err != nil {
			return bad(where+".format", "an object")
		}
	}
	p.tools = append(p.tools, tool.encode())
	return nil
}

// rename gives an object the name that the backend takes.
func (p *parsing) rename(where string, b body) error {
	var name string
	if json.Unmarshal(b["name"], &name) != nil || name == "" {
		return bad(where+".name", "the name of a tool")
	}
	b["name"] = encode(p.names.sent(name))
	return nil
}

// flattenGrammar moves the fields of a custom tool's format.grammar beside its type.
func flattenGrammar(tool body) error {
	if isNull(tool["format"]) {
		return nil
	}
	var format body
	if err := json.Unmarshal(tool["format"], &format); err != nil {
		return err
	}
	if err := flatten(format, "grammar"); err != nil {
		return err
	}
	tool["format"] = format.encode()
	return nil
}

// flatten moves the fields of an object's inner object up into it. The names are those
// that the inner object may have; they name the type too, should that be missing.
func flatten(b body, names ...string) error {
	for _, name := range names {
		value := b.take(name)
		if value == nil {
			continue
		}
		var inner body
		if err := json.Unmarshal(value, &inner); err != nil {
			return err
		}
		if isNull(b["type"]) {
			b["type"] = encode(name)
		}
		delete(inner, "type") // the outer one counts
		maps.Copy(b, inner)
		if name == "function" {
			completeFunction(b)
		}
	}
	return nil
}

// completeFunction says what Chat Completions leave to be understood.
func completeFunction(b body) {
	lenient(b)
	if isNull(b["parameters"]) {
		b["parameters"] = json.RawMessage(noParameters)
	}
}

// addFunctions takes the form that came before `tools`.
func (p *parsing) addFunctions(name string, value json.RawMessage) error {
	var functions []body
	if json.Unmarshal(value, &functions) != nil {
		return bad(name, "a list of objects")
	}
	for i, function := range functions {
		where := fmt.Sprintf("%s.%d", name, i)
		if function == nil {
			return bad(where, "an object")
		}
		function["type"] = json.RawMessage(`"function"`)
		completeFunction(function)
		if err := p.addTool(where, function); err != nil {
			return err
		}
	}
	p.plan.answer.legacy = len(functions) > 0
	return nil
}

func (p *parsing) addWebSearch(name string, value json.RawMessage) error {
	var tool body
	if json.Unmarshal(value, &tool) != nil {
		return bad(name, "an object")
	}
	if place := tool.take("user_location"); place != nil {
		var location body
		if json.Unmarshal(place, &location) != nil || flatten(location, "approximate") != nil {
			return bad(name+".user_location", "an object")
		}
		tool["user_location"] = location.encode()
	}
	tool["type"] = json.RawMessage(`"web_search"`)
	p.tools = append(p.tools, tool.encode())
	return nil
}

func (p *parsing) toolChoice(name string, value json.RawMessage) error {
	var choice body
	if json.Unmarshal(value, &choice) != nil {
		p.body[name] = value // a word, which both know
		return nil
	}
	if err := p.flatChoice(name, choice); err != nil {
		return err
	}
	if err := p.allowedTools(name, choice); err != nil {
		return err
	}
	p.body[name] = choice.encode()
	return nil
}

// flatChoice flattens one choice of a tool.
func (p *parsing) flatChoice(where string, choice body) error {
	for _, kind := range []string{"function", "custom", "allowed_tools"} {
		value := choice.take(kind)
		if value == nil {
			continue
		}
		var inner body
		if json.Unmarshal(value, &inner) != nil {
			return bad(where+"."+kind, "an object")
		}
		delete(inner, "type")
		maps.Copy(choice, inner)
	}
	if isNull(choice["name"]) {
		return nil
	}
	return p.rename(where, choice)
}

func (p *parsing) allowedTools(where string, choice body) error {
	if isNull(choice["tools"]) {
		return nil
	}
	var tools []body
	if json.Unmarshal(choice["tools"], &tools) != nil {
		return bad(where+".tools", "a list of objects")
	}
	allowed := make([]json.RawMessage, len(tools))
	for i, tool := range tools {
		at := fmt.Sprintf("%s.tools.%d", where, i)
		if tool == nil {
			return bad(at, "an object")
		}
		if err := p.flatChoice(at, tool); err != nil {
			return err
		}
		allowed[i] = tool.encode()
	}
	choice["tools"] = list(allowed)
	return nil
}

// functionChoice takes the form that came before `tool_choice`.
func (p *parsing) functionChoice(name string, value json.RawMessage) error {
	if p.body["tool_choice"] != nil {
		return nil
	}
	var choice body
	if json.Unmarshal(value, &choice) != nil {
		p.body["tool_choice"] = value
		return nil
	}
	if err := p.rename(name, choice); err != nil {
		return err
	}
	choice["type"] = json.RawMessage(`"function"`)
	p.body["tool_choice"] = choice.encode()
	return nil
}
