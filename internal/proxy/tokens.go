package proxy

import (
	"encoding/json"
	"net/http"

	"github.com/tidwall/gjson"

	"github.com/codexctl/codexctl/internal/chatcompat"
	"github.com/codexctl/codexctl/pkg/responses"
)

// inputTokens answers with an estimate of a request's input tokens, in the form of the
// public API. Nothing is sent.
//
// Source: OpenAI API reference, "Get input token counts".
func (x *exchange) inputTokens() error {
	body, err := x.server.readBody(x.w, x.r)
	if err != nil {
		return err
	}
	if gjson.GetBytes(body, "messages").Exists() {
		plan, err := chatcompat.Parse(body, chatcompat.Options{Reasoning: chatcompat.ReasoningOff})
		if err != nil {
			return err
		}
		body = plan.Body
	}
	var request responses.Request
	if err := json.Unmarshal(body, &request); err != nil {
		return err
	}
	if err := x.instruct(&request, true); err != nil {
		return err
	}
	writeJSON(x.w, http.StatusOK, encode(struct {
		Object    string `json:"object"`
		Tokens    int    `json:"input_tokens"`
		Estimated bool   `json:"estimated"`
	}{"response.input_tokens", request.EstimateTokens(), true}))
	return nil
}
