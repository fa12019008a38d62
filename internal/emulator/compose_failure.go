package emulator

import "time"

// Where Scene.ErrorEvent puts the error event.
const (
	errorEventBefore = "before"
	errorEventAlone  = "alone"
)

// fail appends the events of a failed answer.
//
// Source: docs/protocol.md, codes of response.failed; the error event before it
// is reported of overloaded models.
func (c *composer) fail(who person, x *exchange) {
	failure := responseError{Code: c.scene.Failed, Message: c.scene.FailedMessage}
	if failure.Message == "" {
		failure.Message = failureMessage(failure.Code)
	}
	if failure.Code == "usage_limit_reached" {
		failure.Type = failure.Code
		failure.PlanType = who.plan
		failure.ResetsAt = x.now.Add(time.Duration(c.scene.resetAfter()) * time.Second).Unix()
	}
	if c.scene.ErrorEvent != "" {
		kind := frameOther
		if c.scene.ErrorEvent == errorEventAlone {
			kind = frameTerminal
		}
		body := newAPIError(failureType(failure.Code), failure.Code, "", failure.Message).Error
		c.add(kind, "error", errorEvent{"error", body, c.sequence})
	}
	if c.scene.ErrorEvent != errorEventAlone {
		c.response.Status = "failed"
		c.response.Error = &failure
		c.lifecycle("response.failed", frameTerminal)
	}
}

// failureType is the type that goes with a code in an error event.
func failureType(code string) string {
	switch code {
	case "server_is_overloaded", "slow_down":
		return "service_unavailable_error"
	case "context_length_exceeded", "invalid_prompt", "cyber_policy", "bio_policy", "misalignment_policy_violation":
		return "invalid_request_error"
	case "rate_limit_exceeded":
		return "requests"
	case "insufficient_quota", "usage_not_included", "usage_limit_reached":
		return code
	}
	return "server_error"
}

// failureMessage is a sentence for a code.
func failureMessage(code string) string {
	switch code {
	case "context_length_exceeded":
		return "The input is longer than the context window of this model."
	case "insufficient_quota":
		return "The quota is used up; look at the plan and its billing."
	case "usage_not_included":
		return "The plan does not include Codex."
	case "usage_limit_reached":
		return "The usage limit has been reached."
	case "cyber_policy", "bio_policy", "misalignment_policy_violation":
		return "The request was held back by a policy."
	case "invalid_prompt":
		return "The prompt was not accepted."
	case "server_is_overloaded", "slow_down":
		return overloadMessage
	case "rate_limit_exceeded":
		// Clients read the delay out of the text.
		return "Rate limit reached. Please try again in 1.5s."
	}
	return "Something went wrong while answering."
}
