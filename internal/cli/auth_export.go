package cli

import (
	"context"
	"io"

	"github.com/codexctl/codexctl/pkg/credentials"
)

// exportOptions are the flags of `auth export`.
type exportOptions struct {
	format     string
	accessOnly bool
	yes        bool
}

func authExportCommand() command {
	return command{
		name: "export", summary: "print the login, to move it elsewhere",
		details: "What is printed signs in whoever has it. Off a terminal it needs -y.",
		examples: []string{
			"codexctl auth export --format codex -y > auth.json",
			"codexctl auth export --format env --access-only -y",
		},
		setup: func(inv *invocation) ([]flagSpec, action) {
			o := &exportOptions{format: string(credentials.LangChain)}
			flags := []flagSpec{
				stringFlag("format", "FORM", &o.format, "langchain, codex, flat or env (default langchain)"),
				boolFlag("access-only", &o.accessOnly, "leave out what could renew the login; for flat and env"),
				boolFlag("yes,y", &o.yes, "write to a file or a pipe"),
			}
			return flags, func(ctx context.Context, _ []string) error { return o.run(ctx, inv) }
		},
	}
}

func (o *exportOptions) run(ctx context.Context, inv *invocation) error {
	form := o.format
	if form != "env" {
		if _, err := parseFormat("format", form); err != nil {
			return usagef("--format wants langchain, codex, flat or env, not %q", form)
		}
	}
	switch {
	case o.accessOnly && form != "env" && form != string(credentials.Flat):
		return usagef("--access-only is for the forms flat and env: a %s file without a refresh token is refused by its own reader", form)
	case !o.yes && !inv.env.StdoutTerminal:
		return &usageError{message: "the login would be written to a file or a pipe", hint: "say that it is meant so: codexctl auth export -y"}
	case inv.global.transform != "":
		return usagef("--transform does not go with auth export")
	}
	login, err := inv.locator().Find(ctx, inv.env.Now())
	if err != nil {
		return err
	}
	inv.remark(login)
	c := login.Credential
	if o.accessOnly {
		c.RefreshToken, c.IDToken = credentials.Secret{}, credentials.Secret{}
	}
	if form == "env" {
		_, err = io.WriteString(inv.out, environmentForm(c))
		return err
	}
	data, err := credentials.Encode(c, credentials.Format(form))
	if err != nil {
		return err
	}
	_, err = inv.out.Write(append(data, '\n'))
	return err
}
