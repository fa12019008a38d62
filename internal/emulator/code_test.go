package emulator

import (
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/tidwall/gjson"
)

func TestCodeBuysTokens(t *testing.T) {
	e := start(t, Config{})
	scope := defaultScope + " api.connectors.read"
	got := e.trade(t, back(t, e.authorize(t, "scope="+scope)).Get("code"))
	if got.status != 200 || got.header.Get("Cache-Control") != "no-store" {
		t.Fatalf("%d %s", got.status, got.body)
	}
	answer := gjson.Parse(got.body)
	if answer.Get("scope").String() != scope || answer.Get("expires_in").Int() != 864000 || answer.Get("token_type").String() != "bearer" {
		t.Errorf("answer %s", got.body)
	}
	access := answer.Get("access_token").String()
	if scopes := payload(t, access).Get("scp.#").Int(); scopes != 5 {
		t.Errorf("%d scopes in the access token, want 5", scopes)
	}
	auth := payload(t, answer.Get("id_token").String()).Get(`https://api\.openai\.com/auth`)
	if auth.Get("chatgpt_account_id").String() == "" || auth.Get("chatgpt_plan_type").String() != "plus" || auth.Get("organizations.#").Int() != 1 {
		t.Errorf("claims %s", auth.Raw)
	}
	if got := e.get(t, call{method: "GET", path: usagePath, bearer: access}); got.status != 200 {
		t.Errorf("backend: %d %s", got.status, got.body)
	}
	renewed := e.refresh(t, answer.Get("refresh_token").String())
	if renewed.status != 200 || gjson.Get(renewed.body, "scope").String() != scope {
		t.Errorf("renewal: %d %s", renewed.status, renewed.body)
	}
}

func TestCodeRefusals(t *testing.T) {
	clock := time.Date(2026, 11, 21, 8, 0, 0, 0, time.UTC)
	e := start(t, Config{Now: func() time.Time { return clock }})
	tests := []struct {
		name    string
		changes []string
		status  int
		code    string
	}{
		{"unknown", []string{"code=ac_x"}, 400, "invalid_grant"},
		{"no code", []string{"code="}, 400, "invalid_request"},
		{"no client", []string{"client_id="}, 400, "invalid_request"},
		{"other client", []string{"client_id=app_other"}, 401, "invalid_client"},
		{"no redirect", []string{"redirect_uri="}, 400, "invalid_request"},
		{"other redirect", []string{"redirect_uri=http://localhost:1457/auth/callback"}, 400, "token_exchange_user_error"},
		{"redirect in other bytes", []string{"redirect_uri=http://localhost:1455/auth/callback/"}, 400, "token_exchange_user_error"},
		{"no verifier", []string{"code_verifier="}, 400, "invalid_request"},
		{"short verifier", []string{"code_verifier=" + strings.Repeat("a", 42)}, 400, "invalid_request"},
		{"long verifier", []string{"code_verifier=" + strings.Repeat("a", 129)}, 400, "invalid_request"},
		{"verifier of other characters", []string{"code_verifier=" + strings.Repeat("a+", 30)}, 400, "invalid_request"},
		{"other verifier", []string{"code_verifier=" + strings.Repeat("a", 43)}, 400, "invalid_grant"},
		{"challenge as verifier", []string{"code_verifier=" + challenge(testVerifier)}, 400, "invalid_grant"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			code := back(t, e.authorize(t)).Get("code")
			if got := e.trade(t, code, tt.changes...); got.status != tt.status || got.code() != tt.code {
				t.Errorf("%d %s, want %d %s", got.status, got.body, tt.status, tt.code)
			}
			if got := e.trade(t, code); got.status != 200 {
				t.Errorf("the code is dead afterwards: %d %s", got.status, got.body)
			}
		})
	}
	t.Run("JSON", func(t *testing.T) {
		body := encode(map[string]string{"grant_type": "authorization_code", "client_id": knownClient, "redirect_uri": testRedirect,
			"code": back(t, e.authorize(t)).Get("code"), "code_verifier": testVerifier})
		if got := e.get(t, call{method: "POST", path: "/oauth/token", body: string(body)}); got.status != 400 || got.code() != "invalid_request" {
			t.Errorf("%d %s", got.status, got.body)
		}
	})
	t.Run("a parameter twice", func(t *testing.T) {
		if got := e.post(t, "/oauth/token", "grant_type=authorization_code&code=a&code=b"); got.status != 400 || got.code() != "invalid_request" {
			t.Errorf("%d %s", got.status, got.body)
		}
	})
	t.Run("expiry", func(t *testing.T) {
		first, second := back(t, e.authorize(t)).Get("code"), back(t, e.authorize(t)).Get("code")
		clock = clock.Add(10*time.Minute - time.Second)
		if got := e.trade(t, first); got.status != 200 {
			t.Errorf("a second before the end: %d %s", got.status, got.body)
		}
		clock = clock.Add(time.Second)
		if got := e.trade(t, second); got.status != 400 || got.code() != "invalid_grant" || !strings.Contains(got.body, "expired") {
			t.Errorf("at the end: %d %s", got.status, got.body)
		}
	})
}

