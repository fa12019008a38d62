package emulator

import (
	"net/http"
	"time"
)

// serveCode answers POST /oauth/token for an authorization code, unless the scene
// has other plans. The body must be a form, as RFC 6749 has it; whether the issuer
// would also read JSON here is not known.
func (x *exchange) serveCode(request tokenRequest) {
	if refused := x.checkCode(request); refused != nil {
		refused.write(x.w)
		return
	}
	stage, refused := x.stage()
	if refused != nil {
		refused.write(x.w)
		return
	}
	scene := stage.take(endpointExchange)
	if pause(x.r.Context(), scene.ExchangeDelayMS.duration()) != nil {
		return
	}
	if refused := tokenFault(scene.Exchange); refused != nil {
		refused.write(x.w)
		return
	}
	r := redemption{
		code: request.Code, redirect: request.RedirectURI, verifier: request.CodeVerifier,
		anyPort: scene.AnyPort, plan: scene.Plan, noAccount: scene.NoAccount,
	}
	if r.plan == "" {
		r.plan = "plus"
	}
	set, state := x.issuer.redeemCode(x.baseURL(), r, x.now.Truncate(time.Second))
	if refused := codeRefusal(state); refused != nil {
		refused.write(x.w)
		return
	}
	if scene.Exchange == TokenLost {
		panic(http.ErrAbortHandler) // the code is used up and nobody learns the tokens
	}
	x.grant(set, scene.Exchange)
}

// checkCode refuses a request that is malformed, whatever its code is worth.
func (x *exchange) checkCode(request tokenRequest) *refusal {
	if !request.form {
		return oauthError("invalid_request", "An authorization code comes as application/x-www-form-urlencoded.")
	}
	for _, parameter := range []struct{ name, value string }{
		{"client_id", request.ClientID}, {"code", request.Code},
		{"redirect_uri", request.RedirectURI}, {"code_verifier", request.CodeVerifier},
	} {
		if parameter.value == "" {
			return oauthError("invalid_request", "The "+parameter.name+" parameter is missing.")
		}
	}
	if request.ClientID != x.config.ClientID {
		return issuerError("invalid_client", "The client is not known.")
	}
	if !verifierShaped(request.CodeVerifier) {
		return oauthError("invalid_request", "The code_verifier must be 43 to 128 unreserved characters.")
	}
	return nil
}

// codeRefusal is the answer to a code that is worth nothing, or nil.
//
// Source: RFC 6749, section 5.2; docs/protocol.md for a redirect that differs (400
// token_exchange_user_error) and one that is not registered (403, whose body was
// not reported and is ours).
func codeRefusal(state codeState) *refusal {
	switch state {
	case codeUnknown:
		return oauthError("invalid_grant", "The authorization code is not known.")
	case codeUsed:
		return oauthError("invalid_grant", "The authorization code has been used before.")
	case codeExpired:
		return oauthError("invalid_grant", "The authorization code has expired.")
	case codeOtherVerifier:
		return oauthError("invalid_grant", "The code_verifier does not fit the code_challenge.")
	case codeOtherRedirect:
		return invalid("token_exchange_user_error", "", "The redirect_uri is not the one that the code was asked for with.")
	case codeOtherPort:
		f := invalid("unauthorized_redirect_uri", "", "The redirect_uri is not registered for this client.")
		f.status = http.StatusForbidden
		return f
	}
	return nil
}
