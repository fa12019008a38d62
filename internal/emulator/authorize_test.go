package emulator

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/tidwall/gjson"
)

// The parameters of a test's sign-in.
const (
	testVerifier = "0123456789-0123456789_0123456789.0123456789~verifier"
	testRedirect = "http://localhost:1455/auth/callback"
)

// authorizeQuery is a sign-in address that breaks no rule. Changes are NAME=VALUE;
// an empty value removes the parameter.
func authorizeQuery(changes ...string) url.Values {
	query := url.Values{
		"response_type": {"code"}, "client_id": {knownClient}, "redirect_uri": {testRedirect},
		"scope": {defaultScope}, "code_challenge": {challenge(testVerifier)}, "code_challenge_method": {"S256"},
		"state": {"st4te"}, "id_token_add_organizations": {"true"}, "codex_cli_simplified_flow": {"true"},
	}
	for _, change := range changes {
		name, value, _ := strings.Cut(change, "=")
		if query.Set(name, value); value == "" {
			query.Del(name)
		}
	}
	return query
}

// authorize opens the sign-in page.
func (e *Emulator) authorize(t testing.TB, changes ...string) reply {
	t.Helper()
	return e.get(t, call{method: "GET", path: "/oauth/authorize?" + authorizeQuery(changes...).Encode()})
}

// back returns the parameters that the browser brings to the callback.
func back(t testing.TB, r reply) url.Values {
	t.Helper()
	location, err := url.Parse(r.header.Get("Location"))
	if r.status != 302 || err != nil {
		t.Fatalf("%d %s, want a redirect; %v", r.status, r.body, err)
	}
	return location.Query()
}

// trade sends a form to the token endpoint: a good one for the code, with changes
// as in authorizeQuery.
func (e *Emulator) trade(t testing.TB, code string, changes ...string) reply {
	t.Helper()
	form := url.Values{
		"grant_type": {"authorization_code"}, "client_id": {knownClient}, "redirect_uri": {testRedirect},
		"code": {code}, "code_verifier": {testVerifier},
	}
	for _, change := range changes {
		name, value, _ := strings.Cut(change, "=")
		if form.Set(name, value); value == "" {
			form.Del(name)
		}
	}
	return e.post(t, "/oauth/token", form.Encode())
}

// post sends a form.
func (e *Emulator) post(t testing.TB, path, form string) reply {
	t.Helper()
	return e.get(t, call{method: "POST", path: path, body: form, header: http.Header{"Content-Type": {"application/x-www-form-urlencoded"}}})
}

// code returns the code of an OAuth error, in either shape.
func (r reply) code() string {
	code := gjson.Get(r.body, "error")
	if code.IsObject() {
		code = code.Get("code")
	}
	return code.String()
}

func TestAuthorizeSendsTheBrowserBackWithACode(t *testing.T) {
	scope := defaultScope + " api.connectors.read"
	got := start(t, Config{}).authorize(t, "scope="+scope, "originator=whoever", "allowed_workspace_id=ws")
	query := back(t, got)
	if code := query.Get("code"); !strings.HasPrefix(code, "ac_") || len(code) < 40 {
		t.Errorf("code %q", code)
	}
	query.Del("code")
	if diff := cmp.Diff(url.Values{"scope": {scope}, "state": {"st4te"}}, query); diff != "" {
		t.Errorf("besides the code (-want +got):\n%s", diff)
	}
	if !strings.HasPrefix(got.header.Get("Location"), testRedirect+"?") {
		t.Errorf("Location %s", got.header.Get("Location"))
	}
}

