package emulator

import (
	"net/http"
	"slices"
	"strconv"
)

// Fault is an HTTP answer of the backend that is no success.
type Fault string

// The faults. Sources: docs/protocol.md, HTTP status mapping and bodies of the
// backend.
const (
	FaultUnauthorized         Fault = "unauthorized"          // 401 {"detail":…}
	FaultTokenExpired         Fault = "token_expired"         // 401 {"error":…}
	FaultForbidden            Fault = "forbidden"             // 403 JSON
	FaultChallenge            Fault = "challenge"             // 403 HTML of the CDN
	FaultRegion               Fault = "region"                // 403 HTML, blocked by place
	FaultDeactivatedWorkspace Fault = "deactivated_workspace" // 402, code inside detail
	FaultUsageLimit           Fault = "usage_limit"           // 429 with the time of reset
	FaultUsageNotIncluded     Fault = "usage_not_included"    // 429, the plan has no Codex
	FaultRateLimited          Fault = "rate_limited"          // 429, too fast
	FaultNotFound             Fault = "not_found"             // 404, the model
	FaultHiddenUsageLimit     Fault = "hidden_usage_limit"    // 404 that carries a usage-limit code
	FaultContextLength        Fault = "context_length"        // 400 with the code of a full context
	FaultPolicy               Fault = "cyber_policy"          // 400 with the code of a policy
	FaultTimeout              Fault = "request_timeout"       // 408
	FaultServerError          Fault = "server_error"          // 500
	FaultBadGateway           Fault = "bad_gateway"           // 502 HTML
	FaultOverloaded           Fault = "overloaded"            // 503 server_is_overloaded
	FaultGatewayTimeout       Fault = "gateway_timeout"       // 504 HTML
	FaultRedirect             Fault = "redirect"              // 302 to another host
)

// known reports whether there is such a fault, or none.
func (f Fault) known() bool {
	return slices.Contains([]Fault{
		"", FaultUnauthorized, FaultTokenExpired, FaultForbidden, FaultChallenge, FaultRegion,
		FaultDeactivatedWorkspace, FaultUsageLimit, FaultUsageNotIncluded, FaultRateLimited, FaultNotFound,
		FaultHiddenUsageLimit, FaultContextLength, FaultPolicy, FaultTimeout, FaultServerError, FaultBadGateway,
		FaultOverloaded, FaultGatewayTimeout, FaultRedirect,
	}, f)
}

// TokenFault is what goes wrong at the token endpoint.
type TokenFault string

// The faults of the token endpoint. Those of the first group leave the refresh
// token alive, those of the second use it up.
const (
	TokenServerError  TokenFault = "server_error"  // 500
	TokenInvalidGrant TokenFault = "invalid_grant" // 400, "error" is a string
	TokenExpired      TokenFault = "expired"       // 401 refresh_token_expired
	TokenInvalidated  TokenFault = "invalidated"   // 401 refresh_token_invalidated
	TokenReused       TokenFault = "reused"        // 401 refresh_token_reused
	TokenHTML         TokenFault = "html"          // 503 with a page
	TokenGarbage      TokenFault = "garbage"       // 200, but not JSON
	TokenRateLimited  TokenFault = "rate_limited"  // 429

	TokenNoIDToken      TokenFault = "no_id_token"      // 200 without id_token
	TokenNoRefreshToken TokenFault = "no_refresh_token" // 200 without refresh_token
	TokenOtherAccount   TokenFault = "other_account"    // 200 with somebody else's tokens
	TokenLost           TokenFault = "lost"             // rotated, but the answer never arrives
)

// known reports whether there is such a fault, or none.
func (f TokenFault) known() bool {
	return slices.Contains([]TokenFault{
		"", TokenServerError, TokenInvalidGrant, TokenExpired, TokenInvalidated, TokenReused, TokenHTML, TokenGarbage,
		TokenRateLimited, TokenNoIDToken, TokenNoRefreshToken, TokenOtherAccount, TokenLost,
	}, f)
}

