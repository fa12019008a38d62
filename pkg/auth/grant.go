package auth

import (
	"context"
	"errors"
	"math"
	"net/http"
	"net/url"
	"time"

	"github.com/codexctl/codexctl/pkg/credentials"
	"github.com/tidwall/gjson"
)

// grant is what the token endpoint gave. Every field may be missing.
type grant struct {
	access  credentials.Secret
	refresh credentials.Secret
	id      credentials.Secret

	// lifetime is the wire's expires_in, which is in seconds; 0 if it is missing or
	// makes no sense.
	lifetime time.Duration
}

// refresh trades a refresh token for a grant. It makes exactly one request and
// never repeats it: nobody knows whether an unanswered one has spent the token.
//
// The error is a [*RefusedError], an [*EndpointError], a [*RedirectError] or the
// transport's.
func (c Config) refresh(ctx context.Context, token credentials.Secret) (grant, error) {
	g, err := c.grant(ctx, url.Values{
		"grant_type":    {"refresh_token"},
		"refresh_token": {token.Reveal()},
		"client_id":     {c.clientID()},
	}, token)
	return g, forGood(err)
}

// grant makes one request to the token endpoint. The error is an [*EndpointError],
// a [*RedirectError] or the transport's. An answer without an access token is an
// error and yet may bring the other tokens.
func (c Config) grant(ctx context.Context, form url.Values, secrets ...credentials.Secret) (grant, error) {
	ctx, cancel := context.WithTimeout(ctx, endpointTimeout)
	defer cancel()
	r, err := c.post(ctx, call{path: tokenPath, contentType: typeForm, body: form.Encode(), secrets: secrets})
	if err != nil {
		return grant{}, err
	}
	answer, err := r.object()
	if err != nil {
		return grant{}, err
	}
	g := grant{
		access:   secretField(answer, "access_token"),
		refresh:  secretField(answer, "refresh_token"),
		id:       secretField(answer, "id_token"),
		lifetime: lifetime(answer.Get("expires_in")),
	}
	if g.access.Empty() {
		return g, r.lacking("access token")
	}
	return g, nil
}

const tokenPath = "/oauth/token"

func (c Config) tokenURL() string { return c.issuer() + tokenPath }

// lifetime accepts a number of seconds, also as a text.
func lifetime(value gjson.Result) time.Duration {
	seconds := value.Float()
	if (value.Type != gjson.Number && value.Type != gjson.String) || math.IsNaN(seconds) || seconds <= 0 || seconds > 1e9 {
		return 0
	}
	return time.Duration(seconds * float64(time.Second))
}

// forGood turns the answers after which a refresh token never works again into a
// [*RefusedError]. A 401 is final even without a code; so is invalid_grant (RFC
// 6749, section 5.2), unless the server itself is at fault.
func forGood(err error) error {
	e, ok := errors.AsType[*EndpointError](err)
	if !ok || e.HTML {
		return err
	}
	if permanent(e.Code) || e.Status == http.StatusUnauthorized ||
		(e.Code == "invalid_grant" && e.Status < http.StatusInternalServerError) {
		return &RefusedError{Code: e.Code, Status: e.Status, Description: e.Description}
	}
	return err
}

// permanent lists the codes after which a refresh token never works again,
// whatever the status. Source: docs/protocol.md, T-4; the second half was seen by
// third parties.
func permanent(code string) bool {
	switch code {
	case "refresh_token_expired", "refresh_token_reused", "refresh_token_invalidated",
		"token_expired", "token_invalidated", "token_revoked", "app_session_terminated",
		"account_deactivated", "account_suspended", "account_deleted":
		return true
	}
	return false
}
