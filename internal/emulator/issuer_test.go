package emulator

import (
	"encoding/base64"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/tidwall/gjson"
)

const knownClient = "app_EMoamEEZ73f0CkXaXp7hrann"

// refresh renews by JSON.
func (e *Emulator) refresh(t testing.TB, token string) reply {
	t.Helper()
	return e.get(t, call{method: "POST", path: "/oauth/token", body: `{"client_id":"` + knownClient + `","grant_type":"refresh_token","refresh_token":"` + token + `"}`})
}

// payload decodes the claims of a JWT.
func payload(t testing.TB, jwt string) gjson.Result {
	t.Helper()
	parts := strings.Split(jwt, ".")
	if len(parts) != 3 || parts[2] == "" {
		t.Fatalf("%q has no three parts", jwt)
	}
	header, err := base64.RawURLEncoding.DecodeString(parts[0])
	if err != nil || gjson.GetBytes(header, "alg").String() != "none" {
		t.Fatalf("header %s, %v", header, err)
	}
	claims, err := base64.RawURLEncoding.DecodeString(parts[1])
	if err != nil || !gjson.ValidBytes(claims) {
		t.Fatalf("payload %s, %v", claims, err)
	}
	return gjson.ParseBytes(claims)
}

func TestRefreshRotatesAndIsSingleUse(t *testing.T) {
	e := start(t, Config{})
	first := e.Login(LoginOptions{})
	got := e.refresh(t, first.RefreshToken)
	if got.status != 200 {
		t.Fatalf("status %d: %s", got.status, got.body)
	}
	second := gjson.Get(got.body, "refresh_token").String()
	access := gjson.Get(got.body, "access_token").String()
	if second == "" || second == first.RefreshToken || access == first.AccessToken {
		t.Error("the tokens did not rotate")
	}
	var keys []string
	gjson.Parse(got.body).ForEach(func(key, _ gjson.Result) bool { keys = append(keys, key.String()); return true })
	if diff := cmp.Diff([]string{"access_token", "expires_in", "id_token", "refresh_token", "scope", "token_type"}, keys); diff != "" {
		t.Errorf("fields (-want +got):\n%s", diff)
	}
	if seconds := gjson.Get(got.body, "expires_in").Int(); seconds != 864000 {
		t.Errorf("expires_in = %d, want 864000", seconds)
	}

	again := e.refresh(t, first.RefreshToken)
	want := `{"error":{"message":"The refresh token has been used before; sign in again.","type":"invalid_request_error","param":null,"code":"refresh_token_reused"}}`
	if again.status != 401 || again.body != want {
		t.Errorf("reuse: %d %s", again.status, again.body)
	}
	if got := e.get(t, call{method: "GET", path: usagePath, bearer: access}); got.status != 200 {
		t.Errorf("new access token: %d", got.status)
	}
	if got := e.refresh(t, second); got.status != 200 {
		t.Errorf("new refresh token: %d", got.status)
	}
}

func TestRefreshRaceHasOneWinner(t *testing.T) {
	e := start(t, Config{})
	login := e.Login(LoginOptions{})
	var won, lost atomic.Int32
	var wg sync.WaitGroup
	for range 50 {
		wg.Go(func() {
			switch got := e.refresh(t, login.RefreshToken); {
			case got.status == 200:
				won.Add(1)
			case strings.Contains(got.body, "refresh_token_reused"):
				lost.Add(1)
			}
		})
	}
	wg.Wait()
	if won.Load() != 1 || lost.Load() != 49 {
		t.Errorf("%d won and %d lost, want 1 and 49", won.Load(), lost.Load())
	}
}

func TestRefreshRefusals(t *testing.T) {
	form := http.Header{"Content-Type": {"application/x-www-form-urlencoded"}}
	ask := func(client, grant, token string) string {
		return url.Values{"client_id": {client}, "grant_type": {grant}, "refresh_token": {token}}.Encode()
	}
	e := start(t, Config{})
	tests := []struct {
		name, body string
		header     http.Header
		status     int
		code       string // error.code, or the string error
	}{
		{"expired", ask(knownClient, "refresh_token", e.Login(LoginOptions{Refresh: RefreshExpired}).RefreshToken), form, 401, "refresh_token_expired"},
		{"invalidated", ask(knownClient, "refresh_token", e.Login(LoginOptions{Refresh: RefreshInvalidated}).RefreshToken), form, 401, "refresh_token_invalidated"},
		{"used", ask(knownClient, "refresh_token", e.Login(LoginOptions{Refresh: RefreshUsed}).RefreshToken), form, 401, "refresh_token_reused"},
		{"unknown", ask(knownClient, "refresh_token", "rt_x"), form, 400, "invalid_grant"},
		{"empty", ask(knownClient, "refresh_token", ""), form, 400, "invalid_request"},
		{"other client", ask("app_other", "refresh_token", e.Login(LoginOptions{}).RefreshToken), form, 401, "invalid_client"},
		{"other grant", ask(knownClient, "password", "x"), form, 400, "unsupported_grant_type"},
		{"no grant", ask(knownClient, "", "x"), form, 400, "invalid_request"},
		{"broken form", "%zz", form, 400, "invalid_request"},
		{"broken JSON", "{", nil, 400, "invalid_request"},
		{"JSON of other types", `{"grant_type":1}`, nil, 400, "invalid_request"},
		{"other type", "x", http.Header{"Content-Type": {"text/plain"}}, 400, "invalid_request"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got := e.get(t, call{method: "POST", path: "/oauth/token", body: tt.body, header: tt.header})
			code := gjson.Get(got.body, "error")
			if code.IsObject() {
				code = code.Get("code")
			}
			if got.status != tt.status || code.String() != tt.code {
				t.Errorf("%d %s, want %d %s", got.status, got.body, tt.status, tt.code)
			}
		})
	}
	t.Run("form", func(t *testing.T) {
		got := e.get(t, call{method: "POST", path: "/oauth/token", header: form, body: ask(knownClient, "refresh_token", e.Login(LoginOptions{}).RefreshToken)})
		if got.status != 200 {
			t.Errorf("%d %s", got.status, got.body)
		}
	})
}

