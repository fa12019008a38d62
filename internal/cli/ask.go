package cli

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"

	"github.com/codexctl/codexctl/pkg/responses"
)

// askOptions are the flags of `ask`.
type askOptions struct {
	requestOptions
	quotaOptions
	effort, summary, verbosity, tier string
	webSearch                        bool
	noStream, exact, usage           bool
}

func askCommand() command {
	return command{
		name: "ask", summary: "prompt in, text out", args: "[PROMPT…|-]",
		details: "The words are joined by one space. Piped text follows them as a <stdin> block;\nwithout words, or for a lone -, it is the prompt.",
		examples: []string{
			`codexctl ask "why is the sky blue?"`,
			`git diff | codexctl ask "write a commit message"`,
			`codexctl ask --json --transform usage.total_tokens "hi"`,
			`codexctl ask --dry-run -m gpt-5.5 -e low "hi"`,
		},
		setup: func(inv *invocation) ([]flagSpec, action) {
			o := &askOptions{}
			return o.flags(), func(ctx context.Context, args []string) error { return o.run(ctx, inv, args) }
		},
	}
}

func (o *askOptions) flags() []flagSpec {
	return append(append(o.requestOptions.flags(), o.quotaOptions.flags()...),
		stringFlag("effort,e", "LEVEL", &o.effort, "reasoning effort, such as low, medium, high"),
		stringFlag("summary", "KIND", &o.summary, "reasoning summary: auto, concise, detailed"),
		stringFlag("verbosity", "LEVEL", &o.verbosity, "length of the answer: low, medium, high"),
		stringFlag("tier", "NAME", &o.tier, "service tier, such as priority"),
		boolFlag("web-search", &o.webSearch, "let the model search the web"),
		boolFlag("no-stream", &o.noStream, "write the answer when it is complete"),
		boolFlag("exact", &o.exact, "add no final newline"),
		boolFlag("usage,u", &o.usage, "say on stderr what it cost"),
	)
}

