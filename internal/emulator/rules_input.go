package emulator

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
)

// inputParam names a place inside input, as errors do.
func inputParam(n int, field string) string { return fmt.Sprintf("input[%d].%s", n, field) }

// checkInput reads the items and wants each of them, and their pairs, in order.
func (q *request) checkInput() *refusal {
	if raw := strings.TrimSpace(string(q.Input)); raw != "" && raw[0] != '[' {
		return detail(http.StatusBadRequest, "Input must be a list")
	}
	if len(q.Input) > 0 {
		if err := json.Unmarshal(q.Input, &q.items); err != nil {
			return invalid("invalid_type", "input", "Invalid type in 'input': every element must be an item object.")
		}
	}
	if len(q.items) == 0 {
		return invalid("missing_required_parameter", "", "One of 'input', 'previous_response_id', 'prompt' or 'conversation_id' must be provided.")
	}
	for n := range q.items {
		if refused := q.items[n].check(n); refused != nil {
			return refused
		}
	}
	return q.checkPairs()
}

// checkEncrypted refuses reasoning that was encrypted under a key that is no more.
//
// Source: fact E-9 in docs/protocol.md.
func (q *request) checkEncrypted() *refusal {
	for _, item := range q.items {
		if item.Type == itemReasoning && item.EncryptedContent != "" {
			return invalid("invalid_encrypted_content", "", "The encrypted content %.4s... could not be verified.", item.EncryptedContent)
		}
	}
	return nil
}

// check wants one item well-formed, and reads its parts.
func (i *inputItem) check(n int) *refusal {
	if i.Type == "" && i.Role != "" {
		i.Type = itemMessage // the short form of a message
	}
	switch i.Type {
	case itemMessage:
		return i.checkMessage(n)
	case itemReasoning:
		// Nothing is stored, so an item that is only a reference leads nowhere.
		if i.EncryptedContent == "" && i.ID != "" {
			return notStored(i.ID)
		}
	case itemFunctionCall:
		if i.Name == "" {
			return invalid("missing_required_parameter", inputParam(n, "name"), "Missing required parameter: '%s'.", inputParam(n, "name"))
		}
		if text := ""; json.Unmarshal(i.Arguments, &text) != nil {
			return invalid("invalid_type", inputParam(n, "arguments"), "Invalid type for '%s': a string that holds JSON is expected.", inputParam(n, "arguments"))
		}
		return checkCallID(n, i.CallID)
	case itemFunctionOutput, itemCustomOutput:
		var ok bool
		if i.parts, ok = readParts(i.Output, "input_text"); !ok {
			return invalid("invalid_type", inputParam(n, "output"), "Invalid type for '%s': a string or a list of parts is expected.", inputParam(n, "output"))
		}
		if refused := i.checkParts(n, "output", []string{"input_text", "input_image", "input_file", "input_audio", "encrypted_content"}); refused != nil {
			return refused
		}
		return checkCallID(n, i.CallID)
	case itemCustomCall:
		return checkCallID(n, i.CallID)
	case itemAdditionalTools, itemShellCall, "tool_search_call", "tool_search_output", "web_search_call",
		"image_generation_call", "compaction", "compaction_summary", "compaction_trigger", "context_compaction", "agent_message":
	case "item_reference":
		return notStored(i.ID)
	default:
		return invalid("invalid_value", inputParam(n, "type"), "Invalid value for '%s': '%s'.", inputParam(n, "type"), i.Type)
	}
	return nil
}

// notStored refuses a reference to an item of an earlier answer.
func notStored(id string) *refusal {
	f := invalid("", "input", "Item with id '%s' not found. Items are not persisted when store is false.", id)
	f.status = http.StatusNotFound
	return f
}

