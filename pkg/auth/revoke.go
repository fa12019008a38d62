package auth

import (
	"context"
	"encoding/json"
	"fmt"
	"net/url"
	"time"

	"github.com/codexctl/codexctl/pkg/credentials"
)

const (
	revokeEndpoint = "revocation endpoint"
	revokePath     = "/oauth/revoke"
	revokeTimeout  = 10 * time.Second
)

// Revoke ends a login at the issuer: all its tokens, the copies on other machines
// too. It makes one request, of at most 10 seconds, and leaves every store alone. A
// token that the issuer does not know is no error (RFC 7009, section 2.2).
//
// The error is [ErrLoginRequired] if c holds no token; a [*ForeignHostError], after
// which nothing was sent, if config's issuer is not the real one and the tokens are
// its or do not say whose they are; an [*EndpointError]; a [*RedirectError]; the
// context's cause; or the transport's.
//
// Source: fact T-7 in docs/protocol.md.
func Revoke(ctx context.Context, config Config, c credentials.Credential) error {
	if err := revoke(ctx, config, c); err != nil {
		return fmt.Errorf("revoke login: %w", err)
	}
	return nil
}

func revoke(ctx context.Context, config Config, c credentials.Credential) error {
	// The refresh token stands for the whole sign-in.
	token, hint, client := c.RefreshToken, "refresh_token", config.clientID()
	if token.Empty() {
		token, hint, client = c.AccessToken, "access_token", ""
	}
	if token.Empty() {
		return ErrLoginRequired
	}
	to, err := url.Parse(config.issuer() + revokePath)
	if err != nil {
		return fmt.Errorf("%s: %w", revokeEndpoint, err)
	}
	// No exception for a login that the user named: nobody but its issuer can end it.
	if err := checkHost(credentials.Origin{}, c, to); err != nil {
		return err
	}
	body, err := json.Marshal(struct {
		Token  string `json:"token"`
		Hint   string `json:"token_type_hint"`
		Client string `json:"client_id,omitempty"`
	}{token.Reveal(), hint, client})
	if err != nil {
		return err
	}
	bounded, cancel := context.WithTimeout(ctx, revokeTimeout)
	defer cancel()
	r, err := config.post(bounded, call{
		endpoint: revokeEndpoint, path: revokePath,
		contentType: typeJSON, body: string(body), secrets: []credentials.Secret{token},
	})
	switch {
	case err != nil && ctx.Err() != nil:
		return context.Cause(ctx)
	case err != nil:
		return err
	}
	if err := r.fault(); err != nil {
		return err
	}
	// An empty body is the usual success; one that names an error is none.
	if code, _ := errorOf(r.body, r.call.secrets); code != "" {
		return r.refusal()
	}
	return nil
}