func (o *askOptions) run(ctx context.Context, inv *invocation, args []string) error {
	ctx, cancel := o.quotaOptions.bounded(ctx, inv)
	defer cancel()
	a := &answer{
		inv: inv, options: o, stdin: stdinUnused,
		call: call{inv: inv, watch: newStopwatch(inv.env.Now)},
	}
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

// request is the body for a prompt.
func (o *askOptions) request(instructions, text string) responses.Request {
	r := responses.Request{
		Model: defaultModel, Instructions: instructions,
		Input:     []json.RawMessage{responses.UserText(text)},
		Reasoning: responses.Reasoning{Effort: o.effort, Summary: o.summary},
		Text:      responses.Text{Verbosity: o.verbosity}, ServiceTier: o.tier,
	}
	if o.model.given {
		r.Model = o.model.text
	}
	if o.webSearch {
		r.Tools = []json.RawMessage{json.RawMessage(`{"type":"web_search"}`)}
	}
	return r
}

// answer is one run of `ask` after the request is built.
type answer struct {
	inv     *invocation
	options *askOptions
	call    call
	stdin   stdinState
	dropped []string

	collector responses.Collector
	lines     *askLines // of --jsonl; nil otherwise
}

// prepare reads what is to be asked and builds the request.
func (a *answer) prepare(ctx context.Context, args []string) error {
	o := a.options
	if o.dryRun && a.lines != nil {
		return usagef("--dry-run prints one document: use --json, not --jsonl")
	}
	if err := a.inv.claimStdin(args, o.fileFlag()); err != nil {
		return err
	}
	instructions, err := o.readInstructions(ctx, a.inv)
	if err != nil {
		return err
	}
	said, err := a.inv.readPrompt(ctx, args)
	if err != nil {
		return err
	}
	a.stdin = said.stdin
	streams := a.lines != nil || !o.noStream && !a.inv.global.wantsDocument()
	if a.call.request, err = a.inv.applySet(o.request(instructions, said.text), o.set, streams); err != nil {
		return err
	}
	a.call.modelGiven = o.model.given || a.call.request.Model != defaultModel
	a.call.watch = newStopwatch(a.inv.env.Now) // the wait for stdin is over
	a.dropped, err = a.inv.checkRefused(a.call.request, o.strict)
	return err
}

// ask asks, and writes the answer in the form that was asked for.
func (a *answer) ask(ctx context.Context) error {
	client, err := a.inv.client(ctx)
	if err != nil {
		return err
	}
	a.call.client = client
	err = a.options.guarded(ctx, &a.call, func() error { return a.write(ctx) })
	if a.options.usage && a.call.header != nil {
		a.inv.talk.note("%s", usageLine(a.collector.Response(), a.call))
	}
	return err
}

// conclude writes what ends the output: the document, the last line, or nothing.
func (a *answer) conclude(err error) error {
	switch {
	case a.options.dryRun && err == nil:
		return nil
	case a.lines != nil:
		return a.lines.last(err)
	case a.inv.global.wantsDocument():
		return a.result(err)
	}
	return err
}

// write runs the call with the sink that the output wants.
func (a *answer) write(ctx context.Context) error {
	switch {
	case a.lines != nil:
		return a.lines.write(ctx)
	case a.inv.global.wantsDocument(), a.options.noStream:
		return a.collect(ctx)
	}
	return a.stream(ctx)
}

// stream writes the text as it comes. Nothing of it is kept.
func (a *answer) stream(ctx context.Context) error {
	text := responses.NewTextSink(a.inv.out)
	a.call.event = func(e responses.Event, more bool) error {
		if e.IsResponse() {
			a.collector.Add(e) // for usage and ids alone
		}
		return text.Event(e, more)
	}
	return a.inv.endText(text, a.call.run(ctx), !a.options.exact)
}

// collect gathers the answer, and writes its text unless a document is wanted.
func (a *answer) collect(ctx context.Context) error {
	a.call.event = func(e responses.Event, _ bool) error {
		a.collector.Add(e)
		return nil
	}
	err := a.call.run(ctx)
	if err == nil {
		err = a.collector.Err()
	}
	if a.inv.global.wantsDocument() {
		return err
	}
	return a.inv.writeItems(a.collector.Response(), err, !a.options.exact)
}

// usageLine is what --usage says.
func usageLine(r *responses.Response, c call) string {
	line := "codexctl: "
	if u := r.Usage; u != nil {
		line += fmt.Sprintf("%d tokens in (%d cached), %d out (%d reasoning)",
			u.InputTokens, u.CachedInputTokens, u.OutputTokens, u.ReasoningTokens)
	} else {
		line += "no token count"
	}
	if !c.watch.first.IsZero() {
		line += fmt.Sprintf(", first text after %d ms", c.watch.first.Sub(c.watch.start).Milliseconds())
	}
	limits := responses.ReadRateLimits(c.header)
	for _, w := range []*responses.Window{limits.Primary, limits.Secondary} {
		if w != nil {
			line += fmt.Sprintf(", %s%% of %s used", trimFloat(w.UsedPercent), windowName(w.Minutes))
		}
	}
	return line
}

func trimFloat(f float64) string { return fmt.Sprintf("%.3g", f) }

func windowName(minutes int) string {
	switch {
	case minutes <= 0:
		return "a window"
	case minutes%(24*60) == 0:
		return fmt.Sprintf("%d d", minutes/(24*60))
	case minutes%60 == 0:
		return fmt.Sprintf("%d h", minutes/60)
	}
	return fmt.Sprintf("%d min", minutes)
}

// result writes the JSON document, whatever ended the call.
func (a *answer) result(err error) error {
	if errors.Is(err, errReaderGone) {
		return err
	}
	if err != nil && a.inv.global.transform != "" {
		return err // stdout stays empty
	}
	if writeErr := a.inv.document(a.document("ask", err)); writeErr != nil {
		return writeErr
	}
	if err != nil {
		return &reported{err}
	}
	return nil
}

// document is the result as far as it came.
func (a *answer) document(kind string, err error) askResult {
	r := a.collector.Response()
	doc := askResult{
		SchemaVersion: 1, Type: kind, Status: "completed",
		Text: r.Text() + r.Refusal(), Reasoning: stringOrNull(r.Reasoning()),
		ToolCalls: toolCallDocuments(r.ToolCalls()), Model: stringOrNull(servedModel(r, a.call.header)),
		RequestedModel: a.call.request.Model, ResponseID: stringOrNull(r.ID),
		RequestID: stringOrNull(a.call.requestID), Usage: newUsageDocument(r.Usage),
		RateLimits: newRateLimitsDocument(responses.ReadRateLimits(a.call.header)),
		Timing:     a.call.watch.document(a.call.attempts), Stdin: a.stdin,
		Dropped: nonNil(a.dropped), Warnings: a.inv.talk.warnings(),
	}
	if err != nil {
		doc.Error = a.inv.explain(err)
		doc.Status = statusOf(doc.Error.Code)
	}
	return doc
}

// servedModel is the model that really answered.
func servedModel(r *responses.Response, h http.Header) string {
	if model := h.Get("Openai-Model"); model != "" {
		return model
	}
	return r.Model
}

// statusOf sums an error up for `status`.
func statusOf(code string) string {
	switch code {
	case "incomplete", "truncated":
		return "incomplete"
	case "refused":
		return "refused"
	case "cancelled", "interrupted":
		return "cancelled"
	}
	return "failed"
}
