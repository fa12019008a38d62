package cli

import (
	"context"
	"slices"
)

// askOptions are the flags of `ask`, by what they are about. Each part has its file.
type askOptions struct {
	requestOptions
	inputOptions
	tuningOptions
	structureOptions
	displayOptions
	outputOptions
	sessionOptions
}

func askCommand() command {
	return command{
		name: "ask", summary: "prompt in, text out", args: "[PROMPT…|-]",
		details: "The words are joined by one space. Piped text follows them as a <stdin> block;\nwithout words, or for a lone -, it is the prompt.",
		examples: []string{
			`codexctl ask "why is the sky blue?"`,
			`git diff | codexctl ask "write a commit message"`,
			`codexctl ask --json --transform usage.total_tokens "hi"`,
			`codexctl ask --schema 'name, age int' "invent a person"`,
			`codexctl ask -x -o hello.go "a Go program that says hello"`,
			`codexctl ask --dry-run -m gpt-5.5 -e low "hi"`,
		},
		setup: func(inv *invocation) ([]flagSpec, action) {
			o := &askOptions{}
			return o.flags(), func(ctx context.Context, args []string) error { return o.run(ctx, inv, args) }
		},
	}
}

func (o *askOptions) flags() []flagSpec {
	return slices.Concat(
		o.requestOptions.flags(), o.inputOptions.flags(), o.tuningOptions.flags(), o.structureOptions.flags(),
		o.displayOptions.flags(), o.outputOptions.flags(), o.sessionOptions.flags(),
	)
}

func (o *askOptions) run(ctx context.Context, inv *invocation, args []string) error {
	ctx, cancel := inv.bounded(ctx)
	defer cancel()
	a := newAnswer(inv, o)
	defer a.close()
	if inv.global.jsonl {
		a.lines = newAskLines(a)
	}
	err := a.prepare(ctx, args)
	switch {
	case err != nil:
	case o.dryRun:
		err = inv.printRequest(ctx, a.call.request, a.dropped)
	default:
		err = a.ask(ctx)
	}
	return a.conclude(err)
}