func TestAuthorizeRefusals(t *testing.T) {
	e := start(t, Config{})
	t.Run("on a page", func(t *testing.T) {
		for _, change := range []string{
			"client_id=", "client_id=app_other", "redirect_uri=",
			"redirect_uri=http://127.0.0.1:1455/auth/callback", "redirect_uri=https://localhost:1455/auth/callback",
			"redirect_uri=http://localhost/auth/callback", "redirect_uri=http://localhost:1455/auth/callback/",
			"redirect_uri=http://localhost:1455/callback", "redirect_uri=http://localhost:1455/auth/callback?x=y",
			"redirect_uri=http://LOCALHOST:1455/auth/callback", "redirect_uri=http://localhost:01455/auth/callback",
			"redirect_uri=http://localhost:99999/auth/callback", "redirect_uri=http://localhost:0/auth/callback",
			"redirect_uri=http://me@localhost:1455/auth/callback", "redirect_uri=http://[::1]:1455/auth/callback",
			"redirect_uri=http://evil.example.com:1455/auth/callback", "redirect_uri=%",
		} {
			got := e.authorize(t, change)
			if got.status != 400 || got.header.Get("Location") != "" || !strings.HasPrefix(got.header.Get("Content-Type"), "text/html") || !strings.Contains(got.body, "error_code") {
				t.Errorf("%s: %d %v %s, want a page with 400", change, got.status, got.header, got.body)
			}
		}
		for _, query := range []string{authorizeQuery().Encode() + "&client_id=" + knownClient, authorizeQuery().Encode() + "&redirect_uri=http://localhost:1455/auth/callback", "%zz"} {
			if got := e.get(t, call{method: "GET", path: "/oauth/authorize?" + query}); got.status != 400 {
				t.Errorf("%s: %d, want 400", query, got.status)
			}
		}
	})
	t.Run("at the callback", func(t *testing.T) {
		for change, mention := range map[string]string{
			"response_type=":                     "response_type",
			"response_type=token":                "response_type",
			"code_challenge_method=plain":        "code_challenge_method",
			"code_challenge_method=":             "code_challenge_method",
			"code_challenge=":                    "code_challenge",
			"code_challenge=tooshort":            "code_challenge",
			"code_challenge=" + padded():         "code_challenge",
			"id_token_add_organizations=":        "id_token_add_organizations",
			"id_token_add_organizations=false":   "id_token_add_organizations",
			"codex_cli_simplified_flow=":         "codex_cli_simplified_flow",
			"scope=":                             "openid",
			"scope=openid profile email":         "offline_access",
			"scope=openid,profile,email,offline": "openid",
			"nonsense=1":                         `"nonsense"`,
		} {
			query := back(t, e.authorize(t, change))
			if query.Get("error") != "invalid_request" || !strings.Contains(query.Get("error_description"), mention) || query.Get("state") != "st4te" || query.Has("code") {
				t.Errorf("%s: %v, want an error about %s", change, query, mention)
			}
		}
		if query := back(t, e.authorize(t, "state=")); query.Get("error") != "invalid_request" || query.Has("state") {
			t.Errorf("without state: %v", query)
		}
		twice := e.get(t, call{method: "GET", path: "/oauth/authorize?" + authorizeQuery().Encode() + "&scope=openid"})
		if query := back(t, twice); query.Get("error") != "invalid_request" || !strings.Contains(query.Get("error_description"), "scope") {
			t.Errorf("scope twice: %v", query)
		}
	})
	if got := e.get(t, call{method: "POST", path: "/oauth/authorize"}); got.status != 405 {
		t.Errorf("POST: %d, want 405", got.status)
	}
}

// padded is a challenge with the padding that base64url here must not have.
func padded() string { return challenge(testVerifier) + "=" }

func TestAuthorizeScenes(t *testing.T) {
	for scene, want := range map[string]url.Values{
		"login-denied":         {"error": {"access_denied"}, "error_description": {"The sign-in was declined."}, "state": {"st4te"}},
		"login-no-entitlement": {"error": {"access_denied"}, "error_description": {"missing_codex_entitlement"}, "state": {"st4te"}},
		"login-no-code":        {"scope": {defaultScope}, "state": {"st4te"}},
	} {
		if diff := cmp.Diff(want, back(t, start(t, Config{Scene: named(t, scene)}).authorize(t))); diff != "" {
			t.Errorf("%s (-want +got):\n%s", scene, diff)
		}
	}
	e := start(t, Config{Scene: named(t, "login-wrong-state-once")})
	if got := back(t, e.authorize(t)); got.Get("state") == "st4te" || got.Get("state") == "" || got.Get("code") == "" {
		t.Errorf("wrong state: %v", got)
	}
	if got := back(t, e.authorize(t)); got.Get("state") != "st4te" {
		t.Errorf("after the wrong state: %v", got)
	}
	e = start(t, Config{Scene: named(t, "login-originator")})
	for originator, accepted := range map[string]bool{"": true, "codex_cli_rs": true, "codex_exec": true, "Codex Desktop": true, "pi": false, "codexctl": false} {
		got := e.authorize(t, "originator="+originator)
		if accepted && got.status != 302 || !accepted && (got.status != 400 || !strings.Contains(got.body, "missing_required_parameter")) {
			t.Errorf("originator %q: %d %s", originator, got.status, got.body)
		}
	}
	e = start(t, Config{Scene: Scene{Authorize: "x"}})
	if got := e.authorize(t); got.status != 500 {
		t.Errorf("invalid scene: %d, want 500", got.status)
	}
}
