package auth

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"

	"github.com/codexctl/codexctl/pkg/credentials"
)

// errNotStored marks a login that the issuer gave and that could not be kept.
var errNotStored = errors.New("store login")

// exchange trades an authorization code for a login. It makes exactly one request:
// a code serves once. redirect is spelled as in the authorize request.
//
// The error is [ErrSignInFailed] with an [*EndpointError], a [*RedirectError], the
// transport's, or the context's cause. Source: facts B-5 and D-5 in
// docs/protocol.md.
func (c Config) exchange(ctx context.Context, code, verifier credentials.Secret, redirect string) (credentials.Credential, error) {
	g, err := c.grant(ctx, url.Values{
		"grant_type":    {"authorization_code"},
		"code":          {code.Reveal()},
		"redirect_uri":  {redirect},
		"client_id":     {c.clientID()},
		"code_verifier": {verifier.Reveal()},
	}, code, verifier)
	if err == nil && g.refresh.Empty() {
		// It was asked for (offline_access), LangChain and the official client do not
		// read a login without it, and it would end for good with its first token.
		err = &EndpointError{Status: http.StatusOK, Description: "answer holds no refresh token"}
	}
	if err != nil {
		return credentials.Credential{}, fmt.Errorf("exchange code: %w", signInFailed(ctx, err))
	}
	return c.login(g), nil
}

// signInFailed marks answers of the issuer as the failure of a sign-in, and lets the
// caller's own ending go before what it has torn down.
func signInFailed(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	if _, answered := errors.AsType[*EndpointError](err); answered {
		return fmt.Errorf("%w: %w", ErrSignInFailed, err)
	}
	return err
}

// login makes a credential of a first grant. Who it is about is said best by the id
// token, whose purpose that is; the access token often says it too.
func (c Config) login(g grant) credentials.Credential {
	id, _ := credentials.DecodeClaims(g.id)
	access, _ := credentials.DecodeClaims(g.access)
	now := c.now()
	fresh := credentials.Credential{
		AccessToken:  g.access,
		RefreshToken: g.refresh,
		IDToken:      g.id,
		AccountID:    either(headerText(id.AccountID), headerText(access.AccountID)),
		UserID:       either(id.UserID, access.UserID),
		Plan:         either(id.Plan, access.Plan),
		ExpiresAt:    access.ExpiresAt,
		LastRefresh:  now,
	}
	if g.lifetime > 0 {
		fresh.ExpiresAt = now.Add(g.lifetime)
	}
	return fresh
}

// headerText returns text if a header can carry it.
func headerText(text string) string {
	if !visible(text) {
		return ""
	}
	return text
}

// deliver hands a fresh login to store, unless ctx has ended. Once store has been
// called its result counts.
func deliver(ctx context.Context, store func(credentials.Credential) error, fresh credentials.Credential) (credentials.Credential, error) {
	if ctx.Err() != nil {
		return credentials.Credential{}, context.Cause(ctx)
	}
	if store != nil {
		if err := store(fresh); err != nil {
			return credentials.Credential{}, fmt.Errorf("%w: %w", errNotStored, err)
		}
	}
	return fresh, nil
}
