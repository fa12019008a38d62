package chatcompat

import (
	"encoding/json"
	"fmt"
	"slices"

	"github.com/tidwall/gjson"

	"github.com/codexctl/codexctl/pkg/responses"
)

// Parse takes a Chat Completions body apart, field by field as [Fields] says. Fields
// that are not in the table pass as they are.
//
// The error wraps [responses.ErrBadRequest]; unless the body is no JSON object it is
// a [*FieldError].
func Parse(data []byte, o Options) (*Plan, error) {
	b, err := newBody(data)
	if err != nil {
		return nil, fmt.Errorf("%w: not a JSON object: %w", responses.ErrBadRequest, err)
	}
	if isNull(b["messages"]) {
		return nil, bad("messages", "at least one message")
	}
	if err := oneForm(b); err != nil {
		return nil, err
	}
	p := newParsing(b, o)
	for r := range rules() {
		if err := p.field(r); err != nil {
			return nil, err
		}
	}
	p.finish()
	if err := p.askForSummary(); err != nil {
		return nil, err
	}
	return p.made(), nil
}

// Request turns a Chat Completions body into a Responses body: what [Fields] calls
// converted moves to where the Responses API has it, all other fields stay. A body
// without `messages` is returned as it is.
//
// The error wraps [responses.ErrBadRequest] and names the field.
//
// Source: OpenAI API reference, "Create chat completion".
func Request(data []byte) ([]byte, error) {
	b, err := newBody(data)
	if err != nil || b["messages"] == nil {
		return data, nil // not ours to judge
	}
	if err := oneForm(b); err != nil {
		return nil, err
	}
	p := newParsing(b, Options{})
	for r := range rules() {
		if r.Fate != Converted && r.Fate != Refused {
			continue
		}
		if err := p.field(r); err != nil {
			return nil, err
		}
	}
	p.finish()
	return p.body.encode(), nil
}

// oneForm finds a body that is a request of both APIs.
func oneForm(b body) error {
	if !isNull(b["input"]) {
		return bad("input", "nothing beside messages: only one of the two can be given")
	}
	return nil
}

// parsing is a request on its way.
type parsing struct {
	options Options
	body    body // what is left of the client's body, and what it becomes
	plan    *Plan
	names   toolNames
	tools   []json.RawMessage
}

func newParsing(b body, o Options) *parsing {
	return &parsing{options: o, body: b, plan: &Plan{N: 1}}
}

// field gives one field its fate.
func (p *parsing) field(r rule) error {
	value, given := p.body[r.Name]
	if !given {
		return nil
	}
	if r.Fate != Sent || isNull(value) {
		delete(p.body, r.Name)
	}
	if isNull(value) {
		return nil
	}
	if r.Fate == Dropped {
		if p.options.Strict {
			return bad(r.Name, "nothing: the backend does not take this field")
		}
		p.plan.Dropped = append(p.plan.Dropped, r.Name)
	}
	if r.apply == nil {
		return nil
	}
	return r.apply(p, r.Name, value)
}

// finish does what needs more than one field.
func (p *parsing) finish() {
	if len(p.tools) > 0 {
		p.body["tools"] = list(p.tools)
	} else {
		delete(p.body, "parallel_tool_calls") // the backend wants none of it without tools
	}
	if p.plan.answer.legacy {
		// An answer in that form has room for one call.
		p.body["parallel_tool_calls"] = json.RawMessage("false")
	}
}

// made is the finished plan.
func (p *parsing) made() *Plan {
	slices.Sort(p.plan.Dropped)
	slices.Sort(p.plan.Emulated)
	p.plan.Body = p.body.encode()
	p.plan.answer.model = p.plan.Model
	p.plan.answer.names = p.names.changed()
	p.plan.answer.usage = p.plan.IncludeUsage
	return p.plan
}

// askForSummary decides where a summary of the reasoning goes, and asks for one where
// it is wanted and the client does not say.
func (p *parsing) askForSummary() error {
	mode := p.options.Reasoning
	if mode == ReasoningTags && p.wantsJSON() != "" {
		mode = ReasoningOff // tags would spoil the JSON
	}
	p.plan.answer.reasoning = mode
	effort := gjson.GetBytes(p.body["reasoning"], "effort").String()
	wanted := mode == ReasoningTags || mode == ReasoningField && effort != ""
	if !wanted || effort == "none" || gjson.GetBytes(p.body["reasoning"], "summary").Type != gjson.Null {
		return nil
	}
	p.plan.AskedForSummary = true
	return p.body.put("reasoning", "summary", json.RawMessage(`"auto"`))
}

// wantsJSON is the kind of JSON that the answer is to be; empty when it is text.
func (p *parsing) wantsJSON() string {
	kind := gjson.GetBytes(p.body["text"], "format.type").Str
	if kind == "text" {
		return ""
	}
	return kind
}
