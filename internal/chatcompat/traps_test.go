package chatcompat

import (
	"strings"
	"testing"

	"github.com/tidwall/gjson"

	"github.com/codexctl/codexctl/pkg/responses"
)

// What other translators have got wrong: the list "Traps to turn into tests" of the
// survey of CCProxy, by its numbers. Numbers 8 to 12 are no matter of translation.

const (
	trapMessage = `{"id":"msg_1","type":"message","role":"assistant","content":[{"type":"output_text","text":"Hello","annotations":[]}]}`
	trapDone    = `{"type":"response.output_item.done","output_index":1,"item":` + trapMessage + `}`
)

func TestTrap1TerminalOutput(t *testing.T) {
	full := strings.Replace(completed, `"output":[]`, `"output":[{"id":"rs_1","type":"reasoning","summary":[]},`+trapMessage+`]`, 1)
	tests := []struct {
		name   string
		events []string
	}{
		{"empty", []string{created, textDelta("Hello"), trapDone, completed}},
		{"empty, without deltas", []string{created, trapDone, completed}},
		{"full", []string{created, textDelta("Hello"), trapDone, full}},
		{"full, and nothing else", []string{created, full}},
		{"missing", []string{created, textDelta("Hello"), trapDone}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := both(t, plan(t, someRequest, Options{}), events(tt.events...), nil); got.Content != "Hello" || got.ID != "chatcmpl-1" {
				t.Errorf("got %+v", got)
			}
		})
	}
}

func TestTrap2UnknownEvents(t *testing.T) {
	got := answerTo(t, someRequest, Options{},
		`{"type":"response.queued"}`, `{"type":"error","code":"x","message":"flat"}`, textDelta("Hel"),
		`{"type":"response.output_text.annotation.added","output_index":1}`, `{"type":"response.web_search_call.searching"}`,
		`{"type":"response.output_item.done","output_index":0,"item":{"type":"web_search_call","id":"ws_1"}}`, textDelta("lo"))
	if got.Content != "Hello" || got.Finish != "stop" {
		t.Errorf("got %+v", got)
	}
}

func TestTrap3FailuresReachTheClient(t *testing.T) {
	length := &responses.APIError{Status: 200, Event: typeIncomplete, Code: "max_output_tokens"}
	filter := &responses.APIError{Status: 200, Event: typeIncomplete, Code: "content_filter"}
	for want, err := range map[string]error{"length": length, "content_filter": filter} {
		if got := both(t, plan(t, someRequest, Options{}), events(created, textDelta("Hel")), err); got.Finish != want || got.Content != "Hel" {
			t.Errorf("%v: got %+v", err, got)
		}
	}
	failed := &responses.APIError{Status: 200, Event: typeFailed, Code: "server_error"}
	if frames, _ := stream(plan(t, someRequest, Options{}), events(created, textDelta("Hel")), failed); Finishes(failed) || strings.Contains(frames, `"finish_reason":"`) {
		t.Errorf("a failure looks like success: %s", frames)
	}
	got := answerTo(t, someRequest, Options{}, `{"type":"response.refusal.delta","output_index":1,"content_index":0,"delta":"I can't."}`)
	if got.Refusal != "I can't." || got.Content != "" {
		t.Errorf("got %+v", got)
	}
}

func TestTrap4SummaryOnce(t *testing.T) {
	got := answerTo(t, someRequest, Options{},
		summaryDelta(0, "One"), `{"type":"response.reasoning_summary_text.done","output_index":0,"summary_index":0,"text":"One"}`,
		`{"type":"response.reasoning_summary_part.done","output_index":0,"summary_index":0,"part":{"type":"summary_text","text":"One"}}`,
		summaryDelta(1, "Two"), `{"type":"response.reasoning_summary_text.done","output_index":0,"summary_index":1,"text":"Two"}`,
		`{"type":"response.output_item.done","output_index":0,"item":{"id":"rs_1","type":"reasoning","summary":[{"type":"summary_text","text":"One"},{"type":"summary_text","text":"Two"}]}}`,
		textDelta("Hello"), trapDone)
	if want := "<reasoning>One\n\nTwo</reasoning>\nHello"; got.Content != want {
		t.Errorf("content = %q, want %q", got.Content, want)
	}
}

func TestTrap5CallIDs(t *testing.T) {
	for name, between := range map[string][]string{
		"streamed": {callAdded(0, "f"), argsDelta(0, "{}"), callDone(0, "f", "{}")},
		"at once":  {callDone(0, "f", "{}")},
	} {
		if got := answerTo(t, someRequest, Options{}, between...); got.Calls[0].ID != "call_0" {
			t.Errorf("%s: id = %s", name, got.Calls[0].ID)
		}
	}
	p := plan(t, messages(callOf("call_1"), outputOf("call_1")), Options{})
	if strings.Contains(string(p.Body), `"id"`) {
		t.Errorf("an item id was sent: %s", p.Body)
	}
}

func TestTrap6Chunks(t *testing.T) {
	first, _ := stream(plan(t, someRequest, Options{}), events(created, textDelta("a"), completed), nil)
	second, _ := stream(plan(t, someRequest, Options{}), events(strings.Replace(created, "resp_1", "resp_2", 1), textDelta("a"), completed), nil)
	var ids []string
	for _, frames := range []string{first, second} {
		chunks, err := checkFrames(frames)
		if err != nil {
			t.Fatal(err)
		}
		for _, chunk := range chunks {
			if chunk.Get("created").Int() != 1779338572 || chunk.Get("model").Str != "gpt-5.5-real" {
				t.Errorf("chunk %s", chunk.Raw)
			}
			if chunk.Get("id").Str != chunks[0].Get("id").Str {
				t.Errorf("ids differ in %s", frames)
			}
		}
		ids = append(ids, chunks[0].Get("id").Str)
	}
	if ids[0] == ids[1] {
		t.Error("two answers have one id")
	}
}

func TestTrap7Parts(t *testing.T) {
	text := `[{"type":"text","text":"a"},{"type":"text","text":"b"}]`
	p := plan(t, messages(
		`{"role":"system","content":`+text+`}`, `{"role":"developer","content":`+text+`}`,
		`{"role":"user","content":[{"type":"image_url","image_url":"https://x.example/a.png"}]}`, `{"role":"assistant","content":`+text+`}`), Options{})
	if got := gjson.GetBytes(p.Body, `input.#.content.#.text`).Raw; got != `[["a","b"],["a","b"],[],["a","b"]]` {
		t.Errorf("texts %s", got)
	}
	if got := gjson.GetBytes(p.Body, `input.2.content.0`).Raw; got != `{"type":"input_image","image_url":"https://x.example/a.png"}` {
		t.Errorf("image %s", got)
	}
}
