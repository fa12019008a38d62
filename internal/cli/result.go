package cli

import (
	"encoding/json"
	"time"

	"github.com/codexctl/codexctl/pkg/responses"
)

// askResult is the JSON result of `ask`. Every field is always there, null when
// unknown.
type askResult struct {
	SchemaVersion  int                 `json:"schema_version"`
	Type           string              `json:"type"`
	Status         string              `json:"status"`
	Text           string              `json:"text"`
	Data           json.RawMessage     `json:"data"`
	Reasoning      *string             `json:"reasoning"`
	ToolCalls      []toolCallDocument  `json:"tool_calls"`
	Model          *string             `json:"model"`
	RequestedModel string              `json:"requested_model"`
	ResponseID     *string             `json:"response_id"`
	RequestID      *string             `json:"request_id"`
	Session        *string             `json:"session"`
	Usage          *usageDocument      `json:"usage"`
	RateLimits     *rateLimitsDocument `json:"rate_limits"`
	Timing         timingDocument      `json:"timing"`
	Stdin          stdinState          `json:"stdin"`
	Dropped        []string            `json:"dropped"`
	Warnings       []string            `json:"warnings"`
	Error          *errorDocument      `json:"error"`
}

type toolCallDocument struct {
	ID        string `json:"id"`
	Name      string `json:"name"`
	Arguments string `json:"arguments"`
}

type usageDocument struct {
	InputTokens       int64 `json:"input_tokens"`
	CachedInputTokens int64 `json:"cached_input_tokens"`
	OutputTokens      int64 `json:"output_tokens"`
	ReasoningTokens   int64 `json:"reasoning_tokens"`
	TotalTokens       int64 `json:"total_tokens"`
}

type rateLimitsDocument struct {
	Plan      *string         `json:"plan"`
	Primary   *windowDocument `json:"primary"`
	Secondary *windowDocument `json:"secondary"`
}

type windowDocument struct {
	UsedPercent   float64 `json:"used_percent"`
	WindowMinutes *int    `json:"window_minutes"`
	ResetsAt      *string `json:"resets_at"`
}

type timingDocument struct {
	StartedAt    string `json:"started_at"`
	FirstTokenMS *int64 `json:"first_token_ms"`
	DurationMS   int64  `json:"duration_ms"`
	Attempts     int    `json:"attempts"`
}

func toolCallDocuments(calls []responses.ToolCall) []toolCallDocument {
	docs := make([]toolCallDocument, len(calls))
	for i, call := range calls {
		docs[i] = toolCallDocument{ID: call.ID, Name: call.Name, Arguments: call.Arguments}
	}
	return docs
}

func newUsageDocument(u *responses.Usage) *usageDocument {
	if u == nil {
		return nil
	}
	return &usageDocument{u.InputTokens, u.CachedInputTokens, u.OutputTokens, u.ReasoningTokens, u.TotalTokens}
}

func newRateLimitsDocument(l responses.RateLimits) *rateLimitsDocument {
	if !l.Known() {
		return nil
	}
	return &rateLimitsDocument{stringOrNull(l.Plan), newWindowDocument(l.Primary), newWindowDocument(l.Secondary)}
}

func newWindowDocument(w *responses.Window) *windowDocument {
	if w == nil {
		return nil
	}
	doc := &windowDocument{UsedPercent: w.UsedPercent, ResetsAt: instant(w.ResetsAt)}
	if w.Minutes > 0 {
		doc.WindowMinutes = &w.Minutes
	}
	return doc
}

// stopwatch measures one answer.
type stopwatch struct {
	now   func() time.Time
	start time.Time
	first time.Time // when the first text came; zero before
}

func newStopwatch(now func() time.Time) *stopwatch { return &stopwatch{now: now, start: now()} }

// token notes that text has come.
func (s *stopwatch) token() {
	if s.first.IsZero() {
		s.first = s.now()
	}
}

func (s *stopwatch) document(attempts int) timingDocument {
	doc := timingDocument{
		StartedAt:  s.start.UTC().Format(time.RFC3339Nano),
		DurationMS: s.now().Sub(s.start).Milliseconds(), Attempts: attempts,
	}
	if !s.first.IsZero() {
		ms := s.first.Sub(s.start).Milliseconds()
		doc.FirstTokenMS = &ms
	}
	return doc
}
