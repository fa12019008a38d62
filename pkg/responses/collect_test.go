package responses

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

func collect(events ...string) (*Response, error) {
	var c Collector
	for _, data := range events {
		if e, ok := newEvent([]byte(data), nil); ok {
			c.Add(e)
		}
	}
	return c.Response(), c.Err()
}

func texts(list []json.RawMessage) []string {
	var all []string
	for _, item := range list {
		all = append(all, string(item))
	}
	return all
}

const evEmptyEnd = `{"type":"response.completed","response":{"id":"resp_t","status":"completed","output":[]}}`

func TestCollectorRebuildsAnItemWithoutItsLastEvent(t *testing.T) {
	tests := []struct {
		name   string
		events []string
		want   []string
	}{
		{
			"message", []string{evAdded, evHel, evLo},
			[]string{`{"id":"msg_t","type":"message","status":"in_progress","content":[{"type":"output_text","annotations":[],"logprobs":[],"text":"Hello"}],"role":"assistant"}`},
		},
		{
			"message of two parts", []string{
				evAdded, evHel, strings.Replace(evLo, `"content_index":0`, `"content_index":1`, 1),
			},
			[]string{`{"id":"msg_t","type":"message","status":"in_progress","content":[{"type":"output_text","annotations":[],"logprobs":[],"text":"Hel"},{"type":"output_text","annotations":[],"logprobs":[],"text":"lo"}],"role":"assistant"}`},
		},
		{
			"message whose first event is lost too", []string{evHel, evTextDone},
			[]string{`{"type":"message","role":"assistant","status":"in_progress","content":[{"type":"output_text","annotations":[],"logprobs":[],"text":"Hel"}]}`},
		},
		{
			"refusal", []string{evAdded, `{"type":"response.refusal.delta","output_index":0,"content_index":0,"delta":"No \"<"}`},
			[]string{`{"id":"msg_t","type":"message","status":"in_progress","content":[{"type":"refusal","refusal":"No \"<"}],"role":"assistant"}`},
		},
		{
			"function call", []string{
				`{"type":"response.output_item.added","output_index":0,"item":{"type":"function_call","call_id":"c","name":"f","arguments":""}}`,
				`{"type":"response.function_call_arguments.delta","output_index":0,"delta":"{\"a\""}`,
				`{"type":"response.function_call_arguments.delta","output_index":0,"delta":":1}"}`,
			},
			[]string{`{"type":"function_call","call_id":"c","name":"f","arguments":"{\"a\":1}"}`},
		},
		{
			"function call without deltas", []string{
				`{"type":"response.output_item.added","output_index":0,"item":{"type":"function_call","call_id":"c","name":"f","arguments":""}}`,
				`{"type":"response.function_call_arguments.done","output_index":0,"arguments":"{}"}`,
			},
			[]string{`{"type":"function_call","call_id":"c","name":"f","arguments":"{}"}`},
		},
		{
			"function call of which only arguments came", []string{`{"type":"response.function_call_arguments.delta","output_index":0,"delta":"{}"}`},
			[]string{`{"type":"function_call","status":"in_progress","arguments":"{}"}`},
		},
		{
			"custom tool call", []string{
				`{"type":"response.output_item.added","output_index":0,"item":{"type":"custom_tool_call","call_id":"c","name":"f","input":""}}`,
				`{"type":"response.custom_tool_call_input.delta","output_index":0,"delta":"print"}`,
				`{"type":"response.custom_tool_call_input.delta","output_index":0,"delta":"(1)"}`,
				`{"type":"response.custom_tool_call_input.done","output_index":0,"input":"print(1)"}`,
			},
			[]string{`{"type":"custom_tool_call","call_id":"c","name":"f","input":"print(1)"}`},
		},
		{
			"custom tool call of which only the input came", []string{`{"type":"response.custom_tool_call_input.delta","output_index":0,"delta":"x"}`},
			[]string{`{"type":"custom_tool_call","status":"in_progress","input":"x"}`},
		},
		{
			"reasoning summary", []string{
				`{"type":"response.output_item.added","output_index":0,"item":{"type":"reasoning","id":"rs_t","summary":[]}}`,
				`{"type":"response.reasoning_summary_text.delta","output_index":0,"summary_index":0,"delta":"Think"}`,
				`{"type":"response.reasoning_summary_text.delta","output_index":0,"summary_index":1,"delta":"more"}`,
			},
			[]string{`{"type":"reasoning","id":"rs_t","summary":[{"type":"summary_text","text":"Think"},{"type":"summary_text","text":"more"}]}`},
		},
		{
			"reasoning summary without its item", []string{`{"type":"response.reasoning_summary_text.done","output_index":0,"summary_index":0,"text":"Think"}`},
			[]string{`{"type":"reasoning","summary":[{"type":"summary_text","text":"Think"}]}`},
		},
		{
			"reasoning text", []string{
				`{"type":"response.output_item.added","output_index":0,"item":{"type":"reasoning","summary":[]}}`,
				`{"type":"response.reasoning_text.delta","output_index":0,"content_index":0,"delta":"hm"}`,
			},
			[]string{`{"type":"reasoning","summary":[],"content":[{"type":"reasoning_text","text":"hm"}]}`},
		},
		{
			"text at a place out of reach", []string{evAdded, strings.Replace(evHel, `"content_index":0`, `"content_index":-7`, 1)},
			[]string{`{"id":"msg_t","type":"message","status":"in_progress","content":[{"type":"output_text","annotations":[],"logprobs":[],"text":"Hel"}],"role":"assistant"}`},
		},
		{"item without anything", []string{`{"type":"response.output_item.added","output_index":0}`}, nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, _ := collect(append(tt.events[:len(tt.events):len(tt.events)], evEmptyEnd)...)
			if diff := cmp.Diff(tt.want, texts(got.Output), cmp.Transformer("JSON", func(s string) (v any) {
				_ = json.Unmarshal([]byte(s), &v)
				return v
			})); diff != "" {
				t.Errorf("output (-want +got):\n%s", diff)
			}
		})
	}
}

