package emulator

// serveRevoke answers POST /oauth/revoke: 200 with an empty object, whether or
// not the token was known (RFC 7009, section 2.2). All tokens of the sign-in die
// with it. The client id goes with a refresh token and may be missing with an
// access token.
//
// It is stricter than life in refusing a hint that nobody knows.
func (x *exchange) serveRevoke() {
	request, refused := x.tokenRequest()
	switch {
	case refused != nil:
	case request.Token == "":
		refused = oauthError("invalid_request", "The token parameter is missing.")
	case request.Hint != "" && request.Hint != "refresh_token" && request.Hint != "access_token":
		refused = oauthError("unsupported_token_type", "The token_type_hint is not known.")
	case request.Hint == "refresh_token" && request.ClientID == "":
		refused = oauthError("invalid_request", "The client_id parameter is missing.")
	case request.ClientID != "" && request.ClientID != x.config.ClientID:
		refused = issuerError("invalid_client", "The client is not known.")
	}
	scene := Scene{}
	if refused == nil {
		scene, refused = x.scene(endpointRevoke)
	}
	if pause(x.r.Context(), scene.RevokeDelayMS.duration()) != nil {
		return
	}
	if refused == nil {
		refused = tokenFault(scene.Revoke)
	}
	if refused != nil {
		refused.write(x.w)
		return
	}
	x.issuer.revoke(request.Token)
	writeJSON(x.w, struct{}{})
}

// Revoke ends the sign-in that the token belongs to, as a person who signs out
// elsewhere does: from now on the backend refuses its access tokens with
// token_revoked, and the issuer its refresh tokens with
// refresh_token_invalidated. It takes either kind of token and reports whether it
// was known.
func (e *Emulator) Revoke(token string) bool { return e.issuer.revoke(token) }
