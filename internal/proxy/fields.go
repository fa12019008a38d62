package proxy

import (
	"slices"

	"github.com/codexctl/codexctl/internal/chatcompat"
	"github.com/codexctl/codexctl/pkg/responses"
)

// limitFields cap the length of an answer, in the order in which they count. The backend
// refuses each.
func limitFields() []string {
	return []string{"max_output_tokens", "max_completion_tokens", "max_tokens"}
}

// NativeFields says what becomes of the fields of a request in the Responses form. All
// other fields are sent as they are.
func NativeFields() []chatcompat.Field {
	fields := []chatcompat.Field{
		{Name: "model", Fate: chatcompat.Sent, Note: "Chosen by the server when absent; --model-alias rewrites it."},
		{Name: "input", Fate: chatcompat.Converted, Note: "A string becomes a message, system messages become instructions."},
		{Name: "instructions", Fate: chatcompat.Sent, Note: "A short default of our own when there are none."},
		{Name: "stream", Fate: chatcompat.Answered, Note: "The backend is always asked for a stream."},
		{Name: "store", Fate: chatcompat.Emulated, Note: "The exchange is kept here unless it is false; the backend stores nothing."},
		{Name: "previous_response_id", Fate: chatcompat.Emulated, Note: "What was sent and answered until then is sent again before the input."},
	}
	handled := []string{"previous_response_id"}
	for i, name := range limitFields() {
		note := "A cap on the text deltas; reasoning does not count. The first of the three that is given wins."
		if i > 0 {
			note = "As " + limitFields()[0] + "."
		}
		fields = append(fields, chatcompat.Field{Name: name, Fate: chatcompat.Emulated, Note: note})
		handled = append(handled, name)
	}
	for _, name := range responses.RefusedFields() {
		if !slices.Contains(handled, name) {
			fields = append(fields, chatcompat.Field{Name: name, Fate: chatcompat.Dropped})
		}
	}
	return fields
}
