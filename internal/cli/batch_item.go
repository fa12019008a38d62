package cli

import (
	"context"
	"errors"
	"sync"

	"github.com/codexctl/codexctl/internal/batch"
	"github.com/codexctl/codexctl/pkg/auth"
	"github.com/codexctl/codexctl/pkg/responses"
)

// itemResult is a record of the output. It begins with the id: by that a torn one is
// told from a file that is none of ours.
type itemResult struct {
	ID    batch.ID `json:"id"`
	Index int      `json:"index"`
	askResult
}

// build makes the request of an item. The answer that is returned has nothing asked yet;
// it is there with an error too, as far as it came.
func (b *batchRun) build(ctx context.Context, item batch.Item) (*answer, error) {
	r, err := readRecord(item, b.options.defaults)
	o, inv := &r.options, r.invocation(b.inv)
	a := newAnswer(inv, o)
	if err != nil {
		return a, err
	}
	if r.has("model") && blank(o.model.text) {
		return a, usagef(`the field "model" is empty; leave it out to do without`)
	}
	if a.structure = b.structure; r.has("schema", "schema-multi", "extract", "extract-last", "strict") {
		if a.structure, err = o.structureOptions.read(ctx, inv, o.strict); err != nil {
			return a, err
		}
	}
	instructions := b.instructions
	if r.has("instructions", "instructions-file") {
		if instructions, err = o.readInstructions(ctx, inv); err != nil {
			return a, err
		}
	}
	attached := b.attached
	if r.has("file", "attach") {
		if attached, err = o.inputOptions.read(ctx, inv); err != nil {
			return a, err
		}
	}
	request, err := r.request(instructions, attached)
	if err != nil {
		return a, err
	}
	a.structure.shape(&request)
	return a, a.settle(request)
}

// answer asks one item. Without a record it is to be asked again: it was broken off, or
// what stopped it stops all.
func (b *batchRun) answer(ctx context.Context, item batch.Item) batch.Result {
	bounded, cancel := b.inv.bounded(ctx)
	defer cancel()
	a, err := b.build(bounded, item)
	a.inv.talk.tellOf(func(text string) { b.warn(item, text) })
	b.repeat(item, a.inv.talk)
	if err == nil {
		err = b.put(bounded, item, a)
	}
	switch {
	case err != nil && ctx.Err() != nil:
		return batch.Result{}
	case stopsAll(err):
		return batch.Result{Fatal: err}
	}
	doc := itemResult{item.ID, item.Index, a.document("ask", err)}
	data, encodeErr := encode(doc)
	if encodeErr != nil {
		return batch.Result{Fatal: encodeErr}
	}
	result := batch.Result{Record: data, Tokens: spent(doc.Usage)}
	if doc.Error != nil {
		result.Code = doc.Error.Code
	}
	return result
}

// put asks with a client of the item's own, so that what happens on the way is told of
// the right item.
func (b *batchRun) put(ctx context.Context, item batch.Item, a *answer) error {
	client := *b.client
	client.Before = b.gate.Wait
	client.Notify = func(n responses.Notice) { b.notice(item, a, n) }
	a.call.client = &client
	wanted := a.call.request.Model
	if other := b.model.Load(); other != nil && !a.call.modelGiven {
		a.call.request.Model = *other
	}
	a.call.watch = newStopwatch(b.inv.env.Now)
	err := a.collect(ctx)
	if served := a.call.request.Model; !a.call.modelGiven && served != wanted {
		b.model.Store(&served)
	}
	return err
}

// notice is told of what happens on the way to an answer. A refusal for coming too soon
// makes all items wait.
func (b *batchRun) notice(item batch.Item, a *answer, n responses.Notice) {
	before := b.gate.Until()
	b.gate.Notice(n)
	switch n.Kind {
	case responses.NoticeSkipped:
		a.inv.talk.warn("%v", n.Err)
	case responses.NoticeRetry:
		if until := b.gate.Until(); until.After(before) {
			b.progress.pause(until, n.Err)
			return
		}
		b.inv.talk.detail("codexctl: record %s: %v; trying again in %s", item.ID.Text, n.Err, n.Delay.Round(1e8))
	default:
		b.inv.tell(n)
	}
}

// repeat says on stderr what was said while the item was built.
func (b *batchRun) repeat(item batch.Item, talk *talk) {
	for _, text := range talk.warnings() {
		b.warn(item, text)
	}
}

// warn says a warning about an item, the same one once: all have it in their records.
func (b *batchRun) warn(item batch.Item, text string) {
	if b.warned.first(text) {
		b.inv.talk.warn("record %s: %s", item.ID.Text, text)
	}
}

// warnedOnce knows which warnings have been said. The zero value knows of none.
type warnedOnce struct {
	mu   sync.Mutex
	said map[string]bool
}

// maxWarned is how many different warnings are said at most.
const maxWarned = 100

// first says whether a text has not been said before.
func (w *warnedOnce) first(text string) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.said[text] || len(w.said) == maxWarned {
		return false
	}
	if w.said == nil {
		w.said = make(map[string]bool)
	}
	w.said[text] = true
	return true
}

// stopsAll says whether an error would meet every other item too.
func stopsAll(err error) bool {
	var endpoint *auth.EndpointError
	var proxy *proxyError
	var api *responses.APIError
	switch {
	case err == nil:
		return false
	case errors.Is(err, batch.ErrInputChanged), errors.Is(err, responses.ErrBlocked), errors.Is(err, responses.ErrRedirect),
		errors.As(err, &endpoint), errors.As(err, &proxy):
		return true
	}
	switch means := meaning(err); means.exit {
	case exitAuth, exitConfig:
		return true
	case exitLimited:
		return means.code == "quota_exhausted" || errors.As(err, &api) && api.RetryAfter > longWait
	}
	return false
}

// spent is what an answer has cost.
func spent(u *usageDocument) batch.Tokens {
	if u == nil {
		return batch.Tokens{}
	}
	return batch.Tokens{
		Input: u.InputTokens, Cached: u.CachedInputTokens,
		Output: u.OutputTokens, Reasoning: u.ReasoningTokens,
	}
}
