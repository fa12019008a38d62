package emulator

// serveRevoke answers POST /oauth/revoke: 200 with an empty object, whether or
// not the token was known (RFC 7009, section 2.2). The client id is compared only
// if it is sent: revoking an access token goes without one.
func (x *exchange) serveRevoke() {
	request, refused := x.tokenRequest()
	switch {
	case refused != nil:
		refused.write(x.w)
	case request.Token == "":
		oauthError("invalid_request", "The token parameter is missing.").write(x.w)
	case request.ClientID != "" && request.ClientID != x.config.ClientID:
		issuerError("invalid_client", "The client is not known.").write(x.w)
	default:
		x.issuer.revoke(request.Token)
		writeJSON(x.w, struct{}{})
	}
}
