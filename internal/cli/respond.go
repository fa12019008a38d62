package cli

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/tidwall/gjson"

	"github.com/codexctl/codexctl/internal/chatcompat"
)

// respondOptions are the flags of `respond`.
type respondOptions struct {
	requestOptions
	payload, input         string
	tools, include, events repeated
	toolChoice             string
	stream, sse            bool
	includeHeaders, asIs   bool
}

func respondCommand() command {
	return command{
		name: "respond", summary: "the Responses API as it is", args: "[INPUT|-]",
		details: "--payload takes a whole body; flags override its fields. With --stream, --jsonl\nprints every event of the backend on one line and --sse its raw frames.",
		examples: []string{
			`codexctl respond --stream "tell me a story"`,
			`codexctl respond --json --payload body.json`,
			`codexctl respond --jsonl --event response.output_text.delta "hi"`,
			`codexctl respond --tool @tool.json --tool-choice required "what is 5 times 4?"`,
		},
		result: func(l line) any {
			if l.given["dry-run"] {
				return dryRunDocument{DryRun: true}
			}
			return envelope{} // what it has otherwise is the backend's
		},
		setup: func(inv *invocation) ([]flagSpec, action) {
			o := &respondOptions{}
			inv.verify = func() error { return o.requestOptions.verify(inv) }
			return o.flags(), func(ctx context.Context, args []string) error { return o.run(ctx, inv, args) }
		},
	}
}

func (o *respondOptions) flags() []flagSpec {
	return append(o.requestOptions.flags(),
		boolFlag("stream", &o.stream, "write the answer as it comes; with --json every event on one line"),
		boolFlag("sse", &o.sse, "write the raw frames, byte for byte; implies --stream"),
		stringFlag("payload", "FILE", &o.payload, "a whole JSON body from a file, or from stdin for -"),
		stringFlag("input", "JSON|TEXT|@FILE", &o.input, "the input: a list of items, or text"),
		repeatedFlag("tool", "JSON|@FILE", &o.tools, "a tool definition (repeat)"),
		stringFlag("tool-choice", "CHOICE", &o.toolChoice, "auto, none, required, a function's name, or JSON"),
		repeatedFlag("include", "NAME", &o.include, "extra output, such as reasoning.encrypted_content (repeat)"),
		repeatedFlag("event", "TYPE", &o.events, "write only events of this type (repeat)"),
		boolFlag("include-headers", &o.includeHeaders, "write the answer's headers to stderr"),
		boolFlag("as-is", &o.asIs, "send the body unfiltered: nothing dropped, added or converted"),
	)
}

func (o *respondOptions) run(ctx context.Context, inv *invocation, args []string) error {
	ctx, cancel := inv.bounded(ctx)
	defer cancel()
	err := o.respond(ctx, inv, args)
	var done *reported
	if err == nil || !o.sse || errors.As(err, &done) || errors.Is(err, errReaderGone) {
		return err
	}
	if writeErr := inv.failureFrame(err); writeErr != nil {
		return writeErr
	}
	return &reported{err}
}

func (o *respondOptions) respond(ctx context.Context, inv *invocation, args []string) error {
	if err := o.settle(inv); err != nil {
		return err
	}
	c, dropped, err := o.prepare(ctx, inv, args)
	if err != nil {
		return err
	}
	if o.dryRun {
		if c.body != nil {
			return inv.printBody(ctx, c.body, nil)
		}
		return inv.printRequest(ctx, c.request, dropped)
	}
	if c.client, err = inv.client(ctx); err != nil {
		return err
	}
	if o.includeHeaders {
		c.opened, c.refusedToo = inv.showHeaders, true
	}
	return o.write(ctx, inv, c)
}

// settle brings the options about output into one form: --jsonl and --sse stream,
// and --stream --json is --jsonl.
func (o *respondOptions) settle(inv *invocation) error {
	g := &inv.global
	o.stream = o.stream || o.sse || g.jsonl
	switch {
	case o.stream && g.transform != "":
		return usagef("--transform works on one document, not on a stream")
	case o.sse && (g.json || g.jsonl):
		return usagef("--sse excludes --json and --jsonl")
	case len(o.events) > 0 && !o.sse && !g.jsonl && !(o.stream && g.json):
		return usagef("--event filters events: it goes with --jsonl or --sse")
	case o.asIs && o.strict && inv.given["strict"]:
		return usagef("--as-is and --strict exclude each other")
	}
	if o.stream && g.json && !o.dryRun {
		g.json, g.jsonl = false, true
	}
	return nil
}

// prepare builds what is sent.
func (o *respondOptions) prepare(ctx context.Context, inv *invocation, args []string) (*call, []string, error) {
	c := &call{inv: inv, watch: newStopwatch(inv.env.Now)}
	body, err := o.body(ctx, inv, args)
	if err != nil {
		return nil, nil, err
	}
	if o.asIs {
		c.body = body
		return c, nil, nil
	}
	inv.warnForced(body, o.stream)
	if body, err = chatcompat.Request(body); err != nil {
		return nil, nil, fmt.Errorf("the payload: %w", err)
	}
	if err := json.Unmarshal(body, &c.request); err != nil {
		return nil, nil, fmt.Errorf("the payload: %w", err)
	}
	c.modelGiven = c.request.Model != ""
	if !c.modelGiven {
		c.request.Model = defaultModel
	}
	if given := gjson.GetBytes(body, "instructions"); given.Type == gjson.String && strings.TrimSpace(given.Str) == "" {
		return nil, nil, errNoInstructions()
	}
	dropped, err := inv.checkRefused(c.request, o.strict)
	return c, dropped, err
}
