package emulator

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"mime"
	"net/http"
	"net/url"
	"slices"
	"time"
)

// tokenRequest holds the parameters of /oauth/token and /oauth/revoke, which both
// come as JSON or as a form.
type tokenRequest struct {
	ClientID     string `json:"client_id"`
	GrantType    string `json:"grant_type"`
	RefreshToken string `json:"refresh_token"`
	Code         string `json:"code"`
	RedirectURI  string `json:"redirect_uri"`
	CodeVerifier string `json:"code_verifier"`

	// Revocation only.
	Token string `json:"token"`
	Hint  string `json:"token_type_hint"`

	form bool // it came as a form
}

// tokenAnswer is what the token endpoint grants. The reference client treats
// every field as optional, and scenes leave some out.
type tokenAnswer struct {
	AccessToken  string `json:"access_token"`
	ExpiresIn    int64  `json:"expires_in"` // seconds
	IDToken      string `json:"id_token,omitempty"`
	RefreshToken string `json:"refresh_token,omitempty"`
	Scope        string `json:"scope"`
	TokenType    string `json:"token_type"`
}

// serveToken answers POST /oauth/token by grant type.
func (x *exchange) serveToken() {
	request, refused := x.tokenRequest()
	if refused != nil {
		refused.write(x.w)
		return
	}
	switch request.GrantType {
	case "refresh_token":
		x.serveRefresh(request)
	case "authorization_code":
		x.serveCode(request)
	case "":
		oauthError("invalid_request", "The grant_type parameter is missing.").write(x.w)
	default:
		oauthError("unsupported_grant_type", fmt.Sprintf("Grant type %q is not supported.", request.GrantType)).write(x.w)
	}
}

// tokenRequest reads the body by its Content-Type.
func (x *exchange) tokenRequest() (tokenRequest, *refusal) {
	media, _, _ := mime.ParseMediaType(x.r.Header.Get("Content-Type"))
	switch media {
	case "application/json":
		var request tokenRequest
		if err := json.NewDecoder(bytes.NewReader(x.body)).Decode(&request); err != nil {
			return tokenRequest{}, oauthError("invalid_request", "The body is not a JSON object of strings.")
		}
		return request, nil
	case "application/x-www-form-urlencoded":
		form, err := url.ParseQuery(string(x.body))
		if err != nil {
			return tokenRequest{}, oauthError("invalid_request", "The form cannot be read.")
		}
		for _, name := range slices.Sorted(maps.Keys(form)) {
			if len(form[name]) > 1 { // RFC 6749, section 3.2
				return tokenRequest{}, oauthError("invalid_request", fmt.Sprintf("The parameter %q is given more than once.", name))
			}
		}
		return tokenRequest{
			ClientID:     form.Get("client_id"),
			GrantType:    form.Get("grant_type"),
			RefreshToken: form.Get("refresh_token"),
			Code:         form.Get("code"),
			RedirectURI:  form.Get("redirect_uri"),
			CodeVerifier: form.Get("code_verifier"),
			Token:        form.Get("token"),
			Hint:         form.Get("token_type_hint"),
			form:         true,
		}, nil
	}
	return tokenRequest{}, oauthError("invalid_request", "The body must be JSON or a form.")
}

// serveRefresh trades a refresh token, unless the scene has other plans.
func (x *exchange) serveRefresh(request tokenRequest) {
	if request.ClientID != x.config.ClientID {
		issuerError("invalid_client", "The client is not known.").write(x.w)
		return
	}
	if request.RefreshToken == "" {
		oauthError("invalid_request", "The refresh_token parameter is missing.").write(x.w)
		return
	}
	stage, refused := x.stage()
	if refused != nil {
		refused.write(x.w)
		return
	}
	scene := stage.take(endpointToken)
	if pause(x.r.Context(), scene.TokenDelayMS.duration()) != nil {
		return
	}
	if refused := tokenFault(scene.Token); refused != nil {
		refused.write(x.w)
		return
	}
	set, state, known := x.issuer.redeem(x.baseURL(), request.RefreshToken, x.now.Truncate(time.Second), scene.Token == TokenOtherAccount)
	if refused := grantRefusal(state, known); refused != nil {
		refused.write(x.w)
		return
	}
	if scene.Token == TokenLost {
		panic(http.ErrAbortHandler) // the old token is dead and nobody learns the new one
	}
	x.grant(set, scene.Token)
}

// grant sends a set of tokens, without those that the scene withholds.
func (x *exchange) grant(set tokens, fault TokenFault) {
	answer := tokenAnswer{
		AccessToken:  set.access,
		ExpiresIn:    int64(x.config.AccessLifetime / time.Second),
		IDToken:      set.identity,
		RefreshToken: set.refresh,
		Scope:        set.scope,
		TokenType:    "bearer",
	}
	switch fault {
	case TokenNoIDToken:
		answer.IDToken = ""
	case TokenNoRefreshToken:
		answer.RefreshToken = ""
	}
	x.w.Header().Set("Cache-Control", "no-store") // RFC 6749, section 5.1
	writeJSON(x.w, answer)
}

// grantRefusal is the answer to a refresh token that is not live, or nil.
//
// Source: docs/protocol.md, codes of a refused renewal. The answer to a token
// that never existed is that of RFC 6749, section 5.2.
func grantRefusal(state grantState, known bool) *refusal {
	switch {
	case !known:
		return oauthError("invalid_grant", "The refresh token is not known.")
	case state == grantUsed:
		return issuerError("refresh_token_reused", "The refresh token has been used before; sign in again.")
	case state == grantExpired:
		return issuerError("refresh_token_expired", "The refresh token has expired; sign in again.")
	case state == grantInvalidated:
		return issuerError("refresh_token_invalidated", "The refresh token has been revoked; sign in again.")
	}
	return nil
}

// tokenFault is the answer a scene gives instead of tokens, or nil.
func tokenFault(fault TokenFault) *refusal {
	switch fault {
	case TokenServerError:
		return &refusal{status: http.StatusInternalServerError,
			api: newAPIError("server_error", "internal_error", "", "The issuer stumbled.")}
	case TokenInvalidGrant:
		return oauthError("invalid_grant", "The grant is no longer valid.")
	case TokenExpired:
		return grantRefusal(grantExpired, true)
	case TokenInvalidated:
		return grantRefusal(grantInvalidated, true)
	case TokenReused:
		return grantRefusal(grantUsed, true)
	case TokenHTML:
		return page(http.StatusServiceUnavailable, unavailablePage)
	case TokenGarbage:
		return &refusal{status: http.StatusOK, raw: []byte(`{"access_token": "cut off he`)}
	case TokenRateLimited:
		return &refusal{status: http.StatusTooManyRequests, header: http.Header{"Retry-After": {"1"}},
			api: newAPIError("requests", "rate_limit_exceeded", "", "Too many token requests.")}
	}
	return nil
}

// issuerError is the 401 by which the issuer refuses a credential for good.
func issuerError(code, message string) *refusal {
	return &refusal{status: http.StatusUnauthorized, api: newAPIError("invalid_request_error", code, "", message)}
}

// oauthError is the 400 of RFC 6749, section 5.2, where "error" is a string.
func oauthError(code, description string) *refusal {
	return &refusal{status: http.StatusBadRequest, raw: encode(struct {
		Error       string `json:"error"`
		Description string `json:"error_description"`
	}{code, description})}
}
