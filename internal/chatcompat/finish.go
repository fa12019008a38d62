package chatcompat

import (
	"errors"

	"github.com/tidwall/gjson"

	"github.com/codexctl/codexctl/pkg/responses"
)

// Finishes says whether the error that a stream ended with is a finish reason, such as
// length, and not a failure. An answer withheld by policy is one; a refusal of the
// request before any event, which has an HTTP status, is not.
func Finishes(err error) bool {
	var e *responses.APIError
	if errors.As(err, &e) {
		return e.Event == typeIncomplete || e.Event != "" && errors.Is(e, responses.ErrRefused)
	}
	return errors.Is(err, responses.ErrRefused) || errors.Is(err, responses.ErrIncomplete)
}

// reason is the finish reason of a choice whose stream ended with err.
func (c *Choice) reason(err error) string {
	var e *responses.APIError
	switch {
	case c.Cut():
		return c.end
	case errors.As(err, &e) && errors.Is(e, responses.ErrRefused):
		return "content_filter"
	case errors.As(err, &e), errors.Is(err, responses.ErrIncomplete):
		return "length"
	case c.count > 0 && c.answer.legacy:
		return "function_call"
	case c.count > 0:
		return "tool_calls"
	}
	return "stop"
}

// refuse gives the backend's own words for an answer withheld by policy as a refusal,
// unless the model has refused itself.
func (c *Choice) refuse(err error) {
	var e *responses.APIError
	if c.Cut() || c.out.refused || !errors.As(err, &e) || e.Event == typeIncomplete || e.Message == "" {
		return
	}
	c.give(fieldRefusal, "", appendInside(nil, e.Message))
}

// readUsage is lenient: the backend leaves out what is zero.
func readUsage(u gjson.Result) *responses.Usage {
	out := &responses.Usage{
		InputTokens:       u.Get("input_tokens").Int(),
		CachedInputTokens: u.Get("input_tokens_details.cached_tokens").Int(),
		OutputTokens:      u.Get("output_tokens").Int(),
		ReasoningTokens:   u.Get("output_tokens_details.reasoning_tokens").Int(),
		TotalTokens:       u.Get("total_tokens").Int(),
	}
	if out.TotalTokens == 0 {
		out.TotalTokens = out.InputTokens + out.OutputTokens
	}
	return out
}

// sum is the usage of all choices; nil if one of them does not know its own.
func sum(choices []*Choice) *responses.Usage {
	var out responses.Usage
	for _, c := range choices {
		u := c.Usage()
		if u == nil {
			return nil
		}
		out.InputTokens += u.InputTokens
		out.CachedInputTokens += u.CachedInputTokens
		out.OutputTokens += u.OutputTokens
		out.ReasoningTokens += u.ReasoningTokens
		out.TotalTokens += u.TotalTokens
	}
	if len(choices) == 0 {
		return nil
	}
	return &out
}
