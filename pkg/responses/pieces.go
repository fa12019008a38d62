package responses

import (
	"encoding/json"
	"fmt"
	"hash/maphash"

	"github.com/codexctl/codexctl/internal/rawjson"
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
	scratch       []byte // a text that came with escapes, without them
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
func (p *Pieces) Event(e Event, give func(Piece)) { p.event(e, asPiece(give)) }

// Item calls give with the text of a finished output item that was not given yet.
func (p *Pieces) Item(index int, item json.RawMessage, give func(Piece)) {
	p.item(index, item, asPiece(give))
}

func asPiece(give func(Piece)) giver {
	if give == nil {
		return nil
	}
	return func(place textPlace, text []byte) { give(Piece{string(text), place.output, place.refusal}) }
}

// giver takes a piece of text, which is valid until it returns. It spares whoever writes
// the text at once a string of each piece.
type giver func(place textPlace, text []byte)

func (p *Pieces) event(e Event, give giver) {
	switch e.Type {
	case typeTextDelta, typeRefusalDelta:
		p.piece(placeOf(e), p.plain(e.value(memberDelta)), give)
	case typeTextDone, typeRefusalDone:
		if whole := doneText(e); whole != nil {
			p.whole(placeOf(e), whole, give)
		}
	case typeItemDone:
		p.item(e.OutputIndex(), e.value(memberItem), give)
	}
}

func (p *Pieces) item(index int, item json.RawMessage, give giver) {
	if string(textOf(rawjson.Member(item, "type"))) != "message" {
		return
	}
	i := 0
	for part := range rawjson.Elements(rawjson.Member(item, "content")) {
		switch string(textOf(rawjson.Member(part, "type"))) {
		case "output_text":
			p.whole(textPlace{index, i, false}, rawjson.Member(part, "text"), give)
		case "refusal":
			p.whole(textPlace{index, i, true}, rawjson.Member(part, "refusal"), give)
		}
		i++
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

// plain is the text of a JSON string, valid until the next one.
func (p *Pieces) plain(value []byte) []byte {
	text := inside(value)
	if hasEscape(text) {
		p.scratch = rawjson.Unescape(p.scratch[:0], text)
		return p.scratch
	}
	return text
}

func (p *Pieces) piece(place textPlace, text []byte, give giver) {
	if len(text) == 0 {
		return
	}
	sum := p.sum(place)
	_, _ = sum.hash.Write(text) // never fails
	sum.len += len(text)
	p.refused = p.refused || place.refusal
	p.text = p.text || !place.refusal
	if give != nil {
		give(place, text)
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

// whole compares a finished text, a JSON string, with its pieces. If there were none, it
// is given itself: some models send no deltas.
func (p *Pieces) whole(place textPlace, value []byte, give giver) {
	sum, text := p.sum(place), p.plain(value)
	if sum.len == 0 {
		p.piece(place, text, give)
		return
	}
	if sum.len != len(text) || sum.hash.Sum64() != maphash.Bytes(p.seed, text) {
		p.fault = fmt.Errorf("%w: the pieces received do not add up to the finished text", ErrTruncated)
	}
}
