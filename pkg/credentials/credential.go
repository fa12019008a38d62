package credentials

import "time"

// Credential is one ChatGPT login. It is a value: copying it copies the login.
type Credential struct {
	// AccessToken is the bearer token: a JWT, or an opaque "at-…" token.
	AccessToken Secret

	// RefreshToken buys the next access token, once. Empty if the login cannot be
	// renewed.
	RefreshToken Secret

	// IDToken is the JWT about the person. May be empty.
	IDToken Secret

	// AccountID is the ChatGPT account (workspace), as the backend's header wants
	// it. Empty if neither the store nor a claim names it.
	AccountID string

	// UserID is the person. Two people of one workspace share an AccountID.
	UserID string

	// Plan is the subscription, such as "plus"; an open set. Empty if unknown.
	Plan string

	// ExpiresAt is when the access token runs out. Zero if unknown.
	ExpiresAt time.Time

	// LastRefresh is when the tokens were obtained. Only the official form stores
	// it. Zero if unknown.
	LastRefresh time.Time
}

// AccessClaims returns the claims of the access token, unverified. The error is
// [ErrNotJWT] for an opaque token.
func (c Credential) AccessClaims() (Claims, error) { return DecodeClaims(c.AccessToken) }

// IDClaims returns the claims of the id token, unverified. The error is
// [ErrNotJWT] if there is none.
func (c Credential) IDClaims() (Claims, error) { return DecodeClaims(c.IDToken) }

// Expired reports whether the access token has run out at now. A token of unknown
// expiry has not.
func (c Credential) Expired(now time.Time) bool {
	return !c.ExpiresAt.IsZero() && !now.Before(c.ExpiresAt)
}

// Dead reports whether the login is of no more use: expired, and nothing to renew
// it with.
func (c Credential) Dead(now time.Time) bool {
	return c.Expired(now) && c.RefreshToken.Empty()
}

// SameTokens reports whether both hold the same access and refresh token.
func (c Credential) SameTokens(other Credential) bool {
	return c.AccessToken.Equal(other.AccessToken) && c.RefreshToken.Equal(other.RefreshToken)
}

// complete fills what the store did not say from the claims, those of the access
// token first: it is renewed always, the id token only sometimes.
func (c Credential) complete() Credential {
	access, _ := c.AccessClaims()
	id, _ := c.IDClaims()
	c.AccountID = first(c.AccountID, access.AccountID, id.AccountID)
	c.UserID = first(c.UserID, access.UserID, id.UserID)
	c.Plan = first(c.Plan, access.Plan, id.Plan)
	if c.ExpiresAt.IsZero() {
		c.ExpiresAt = access.ExpiresAt
	}
	return c
}

// first returns the first text that is not empty.
func first[T ~string](texts ...T) T {
	for _, text := range texts {
		if text != "" {
			return text
		}
	}
	return ""
}
