package emulator

import (
	"encoding/base64"
	"strings"
	"time"
)

// person is somebody who can be signed in. All are made up.
type person struct {
	email     string
	accountID string // the ChatGPT workspace, a UUID; "" if there is none
	userID    string
	orgID     string
	plan      string // as in the chatgpt_plan_type claim
}

// claims is the payload of both kinds of token; fields of the other kind are
// empty and left out.
//
// Source: docs/protocol.md, claims of the issuer's tokens.
type claims struct {
	Issuer        string   `json:"iss"`
	Audience      []string `json:"aud"`
	ClientID      string   `json:"client_id,omitempty"`
	Subject       string   `json:"sub"`
	SessionID     string   `json:"sid"`
	TokenID       string   `json:"jti"`
	IssuedAt      int64    `json:"iat"` // Unix seconds
	NotBefore     int64    `json:"nbf,omitempty"`
	Expires       int64    `json:"exp"` // Unix seconds
	Scopes        []string `json:"scp,omitempty"`
	AuthProvider  string   `json:"auth_provider,omitempty"`
	Email         string   `json:"email,omitempty"`
	EmailVerified bool     `json:"email_verified,omitempty"`

	Auth    authClaim    `json:"https://api.openai.com/auth"`
	Profile profileClaim `json:"https://api.openai.com/profile"`
}

// authClaim says which account and plan a token belongs to.
type authClaim struct {
	AccountID        string         `json:"chatgpt_account_id,omitempty"`
	AccountUserID    string         `json:"chatgpt_account_user_id,omitempty"`
	UserID           string         `json:"chatgpt_user_id"`
	PlatformUserID   string         `json:"user_id"`
	Plan             string         `json:"chatgpt_plan_type"`
	ComputeResidency string         `json:"chatgpt_compute_residency"`
	Fedramp          bool           `json:"chatgpt_account_is_fedramp"`
	Organizations    []organization `json:"organizations,omitempty"`
}

// organization is one entry of the claim that the authorize parameter
// id_token_add_organizations asks for.
type organization struct {
	ID      string `json:"id"`
	Default bool   `json:"is_default"`
	Role    string `json:"role"`
	Title   string `json:"title"`
}

// profileClaim repeats the address; the access token has it only here.
type profileClaim struct {
	Email         string `json:"email"`
	EmailVerified bool   `json:"email_verified"`
}

// newClaims holds what both kinds of token have in common.
func newClaims(base, session, id string, p person, now, expires time.Time) claims {
	accountUser := ""
	if p.accountID != "" {
		accountUser = p.userID + "__" + p.accountID
	}
	return claims{
		Issuer:    base,
		Subject:   "auth0|" + p.userID,
		SessionID: session,
		TokenID:   id,
		IssuedAt:  now.Unix(),
		Expires:   expires.Unix(),
		Auth: authClaim{
			AccountID:        p.accountID,
			AccountUserID:    accountUser,
			UserID:           p.userID,
			PlatformUserID:   p.userID,
			Plan:             p.plan,
			ComputeResidency: "no_constraint",
		},
		Profile: profileClaim{Email: p.email, EmailVerified: true},
	}
}

// forAccess completes the claims of an access token for the scopes.
func (c claims) forAccess(clientID, scope string) claims {
	c.Audience = []string{"https://api.openai.com/v1"}
	c.ClientID = clientID
	c.NotBefore = c.IssuedAt
	c.Scopes = strings.Fields(scope)
	return c
}

// forIdentity completes the claims of an ID token.
func (c claims) forIdentity(clientID string, p person) claims {
	c.Audience = []string{clientID}
	c.AuthProvider = "password"
	c.Email = p.email
	c.EmailVerified = true
	c.Auth.Organizations = []organization{{ID: p.orgID, Default: true, Role: "owner", Title: "Personal"}}
	return c
}

// token renders the claims as an unsigned JWT. Its third part is not empty, as
// readers of the format insist, but proves nothing.
func (c claims) token() string {
	part := base64.RawURLEncoding.EncodeToString
	return part([]byte(`{"alg":"none","typ":"JWT"}`)) + "." + part(encode(c)) + "." + part([]byte("emulator"))
}
