package emulator

import (
	"encoding/json"
)

// responseObject is the Response inside the events that frame an answer, with
// the fields and echoed defaults of the recordings.
type responseObject struct {
	ID                   string             `json:"id"`
	Object               string             `json:"object"`
	CreatedAt            int64              `json:"created_at"` // Unix seconds
	Status               string             `json:"status"`
	Background           bool               `json:"background"`
	CompletedAt          *int64             `json:"completed_at"` // Unix seconds
	Error                *responseError     `json:"error"`
	FrequencyPenalty     json.Number        `json:"frequency_penalty"`
	IncompleteDetails    *incompleteDetails `json:"incomplete_details"`
	Instructions         *string            `json:"instructions"`
	MaxOutputTokens      *int               `json:"max_output_tokens"`
	MaxToolCalls         *int               `json:"max_tool_calls"`
	Model                string             `json:"model"`
	Moderation           *struct{}          `json:"moderation"`
	Output               []json.RawMessage  `json:"output"`
	ParallelToolCalls    bool               `json:"parallel_tool_calls"`
	PresencePenalty      json.Number        `json:"presence_penalty"`
	PreviousResponseID   *string            `json:"previous_response_id"`
	PromptCacheKey       string             `json:"prompt_cache_key"`
	PromptCacheRetention string             `json:"prompt_cache_retention"`
	Reasoning            reasoningEcho      `json:"reasoning"`
	SafetyIdentifier     string             `json:"safety_identifier"`
	ServiceTier          string             `json:"service_tier"`
	Store                bool               `json:"store"`
	Temperature          json.Number        `json:"temperature"`
	Text                 textEcho           `json:"text"`
	ToolChoice           json.RawMessage    `json:"tool_choice"`
	ToolUsage            toolUsage          `json:"tool_usage"`
	Tools                json.RawMessage    `json:"tools"`
	TopLogprobs          int                `json:"top_logprobs"`
	TopP                 json.Number        `json:"top_p"`
	Truncation           string             `json:"truncation"`
	Usage                *tokenUsage        `json:"usage"`
	User                 *string            `json:"user"`
	Metadata             struct{}           `json:"metadata"`
}

// responseError is the failure in response.failed.
type responseError struct {
	Type     string `json:"type,omitempty"`
	Code     string `json:"code"`
	Message  string `json:"message"`
	PlanType string `json:"plan_type,omitempty"`
	ResetsAt int64  `json:"resets_at,omitempty"` // Unix seconds
}

type incompleteDetails struct {
	Reason string `json:"reason"`
}

type reasoningEcho struct {
	Context string  `json:"context,omitempty"`
	Effort  string  `json:"effort"`
	Summary *string `json:"summary"`
}

type textEcho struct {
	Format    textFormat `json:"format"`
	Verbosity string     `json:"verbosity"`
}

type toolUsage struct {
	ImageGen  imageUsage `json:"image_gen"`
	WebSearch struct {
		NumRequests int `json:"num_requests"`
	} `json:"web_search"`
}

type imageUsage struct {
	InputTokens         int         `json:"input_tokens"`
	InputTokensDetails  imageTokens `json:"input_tokens_details"`
	OutputTokens        int         `json:"output_tokens"`
	OutputTokensDetails imageTokens `json:"output_tokens_details"`
	TotalTokens         int         `json:"total_tokens"`
}

type imageTokens struct {
	ImageTokens int `json:"image_tokens"`
	TextTokens  int `json:"text_tokens"`
}

// tokenUsage counts tokens; see [estimateTokens].
type tokenUsage struct {
	InputTokens        int `json:"input_tokens"`
	InputTokensDetails struct {
		CachedTokens int `json:"cached_tokens"`
	} `json:"input_tokens_details"`
	OutputTokens        int `json:"output_tokens"`
	OutputTokensDetails struct {
		ReasoningTokens int `json:"reasoning_tokens"`
	} `json:"output_tokens_details"`
	TotalTokens int `json:"total_tokens"`
}

// newResponse is the Response at the start of an answer to q.
func newResponse(q *request, who person, x *exchange) responseObject {
	r := responseObject{
		ID:                   "resp_" + randomHex(x.rng, 50),
		Object:               "response",
		CreatedAt:            x.now.Unix(),
		Status:               "in_progress",
		FrequencyPenalty:     "0.0",
		Instructions:         q.Instructions,
		Model:                q.Model,
		Output:               []json.RawMessage{},
		ParallelToolCalls:    q.ParallelToolCalls == nil || *q.ParallelToolCalls,
		PresencePenalty:      "0.0",
		PromptCacheKey:       randomUUID(x.rng), // life makes a fresh one if none is sent
		PromptCacheRetention: "24h",
		Reasoning:            reasoningEcho{Effort: "medium"},
		SafetyIdentifier:     who.userID,
		ServiceTier:          "auto",
		Temperature:          "1.0",
		Text:                 textEcho{Format: textFormat{Type: "text"}, Verbosity: "medium"},
		ToolChoice:           json.RawMessage(`"auto"`),
		Tools:                q.rawTools,
		TopP:                 "0.98",
		Truncation:           "disabled",
	}
	if q.PromptCacheKey != nil {
		r.PromptCacheKey = *q.PromptCacheKey
	}
	if len(q.ToolChoice) > 0 && string(q.ToolChoice) != "null" {
		r.ToolChoice = q.ToolChoice
	}
	r.Reasoning.echo(q.Reasoning)
	if q.Text != nil && q.Text.Verbosity != nil {
		r.Text.Verbosity = *q.Text.Verbosity
	}
	if q.Text != nil && q.Text.Format != nil {
		r.Text.Format = *q.Text.Format
	}
	return r
}

// echo takes over what was asked; "auto" is answered as the "detailed" it means.
func (r *reasoningEcho) echo(asked *reasoningAsked) {
	if asked == nil {
		return
	}
	if asked.Effort != nil {
		r.Effort = *asked.Effort
	}
	if asked.Context != nil {
		r.Context = *asked.Context
	}
	if asked.Summary != nil {
		summary := *asked.Summary
		if summary == "auto" {
			summary = "detailed"
		}
		r.Summary = &summary
	}
}

// estimateTokens guesses the tokens of n bytes: four bytes each, and never none.
// It is the same for the same text, so tests can rely on it.
func estimateTokens(n int) int { return 1 + n/4 }
