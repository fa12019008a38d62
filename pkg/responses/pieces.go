package responses

import (
	"encoding/json"
	"fmt"
	"hash/maphash"

	"github.com/tidwall/gjson"
)

// Piece is some text of an answer.
type Piece struct {
	// Text is the text, never empty.
	Text string

	// OutputIndex is the place of its item in the output.
	OutputIndex int

	// Refusal is true for text of a refusal.
	Refusal bool
}

// Pieces takes the text out of a stream, each character once: from the deltas, or
// from a finished text that no delta announced. It compares the two where there are
// both. Its memory does not grow with the text. The zero value is ready.
type Pieces struct {
	sums          map[textPlace]*textSum
	last          *textSum // the text that the last piece belonged to
	seed          maphash.Seed
	scratch       []byte // a delta that came with escapes, without them
	text, refused bool
	fault         error
}

// textPlace names one text of the output.
type textPlace struct {
	output, content int
	refusal         bool
}

// textSum stands for the pieces of a text that were given out.
type textSum struct {
	place textPlace
	hash  maphash.Hash
	len   int
}

// Event calls give with each piece of text that an event brings. Without give they are
// only compared.
func (p *Pieces) Event(e Event, give func(Piece)) {
	switch e.Type {
	case typeTextDelta, typeRefusalDelta:
		p.piece(placeOf(e), p.delta(e), give)
	case typeTextDone, typeRefusalDone:
		if whole, ok := doneText(e); ok {
			p.whole(placeOf(e), whole, give)
		}
	case typeItemDone:
		p.Item(e.OutputIndex(), e.Item(), give)
	}
}

// Item calls give with the text of a finished output item that was not given yet.
func (p *Pieces) Item(index int, item json.RawMessage, give func(Piece)) {
	if gjson.GetBytes(item, "type").Str != "message" {
		return
	}
	for i, part := range gjson.GetBytes(item, "content").Array() {
		switch part.Get("type").Str {
		case "output_text":
			p.whole(textPlace{index, i, false}, part.Get("text").Str, give)
		case "refusal":
			p.whole(textPlace{index, i, true}, part.Get("refusal").Str, give)
		}
	}
}

// Err is ErrTruncated when the pieces differ from the finished text, ErrRefused when
// all there was is a refusal.
func (p *Pieces) Err() error {
	if p.fault == nil && p.refused && !p.text {
		return ErrRefused
	}
	return p.fault
}

func placeOf(e Event) textPlace {
	return textPlace{
		output:  e.OutputIndex(),
		content: e.contentIndex(),
		refusal: e.Type == typeRefusalDelta || e.Type == typeRefusalDone,
	}
}

// delta is the text of a delta, valid until the next one.
func (p *Pieces) delta(e Event) []byte {
	text := inside(e.RawDelta())
	if hasEscape(text) {
		p.scratch = unescape(p.scratch[:0], text)
		return p.scratch
	}
	return text
}

func (p *Pieces) piece(place textPlace, text []byte, give func(Piece)) {
	if len(text) == 0 {
		return
	}
	sum := p.sum(place)
	_, _ = sum.hash.Write(text) // never fails
	sum.len += len(text)
	p.refused = p.refused || place.refusal
	p.text = p.text || !place.refusal
	if give != nil {
		give(Piece{string(text), place.output, place.refusal})
	}
}

func (p *Pieces) sum(place textPlace) *textSum {
	if p.last != nil && p.last.place == place {
		return p.last
	}
	if p.sums == nil {
		p.sums, p.seed = make(map[textPlace]*textSum), maphash.MakeSeed()
	}
	if p.sums[place] == nil {
		p.sums[place] = &textSum{place: place}
		p.sums[place].hash.SetSeed(p.seed)
	}
	p.last = p.sums[place]
	return p.last
}

// whole compares a finished text with its pieces. If there were none, it is given
// itself: some models send no deltas.
func (p *Pieces) whole(place textPlace, text string, give func(Piece)) {
	sum := p.sum(place)
	if sum.len == 0 {
		p.piece(place, []byte(text), give)
		return
	}
	if sum.len != len(text) || sum.hash.Sum64() != maphash.String(p.seed, text) {
		p.fault = fmt.Errorf("%w: the pieces received do not add up to the finished text", ErrTruncated)
	}
}
