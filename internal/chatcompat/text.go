package chatcompat

import (
	"bytes"
	"fmt"
	"hash/maphash"
	"unicode/utf8"

	"github.com/codexctl/codexctl/pkg/responses"
)

const (
	openTag   = "<reasoning>"
	closeTag  = `</reasoning>\n` // the inside of a JSON string, as all text here
	blankLine = `\n\n`
)

// delta takes a piece of a text.
func (c *Choice) delta(k kind, data []byte) {
	event := readText(data, "delta")
	text := inside(event.text)
	if len(text) == 0 {
		return
	}
	at := place{k, event.output, event.part}
	if at != c.current {
		sum := c.sumOf(at)
		if sum.whole {
			return // all of it was there already
		}
		c.current, c.sum = at, sum
	}
	c.sum.add(c.unescaped(text))
	c.piece(at, text)
}

// done takes a finished text: for a backend that sends no deltas.
func (c *Choice) done(k kind, data []byte, field string) {
	event := readText(data, field)
	c.finished(place{k, event.output, event.part}, inside(event.text))
}

// whole takes a finished text from an item, if it is of the right type.
func (c *Choice) whole(at place, token string, right bool) {
	if right && token != "" {
		c.finished(at, inside([]byte(token)))
	}
}

// finished gives a text of which nothing was given. Else it is compared with what was.
func (c *Choice) finished(at place, text []byte) {
	if len(text) == 0 || c.Cut() {
		return // an empty one says nothing: a backend may leave out what it has sent
	}
	if sum := c.sums[at]; sum != nil {
		if sum.compared() && !sum.equals(c.unescaped(text)) {
			c.fault = fmt.Errorf("%w: the pieces received do not add up to the finished text", responses.ErrTruncated)
		}
		return
	}
	sum := c.sumOf(at)
	sum.whole = true
	sum.add(c.unescaped(text))
	c.piece(at, text)
}

// textSum stands for the pieces of a text that were given out.
type textSum struct {
	kind  kind
	whole bool // it came in one
	len   int
	hash  maphash.Hash
}

func (c *Choice) sumOf(at place) *textSum {
	sum := c.sums[at]
	if sum == nil {
		sum = &textSum{kind: at.kind}
		c.sums[at] = sum
	}
	return sum
}

// compared says whether it matters that the text is whole: reasoning is no part of the
// answer.
func (s *textSum) compared() bool { return s.kind == kindContent || s.kind == kindRefusal }

// unescaped is the text whose JSON has this inside, until the next one: a backend can
// write the same text in more than one way.
func (c *Choice) unescaped(inside []byte) []byte {
	if bytes.IndexByte(inside, '\\') < 0 {
		return inside
	}
	c.scratch = appendDecoded(c.scratch[:0], inside)
	return c.scratch
}

func (s *textSum) add(text []byte) {
	s.len += len(text)
	_, _ = s.hash.Write(text) // never fails
}

func (s *textSum) equals(text []byte) bool {
	return s.len == len(text) && s.hash.Sum64() == maphash.Bytes(s.hash.Seed(), text)
}

func (c *Choice) piece(at place, text []byte) {
	switch at.kind {
	case kindContent:
		c.content(at, text)
	case kindRefusal:
		c.give(fieldRefusal, "", text)
	case kindSummary, kindThought:
		c.reasoning(at, text)
	}
}

// content gives text of the answer, as far as the cap and the stop sequences let it.
func (c *Choice) content(at place, text []byte) {
	if c.answer.limit > 0 {
		// The piece that is one too many ends the choice, not the last one allowed:
		// an answer of just that length is complete.
		if c.given == c.answer.limit {
			c.end = "length"
			return
		}
		c.given++
	}
	c.closeReasoning()
	c.spoken = true
	c.mark(at)
	if c.cutter == nil {
		c.say(text)
		return
	}
	out, cut := c.cutter.feed(decoded(text))
	c.plain(out)
	if cut {
		c.end = "stop"
	}
}

// plain gives text that is no JSON yet.
func (c *Choice) plain(text string) {
	if text != "" {
		c.say(appendInside(nil, text))
	}
}

// say gives text of the answer, and remembers it if the answer may be cut.
func (c *Choice) say(text []byte) {
	if c.answer.limit > 0 || c.cutter != nil {
		c.said = append(c.said, text...)
	}
	c.give(fieldContent, "", text)
}

// reasoning gives a piece of the summary, its parts separated by blank lines. In tags
// it has its place before the text only: what comes later is left out.
func (c *Choice) reasoning(at place, text []byte) {
	lead := ""
	if c.thought.kind != kindNone && at != c.thought {
		lead = blankLine
	}
	switch c.answer.reasoning {
	case ReasoningField:
		c.give(fieldReasoning, lead, text)
	case ReasoningTags:
		if c.spoken {
			return
		}
		if !c.opened {
			lead = openTag
			c.opened = true
		}
		c.give(fieldContent, lead, text)
	}
	c.thought = at
}

func (c *Choice) closeReasoning() {
	if c.opened {
		c.give(fieldContent, closeTag, nil)
		c.opened, c.spoken = false, true
	}
}

// flush gives what was held back.
func (c *Choice) flush() {
	c.closeReasoning()
	if c.cutter != nil {
		c.plain(c.cutter.rest())
	}
}

// mark keeps where the text of a part begins, for its annotations.
func (c *Choice) mark(at place) {
	if !c.out.collects {
		return
	}
	if c.out.starts == nil {
		c.out.starts = make(map[place]start)
	}
	if _, known := c.out.starts[at]; known {
		return
	}
	begin := start{bytes: len(c.out.fields[fieldContent])}
	if c.cutter != nil {
		begin.held = utf8.RuneCountInString(c.cutter.held)
	}
	c.out.starts[at] = begin
}