func TestTokenScenes(t *testing.T) {
	tests := []struct {
		scene  string
		status int
		is     func(r reply, before Login) bool
		used   bool // the old refresh token is dead afterwards
	}{
		{"token-no-id-token", 200, func(r reply, _ Login) bool {
			return !gjson.Get(r.body, "id_token").Exists() && gjson.Get(r.body, "access_token").Exists()
		}, true},
		{"token-no-refresh-token", 200, func(r reply, _ Login) bool { return !gjson.Get(r.body, "refresh_token").Exists() }, true},
		{"token-server-error", 500, func(r reply, _ Login) bool { return gjson.Valid(r.body) }, false},
		{"token-server-error-once", 500, func(r reply, _ Login) bool { return gjson.Valid(r.body) }, false},
		{"token-invalid-grant", 400, func(r reply, _ Login) bool { return gjson.Get(r.body, "error").String() == "invalid_grant" }, false},
		{"token-expired", 401, func(r reply, _ Login) bool {
			return gjson.Get(r.body, "error.code").String() == "refresh_token_expired"
		}, false},
		{"token-invalidated", 401, func(r reply, _ Login) bool {
			return gjson.Get(r.body, "error.code").String() == "refresh_token_invalidated"
		}, false},
		{"token-reused", 401, func(r reply, _ Login) bool { return gjson.Get(r.body, "error.code").String() == "refresh_token_reused" }, false},
		{"token-rate-limited", 429, func(r reply, _ Login) bool { return r.header.Get("Retry-After") != "" }, false},
		{"token-html", 503, func(r reply, _ Login) bool { return strings.HasPrefix(r.body, "<html>") }, false},
		{"token-garbage", 200, func(r reply, _ Login) bool { return !gjson.Valid(r.body) }, false},
		{"token-lost", 0, func(r reply, _ Login) bool { return r.err != nil }, true},
		{"token-other-account", 200, func(r reply, before Login) bool {
			account := payload(t, gjson.Get(r.body, "id_token").String()).Get(`https://api\.openai\.com/auth.chatgpt_account_id`).String()
			return account != "" && account != before.AccountID
		}, true},
	}
	for _, tt := range tests {
		t.Run(tt.scene, func(t *testing.T) {
			e := start(t, Config{Scene: named(t, tt.scene)})
			login := e.Login(LoginOptions{})
			got := e.refresh(t, login.RefreshToken)
			if got.status != tt.status || !tt.is(got, login) {
				t.Errorf("%d %s %v", got.status, got.body, got.err)
			}
			if err := e.SetScene(Scene{}); err != nil {
				t.Fatal(err)
			}
			if used := e.refresh(t, login.RefreshToken).status != 200; used != tt.used {
				t.Errorf("old refresh token used up: %v, want %v", used, tt.used)
			}
		})
	}
	t.Run("token-slow", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			e := start(t, Config{Scene: named(t, "token-slow"), Now: time.Now})
			began := time.Now()
			if got := e.refresh(t, e.Login(LoginOptions{}).RefreshToken); got.status != 200 || time.Since(began) != 3*time.Second {
				t.Errorf("%d after %v, want 200 after 3s", got.status, time.Since(began))
			}
		})
	})
}

func TestClaims(t *testing.T) {
	e := start(t, Config{})
	login := e.Login(LoginOptions{Plan: "pro"})
	for name, jwt := range map[string]string{"access": login.AccessToken, "identity": login.IDToken} {
		c := payload(t, jwt)
		auth := c.Get(`https://api\.openai\.com/auth`)
		got := []string{c.Get("iss").String(), c.Get(`https://api\.openai\.com/profile.email`).String(), auth.Get("chatgpt_account_id").String(),
			auth.Get("chatgpt_user_id").String(), auth.Get("user_id").String(), auth.Get("chatgpt_plan_type").String()}
		want := []string{"http://127.0.0.1:8099", "user@example.com", login.AccountID, login.UserID, login.UserID, "pro"}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
		if c.Get("exp").Int() != login.ExpiresAt.Unix() || !c.Get("aud").IsArray() || c.Get("jti").String() == "" || c.Get("sid").String() == "" || c.Get("sub").String() == "" {
			t.Errorf("%s: %s", name, c.Raw)
		}
	}
	if got := payload(t, login.IDToken).Get("email").String(); got != login.Email {
		t.Errorf("ID token's email %q, want %q", got, login.Email)
	}
}

