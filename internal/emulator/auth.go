package emulator

import (
	"net/http"
	"strings"
)

// requestIDHeader is where the backend names a request, in answers and refusals alike.
// The pages of the CDN in front of it do not have it.
//
// Source: fact H-9 in docs/protocol.md; beside a 429 seen by third parties.
const requestIDHeader = "x-oai-request-id"

// backend guards an endpoint of the backend: first the CDN looks at the client,
// then the backend at its token.
func (x *exchange) backend(endpoint string, serve func(endpoint string, who person)) func() {
	return func() {
		if blocked(x.r.Header) {
			x.challenge().write(x.w)
			return
		}
		x.w.Header()[requestIDHeader] = []string{randomUUID(x.rng)}
		who, refused := x.authorize()
		if refused != nil {
			refused.write(x.w)
			return
		}
		serve(endpoint, who)
	}
}

// blocked reports whether the CDN takes the client for a robot: the User-Agent is
// missing or that of a library, or the request comes from a worker of the CDN.
//
// Source: reports of HTTP 403 with cf-mitigated, 2026-03 to 2026-08. Real
// addresses of clients count too in life.
func blocked(h http.Header) bool {
	agent := strings.ToLower(h.Get("User-Agent"))
	if agent == "" || h.Get("CF-Worker") != "" {
		return true
	}
	for _, generic := range []string{"go-http-client/", "python-requests/", "python-urllib/", "python-httpx/", "openai/", "asyncopenai/", "undici", "node"} {
		if strings.HasPrefix(agent, generic) {
			return true
		}
	}
	return false
}

// challenge is the page by which the CDN asks for a browser.
func (x *exchange) challenge() *refusal {
	f := page(http.StatusForbidden, challengePage)
	f.header["Cf-Mitigated"] = []string{"challenge"}
	f.header["Cf-Ray"] = []string{x.ray()}
	f.header["Server"] = []string{"cloudflare"}
	return f
}

// ray is the id by which the CDN names a request.
func (x *exchange) ray() string { return randomHex(x.rng, 16) + "-FRA" }

// authorize finds out who is asking.
func (x *exchange) authorize() (person, *refusal) {
	if x.r.Header.Get("Authorization") == "" {
		return person{}, detail(http.StatusUnauthorized, "Unauthorized")
	}
	who, state := x.issuer.check(bearer(x.r), x.now)
	switch state {
	case bearerLive:
	case bearerExpired:
		return person{}, bearerError("token_expired", "The access token has expired; sign in again.")
	case bearerRevoked:
		return person{}, bearerError("token_revoked", "The access token has been revoked; sign in again.")
	default:
		return person{}, detail(http.StatusUnauthorized, "Could not parse your authentication token. Please try signing in again.")
	}
	// What life tells somebody without a workspace is not known; this is the nearest.
	if who.accountID == "" {
		return person{}, notIncluded(who)
	}
	// Our own rule: life takes the token's account when the header is missing, but
	// a header that names another account is surely a mistake.
	if account := x.r.Header.Get("ChatGPT-Account-ID"); account != "" && account != who.accountID {
		return person{}, detail(http.StatusForbidden, "emulator: ChatGPT-Account-ID is not the account of the token")
	}
	return who, nil
}

// bearer returns the bearer token of the request, or "".
func bearer(r *http.Request) string {
	scheme, token, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	if !strings.EqualFold(scheme, "bearer") {
		return ""
	}
	return strings.TrimSpace(token)
}

// bearerError is the 401 about a token that was good once; it repeats the status
// in the body, as seen beside token_expired.
func bearerError(code, message string) *refusal {
	f := issuerError(code, message)
	f.api.Status = http.StatusUnauthorized
	return f
}