// checkMessage wants a role and content that go together.
func (i *inputItem) checkMessage(n int) *refusal {
	var allowed []string
	switch i.Role {
	case "system":
		return detail(http.StatusBadRequest, "System messages are not allowed")
	case "user", "developer":
		allowed = []string{"input_text", "input_image", "input_file", "input_audio"}
	case "assistant":
		allowed = []string{"output_text", "refusal"}
	default:
		return invalid("invalid_value", inputParam(n, "role"), "Invalid value for '%s': '%s'.", inputParam(n, "role"), i.Role)
	}
	var ok bool
	if i.parts, ok = readParts(i.Content, allowed[0]); !ok {
		return invalid("invalid_type", inputParam(n, "content"), "Invalid type for '%s': a string or a list of parts is expected.", inputParam(n, "content"))
	}
	return i.checkParts(n, "content", allowed)
}

// checkParts wants parts of the allowed types, and images that travel inside the
// request or are named by an address: uploaded files cannot be used.
func (i *inputItem) checkParts(n int, field string, allowed []string) *refusal {
	for p, part := range i.parts {
		place := fmt.Sprintf("%s[%d]", inputParam(n, field), p)
		if !slices.Contains(allowed, part.Type) {
			return invalid("invalid_value", place+".type", "Invalid value for '%s.type': '%s'. Supported values are: '%s'.",
				place, part.Type, strings.Join(allowed, "', '"))
		}
		if part.Type != "input_image" {
			continue
		}
		var address string
		if json.Unmarshal(part.ImageURL, &address) != nil || !strings.HasPrefix(address, "data:image/") && !strings.HasPrefix(address, "https://") {
			return invalid("invalid_value", place+".image_url", "Invalid value for '%s.image_url': an https or data URL is expected.", place)
		}
		if part.Detail != nil && !slices.Contains([]string{"auto", "low", "high", "original"}, *part.Detail) {
			return invalid("invalid_value", place+".detail", "Invalid value for '%s.detail': '%s'.", place, *part.Detail)
		}
	}
	return nil
}

// checkCallID wants an id that the backend can carry: 1 to 64 of [A-Za-z0-9_-].
func checkCallID(n int, id string) *refusal {
	const longest = 64
	param := inputParam(n, "call_id")
	switch {
	case id == "":
		return invalid("missing_required_parameter", param, "Missing required parameter: '%s'.", param)
	case len(id) > longest:
		return invalid("string_above_max_length", param, "Invalid '%s': at most %d characters are allowed, not %d.", param, longest, len(id))
	case strings.ContainsFunc(id, func(r rune) bool { return r == '.' || r > 127 || !tokenByte(byte(r)) }):
		return invalid("invalid_value", param, "Invalid '%s': only letters, digits, '_' and '-' are allowed.", param)
	}
	return nil
}

// checkPairs wants every call answered once, by an output of its own kind that
// comes later, and every output asked for.
func (q *request) checkPairs() *refusal {
	type call struct {
		kind     string
		answered bool
	}
	calls := make(map[string]*call)
	var order []string
	for n, item := range q.items {
		switch item.Type {
		case itemFunctionCall, itemCustomCall, itemShellCall:
			if item.CallID == "" {
				continue // a shell call may do without
			}
			if calls[item.CallID] != nil {
				return invalid("invalid_value", inputParam(n, "call_id"), "Duplicate call_id '%s'.", item.CallID)
			}
			calls[item.CallID] = &call{kind: item.Type}
			order = append(order, item.CallID)
		case itemFunctionOutput, itemCustomOutput:
			asked := calls[item.CallID]
			if asked == nil || (asked.kind == itemCustomCall) != (item.Type == itemCustomOutput) || asked.answered {
				return invalid("", "input", "No tool call found for %s with call_id %s.", strings.ReplaceAll(item.Type, "_", " "), item.CallID)
			}
			asked.answered = true
		}
	}
	for _, id := range order {
		if !calls[id].answered {
			return invalid("", "input", "No tool output found for %s %s.", strings.ReplaceAll(calls[id].kind, "_", " "), id)
		}
	}
	return nil
}