func TestBearer(t *testing.T) {
	clock := time.Date(2026, 11, 21, 8, 0, 0, 0, time.UTC)
	e := start(t, Config{Now: func() time.Time { return clock }})
	login := e.Login(LoginOptions{Lifetime: time.Hour})
	get := func(bearer string, header http.Header) reply {
		return e.get(t, call{method: "GET", path: usagePath, bearer: bearer, header: header})
	}
	if got := get("", nil); got.status != 401 || gjson.Get(got.body, "detail").String() != "Unauthorized" {
		t.Errorf("no bearer: %d %s", got.status, got.body)
	}
	const unknown = "Could not parse your authentication token. Please try signing in again."
	for _, header := range []http.Header{{"Authorization": {"Bearer nobody"}}, {"Authorization": {"Basic eDp5"}}, {"Authorization": {"Bearer"}}} {
		if got := get("", header); got.status != 401 || gjson.Get(got.body, "detail").String() != unknown {
			t.Errorf("%v: %d %s", header, got.status, got.body)
		}
	}
	expired := e.Login(LoginOptions{Expired: true})
	if got := get(expired.AccessToken, nil); got.status != 401 || gjson.Get(got.body, "error.code").String() != "token_expired" {
		t.Errorf("expired: %d %s", got.status, got.body)
	}
	if got := get(login.AccessToken, http.Header{"Chatgpt-Account-Id": {login.AccountID}}); got.status != 200 {
		t.Errorf("own account: %d %s", got.status, got.body)
	}
	if got := get(login.AccessToken, http.Header{"Chatgpt-Account-Id": {"other"}}); got.status != 403 {
		t.Errorf("other account: %d %s", got.status, got.body)
	}
	clock = clock.Add(time.Hour - time.Second)
	if got := get(login.AccessToken, nil); got.status != 200 {
		t.Errorf("a second before the end: %d", got.status)
	}
	clock = clock.Add(time.Second)
	if got := get(login.AccessToken, nil); got.status != 401 {
		t.Errorf("at the end: %d", got.status)
	}
}

func TestRevokeEndsTheWholeSession(t *testing.T) {
	e := start(t, Config{})
	login := e.Login(LoginOptions{})
	revoke := func(body string) reply {
		return e.get(t, call{method: "POST", path: "/oauth/revoke", body: body})
	}
	if got := revoke(`{"token":"` + login.RefreshToken + `","token_type_hint":"refresh_token","client_id":"` + knownClient + `"}`); got.status != 200 {
		t.Fatalf("revoke: %d %s", got.status, got.body)
	}
	if got := e.refresh(t, login.RefreshToken); !strings.Contains(got.body, "refresh_token_invalidated") {
		t.Errorf("refresh: %d %s", got.status, got.body)
	}
	if got := e.get(t, call{method: "GET", path: usagePath, bearer: login.AccessToken}); got.status != 401 || !strings.Contains(got.body, "token_revoked") {
		t.Errorf("access: %d %s", got.status, got.body)
	}
	other := e.Login(LoginOptions{})
	if got := revoke(`{"token":"` + other.AccessToken + `","token_type_hint":"access_token"}`); got.status != 200 {
		t.Errorf("revoke access: %d", got.status)
	}
	if got := e.refresh(t, other.RefreshToken); got.status != 401 {
		t.Errorf("refresh after access was revoked: %d", got.status)
	}
	if got := revoke(`{"token":"unknown"}`); got.status != 200 {
		t.Errorf("unknown token: %d", got.status)
	}
	if got := revoke(`{}`); got.status != 400 {
		t.Errorf("no token: %d", got.status)
	}
	if got := revoke(`{"token":"x","client_id":"other"}`); got.status != 401 {
		t.Errorf("other client: %d", got.status)
	}
	if got := revoke(`{`); got.status != 400 {
		t.Errorf("broken: %d", got.status)
	}
}

func TestSameSeedSameBytes(t *testing.T) {
	run := func(seed uint64) string {
		e := start(t, Config{Seed: seed})
		return e.Login(LoginOptions{}).RefreshToken + e.ask(t, prompt(t, "")).body
	}
	first, second := run(7), run(7)
	if first != second {
		t.Error("two runs with one seed differ")
	}
	if first == run(8) {
		t.Error("two seeds give the same run")
	}
	if got := New(Config{Seed: 7}).Seed(); got != 7 {
		t.Errorf("Seed() = %d", got)
	}
}
