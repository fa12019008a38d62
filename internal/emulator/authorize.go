package emulator

import (
	"fmt"
	"html"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
)

// serveAuthorize answers GET /oauth/authorize as if somebody had signed in and
// agreed at once: it sends the browser to the client's callback, with a code or
// with an error. A request whose client or redirect is not known gets a page
// instead (RFC 6749, section 4.1.2.1).
func (x *exchange) serveAuthorize() {
	query, err := url.ParseQuery(x.r.URL.RawQuery)
	if err != nil {
		signInError("invalid_request", "The address cannot be read.").write(x.w)
		return
	}
	if refused := x.checkClient(query); refused != nil {
		refused.write(x.w)
		return
	}
	stage, refused := x.stage()
	if refused != nil {
		refused.write(x.w)
		return
	}
	scene := stage.take(endpointAuthorize)
	state := query.Get("state")
	if problem := authorizeProblem(query); problem != "" {
		x.callBack(query, url.Values{"error": {"invalid_request"}, "error_description": {problem}, "state": {state}})
		return
	}
	switch scene.Authorize {
	case AuthorizeOriginator:
		if originator := query.Get("originator"); originator != "" && !knownOriginator(originator) {
			signInError("missing_required_parameter", "A parameter is missing.").write(x.w)
			return
		}
	case AuthorizeDenied:
		x.callBack(query, url.Values{"error": {"access_denied"}, "error_description": {"The sign-in was declined."}, "state": {state}})
		return
	case AuthorizeNoEntitlement:
		x.callBack(query, url.Values{"error": {"access_denied"}, "error_description": {"missing_codex_entitlement"}, "state": {state}})
		return
	case AuthorizeNoCode:
		x.callBack(query, url.Values{"scope": {query.Get("scope")}, "state": {state}})
		return
	case AuthorizeWrongState:
		state = randomString(x.rng, 43)
	}
	granted := x.issuer.newCode(code{
		redirect:  query.Get("redirect_uri"),
		challenge: query.Get("code_challenge"),
		scope:     query.Get("scope"),
		expires:   x.now.Add(codeLifetime),
	})
	x.callBack(query, url.Values{"code": {granted}, "scope": {query.Get("scope")}, "state": {state}})
}

// callBack sends the browser to the client. An empty state is left out.
func (x *exchange) callBack(query, answer url.Values) {
	if answer.Get("state") == "" {
		answer.Del("state")
	}
	x.w.Header().Set("Location", query.Get("redirect_uri")+"?"+answer.Encode())
	x.w.Header().Set("Cache-Control", "no-store")
	x.w.WriteHeader(http.StatusFound)
}

// checkClient refuses a client that is not known and a redirect that cannot be
// its. The port is not looked at: the page is lenient, as reported, and the token
// endpoint is not.
func (x *exchange) checkClient(query url.Values) *refusal {
	if ids := query["client_id"]; len(ids) != 1 || ids[0] != x.config.ClientID {
		return signInError("invalid_client", "The client_id is missing or not known.")
	}
	if redirects := query["redirect_uri"]; len(redirects) == 1 {
		if _, ok := callbackPort(redirects[0]); ok {
			return nil
		}
	}
	return signInError("authorize_hydra_invalid_request", "The redirect_uri must be http://localhost:PORT/auth/callback.")
}

// authorizeProblem says what is wrong with a request that has a good client and
// redirect, or "".
//
// It is stricter than life in four ways: parameters that nobody knows are refused,
// which finds a misspelt one; all four scopes are required; so is a state; and so
// are id_token_add_organizations and codex_cli_simplified_flow, without which the
// issuer's ID token may lack the account.
func authorizeProblem(query url.Values) string {
	for _, name := range slices.Sorted(maps.Keys(query)) {
		if !slices.Contains([]string{
			"response_type", "client_id", "redirect_uri", "scope", "code_challenge", "code_challenge_method", "state",
			"id_token_add_organizations", "codex_cli_simplified_flow", "originator", "allowed_workspace_id",
		}, name) {
			return fmt.Sprintf("The parameter %q is not known.", name)
		}
		if len(query[name]) > 1 {
			return fmt.Sprintf("The parameter %s is given more than once.", name)
		}
	}
	for _, fixed := range []struct{ name, value string }{
		{"response_type", "code"}, {"code_challenge_method", "S256"},
		{"id_token_add_organizations", "true"}, {"codex_cli_simplified_flow", "true"},
	} {
		if query.Get(fixed.name) != fixed.value {
			return fmt.Sprintf("The parameter %s must be %s.", fixed.name, fixed.value)
		}
	}
	scopes := strings.Split(query.Get("scope"), " ")
	for required := range strings.FieldsSeq(defaultScope) {
		if !slices.Contains(scopes, required) {
			return fmt.Sprintf("The scope lacks %s.", required)
		}
	}
	if !challengeShaped(query.Get("code_challenge")) {
		return "The code_challenge must be a SHA-256 in base64url: 43 characters."
	}
	if query.Get("state") == "" {
		return "The state parameter is missing."
	}
	return ""
}

// knownOriginator reports whether the issuer's list holds the originator.
//
// Source: reports of 2026-05-31 and 2026-06-02; the list is longer in life.
func knownOriginator(originator string) bool {
	return slices.Contains([]string{"codex_cli_rs", "codex_exec", "codex-tui", "codex_vscode", "codex_sdk_ts"}, originator) ||
		strings.HasPrefix(originator, "Codex")
}

// signInError is the page on which a sign-in ends that cannot go back to its
// client. In life it is a redirect to another page of the issuer, as reported.
func signInError(code, description string) *refusal {
	f := page(http.StatusBadRequest, signInPage("Authentication error", "<p>"+html.EscapeString(description)+"</p>\n<p>error_code: "+html.EscapeString(code)+"</p>"))
	f.header.Set("Cache-Control", "no-store")
	return f
}

// signInPage is a page of the issuer. The title and the content are HTML.
func signInPage(title, content string) string {
	return "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><title>" + title + " — emulator</title></head>\n" +
		"<body><h1>" + title + "</h1>\n" + content + "\n</body></html>\n"
}
