package chatcompat

import (
	"encoding/json"
	"fmt"

	"github.com/codexctl/codexctl/internal/rawjson"
)

// chatMessage is one entry of `messages`. Its `name` is not read: the backend refuses
// a message that has one.
type chatMessage struct {
	Role         string          `json:"role"`
	Content      json.RawMessage `json:"content"`
	Refusal      string          `json:"refusal"`
	ToolCalls    []chatToolCall  `json:"tool_calls"`
	FunctionCall *chatFunction   `json:"function_call"`
	ToolCallID   string          `json:"tool_call_id"`
	Name         string          `json:"name"` // of the function, for the role function
}

type chatToolCall struct {
	ID       string       `json:"id"`
	Type     string       `json:"type"`
	Function chatFunction `json:"function"`
	Custom   struct {
		Name  string `json:"name"`
		Input string `json:"input"`
	} `json:"custom"`
}

type chatFunction struct {
	Name      string `json:"name"`
	Arguments string `json:"arguments"`
}

// messageItem is the input item of a message.
type messageItem struct {
	Type    string `json:"type"`
	Role    string `json:"role"`
	Content []part `json:"content"`
}

// messages turns `messages` into `input`. System messages stay in it: what becomes of
// them is a rule of the backend, not of the translation.
func (p *parsing) messages(name string, value json.RawMessage) error {
	if value[0] != '[' {
		return bad(name, "a list")
	}
	h := history{
		names: &p.names, kept: p.options.Kept, continues: p.plan.PreviousResponseID != "",
		seeksJSON: p.wantsJSON() == "json_object",
	}
	i := 0
	for data := range rawjson.Elements(value) {
		where := fmt.Sprintf("%s.%d", name, i)
		i++
		var m chatMessage
		if err := json.Unmarshal(data, &m); err != nil {
			return bad(where, "a message: "+err.Error())
		}
		if err := h.add(where, m); err != nil {
			return err
		}
	}
	input := h.input()
	if len(input) == 0 {
		return bad(name, "at least one message that can be sent")
	}
	p.body["input"] = list(input)
	p.plan.FullHistory, p.plan.Notes = h.full, append(p.plan.Notes, h.notes...)
	return nil
}

// add takes the next message.
func (h *history) add(where string, m chatMessage) error {
	switch m.Role {
	case "system", "developer", "user":
		return h.said(where, m)
	case "assistant":
		return h.assistant(where, m)
	case "tool", "function":
		return h.answered(where, m)
	}
	return bad(where+".role", "system, developer, user, assistant or tool")
}

// said is a message of anyone but the model.
func (h *history) said(where string, m chatMessage) error {
	content, err := parts(where+".content", m.Content, "input_text")
	if err != nil {
		return err
	}
	for i, p := range content {
		if m.Role == "system" && p.Text == nil {
			return bad(fmt.Sprintf("%s.content.%d.type", where, i), "text in a system message")
		}
	}
	h.message(where, m.Role, content)
	return nil
}

// assistant is a message of the model, and then its calls. A message without content
// is none: the backend does not take it.
func (h *history) assistant(where string, m chatMessage) error {
	h.full = true
	content, err := parts(where+".content", m.Content, "output_text")
	if err != nil {
		return err
	}
	content = withoutEmpty(withoutReasoning(content))
	if m.Refusal != "" {
		content = append(content, part{Type: "refusal", Refusal: &m.Refusal})
	}
	if len(content) > 0 {
		h.message(where, "assistant", content)
	}
	for i, call := range m.ToolCalls {
		if err := h.toolCall(fmt.Sprintf("%s.tool_calls.%d", where, i), call); err != nil {
			return err
		}
	}
	if m.FunctionCall != nil {
		h.functionCall(where, *m.FunctionCall)
	}
	return nil
}

func (h *history) toolCall(where string, call chatToolCall) error {
	item := callItem{CallID: callID(call.ID)}
	name := call.Function.Name
	switch call.Type {
	case "", "function":
		item.Type, item.Arguments = "function_call", &call.Function.Arguments
	case "custom":
		name = call.Custom.Name
		item.Type, item.Input = "custom_tool_call", &call.Custom.Input
	default:
		return bad(where+".type", "function or custom")
	}
	if call.ID == "" {
		return bad(where+".id", "the id that the call's output names")
	}
	if name == "" {
		return bad(where+".name", "the name of a tool")
	}
	item.Name = h.names.sent(name)
	h.call(where, item)
	return nil
}

// functionCall is a call in the form that came before tool_calls, without an id.
func (h *history) functionCall(where string, call chatFunction) {
	id := fmt.Sprintf("call_function_%d", len(h.entries))
	if h.functions == nil {
		h.functions = make(map[string]string)
	}
	h.functions[call.Name] = id
	h.call(where, callItem{Type: "function_call", CallID: id, Name: h.names.sent(call.Name), Arguments: &call.Arguments})
}

// answered is the output of a call: a string stays one, parts become input parts.
func (h *history) answered(where string, m chatMessage) error {
	id := callID(m.ToolCallID)
	if id == "" && m.Role == "function" {
		id = h.functions[m.Name]
	}
	if id == "" && m.Role == "tool" {
		return bad(where+".tool_call_id", "the id of the call that this answers")
	}
	output, err := toolOutput(where+".content", m.Content)
	if err != nil {
		return err
	}
	h.output(where, id, output)
	return nil
}

func toolOutput(where string, content json.RawMessage) (json.RawMessage, error) {
	var text string
	if isNull(content) || json.Unmarshal(content, &text) == nil {
		return encode(text), nil
	}
	parts, err := parts(where, content, "input_text")
	return encode(parts), err
}
