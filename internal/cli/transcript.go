package cli

import (
	"encoding/json"
	"strings"

	"github.com/tidwall/gjson"

	"github.com/codexctl/codexctl/internal/session"
	"github.com/codexctl/codexctl/internal/terminal"
	"github.com/codexctl/codexctl/pkg/responses"
)

// transcript is a history for people. With colours it is free of characters that steer a
// terminal; without, that is the writer's concern.
func transcript(nodes []session.Node, palette terminal.Palette) string {
	clean := func(s string) string { return s }
	if palette.On {
		clean = terminal.Clean
	}
	var b strings.Builder
	for _, item := range sessionItems(nodes) {
		who, said := spoken(item)
		if said == "" {
			continue
		}
		if b.Len() > 0 {
			b.WriteByte('\n')
		}
		said = strings.TrimRight(clean(said), "\n")
		if who == speakerReasoning {
			said = palette.Dim(said)
		}
		b.WriteString(palette.Strong("["+clean(who)+"]") + "\n" + said + "\n")
	}
	return b.String()
}

const speakerReasoning = "reasoning"

// spoken is who says an item, and what; nothing for reasoning without a summary.
func spoken(item json.RawMessage) (who, said string) {
	kind := gjson.GetBytes(item, "type").Str
	switch {
	case kind == "message", kind == "":
		return gjson.GetBytes(item, "role").Str, itemText(item)
	case responses.IsReasoning(item):
		return speakerReasoning, joined(gjson.GetBytes(item, "summary.#.text"), "\n\n")
	case strings.HasSuffix(kind, "_call_output"):
		return "tool", callOutputText(item)
	}
	if call, ok := responses.ReadToolCall(item); ok {
		return "call", call.Name + " " + call.Arguments
	}
	if query := gjson.GetBytes(item, "action.query").Str; query != "" {
		return "call", strings.TrimSuffix(kind, "_call") + " " + query
	}
	return "call", kind
}

// itemText is what a message says; what is no text is named.
func itemText(item json.RawMessage) string {
	content := gjson.GetBytes(item, "content")
	if content.Type == gjson.String {
		return content.Str
	}
	var parts []string
	content.ForEach(func(_, part gjson.Result) bool {
		text := part.Get("text").Str + part.Get("refusal").Str
		if kind := part.Get("type").Str; text == "" && kind != "" && !strings.HasSuffix(kind, "text") {
			text = "(" + strings.TrimSpace(strings.TrimPrefix(kind, "input_")+" "+part.Get("filename").Str) + ")"
		}
		if text != "" {
			parts = append(parts, text)
		}
		return true
	})
	return strings.Join(parts, "\n")
}

// callOutputText is what a tool has answered.
func callOutputText(item json.RawMessage) string {
	output := gjson.GetBytes(item, "output")
	if output.Type == gjson.String {
		return output.Str
	}
	return joined(output.Get("#.text"), "\n")
}

// joined is a list of strings as one.
func joined(list gjson.Result, between string) string {
	var all []string
	for _, text := range list.Array() {
		all = append(all, text.Str)
	}
	return strings.Join(all, between)
}
