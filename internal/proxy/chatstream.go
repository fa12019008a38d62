package proxy

import (
	"context"
	"crypto/rand"
	"net/http"
	"sync"

	"github.com/codexctl/codexctl/internal/chatcompat"
	"github.com/codexctl/codexctl/pkg/responses"
)

// chatStream gives one choice as chunks.
func (x *exchange) chatStream(c *chatChoice, stream *responses.Stream, plan *chatcompat.Plan) error {
	out := x.events()
	defer out.close()
	if err := c.stream(stream, out); err != nil {
		return x.chatFailed(out, err)
	}
	x.line.usage = c.choice.Usage()
	return x.chatDone(out, plan, []*chatcompat.Choice{c.choice})
}

// stream writes a choice's chunks as its events come. Nothing is sent while it may
// still turn out that the answer has failed before it began.
func (c *chatChoice) stream(stream *responses.Stream, out *eventWriter) error {
	var chunks []byte
	for event, err := range stream.Events() {
		if err != nil {
			if !chatcompat.Finishes(err) {
				return err
			}
			return c.finish(out, chunks, err)
		}
		c.note(event)
		chunks = c.choice.Chunks(chunks, event)
		more := stream.Buffered()
		early := !out.started() && (event.Failure() || event.Opening() && more)
		switch {
		case c.choice.Cut():
			return c.finish(out, chunks, nil)
		case early:
			continue
		}
		if err := c.give(out, chunks, more); err != nil {
			return err
		}
		chunks = chunks[:0]
	}
	return c.finish(out, chunks, nil)
}

// give writes chunks, of which there may be none: then what was written is on its way,
// unless more follows.
func (c *chatChoice) give(out *eventWriter, chunks []byte, more bool) error {
	c.x.begin(out, &c.tally)
	return out.write(chunks, more)
}

// finish keeps the exchange, then ends the choice.
func (c *chatChoice) finish(out *eventWriter, chunks []byte, err error) error {
	if broken := c.choice.Err(); broken != nil {
		_ = c.give(out, c.choice.End(chunks, broken), true)
		return broken
	}
	c.keep()
	return c.give(out, c.choice.End(chunks, err), true)
}

// chatDone ends a stream of chunks.
func (x *exchange) chatDone(out *eventWriter, plan *chatcompat.Plan, choices []*chatcompat.Choice) error {
	var last []byte
	if plan.IncludeUsage {
		last = chatcompat.UsageChunk(last, choices)
	}
	return out.write(append(last, chatcompat.DoneFrame()...), false)
}

// chatFailed ends a stream of chunks that has failed: with a status if nothing was
// sent, else with one error and nothing behind it.
func (x *exchange) chatFailed(out *eventWriter, err error) error {
	if !out.started() || x.gone() {
		return err
	}
	f := x.server.failure(err)
	x.line.failed(f)
	return out.write(f.chunk(), false)
}

// choices answers with several choices, each an answer of its own.
func (x *exchange) choices(a ask, plan *chatcompat.Plan) error {
	ctx, cancel := context.WithCancelCause(x.ctx)
	defer cancel(nil)
	streams, err := x.openAll(ctx, a, plan.N)
	if err != nil {
		return err
	}
	defer closeAll(streams)
	head := x.head()
	head.ID = rand.Text()
	parts := make([]*chatChoice, plan.N)
	all := make([]*chatcompat.Choice, plan.N)
	for i := range parts {
		all[i] = plan.Choice(head, i)
		parts[i] = &chatChoice{x: x, choice: all[i], talk: a.talk}
	}
	if !plan.Stream {
		if err := together(cancel, plan.N, func(i int) error { return parts[i].gather(streams[i]) }); err != nil {
			return err
		}
		x.modelHeader(parts[0].answer().Model)
		writeJSON(x.w, http.StatusOK, chatcompat.Completion(head, all))
		return nil
	}
	out := x.events()
	defer out.close()
	if err := together(cancel, plan.N, func(i int) error { return parts[i].stream(streams[i], out) }); err != nil {
		return x.chatFailed(out, err)
	}
	return x.chatDone(out, plan, all)
}

// openAll begins n answers at a time.
func (x *exchange) openAll(ctx context.Context, a ask, n int) ([]*responses.Stream, error) {
	streams := make([]*responses.Stream, n)
	err := together(func(error) {}, n, func(i int) (err error) {
		streams[i], err = x.open(ctx, a)
		return err
	})
	if err != nil {
		closeAll(streams)
		return nil, err
	}
	return streams, nil
}

func closeAll(streams []*responses.Stream) {
	for _, stream := range streams {
		if stream != nil {
			stream.Close()
		}
	}
}

// together runs n parts at a time and waits for all. The first error ends the others.
func together(cancel context.CancelCauseFunc, n int, part func(int) error) error {
	var wait sync.WaitGroup
	var once sync.Once
	var first error
	for i := range n {
		wait.Go(func() {
			if err := part(i); err != nil {
				once.Do(func() { first = err; cancel(err) })
			}
		})
	}
	wait.Wait()
	return first
}
