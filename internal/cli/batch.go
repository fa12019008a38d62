package cli

import (
	"context"
	"fmt"
	"slices"

	"github.com/codexctl/codexctl/internal/batch"
)

// batchOptions are the flags of `batch`.
type batchOptions struct {
	// defaults are the flags of `ask` that count for every record.
	defaults askOptions

	lines     bool
	jobs      int
	ordered   bool
	resume    string
	output    string
	maxErrors int
	rpm       int
}

func batchCommand() command {
	return command{
		name: "batch", summary: "JSONL in, JSONL out, a few at a time, resumable", args: "FILE|-",
		details: "Each line of FILE is a record {id?, prompt | input, …}. Its other fields are flags of\n" +
			"`ask` with underscores, and count before the flags given here. Each record of the output\n" +
			"is {id, index, …result of ask --json}, written as soon as it is there.",
		more: batchFieldsHelp,
		examples: []string{
			`codexctl batch questions.jsonl -o answers.jsonl`,
			`codexctl batch questions.jsonl --resume answers.jsonl`,
			`codexctl batch --lines -i "Translate into French." words.txt | jq -r .text`,
			`codexctl batch questions.jsonl --dry-run`,
		},
		result: always(batchResult{Status: "stopped"}),
		setup: func(inv *invocation) ([]flagSpec, action) {
			o := &batchOptions{jobs: batch.DefaultJobs}
			inv.verify = func() error { return o.verify(inv) }
			return o.flags(), func(ctx context.Context, args []string) error { return o.run(ctx, inv, args) }
		},
	}
}

func (o *batchOptions) flags() []flagSpec {
	own := []flagSpec{
		boolFlag("lines", &o.lines, "each line is a prompt"),
		intFlag("jobs,j", "N", &o.jobs, "how many are asked at once (default 4)"),
		boolFlag("ordered", &o.ordered, "records in the order of the input; a file is put in order at the end, and on stdout a record waits for those before it"),
		stringFlag("output,o", "FILE", &o.output, "write the records to a new file"),
		stringFlag("resume", "FILE", &o.resume, "go on with an output file: ask what is missing or not completed"),
		intFlag("max-errors", "N", &o.maxErrors, "stop after so many failed records (default 0, no limit)"),
		intFlag("rpm", "N", &o.rpm, "most requests per minute (default 0, no limit)"),
		boolFlag("dry-run", &o.defaults.dryRun, "print each request as a line, send nothing"),
	}
	return slices.Concat(own, recordFlags(&o.defaults))
}

func (o *batchOptions) run(ctx context.Context, inv *invocation, args []string) error {
	if err := o.check(inv, args); err != nil {
		return err
	}
	b := &batchRun{inv: inv, options: o, input: args[0]}
	defer b.close()
	if err := b.prepare(ctx); err != nil {
		return err
	}
	if o.defaults.dryRun {
		return b.printRequests(ctx)
	}
	if err := b.open(ctx); err != nil {
		return err
	}
	return b.conclude(b.ask(ctx))
}

// verify checks the values of settings.
func (o *batchOptions) verify(inv *invocation) error {
	switch {
	case o.jobs < 1:
		return inv.badSetting("jobs", fmt.Errorf("want 1 or more, not %d", o.jobs))
	case o.rpm < 0:
		return inv.badSetting("rpm", fmt.Errorf("want 0 or more, not %d", o.rpm))
	}
	return o.defaults.verify(inv)
}

// check holds the flags against each other.
func (o *batchOptions) check(inv *invocation, args []string) error {
	files := slices.Concat(o.defaults.inputOptions.fileFlags(), o.defaults.structureOptions.fileFlags(), []fileFlag{o.defaults.fileFlag()})
	switch {
	case len(args) != 1:
		return &usageError{
			message: "batch wants one file with the records, or - for stdin",
			hint:    `codexctl batch questions.jsonl -o answers.jsonl, or: codexctl batch --lines - < prompts.txt`,
		}
	case o.maxErrors < 0:
		return usagef("flag --max-errors wants 0 or more, not %d", o.maxErrors)
	case o.output != "" && o.resume != "":
		return usagef("--output and --resume exclude each other: --resume writes to the file it names")
	case inv.given["output"] && o.output == "", inv.given["resume"] && o.resume == "":
		return usagef("the name of the output file is empty")
	case o.resume == "-":
		return usagef("--resume wants a file, not stdout")
	case o.defaults.dryRun && (inv.global.wantsDocument() || o.file() != ""):
		return usagef("--dry-run prints a line for each record: leave out --json, --transform, --output and --resume")
	case !o.defaults.dryRun && inv.global.wantsDocument() && o.file() == "":
		return &usageError{
			message: "--json prints a summary, so the records need a file",
			hint:    "codexctl batch " + shellWord(args[0]) + " --json -o answers.jsonl",
		}
	}
	return inv.claimStdin(args, files...)
}

// file is where the records go; empty for stdout.
func (o *batchOptions) file() string {
	switch {
	case o.resume != "":
		return o.resume
	case o.output != "-":
		return o.output
	}
	return ""
}
