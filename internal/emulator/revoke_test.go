package emulator

import (
	"strings"
	"testing"

	"github.com/tidwall/gjson"
)

func TestRevokeRefusals(t *testing.T) {
	e := start(t, Config{})
	login := e.Login(LoginOptions{})
	for body, want := range map[string]string{
		`{"token":"` + login.RefreshToken + `","token_type_hint":"id_token"}`:                                 "unsupported_token_type",
		`{"token":"` + login.RefreshToken + `","token_type_hint":"refresh_token"}`:                            "invalid_request",
		`{"token":"` + login.RefreshToken + `","token_type_hint":"refresh_token","client_id":"app_other"}`:    "invalid_client",
		`{"token":"","token_type_hint":"refresh_token","client_id":"` + knownClient + `"}`:                    "invalid_request",
		`{"token":5,"token_type_hint":"refresh_token","client_id":"` + knownClient + `","grant_type":"none"}`: "invalid_request",
	} {
		if got := e.get(t, call{method: "POST", path: "/oauth/revoke", body: body}); got.status/100 != 4 || got.code() != want {
			t.Errorf("%s: %d %s, want %s", body, got.status, got.body, want)
		}
	}
	if got := e.refresh(t, login.RefreshToken); got.status != 200 {
		t.Errorf("a refused revocation revoked: %d %s", got.status, got.body)
	}
}

func TestRevokeScenes(t *testing.T) {
	for scene, want := range map[string]int{"revoke-server-error": 500, "revoke-html": 503} {
		e := start(t, Config{Scene: named(t, scene)})
		login := e.Login(LoginOptions{})
		body := `{"token":"` + login.RefreshToken + `","token_type_hint":"refresh_token","client_id":"` + knownClient + `"}`
		if got := e.get(t, call{method: "POST", path: "/oauth/revoke", body: body}); got.status != want {
			t.Errorf("%s: %d %s, want %d", scene, got.status, got.body, want)
		}
		if got := e.refresh(t, login.RefreshToken); got.status != 200 {
			t.Errorf("%s: revoked all the same: %d %s", scene, got.status, got.body)
		}
	}
}

func TestRevokeFromOutsideEndsTheFamily(t *testing.T) {
	e := start(t, Config{})
	first := e.Login(LoginOptions{})
	second := e.refresh(t, first.RefreshToken)
	if !e.Revoke(first.RefreshToken) || e.Revoke("unknown") {
		t.Error("Revoke does not say whether the token was known")
	}
	if got := e.refresh(t, gjson.Get(second.body, "refresh_token").String()); got.status != 401 || got.code() != "refresh_token_invalidated" {
		t.Errorf("renewal: %d %s", got.status, got.body)
	}
	for _, token := range []string{first.AccessToken, gjson.Get(second.body, "access_token").String()} {
		if got := e.get(t, call{method: "GET", path: usagePath, bearer: token}); got.status != 401 || got.code() != "token_revoked" {
			t.Errorf("backend: %d %s", got.status, got.body)
		}
	}
	other := e.Login(LoginOptions{})
	if !e.Revoke(other.AccessToken) || e.refresh(t, other.RefreshToken).status != 401 {
		t.Error("revoking an access token left its sign-in alive")
	}
}

func TestJournalOfASignIn(t *testing.T) {
	e := start(t, Config{Scene: named(t, "device-at-once")})
	code := back(t, e.authorize(t)).Get("code")
	e.trade(t, code)
	id, userCode := e.waitingDevice(t)
	polled := e.pollDevice(t, id, userCode)
	e.tradeDevice(t, polled)
	e.post(t, devicePagePath, "user_code="+userCode+"&action=approve")

	text := string(encode(e.Journal()))
	for _, secret := range []string{
		code, testVerifier, id, "st4te",
		gjson.Get(polled.body, "authorization_code").String(), gjson.Get(polled.body, "code_verifier").String(),
	} {
		if secret == "" || strings.Contains(text, secret) {
			t.Errorf("the journal holds %q: %s", secret, text)
		}
	}
	for _, kept := range []string{challenge(testVerifier), userCode, testRedirect} {
		if !strings.Contains(text, kept) && !strings.Contains(text, strings.NewReplacer(":", "%3A", "/", "%2F").Replace(kept)) {
			t.Errorf("the journal lacks %q: %s", kept, text)
		}
	}
}
