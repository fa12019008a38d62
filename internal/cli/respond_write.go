package cli

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"slices"
	"strings"

	"github.com/tidwall/sjson"

	"github.com/codexctl/codexctl/pkg/responses"
)

// burstSize is how much is written at a time of events that come all at once.
const burstSize = 32 << 10

// write runs the call with the sink that the output wants.
func (o *respondOptions) write(ctx context.Context, inv *invocation, c *call) error {
	switch g := &inv.global; {
	case o.sse:
		out := bufio.NewWriterSize(inv.out, burstSize)
		return o.writeEvents(ctx, c, responses.NewFrameSink(out).Event, out.Flush)
	case g.jsonl:
		lines := responses.NewLineSink(inv.out)
		return o.writeEvents(ctx, c, lines.Event, func() error { return nil })
	case g.wantsDocument():
		return inv.writeResponse(ctx, c)
	case o.stream:
		return inv.writeTextStream(ctx, c)
	}
	return inv.writeText(ctx, c)
}

// writeEvents hands the events that are asked for to a sink. The backend's terminal
// event is the last; ours follows only when none came, or when it was not asked for. What
// the events say is looked at all the same: a refusal, and an answer whose pieces do not
// add up, are no success in any form of output. What the sink holds back is flushed as
// soon as no other event is there.
func (o *respondOptions) writeEvents(ctx context.Context, c *call, sink func(responses.Event) error, flush func() error) error {
	ended := false
	var said responses.Pieces
	c.event = func(e responses.Event, more bool) error {
		said.Event(e, nil)
		if len(o.events) == 0 || slices.Contains(o.events, e.Type) {
			ended = ended || e.Terminal()
			if err := sink(e); err != nil {
				return err
			}
		}
		if more {
			return nil
		}
		return flush()
	}
	err := c.run(ctx)
	if flushErr := flush(); flushErr != nil {
		return flushErr
	}
	if err == nil {
		err = said.Err()
	}
	if err != nil && ended && !errors.Is(err, errReaderGone) {
		return &reported{err}
	}
	return err
}

// failureFrame ends a stream of frames that has no terminal event of the backend.
func (inv *invocation) failureFrame(err error) error {
	data, encodeErr := encode(errorLine{1, "error", inv.explain(err)})
	if encodeErr != nil {
		return encodeErr
	}
	_, writeErr := fmt.Fprintf(inv.out, "event: error\ndata: %s\n\n", data)
	return writeErr
}

// writeTextStream writes the text as it comes.
func (inv *invocation) writeTextStream(ctx context.Context, c *call) error {
	text := responses.NewTextSink(inv.out)
	c.event = text.Event
	return inv.endText(text, c.run(ctx), true)
}

// writeText writes the text once the answer is complete, or as much as there is.
func (inv *invocation) writeText(ctx context.Context, c *call) error {
	response, err := c.collect(ctx)
	return inv.writeItems(inv.out, response, err, true)
}

// writeItems writes the text of a collected answer.
func (inv *invocation) writeItems(w io.Writer, r *responses.Response, err error, newline bool) error {
	text := responses.NewTextSink(w)
	for index, item := range r.Output {
		if writeErr := text.Item(index, item); writeErr != nil {
			return writeErr
		}
	}
	return inv.endText(text, err, newline)
}

// textSink is what writes a text.
type textSink interface {
	Event(e responses.Event, more bool) error
	Item(index int, item json.RawMessage) error
	Finish(newline bool) error
	Wrote() bool
}

// endText ends a text with its newline, whatever ended the call.
func (inv *invocation) endText(text textSink, err error, newline bool) error {
	ended := text.Finish(newline)
	if err == nil {
		err = ended
	}
	if err == nil && !text.Wrote() {
		inv.talk.warn(emptyAnswer)
	}
	return err
}

// writeResponse writes the Response object, with its output filled in. After a
// failure its error is ours; a failure before there was a Response is the error alone.
func (inv *invocation) writeResponse(ctx context.Context, c *call) error {
	response, err := c.collect(ctx)
	if errors.Is(err, errReaderGone) || err != nil && inv.global.transform != "" {
		return err
	}
	object := json.RawMessage("{}")
	if response.ID != "" {
		var marshalErr error
		if object, marshalErr = response.MarshalJSON(); marshalErr != nil {
			return marshalErr
		}
	}
	if err != nil {
		problem, encodeErr := encode(inv.explain(err))
		if encodeErr != nil {
			return encodeErr
		}
		if object, encodeErr = sjson.SetRawBytes(object, "error", problem); encodeErr != nil {
			return encodeErr
		}
	}
	if writeErr := inv.document(object); writeErr != nil {
		return writeErr
	}
	if err != nil {
		return &reported{err}
	}
	return nil
}

// collect runs the call to its end and returns what there is of the answer.
func (c *call) collect(ctx context.Context) (*responses.Response, error) {
	var collector responses.Collector
	c.event = func(e responses.Event, _ bool) error {
		collector.Add(e)
		return nil
	}
	err := c.run(ctx)
	if err == nil {
		err = collector.Err()
	}
	return collector.Response(), err
}

// showHeaders writes an answer's headers to stderr, but for cookies, which are secrets.
func (inv *invocation) showHeaders(h http.Header) error {
	for _, name := range slices.Sorted(maps.Keys(h)) {
		if name == "Set-Cookie" {
			continue
		}
		inv.talk.trace("%s: %s", strings.ToLower(name), strings.Join(h[name], ", "))
	}
	return nil
}
