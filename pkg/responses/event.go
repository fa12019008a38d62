package responses

import (
	"bytes"
	"encoding/json"

	"github.com/tidwall/gjson"
)

// The event types that this package acts on.
//
// Source: OpenAI API reference, "Streaming events"; fact S-2 in docs/protocol.md.
const (
	typeCreated      = "response.created"
	typeInProgress   = "response.in_progress"
	typeItemAdded    = "response.output_item.added"
	typeItemDone     = "response.output_item.done"
	typeTextDelta    = "response.output_text.delta"
	typeTextDone     = "response.output_text.done"
	typeRefusalDelta = "response.refusal.delta"
	typeRefusalDone  = "response.refusal.done"
	typeSummaryDelta = "response.reasoning_summary_text.delta"
	typeSummaryDone  = "response.reasoning_summary_text.done"
	typeThoughtDelta = "response.reasoning_text.delta"
	typeArgsDelta    = "response.function_call_arguments.delta"
	typeArgsDone     = "response.function_call_arguments.done"
	typeInputDelta   = "response.custom_tool_call_input.delta"
	typeInputDone    = "response.custom_tool_call_input.done"
	typePartAdded    = "response.content_part.added"
	typePartDone     = "response.content_part.done"
	typeCompleted    = "response.completed"
	typeIncomplete   = "response.incomplete"
	typeFailed       = "response.failed"
	typeError        = "error"
)

// Event is one event of a stream. Its slices are valid until the next event is read.
type Event struct {
	// Type is the event's type as its data says. The stream's `event` line is not
	// looked at: the official client ignores it, and the two can differ.
	Type string

	// Data is the event's JSON object.
	Data []byte

	// Frame is the event as it came, with its blank line.
	Frame []byte
}

// Delta is the piece of text that a delta event adds.
func (e Event) Delta() string { return gjson.GetBytes(e.Data, "delta").Str }

// OutputIndex is the place in the output that the event speaks of.
func (e Event) OutputIndex() int { return int(gjson.GetBytes(e.Data, "output_index").Int()) }

// Item is the output item of an output_item event; nil for others.
func (e Event) Item() json.RawMessage { return raw(e.Data, "item") }

// Response is the response object of a response event; nil for others.
func (e Event) Response() json.RawMessage { return raw(e.Data, "response") }

// raw is a field's JSON, copied; nil when there is none.
func raw(data []byte, path string) json.RawMessage {
	if field := gjson.GetBytes(data, path); field.Exists() {
		return json.RawMessage(field.Raw)
	}
	return nil
}

// newEvent reads the type out of an event's data. It is false for data that is not
// a JSON object with a type.
func newEvent(data, frame []byte) (Event, bool) {
	if !gjson.ValidBytes(data) {
		return Event{}, false
	}
	kind, ok := leadingType(data)
	if !ok {
		found := gjson.GetBytes(data, "type")
		if found.Type != gjson.String {
			return Event{}, false
		}
		kind = []byte(found.Str)
	}
	return Event{Type: typeName(kind), Data: data, Frame: frame}, true
}

// leadingType is the quick way for what the backend always sends: type first, no
// white space, no escapes.
func leadingType(data []byte) ([]byte, bool) {
	rest, ok := bytes.CutPrefix(data, []byte(`{"type":"`))
	if !ok {
		return nil, false
	}
	end := bytes.IndexByte(rest, '"')
	if end < 0 || bytes.IndexByte(rest[:end], '\\') >= 0 {
		return nil, false
	}
	return rest[:end], true
}

// typeName is b as a string, without an allocation for the types seen all the time.
func typeName(b []byte) string {
	switch string(b) {
	case typeTextDelta:
		return typeTextDelta
	case typeSummaryDelta:
		return typeSummaryDelta
	case typeArgsDelta:
		return typeArgsDelta
	case typeInputDelta:
		return typeInputDelta
	case typeThoughtDelta:
		return typeThoughtDelta
	case typeItemAdded:
		return typeItemAdded
	case typeItemDone:
		return typeItemDone
	}
	return string(b)
}

// Terminal says whether the backend sends nothing behind the event.
func (e Event) Terminal() bool {
	return e.Type == typeCompleted || e.Type == typeIncomplete || e.Type == typeFailed
}

// failure is what a terminal or error event says went wrong; nil for others.
func (e Event) failure() *APIError {
	if e.Type != typeFailed && e.Type != typeError && e.Type != typeIncomplete {
		return nil // before anything is allocated: this is nearly every event
	}
	out := &APIError{Status: 200, Event: e.Type}
	switch e.Type {
	case typeFailed:
		out.fillObject(gjson.GetBytes(e.Data, "response.error"))
	case typeError:
		inner := gjson.GetBytes(e.Data, "error")
		if !inner.IsObject() {
			inner = gjson.ParseBytes(e.Data)
		}
		out.fillObject(inner)
		if out.Type == typeError {
			out.Type = "" // the event's own type, not the error's
		}
		if status := int(gjson.GetBytes(e.Data, "status").Int()); status >= 400 {
			out.Status = status
		}
	case typeIncomplete:
		reason := gjson.GetBytes(e.Data, "response.incomplete_details.reason").String()
		out.Code = plain(reason)
		out.Message = "reason: " + out.Code
		if out.Code == "" {
			out.Message = "the backend gives no reason"
		}
	}
	return out
}

// HasText says whether the event brings text of the answer.
func (e Event) HasText() bool { return e.Type == typeTextDelta || e.Type == typeTextDone }

// IsResponse says whether the event carries the response object.
func (e Event) IsResponse() bool { return e.Type == typeCreated || e.Terminal() }

// ReasoningDelta is the piece of reasoning that the event adds; empty for others.
func (e Event) ReasoningDelta() string {
	if e.Type == typeSummaryDelta || e.Type == typeThoughtDelta {
		return e.Delta()
	}
	return ""
}

// Phase is the phase that an output_item.added event announces for its message, such
// as commentary or final_answer; empty for others.
func (e Event) Phase() string {
	if e.Type != typeItemAdded {
		return ""
	}
	return gjson.GetBytes(e.Data, "item.phase").Str
}

// ToolCall is the call that a finished item holds; false for all else.
func (e Event) ToolCall() (ToolCall, bool) {
	if e.Type != typeItemDone {
		return ToolCall{}, false
	}
	return ReadToolCall(e.Item())
}
