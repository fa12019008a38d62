package responses

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/tidwall/gjson"
	"github.com/tidwall/sjson"

	"github.com/codexctl/codexctl/internal/rawjson"
)

// Collect reads a stream to its end. The response holds what had arrived, also when
// there is an error; the error is the stream's, or ErrTruncated when the deltas and
// the finished text differ, or ErrRefused for an answer that is only a refusal.
func Collect(s *Stream) (*Response, error) {
	var c Collector
	for event, err := range s.Events() {
		if err != nil {
			return c.Response(), err
		}
		c.Add(event)
	}
	return c.Response(), c.Err()
}

// Collector puts a [Response] together from the events of a stream. Items are taken
// from their own events, since the final object may have none (fact S-5), and from
// the deltas where an item's last event is missing. The zero value is ready.
type Collector struct {
	response Response
	final    []json.RawMessage // the output of the terminal event
	items    map[int]*partialItem
	fault    error
}

// partialItem is an output item on its way.
type partialItem struct {
	item  json.RawMessage
	done  bool
	parts map[partKey]*strings.Builder
}

// partKey names one text of an item: a content part, a summary part, or the
// arguments of a call.
type partKey struct {
	field string // the path that the text belongs to
	index int
}

// Add takes the next event.
func (c *Collector) Add(e Event) {
	switch e.Type {
	case typeItemAdded:
		c.at(e).item = e.Item()
	case typeItemDone:
		c.itemDone(e)
	case typeTextDelta, typeRefusalDelta, typeSummaryDelta, typeThoughtDelta, typeArgsDelta, typeInputDelta:
		c.text(e).Write(e.delta())
	case typeTextDone, typeRefusalDone, typeSummaryDone, typeArgsDone, typeInputDone:
		c.textDone(e)
	case typeCreated, typeInProgress:
		c.response.read(e.Response())
	case typeCompleted, typeIncomplete, typeFailed:
		c.response.read(e.Response())
		c.final = nil
		for _, item := range gjson.GetBytes(e.Data, "response.output").Array() {
			c.final = append(c.final, json.RawMessage(item.Raw))
		}
	}
}

// Response is what there is so far.
func (c *Collector) Response() *Response {
	out := c.response
	if len(c.items) == 0 {
		out.Output = c.final
		return &out
	}
	for _, index := range c.places() {
		if item := c.item(index); item != nil {
			out.Output = append(out.Output, item)
		}
	}
	return &out
}

// places are the indexes of the output, in order: those that events spoke of and
// those that only the final object has.
func (c *Collector) places() []int {
	indexes := slices.Collect(maps.Keys(c.items))
	for i := range c.final {
		indexes = append(indexes, i)
	}
	slices.Sort(indexes)
	return slices.Compact(indexes)
}

// item is the best there is of one place: its own last event, else the final
// object's item, else what the pieces amount to.
func (c *Collector) item(index int) json.RawMessage {
	p := c.items[index]
	if (p == nil || !p.done) && index >= 0 && index < len(c.final) {
		return c.final[index]
	}
	return p.finished()
}

// Err is what is wrong with an answer whose stream ended well.
func (c *Collector) Err() error {
	if c.fault != nil {
		return c.fault
	}
	if response := c.Response(); response.Refusal() != "" && response.Text() == "" {
		return ErrRefused
	}
	return nil
}

func (c *Collector) at(e Event) *partialItem {
	if c.items == nil {
		c.items = make(map[int]*partialItem)
	}
	index := e.OutputIndex()
	if c.items[index] == nil {
		c.items[index] = &partialItem{}
	}
	return c.items[index]
}

func (c *Collector) text(e Event) *strings.Builder {
	key, p := keyOf(e), c.at(e)
	if p.parts == nil {
		p.parts = make(map[partKey]*strings.Builder) // the item's last event came before this one
	}
	if p.parts[key] == nil {
		p.parts[key] = &strings.Builder{}
	}
	return p.parts[key]
}

// keyOf is where the text of a delta or done event belongs in its item.
func keyOf(e Event) partKey {
	switch e.Type {
	case typeTextDelta, typeTextDone:
		return partKey{"content.%d.text", partIndex(e.contentIndex())}
	case typeRefusalDelta, typeRefusalDone:
		return partKey{"content.%d.refusal", partIndex(e.contentIndex())}
	case typeThoughtDelta:
		return partKey{"content.%d.text", partIndex(e.contentIndex())}
	case typeSummaryDelta, typeSummaryDone:
		return partKey{"summary.%d.text", partIndex(e.summaryIndex())}
	case typeInputDelta, typeInputDone:
		return partKey{field: "input"}
	}
	return partKey{field: "arguments"}
}

