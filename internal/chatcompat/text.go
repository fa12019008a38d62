package chatcompat

import (
	"unicode/utf8"
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
		if c.places[at] {
			return // all of it was there already
		}
		c.places[at] = false
		c.current = at
	}
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

// finished gives a text unless some of it was given already.
func (c *Choice) finished(at place, text []byte) {
	if _, seen := c.places[at]; seen || len(text) == 0 || c.Cut() {
		return
	}
	c.places[at] = true
	c.piece(at, text)
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
		c.give(fieldContent, "", text)
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
		c.give(fieldContent, "", appendInside(nil, text))
	}
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
