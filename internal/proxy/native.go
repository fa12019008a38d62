package proxy

import (
	"bytes"
	"encoding/json"
	"strconv"

	"github.com/tidwall/gjson"

	"github.com/codexctl/codexctl/internal/rawjson"
	"github.com/codexctl/codexctl/pkg/responses"
)

// responses answers on the addresses of the Responses API. A body with messages is a
// chat request there too, as the guide writes it.
func (x *exchange) responses() error {
	body, err := x.server.readBody(x.w, x.r)
	if err != nil {
		return err
	}
	switch has := outlined(body); {
	case x.asIs():
		return x.sendAsIs(body)
	case given(has.messages) && given(has.input):
		return &responses.FieldError{Field: "messages", Want: "messages or input, not both"}
	case given(has.messages):
		return x.chat(body, true)
	default:
		return x.native(body, has)
	}
}

// outline is the fields of a body that say what becomes of it; nil where there is none.
type outline struct{ messages, input, stream, store []byte }

// outlined looks for them in one pass. Of fields with one name the last counts, as
// everywhere.
func outlined(body []byte) (o outline) {
	for name, value := range rawjson.Members(bytes.TrimSpace(body)) {
		switch string(name) {
		case "messages":
			o.messages = value
		case "input":
			o.input = value
		case "stream":
			o.stream = value
		case "store":
			o.store = value
		}
	}
	return o
}

// given says whether a field is there and not null.
func given(field []byte) bool { return len(field) > 0 && string(field) != "null" }

// native answers a request in the Responses form.
func (x *exchange) native(body []byte, has outline) error {
	n, err := x.readNative(body, has)
	if err != nil {
		return err
	}
	x.line.model, x.line.stream, x.line.calls = n.request.Model, n.stream, 1
	thoughts, err := x.resolve(&n.request)
	if err != nil {
		return err
	}
	talk, err := x.converse(&n.request, wish{
		previous: responseID(n.previous), store: n.store, fresh: true, full: fullHistory(n.request.Input),
	})
	if err != nil {
		return err
	}
	defer talk.end()
	if thoughts {
		talk.plain = withoutReasoning(n.request.Input)
	}
	x.line.dropped = n.dropped
	x.told(n.emulated)
	stream, err := x.open(x.ctx, ask{client: x.client(), request: n.request, chosen: n.chosen, talk: talk})
	if err != nil {
		return err
	}
	defer stream.Close()
	if n.stream {
		return x.relay(stream, talk, n.limit)
	}
	return x.collect(stream, talk, n.limit)
}

// nativeRequest is a request in the Responses form, and what is done here about it.
type nativeRequest struct {
	request           responses.Request
	chosen            bool
	stream, store     bool
	previous          string
	limit             int // text deltas; 0 is no limit
	dropped, emulated []string
}

// readNative takes a body apart. The error wraps [responses.ErrBadRequest].
func (x *exchange) readNative(body []byte, has outline) (*nativeRequest, error) {
	n := &nativeRequest{store: true}
	if err := n.request.UnmarshalJSON(body); err != nil {
		return nil, err
	}
	if err := readFlag("stream", has.stream, &n.stream); err != nil {
		return nil, err
	}
	if err := readFlag("store", has.store, &n.store); err != nil {
		return nil, err
	}
	delete(n.request.Extra, "messages") // null, else this would be a chat request
	if err := n.readPrevious(); err != nil {
		return nil, err
	}
	if err := n.readLimit(); err != nil {
		return nil, err
	}
	var err error
	if n.dropped, err = x.refuses(&n.request); err != nil {
		return nil, err
	}
	n.chosen = x.choose(&n.request)
	return n, x.instruct(&n.request, true)
}

// readFlag reads a field that is true, false, null or absent.
func readFlag(name string, value []byte, to *bool) error {
	switch string(value) {
	case "true", "false":
		*to = string(value) == "true"
	case "null", "":
	default:
		return &responses.FieldError{Field: name, Want: "true or false"}
	}
	return nil
}

func (n *nativeRequest) readPrevious() error {
	const name = "previous_response_id"
	value, ok := n.request.Extra[name]
	delete(n.request.Extra, name)
	if !ok || string(value) == "null" {
		return nil
	}
	if json.Unmarshal(value, &n.previous) != nil || n.previous == "" {
		return &responses.FieldError{Field: name, Want: "the id of a response"}
	}
	return nil
}

// readLimit takes the cap on the answer's length out of the request: the backend
// refuses it under every name.
func (n *nativeRequest) readLimit() error {
	for _, name := range limitFields() {
		value, ok := n.request.Extra[name]
		delete(n.request.Extra, name)
		if !ok || string(value) == "null" {
			continue
		}
		limit, err := strconv.Atoi(string(value))
		if err != nil || limit <= 0 {
			return &responses.FieldError{Field: name, Want: "a whole number above 0"}
		}
		if n.limit == 0 {
			n.limit = limit
		}
		n.emulated = append(n.emulated, name)
	}
	return nil
}

func refusedField(name string) error {
	return &responses.FieldError{Field: name, Want: "nothing there: the backend refuses this field"}
}

// leadsWithDeveloper says whether the input begins with the developer's word.
func leadsWithDeveloper(r *responses.Request) bool {
	return len(r.Input) > 0 && gjson.GetBytes(r.Input[0], "role").Str == "developer"
}

// sendAsIs sends a body as it came, so that anybody can find out what the backend takes
// today. The answer has the form that the body asks for.
func (x *exchange) sendAsIs(body []byte) error {
	x.line.model = gjson.GetBytes(body, "model").Str
	x.line.stream, x.line.calls = gjson.GetBytes(body, "stream").Bool(), 1
	stream, err := x.client().StreamBody(x.ctx, body)
	if err != nil {
		x.line.attempts += responses.Attempts(err)
		return err
	}
	defer stream.Close()
	x.opened(stream)
	if x.line.stream {
		return x.relay(stream, &conversation{release: func() {}}, 0)
	}
	return x.collect(stream, &conversation{release: func() {}}, 0)
}
