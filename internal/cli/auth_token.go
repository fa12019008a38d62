package cli

import (
	"context"
	"fmt"
	"io"
	"time"

	"github.com/codexctl/codexctl/pkg/auth"
	"github.com/codexctl/codexctl/pkg/credentials"
)

// defaultMinTTL is how long a printed token lives at least.
const defaultMinTTL = 5 * time.Minute

// tokenOptions are the flags of `auth token`.
type tokenOptions struct {
	format string
	minTTL time.Duration
}

func authTokenCommand() command {
	return command{
		name: "token", summary: "print a valid access token, renewed first if needed",
		details: "Prints the token and one newline, nothing else. On failure stdout stays empty.",
		examples: []string{
			"codexctl auth token",
			`curl -H "$(codexctl auth token --format header)" …`,
			`eval "$(codexctl auth token --format env)"`,
		},
		result: always(secretDocument{}),
		setup: func(inv *invocation) ([]flagSpec, action) {
			o := &tokenOptions{format: "bare", minTTL: defaultMinTTL}
			flags := []flagSpec{
				stringFlag("format", "FORM", &o.format, "bare, header, json or env (default bare)"),
				durationFlag("min-ttl", &o.minTTL, "how long the token must live at least (default 5m)"),
			}
			return flags, func(ctx context.Context, _ []string) error { return o.run(ctx, inv) }
		},
	}
}

// secretDocument is the one JSON result that holds a secret: it was asked for.
type secretDocument struct {
	SchemaVersion int            `json:"schema_version"`
	Type          string         `json:"type"`
	AccessToken   string         `json:"access_token"`
	TokenType     string         `json:"token_type"`
	ExpiresAt     *string        `json:"expires_at"`
	AccountID     *string        `json:"account_id"`
	Error         *errorDocument `json:"error"`
}

func (o *tokenOptions) run(ctx context.Context, inv *invocation) error {
	ctx, cancel := inv.bounded(ctx)
	defer cancel()
	switch o.format {
	case "bare", "header", "json", "env":
	default:
		return usagef("--format wants bare, header, json or env, not %q", o.format)
	}
	client, err := inv.httpClient(ctx)
	if err != nil {
		return err
	}
	source, err := inv.signIn(ctx, client)
	if err != nil {
		return err
	}
	c, err := o.lasting(ctx, inv, source)
	if err != nil {
		return err
	}
	return o.print(inv, c)
}

// lasting is a login whose token lives for the time that is asked for.
func (o *tokenOptions) lasting(ctx context.Context, inv *invocation, source *auth.Source) (credentials.Credential, error) {
	c, err := source.Credential(ctx)
	if err != nil || o.lasts(c, inv.env.Now()) {
		return c, err
	}
	if !source.NoRefresh && source.Login.CanRenew() {
		if c, err = source.Renew(ctx); err != nil || o.lasts(c, inv.env.Now()) {
			return c, err
		}
	}
	if !inv.given["min-ttl"] {
		return c, nil // good for now, and nobody insists
	}
	left := c.ExpiresAt.Sub(inv.env.Now()).Round(time.Second)
	return credentials.Credential{}, fmt.Errorf("%w in %s, sooner than --min-ttl %s", errExpiresSoon, left, o.minTTL)
}

func (o *tokenOptions) lasts(c credentials.Credential, now time.Time) bool {
	return c.ExpiresAt.IsZero() || c.ExpiresAt.Sub(now) >= o.minTTL
}

func (o *tokenOptions) print(inv *invocation, c credentials.Credential) error {
	if o.format == "json" || inv.global.wantsDocument() {
		return inv.document(secretDocument{
			1, "auth token", c.AccessToken.Reveal(), "Bearer", instant(c.ExpiresAt), stringOrNull(c.AccountID), nil,
		})
	}
	form := "%s\n"
	switch o.format {
	case "header":
		form = "Authorization: Bearer %s\n"
	case "env":
		_, err := io.WriteString(inv.out, environmentForm(c))
		return err
	}
	_, err := fmt.Fprintf(inv.out, form, c.AccessToken.Reveal())
	return err
}

// environmentForm is a login as shell exports of the variables that we read.
func environmentForm(c credentials.Credential) string {
	exports := "export " + credentials.VariableToken + "=" + shellQuote(c.AccessToken.Reveal()) + "\n"
	if c.AccountID != "" {
		exports += "export " + credentials.VariableAccount + "=" + shellQuote(c.AccountID) + "\n"
	}
	return exports
}
