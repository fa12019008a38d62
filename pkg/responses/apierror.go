package responses

import (
	"cmp"
	"fmt"
	"net/http"
	"strings"
	"time"
)

// APIError is the backend's own word on why there is no answer, or only part of one:
// a status outside 2xx, or a failure event inside a stream.
//
// [errors.Is] with the Err values of this package tells what it means.
type APIError struct {
	// Status is the HTTP status; 200 for a failure inside a stream.
	Status int

	// Event is the type of the failure event; empty for an HTTP failure.
	Event string

	// Code, Type, Param and Message are the fields of the error object. Message is
	// bounded and free of markup; the others are empty when the backend sent none.
	Code, Type, Param, Message string

	// Plan is the account's plan as the error names it.
	Plan string

	// RetryAfter is how long the backend asks to wait; 0 when it does not say.
	RetryAfter time.Duration

	// ResetsAt is when the used-up allowance is reset; zero when unknown.
	ResetsAt time.Time

	// RequestID is the backend's name for the request, RayID the edge network's.
	RequestID, RayID string

	// Header is the answer's header; nil for a failure inside a stream, whose header is
	// the stream's.
	Header http.Header

	// HTML is true for a page of the edge network.
	HTML bool

	// Location is the host that a redirect points to.
	Location string
}

// Error says what it means, then the backend's own words, or its code for want of them.
func (e *APIError) Error() string {
	var b strings.Builder
	b.WriteString(e.kind().Error())
	if e.Location != "" {
		b.WriteString(" to " + e.Location)
	}
	if words := cmp.Or(e.Message, e.Code); words != "" {
		b.WriteString(": " + words)
	}
	if e.Status != http.StatusOK {
		fmt.Fprintf(&b, " (HTTP %d)", e.Status)
	}
	if e.RayID != "" && e.HTML {
		b.WriteString(" [cf-ray " + e.RayID + "]")
	}
	return b.String()
}

// Is lets a caller ask by meaning, so that no caller compares numbers.
func (e *APIError) Is(target error) bool { return target == e.kind() }

// Kind is the one Err value of this package that e means.
func (e *APIError) Kind() error { return e.kind() }

func (e *APIError) kind() error {
	switch {
	case e.HTML:
		return ErrBlocked
	case e.Status >= 300 && e.Status < 400:
		return ErrRedirect
	}
	if err := codeKind(e.Code); err != nil {
		return err
	}
	if err := codeKind(e.Type); err != nil {
		return err
	}
	if err := textKind(e.Message); err != nil {
		return err
	}
	if e.Event != "" {
		return eventKind(e.Event)
	}
	return statusKind(e)
}

// codeKind knows the values of error.code and error.type that mean the same with
// every status.
//
// Source: facts E-1 to E-4 in docs/protocol.md.
func codeKind(code string) error {
	switch strings.ToLower(code) {
	case "usage_limit_reached", "insufficient_quota", "workspace_owner_usage_limit_reached",
		"workspace_member_usage_limit_reached", "usage_limit_exceeded",
		"workspace_owner_credits_depleted", "workspace_member_credits_depleted":
		return ErrQuota
	case "usage_not_included", "plan_required":
		return ErrPlan
	case "rate_limit_exceeded", "rate_limit_reached":
		return ErrRateLimited
	case "context_length_exceeded":
		return ErrContextLength
	case "cyber_policy", "bio_policy", "misalignment_policy_violation", "content_filter":
		return ErrRefused
	case "server_is_overloaded", "slow_down":
		return ErrOverloaded
	case "model_not_found", "model_not_available":
		return ErrModel
	case "unsupported_country_region_territory", "region_blocked":
		return ErrRegion
	case "token_expired", "token_invalidated", "token_revoked", "invalid_token", "invalid_api_key":
		return ErrUnauthorized
	case "deactivated_workspace", "account_deactivated", "account_suspended", "account_deleted":
		return ErrForbidden
	case "invalid_prompt":
		return ErrInvalid
	}
	return nil
}

// textKind knows the sentences of the backend that come without a code.
//
// Source: facts E-5 and E-6 in docs/protocol.md.
func textKind(message string) error {
	text := strings.ToLower(message)
	switch {
	case strings.Contains(text, "newer version of codex"):
		return ErrClientVersion
	case strings.Contains(text, "model is not supported when using codex"),
		strings.HasPrefix(text, "model not found"),
		strings.HasPrefix(text, "the model") && strings.Contains(text, "does not exist or you do not have access"):
		return ErrModel
	case strings.Contains(text, "not authorized in this region"),
		strings.Contains(text, "not available in your region"),
		strings.Contains(text, "country, region, or territory not supported"):
		return ErrRegion
	case strings.Contains(text, "exceeds the context window"):
		return ErrContextLength
	}
	return nil
}

func eventKind(event string) error {
	if event == typeIncomplete {
		return ErrIncomplete
	}
	return ErrServer
}

func statusKind(e *APIError) error {
	switch {
	case e.Status == http.StatusUnauthorized:
		return ErrUnauthorized
	case e.Status == http.StatusForbidden, e.Status == http.StatusPaymentRequired:
		return ErrForbidden
	case e.Status == http.StatusTooManyRequests:
		return ErrRateLimited
	case e.Status == http.StatusProxyAuthRequired:
		return ErrConnection
	case e.Status >= http.StatusInternalServerError:
		return ErrServer
	}
	return ErrInvalid
}
