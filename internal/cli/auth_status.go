package cli

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/codexctl/codexctl/pkg/auth"
	"github.com/codexctl/codexctl/pkg/credentials"
	"github.com/codexctl/codexctl/pkg/responses"
)

// statusOptions are the flags of `auth status`.
type statusOptions struct {
	check  bool
	minTTL time.Duration
}

func authStatusCommand() command {
	return command{
		name: "status", summary: "can the backend be called now?",
		details:  "Looks at the files alone and answers at once; --check asks the backend.\nExit 0 when it can be called, 4 when not.",
		examples: []string{"codexctl auth status", "codexctl auth status --check", "codexctl auth status --min-ttl 10m -q || echo soon"},
		result:   always(statusDocument{}),
		setup: func(inv *invocation) ([]flagSpec, action) {
			o := &statusOptions{}
			flags := []flagSpec{
				boolFlag("check", &o.check, "make one call to the backend"),
				durationFlag("min-ttl", &o.minTTL, "exit 4 if the token lives shorter and cannot be renewed"),
			}
			return flags, func(ctx context.Context, _ []string) error { return o.run(ctx, inv) }
		},
	}
}

// statusDocument is the JSON result of `auth status`. It holds no secret.
type statusDocument struct {
	SchemaVersion int                  `json:"schema_version"`
	Type          string               `json:"type"`
	Authenticated bool                 `json:"authenticated"`
	State         credentials.State    `json:"state"`
	Email         *string              `json:"email"`
	AccountID     *string              `json:"account_id"`
	Plan          *string              `json:"plan"`
	Source        *sourceDocument      `json:"source"`
	AccessToken   accessTokenDocument  `json:"access_token"`
	RefreshToken  refreshTokenDocument `json:"refresh_token"`
	LastRefresh   *string              `json:"last_refresh"`
	Checked       *checkedDocument     `json:"checked"`
	Hint          *string              `json:"hint"`
	Error         *errorDocument       `json:"error"`
}

type sourceDocument struct {
	Kind      credentials.Kind `json:"kind"`
	Format    *string          `json:"format"`
	Path      *string          `json:"path"`
	Variable  *string          `json:"variable"`
	Renewable bool             `json:"renewable"`
}

type accessTokenDocument struct {
	Present     bool    `json:"present"`
	ExpiresAt   *string `json:"expires_at"`
	ExpiresInS  *int64  `json:"expires_in_s"`
	Fingerprint *string `json:"fingerprint"`
}

type refreshTokenDocument struct {
	Present bool `json:"present"`
}

type checkedDocument struct {
	OK         bool  `json:"ok"`
	HTTPStatus *int  `json:"http_status"`
	LatencyMS  int64 `json:"latency_ms"`
}

func (o *statusOptions) run(ctx context.Context, inv *invocation) error {
	ctx, cancel := inv.bounded(ctx)
	defer cancel()
	now := inv.env.Now()
	login, findErr := inv.findLogin(ctx)
	if findErr == nil {
		inv.remark(login)
	}
	doc := offlineStatus(login, findErr, now)
	problem := o.judge(login, findErr, now, doc)
	if o.check && problem == nil {
		doc.Checked, problem = inv.checkOnline(ctx)
		o.afterCheck(&doc, problem)
	}
	if problem != nil {
		doc.Error = inv.explain(problem)
		doc.Hint = doc.Error.Hint
	}
	if err := inv.showStatus(doc, login, now); err != nil {
		return err
	}
	if problem != nil {
		return &reported{problem}
	}
	return nil
}

// offlineStatus is what the files alone say.
func offlineStatus(login credentials.Selection, err error, now time.Time) statusDocument {
	state := credentials.StateOf(login, err, now)
	c := login.Credential
	doc := statusDocument{
		SchemaVersion: 1, Type: "auth status", State: state, Authenticated: state.Usable(),
		Email: stringOrNull(email(c)), AccountID: stringOrNull(c.AccountID), Plan: stringOrNull(c.Plan),
		AccessToken:  accessTokenDocument{Present: !c.AccessToken.Empty(), ExpiresAt: instant(c.ExpiresAt)},
		RefreshToken: refreshTokenDocument{Present: !c.RefreshToken.Empty()},
		LastRefresh:  instant(c.LastRefresh),
	}
	if login.Kind != "" {
		doc.Source = newSourceDocument(login)
	}
	if doc.AccessToken.Present {
		doc.AccessToken.Fingerprint = stringOrNull(c.AccessToken.Fingerprint())
	}
	if !c.ExpiresAt.IsZero() {
		seconds := int64(c.ExpiresAt.Sub(now) / time.Second)
		doc.AccessToken.ExpiresInS = &seconds
	}
	return doc
}

func newSourceDocument(login credentials.Selection) *sourceDocument {
	return &sourceDocument{
		Kind: login.Kind, Format: stringOrNull(string(login.Format)), Path: stringOrNull(login.Path),
		Variable: stringOrNull(login.Variable), Renewable: login.CanRenew(),
	}
}

// findLogin is the login that would be used now. With --no-refresh none can be renewed.
func (inv *invocation) findLogin(ctx context.Context) (credentials.Selection, error) {
	login, err := inv.locator().Find(ctx, inv.env.Now())
	login.Renewable = login.Renewable && !inv.global.noRefresh
	return login, err
}

// email is the person's, from either token.
func email(c credentials.Credential) string {
	if claims, err := c.IDClaims(); err == nil && claims.Email != "" {
		return claims.Email
	}
	claims, err := c.AccessClaims()
	if err != nil {
		return ""
	}
	return claims.Email
}

// judge is why the backend cannot be called; nil when it can.
func (o *statusOptions) judge(login credentials.Selection, err error, now time.Time, doc statusDocument) error {
	switch {
	case errors.Is(err, credentials.ErrNotFound):
		return fmt.Errorf("%w: %w", auth.ErrLoginRequired, err)
	case err != nil:
		return err
	case !doc.Authenticated:
		return fmt.Errorf("%w: %s", auth.ErrLoginExpired, login.Origin)
	}
	left := login.Credential.ExpiresAt.Sub(now)
	if o.minTTL > 0 && !login.Credential.ExpiresAt.IsZero() && left < o.minTTL && !login.CanRenew() {
		return fmt.Errorf("%w in %s, sooner than --min-ttl %s, and cannot be renewed", errExpiresSoon, left.Round(time.Second), o.minTTL)
	}
	return nil
}

// checkOnline makes the cheapest call that needs the login.
func (inv *invocation) checkOnline(ctx context.Context) (*checkedDocument, error) {
	client, err := inv.client(ctx)
	if err != nil {
		return nil, err
	}
	start := inv.env.Now()
	_, err = client.Models(ctx)
	checked := &checkedDocument{OK: err == nil, LatencyMS: inv.env.Now().Sub(start).Milliseconds()}
	var api *responses.APIError
	switch {
	case err == nil:
		status := 200
		checked.HTTPStatus = &status
	case errors.As(err, &api):
		checked.HTTPStatus = &api.Status
	}
	return checked, err
}

// afterCheck corrects the state by what the backend said. One that could not be
// reached says nothing about the login.
func (o *statusOptions) afterCheck(doc *statusDocument, problem error) {
	if problem == nil {
		return
	}
	switch meaning(problem).exit {
	case exitAuth:
		doc.State = credentials.StateInvalid
	case exitNetwork, exitTimeout:
		doc.State = credentials.StateUnknown
	}
	doc.Authenticated = doc.State.Usable()
}
