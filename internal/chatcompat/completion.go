package chatcompat

import (
	"strconv"
	"unicode/utf8"

	"github.com/tidwall/gjson"
)

// Completion is the chat.completion object of choices that took their events with Add.
// Its usage is that of all choices together, and missing if one of them was cut. A
// choice that has not ended is ended, as if its stream had ended well.
func Completion(h Head, choices []*Choice) []byte {
	var dst []byte
	if len(choices) > 0 {
		dst = choices[0].heading(dst, h, "chat.completion")
	} else {
		dst = (&Choice{answer: &answer{}}).heading(dst, h, "chat.completion")
	}
	dst = append(dst, `,"choices":[`...)
	for i, c := range choices {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = c.object(dst)
	}
	dst = append(dst, ']')
	if usage := sum(choices); usage != nil {
		dst = appendUsage(append(dst, `,"usage":`...), usage)
	}
	return append(dst, '}')
}

// object appends the choice as a whole.
func (c *Choice) object(dst []byte) []byte {
	c.out.collects = true
	c.End(nil, nil)
	dst = strconv.AppendInt(append(dst, `{"index":`...), int64(c.index), 10)
	dst = c.message(append(dst, `,"message":`...))
	reason := c.out.reason
	if reason == "" {
		reason = c.reason(nil)
	}
	dst = append(append(dst, `,"logprobs":null,"finish_reason":"`...), reason...)
	return append(dst, `"}`...)
}

// message appends the message. Content is null where something else stands in its
// place.
func (c *Choice) message(dst []byte) []byte {
	o := &c.out
	dst = append(dst, `{"role":"assistant","content":`...)
	dst = appendText(dst, o.fields[fieldContent], len(o.calls) == 0 && !o.refused)
	dst = appendText(append(dst, `,"refusal":`...), o.fields[fieldRefusal], false)
	dst = append(append(append(dst, `,"annotations":[`...), o.annotations...), ']')
	if len(o.fields[fieldReasoning]) > 0 {
		dst = appendText(append(dst, `,"reasoning_content":`...), o.fields[fieldReasoning], true)
	}
	if len(o.calls) > 0 && c.answer.legacy {
		dst = appendFunction(append(dst, `,"function_call":`...), o.calls[0])
	} else if len(o.calls) > 0 {
		dst = appendCalls(append(dst, `,"tool_calls":`...), o.calls)
	}
	return append(dst, '}')
}

// appendText appends a text, or null for an empty one that need not be there.
func appendText(dst, inside []byte, always bool) []byte {
	if len(inside) == 0 && !always {
		return append(dst, "null"...)
	}
	return append(append(append(dst, '"'), inside...), '"')
}

func appendCalls(dst []byte, calls []collectedCall) []byte {
	for i, made := range calls {
		sep := byte(',')
		if i == 0 {
			sep = '['
		}
		dst = appendQuoted(append(append(dst, sep), `{"id":`...), made.id)
		if !made.custom {
			dst = append(appendFunction(append(dst, `,"type":"function","function":`...), made), '}')
			continue
		}
		dst = appendQuoted(append(dst, `,"type":"custom","custom":{"name":`...), made.name)
		dst = append(appendText(append(dst, `,"input":`...), made.arguments, true), "}}"...)
	}
	return append(dst, ']')
}

func appendFunction(dst []byte, made collectedCall) []byte {
	dst = appendQuoted(append(dst, `{"name":`...), made.name)
	return append(appendText(append(dst, `,"arguments":`...), made.arguments, true), '}')
}

// start is where the text of a part begins in the content: behind so many bytes of
// what is given out, and so many characters that are held back.
type start struct{ bytes, held int }

// annotate keeps the citations of a part, with their places moved to where the part
// stands in the content.
func (c *Choice) annotate(at place, all gjson.Result) {
	begin, known := c.out.starts[at]
	if !known || c.Cut() {
		return
	}
	for _, a := range all.Array() {
		if a.Get("type").Str != "url_citation" {
			continue
		}
		before := int64(utf8.RuneCountInString(decoded(c.out.fields[fieldContent][:begin.bytes])) + begin.held)
		dst := c.out.annotations
		if len(dst) > 0 {
			dst = append(dst, ',')
		}
		dst = strconv.AppendInt(append(dst, `{"type":"url_citation","url_citation":{"start_index":`...), before+a.Get("start_index").Int(), 10)
		dst = strconv.AppendInt(append(dst, `,"end_index":`...), before+a.Get("end_index").Int(), 10)
		dst = appendQuoted(append(dst, `,"url":`...), a.Get("url").Str)
		dst = appendQuoted(append(dst, `,"title":`...), a.Get("title").Str)
		c.out.annotations = append(dst, "}}"...)
	}
}
