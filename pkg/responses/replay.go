package responses

import (
	"encoding/json"

	"github.com/tidwall/gjson"
	"github.com/tidwall/sjson"
)

// Replay gives output items the form in which they can be sent back as input: without
// ids, which the backend would look up and not find, since nothing is stored there, and
// without status. Reasoning goes back only if its content is encrypted in it, references
// to items not at all. The given items are not changed.
//
// Source: fact R-9 in docs/protocol.md.
func Replay(items []json.RawMessage) []json.RawMessage {
	out := make([]json.RawMessage, 0, len(items))
	for _, item := range items {
		switch gjson.GetBytes(item, "type").Str {
		case "item_reference":
			continue
		case "reasoning":
			if gjson.GetBytes(item, "encrypted_content").Str == "" {
				continue
			}
		}
		for _, name := range []string{"id", "status"} {
			if !gjson.GetBytes(item, name).Exists() {
				continue
			}
			if cut, err := sjson.DeleteBytes(item, name); err == nil {
				item = cut
			}
		}
		out = append(out, item)
	}
	return out
}

// IsReasoning says whether an item holds a model's reasoning.
func IsReasoning(item json.RawMessage) bool {
	return gjson.GetBytes(item, "type").Str == "reasoning"
}