// faultRefusal is the answer a scene's fault gives, or nil. The model is the one
// asked for, and who the account that asks; both may be empty.
func (x *exchange) faultRefusal(s Scene, model string, who person) *refusal {
	switch s.Fault {
	case FaultUnauthorized:
		return detail(http.StatusUnauthorized, "Unauthorized")
	case FaultTokenExpired:
		return bearerError("token_expired", "The access token has expired; sign in again.")
	case FaultForbidden:
		return detail(http.StatusForbidden, "This account may not use this resource.")
	case FaultChallenge:
		return x.challenge()
	case FaultRegion:
		return page(http.StatusForbidden, regionPage)
	case FaultDeactivatedWorkspace:
		return &refusal{status: http.StatusPaymentRequired, detail: []byte(`{"code":"deactivated_workspace"}`)}
	case FaultUsageLimit:
		return x.usageLimit(s, who, http.StatusTooManyRequests)
	case FaultHiddenUsageLimit:
		return x.usageLimit(s, who, http.StatusNotFound)
	case FaultUsageNotIncluded:
		return notIncluded(who)
	case FaultRateLimited:
		return retryAfter(s, http.StatusTooManyRequests, newAPIError("requests", "rate_limit_exceeded", "", "Too many requests."))
	case FaultOverloaded:
		return retryAfter(s, http.StatusServiceUnavailable, newAPIError("service_unavailable_error", "server_is_overloaded", "", overloadMessage))
	case FaultRedirect:
		return &refusal{status: http.StatusFound, header: http.Header{"Location": {"https://elsewhere.example.com/backend-api/codex/responses"}}}
	}
	return plainFault(s.Fault, model)
}

// plainFault is the answer of the faults that depend on nothing but the model.
func plainFault(f Fault, model string) *refusal {
	switch f {
	case FaultNotFound:
		return detail(http.StatusNotFound, "Model not found %s", model)
	case FaultContextLength:
		return invalid("context_length_exceeded", "input", "The input is longer than the context window of this model.")
	case FaultPolicy:
		return invalid("cyber_policy", "", "The request was held back by a policy.")
	case FaultTimeout:
		return detail(http.StatusRequestTimeout, "Request Timeout")
	case FaultServerError:
		return &refusal{status: http.StatusInternalServerError,
			api: newAPIError("server_error", "internal_server_error", "", "The server had an error; try again.")}
	case FaultBadGateway:
		return page(http.StatusBadGateway, badGatewayPage)
	case FaultGatewayTimeout:
		return page(http.StatusGatewayTimeout, badGatewayPage)
	}
	return nil
}

// notIncluded says that the plan has no Codex.
func notIncluded(who person) *refusal {
	f := &refusal{status: http.StatusTooManyRequests, api: newAPIError("usage_not_included", "", "", "The plan does not include Codex.")}
	f.api.Error.PlanType = who.plan
	return f
}

// usageLimit says that the allowance is used up, and until when.
func (x *exchange) usageLimit(s Scene, who person, status int) *refusal {
	l := x.limits(s, who)
	f := &refusal{status: status, api: newAPIError("usage_limit_reached", "", "", "The usage limit has been reached.")}
	f.api.Error.PlanType = who.plan
	f.api.Error.ResetsAt = l.primary.resetAt
	f.api.Error.ResetsInSeconds = int64(l.primary.resetAfter.Seconds())
	if status == http.StatusNotFound {
		code := "usage_limit_reached"
		f.api.Error.Code = &code
	}
	f.header = l.headers()
	f.header["x-codex-rate-limit-reached-type"] = []string{"rate_limit_reached"}
	return f
}

// resetAfter is ResetAfterS or its default, in seconds.
func (s Scene) resetAfter() int {
	if s.ResetAfterS > 0 {
		return s.ResetAfterS
	}
	return 13_872
}

// retryAfter makes a refusal that may say when to come back.
func retryAfter(s Scene, status int, body *apiError) *refusal {
	f := &refusal{status: status, api: body}
	if s.RetryAfterS > 0 {
		f.header = http.Header{"Retry-After": {strconv.Itoa(s.RetryAfterS)}}
	}
	return f
}
