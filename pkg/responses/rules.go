package responses

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/tidwall/gjson"
)

// Refused names the fields of r that the backend is known to refuse, in order of
// their names. They are left out when r is sent.
func (r Request) Refused() []string {
	var names []string
	for _, name := range slices.Sorted(maps.Keys(r.Extra)) {
		if refusedField(name) {
			names = append(names, name)
		}
	}
	return names
}

// RefusedFields are the fields that the backend answers with 400 "Unsupported
// parameter", and the fields of Chat Completions that it has no use for.
//
// Source: fact R-7 in docs/protocol.md.
func RefusedFields() []string {
	return []string{
		"background", "context_management", "conversation", "frequency_penalty", "generate",
		"logit_bias", "logprobs", "max_completion_tokens", "max_output_tokens", "max_tokens",
		"max_tool_calls", "metadata", "n", "presence_penalty", "previous_response_id",
		"prompt_cache_options", "prompt_cache_retention", "safety_identifier", "seed", "stop",
		"stream_options", "temperature", "top_logprobs", "top_p", "truncation", "user",
	}
}

func refusedField(name string) bool {
	_, refused := slices.BinarySearch(RefusedFields(), name)
	return refused
}

// Body returns r as the backend takes it, with everything it asks for added and
// everything it refuses left out: `store` false, `stream` true, instructions always,
// system messages lifted out of the input into them (facts ). lite gives
// the form that some models demand instead. A request that is Bare, or in the Lite form
// already, gets no instructions of ours.
//
// The error wraps [ErrBadRequest] and names the field.
func (r Request) Body(lite bool) ([]byte, error) {
	r = r.clone()
	if err := r.LiftSystem(); err != nil {
		return nil, err
	}
	if r.Instructions == "" && !r.Bare && !r.hasLiteForm() {
		r.Instructions = DefaultInstructions
	}
	if len(r.Input) == 0 {
		return nil, badField("input", "at least one item")
	}
	for name := range r.Extra {
		if refusedField(name) {
			delete(r.Extra, name)
		}
	}
	if r.Extra == nil {
		r.Extra = make(map[string]json.RawMessage, 2)
	}
	r.Extra["store"] = json.RawMessage("false")
	r.Extra["stream"] = json.RawMessage("true")
	if lite {
		r.toLite()
	}
	return r.MarshalJSON()
}

// LiftSystem moves the text of system messages from the input to the end of the
// instructions, joined by blank lines. Developer messages stay: the backend takes
// them (fact R-5). The error wraps [ErrBadRequest] and names the field; r is then as it
// was.
func (r *Request) LiftSystem() error {
	parts := make([]string, 0, 2)
	if r.Instructions != "" {
		parts = append(parts, r.Instructions)
	}
	kept := make([]json.RawMessage, 0, len(r.Input))
	for i, item := range r.Input {
		if gjson.GetBytes(item, "role").Str != "system" {
			kept = append(kept, item)
			continue
		}
		text, err := messageText(item)
		if err != nil {
			return badField(fmt.Sprintf("input.%d", i), err.Error())
		}
		parts = append(parts, text)
	}
	r.Input, r.Instructions = kept, strings.Join(parts, "\n\n")
	return nil
}

// messageText is the text of a message whose content is a string or a list of text
// parts.
func messageText(item []byte) (string, error) {
	content := gjson.GetBytes(item, "content")
	if content.Type == gjson.String {
		return content.Str, nil
	}
	if !content.IsArray() {
		return "", errors.New("text in a system message")
	}
	var b strings.Builder
	for i, part := range content.Array() {
		text := part.Get("text")
		if text.Type != gjson.String {
			return "", fmt.Errorf("text in a system message, and its part %d has none", i)
		}
		b.WriteString(text.Str)
	}
	return b.String(), nil
}
