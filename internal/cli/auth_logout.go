package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"

	"github.com/codexctl/codexctl/pkg/auth"
	"github.com/codexctl/codexctl/pkg/credentials"
)

// logoutOptions are the flags of `auth logout`.
type logoutOptions struct {
	revoke, yes bool
}

func authLogoutCommand() command {
	return command{
		name: "logout", summary: "forget the login",
		details:  "Touches our own store, or the file that --auth-file names, and nothing else.\nNothing stored is no error.",
		examples: []string{"codexctl auth logout", "codexctl auth logout --revoke -y"},
		result:   always(logoutDocument{}),
		setup: func(inv *invocation) ([]flagSpec, action) {
			o := &logoutOptions{}
			flags := []flagSpec{
				boolFlag("revoke", &o.revoke, "end the login at the issuer too, on all machines that share it"),
				boolFlag("yes,y", &o.yes, "do not ask"),
			}
			return flags, func(ctx context.Context, _ []string) error { return o.run(ctx, inv) }
		},
	}
}

// logoutDocument is the JSON result of `auth logout`.
type logoutDocument struct {
	SchemaVersion int             `json:"schema_version"`
	Type          string          `json:"type"`
	Path          string          `json:"path"`
	Removed       bool            `json:"removed"`
	Revoked       bool            `json:"revoked"`
	StillSignedIn *sourceDocument `json:"still_signed_in"`
	Warnings      []string        `json:"warnings"`
	Error         *errorDocument  `json:"error"`
}

func (o *logoutOptions) run(ctx context.Context, inv *invocation) error {
	ctx, cancel := inv.bounded(ctx)
	defer cancel()
	if err := inv.checkURL("issuer", inv.global.issuer); err != nil {
		return err
	}
	file := inv.locator().Target()
	doc := logoutDocument{SchemaVersion: 1, Type: "auth logout", Path: file.Path}
	c, _, err := file.Read(ctx)
	if errors.Is(err, fs.ErrNotExist) {
		return inv.showLogout(ctx, doc)
	}
	if !o.yes {
		if err := inv.mustAgree(ctx, fmt.Sprintf("Forget the login in %s?", file.Path), "-y"); err != nil {
			return err
		}
	}
	if err == nil && o.revoke {
		doc.Revoked = inv.revoke(ctx, c)
	}
	if err := inv.remove(ctx, file); err != nil {
		return err
	}
	doc.Removed = true
	return inv.showLogout(ctx, doc)
}

// revoke ends a login at the issuer, as well as it can: the login is forgotten here
// in any case.
func (inv *invocation) revoke(ctx context.Context, c credentials.Credential) bool {
	client, err := inv.httpClient(ctx)
	if err == nil {
		err = auth.Revoke(ctx, inv.authConfig(client), c)
	}
	if err != nil {
		inv.talk.warn("the issuer could not be told: %v; the login ends there when it expires", err)
	}
	return err == nil
}

// remove deletes a store under its lock, so that no renewal writes it again.
func (inv *invocation) remove(ctx context.Context, file credentials.File) error {
	lock, err := file.Lock(ctx, credentials.DefaultLockWait)
	switch {
	case errors.Is(err, credentials.ErrNoLocking):
		inv.talk.warn("%v", err)
	case err != nil:
		return err
	}
	defer lock.Unlock()
	return file.Remove()
}

func (inv *invocation) showLogout(ctx context.Context, doc logoutDocument) error {
	if left, err := inv.locator().Find(ctx, inv.env.Now()); err == nil && left.State(inv.env.Now()).Usable() {
		doc.StillSignedIn = newSourceDocument(left)
	}
	doc.Warnings = inv.talk.warnings()
	if inv.global.wantsDocument() {
		return inv.document(doc)
	}
	message := "There is no login in " + doc.Path + "."
	if doc.Removed {
		message = "The login in " + doc.Path + " is forgotten."
	}
	if doc.Revoked {
		message += " It has ended at the issuer."
	}
	if doc.StillSignedIn != nil {
		message += "\nStill signed in by " + storage(doc.StillSignedIn) + "."
	}
	_, err := io.WriteString(inv.out, message+"\n")
	return err
}
