package proxy

import (
	"encoding/json"
	"slices"
	"strconv"

	"github.com/tidwall/gjson"
	"github.com/tidwall/sjson"

	"github.com/codexctl/codexctl/pkg/responses"
)

// cutter ends an answer after so many pieces of text, since the backend refuses every
// field that would. A piece counts as a token: that is never too early and often late.
// An answer of just as many pieces is whole.
type cutter struct {
	left      int // pieces that may still pass; negative is no bound
	collector responses.Collector
}

func newCutter(limit int) *cutter {
	if limit <= 0 {
		return &cutter{left: -1}
	}
	return &cutter{left: limit}
}

// over takes an event and says whether it is one too many.
func (c *cutter) over(e responses.Event) bool {
	if c.left < 0 {
		return false
	}
	if e.TextDelta() {
		if c.left == 0 {
			return true
		}
		c.left--
	}
	c.collector.Add(e)
	return false
}

// cut keeps what an answer was that we have ended.
func (x *exchange) cut(talk *conversation, c *responses.Collector) {
	r := c.Response()
	x.modelHeader(r.Model)
	x.keep(talk, r.ID, r.Model, spokenItems(r.Output))
}

// spokenItems are the items of a cut answer that can be sent back: its messages.
func spokenItems(items []json.RawMessage) []json.RawMessage {
	return slices.DeleteFunc(slices.Clone(items), func(item json.RawMessage) bool {
		return gjson.GetBytes(item, "type").Str != "message"
	})
}

// response is the object of a cut answer. It has no usage: the backend was stopped
// before it said.
func (c *cutter) response() []byte {
	r := c.collector.Response()
	for i, item := range r.Output {
		if gjson.GetBytes(item, "status").Str == "in_progress" {
			r.Output[i], _ = sjson.SetBytes(item, "status", "incomplete")
		}
	}
	object, err := r.MarshalJSON()
	if err != nil {
		object = []byte(`{"object":"response"}`)
	}
	object, _ = sjson.SetBytes(object, "status", "incomplete")
	object, _ = sjson.SetRawBytes(object, "incomplete_details", []byte(`{"reason":"max_output_tokens"}`))
	object, _ = sjson.DeleteBytes(object, "usage")
	return object
}

// closing are the events that end a cut stream: the open item's, then the terminal one.
func (c *cutter) closing(number int64) []byte {
	object := complete(c.response())
	var frames []byte
	add := func(name string, fields ...string) {
		number++
		data := []byte(`{"type":"` + name + `","sequence_number":` + strconv.FormatInt(number, 10) + `}`)
		for i := 0; i+1 < len(fields); i += 2 {
			data, _ = sjson.SetRawBytes(data, fields[i], []byte(fields[i+1]))
		}
		frames = append(frames, eventFrame(name, data)...)
	}
	for index, item := range gjson.GetBytes(object, "output").Array() {
		if item.Get("status").Str != "incomplete" {
			continue
		}
		at := []string{"item_id", orEmpty(item.Get("id").Raw), "output_index", strconv.Itoa(index)}
		for part, content := range item.Get("content").Array() {
			where := append(slices.Clone(at), "content_index", strconv.Itoa(part))
			if content.Get("type").Str == "output_text" {
				add("response.output_text.done", append(slices.Clone(where), "text", orEmpty(content.Get("text").Raw), "logprobs", "[]")...)
			}
			add("response.content_part.done", append(where, "part", content.Raw)...)
		}
		add("response.output_item.done", "output_index", strconv.Itoa(index), "item", item.Raw)
	}
	add("response.incomplete", "response", string(object))
	return frames
}

// orEmpty is JSON, or the empty string in its place.
func orEmpty(raw string) string {
	if raw == "" {
		return `""`
	}
	return raw
}
