package chatcompat

import (
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/tidwall/gjson"

	"github.com/codexctl/codexctl/pkg/responses"
)

// Whatever comes in: no panic, JSON comes out, and an error is the request's fault.
func FuzzParse(f *testing.F) {
	for _, seed := range []string{
		someRequest,
		messages(callOf("1", "2"), outputOf("2"), outputOf("x"), `{"role":"system","content":[{"type":"text","text":"x"}]}`),
		withField("tools", `[{"type":"function","function":{"name":"a b"}},{"type":"custom","custom":{"name":"f","format":{"type":"grammar","grammar":{}}}}],"tool_choice":{"type":"allowed_tools","allowed_tools":{"tools":[{"function":{"name":"f"}}]}}`),
		withField("stop", `["a"],"n":2,"max_tokens":1,"response_format":{"type":"json_object"},"reasoning_effort":"low"`),
		withField("functions", `[{"name":"f"}],"function_call":{"name":"f"},"web_search_options":{},"reasoning":{},"text":{}`),
		messages(`{"role":"assistant","content":"<think>x</think>y","function_call":{"name":"f","arguments":"{}"}}`, `{"role":"function","name":"f","content":[{"type":"image_url","image_url":"x"}]}`),
	} {
		f.Add([]byte(seed), uint8(0))
		f.Add([]byte(seed), uint8(7))
	}
	f.Fuzz(func(t *testing.T, data []byte, how uint8) {
		p, err := Parse(data, Options{Reasoning: Reasoning(how % 3), Strict: how&4 != 0, Kept: how&8 != 0})
		if err != nil {
			if !errors.Is(err, responses.ErrBadRequest) {
				t.Fatalf("error = %v", err)
			}
			return
		}
		if !json.Valid(p.Body) || !json.Valid(p.WithoutSummary()) || p.N < 1 || p.N > mostChoices {
			t.Fatalf("%s became %+v with %s", data, p, p.Body)
		}
		pairs(t, p.Body, how&8 == 0 || p.FullHistory)
		// A plan can be parsed by whoever comes next.
		var r responses.Request
		if err := json.Unmarshal(p.Body, &r); err == nil && len(r.Refused()) > 0 {
			t.Fatalf("%v are left in %s", r.Refused(), p.Body)
		}
		if out, err := Request(data); err == nil && !json.Valid(out) {
			t.Fatalf("%s became %s", data, out)
		}
	})
}

// pairs checks that every call has its output and, where there is no kept conversation,
// every output its call.
func pairs(t *testing.T, body []byte, whole bool) {
	t.Helper()
	open := make(map[string]int)
	for _, item := range gjson.GetBytes(body, "input").Array() {
		id := item.Get("call_id").Str
		switch kind := item.Get("type").Str; {
		case strings.HasSuffix(kind, "_call"):
			open[id]++
		case strings.HasSuffix(kind, "_call_output"):
			if open[id] == 0 && whole {
				t.Fatalf("an output without call in %s", body)
			}
			if open[id] > 0 {
				open[id]--
			}
		}
	}
	for id, n := range open {
		if n > 0 {
			t.Fatalf("a call %q without output in %s", id, body)
		}
	}
}

// Whatever stream comes: every frame is valid, the role comes first, one finish comes
// last, and the chunks folded are the object.
func FuzzChoice(f *testing.F) {
	requests := []string{
		someRequest, withField("stop", `["lo","\n\n","é"]`), withField("max_tokens", "2"),
		withField("functions", `[{"name":"f"}]`), withField("response_format", `{"type":"json_object"}`),
	}
	streams := [][]string{
		{created, summaryDelta(0, "a"), summaryDelta(1, "b"), textDelta("Hel"), textDelta("lo"), trapDone, completed},
		{created, callAdded(0, "f"), argsDelta(0, "{"), argsDelta(1, "x"), callDone(0, "f", "{}"), callDone(1, "g", "")},
		{textDelta("\\\"\n"), `{"type":"response.refusal.delta","delta":"\ud83d"}`, `{"type":"response.refusal.delta","delta":"\ude00"}`},
		{`{"type":"response.output_item.done","output_index":1e3,"item":[{"type":"message"}]}`, `{"type":"response.completed","response":{"output":{"a":1}}}`},
		{`{"type":"response.custom_tool_call_input.delta","delta":"a"}`, `{"type":"response.output_item.done","item":{"type":"custom_tool_call","call_id":"1","name":"\u0000"}}`},
	}
	for i, all := range streams {
		for how := range requests {
			f.Add([]byte(strings.Join(all, "\n")), uint8(how+5*(i%3)))
		}
	}
	if files, _ := filepath.Glob(filepath.Join("..", "..", "testdata", "chat", "*.sse")); len(files) > 0 {
		for _, file := range files {
			if data, err := os.ReadFile(file); err == nil {
				f.Add([]byte(strings.ReplaceAll(string(data), "data: ", "")), uint8(0))
			}
		}
	}
	f.Fuzz(func(t *testing.T, data []byte, how uint8) {
		all := events(created) // else the chunks could not know what comes behind them
		for line := range strings.Lines(string(data)) {
			// What is not JSON never becomes an event.
			if line = strings.TrimSpace(line); gjson.Valid(line) && gjson.Parse(line).IsObject() {
				all = append(all, event(line))
			}
		}
		p := plan(t, requests[int(how)%len(requests)], Options{Reasoning: Reasoning(int(how) / len(requests) % 3)})
		frames, streamed := stream(p, all, endOfFuzzed(all))
		object, collected := collect(p, all, endOfFuzzed(all))
		if (streamed.Err() == nil) != (collected.Err() == nil) {
			t.Fatalf("one form is whole: %v, %v", streamed.Err(), collected.Err())
		}
		if streamed.Err() != nil {
			return
		}
		agree(t, frames, object)
	})
}

// endOfFuzzed is the end of a stream, taken as one that finishes.
func endOfFuzzed(all []responses.Event) error {
	if err := endOf(all); Finishes(err) {
		return err
	}
	return nil
}
