package proxy

import (
	"bytes"
	"encoding/json"

	"github.com/tidwall/gjson"
	"github.com/tidwall/sjson"

	"github.com/codexctl/codexctl/pkg/responses"
)

// relay gives a stream to the caller frame by frame, as bytes. limit cuts it after so
// many pieces of text; 0 does not.
func (x *exchange) relay(stream *responses.Stream, talk *conversation, limit int) error {
	out := x.events()
	defer out.close()
	r := &relay{x: x, out: out, talk: talk, cut: newCutter(limit)}
	for event, err := range stream.Events() {
		if err != nil {
			return r.ended(err)
		}
		done, err := r.event(event, stream.Buffered())
		if err != nil || done {
			return err
		}
	}
	return nil
}

// relay is a stream on its way.
type relay struct {
	x    *exchange
	out  *eventWriter
	talk *conversation
	cut  *cutter
	tally

	waiting *bytes.Buffer // frames that may still turn out to be the beginning of a failure; nil for none
	frame   []byte        // for a frame that has to be put together
}

// event hands on one event. done is true once the caller has all that it gets.
func (r *relay) event(e responses.Event, more bool) (done bool, err error) {
	r.note(e)
	frame := r.whole(e)
	switch {
	case e.Terminal() && !e.Failed():
		frame = r.finish(e)
	case r.cut.over(e):
		r.x.cut(r.talk, &r.cut.collector)
		return true, r.give(r.cut.closing(r.number()), false)
	}
	if !r.out.started() && (e.Failure() || e.Opening() && more) {
		if r.waiting == nil {
			r.waiting = r.x.server.buffer()
		}
		r.waiting.Write(frame)
		return false, nil
	}
	return false, r.give(frame, more)
}

// give writes what has waited, and a frame.
func (r *relay) give(frame []byte, more bool) error {
	r.x.begin(r.out, &r.tally)
	if r.waiting == nil {
		return r.out.write(frame, more)
	}
	r.waiting.Write(frame)
	err := r.out.write(r.waiting.Bytes(), more)
	r.x.server.giveBack(r.waiting)
	r.waiting = nil
	return err
}

// begin begins a stream to the caller, unless it has begun.
func (x *exchange) begin(out *eventWriter, t *tally) {
	if out.started() {
		return
	}
	x.noting.Lock()
	defer x.noting.Unlock()
	x.modelHeader(t.answer().Model)
	out.start()
}

// whole is an event's frame with its blank line, which the last one of a stream can
// lack.
func (r *relay) whole(e responses.Event) []byte {
	for _, end := range []string{"\n\n", "\r\n\r\n", "\r\r"} {
		if bytes.HasSuffix(e.Frame, []byte(end)) {
			return e.Frame
		}
	}
	r.frame = append(append(r.frame[:0], bytes.TrimRight(e.Frame, "\r\n")...), "\n\n"...)
	return r.frame
}

// finish keeps the exchange and gives the terminal event its output, if it lacks it:
// clients read the answer there (fact S-5 in docs/protocol.md).
func (r *relay) finish(e responses.Event) []byte {
	answer := r.answer()
	r.x.line.usage = answer.Usage
	r.x.keep(r.talk, answer.ID, answer.Model, answer.Output)
	if len(answer.Output) == 0 || len(gjson.GetBytes(e.Data, "response.output").Array()) > 0 {
		return r.whole(e)
	}
	filled, err := sjson.SetRawBytes(e.Data, "response.output", joinItems(answer.Output))
	if err != nil {
		return r.whole(e)
	}
	return eventFrame(e.Type, filled)
}

// ended is how a stream ends that does not end well. What the backend has said about it
// has been handed on; ours is added only if it said nothing.
func (r *relay) ended(err error) error {
	if isIncomplete(err) {
		return nil // the caller has the event that says so
	}
	if !r.out.started() || r.x.gone() {
		return err
	}
	f := r.x.server.failure(err)
	r.x.line.failed(f)
	if r.told {
		return nil
	}
	return r.out.write(f.event(r.number()+1), false)
}

// tally is what is remembered of the events of a stream: all but the pieces, which the
// finished texts repeat.
type tally struct {
	id, model string // as the first events say; what else is in them comes again at the end
	gathered  responses.Collector
	piece     []byte // the last event, if it was a piece, for its sequence_number
	at        int64  // the sequence_number of the last event that was none
	told      bool   // the backend has said how it ended
}

func (t *tally) note(e responses.Event) {
	if e.IsDelta() {
		t.piece = append(t.piece[:0], e.Data...)
		return
	}
	t.piece = t.piece[:0]
	t.at = gjson.GetBytes(e.Data, "sequence_number").Int()
	if e.Opening() {
		t.open(e)
		return
	}
	t.gathered.Add(e)
	t.told = t.told || e.Terminal() || e.Failure()
}

// open takes what is needed of the first events, of which each says the same.
func (t *tally) open(e responses.Event) {
	if t.id == "" {
		fields := gjson.GetManyBytes(e.Data, "response.id", "response.model")
		t.id, t.model = fields[0].Str, fields[1].Str
	}
}

// answer is what there is so far.
func (t *tally) answer() *responses.Response {
	answer := t.gathered.Response()
	if answer.ID == "" {
		answer.ID, answer.Model = t.id, t.model
	}
	return answer
}

// number is the last sequence_number. A piece's is looked for only when it is needed:
// nearly every stream ends without.
func (t *tally) number() int64 {
	if len(t.piece) > 0 {
		return gjson.GetBytes(t.piece, "sequence_number").Int()
	}
	return t.at
}

// eventFrame is an event in its framing.
func eventFrame(name string, data []byte) []byte {
	frame := make([]byte, 0, len(name)+len(data)+len("event: \ndata: \n\n"))
	frame = append(append(append(frame, "event: "...), name...), "\ndata: "...)
	return append(append(frame, compact(data)...), "\n\n"...)
}

// compact is JSON on one line.
func compact(data []byte) []byte {
	if !bytes.ContainsAny(data, "\r\n") {
		return data
	}
	var b bytes.Buffer
	if json.Compact(&b, data) != nil {
		return data
	}
	return b.Bytes()
}
