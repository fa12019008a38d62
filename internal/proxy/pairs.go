package proxy

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/tidwall/gjson"
)

// noOutput stands for the output of a call that nobody has answered.
const noOutput = "No output was recorded for this call."

// paired gives the calls of a kept conversation their outputs: the backend refuses an
// input with a call that has none, and a caller who goes on with something else could
// never go on again (the section "Input items" in docs/protocol.md).
func (x *exchange) paired(history, rest []json.RawMessage) []json.RawMessage {
	answered := make(map[string]bool)
	for _, items := range [][]json.RawMessage{history, rest} {
		for _, item := range items {
			if kind, id := callOf(item); strings.HasSuffix(kind, "_output") {
				answered[id] = true
			}
		}
	}
	out := make([]json.RawMessage, 0, len(history))
	added := 0
	for _, item := range history {
		out = append(out, item)
		kind, id := callOf(item)
		if answered[id] || kind != "function_call" && kind != "custom_tool_call" {
			continue
		}
		added++
		out = append(out, encode(struct {
			Type   string `json:"type"`
			CallID string `json:"call_id"`
			Output string `json:"output"`
		}{kind + "_output", id, noOutput}))
	}
	if note := fmt.Sprintf("kept calls that have no output, and are given one that says so: %d", added); added > 0 && !slices.Contains(x.line.notes, note) {
		x.line.notes = append(slices.Clone(x.line.notes), note)
	}
	return out
}

// callOf is an item's type and the call that it is about.
func callOf(item json.RawMessage) (kind, id string) {
	fields := gjson.GetManyBytes(item, "type", "call_id")
	return fields[0].Str, fields[1].Str
}
