package chatcompat

import (
	"slices"
	"strconv"

	"github.com/codexctl/codexctl/pkg/responses"
)

// The fields of a message that text goes to.
type field int

const (
	fieldContent field = iota
	fieldRefusal
	fieldReasoning
	fieldCount
)

func (f field) name() string {
	switch f {
	case fieldRefusal:
		return "refusal"
	case fieldReasoning:
		return "reasoning_content"
	}
	return "content"
}

// output is where the pieces of a choice go: into frames, or, if it collects, into a
// message.
type output struct {
	collects bool
	frames   []byte

	met     bool   // the head is known
	head    Head   // the backend's
	known   []byte // how every chunk begins, up to its model
	prefix  []byte // and up to the fields of its delta
	suffix  []byte // from there to its end
	began   bool   // the role was given
	refused bool

	fields      [fieldCount][]byte // the insides of JSON strings
	calls       []collectedCall
	starts      map[place]start
	annotations []byte // joined by commas
	reason      string
}

type collectedCall struct {
	id, name  string
	custom    bool
	arguments []byte
}

// taken is what was written since the frames were given; nothing of the caller's is
// kept.
func (o *output) taken() []byte {
	frames := o.frames
	o.frames = nil
	return frames
}

// begin gives the role, and fixes the head for all chunks.
func (c *Choice) begin() {
	if c.out.began || c.out.collects {
		return
	}
	c.out.began = true
	c.out.known = c.opening(nil)
	c.out.prefix = append(slices.Clone(c.out.known), `,"choices":[{"index":`...)
	c.out.prefix = append(strconv.AppendInt(c.out.prefix, int64(c.index), 10), `,"delta":{`...)
	c.out.suffix = []byte(c.closing("null"))
	c.out.chunk(`"role":"assistant","content":""`, nil, "")
}

// opening appends the beginning of a chunk, up to its model: the same for all chunks
// once one was given, whatever the backend says later.
func (c *Choice) opening(dst []byte) []byte {
	if c.out.known != nil {
		return append(dst, c.out.known...)
	}
	return c.heading(append(dst, "data: "...), c.head, "chat.completion.chunk")
}

// closing is the end of a chunk with the given finish reason, as JSON.
func (c *Choice) closing(reason string) string {
	usage := ""
	if c.answer.usage {
		usage = `,"usage":null`
	}
	return `},"finish_reason":` + reason + `}]` + usage + "}\n\n"
}

// heading appends the beginning of an object, up to its model.
func (c *Choice) heading(dst []byte, h Head, object string) []byte {
	id, created, model := h.ID, c.out.head.Created, h.Model
	if id == "" {
		id = c.out.head.ID
	}
	if created == 0 {
		created = h.Created
	}
	if model == "" {
		model = c.out.head.Model
	}
	if model == "" {
		model = c.answer.model
	}
	dst = appendQuoted(append(dst, `{"id":`...), chatID(id))
	dst = append(append(dst, `,"object":"`...), object...)
	dst = strconv.AppendInt(append(dst, `","created":`...), created, 10)
	return appendQuoted(append(dst, `,"model":`...), model)
}

// chunk appends a frame whose delta is the three pieces joined.
func (o *output) chunk(before string, text []byte, after string) {
	o.frames = append(o.frames, o.prefix...)
	o.frames = append(o.frames, before...)
	o.frames = append(o.frames, text...)
	o.frames = append(o.frames, after...)
	o.frames = append(o.frames, o.suffix...)
}

// give gives the inside of a JSON string, in two pieces.
func (c *Choice) give(f field, lead string, text []byte) {
	o := &c.out
	o.refused = o.refused || f == fieldRefusal
	if o.collects {
		o.fields[f] = append(append(o.fields[f], lead...), text...)
		return
	}
	c.begin()
	o.frames = append(o.frames, o.prefix...)
	o.frames = append(append(append(o.frames, '"'), f.name()...), `":"`...)
	o.frames = append(append(o.frames, lead...), text...)
	o.frames = append(append(o.frames, '"'), o.suffix...)
}

// giveCall gives the beginning of a call.
func (c *Choice) giveCall(made *call, id, name string) {
	o := &c.out
	if o.collects {
		o.calls = append(o.calls, collectedCall{id: id, name: name, custom: made.custom})
		return
	}
	c.begin()
	quoted := string(appendQuoted(nil, name))
	number := `"tool_calls":[{"index":` + strconv.Itoa(made.number) + `,"id":` + string(appendQuoted(nil, id))
	switch {
	case c.answer.legacy:
		o.chunk(`"function_call":{"name":`+quoted+`,"arguments":""}`, nil, "")
	case made.custom:
		// Without a type: for a chunk the API description knows functions only.
		o.chunk(number+`,"custom":{"name":`+quoted+`,"input":""}}]`, nil, "")
	default:
		o.chunk(number+`,"type":"function","function":{"name":`+quoted+`,"arguments":""}}]`, nil, "")
	}
}

// giveArguments gives a piece of a call's arguments.
func (c *Choice) giveArguments(made *call, text []byte) {
	o := &c.out
	if o.collects {
		o.calls[made.number].arguments = append(o.calls[made.number].arguments, text...)
		return
	}
	if c.answer.legacy {
		o.chunk(`"function_call":{"arguments":"`, text, `"}`)
		return
	}
	o.frames = append(o.frames, o.prefix...)
	o.frames = append(o.frames, `"tool_calls":[{"index":`...)
	o.frames = strconv.AppendInt(o.frames, int64(made.number), 10)
	if made.custom {
		o.frames = append(o.frames, `,"custom":{"input":"`...)
	} else {
		o.frames = append(o.frames, `,"function":{"arguments":"`...)
	}
	o.frames = append(append(o.frames, text...), `"}}]`...)
	o.frames = append(o.frames, o.suffix...)
}

// finish gives the finish reason.
func (c *Choice) finish(reason string) {
	c.out.reason = reason
	if c.out.collects {
		return
	}
	c.begin()
	c.out.frames = append(c.out.frames, c.out.prefix...)
	c.out.frames = append(c.out.frames, c.closing(`"`+reason+`"`)...)
}

// appendUsage appends the usage object of Chat Completions.
func appendUsage(dst []byte, u *responses.Usage) []byte {
	dst = strconv.AppendInt(append(dst, `{"prompt_tokens":`...), u.InputTokens, 10)
	dst = strconv.AppendInt(append(dst, `,"completion_tokens":`...), u.OutputTokens, 10)
	dst = strconv.AppendInt(append(dst, `,"total_tokens":`...), u.TotalTokens, 10)
	dst = strconv.AppendInt(append(dst, `,"prompt_tokens_details":{"cached_tokens":`...), u.CachedInputTokens, 10)
	dst = strconv.AppendInt(append(dst, `,"audio_tokens":0},"completion_tokens_details":{"reasoning_tokens":`...), u.ReasoningTokens, 10)
	return append(dst, `,"audio_tokens":0,"accepted_prediction_tokens":0,"rejected_prediction_tokens":0}}`...)
}

// UsageChunk appends the chunk that include_usage asks for to dst: no choices, and the
// usage of all of them together. It appends nothing if the usage is not known, as after
// a cut.
func UsageChunk(dst []byte, choices []*Choice) []byte {
	usage := sum(choices)
	if usage == nil {
		return dst
	}
	dst = append(choices[0].opening(dst), `,"choices":[],"usage":`...)
	dst = appendUsage(dst, usage)
	return append(dst, "}\n\n"...)
}

// DoneFrame is the last frame of a stream.
func DoneFrame() string { return "data: [DONE]\n\n" }
