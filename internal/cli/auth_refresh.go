package cli

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/codexctl/codexctl/pkg/auth"
)

func authRefreshCommand() command {
	return command{
		name: "refresh", summary: "renew the login now",
		examples: []string{"codexctl auth refresh", "codexctl auth refresh --if-expiring 24h"},
		result:   always(refreshDocument{}),
		setup: func(inv *invocation) ([]flagSpec, action) {
			var ifExpiring time.Duration
			flags := []flagSpec{durationFlag("if-expiring", &ifExpiring, "only if the token runs out within this time")}
			return flags, func(ctx context.Context, _ []string) error { return inv.refresh(ctx, ifExpiring) }
		},
	}
}

// refreshDocument is the JSON result of `auth refresh`.
type refreshDocument struct {
	statusDocument
	Renewed bool `json:"renewed"`
}

// refresh renews the login, or leaves it when it lives for long enough.
func (inv *invocation) refresh(ctx context.Context, ifExpiring time.Duration) error {
	ctx, cancel := inv.bounded(ctx)
	defer cancel()
	client, err := inv.httpClient(ctx)
	if err != nil {
		return err
	}
	source, err := inv.signIn(ctx, client)
	if err != nil {
		return err
	}
	renewed := ifExpiring == 0 || source.Login.Credential.ExpiresAt.Sub(inv.env.Now()) < ifExpiring
	if renewed {
		if _, err := source.Renew(ctx); err != nil {
			return err
		}
	}
	return inv.showRefreshed(ctx, source, renewed)
}

// showRefreshed tells how the store looks now.
func (inv *invocation) showRefreshed(ctx context.Context, source *auth.Source, renewed bool) error {
	login := source.Login
	file, ok := login.File()
	if !ok {
		return errors.New("a renewed login is always a file's")
	}
	c, _, err := file.Read(ctx)
	if err != nil {
		return err
	}
	login.Credential = c
	now := inv.env.Now()
	doc := refreshDocument{offlineStatus(login, nil, now), renewed}
	doc.Type = "auth refresh"
	if inv.global.wantsDocument() {
		return inv.document(doc)
	}
	what := "still good"
	if renewed {
		what = "renewed"
	}
	_, err = fmt.Fprintf(inv.out, "%s: %s\n", what, lifetime(c.ExpiresAt, now))
	return err
}
