package responses

import (
	"errors"
	"fmt"
)

// FieldError is a request that cannot be sent because of one field. It wraps
// [ErrBadRequest].
type FieldError struct {
	// Field is the path of the field, such as reasoning.effort or input.0.
	Field string

	// Want is what should be there, as the end of a sentence.
	Want string
}

// Error names the field and what it should hold.
func (e *FieldError) Error() string {
	return fmt.Sprintf("%v: field %s: want %s", ErrBadRequest, e.Field, e.Want)
}

// Unwrap says that the request is to blame.
func (e *FieldError) Unwrap() error { return ErrBadRequest }

// What can go wrong, by meaning. Ask with [errors.Is]; an [*APIError] holds the
// facts. Where a troubleshooting guide has words for a case, the text begins with them.
var (
	// ErrUnauthorized is a credential that the backend does not take (401).
	ErrUnauthorized = errors.New("the backend does not accept this login")

	// ErrForbidden is a caller who may not do this (402, or 403 with JSON).
	ErrForbidden = errors.New("the account may not do this")

	// ErrPlan is an account whose plan has no Codex.
	ErrPlan = errors.New("ChatGPT plan does not include Codex")

	// ErrRegion is a caller or a workspace in the wrong region.
	ErrRegion = errors.New("Not available in your region")

	// ErrRateLimited is too many requests; waiting a little helps.
	ErrRateLimited = errors.New("Rate limit exceeded")

	// ErrQuota is a used-up allowance; nothing helps until it is reset.
	ErrQuota = errors.New("Rate limit exceeded: the usage limit is reached")

	// ErrModel is a model that this account is not offered.
	ErrModel = errors.New("Model not available")

	// ErrClientVersion is a model that wants a higher `version` header.
	ErrClientVersion = errors.New("Model not available to this client version")

	// ErrContextLength is an input that does not fit the model.
	ErrContextLength = errors.New("Context window exceeded")

	// ErrInvalid is any other request that the backend refuses (4xx).
	ErrInvalid = errors.New("the backend refused the request")

	// ErrOverloaded is a model at capacity.
	ErrOverloaded = errors.New("the model is overloaded")

	// ErrServer is a fault of the backend (5xx, or a failure without a known code).
	ErrServer = errors.New("the backend failed")

	// ErrBlocked is an answer of the edge in front of the backend: an HTML page.
	ErrBlocked = errors.New("Failed to connect to ChatGPT backend: the edge network answered instead of it")

	// ErrRedirect is an answer that points elsewhere. It is never followed.
	ErrRedirect = errors.New("Failed to connect to ChatGPT backend: the answer is a redirect")

	// ErrConnection is a connection that could not be made, or was lost before the
	// first event.
	ErrConnection = errors.New("Failed to connect to ChatGPT backend")

	// ErrTimeout is a timer of the connection that ran out.
	ErrTimeout = errors.New("timed out")

	// ErrTruncated is an answer that broke off: what had arrived is not the whole.
	ErrTruncated = errors.New("the answer was cut off")

	// ErrIncomplete is an answer that the backend itself calls incomplete.
	ErrIncomplete = errors.New("the answer is incomplete")

	// ErrRefused is an answer withheld by policy, or a refusal by the model.
	ErrRefused = errors.New("the model refused")
)
