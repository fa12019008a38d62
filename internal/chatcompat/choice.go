package chatcompat

import (
	"strings"

	"github.com/tidwall/gjson"

	"github.com/codexctl/codexctl/pkg/responses"
)

// Head is what all chunks of one answer share.
type Head struct {
	// ID names the answer, and is given the form chatcmpl-…; empty for the backend's
	// own. Needed when there is more than one choice: each has its own call.
	ID string

	// Created is the time in Unix seconds, for a backend that gives none.
	Created int64

	// Model replaces the name that the backend gives; empty to keep that.
	Model string
}

// Choice translates one upstream stream into one choice: event by event with Chunks
// or with Add, never both, and then with End. It is not safe for concurrent use.
type Choice struct {
	answer *answer
	head   Head
	index  int
	out    output

	sums    map[place]*textSum // the texts that something came of
	current place              // the text of the last delta
	sum     *textSum           // and its sum
	scratch []byte             // a text without its escapes
	fault   error              // the answer is not whole
	cutter  *cutter            // nil without stop sequences
	given   int                // text deltas so far, if there is a cap
	said    []byte             // the text so far, if it may be cut; the inside of a JSON string

	thought place // the last part of reasoning; no kind before the first
	opened  bool  // the tag is open
	spoken  bool  // the text has begun

	calls map[int]*call // by output index
	count int           // of calls
	ids   map[string]int

	usage *responses.Usage
	end   string // the finish reason of a choice that was cut
	ended bool
}

// kind is what a text is for.
type kind int

const (
	kindNone kind = iota // of no text
	kindContent
	kindRefusal
	kindSummary
	kindThought
)

// place names one text of the output.
type place struct {
	kind         kind
	output, part int
}

// Choice begins the choice with the given index.
func (p *Plan) Choice(h Head, index int) *Choice {
	c := &Choice{
		answer: &p.answer, head: h, index: index,
		sums: make(map[place]*textSum), calls: make(map[int]*call), ids: make(map[string]int),
	}
	if len(p.answer.stops) > 0 {
		c.cutter = newCutter(p.answer.stops)
	}
	return c
}

// Chunks appends the frames that an event gives to dst: none, one or more, each
// "data: {…}" and a blank line. The first has the role; it comes with the first output
// item, so that an early failure can still be answered with a status. Events after
// Cut give nothing.
func (c *Choice) Chunks(dst []byte, e responses.Event) []byte {
	c.out.frames = dst
	c.event(e)
	return c.out.taken()
}

// Add takes an event without giving frames, for an answer that is no stream. What
// comes together is for [Completion].
func (c *Choice) Add(e responses.Event) {
	c.out.collects = true
	c.event(e)
}

// End appends the frames that close the choice to dst: what was held back, and the
// chunk with the finish reason. err is what the stream ended with. If it is a failure,
// as [Finishes] says, or if Err is one, there is no finish reason: the answer must not
// look whole. After Add, nothing is appended.
func (c *Choice) End(dst []byte, err error) []byte {
	if c.ended {
		return dst
	}
	c.ended = true
	c.out.frames = dst
	c.flush()
	if c.fault == nil && (err == nil || Finishes(err)) {
		c.refuse(err)
		c.finish(c.reason(err))
	}
	return c.out.taken()
}

// Cut says whether a stop sequence or the cap has ended the choice. What the backend
// goes on to send is of no use then.
func (c *Choice) Cut() bool { return c.end != "" }

// Err is [responses.ErrTruncated] when the pieces of the text differ from the finished
// text; nil for an answer that is as the backend meant it, and for one that was cut.
func (c *Choice) Err() error { return c.fault }

// Usage is what the backend counted; nil if it did not say. After a cut it is nil too:
// the call is ended before the backend counts.
func (c *Choice) Usage() *responses.Usage {
	if c.Cut() {
		return nil
	}
	return c.usage
}

// Text is the text given out and held back so far, without reasoning, for a request
// with a stop sequence or a cap: what a kept conversation holds of an answer that was
// cut. For other requests it is empty.
func (c *Choice) Text() string {
	text := decoded(c.said)
	if c.cutter != nil {
		text += c.cutter.held
	}
	return text
}

