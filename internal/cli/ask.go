package cli

import (
	"context"
	"slices"
)

// askOptions are the flags of `ask`, by what they are about. Each part has its file.
type askOptions struct {
	requestOptions
	aliasOptions
	inputOptions
	tuningOptions
	structureOptions
	displayOptions
	outputOptions
	sessionOptions
	quotaOptions
}

func askCommand() command {
	return command{
		name: "ask", summary: "prompt in, text out", args: "[PROMPT…|-]",
		details: "The words are joined by one space. Piped text follows them as a <stdin> block;\nwithout words, or for a lone -, it is the prompt. What -f names stands before it as\n<file path=\"…\"> blocks, what -a names goes along as it is.",
		examples: []string{
			`codexctl ask "why is the sky blue?"`,
			`git diff | codexctl ask "write a commit message"`,
			`codexctl ask -f notes.txt -f plan.md "what is missing in the plan?"`,
			`codexctl ask -a photo.jpg "what is this?"`,
			`codexctl ask --json --transform usage.total_tokens "hi"`,
			`codexctl ask --schema 'name, age int' "invent a person"`,
			`codexctl ask -x -o hello.go "a Go program that says hello"`,
			`codexctl ask --dry-run -m gpt-5.5 -e low "hi"`,
		},
		result: func(l line) any {
			switch {
			case l.given["dry-run"]:
				return dryRunDocument{DryRun: true}
			case l.given["count"]:
				return countDocument{Count: true}
			}
			return askResult{Status: "failed"}
		},
		setup: func(inv *invocation) ([]flagSpec, action) {
			o := &askOptions{}
			inv.verify = func() error { return o.verify(inv) }
			return o.flags(), func(ctx context.Context, args []string) error { return o.run(ctx, inv, args) }
		},
	}
}

func (o *askOptions) flags() []flagSpec {
	return slices.Concat(
		o.requestOptions.flags(), []flagSpec{o.aliasFlag()}, o.inputOptions.flags(), o.tuningOptions.flags(), o.structureOptions.flags(),
		o.displayOptions.flags(), o.outputOptions.flags(), o.sessionOptions.flags(), o.quotaOptions.flags(),
	)
}

// verify checks the values of settings.
func (o *askOptions) verify(inv *invocation) error {
	if err := o.requestOptions.verify(inv); err != nil {
		return err
	}
	if err := o.checkAliases(inv); err != nil {
		return err
	}
	if _, err := o.render.words(); err != nil {
		return inv.badSetting("render", err)
	}
	return nil
}

// check holds the flags against each other, before anything is read.
func (o *askOptions) check(inv *invocation) error {
	switch {
	case o.dryRun && o.count:
		return usagef("--dry-run and --count exclude each other")
	case o.dryRun && inv.global.jsonl:
		return usagef("--dry-run prints one document: use --json, not --jsonl")
	case o.count && inv.global.jsonl:
		return usagef("--count prints one document: use --json, not --jsonl")
	}
	if (o.dryRun || o.count) && o.toFile() && inv.given["output"] {
		return usagef("--output takes an answer, and %s asks for none; leave one of them out, or redirect stdout", nothingAsked(o.count))
	}
	return o.checkCount(inv)
}

// nothingAsked is the flag because of which nothing is asked.
func nothingAsked(count bool) string {
	if count {
		return "--count"
	}
	return "--dry-run"
}

func (o *askOptions) run(ctx context.Context, inv *invocation, args []string) error {
	a := newAnswer(inv, o)
	a.command = ctx
	ctx, cancel := o.quotaOptions.bounded(ctx, inv)
	defer cancel()
	defer a.close()
	if inv.global.jsonl {
		a.lines = newAskLines(a)
	}
	err := a.prepare(ctx, args)
	switch {
	case err != nil:
	case o.count:
		err = a.printCount()
	case o.dryRun:
		err = inv.printRequest(ctx, a.call.request, a.dropped)
	default:
		err = a.ask(ctx)
	}
	return a.conclude(err)
}
