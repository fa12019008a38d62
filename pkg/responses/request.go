package responses

import (
	"bytes"
	"encoding/json"
	"errors"
	"maps"
	"slices"
)

// DefaultInstructions is sent when a request has no instructions: the backend
// refuses a request without (fact R-3).
const DefaultInstructions = "Answer the user's request directly, correctly and without needless words."

// ErrBadRequest is a request that cannot be sent because of its form. The error
// around it names the field.
var ErrBadRequest = errors.New("bad request")

// Request is the body of a Responses call: the fields this package has rules for,
// and Extra for all others. The zero value of a field leaves it out.
//
// It decodes from and encodes to the JSON of the API. Encoding writes the fields as
// they are; what the backend asks for beyond them is added when it is sent.
//
// Source: OpenAI API reference, "Create a model response".
type Request struct {
	// Model is a model's slug, such as gpt-5.5.
	Model string

	// Instructions is the system prompt. When it is empty and Input has no system
	// message, DefaultInstructions are sent.
	Instructions string

	// Input is the list of input items, each a JSON object. See [UserText].
	Input []json.RawMessage

	// Tools is the list of tool definitions, each a JSON object.
	Tools []json.RawMessage

	// Reasoning is the `reasoning` object.
	Reasoning Reasoning

	// Text is the `text` object.
	Text Text

	// Include names extra output, such as reasoning.encrypted_content.
	Include []string

	// ServiceTier is the processing tier, such as priority.
	ServiceTier string

	// PromptCacheKey ties calls together that share a long beginning. At most 64
	// characters.
	PromptCacheKey string

	// Extra holds every other field by its name.
	Extra map[string]json.RawMessage

	// Bare sends no instructions when there are none: the official client leads its
	// input with a developer message instead (fact R-3). It is no field of the body.
	Bare bool
}

// Reasoning says how much a model may think and how much of it is shown.
type Reasoning struct {
	// Effort is none, minimal, low, medium, high, xhigh, max or what else a model
	// offers.
	Effort string

	// Summary is auto, concise or detailed.
	Summary string

	// Context is auto, current_turn or all_turns.
	Context string

	// Extra holds every other field by its name.
	Extra map[string]json.RawMessage
}

// Text says what the answer's text looks like.
type Text struct {
	// Verbosity is low, medium or high.
	Verbosity string

	// Format is the `format` object: text, json_object or json_schema.
	Format json.RawMessage

	// Extra holds every other field by its name.
	Extra map[string]json.RawMessage
}

// UserText returns an input item that holds text of the user.
func UserText(text string) json.RawMessage {
	return message("user", "input_text", text)
}

// AssistantText returns an input item that holds text of the model, said before.
func AssistantText(text string) json.RawMessage {
	return message("assistant", "output_text", text)
}

func message(role, part, text string) json.RawMessage {
	var content object
	content.string("type", part)
	content.string("text", text)
	var item object
	item.string("type", "message")
	item.string("role", role)
	item.raw("content", []byte("["+string(content.bytes())+"]"))
	return item.bytes()
}

// UnmarshalJSON reads an API request. A string `input` becomes one user message.
// `store` and `stream` are read over: the backend takes one value of each only. The
// error wraps [ErrBadRequest] and names the field.
func (r *Request) UnmarshalJSON(data []byte) error {
	f, err := parseFields("", bytes.Clone(data)) // the caller may change it
	if err != nil {
		return err
	}
	out := Request{Extra: f.rest}
	f.string("model", &out.Model)
	f.string("instructions", &out.Instructions)
	f.string("service_tier", &out.ServiceTier)
	f.string("prompt_cache_key", &out.PromptCacheKey)
	f.list("tools", &out.Tools)
	f.strings("include", &out.Include)
	f.nested("reasoning", out.Reasoning.read)
	f.nested("text", out.Text.read)
	f.input(&out.Input)
	delete(f.rest, "store")
	delete(f.rest, "stream")
	if f.err != nil {
		return f.err
	}
	*r = out
	return nil
}

func (r *Reasoning) read(f *fields) {
	f.string("effort", &r.Effort)
	f.string("summary", &r.Summary)
	f.string("context", &r.Context)
	r.Extra = f.rest
}

func (t *Text) read(f *fields) {
	f.string("verbosity", &t.Verbosity)
	f.raw("format", &t.Format)
	t.Extra = f.rest
}

// MarshalJSON writes the request as an API body: known fields in a fixed order,
// then Extra by name.
func (r Request) MarshalJSON() ([]byte, error) {
	var o object
	o.stringIfAny("model", r.Model)
	o.stringIfAny("instructions", r.Instructions)
	o.list("input", r.Input)
	if r.Tools != nil {
		o.list("tools", r.Tools)
	}
	o.objectIfAny("reasoning", r.Reasoning.object())
	o.objectIfAny("text", r.Text.object())
	if r.Include != nil {
		o.strings("include", r.Include)
	}
	o.stringIfAny("service_tier", r.ServiceTier)
	o.stringIfAny("prompt_cache_key", r.PromptCacheKey)
	o.extra(r.Extra)
	return o.bytes(), nil
}

func (r Reasoning) object() *object {
	var o object
	o.stringIfAny("effort", r.Effort)
	o.stringIfAny("summary", r.Summary)
	o.stringIfAny("context", r.Context)
	o.extra(r.Extra)
	return &o
}

func (t Text) object() *object {
	var o object
	o.stringIfAny("verbosity", t.Verbosity)
	if len(t.Format) > 0 {
		o.raw("format", t.Format)
	}
	o.extra(t.Extra)
	return &o
}

// clone is a copy whose lists and maps can be changed. The items are shared: they
// are never written to.
func (r Request) clone() Request {
	r.Input = slices.Clone(r.Input)
	r.Tools = slices.Clone(r.Tools)
	r.Extra = maps.Clone(r.Extra)
	return r
}

func badField(name, want string) error { return &FieldError{name, want} }