// A place far out must not fill the memory.
func TestCollectorBoundsTheList(t *testing.T) {
	got, err := collect(evAdded, strings.Replace(evHel, `"content_index":0`, `"content_index":99999999999`, 1), evEmptyEnd)
	if err != nil || got.Text() != "Hel" || len(got.Output[0]) > 10_000 {
		t.Errorf("text %q in %d bytes, error %v; want Hel in few", got.Text(), len(got.Output[0]), err)
	}
}

func TestCollectorOrdersItems(t *testing.T) {
	done := func(index, text string) string {
		return `{"type":"response.output_item.done","output_index":` + index + `,"item":{"type":"message","content":[{"type":"output_text","text":"` + text + `"}]}}`
	}
	tests := []struct {
		name   string
		events []string
		want   string
		items  int
	}{
		{"several messages", []string{done("0", "a"), done("1", "b"), evEmptyEnd}, "ab", 2},
		{"out of order", []string{done("2", "c"), done("10", "d"), done("0", "a"), done("1", "b"), evEmptyEnd}, "abcd", 4},
		{"no events for items, only the final object", []string{`{"type":"response.completed","response":{"output":[{"type":"message","content":[{"type":"output_text","text":"f"}]}]}}`}, "f", 1},
		{
			"an item that only the final object has",
			[]string{done("1", "b"), `{"type":"response.completed","response":{"output":[{"type":"message","content":[{"type":"output_text","text":"f"}]},{"type":"message","content":[]}]}}`},
			"fb", 2,
		},
		{
			"the final object's item goes before the pieces",
			[]string{evAdded, evHel, `{"type":"response.completed","response":{"output":[{"type":"message","content":[{"type":"output_text","text":"whole"}]}]}}`},
			"whole", 1,
		},
		{"pieces behind the item's last event", []string{evItemDone, evTextDone, evHel, evEmptyEnd}, "Hello", 1},
		{
			"the final object, twice",
			[]string{`{"type":"response.completed","response":{"output":[{"type":"message","content":[{"type":"output_text","text":"f"}]}]}}`, `{"type":"response.completed","response":{"output":[{"type":"message","content":[{"type":"output_text","text":"f"}]}]}}`},
			"f", 1,
		},
		{"first event behind the last", []string{evItemDone, evEmptyEnd, evEmptyEnd}, "Hello", 1},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := collect(tt.events...)
			if err != nil || got.Text() != tt.want || len(got.Output) != tt.items {
				t.Errorf("%d items, text %q, error %v; want %d, %q", len(got.Output), got.Text(), err, tt.items, tt.want)
			}
		})
	}
}

