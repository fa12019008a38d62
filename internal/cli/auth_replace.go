package cli

import (
	"context"
	"errors"
	"fmt"
	"io/fs"

	"github.com/codexctl/codexctl/pkg/credentials"
)

// replaceOptions say whether a new login may take the place of one that is there.
type replaceOptions struct {
	force  bool
	format string
}

func (o *replaceOptions) flags() []flagSpec {
	return []flagSpec{
		boolFlag("force", &o.force, "replace an existing login without asking"),
		stringFlag("format", "FORM", &o.format, "form of the file: langchain, codex or flat (default: the file's own, else langchain)"),
	}
}

// parseFormat reads the name of a file form; empty stays empty.
func parseFormat(flag, name string) (credentials.Format, error) {
	switch format := credentials.Format(name); format {
	case "", credentials.LangChain, credentials.Codex, credentials.Flat:
		return format, nil
	}
	return "", usagef("--%s wants langchain, codex or flat, not %q", flag, name)
}

// mayReplace makes sure that nobody loses a login by accident: a usable one, or a
// file of the official client, is replaced only after a yes or with --force.
func (o *replaceOptions) mayReplace(ctx context.Context, inv *invocation, file credentials.File) error {
	if o.force {
		return nil
	}
	c, format, err := file.Read(ctx)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil
	case errors.Is(err, credentials.ErrOtherLogin):
		return inv.mustAgree(ctx, fmt.Sprintf("%s holds another kind of login. Replace it?", file.Path), "--force")
	case err != nil && !inv.canAsk():
		return err // what is there may still be of use to somebody
	case err != nil:
		return inv.agree(ctx, fmt.Sprintf("%v. Replace it?", err))
	case format == credentials.Codex:
		return inv.mustAgree(ctx, fmt.Sprintf("%s is the official Codex CLI's file. Replace the login in it?", file.Path), "--force")
	case !c.Dead(inv.env.Now()):
		return inv.mustAgree(ctx, fmt.Sprintf("%s holds a login that works. Replace it?", file.Path), "--force")
	}
	return nil
}
