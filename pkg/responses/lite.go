package responses

import (
	"encoding/json"
	"errors"
	"net/http"
	"strconv"
	"strings"

	"github.com/tidwall/gjson"
	"github.com/tidwall/sjson"
)

const liteHeader = "X-Openai-Internal-Codex-Responses-Lite"

// toLite gives a finished request the form that Lite models demand: tools and
// instructions move to the head of the input, reasoning spans all turns.
//
// Source: fact L-1 in docs/protocol.md.
func (r *Request) toLite() {
	tools := &object{}
	tools.string("type", "additional_tools")
	tools.string("role", "developer")
	tools.list("tools", r.Tools)

	input := make([]json.RawMessage, 0, len(r.Input)+2)
	input = append(input, tools.bytes(), message("developer", "input_text", r.Instructions))
	for _, item := range r.Input {
		input = append(input, withoutDetail(item))
	}
	r.Input, r.Tools, r.Instructions = input, nil, ""
	r.Reasoning.Context = "all_turns"
	r.Extra["parallel_tool_calls"] = json.RawMessage("false")
}

// hasLiteForm says whether the caller has put the request into the Lite form, as the
// official client does.
func (r *Request) hasLiteForm() bool {
	return len(r.Input) > 0 && gjson.GetBytes(r.Input[0], "type").Str == "additional_tools"
}

// withoutDetail removes `detail` from an item's images.
func withoutDetail(item json.RawMessage) json.RawMessage {
	for _, list := range []string{"content", "output"} {
		for i, part := range gjson.GetBytes(item, list).Array() {
			if !part.Get("detail").Exists() {
				continue
			}
			path := list + "." + strconv.Itoa(i) + ".detail"
			if cut, err := sjson.DeleteBytes(item, path); err == nil {
				item = cut
			}
		}
	}
	return item
}

// asksForLite says whether err is a model's way of saying that it takes the Lite
// form only. The backend has more than one (fact L-2).
func asksForLite(err error) bool {
	text, ok := refusalText(err)
	return ok && !strings.Contains(text, noLiteText) &&
		(strings.Contains(text, "reasoning.context") || strings.Contains(text, "responses-lite") ||
			strings.Contains(text, "responses lite") || strings.Contains(text, "use_responses_lite"))
}

// noLiteText stands in the refusal of the Lite form by a model that has none.
const noLiteText = "not supported when using"

func knowsNoLite(err error) bool {
	text, ok := refusalText(err)
	return ok && strings.Contains(text, noLiteText)
}

// refusalText is what a 400 says, in lower case.
func refusalText(err error) (string, bool) {
	var e *APIError
	if !errors.As(err, &e) || e.Status != http.StatusBadRequest {
		return "", false
	}
	return strings.ToLower(e.Message + " " + e.Param), true
}
