package credentials

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"strings"
	"time"

	"github.com/tidwall/gjson"
)

// ErrNotJWT says that a token is not a JWT whose claims can be read. What is wrong
// with it is in the text; the token is not.
var ErrNotJWT = errors.New("not a readable JWT")

// maxToken is the longest token taken seriously, in bytes. Real ones have 1 to 4 KiB.
const maxToken = 64 << 10

// The claims that are objects of their own. Their names are URLs.
const (
	authClaim    = "https://api.openai.com/auth"
	profileClaim = "https://api.openai.com/profile"
)

// Claims is what a token says about itself and its owner. Nobody has verified it:
// good for display and for choosing, not for trust.
//
// Source: docs/protocol.md, JWT claims. Every field is its zero value when the
// claim is absent or of another type.
type Claims struct {
	// Email is the claim "email", else the one in the profile object.
	Email string

	// AccountID is the ChatGPT account (workspace).
	AccountID string

	// UserID is the person.
	UserID string

	// Plan is the subscription, spelled as in the token.
	Plan string

	// Issuer and Subject are who made the token and whom it is about.
	Issuer  string
	Subject string

	// Audience is whom it is for: one or more.
	Audience []string

	// SessionID is the sign-in session at the issuer.
	SessionID string

	// Scopes is what it allows.
	Scopes []string

	// ExpiresAt and IssuedAt have whole seconds or parts of them.
	ExpiresAt time.Time
	IssuedAt  time.Time

	// Organizations are those of the API platform that the person belongs to.
	Organizations []Organization

	// FedRAMP is set for accounts that the backend wants marked.
	FedRAMP bool

	// Residency is where the account's data must stay; empty for no constraint.
	Residency string

	// SubscriptionStart and SubscriptionUntil bound the paid period.
	SubscriptionStart time.Time
	SubscriptionUntil time.Time

	// Raw is the whole payload, a JSON object.
	Raw json.RawMessage
}

// Organization is one that the person belongs to.
type Organization struct {
	// ID, Title and Role are spelled as in the token.
	ID    string
	Title string
	Role  string

	// Default is set for the one used when none is named.
	Default bool
}

// DecodeClaims reads the payload of a JWT without verifying its signature. It
// wants three non-empty parts and accepts a padded payload. The error is
// [ErrNotJWT].
func DecodeClaims(token Secret) (Claims, error) {
	payload, err := payloadOf(token.Reveal())
	if err != nil {
		return Claims{}, fmt.Errorf("%w: %w", ErrNotJWT, err)
	}
	return claimsOf(payload), nil
}

func payloadOf(token string) ([]byte, error) {
	if token == "" {
		return nil, errors.New("no token")
	}
	if len(token) > maxToken {
		return nil, fmt.Errorf("longer than %d bytes", maxToken)
	}
	parts := strings.Split(token, ".")
	if len(parts) != 3 || parts[0] == "" || parts[1] == "" || parts[2] == "" {
		return nil, errors.New("not three parts")
	}
	payload, err := base64.RawURLEncoding.DecodeString(strings.TrimRight(parts[1], "="))
	if err != nil {
		// The decoder's own text says where, which helps nobody, so it is left out.
		return nil, errors.New("payload is not base64url")
	}
	if !json.Valid(payload) || !gjson.ParseBytes(payload).IsObject() {
		return nil, errors.New("payload is not a JSON object")
	}
	return payload, nil
}

func claimsOf(payload []byte) Claims {
	p := gjson.ParseBytes(payload)
	get := func(keys ...string) gjson.Result { return p.Get(claimPath(keys...)) }
	return Claims{
		Email:             first(text(get("email")), text(get(profileClaim, "email"))),
		AccountID:         first(text(get(authClaim, "chatgpt_account_id")), text(get("chatgpt_account_id"))),
		UserID:            first(text(get(authClaim, "chatgpt_user_id")), text(get(authClaim, "user_id"))),
		Plan:              text(get(authClaim, "chatgpt_plan_type")),
		Issuer:            text(get("iss")),
		Audience:          texts(get("aud")),
		Subject:           text(get("sub")),
		SessionID:         first(text(get("sid")), text(get("session_id"))),
		Scopes:            scopes(get("scp"), get("scope")),
		ExpiresAt:         instant(get("exp")),
		IssuedAt:          instant(get("iat")),
		Organizations:     organizations(get(authClaim, "organizations")),
		FedRAMP:           get(authClaim, "chatgpt_account_is_fedramp").Type == gjson.True,
		Residency:         residency(get(authClaim, "chatgpt_data_residency"), get(authClaim, "chatgpt_compute_residency")),
		SubscriptionStart: instant(get(authClaim, "chatgpt_subscription_active_start")),
		SubscriptionUntil: instant(get(authClaim, "chatgpt_subscription_active_until")),
		Raw:               payload,
	}
}

// claimPath joins keys to a gjson path. Claim names contain dots, which a path
// would take for steps.
func claimPath(keys ...string) string {
	escaped := make([]string, len(keys))
	for i, key := range keys {
		escaped[i] = gjson.Escape(key)
	}
	return strings.Join(escaped, ".")
}

func text(r gjson.Result) string {
	if r.Type != gjson.String {
		return ""
	}
	return r.Str
}

// texts returns the strings of an array, or a lone string.
func texts(r gjson.Result) []string {
	var out []string
	if r.Type == gjson.String && r.Str != "" {
		return []string{r.Str}
	}
	if r.IsArray() {
		for _, item := range r.Array() {
			if s := text(item); s != "" {
				out = append(out, s)
			}
		}
	}
	return out
}

// scopes accepts the issuer's own claim, an array or a lone string, else the
// RFC 9068 one; either string may hold several, parted by spaces.
func scopes(scp, scope gjson.Result) []string {
	var out []string
	for _, s := range texts(scp) {
		out = append(out, strings.Fields(s)...)
	}
	if out == nil {
		out = append(out, strings.Fields(text(scope))...)
	}
	return out
}

func organizations(r gjson.Result) []Organization {
	if !r.IsArray() {
		return nil
	}
	var out []Organization
	for _, item := range r.Array() {
		if !item.IsObject() {
			continue
		}
		out = append(out, Organization{
			ID:      text(item.Get("id")),
			Title:   text(item.Get("title")),
			Role:    text(item.Get("role")),
			Default: item.Get("is_default").Type == gjson.True,
		})
	}
	return out
}

func residency(data, compute gjson.Result) string {
	where := first(text(data), text(compute))
	if where == "no_constraint" {
		return ""
	}
	return where
}

// instant reads a NumericDate (RFC 7519, section 2: seconds) or an ISO 8601 text.
func instant(r gjson.Result) time.Time {
	switch r.Type {
	case gjson.Number:
		t, _ := fromSeconds(r.Num)
		return t
	case gjson.String:
		t, _ := parseInstant(r.Str)
		return t
	}
	return time.Time{}
}

// fromSeconds converts Unix seconds. It refuses what is no date or, being later
// than the year 5138, can only be milliseconds.
func fromSeconds(seconds float64) (time.Time, error) {
	const limit = 1e11
	if math.IsNaN(seconds) || math.Abs(seconds) >= limit {
		return time.Time{}, errors.New("not a time in seconds")
	}
	whole, part := math.Modf(seconds)
	return time.Unix(int64(whole), int64(part*1e9)).UTC().Truncate(time.Microsecond), nil
}
