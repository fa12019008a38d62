package responses

import (
	"bytes"
	"encoding/json"

	"github.com/tidwall/gjson"

	"github.com/codexctl/codexctl/internal/rawjson"
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

	// Data is the event's JSON object. To change it makes an event that cannot be
	// read: what it holds is looked up once, when the event is read.
	Data []byte

	// Frame is the event as it came, with its blank line.
	Frame []byte

	members members // where things stand in Data; zero in an event that others made
}

// Delta is the piece of text that a delta event adds; empty for others.
func (e Event) Delta() string { return string(e.delta()) }

// RawDelta is Delta as the JSON string that it came as, with its quotes. It is a part
// of Data and costs no allocation. It is nil where there is no delta, or none of text.
func (e Event) RawDelta() []byte {
	if value := e.value(memberDelta); isString(value) {
		return value
	}
	return nil
}

// delta is Delta as a part of Data, or a new slice if it came with escapes.
func (e Event) delta() []byte { return textOf(e.value(memberDelta)) }

// OutputIndex is the place in the output that the event speaks of.
func (e Event) OutputIndex() int { return integer(e.value(memberOutputIndex)) }

// contentIndex and summaryIndex are the place of a part in its item.
func (e Event) contentIndex() int { return integer(e.value(memberContentIndex)) }
func (e Event) summaryIndex() int { return integer(e.value(memberSummaryIndex)) }

// Item is the output item of an output_item event, copied; nil for others.
func (e Event) Item() json.RawMessage { return bytes.Clone(e.value(memberItem)) }

// Response is the response object of a response event, copied; nil for others.
func (e Event) Response() json.RawMessage { return bytes.Clone(e.value(memberResponse)) }

// value is a member's JSON, a part of Data; nil when there is none.
func (e *Event) value(m member) []byte {
	if int(e.members.size) == len(e.Data) {
		return e.members.value(e.Data, m)
	}
	var found members
	if !found.scan(e.Data) {
		return nil
	}
	return found.value(e.Data, m)
}

// read makes e the event of a frame. It is false for data that is not a JSON object with
// a type.
func (e *Event) read(data, frame []byte) bool {
	if !e.members.scan(data) {
		return false
	}
	kind := e.members.value(data, memberType)
	if !isString(kind) {
		return false
	}
	e.Type, e.Data, e.Frame = typeName(inside(kind)), data, frame
	return true
}

// typeName is the text of what stands between the quotes of a type, without an
// allocation for the types seen all the time.
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
	if hasEscape(b) {
		b = rawjson.Unescape(nil, b)
	}
	return string(b)
}

// Terminal says whether the backend sends nothing behind the event.
func (e Event) Terminal() bool {
	return e.Type == typeCompleted || e.Type == typeIncomplete || e.Type == typeFailed
}

// failure is what a terminal or error event says went wrong; nil for others.
func (e *Event) failure() *APIError {
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