// event is the one translation that both forms of an answer come from.
func (c *Choice) event(e responses.Event) {
	if c.ended || c.Cut() {
		return
	}
	switch e.Type {
	case typeTextDelta:
		c.delta(kindContent, e.Data)
	case typeRefusalDelta:
		c.delta(kindRefusal, e.Data)
	case typeSummaryDelta:
		c.delta(kindSummary, e.Data)
	case typeThoughtDelta:
		c.delta(kindThought, e.Data)
	case typeArgsDelta, typeInputDelta:
		c.argumentsDelta(e.Data)
	case typeTextDone:
		c.done(kindContent, e.Data, "text")
	case typeRefusalDone:
		c.done(kindRefusal, e.Data, "refusal")
	case typeSummaryDone:
		c.done(kindSummary, e.Data, "text")
	case typeThoughtDone:
		c.done(kindThought, e.Data, "text")
	case typeArgsDone:
		c.argumentsDone(e.Data, "arguments")
	case typeInputDone:
		c.argumentsDone(e.Data, "input")
	case typeItemAdded:
		c.added(e)
	case typeItemDone:
		item := gjson.GetBytes(e.Data, "item")
		c.item(c.placeOf(item, e.OutputIndex()), item)
	case typeCreated, typeInProgress:
		c.meet(e)
	case typeCompleted, typeIncomplete, typeFailed:
		c.last(e)
	}
}

// meet reads what the backend says about the answer as a whole.
func (c *Choice) meet(e responses.Event) {
	if c.out.met {
		return
	}
	fields := gjson.GetManyBytes(e.Data, "response.id", "response.created_at", "response.model")
	c.out.met = fields[0].Str != ""
	c.out.head = Head{ID: fields[0].Str, Created: fields[1].Int(), Model: fields[2].Str}
}

// last reads a terminal event. Its output counts for the items that nothing was heard
// of: a backend may send them in one place, in both, or in the other.
func (c *Choice) last(e responses.Event) {
	c.meet(e)
	if usage := gjson.GetBytes(e.Data, "response.usage"); usage.IsObject() {
		c.usage = readUsage(usage)
	}
	for i, item := range gjson.GetBytes(e.Data, "response.output").Array() {
		c.item(c.placeOf(item, i), item)
	}
}

// added begins an item. A call can be announced if its name is known.
func (c *Choice) added(e responses.Event) {
	item := gjson.GetBytes(e.Data, "item")
	at := c.placeOf(item, e.OutputIndex())
	c.begin()
	if isCall(item) {
		c.announce(c.callAt(at), item)
	}
}

// placeOf is the output index of an item. The id tells, should the indexes of the
// events and of the final object differ.
func (c *Choice) placeOf(item gjson.Result, index int) int {
	id := item.Get("id").Str
	if id == "" {
		return index
	}
	if known, ok := c.ids[id]; ok {
		return known
	}
	c.ids[id] = index
	return index
}

// item takes what a finished item has and its events have not brought.
func (c *Choice) item(index int, item gjson.Result) {
	if c.Cut() {
		return
	}
	switch kindOf := item.Get("type").Str; {
	case isCall(item):
		c.wholeCall(c.callAt(index), item)
	case kindOf == "message":
		for i, part := range item.Get("content").Array() {
			c.whole(place{kindContent, index, i}, part.Get("text").Raw, part.Get("type").Str == "output_text")
			c.whole(place{kindRefusal, index, i}, part.Get("refusal").Raw, part.Get("type").Str == "refusal")
			c.annotate(place{kindContent, index, i}, part.Get("annotations"))
		}
	case kindOf == "reasoning":
		for i, part := range item.Get("summary").Array() {
			c.whole(place{kindSummary, index, i}, part.Get("text").Raw, true)
		}
		for i, part := range item.Get("content").Array() {
			c.whole(place{kindThought, index, i}, part.Get("text").Raw, true)
		}
	}
}

// chatID gives an id the form of Chat Completions.
func chatID(id string) string {
	return "chatcmpl-" + strings.TrimPrefix(strings.TrimPrefix(id, "chatcmpl-"), "resp_")
}
