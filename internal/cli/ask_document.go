package cli

import (
	"encoding/json"
	"errors"

	"github.com/codexctl/codexctl/pkg/responses"
)

// emptyAnswer is the warning about an answer that says nothing.
const emptyAnswer = "the answer is empty"

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
	RequestedModel *string             `json:"requested_model"`
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

// result writes the JSON document, whatever ended the call.
func (a *answer) result(err error) error {
	if errors.Is(err, errReaderGone) {
		return err
	}
	if err == nil && a.out != nil && a.out.file != nil {
		err = a.inv.intoFile(a.out.file, func() error { return a.inv.document(a.document("ask", nil)) })
		var nothing *transformError
		if err == nil || errors.As(err, &nothing) {
			return err
		}
	}
	if err != nil && a.inv.global.transform != "" {
		return err // stdout stays empty
	}
	if writeErr := a.inv.document(a.document("ask", err)); writeErr != nil {
		return writeErr
	}
	if err != nil {
		return &reported{err}
	}
	return nil
}

// document is the result as far as it came.
func (a *answer) document(kind string, err error) askResult {
	r := a.collector.Response()
	doc := askResult{
		SchemaVersion: 1, Type: kind, Status: "completed",
		Text: a.text(), Data: a.data, Reasoning: stringOrNull(r.Reasoning()),
		ToolCalls: toolCallDocuments(r.ToolCalls()), Model: stringOrNull(servedModel(r, a.call.header)),
		RequestedModel: stringOrNull(a.call.requestedModel()), ResponseID: stringOrNull(r.ID),
		RequestID: stringOrNull(a.call.requestID), Session: a.conversation.keptAs(), Usage: newUsageDocument(r.Usage),
		RateLimits: newRateLimitsDocument(responses.ReadRateLimits(a.call.header)),
		Timing:     a.call.watch.document(a.call.attempts), Stdin: a.stdin,
		Dropped: nonNil(a.dropped), Warnings: a.inv.talk.warnings(),
	}
	switch {
	case err != nil:
		doc.Error = a.inv.explain(err)
		doc.Status = statusOf(doc.Error.Code)
	case doc.Text == "" && len(doc.ToolCalls) == 0:
		a.inv.talk.warn(emptyAnswer)
		doc.Warnings = a.inv.talk.warnings()
	}
	return doc
}

// text is the answer's text, as text mode writes it but for calls of tools.
func (a *answer) text() string {
	if a.part != nil {
		return *a.part
	}
	r := a.collector.Response()
	return r.Text() + r.Refusal()
}

// statusOf sums an error up for `status`.
func statusOf(code string) string {
	switch code {
	case "incomplete", "truncated":
		return "incomplete"
	case "refused":
		return "refused"
	case "cancelled", "interrupted":
		return "cancelled"
	}
	return "failed"
}
