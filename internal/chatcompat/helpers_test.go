package chatcompat

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/tidwall/gjson"

	"github.com/codexctl/codexctl/pkg/responses"
)

const someRequest = `{"messages":[{"role":"user","content":"hi"}]}`

// event is an event as a stream gives it.
func event(data string) responses.Event {
	return responses.Event{Type: gjson.Get(data, "type").Str, Data: []byte(data)}
}

// eventsOf reads a recorded stream.
func eventsOf(t testing.TB, stream []byte) []responses.Event {
	t.Helper()
	var out []responses.Event
	for line := range bytes.Lines(stream) {
		if data, ok := bytes.CutPrefix(line, []byte("data:")); ok {
			out = append(out, event(string(bytes.TrimSpace(data))))
		}
	}
	if len(out) == 0 {
		t.Fatal("no events")
	}
	return out
}

// endOf is what responses.Stream would end these events with.
func endOf(events []responses.Event) error {
	for _, e := range events {
		switch e.Type {
		case typeIncomplete:
			return &responses.APIError{Status: 200, Event: e.Type, Code: gjson.GetBytes(e.Data, "response.incomplete_details.reason").Str}
		case typeFailed:
			failure := gjson.GetBytes(e.Data, "response.error")
			return &responses.APIError{Status: 200, Event: e.Type, Code: failure.Get("code").Str, Message: failure.Get("message").Str}
		}
	}
	return nil
}

