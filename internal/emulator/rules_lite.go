package emulator

import "net/http"

// liteHeader announces a request in Lite form.
const liteHeader = "X-Openai-Internal-Codex-Responses-Lite"

// contextAllTurns is the reasoning.context of the Lite form.
const contextAllTurns = "all_turns"

// checkLiteHeader compares the form of the request with the kind of the model.
//
// Source: docs/protocol.md, Responses Lite, with the reports about plain requests
// to Lite models.
func (q *request) checkLiteHeader(mood LiteMood) *refusal {
	switch {
	case q.lite && !q.model.lite:
		return detail(http.StatusBadRequest, "The '%s' model is not supported when using X-OpenAI-Internal-Codex-Responses-Lite.", q.Model)
	case q.lite || !q.model.lite || mood == LiteAccept:
		return nil
	case mood == LiteNotFound:
		return detail(http.StatusNotFound, "Model not found %s", q.Model)
	}
	return invalid("unsupported_value", "reasoning.context",
		"Unsupported value: 'reasoning.context' must be 'all_turns' with the model '%s'; send the request in Responses Lite form.", q.Model)
}

// checkLite wants every mark of the Lite form, and none of them elsewhere.
func (q *request) checkLite() *refusal {
	if !q.lite {
		for n, item := range q.items {
			if item.Type == itemAdditionalTools {
				return invalid("invalid_value", inputParam(n, "type"), "Items of type 'additional_tools' need the Responses Lite header.")
			}
		}
		return nil
	}
	switch {
	case q.Reasoning == nil || q.Reasoning.Context == nil || *q.Reasoning.Context != contextAllTurns:
		return invalid("unsupported_value", "reasoning.context", "Unsupported value: 'reasoning.context' must be 'all_turns' with Responses Lite.")
	case q.Instructions != nil:
		return invalid("unsupported_parameter", "instructions", "Unsupported parameter: 'instructions' with Responses Lite; send a developer message.")
	case q.Tools != nil:
		return invalid("unsupported_parameter", "tools", "Unsupported parameter: 'tools' with Responses Lite; send an additional_tools item.")
	case q.ParallelToolCalls == nil || *q.ParallelToolCalls:
		return invalid("unsupported_value", "parallel_tool_calls", "Unsupported value: 'parallel_tool_calls' must be false with Responses Lite.")
	case q.items[0].Type != itemAdditionalTools || q.items[0].Role != "developer":
		return invalid("invalid_value", "input[0]", "With Responses Lite the first item must be additional_tools with the role developer.")
	}
	for n, item := range q.items {
		if n > 0 && item.Type == itemAdditionalTools {
			return invalid("invalid_value", inputParam(n, "type"), "Only the first item may be of type 'additional_tools'.")
		}
		for _, part := range item.parts {
			if part.Detail != nil {
				return invalid("unsupported_parameter", inputParam(n, "content"), "Unsupported parameter: image 'detail' with Responses Lite.")
			}
		}
	}
	return nil
}
