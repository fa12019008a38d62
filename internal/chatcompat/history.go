package chatcompat

import (
	"encoding/json"
	"slices"
)

// noOutput stands for an output that the client does not have.
const noOutput = "No output was recorded for this call."

// askForJSON has the word that the backend demands.
const askForJSON = "Answer with a JSON object."

// history is the input on its way. It sees to it that every call has its output and
// every output its call, as the backend demands (the section "Input items" in
// docs/protocol.md).
type history struct {
	names     *toolNames
	kept      bool // a kept conversation comes first, unless there is a full history
	continues bool // a kept conversation comes first in any case
	seeksJSON bool // a message has to have the word JSON

	entries   []entry
	open      map[string]int    // the calls without output: their places in entries, by id
	functions map[string]string // the ids given to calls that came without, by function
	saysJSON  bool
	full      bool // there is an assistant message or a call
	notes     []string
}

// entry is an input item and where it comes from.
type entry struct {
	item  json.RawMessage
	where string

	system  *messageItem // the message, if it is one of the system
	call    *callItem    // the call, as long as it has no output
	without bool         // an output without its call
}

// The items of calls and their outputs.
type (
	callItem struct {
		Type      string  `json:"type"`
		CallID    string  `json:"call_id"`
		Name      string  `json:"name"`
		Arguments *string `json:"arguments,omitempty"`
		Input     *string `json:"input,omitempty"`
	}
	outputItem struct {
		Type   string          `json:"type"`
		CallID string          `json:"call_id"`
		Output json.RawMessage `json:"output"`
	}
)

func (c *callItem) output(output json.RawMessage) outputItem {
	return outputItem{c.Type + "_output", c.CallID, output}
}

func (h *history) push(e entry) { h.entries = append(h.entries, e) }

func (h *history) message(where, role string, content []part) {
	item := messageItem{"message", role, content}
	e := entry{item: encode(item), where: where}
	if role == "system" {
		e.system = &item
	} else if h.seeksJSON && !h.saysJSON {
		// The words of the system do not count: they are sent as instructions.
		h.saysJSON = slices.ContainsFunc(content, part.saysJSON)
	}
	h.push(e)
}

func (h *history) call(where string, call callItem) {
	h.full = true
	if h.open == nil {
		h.open = make(map[string]int)
	}
	h.open[call.CallID] = len(h.entries)
	h.push(entry{item: encode(call), where: where, call: &call})
}

func (h *history) output(where, id string, output json.RawMessage) {
	place, ok := h.open[id]
	if !ok {
		unknown := callItem{Type: "function_call", CallID: id}
		h.push(entry{item: encode(unknown.output(output)), where: where, without: true})
		return
	}
	item := h.entries[place].call.output(output)
	h.entries[place].call = nil
	delete(h.open, id)
	h.push(entry{item: encode(item), where: where})
}

// input is the list of items, repaired. It is empty when no message can be sent.
func (h *history) input() []json.RawMessage {
	h.letSystemAsk()
	items := make([]json.RawMessage, 0, len(h.entries)+1)
	for _, e := range h.entries {
		if e.without && !h.continues && (h.full || !h.kept) {
			h.note(e.where, "an output without its call is left out")
			continue
		}
		items = append(items, e.item)
		if e.call != nil {
			h.note(e.where, "a call without its output is given one that says so")
			items = append(items, encode(e.call.output(encode(noOutput))))
		}
	}
	if h.seeksJSON && !h.saysJSON && len(items) > 0 {
		h.note("response_format", "no message has the word JSON, which the backend asks for, so that one is added")
		text := askForJSON
		items = append(items, encode(messageItem{"message", "developer", []part{{Type: "input_text", Text: &text}}}))
	}
	return items
}

// letSystemAsk sends the last system message as the user's if there is nobody else:
// an input without other messages is none.
func (h *history) letSystemAsk() {
	others := func(e entry) bool { return e.system == nil }
	if len(h.entries) == 0 || slices.ContainsFunc(h.entries, others) {
		return
	}
	last := &h.entries[len(h.entries)-1]
	last.system.Role = "user"
	last.item = encode(last.system)
	h.saysJSON = h.saysJSON || slices.ContainsFunc(last.system.Content, part.saysJSON)
	h.note(last.where, "a system message with nothing to answer is sent as the user's")
}

func (h *history) note(where, text string) { h.notes = append(h.notes, where+": "+text) }