func TestCollectorFaults(t *testing.T) {
	refusal := `{"type":"response.output_item.done","output_index":0,"item":{"type":"message","content":[{"type":"refusal","refusal":"no"}]}}`
	text := strings.Replace(evItemDone, `"output_index":0`, `"output_index":1`, 1)
	args := `{"type":"response.function_call_arguments.delta","output_index":0,"delta":"{"}`
	tests := []struct {
		name   string
		events []string
		want   error
	}{
		{"refusal", []string{refusal}, ErrRefused},
		{"refusal beside a text", []string{refusal, text}, nil},
		{"arguments that do not add up", []string{args, `{"type":"response.function_call_arguments.done","output_index":0,"arguments":"{}"}`}, ErrTruncated},
		{"done event without its text", []string{evHel, `{"type":"response.output_text.done","output_index":0,"content_index":0}`}, nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if _, err := collect(tt.events...); !errors.Is(err, tt.want) {
				t.Errorf("error = %v, want %v", err, tt.want)
			}
		})
	}
}

func TestResponseKeepsTheBackendsBytes(t *testing.T) {
	tests := []struct{ name, object, want string }{
		{"empty output", `{"a": 1.50, "output":[], "z":{"é":"\u00e9<"},"usage":null}`, `{"a": 1.50, "output":[ITEM], "z":{"é":"\u00e9<"},"usage":null}`},
		{"output of its own", `{"output":[{"x":1}],"b":2}`, `{"output":[ITEM],"b":2}`},
		{"no output", `{"id":"r"}`, `{"id":"r","output":[ITEM]}`},
	}
	item := json.RawMessage(`{"type":"message","content":[]}`)
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r, _ := collect(`{"type":"response.output_item.done","output_index":0,"item":`+string(item)+`}`, `{"type":"response.completed","response":`+tt.object+`}`)
			got, err := r.MarshalJSON()
			if want := strings.Replace(tt.want, "ITEM", string(item), 1); err != nil || string(got) != want {
				t.Errorf("JSON = %s, %v, want %s", got, err, want)
			}
		})
	}
	got, err := new(Response).MarshalJSON()
	if err != nil || string(got) != `{"object":"response","output":[]}` {
		t.Errorf("JSON of an answer that never came = %s, %v", got, err)
	}
}

func TestResponseAccessors(t *testing.T) {
	r := &Response{Output: items(
		`{"type":"reasoning","summary":[{"text":"one"},{"text":"two"}]}`,
		`{"type":"function_call","call_id":"a","name":"f","arguments":"{}"}`,
		`{"type":"custom_tool_call","call_id":"b","name":"g","input":"text"}`,
		`{"type":"web_search_call","call_id":"c"}`,
		`{"type":"message","content":[{"type":"output_text","text":"x"},{"type":"refusal","refusal":"n"},{"type":"output_text","text":"y"}]}`,
	)}
	if r.Text() != "xy" || r.Refusal() != "n" || r.Reasoning() != "one\n\ntwo" {
		t.Errorf("text %q, refusal %q, reasoning %q; want xy, n, one and two", r.Text(), r.Refusal(), r.Reasoning())
	}
	want := []ToolCall{{"a", "f", "{}", false}, {"b", "g", "text", true}}
	if diff := cmp.Diff(want, r.ToolCalls()); diff != "" {
		t.Errorf("calls (-want +got):\n%s", diff)
	}
}

func TestUsageIsReadLeniently(t *testing.T) {
	for text, want := range map[string]*Usage{
		`null`:                              nil,
		`"many"`:                            nil,
		`{}`:                                {},
		`{"input_tokens":3,"later":{}}`:     {InputTokens: 3},
		`{"input_tokens_details":null}`:     {},
		`{"total_tokens":"5","attr":[1,2]}`: {TotalTokens: 5},
	} {
		r, _ := collect(`{"type":"response.completed","response":{"usage":` + text + `}}`)
		if diff := cmp.Diff(want, r.Usage, cmpopts.EquateEmpty()); diff != "" {
			t.Errorf("usage %s (-want +got):\n%s", text, diff)
		}
	}
}
