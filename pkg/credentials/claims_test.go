package credentials

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/tidwall/gjson"
)

func TestDecodeClaims(t *testing.T) {
	const full = `{"email":"top@example.com","iss":"https://auth.openai.com","aud":["a","b"],"sub":"auth0|1","sid":"sess","scp":["openid","email"],
		"exp":1788000000,"iat":1787000000.5,
		"https://api.openai.com/profile":{"email":"profile@example.com"},
		"https://api.openai.com/auth":{"chatgpt_account_id":"acc","chatgpt_user_id":"user-1","user_id":"user-2","chatgpt_plan_type":"pro",
			"chatgpt_account_is_fedramp":true,"chatgpt_data_residency":"eu","chatgpt_compute_residency":"us",
			"chatgpt_subscription_active_start":"2026-01-02T03:04:05+00:00","chatgpt_subscription_active_until":"2026-02-02T03:04:05Z",
			"organizations":[{"id":"org-1","title":"Mine","role":"owner","is_default":true},7]}}`
	tests := []struct {
		name    string
		payload string
		want    Claims
	}{
		{"row 1: every claim", full, Claims{
			Email: "top@example.com", AccountID: "acc", UserID: "user-1", Plan: "pro",
			Issuer: "https://auth.openai.com", Audience: []string{"a", "b"}, Subject: "auth0|1", SessionID: "sess",
			Scopes:    []string{"openid", "email"},
			ExpiresAt: time.Unix(1788000000, 0).UTC(), IssuedAt: time.Unix(1787000000, 5e8).UTC(),
			Organizations: []Organization{{"org-1", "Mine", "owner", true}}, FedRAMP: true, Residency: "eu",
			SubscriptionStart: time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC), SubscriptionUntil: time.Date(2026, 2, 2, 3, 4, 5, 0, time.UTC),
		}},
		{"email from the profile", `{"https://api.openai.com/profile":{"email":"p@example.com"}}`, Claims{Email: "p@example.com"}},
		{"audience as a text, scopes as one", `{"aud":"one","scope":"a b"}`, Claims{Audience: []string{"one"}, Scopes: []string{"a", "b"}}},
		{"user id without the longer name", `{"https://api.openai.com/auth":{"user_id":"user-2"}}`, Claims{UserID: "user-2"}},
		{"no constraint is no residency", `{"https://api.openai.com/auth":{"chatgpt_data_residency":"no_constraint","chatgpt_compute_residency":"us"}}`, Claims{}},
		{"compute residency counts if alone", `{"https://api.openai.com/auth":{"chatgpt_compute_residency":"us"}}`, Claims{Residency: "us"}},
		{"wrong types are absent", `{"email":1,"exp":"soon","aud":{},"https://api.openai.com/auth":[]}`, Claims{}},
		{"account at the top", `{"chatgpt_account_id":"top"}`, Claims{AccountID: "top"}},
		{"exp in milliseconds is no time", `{"exp":1788000000000}`, Claims{}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := DecodeClaims(NewSecret(jwt(tt.payload)))
			if err != nil {
				t.Fatalf("DecodeClaims error = %v, want none", err)
			}
			tt.want.Raw = json.RawMessage(tt.payload)
			diff(t, "claims", tt.want, got)
		})
	}
}

func TestDecodeClaimsAcceptsPadding(t *testing.T) {
	padded := "h." + base64.URLEncoding.EncodeToString([]byte(`{"sub":"padded"}`)) + ".s"
	if !strings.Contains(padded, "=") {
		t.Fatalf("test token %q has no padding", padded)
	}
	got, err := DecodeClaims(NewSecret(padded))
	if err != nil || got.Subject != "padded" {
		t.Errorf("DecodeClaims = %q, %v, want padded, nil", got.Subject, err)
	}
}

func TestDecodeClaimsRefuses(t *testing.T) {
	for name, token := range map[string]string{
		"row 2: empty":            "",
		"row 2: no dots":          "opaque",
		"row 2: two parts":        "a.b",
		"five parts":              "a.b.c.d.e",
		"an empty part":           "a..c",
		"an empty signature":      "a.e30.",
		"not base64url":           "a.!!.c",
		"not JSON":                "a." + base64.RawURLEncoding.EncodeToString([]byte("x")) + ".c",
		"not an object":           "a." + base64.RawURLEncoding.EncodeToString([]byte("[1]")) + ".c",
		"longer than any token":   "a." + strings.Repeat("A", maxToken) + ".c",
		"personal access token":   "at-abcdef",
		"JSON with more after it": "a." + base64.RawURLEncoding.EncodeToString([]byte("{}{}")) + ".c",
	} {
		if _, err := DecodeClaims(NewSecret(token)); !errors.Is(err, ErrNotJWT) {
			t.Errorf("%s: error = %v, want %v", name, err, ErrNotJWT)
		}
	}
}

func TestClaimPathFindsKeysWithDots(t *testing.T) {
	const document = `{"a.b":{"c*?|#@d":1},"https://api.openai.com/auth":{"x":2}}`
	for want, keys := range map[int64][]string{1: {"a.b", "c*?|#@d"}, 2: {authClaim, "x"}} {
		if got := gjson.Get(document, claimPath(keys...)).Int(); got != want {
			t.Errorf("path of %q finds %d, want %d", keys, got, want)
		}
	}
}
