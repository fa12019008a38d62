package proxy

import (
	"context"
	"errors"
	"net/http"

	"github.com/codexctl/codexctl/internal/session"
	"github.com/codexctl/codexctl/pkg/responses"
)

// The error types of OpenAI's API.
//
// Source: OpenAI API reference, "Error codes".
const (
	typeInvalid    = "invalid_request_error"
	typeAuth       = "authentication_error"
	typePermission = "permission_error"
	typeNotFound   = "not_found_error"
	typeRate       = "rate_limit_error"
	typeServer     = "server_error"
	typeTimeout    = "timeout_error"
)

// judgement is what an error means to a caller.
type judgement struct {
	err    error
	status int
	kind   string // error.type
	code   string // error.code; empty takes the command line's
}

// judgements says for each meaning which status it has; the first row that is in an
// error's chain counts. The twin of the table of exit codes in internal/cli/exit.go.
func judgements() []judgement {
	return []judgement{
		{errTooLarge, http.StatusRequestEntityTooLarge, typeInvalid, "request_too_large"},
		{errEncoding, http.StatusUnsupportedMediaType, typeInvalid, "unsupported_encoding"},
		{errBusy, http.StatusServiceUnavailable, typeServer, "server_busy"},
		{errEnding, http.StatusServiceUnavailable, typeServer, "server_ending"},
		{errNoSessions, http.StatusBadRequest, typeInvalid, "sessions_disabled"},
		{errNoModel, http.StatusNotFound, typeInvalid, "model_not_found"},
		{errManyChoices, http.StatusBadRequest, typeInvalid, "invalid_value"},

		{session.ErrEnded, http.StatusNotFound, typeNotFound, "session_not_found"},
		{session.ErrNotFound, http.StatusNotFound, typeNotFound, "session_not_found"},
		{session.ErrBadID, http.StatusBadRequest, typeInvalid, "invalid_session_id"},
		{session.ErrNoItem, http.StatusBadRequest, typeInvalid, "item_not_found"},
		{session.ErrNoResponse, http.StatusBadRequest, typeInvalid, "previous_response_not_found"},
		{session.ErrLost, http.StatusServiceUnavailable, typeServer, "session_lost"},
		{errTurnLost, http.StatusServiceUnavailable, typeServer, "session_lost"},
		{errStore, http.StatusServiceUnavailable, typeServer, "session_store_failed"},

		{responses.ErrPlan, http.StatusForbidden, typePermission, "plan_required"},
		{responses.ErrRegion, http.StatusForbidden, typePermission, "region_blocked"},
		{responses.ErrUnauthorized, http.StatusUnauthorized, typeAuth, "auth_denied"},
		{responses.ErrForbidden, http.StatusForbidden, typePermission, "auth_denied"},
		{responses.ErrQuota, http.StatusTooManyRequests, "usage_limit_reached", "usage_limit_reached"},
		{responses.ErrRateLimited, http.StatusTooManyRequests, typeRate, "rate_limited"},
		{responses.ErrModel, http.StatusBadRequest, typeInvalid, "model_not_available"},
		{responses.ErrClientVersion, http.StatusBadRequest, typeInvalid, "model_not_available"},
		{responses.ErrContextLength, http.StatusBadRequest, typeInvalid, "context_length_exceeded"},
		{responses.ErrRefused, http.StatusBadRequest, typeInvalid, "content_policy_violation"},
		{responses.ErrOverloaded, http.StatusServiceUnavailable, typeServer, "server_is_overloaded"},
		{responses.ErrBlocked, http.StatusBadGateway, typeServer, "blocked"},
		{responses.ErrRedirect, http.StatusBadGateway, typeServer, "redirect"},
		{responses.ErrTimeout, http.StatusGatewayTimeout, typeTimeout, "timeout"},
		{context.DeadlineExceeded, http.StatusGatewayTimeout, typeTimeout, "timeout"},
		{responses.ErrConnection, http.StatusBadGateway, typeServer, "network"},
		{responses.ErrTruncated, http.StatusBadGateway, typeServer, "truncated"},
		{responses.ErrIncomplete, http.StatusBadGateway, typeServer, "incomplete"},
		{responses.ErrServer, http.StatusBadGateway, typeServer, "server_error"},
		{responses.ErrInvalid, http.StatusBadRequest, typeInvalid, "invalid_request"},
		{responses.ErrBadRequest, http.StatusBadRequest, typeInvalid, "invalid_request"},
	}
}

// judge finds what an error means. A login that cannot be used is known by the code
// that the command line has for it, since the ways to sign in are not known here.
func judge(err error, code string) judgement {
	for _, row := range judgements() {
		if errors.Is(err, row.err) {
			return withStatus(row, err)
		}
	}
	switch code {
	case "auth_required", "auth_expired", "auth_denied":
		return judgement{err, http.StatusUnauthorized, typeAuth, ""}
	case "plan_required", "region_blocked":
		return judgement{err, http.StatusForbidden, typePermission, ""}
	case "rate_limited", "quota_exhausted":
		return judgement{err, http.StatusTooManyRequests, typeRate, ""}
	case "network":
		return judgement{err, http.StatusBadGateway, typeServer, ""}
	case "timeout":
		return judgement{err, http.StatusGatewayTimeout, typeTimeout, ""}
	case "server_error":
		return judgement{err, http.StatusBadGateway, typeServer, ""}
	}
	return judgement{err, http.StatusInternalServerError, typeServer, ""}
}

// withStatus keeps the backend's own status where it gave one that says the same.
func withStatus(row judgement, err error) judgement {
	var e *responses.APIError
	if !errors.As(err, &e) || e.Status < 400 || e.HTML {
		return row
	}
	switch row.err {
	case responses.ErrForbidden, responses.ErrInvalid, responses.ErrServer, responses.ErrOverloaded, responses.ErrContextLength:
		row.status = e.Status
	}
	return row
}
