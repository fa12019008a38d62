package chatcompat

import (
	"encoding/json"
	"fmt"
)

// chatMessage is one entry of `messages`.
type chatMessage struct {
	Role       string          `json:"role"`
	Content    json.RawMessage `json:"content"`
	Refusal    string          `json:"refusal"`
	ToolCalls  []chatToolCall  `json:"tool_calls"`
	ToolCallID string          `json:"tool_call_id"`
}

type chatToolCall struct {
	ID       string `json:"id"`
	Type     string `json:"type"`
	Function struct {
		Name      string `json:"name"`
		Arguments string `json:"arguments"`
	} `json:"function"`
	Custom struct {
		Name  string `json:"name"`
		Input string `json:"input"`
	} `json:"custom"`
}

// chatPart is one part of a message's content.
type chatPart struct {
	Type     string `json:"type"`
	Text     string `json:"text"`
	Refusal  string `json:"refusal"`
	ImageURL struct {
		URL    string `json:"url"`
		Detail string `json:"detail"`
	} `json:"image_url"`
	File struct {
		FileID   string `json:"file_id"`
		FileData string `json:"file_data"`
		Filename string `json:"filename"`
	} `json:"file"`
}

// The input items that messages become.
type (
	messageItem struct {
		Type    string `json:"type"`
		Role    string `json:"role"`
		Content []part `json:"content"`
	}
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
	part struct {
		Type     string  `json:"type"`
		Text     *string `json:"text,omitempty"`
		Refusal  *string `json:"refusal,omitempty"`
		ImageURL string  `json:"image_url,omitempty"`
		Detail   string  `json:"detail,omitempty"`
		FileID   string  `json:"file_id,omitempty"`
		FileData string  `json:"file_data,omitempty"`
		Filename string  `json:"filename,omitempty"`
	}
)

// moveMessages turns `messages` into `input`. System messages stay in it: what
// becomes of them is a rule of the backend, not of the translation.
func moveMessages(b body) error {
	var messages []json.RawMessage
	if err := json.Unmarshal(b.take("messages"), &messages); err != nil {
		return bad("messages", "a list")
	}
	input := []json.RawMessage{}
	custom := make(map[string]bool) // the calls of custom tools, by id
	for i, data := range messages {
		where := fmt.Sprintf("messages.%d", i)
		var m chatMessage
		if err := json.Unmarshal(data, &m); err != nil {
			return bad(where, "a message: "+err.Error())
		}
		items, err := m.items(where, custom)
		if err != nil {
			return err
		}
		for _, item := range items {
			input = append(input, encode(item))
		}
	}
	b["input"] = encode(input)
	return nil
}

// items are the input items of one message.
func (m chatMessage) items(where string, custom map[string]bool) ([]any, error) {
	switch m.Role {
	case "system", "developer", "user":
		parts, err := parts(where+".content", m.Content, "input_text")
		return []any{messageItem{"message", m.Role, parts}}, err
	case "assistant":
		return m.assistantItems(where, custom)
	case "tool", "function":
		return m.toolItems(where, custom)
	}
	return nil, bad(where+".role", "system, developer, user, assistant or tool")
}

func (m chatMessage) assistantItems(where string, custom map[string]bool) ([]any, error) {
	var items []any
	content, err := parts(where+".content", m.Content, "output_text")
	if err != nil {
		return nil, err
	}
	if m.Refusal != "" {
		content = append(content, part{Type: "refusal", Refusal: &m.Refusal})
	}
	if len(content) > 0 {
		items = append(items, messageItem{"message", "assistant", content})
	}
	for i, call := range m.ToolCalls {
		switch call.Type {
		case "", "function":
			items = append(items, callItem{Type: "function_call", CallID: call.ID, Name: call.Function.Name, Arguments: &call.Function.Arguments})
		case "custom":
			custom[call.ID] = true
			items = append(items, callItem{Type: "custom_tool_call", CallID: call.ID, Name: call.Custom.Name, Input: &call.Custom.Input})
		default:
			return nil, bad(fmt.Sprintf("%s.tool_calls.%d.type", where, i), "function or custom")
		}
	}
	return items, nil
}

// toolItems is the output of a call: a string stays one, parts become input parts.
func (m chatMessage) toolItems(where string, custom map[string]bool) ([]any, error) {
	if m.ToolCallID == "" {
		return nil, bad(where+".tool_call_id", "the id of the call that this answers")
	}
	item := outputItem{"function_call_output", m.ToolCallID, m.Content}
	if custom[m.ToolCallID] {
		item.Type = "custom_tool_call_output"
	}
	var text string
	if json.Unmarshal(m.Content, &text) != nil {
		parts, err := parts(where+".content", m.Content, "input_text")
		if err != nil {
			return nil, err
		}
		item.Output = encode(parts)
	}
	return []any{item}, nil
}

// parts turns content, a string or a list of parts, into parts whose text has the
// given type. No content is no parts.
func parts(where string, content json.RawMessage, textType string) ([]part, error) {
	if len(content) == 0 || string(content) == "null" {
		return []part{}, nil
	}
	var text string
	if json.Unmarshal(content, &text) == nil {
		return []part{{Type: textType, Text: &text}}, nil
	}
	var list []chatPart
	if err := json.Unmarshal(content, &list); err != nil {
		return nil, bad(where, "a string or a list of parts")
	}
	out := make([]part, len(list))
	for i, p := range list {
		converted, err := p.convert(fmt.Sprintf("%s.%d", where, i), textType)
		if err != nil {
			return nil, err
		}
		out[i] = converted
	}
	return out, nil
}

func (p chatPart) convert(where, textType string) (part, error) {
	switch p.Type {
	case "text":
		return part{Type: textType, Text: &p.Text}, nil
	case "refusal":
		return part{Type: "refusal", Refusal: &p.Refusal}, nil
	case "image_url":
		return part{Type: "input_image", ImageURL: p.ImageURL.URL, Detail: p.ImageURL.Detail}, nil
	case "file":
		return part{Type: "input_file", FileID: p.File.FileID, FileData: p.File.FileData, Filename: p.File.Filename}, nil
	case "input_audio":
		return part{}, bad(where+".type", "text, image_url or file: the backend takes no audio")
	}
	return part{}, bad(where+".type", "text, image_url or file")
}
