package emulator

import (
	"encoding/json"
	"strings"
)

// request is the body of POST /responses, read after its field names were found
// to be known ones. What the emulator only hands back stays raw.
type request struct {
	Model             string            `json:"model"`
	Instructions      *string           `json:"instructions"`
	Input             json.RawMessage   `json:"input"`
	Tools             []tool            `json:"tools"`
	ToolChoice        json.RawMessage   `json:"tool_choice"`
	ParallelToolCalls *bool             `json:"parallel_tool_calls"`
	Reasoning         *reasoningAsked   `json:"reasoning"`
	Store             *bool             `json:"store"`
	Stream            *bool             `json:"stream"`
	StreamOptions     *struct{}         `json:"stream_options"`
	Include           []string          `json:"include"`
	ServiceTier       *string           `json:"service_tier"`
	PromptCacheKey    *string           `json:"prompt_cache_key"`
	Text              *textAsked        `json:"text"`
	ClientMetadata    map[string]string `json:"client_metadata"`

	items    []inputItem     // Input, once it is known to be a list
	rawTools json.RawMessage // Tools as they were sent, for the echo
	lite     bool            // sent in Lite form
	model    model           // Model, once it is known
}

// acceptedField reports whether the backend takes a top-level field. Everything
// else is refused as "Unsupported parameter", also names that life would ignore:
// this list is the only one.
//
// Source: docs/protocol.md, body of a Responses request.
func acceptedField(name string) bool {
	switch name {
	case "model", "instructions", "input", "tools", "tool_choice", "parallel_tool_calls", "reasoning", "store",
		"stream", "stream_options", "include", "service_tier", "prompt_cache_key", "text", "client_metadata":
		return true
	}
	return false
}

type reasoningAsked struct {
	Effort  *string `json:"effort"`
	Summary *string `json:"summary"`
	Context *string `json:"context"`
}

type textAsked struct {
	Verbosity *string     `json:"verbosity"`
	Format    *textFormat `json:"format"`
}

type textFormat struct {
	Type        string          `json:"type"`
	Description *string         `json:"description,omitempty"`
	Name        string          `json:"name,omitempty"`
	Schema      json.RawMessage `json:"schema,omitempty"`
	Strict      *bool           `json:"strict,omitempty"`
}

// tool is a tool definition; only what the rules and the answer need.
type tool struct {
	Type       string          `json:"type"`
	Name       string          `json:"name"`
	Parameters json.RawMessage `json:"parameters"`
	Strict     *bool           `json:"strict"`
}

// The kinds of tool that the model calls by name.
const (
	toolFunction = "function"
	toolCustom   = "custom"
)

// inputItem is one element of input; which fields count depends on Type.
type inputItem struct {
	Type             string          `json:"type"`
	ID               string          `json:"id"`
	Role             string          `json:"role"`
	Content          json.RawMessage `json:"content"`
	CallID           string          `json:"call_id"`
	Name             string          `json:"name"`
	Arguments        json.RawMessage `json:"arguments"`
	Output           json.RawMessage `json:"output"`
	EncryptedContent string          `json:"encrypted_content"`
	Tools            []tool          `json:"tools"`

	parts []contentPart // Content or Output as a list, once read
}

// The types of input item that the rules tell apart.
const (
	itemMessage         = "message"
	itemReasoning       = "reasoning"
	itemFunctionCall    = "function_call"
	itemFunctionOutput  = "function_call_output"
	itemCustomCall      = "custom_tool_call"
	itemCustomOutput    = "custom_tool_call_output"
	itemShellCall       = "local_shell_call"
	itemAdditionalTools = "additional_tools"
)

// contentPart is one element of a message's content or of a tool's output.
type contentPart struct {
	Type     string          `json:"type"`
	Text     string          `json:"text"`
	ImageURL json.RawMessage `json:"image_url"`
	FileID   *string         `json:"file_id"`
	Detail   *string         `json:"detail"`
}

// readParts reads a value that is a string or a list of parts; a string becomes
// one part of the given type.
func readParts(raw json.RawMessage, textType string) ([]contentPart, bool) {
	var text string
	if json.Unmarshal(raw, &text) == nil {
		return []contentPart{{Type: textType, Text: text}}, true
	}
	var parts []contentPart
	return parts, json.Unmarshal(raw, &parts) == nil && parts != nil
}

// text joins the item's text parts.
func (i inputItem) text() string {
	var texts []string
	for _, part := range i.parts {
		if part.Text != "" {
			texts = append(texts, part.Text)
		}
	}
	return strings.Join(texts, "\n")
}

// tools returns the tools of the request: in Lite form they are an input item.
func (q *request) tools() []tool {
	if q.lite && len(q.items) > 0 {
		return q.items[0].Tools
	}
	return q.Tools
}

// wantsEncrypted reports whether reasoning is to come back encrypted.
func (q *request) wantsEncrypted() bool {
	for _, name := range q.Include {
		if name == includeEncrypted {
			return true
		}
	}
	return false
}
