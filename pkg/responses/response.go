package responses

import (
	"encoding/json"
	"strings"

	"github.com/tidwall/gjson"
	"github.com/tidwall/sjson"
)

// Response is an answer as a whole, or what there is of it.
type Response struct {
	// ID is the backend's id of the answer, Model the model that really answered;
	// empty when the stream broke off before it said so.
	ID, Model string

	// Status is completed, incomplete or failed as the backend says, in_progress for
	// a stream that broke off.
	Status string

	// Output holds the output items in order, whole as far as they came.
	Output []json.RawMessage

	// Usage is nil when the backend gave none.
	Usage *Usage

	// object is the last response object of the stream.
	object json.RawMessage
}

// Usage counts tokens.
type Usage struct {
	// InputTokens counts what was sent, CachedInputTokens the part of it that the
	// backend still had.
	InputTokens, CachedInputTokens int64

	// OutputTokens counts what the model wrote, ReasoningTokens the part of it that
	// was thought and not said.
	OutputTokens, ReasoningTokens int64

	// TotalTokens is the backend's own sum.
	TotalTokens int64
}

// ToolCall is a call that the model wants made.
type ToolCall struct {
	// ID is the call_id that the call's output must name.
	ID string

	// Name is the tool's name.
	Name string

	// Arguments is the JSON text of a function's arguments, or the free text of a
	// custom tool's input.
	Arguments string

	// Custom is true for a custom tool.
	Custom bool
}

// Text is the text of all output messages, joined.
func (r *Response) Text() string { return r.parts("output_text", "text") }

// Refusal is the text of a refusal; empty when there is none.
func (r *Response) Refusal() string { return r.parts("refusal", "refusal") }

func (r *Response) parts(kind, field string) string {
	var b strings.Builder
	for _, item := range r.Output {
		if gjson.GetBytes(item, "type").Str != "message" {
			continue
		}
		for _, part := range gjson.GetBytes(item, "content").Array() {
			if part.Get("type").Str == kind {
				b.WriteString(part.Get(field).Str)
			}
		}
	}
	return b.String()
}

// Reasoning is the summary of the model's reasoning, its parts joined by blank
// lines; empty when there is none.
func (r *Response) Reasoning() string {
	var parts []string
	for _, item := range r.Output {
		if gjson.GetBytes(item, "type").Str != "reasoning" {
			continue
		}
		for _, part := range gjson.GetBytes(item, "summary").Array() {
			parts = append(parts, part.Get("text").Str)
		}
	}
	return strings.Join(parts, "\n\n")
}

// ToolCalls are the calls among the output items.
func (r *Response) ToolCalls() []ToolCall {
	var calls []ToolCall
	for _, item := range r.Output {
		if call, ok := ReadToolCall(item); ok {
			calls = append(calls, call)
		}
	}
	return calls
}

// ReadToolCall reads an output item. It is false for an item that is no call of a
// tool of the caller.
func ReadToolCall(item json.RawMessage) (ToolCall, bool) {
	text := "arguments"
	kind := gjson.GetBytes(item, "type").Str
	switch kind {
	case "function_call":
	case "custom_tool_call":
		text = "input"
	default:
		return ToolCall{}, false // before a long message is searched for what it has not
	}
	fields := gjson.GetManyBytes(item, "call_id", "name", text)
	return ToolCall{ID: fields[0].Str, Name: fields[1].Str, Arguments: fields[2].Str, Custom: kind == "custom_tool_call"}, true
}

// MarshalJSON gives the backend's response object with `output` filled in: the
// object itself often has none (fact S-5). All other fields are the backend's bytes.
func (r *Response) MarshalJSON() ([]byte, error) {
	object := r.object
	if len(object) == 0 {
		object = json.RawMessage(`{"object":"response"}`)
	}
	return sjson.SetRawBytes(object, "output", appendList(nil, r.Output))
}

// read takes over what a response object says.
func (r *Response) read(object json.RawMessage) {
	if len(object) == 0 {
		return
	}
	r.object = object
	fields := gjson.GetManyBytes(object, "id", "model", "status")
	r.ID, r.Model, r.Status = fields[0].Str, fields[1].Str, fields[2].Str
	if usage := ReadUsage(object); usage != nil {
		r.Usage = usage
	}
}

// ReadUsage reads the usage of a response object; nil when it has none.
func ReadUsage(object json.RawMessage) *Usage {
	if usage := gjson.GetBytes(object, "usage"); usage.IsObject() {
		return readUsage(usage)
	}
	return nil
}

// readUsage is lenient: the backend leaves out what is zero.
func readUsage(u gjson.Result) *Usage {
	return &Usage{
		InputTokens:       u.Get("input_tokens").Int(),
		CachedInputTokens: u.Get("input_tokens_details.cached_tokens").Int(),
		OutputTokens:      u.Get("output_tokens").Int(),
		ReasoningTokens:   u.Get("output_tokens_details.reasoning_tokens").Int(),
		TotalTokens:       u.Get("total_tokens").Int(),
	}
}
