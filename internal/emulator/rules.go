package emulator

import (
	"encoding/json"
	"errors"
	"mime"
	"net/http"
	"slices"
	"strings"

	"github.com/tidwall/gjson"
)

// includeEncrypted is the include value by which reasoning comes back in a form
// that can be sent again.
const includeEncrypted = "reasoning.encrypted_content"

// readRequest reads the body of POST /responses and refuses what the backend
// would. The scene's mood about Lite models plays a part.
//
// Source: docs/protocol.md, what the ChatGPT backend accepts.
func (x *exchange) readRequest(lite LiteMood) (*request, *refusal) {
	media, _, _ := mime.ParseMediaType(x.r.Header.Get("Content-Type"))
	if media != "application/json" {
		return nil, detail(http.StatusUnsupportedMediaType, "Unsupported content type; send application/json")
	}
	if coding := x.r.Header.Get("Content-Encoding"); coding != "" && coding != "identity" {
		return nil, detail(http.StatusUnsupportedMediaType, "Unsupported content encoding %q", coding)
	}
	q, refused := parseRequest(x.body)
	if refused != nil {
		return nil, refused
	}
	q.lite = strings.EqualFold(x.r.Header.Get(liteHeader), "true")
	rules := []func() *refusal{
		q.checkDelivery,
		func() *refusal { return q.checkModel(x.r.Header.Get("version"), lite) },
		q.checkInstructions,
		q.checkInput,
		q.checkLite,
		q.checkOptions,
		q.checkReasoning,
		q.checkTools,
		q.checkFormat,
	}
	for _, rule := range rules {
		if refused := rule(); refused != nil {
			return nil, refused
		}
	}
	return q, nil
}

// parseRequest reads the fields and refuses the first, in the order of the body,
// that the backend does not take.
func parseRequest(body []byte) (*request, *refusal) {
	if !json.Valid(body) {
		return nil, detail(http.StatusBadRequest, "Invalid JSON in request body")
	}
	root := gjson.ParseBytes(body)
	if !root.IsObject() {
		return nil, detail(http.StatusBadRequest, "Request body must be a JSON object")
	}
	var refused *refusal
	root.ForEach(func(key, _ gjson.Result) bool {
		if !acceptedField(key.String()) {
			refused = detail(http.StatusBadRequest, "Unsupported parameter: %s", key.String())
		}
		return refused == nil
	})
	if refused != nil {
		return nil, refused
	}
	q := &request{rawTools: json.RawMessage("[]")}
	if tools := root.Get("tools"); tools.IsArray() {
		q.rawTools = json.RawMessage(tools.Raw)
	}
	if err := json.Unmarshal(body, q); err != nil {
		param := ""
		if wrong := (*json.UnmarshalTypeError)(nil); errors.As(err, &wrong) {
			param = wrong.Field
		}
		return nil, invalid("invalid_type", param, "Invalid type for '%s'.", param)
	}
	return q, nil
}

// checkDelivery wants an answer that is streamed and not kept.
func (q *request) checkDelivery() *refusal {
	if q.Store == nil || *q.Store {
		return detail(http.StatusBadRequest, "Store must be set to false")
	}
	if q.Stream == nil || !*q.Stream {
		return detail(http.StatusBadRequest, "Stream must be set to true")
	}
	return nil
}

// checkModel wants a model that exists and that this client is new enough for.
func (q *request) checkModel(client string, mood LiteMood) *refusal {
	m, known := findModel(q.Model)
	if !known {
		return detail(http.StatusBadRequest, "The '%s' model is not supported when using Codex with a ChatGPT account.", q.Model)
	}
	// A missing version was accepted in most reports.
	if client != "" && olderVersion(client, m.minClient) {
		return detail(http.StatusBadRequest, "The '%s' model requires a newer version of Codex. Update it and try again.", q.Model)
	}
	q.model = m
	return q.checkLiteHeader(mood)
}

// checkInstructions wants the field unless the request is in Lite form, or begins with
// a developer message, which is how the official client gives them; an empty string
// will do.
//
// Source: docs/protocol.md, fact R-3.
func (q *request) checkInstructions() *refusal {
	byDeveloper := gjson.GetBytes(q.Input, "0.role").Str == "developer"
	if !q.lite && !byDeveloper && q.Instructions == nil {
		return detail(http.StatusBadRequest, "Instructions are required")
	}
	return nil
}

// checkOptions looks at the smaller fields.
func (q *request) checkOptions() *refusal {
	const longest = 64
	if key := q.PromptCacheKey; key != nil && len([]rune(*key)) > longest {
		return invalid("string_above_max_length", "prompt_cache_key",
			"Invalid 'prompt_cache_key': at most %d characters are allowed, not %d.", longest, len([]rune(*key)))
	}
	for _, name := range q.Include {
		if name != includeEncrypted && name != "web_search_call.action.sources" {
			return invalid("invalid_value", "include", "Invalid value for 'include': '%s'.", name)
		}
	}
	if tier := q.ServiceTier; tier != nil && !slices.Contains([]string{"auto", "default", "priority", "ultrafast", "flex"}, *tier) {
		return invalid("invalid_value", "service_tier", "Invalid value for 'service_tier': '%s'.", *tier)
	}
	return nil
}

// checkReasoning looks at the words inside reasoning, some of which depend on
// the model.
func (q *request) checkReasoning() *refusal {
	r := q.Reasoning
	if r == nil {
		return nil
	}
	if r.Effort != nil && *r.Effort != "none" {
		// The reference client sends its level "ultra" as "max".
		if *r.Effort == "ultra" || !slices.Contains(q.model.levels, *r.Effort) {
			return invalid("unsupported_value", "reasoning.effort",
				"Unsupported value: 'reasoning.effort' cannot be '%s' with the model '%s'.", *r.Effort, q.Model)
		}
	}
	if r.Summary != nil && !slices.Contains([]string{"auto", "concise", "detailed"}, *r.Summary) {
		return invalid("invalid_value", "reasoning.summary", "Invalid value for 'reasoning.summary': '%s'.", *r.Summary)
	}
	if r.Context != nil && !slices.Contains([]string{"auto", "current_turn", "all_turns"}, *r.Context) {
		return invalid("invalid_value", "reasoning.context", "Invalid value for 'reasoning.context': '%s'.", *r.Context)
	}
	return nil
}
