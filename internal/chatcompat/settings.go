package chatcompat

import (
	"encoding/json"
	"fmt"
	"maps"
)

// What is done about single fields, in the order of the table.

const (
	mostChoices  = 8
	mostStops    = 4
	longestStop  = 4096 // bytes
	wantPositive = "a whole number of at least 1"
)

func (p *parsing) model(name string, value json.RawMessage) error {
	if json.Unmarshal(value, &p.plan.Model) != nil {
		return bad(name, "a string")
	}
	return nil
}

func (p *parsing) stream(name string, value json.RawMessage) error {
	if json.Unmarshal(value, &p.plan.Stream) != nil {
		return bad(name, "true or false")
	}
	return nil
}

func (p *parsing) streamOptions(name string, value json.RawMessage) error {
	var options body
	if json.Unmarshal(value, &options) != nil {
		return bad(name, "an object")
	}
	include := options.take("include_usage")
	if include != nil && json.Unmarshal(include, &p.plan.IncludeUsage) != nil {
		return bad(name+".include_usage", "true or false")
	}
	return nil
}

func (p *parsing) previous(name string, value json.RawMessage) error {
	if json.Unmarshal(value, &p.plan.PreviousResponseID) != nil {
		return bad(name, "a string")
	}
	return nil
}

func (p *parsing) choices(name string, value json.RawMessage) error {
	if json.Unmarshal(value, &p.plan.N) != nil || p.plan.N < 1 || p.plan.N > mostChoices {
		return bad(name, fmt.Sprintf("a whole number of 1 to %d", mostChoices))
	}
	if p.plan.N > 1 {
		p.emulate(name)
	}
	return nil
}

func (p *parsing) stop(name string, value json.RawMessage) error {
	var all []string
	var one string
	if json.Unmarshal(value, &one) == nil {
		all = []string{one}
	} else if json.Unmarshal(value, &all) != nil {
		return bad(name, "a string or a list of strings")
	}
	if len(all) > mostStops {
		return bad(name, fmt.Sprintf("at most %d strings", mostStops))
	}
	for _, text := range all {
		if len(text) > longestStop {
			return bad(name, fmt.Sprintf("strings of at most %d bytes", longestStop))
		}
		if text != "" { // it would end every answer before it began
			p.plan.answer.stops = append(p.plan.answer.stops, newStop(text))
		}
	}
	if len(p.plan.answer.stops) > 0 {
		p.emulate(name)
	}
	return nil
}

func (p *parsing) limit(name string, value json.RawMessage) error {
	var limit int
	if json.Unmarshal(value, &limit) != nil || limit < 1 {
		return bad(name, wantPositive)
	}
	if p.plan.answer.limit == 0 {
		p.plan.answer.limit = limit
	}
	p.emulate(name)
	return nil
}

func (p *parsing) emulate(name string) {
	p.plan.Emulated = append(p.plan.Emulated, name)
}

func (p *parsing) modalities(name string, value json.RawMessage) error {
	var kinds []string
	if json.Unmarshal(value, &kinds) != nil {
		return bad(name, "a list of strings")
	}
	for _, kind := range kinds {
		if kind != "text" {
			return bad(name, "text alone: the backend gives no audio")
		}
	}
	return nil
}

func (p *parsing) audio(name string, _ json.RawMessage) error {
	return bad(name, "nothing: the backend gives no audio")
}

// format flattens response_format: what stands in json_schema there stands beside the
// type here.
func (p *parsing) format(name string, value json.RawMessage) error {
	var format body
	if json.Unmarshal(value, &format) != nil {
		return bad(name, "an object")
	}
	var kind string
	if json.Unmarshal(format["type"], &kind) != nil || kind != "text" && kind != "json_object" && kind != "json_schema" {
		return bad(name+".type", "text, json_object or json_schema")
	}
	if schema := format.take("json_schema"); schema != nil {
		var inner body
		if json.Unmarshal(schema, &inner) != nil {
			return bad(name+".json_schema", "an object")
		}
		maps.Copy(format, inner)
		lenient(format)
	}
	return p.body.put("text", "format", format.encode())
}

// lenient says what Chat Completions mean when they do not say strict: the backend
// would take it as strict and change the schema.
func lenient(b body) {
	if isNull(b["strict"]) {
		b["strict"] = json.RawMessage("false")
	}
}

func (p *parsing) effort(name string, value json.RawMessage) error {
	var effort string
	if json.Unmarshal(value, &effort) != nil {
		return bad(name, "a string")
	}
	return p.body.put("reasoning", "effort", value)
}

func (p *parsing) verbosity(_ string, value json.RawMessage) error {
	return p.body.put("text", "verbosity", value)
}

// serviceTier knows the words of the API that the backend has other words for.
//
// Source: the table "Body parameters" in docs/protocol.md.
func (p *parsing) serviceTier(name string, value json.RawMessage) error {
	var tier string
	if json.Unmarshal(value, &tier) != nil {
		return bad(name, "a string")
	}
	switch tier {
	case "auto", "default":
		return nil
	case "fast":
		tier = "priority"
	}
	p.body[name] = encode(tier)
	return nil
}
