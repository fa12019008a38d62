package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/codexctl/codexctl/pkg/auth"
	"github.com/codexctl/codexctl/pkg/credentials"
)

// importOptions are the flags of `auth import`.
type importOptions struct {
	replaceOptions
	from string
	yes  bool
}

func authImportCommand() command {
	return command{
		name: "import", summary: "copy a login into our store", args: "[FILE|-]",
		details: "The source is not touched. Without FILE it is the login of the official\nCodex CLI or LangChain's, whichever is there; of both you choose, or say --from.",
		examples: []string{
			"codexctl auth import --from codex -y",
			"codexctl auth import backup.json",
			`printf '%s' "$LOGIN" | codexctl auth import -`,
		},
		result: always(importDocument{}),
		setup: func(inv *invocation) ([]flagSpec, action) {
			o := &importOptions{}
			flags := append(o.flags(),
				stringFlag("from", "FORM", &o.from, "form of the source: langchain, codex or flat (default: told by its shape)"),
				boolFlag("yes,y", &o.yes, "import the official client's login without asking"),
			)
			return flags, func(ctx context.Context, args []string) error { return o.run(ctx, inv, args) }
		},
	}
}

// piped says whether the source is stdin.
func piped(args []string) bool { return len(args) == 1 && args[0] == "-" }

// sameFile says whether two names are of one file: by other spellings of the path, or by
// links. Names of files that cannot be seen are compared as paths.
func sameFile(a, b string) bool {
	infoA, errA := os.Stat(a)
	infoB, errB := os.Stat(b)
	if errA == nil && errB == nil {
		return os.SameFile(infoA, infoB)
	}
	pathA, errA := filepath.Abs(a)
	pathB, errB := filepath.Abs(b)
	return errA == nil && errB == nil && pathA == pathB
}

// importDocument is the JSON result of `auth import`.
type importDocument struct {
	statusDocument
	ImportedFrom string `json:"imported_from"`
}

func (o *importOptions) run(ctx context.Context, inv *invocation, args []string) error {
	ctx, cancel := inv.bounded(ctx)
	defer cancel()
	from, err := parseFormat("from", o.from)
	if err != nil {
		return err
	}
	format, err := parseFormat("format", o.format)
	if err != nil {
		return err
	}
	if len(args) > 1 {
		return usagef("auth import takes one file, not %d", len(args))
	}
	name, c, has, err := o.read(ctx, inv, args, from)
	if err != nil {
		return err
	}
	if from != "" && has != from {
		return usagef("%s has the %s form, not %s", name, has, from)
	}
	target := inv.locator().Target()
	if err := hasPlace(target); err != nil {
		return err
	}
	if !piped(args) && sameFile(name, target.Path) {
		return usagef("%s is our store already", name)
	}
	if err := o.agree(ctx, inv, name, has, c, target); err != nil {
		return err
	}
	keeper := auth.Keeper{File: target, Format: format, Replace: true, Warn: func(err error) { inv.talk.warn("%v", err) }}
	if err := keeper.Store(c); err != nil {
		return err
	}
	return inv.showImported(ctx, target, name)
}

// read reads the source: a file, stdin, or the place that the form is known for.
func (o *importOptions) read(ctx context.Context, inv *invocation, args []string, from credentials.Format) (string, credentials.Credential, credentials.Format, error) {
	if piped(args) {
		c, has, err := inv.readLogin(ctx, from)
		return "stdin", c, has, err
	}
	file, err := o.source(ctx, inv, args, from)
	if err != nil {
		return "", credentials.Credential{}, "", err
	}
	c, has, err := file.Read(ctx)
	if errors.Is(err, fs.ErrNotExist) {
		return "", c, has, usagef("%v: there is nothing to import", err)
	}
	return file.Path, c, has, err
}

// source is the file to read: the one that is named, the one that the form is known
// for, or the one that is there. Of several a person chooses.
func (o *importOptions) source(ctx context.Context, inv *invocation, args []string, from credentials.Format) (credentials.File, error) {
	own, official := inv.locator().OwnFile(), inv.locator().CodexFile()
	switch {
	case len(args) == 1:
		return credentials.File{Path: args[0], Format: from}, nil
	case from == credentials.LangChain:
		return own, nil
	case from != "":
		return official, nil
	}
	target := inv.locator().Target()
	var there []credentials.File
	var names []string
	for _, file := range []credentials.File{official, own} {
		if _, err := os.Stat(file.Path); err == nil && !sameFile(file.Path, target.Path) {
			there, names = append(there, file), append(names, file.Path)
		}
	}
	switch {
	case len(there) == 0:
		return official, nil // reading it says what is missing
	case len(there) == 1:
		return there[0], nil
	case inv.env.Choose == nil || inv.global.noInput:
		return official, usagef("there is more than one login to import: %s; say which with --from, or name the file", strings.Join(names, ", "))
	}
	chosen, err := inv.env.Choose(ctx, "Which login shall be imported?", names)
	if err != nil {
		return official, err
	}
	return there[chosen], nil
}

// agree makes sure that neither the target's login nor the source's owner is
// surprised.
func (o *importOptions) agree(ctx context.Context, inv *invocation, name string, has credentials.Format, c credentials.Credential, target credentials.File) error {
	if has == credentials.Codex && !c.RefreshToken.Empty() && !o.yes {
		err := inv.mustAgree(ctx, fmt.Sprintf("The login in %s has one single-use refresh token: once either copy is renewed, the other is signed out. Import it?", name), "-y")
		if err != nil {
			return err
		}
	}
	return o.mayReplace(ctx, inv, target)
}

func (inv *invocation) showImported(ctx context.Context, target credentials.File, name string) error {
	c, has, err := target.Read(ctx)
	if err != nil {
		return err
	}
	now := inv.env.Now()
	login := credentials.Selection{
		Origin:     credentials.Origin{Kind: credentials.KindFile, Path: target.Path, Format: has, Renewable: true},
		Credential: c,
	}
	doc := importDocument{offlineStatus(login, nil, now), name}
	doc.Type = "auth import"
	if inv.global.wantsDocument() {
		return inv.document(doc)
	}
	_, err = io.WriteString(inv.out, "Imported the login of "+account(doc.statusDocument)+" from "+name+" into "+target.Path+".\n")
	return err
}