func TestSecondUseOfACodeEndsTheSession(t *testing.T) {
	e := start(t, Config{})
	code := back(t, e.authorize(t)).Get("code")
	first := e.trade(t, code)
	if got := e.trade(t, code); got.status != 400 || got.code() != "invalid_grant" {
		t.Errorf("second use: %d %s", got.status, got.body)
	}
	if got := e.refresh(t, gjson.Get(first.body, "refresh_token").String()); got.code() != "refresh_token_invalidated" {
		t.Errorf("renewal after the second use: %d %s", got.status, got.body)
	}
}

func TestCodeRaceHasOneWinner(t *testing.T) {
	e := start(t, Config{})
	code := back(t, e.authorize(t)).Get("code")
	var won atomic.Int32
	var wg sync.WaitGroup
	for range 20 {
		wg.Go(func() {
			if e.trade(t, code).status == 200 {
				won.Add(1)
			}
		})
	}
	wg.Wait()
	if won.Load() != 1 {
		t.Errorf("%d won, want 1", won.Load())
	}
}

func TestPortsOfTheClient(t *testing.T) {
	const odd = "redirect_uri=http://localhost:8765/auth/callback"
	tests := []struct {
		name, client, redirect, scene string
		status                        int
	}{
		{"second port", knownClient, "redirect_uri=http://localhost:1457/auth/callback", "default", 200},
		{"other port", knownClient, odd, "default", 403},
		{"other port by scene", knownClient, odd, "login-any-port", 200},
		{"other port of another client", "test-client", odd, "default", 200},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			e := start(t, Config{ClientID: tt.client, Scene: named(t, tt.scene)})
			code := back(t, e.authorize(t, tt.redirect, "client_id="+tt.client)).Get("code")
			if got := e.trade(t, code, tt.redirect, "client_id="+tt.client); got.status != tt.status {
				t.Errorf("%d %s, want %d", got.status, got.body, tt.status)
			}
		})
	}
}

func TestExchangeScenes(t *testing.T) {
	fields := []string{"access_token", "id_token", "refresh_token"}
	tests := []struct {
		scene  string
		status int
		has    []string
		alive  bool // the code, afterwards
	}{
		{"exchange-server-error", 500, nil, true},
		{"exchange-server-error-once", 500, nil, true},
		{"exchange-invalid-grant", 400, nil, true},
		{"exchange-rate-limited", 429, nil, true},
		{"exchange-html", 503, nil, true},
		{"exchange-garbage", 200, []string{}, true},
		{"exchange-no-id-token", 200, []string{"access_token", "refresh_token"}, false},
		{"exchange-no-refresh-token", 200, []string{"access_token", "id_token"}, false},
		{"exchange-lost", 0, nil, false},
		{"token-server-error", 200, fields, false}, // is about renewal
	}
	for _, tt := range tests {
		t.Run(tt.scene, func(t *testing.T) {
			e := start(t, Config{Scene: named(t, tt.scene)})
			code := back(t, e.authorize(t)).Get("code")
			got := e.trade(t, code)
			if got.status != tt.status {
				t.Fatalf("%d %s %v, want %d", got.status, got.body, got.err, tt.status)
			}
			for _, field := range fields {
				has := gjson.Valid(got.body) && gjson.Get(got.body, field).Exists()
				if tt.has != nil && has != slices.Contains(tt.has, field) {
					t.Errorf("%s present: %v; %s", field, has, got.body)
				}
			}
			if tt.scene == "exchange-server-error-once" {
				if got := e.trade(t, code); got.status != 200 {
					t.Errorf("second try: %d %s", got.status, got.body)
				}
				return
			}
			if err := e.SetScene(Scene{}); err != nil {
				t.Fatal(err)
			}
			if alive := e.trade(t, code).status == 200; alive != tt.alive {
				t.Errorf("the code is alive: %v, want %v", alive, tt.alive)
			}
		})
	}
}

func TestWhoSignsIn(t *testing.T) {
	for scene, want := range map[string]struct {
		account bool
		status  int // of the backend
	}{"login-free-plan": {true, 200}, "login-no-account": {false, 429}} {
		e := start(t, Config{Scene: named(t, scene)})
		got := e.trade(t, back(t, e.authorize(t)).Get("code"))
		for _, field := range []string{"id_token", "access_token"} {
			auth := payload(t, gjson.Get(got.body, field).String()).Get(`https://api\.openai\.com/auth`)
			if auth.Get("chatgpt_plan_type").String() != "free" || auth.Get("chatgpt_account_id").Exists() != want.account || auth.Get("chatgpt_user_id").String() == "" {
				t.Errorf("%s: claims of %s %s", scene, field, auth.Raw)
			}
		}
		if got := e.get(t, call{method: "GET", path: usagePath, bearer: gjson.Get(got.body, "access_token").String()}); got.status != want.status {
			t.Errorf("%s: the backend answers %d %s, want %d", scene, got.status, got.body, want.status)
		}
	}
}
