package cli

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"slices"

	"github.com/codexctl/codexctl/internal/schema"
	"github.com/codexctl/codexctl/pkg/responses"
)

// answer is one run of `ask`, from the prompt to the last byte of the answer.
type answer struct {
	inv     *invocation
	command context.Context // of the command, which the time of an answer does not end
	options *askOptions
	call    call
	stdin   stdinState
	dropped []string

	attached     attachments   // what goes along with the prompt
	counted      tokenCount    // what --count and --max-input-tokens want to know; zero without
	structure    *structure    // what shape the answer must have
	conversation *conversation // what it continues and where it is kept
	out          *destination  // where its text goes
	display      *display      // what a person sees meanwhile

	collector responses.Collector
	data      json.RawMessage // the answer as --schema has it; nil without
	part      *string         // the part of the text that is the answer; nil for all of it
	lines     *askLines       // of --jsonl; nil otherwise
}

func newAnswer(inv *invocation, o *askOptions) *answer {
	return &answer{
		inv: inv, options: o, stdin: stdinUnused,
		call: call{inv: inv, watch: newStopwatch(inv.env.Now)},
	}
}

// prepare reads what is to be asked and builds the request.
func (a *answer) prepare(ctx context.Context, args []string) error {
	o := a.options
	if err := o.check(a.inv); err != nil {
		return err
	}
	if err := a.inv.claimStdin(args, slices.Concat(o.inputOptions.fileFlags(), o.structureOptions.fileFlags(), []fileFlag{o.fileFlag()})...); err != nil {
		return err
	}
	var err error
	if a.structure, err = o.structureOptions.read(ctx, a.inv, o.strict); err != nil {
		return err
	}
	instructions, err := o.readInstructions(ctx, a.inv)
	if err != nil {
		return err
	}
	if a.attached, err = o.inputOptions.read(ctx, a.inv); err != nil {
		return err
	}
	said, err := a.inv.readPrompt(ctx, args)
	if err != nil {
		return err
	}
	a.stdin = said.stdin
	if a.conversation, err = o.sessionOptions.open(ctx, a.inv, o.dryRun); err != nil {
		return err
	}
	message, err := a.attached.message(said.text)
	if err != nil {
		return err
	}
	r := o.request(instructions, message)
	o.displayOptions.shape(&r, a.inv)
	a.structure.shape(&r)
	a.conversation.extend(ctx, &r)
	if err := a.settle(r); err != nil {
		return err
	}
	a.call.watch = newStopwatch(a.inv.env.Now) // the wait for stdin is over
	return nil
}

// request is the body for a message.
func (o *askOptions) request(instructions string, message json.RawMessage) responses.Request {
	r := responses.Request{
		Model: defaultModel, Instructions: instructions, Input: []json.RawMessage{message},
	}
	if o.model.given {
		r.Model = o.model.text
	}
	o.tuningOptions.apply(&r)
	return r
}

// settle has the last word on the request: --set, the model's name, what the backend
// refuses, and how much it may be.
func (a *answer) settle(r responses.Request) error {
	o := a.options
	streams := a.lines != nil || !a.whole()
	var err error
	if a.call.request, err = a.inv.applySet(r, o.set, streams); err != nil {
		return err
	}
	if err := a.structure.kept(a.call.request); err != nil {
		return err
	}
	a.call.rename(o.modelAliases())
	a.call.modelGiven = o.model.given || a.call.request.Model != defaultModel
	if a.dropped, err = a.inv.checkRefused(a.call.request, o.strict); err != nil {
		return err
	}
	return a.estimate()
}

// whole says whether nothing can be written before the answer is complete.
func (a *answer) whole() bool {
	return a.options.outputOptions.whole() || a.inv.global.wantsDocument() || a.structure.whole()
}

// ask asks, and writes the answer in the form that was asked for.
func (a *answer) ask(ctx context.Context) error {
	client, err := a.inv.client(ctx)
	if err != nil {
		return err
	}
	a.call.client, a.call.mend = client, a.conversation.mend(&a.call)
	if a.out, err = a.options.outputOptions.open(ctx, a.inv); err != nil {
		return err
	}
	a.display = a.options.displayOptions.begin(a.inv, a.out)
	a.options.rest = a.display.rest
	err = a.options.guarded(ctx, &a.call, func() error { return a.write(ctx) })
	a.display.end()
	if err == nil || errors.Is(err, schema.ErrMismatch) {
		a.conversation.keep(ctx, &a.call, a.collector.Response())
	}
	if a.options.usage && a.call.header != nil {
		a.inv.talk.note("%s", usageLine(a.collector.Response(), a.call))
	}
	return err
}

// write runs the call with the sink that the output wants.
func (a *answer) write(ctx context.Context) error {
	switch {
	case a.lines != nil:
		return a.lines.write(ctx)
	case a.whole():
		return a.collect(ctx)
	}
	return a.stream(ctx)
}

// stream writes the text as it comes.
func (a *answer) stream(ctx context.Context) error {
	text := a.sink(a.out)
	a.call.event = func(e responses.Event, more bool) error {
		if a.display.speaks(e) {
			// What is held back belongs in front of what is said on stderr.
			if err := text.Event(e, false); err != nil {
				return err
			}
		}
		a.note(e)
		return text.Event(e, more)
	}
	return a.out.close(a.inv.endText(text, a.call.run(ctx), !a.options.exact))
}

// note keeps what an event says, as far as it will be wanted.
func (a *answer) note(e responses.Event) {
	a.display.event(e)
	if a.conversation != nil || a.options.usage && e.IsResponse() {
		a.collector.Add(e)
	}
}

// collect gathers the answer, and writes its text unless a document is wanted.
func (a *answer) collect(ctx context.Context) error {
	a.call.event = func(e responses.Event, _ bool) error {
		a.display.event(e)
		a.collector.Add(e)
		return nil
	}
	err := a.call.run(ctx)
	if err == nil {
		err = a.collector.Err()
	}
	if err == nil {
		err = a.conform()
	}
	if a.inv.global.wantsDocument() {
		return err
	}
	return a.out.close(a.writeWhole(a.out, err))
}

// close gives up what the answer holds.
func (a *answer) close() {
	a.display.end()
	a.out.end()
	a.conversation.end()
}

// conclude writes what ends the output: the document, the last line, or nothing.
func (a *answer) conclude(err error) error {
	switch {
	case a.lines != nil:
		return a.lines.last(err)
	case a.options.dryRun || a.options.count:
		return err
	case a.inv.global.wantsDocument():
		return a.result(err)
	}
	return err
}

// servedModel is the model that really answered.
func servedModel(r *responses.Response, h http.Header) string {
	if model := h.Get("Openai-Model"); model != "" {
		return model
	}
	return r.Model
}