func plan(t testing.TB, request string, o Options) *Plan {
	t.Helper()
	p, err := Parse([]byte(request), o)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// someHead has what a backend may not say.
func someHead() Head { return Head{Created: 1700000000} }

// stream translates events into chunks, stopping at a cut as the server does.
func stream(p *Plan, events []responses.Event, err error) (string, *Choice) {
	c := p.Choice(someHead(), 0)
	var out []byte
	for _, e := range events {
		out = c.Chunks(out, e)
		if c.Cut() {
			err = nil
			break
		}
	}
	return string(c.End(out, err)), c
}

// collect translates the same events into an object.
func collect(p *Plan, events []responses.Event, err error) (string, *Choice) {
	c := p.Choice(someHead(), 0)
	for _, e := range events {
		c.Add(e)
		if c.Cut() {
			err = nil
			break
		}
	}
	c.End(nil, err)
	return string(Completion(someHead(), []*Choice{c})), c
}

// message is an answer as a client ends up with it.
type message struct {
	ID, Model                   string
	Created                     int64
	Content, Refusal, Reasoning string
	Calls                       []toolCall
	FunctionName, FunctionArgs  string
	Finish                      string
}

type toolCall struct {
	ID, Name, Arguments string
	Custom              bool
}

// checkFrames finds what a client would stumble over, and returns the chunks.
func checkFrames(frames string) ([]gjson.Result, error) {
	var chunks []gjson.Result
	for frame := range strings.SplitSeq(strings.TrimSuffix(frames, "\n\n"), "\n\n") {
		if frame == "" {
			continue
		}
		data, ok := strings.CutPrefix(frame, "data: ")
		if !ok || strings.HasPrefix(data, " ") || strings.Contains(data, "\n") || !json.Valid([]byte(data)) {
			return nil, fmt.Errorf("bad frame %q", frame)
		}
		chunks = append(chunks, gjson.Parse(data))
	}
	for i, chunk := range chunks {
		choice := chunk.Get("choices.0")
		switch {
		case chunk.Get("object").Str != "chat.completion.chunk":
			return nil, fmt.Errorf("chunk %d has no object: %s", i, chunk.Raw)
		case !strings.HasPrefix(chunk.Get("id").Str, "chatcmpl-"):
			return nil, fmt.Errorf("chunk %d has another id: %s", i, chunk.Raw)
		case chunk.Get("choices.#").Int() != 1 || !choice.Get("index").Exists():
			return nil, fmt.Errorf("chunk %d has no single choice: %s", i, chunk.Raw)
		case (choice.Get("delta.role").Str == "assistant") != (i == 0):
			return nil, fmt.Errorf("chunk %d and the role: %s", i, chunk.Raw)
		case !choice.Get("finish_reason").Exists():
			return nil, fmt.Errorf("chunk %d has no finish_reason: %s", i, chunk.Raw)
		case (choice.Get("finish_reason").Type == gjson.Null) != (i < len(chunks)-1):
			return nil, fmt.Errorf("chunk %d of %d and the finish reason: %s", i, len(chunks), chunk.Raw)
		}
	}
	return chunks, nil
}

// fold puts chunks together as the SDKs do.
func fold(chunks []gjson.Result) (message, error) {
	var m message
	for _, chunk := range chunks {
		m.ID, m.Model, m.Created = chunk.Get("id").Str, chunk.Get("model").Str, chunk.Get("created").Int()
		delta := chunk.Get("choices.0.delta")
		m.Content += delta.Get("content").Str
		m.Refusal += delta.Get("refusal").Str
		m.Reasoning += delta.Get("reasoning_content").Str
		m.FunctionName += delta.Get("function_call.name").Str
		m.FunctionArgs += delta.Get("function_call.arguments").Str
		m.Finish = chunk.Get("choices.0.finish_reason").Str
		for _, piece := range delta.Get("tool_calls").Array() {
			index := int(piece.Get("index").Int())
			if !piece.Get("index").Exists() || index > len(m.Calls) {
				return m, fmt.Errorf("bad index in %s", piece.Raw)
			}
			if index == len(m.Calls) {
				m.Calls = append(m.Calls, toolCall{ID: piece.Get("id").Str, Custom: piece.Get("custom").Exists()})
			} else if piece.Get("id").Exists() {
				return m, fmt.Errorf("a second beginning in %s", piece.Raw)
			}
			made := &m.Calls[index]
			made.Name += piece.Get("function.name").Str + piece.Get("custom.name").Str
			made.Arguments += piece.Get("function.arguments").Str + piece.Get("custom.input").Str
		}
	}
	return m, nil
}

// read takes a completion object apart.
func readCompletion(object string) (message, error) {
	all := gjson.Parse(object)
	if !json.Valid([]byte(object)) || all.Get("object").Str != "chat.completion" {
		return message{}, fmt.Errorf("no completion: %s", object)
	}
	choice := all.Get("choices.0")
	inner := choice.Get("message")
	m := message{
		ID: all.Get("id").Str, Model: all.Get("model").Str, Created: all.Get("created").Int(),
		Content: inner.Get("content").Str, Refusal: inner.Get("refusal").Str, Reasoning: inner.Get("reasoning_content").Str,
		FunctionName: inner.Get("function_call.name").Str, FunctionArgs: inner.Get("function_call.arguments").Str,
		Finish: choice.Get("finish_reason").Str,
	}
	for _, made := range inner.Get("tool_calls").Array() {
		m.Calls = append(m.Calls, toolCall{
			ID:        made.Get("id").Str,
			Name:      made.Get("function.name").Str + made.Get("custom.name").Str,
			Arguments: made.Get("function.arguments").Str + made.Get("custom.input").Str,
			Custom:    made.Get("type").Str == "custom",
		})
	}
	return m, nil
}

// both translates events into both forms, checks that they agree and validate, and
// returns what a client has.
func both(t *testing.T, p *Plan, events []responses.Event, end error) message {
	t.Helper()
	frames, c := stream(p, events, end)
	object, _ := collect(p, events, end)
	folded := agree(t, frames, object)
	v := newValidator(t)
	for frame := range strings.SplitSeq(strings.TrimSuffix(string(UsageChunk([]byte(frames), []*Choice{c})), "\n\n"), "\n\n") {
		v.check("CreateChatCompletionStreamResponse", strings.TrimPrefix(frame, "data: "))
	}
	v.check("CreateChatCompletionResponse", object)
	return folded
}

func agree(t testing.TB, frames, object string) message {
	t.Helper()
	chunks, err := checkFrames(frames)
	if err != nil {
		t.Fatal(err)
	}
	folded, err := fold(chunks)
	if err != nil {
		t.Fatal(err)
	}
	whole, err := readCompletion(object)
	if err != nil {
		t.Fatal(err)
	}
	if got, want := fmt.Sprintf("%+v", folded), fmt.Sprintf("%+v", whole); got != want {
		t.Fatalf("the forms differ:\nchunks %s\nobject %s", got, want)
	}
	return folded
}

// recordings are the streams of the real backend, by name.
func recordings(t testing.TB) map[string][]responses.Event {
	t.Helper()
	files, _ := filepath.Glob(filepath.Join("..", "..", "..", "shared", "recordings", "*.sse"))
	if len(files) == 0 {
		t.Skip("no recordings here")
	}
	out := make(map[string][]responses.Event)
	for _, file := range files {
		data, err := os.ReadFile(file)
		if errors.Is(err, os.ErrNotExist) {
			t.Skip("no recordings here")
		}
		out[filepath.Base(file)] = eventsOf(t, data)
	}
	return out
}