// partIndex is the place of a part in its list. It is bounded, since a list that is
// put together from pieces is filled up to it.
func partIndex(index int) int {
	const most = 1 << 10
	return max(0, min(index, most))
}

// path is the key as an sjson path.
func (k partKey) path() string {
	if strings.Contains(k.field, "%d") {
		return fmt.Sprintf(k.field, k.index)
	}
	return k.field
}

// textDone compares the deltas with the text as a whole. A model that sends no
// deltas has said everything here.
func (c *Collector) textDone(e Event) {
	value := doneText(e)
	if value == nil {
		return
	}
	whole, text := textOf(value), c.text(e)
	if text.Len() == 0 {
		text.Write(whole)
		return
	}
	if text.String() != string(whole) {
		c.mismatch()
	}
}

// doneText is the whole text that a done event repeats, as a JSON string; nil if it
// repeats none.
func doneText(e Event) []byte {
	field := "text"
	switch e.Type {
	case typeRefusalDone:
		field = "refusal"
	case typeArgsDone:
		field = "arguments"
	case typeInputDone:
		field = "input"
	}
	if value := rawjson.Member(e.Data, field); isString(value) {
		return value
	}
	return nil
}

// itemDone stores a finished item, after comparing its texts with the deltas.
func (c *Collector) itemDone(e Event) {
	p := c.at(e)
	p.item, p.done = e.Item(), true
	for key, text := range p.parts {
		whole := gjson.GetBytes(p.item, key.path())
		if !whole.Exists() && text.Len() > 0 {
			p.item = withText(p.item, key, text.String())
		}
		if strings.HasPrefix(key.field, "content") && whole.Type == gjson.String && text.Len() > 0 && whole.Str != text.String() {
			c.mismatch()
		}
	}
	p.parts = nil
}

func (c *Collector) mismatch() {
	c.fault = fmt.Errorf("%w: the pieces received do not add up to the finished text", ErrTruncated)
}

// finished is the item, with the texts from the deltas if its last event never came.
func (p *partialItem) finished() json.RawMessage {
	if p.done {
		return p.item
	}
	item := p.item
	if len(item) == 0 {
		item = p.implied()
	}
	keys := slices.SortedFunc(maps.Keys(p.parts), func(a, b partKey) int { return strings.Compare(a.path(), b.path()) })
	for _, key := range keys {
		item = withText(item, key, p.parts[key].String())
	}
	return item
}

// implied is the least that an item must be whose pieces came without it; nil when
// there are none.
func (p *partialItem) implied() json.RawMessage {
	for key := range p.parts {
		switch {
		case strings.HasPrefix(key.field, "content"):
			return json.RawMessage(`{"type":"message","role":"assistant","status":"in_progress"}`)
		case strings.HasPrefix(key.field, "summary"):
			return json.RawMessage(`{"type":"reasoning"}`)
		case key.field == "input":
			return json.RawMessage(`{"type":"custom_tool_call","status":"in_progress"}`)
		}
		return json.RawMessage(`{"type":"function_call","status":"in_progress"}`)
	}
	return nil
}

// withText puts a text into an item, and the part around it.
func withText(item json.RawMessage, key partKey, text string) json.RawMessage {
	path := key.path()
	if list, _, isPart := strings.Cut(path, "."); isPart {
		if !gjson.GetBytes(item, list+".0").Exists() {
			item, _ = sjson.SetRawBytes(item, list, []byte("[]"))
		}
		kind := partKind(key.field, item)
		at := path[:strings.LastIndexByte(path, '.')]
		item, _ = sjson.SetBytes(item, at+".type", kind)
		if kind == "output_text" {
			item, _ = sjson.SetRawBytes(item, at+".annotations", []byte("[]"))
			item, _ = sjson.SetRawBytes(item, at+".logprobs", []byte("[]"))
		}
	}
	item, _ = sjson.SetRawBytes(item, path, quote(text))
	return item
}

func partKind(field string, item json.RawMessage) string {
	switch {
	case strings.HasSuffix(field, "refusal"):
		return "refusal"
	case strings.HasPrefix(field, "summary"):
		return "summary_text"
	case gjson.GetBytes(item, "type").Str == "reasoning":
		return "reasoning_text"
	}
	return "output_text"
}
