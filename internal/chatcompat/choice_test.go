package chatcompat

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/tidwall/gjson"

	"github.com/codexctl/codexctl/pkg/responses"
)

// The events of which most tests are made.
const (
	created   = `{"type":"response.created","response":{"id":"resp_1","created_at":1779338572,"model":"gpt-5.5-real"}}`
	completed = `{"type":"response.completed","response":{"id":"resp_1","created_at":1779338572,"model":"gpt-5.5-real","output":[],"usage":{"input_tokens":10,"input_tokens_details":{"cached_tokens":4},"output_tokens":7,"output_tokens_details":{"reasoning_tokens":3},"total_tokens":17}}}`
)

func textDelta(text string) string {
	return `{"type":"response.output_text.delta","output_index":1,"content_index":0,"delta":` + string(encode(text)) + `}`
}

func summaryDelta(part int, text string) string {
	return fmt.Sprintf(`{"type":"response.reasoning_summary_text.delta","output_index":0,"summary_index":%d,"delta":%s}`, part, encode(text))
}

func callAdded(index int, name string) string {
	return fmt.Sprintf(`{"type":"response.output_item.added","output_index":%d,"item":{"id":"fc_%d","type":"function_call","call_id":"call_%d","name":%s,"arguments":""}}`, index, index, index, encode(name))
}

func argsDelta(index int, text string) string {
	return fmt.Sprintf(`{"type":"response.function_call_arguments.delta","output_index":%d,"delta":%s}`, index, encode(text))
}

func callDone(index int, name, args string) string {
	return fmt.Sprintf(`{"type":"response.output_item.done","output_index":%d,"item":{"id":"fc_%d","type":"function_call","call_id":"call_%d","name":%s,"arguments":%s}}`, index, index, index, encode(name), encode(args))
}

func events(all ...string) []responses.Event {
	out := make([]responses.Event, len(all))
	for i, data := range all {
		out[i] = event(data)
	}
	return out
}

// answer runs events that begin and end as a success does.
func answerTo(t *testing.T, request string, o Options, between ...string) message {
	t.Helper()
	all := append(append([]string{created}, between...), completed)
	return both(t, plan(t, request, o), events(all...), nil)
}

func TestChunksOfAPlainAnswer(t *testing.T) {
	frames, _ := stream(plan(t, someRequest, Options{}), events(created, textDelta(`He said "hé"`), textDelta("\n<b>"), completed), nil)
	chunk := func(delta, reason string) string {
		return `data: {"id":"chatcmpl-1","object":"chat.completion.chunk","created":1779338572,"model":"gpt-5.5-real","choices":[{"index":0,"delta":` + delta + `,"finish_reason":` + reason + `}]}` + "\n\n"
	}
	want := chunk(`{"role":"assistant","content":""}`, "null") +
		chunk(`{"content":"He said \"hé\""}`, "null") +
		chunk(`{"content":"\n<b>"}`, "null") +
		chunk(`{}`, `"stop"`)
	if diff := cmp.Diff(want, frames); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestText(t *testing.T) {
	item := `{"type":"response.output_item.done","output_index":1,"item":{"id":"msg_1","type":"message","content":[{"type":"output_text","text":"Hello"}]}}`
	whole := `{"type":"response.output_text.done","output_index":1,"content_index":0,"text":"Hello"}`
	tests := []struct {
		name   string
		events []string
	}{
		{"deltas, and the text again twice", []string{textDelta("Hel"), textDelta("lo"), whole, item}},
		{"the finished text alone", []string{whole, item}},
		{"the item alone", []string{item}},
		{"the terminal event alone", []string{strings.Replace(completed, `"output":[]`, `"output":[{"type":"reasoning","summary":[]},{"id":"msg_1","type":"message","content":[{"type":"output_text","text":"Hello"}]}]`, 1)}},
		{"a full terminal event with other places", []string{textDelta("Hello"), item, strings.Replace(completed, `"output":[]`, `"output":[{"id":"msg_1","type":"message","content":[{"type":"output_text","text":"Hello"}]}]`, 1)}},
		{"a delta after the finished text", []string{whole, textDelta("lo")}},
		{"unknown events between", []string{textDelta("Hel"), `{"type":"response.novelty","x":[1]}`, `{"type":"codex.rate_limits"}`, textDelta("lo")}},
		{"white space in the events", []string{"{ \"type\" : \"response.output_text.delta\" ,\n \"x\" : [ {\"delta\":\"no\"} , 1.5 ] , \"output_index\" : 1 , \"delta\" : \"Hello\" }"}},
		{"deltas without text", []string{textDelta(""), `{"type":"response.output_text.delta","output_index":1,"delta":null}`, `{"type":"response.output_text.delta"}`, textDelta("Hello")}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got := answerTo(t, someRequest, Options{}, tt.events...)
			want := message{ID: "chatcmpl-1", Model: "gpt-5.5-real", Created: 1779338572, Content: "Hello", Finish: "stop"}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestTextThatIsNotSafeToCopy(t *testing.T) {
	tests := []struct{ name, token, want string }{
		{"invalid UTF-8", "\"a\xffb\"", "a�b"},
		{"a lone surrogate", `"\ud83d"`, "�"},
		{"a pair", `"\ud83d\ude00"`, "😀"},
		{"escapes", `"\u00e9\t\\ud83d\/\u0000"`, "é\t\\ud83d/\x00"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			for _, request := range []string{someRequest, withField("stop", `"@@"`)} {
				got := answerTo(t, request, Options{}, `{"type":"response.output_text.delta","output_index":1,"delta":`+tt.token+`}`)
				if got.Content != tt.want {
					t.Errorf("content = %q, want %q", got.Content, tt.want)
				}
			}
		})
	}
}

func withField(name, value string) string {
	return strings.TrimSuffix(someRequest, "}") + `,"` + name + `":` + value + "}"
}

func TestReasoning(t *testing.T) {
	summary := []string{summaryDelta(0, "**One**"), summaryDelta(0, " more"), summaryDelta(1, "Two")}
	item := `{"type":"response.output_item.done","output_index":0,"item":{"id":"rs_1","type":"reasoning","summary":[{"type":"summary_text","text":"**One** more"},{"type":"summary_text","text":"Two"}]}}`
	empty := `{"type":"response.output_item.done","output_index":0,"item":{"id":"rs_1","type":"reasoning","summary":[]}}`
	tests := []struct {
		name, request      string
		mode               Reasoning
		events             []string
		content, reasoning string
	}{
		{"tags", someRequest, ReasoningTags, append(summary, item, textDelta("Yes")), "<reasoning>**One** more\n\nTwo</reasoning>\nYes", ""},
		{"field", someRequest, ReasoningField, append(summary, item, textDelta("Yes")), "Yes", "**One** more\n\nTwo"},
		{"off", someRequest, ReasoningOff, append(summary, item, textDelta("Yes")), "Yes", ""},
		{"from the item alone", someRequest, ReasoningTags, []string{item, textDelta("Yes")}, "<reasoning>**One** more\n\nTwo</reasoning>\nYes", ""},
		{"from the finished text alone", someRequest, ReasoningTags, []string{`{"type":"response.reasoning_summary_text.done","output_index":0,"summary_index":0,"text":"T"}`, textDelta("Yes")}, "<reasoning>T</reasoning>\nYes", ""},
		{"no empty pair", someRequest, ReasoningTags, []string{empty, textDelta("Yes")}, "Yes", ""},
		{"no tags in JSON", withField("response_format", `{"type":"json_object"}`), ReasoningTags, append(summary, textDelta("{}")), "{}", ""},
		{"a field beside JSON", withField("response_format", `{"type":"json_object"}`), ReasoningField, append(summary, textDelta("{}")), "{}", "**One** more\n\nTwo"},
		{"without an answer", someRequest, ReasoningTags, summary, "<reasoning>**One** more\n\nTwo</reasoning>\n", ""},
		{"late reasoning is no part of the text", someRequest, ReasoningTags, append(summary, textDelta("Yes"), `{"type":"response.reasoning_summary_text.delta","output_index":2,"summary_index":0,"delta":"late"}`, textDelta("!")), "<reasoning>**One** more\n\nTwo</reasoning>\nYes!", ""},
		{"raw reasoning", someRequest, ReasoningField, []string{`{"type":"response.reasoning_text.delta","output_index":0,"content_index":0,"delta":"raw"}`, `{"type":"response.reasoning_text.done","output_index":0,"content_index":0,"text":"raw"}`, textDelta("Yes")}, "Yes", "raw"},
		{"a stop sequence does not end it", withField("stop", `"Two"`), ReasoningTags, append(summary, textDelta("Yes Two no")), "<reasoning>**One** more\n\nTwo</reasoning>\nYes ", ""},
		{"the cap does not count it", withField("max_tokens", `1`), ReasoningTags, append(summary, textDelta("Yes"), textDelta("no")), "<reasoning>**One** more\n\nTwo</reasoning>\nYes", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got := answerTo(t, tt.request, Options{Reasoning: tt.mode}, tt.events...)
			if got.Content != tt.content || got.Reasoning != tt.reasoning {
				t.Errorf("content %q, reasoning %q; want %q, %q", got.Content, got.Reasoning, tt.content, tt.reasoning)
			}
		})
	}
}

func TestToolCalls(t *testing.T) {
	two := []toolCall{{ID: "call_0", Name: "f", Arguments: `{"a":"é"}`}, {ID: "call_2", Name: "g", Arguments: `{}`}}
	tests := []struct {
		name   string
		events []string
		want   []toolCall
	}{
		{"deltas, and the whole again", []string{
			callAdded(0, "f"), argsDelta(0, `{"a":`), argsDelta(0, `"é"}`),
			`{"type":"response.function_call_arguments.done","output_index":0,"arguments":"{\"a\":\"é\"}"}`, callDone(0, "f", `{"a":"é"}`),
			callAdded(2, "g"), argsDelta(2, "{}"), callDone(2, "g", `{}`),
		}, two},
		{"at the same time", []string{callAdded(0, "f"), callAdded(2, "g"), argsDelta(2, "{"), argsDelta(0, `{"a":`), argsDelta(2, "}"), argsDelta(0, `"é"}`)}, two},
		{"arguments only when done", []string{
			callAdded(0, "f"), `{"type":"response.function_call_arguments.done","output_index":0,"arguments":"{\"a\":\"é\"}"}`, callDone(0, "f", `{"a":"é"}`),
			callAdded(2, "g"), callDone(2, "g", `{}`),
		}, two},
		{"items alone", []string{callDone(0, "f", `{"a":"é"}`), callDone(2, "g", `{}`)}, two},
		{"arguments before the name", []string{argsDelta(0, `{"a":`), argsDelta(0, `"é"}`), callDone(0, "f", `{"a":"é"}`), `{"type":"response.function_call_arguments.done","output_index":2,"arguments":"{}"}`, strings.Replace(callDone(2, "g", ``), `"arguments":""`, `"x":1`, 1)}, two},
		{"late deltas", []string{callDone(0, "f", `{"a":"é"}`), argsDelta(0, "x"), callDone(0, "f", "y"), callDone(2, "g", `{}`), `{"type":"response.function_call_arguments.done","output_index":2,"arguments":"z"}`}, two},
		{"the terminal event alone", []string{strings.Replace(completed, `"output":[]`, `"output":[`+gjson.Get(callDone(0, "f", `{"a":"é"}`), "item").Raw+`,{},`+gjson.Get(callDone(2, "g", `{}`), "item").Raw+`]`, 1)}, two},
		{"custom", []string{
			`{"type":"response.output_item.added","output_index":0,"item":{"id":"ctc_1","type":"custom_tool_call","call_id":"call_0","name":"run","input":""}}`,
			`{"type":"response.custom_tool_call_input.delta","output_index":0,"delta":"print("}`,
			`{"type":"response.custom_tool_call_input.delta","output_index":0,"delta":"1)"}`,
			`{"type":"response.custom_tool_call_input.done","output_index":0,"input":"print(1)"}`,
		}, []toolCall{{ID: "call_0", Name: "run", Arguments: "print(1)", Custom: true}}},
		{"a call without arguments", []string{callAdded(0, "f"), callDone(0, "f", "")}, []toolCall{{ID: "call_0", Name: "f"}}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got := answerTo(t, someRequest, Options{}, tt.events...)
			if diff := cmp.Diff(tt.want, got.Calls); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
			if got.Finish != "tool_calls" {
				t.Errorf("finish reason %q", got.Finish)
			}
		})
	}
}

func TestNamelessCallIsNoCall(t *testing.T) {
	got := answerTo(t, someRequest, Options{}, argsDelta(0, "{}"), `{"type":"response.output_item.done","output_index":0,"item":{"type":"function_call"}}`)
	if len(got.Calls) > 0 || got.Finish != "stop" {
		t.Errorf("got %+v", got)
	}
}

// A client that sends functions knows nothing of tool_calls.
func TestFunctionCall(t *testing.T) {
	request := withField("functions", `[{"name":"f","parameters":{}}]`)
	got := answerTo(t, request, Options{}, callAdded(0, "f"), argsDelta(0, `{"a"`), argsDelta(0, `:1}`), callDone(1, "second", "{}"))
	want := message{ID: "chatcmpl-1", Model: "gpt-5.5-real", Created: 1779338572, FunctionName: "f", FunctionArgs: `{"a":1}`, Finish: "function_call"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestLongNamesAreRestored(t *testing.T) {
	long := strings.Repeat("long.name/", 12)
	p := plan(t, withField("tools", `[{"type":"function","function":{"name":"`+long+`"}}]`), Options{})
	sent := gjson.GetBytes(p.Body, "tools.0.name").Str
	if !usable(sent) {
		t.Fatalf("sent as %q", sent)
	}
	got := both(t, p, events(created, callAdded(0, sent), completed), nil)
	if got.Calls[0].Name != long {
		t.Errorf("name = %q", got.Calls[0].Name)
	}
}

func TestFinish(t *testing.T) {
	incomplete := func(reason string) error {
		return &responses.APIError{Status: 200, Event: typeIncomplete, Code: reason, Message: "reason: " + reason}
	}
	policy := &responses.APIError{Status: 200, Event: typeFailed, Code: "cyber_policy", Message: "not this"}
	tests := []struct {
		name     string
		err      error
		events   []string
		finishes bool
		want     message
	}{
		{"length", incomplete("max_output_tokens"), []string{textDelta("ab")}, true, message{Content: "ab", Finish: "length"}},
		{"length with calls", incomplete("max_output_tokens"), []string{callAdded(0, "f"), argsDelta(0, "{")}, true, message{Finish: "length", Calls: []toolCall{{ID: "call_0", Name: "f", Arguments: "{"}}}},
		{"an unknown reason", incomplete("rate_limit_exceeded"), nil, true, message{Finish: "length"}},
		{"filter", incomplete("content_filter"), []string{textDelta("ab")}, true, message{Content: "ab", Finish: "content_filter"}},
		{"policy", policy, nil, true, message{Refusal: "not this", Finish: "content_filter"}},
		{"policy behind a refusal", policy, []string{`{"type":"response.refusal.delta","output_index":0,"delta":"No."}`}, true, message{Refusal: "No.", Finish: "content_filter"}},
		{"refusal", responses.ErrRefused, []string{`{"type":"response.refusal.delta","output_index":0,"delta":"N"}`, `{"type":"response.refusal.delta","output_index":0,"delta":"o."}`, `{"type":"response.refusal.done","output_index":0,"refusal":"No."}`}, true, message{Refusal: "No.", Finish: "stop"}},
		{"refusal at once", nil, []string{`{"type":"response.refusal.done","output_index":0,"refusal":"No."}`}, false, message{Refusal: "No.", Finish: "stop"}},
		{"refusal in an item", nil, []string{`{"type":"response.output_item.done","output_index":0,"item":{"type":"message","content":[{"type":"refusal","refusal":"No."}]}}`}, false, message{Refusal: "No.", Finish: "stop"}},
		{"an incomplete answer", fmt.Errorf("wrapped: %w", responses.ErrIncomplete), nil, true, message{Finish: "length"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := Finishes(tt.err); got != tt.finishes {
				t.Errorf("Finishes = %v", got)
			}
			got := both(t, plan(t, someRequest, Options{}), events(append([]string{created}, tt.events...)...), tt.err)
			tt.want.ID, tt.want.Model, tt.want.Created = "chatcmpl-1", "gpt-5.5-real", 1779338572
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestFailuresDoNotFinish(t *testing.T) {
	failures := []error{
		responses.ErrTruncated, errors.New("x"), &responses.APIError{Status: 200, Event: typeFailed, Code: "server_error"},
		&responses.APIError{Status: 400, Code: "cyber_policy"},
	}
	for _, err := range failures {
		if Finishes(err) {
			t.Errorf("%v finishes", err)
		}
		if frames, _ := stream(plan(t, someRequest, Options{}), events(created), err); frames != "" {
			t.Errorf("%v: %q was sent", err, frames)
		}
		frames, _ := stream(plan(t, withField("stop", `"xyz"`), Options{}), events(created, textDelta("an x")), err)
		if !strings.Contains(frames, `"content":"x"`) || strings.Contains(frames, `"finish_reason":"`) {
			t.Errorf("%v: %q", err, frames)
		}
	}
}

// An answer whose pieces are not what the backend says at its end does not look whole.
func TestPiecesThatDoNotAddUp(t *testing.T) {
	whole := func(text string) string {
		return `{"type":"response.output_text.done","output_index":1,"content_index":0,"text":` + text + `}`
	}
	tests := []struct {
		name   string
		events []string
		fault  bool
	}{
		{"less", []string{textDelta("Hel"), whole(`"Hello"`)}, true},
		{"other", []string{textDelta("Hallo"), whole(`"Hello"`)}, true},
		{"nothing is said at the end", []string{textDelta("Hello"), whole(`""`)}, false},
		{"in the item", []string{textDelta("Hel"), trapDone}, true},
		{"of two ends", []string{whole(`"Hel"`), trapDone}, true},
		{"a refusal", []string{`{"type":"response.refusal.delta","delta":"N"}`, `{"type":"response.refusal.done","refusal":"No"}`}, true},
		{"the same, written otherwise", []string{textDelta("a/é\n"), whole(`"a\/\u00e9\n"`)}, false},
		{"reasoning", []string{summaryDelta(0, "a"), `{"type":"response.reasoning_summary_text.done","output_index":0,"summary_index":0,"text":"ab"}`}, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			all := events(append([]string{created}, tt.events...)...)
			frames, streamed := stream(plan(t, someRequest, Options{}), all, nil)
			_, collected := collect(plan(t, someRequest, Options{}), all, nil)
			for _, err := range []error{streamed.Err(), collected.Err()} {
				if errors.Is(err, responses.ErrTruncated) != tt.fault {
					t.Errorf("Err = %v", err)
				}
			}
			if strings.Contains(frames, `"finish_reason":"`) == tt.fault {
				t.Errorf("finish reason in %s", frames)
			}
		})
	}
}

func TestEndEndsOnce(t *testing.T) {
	c := plan(t, someRequest, Options{}).Choice(someHead(), 0)
	first := c.End(nil, nil)
	if _, err := checkFrames(string(first)); err != nil {
		t.Error(err)
	}
	if again := c.End(nil, nil); again != nil {
		t.Errorf("again: %s", again)
	}
	if late := c.Chunks(nil, event(textDelta("x"))); late != nil {
		t.Errorf("late: %s", late)
	}
}

func TestUsage(t *testing.T) {
	p := plan(t, withField("stream_options", `{"include_usage":true}`), Options{})
	if !p.IncludeUsage {
		t.Fatal("include_usage is not read")
	}
	sparse := `{"type":"response.completed","response":{"id":"r","created_at":8,"usage":{"input_tokens":5,"output_tokens":2}}}`
	h := Head{ID: "resp_shared", Created: 7, Model: "alias"}
	var all []*Choice
	var frames []byte
	for i, end := range []string{completed, sparse} {
		c := p.Choice(h, i)
		frames = c.Chunks(frames, event(textDelta("x")))
		frames = c.Chunks(frames, event(end))
		frames = c.End(frames, nil)
		all = append(all, c)
	}
	for frame := range strings.SplitSeq(strings.TrimSuffix(string(frames), "\n\n"), "\n\n") {
		if !strings.HasSuffix(frame, `,"usage":null}`) {
			t.Errorf("no usage in %s", frame)
		}
	}
	if got := gjson.Get(strings.TrimPrefix(string(frames), "data: "), "choices.0.index").Int(); got != 0 || !strings.Contains(string(frames), `"index":1`) {
		t.Errorf("indexes in %s", frames)
	}
	got := strings.TrimPrefix(string(UsageChunk(nil, all)), "data: ")
	want := `{"id":"chatcmpl-shared","object":"chat.completion.chunk","created":7,"model":"alias","choices":[],"usage":{"prompt_tokens":15,"completion_tokens":9,"total_tokens":24,"prompt_tokens_details":{"cached_tokens":4,"audio_tokens":0},"completion_tokens_details":{"reasoning_tokens":3,"audio_tokens":0,"accepted_prediction_tokens":0,"rejected_prediction_tokens":0}}}` + "\n\n"
	if got != want {
		t.Errorf("got  %swant %s", got, want)
	}
	newValidator(t).check("CreateChatCompletionStreamResponse", got)
	silent := p.Choice(h, 0)
	silent.Add(event(completed))
	if alone := string(UsageChunk(nil, []*Choice{silent})); !strings.HasPrefix(alone, `data: {"id":"chatcmpl-shared",`) {
		t.Errorf("usage of a choice without chunks: %s", alone)
	}
	if none := UsageChunk(nil, nil); none != nil {
		t.Errorf("a usage chunk for nothing: %s", none)
	}
}

func TestSeveralChoices(t *testing.T) {
	p := plan(t, withField("n", "2"), Options{})
	var all []*Choice
	for i := range p.N {
		c := p.Choice(Head{}, i)
		for _, e := range events(created, textDelta(fmt.Sprint("answer ", i)), completed) {
			c.Add(e)
		}
		all = append(all, c)
	}
	object := string(Completion(Head{ID: "x", Created: 1}, all))
	newValidator(t).check("CreateChatCompletionResponse", object)
	if got := gjson.Get(object, "choices.#.message.content").Raw; got != `["answer 0","answer 1"]` {
		t.Errorf("contents %s", got)
	}
	if got := gjson.Get(object, "usage.total_tokens").Int(); got != 34 {
		t.Errorf("total_tokens = %d, want 34", got)
	}
	if got := gjson.Get(object, "id").Str; got != "chatcmpl-x" {
		t.Errorf("id = %s", got)
	}
	if none := string(Completion(Head{ID: "x"}, nil)); gjson.Get(none, "choices").Raw != "[]" {
		t.Errorf("no choices: %s", none)
	}
}

func TestContentIsNullBesideCalls(t *testing.T) {
	object, _ := collect(plan(t, someRequest, Options{}), events(created, callDone(0, "f", "{}"), completed), nil)
	if got := gjson.Get(object, "choices.0.message.content").Raw; got != "null" {
		t.Errorf("content = %s", got)
	}
	object, _ = collect(plan(t, someRequest, Options{}), events(created, completed), nil)
	if got := gjson.Get(object, "choices.0.message.content").Raw; got != `""` {
		t.Errorf("content of an empty answer = %s", got)
	}
}

func TestCitations(t *testing.T) {
	item := `{"type":"response.output_item.done","output_index":1,"item":{"type":"message","content":[{"type":"output_text","text":"é see it","annotations":[` +
		`{"type":"url_citation","start_index":2,"end_index":5,"url":"https://a.example/","title":"A \"title\""},{"type":"file_citation"},{"type":"url_citation","start_index":6,"end_index":8,"url":"https://b.example/"}]}]}}`
	object, _ := collect(plan(t, someRequest, Options{}), events(created, summaryDelta(0, "è"), item, completed), nil)
	newValidator(t).check("CreateChatCompletionResponse", object)
	shift := len("<reasoning>.</reasoning>.")
	want := fmt.Sprintf(`[{"type":"url_citation","url_citation":{"start_index":%d,"end_index":%d,"url":"https://a.example/","title":"A \"title\""}},{"type":"url_citation","url_citation":{"start_index":%d,"end_index":%d,"url":"https://b.example/","title":""}}]`,
		shift+2, shift+5, shift+6, shift+8)
	if got := gjson.Get(object, "choices.0.message.annotations").Raw; got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

// Folding the chunks of any stream gives the object made of it.
func TestRecordings(t *testing.T) {
	requests := []string{someRequest, withField("stop", `["e","\n"]`), withField("max_tokens", `2`), withField("functions", `[{"name":"multiply"}]`)}
	for name, events := range recordings(t) {
		t.Run(name, func(t *testing.T) {
			for _, request := range requests {
				for _, mode := range []Reasoning{ReasoningTags, ReasoningField, ReasoningOff} {
					both(t, plan(t, request, Options{Reasoning: mode}), events, endOf(events))
				}
			}
			checkAgainstCollector(t, events)
		})
	}
}

// checkAgainstCollector compares with what the other reader of streams makes of them.
func checkAgainstCollector(t *testing.T, all []responses.Event) {
	t.Helper()
	var collector responses.Collector
	for _, e := range all {
		collector.Add(e)
	}
	want := collector.Response()
	got := both(t, plan(t, someRequest, Options{Reasoning: ReasoningField}), all, nil)
	if got.Content != want.Text() || got.Reasoning != want.Reasoning() || got.Model != want.Model || "resp_"+strings.TrimPrefix(got.ID, "chatcmpl-") != want.ID {
		t.Errorf("got %+v, want %q, %q of %s, %s", got, want.Text(), want.Reasoning(), want.Model, want.ID)
	}
	calls := want.ToolCalls()
	if len(calls) != len(got.Calls) {
		t.Fatalf("%d calls, want %d", len(got.Calls), len(calls))
	}
	for i, made := range calls {
		if diff := cmp.Diff(toolCall{made.ID, made.Name, made.Arguments, made.Custom}, got.Calls[i]); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
	}
	_, c := stream(plan(t, someRequest, Options{}), all, nil)
	if diff := cmp.Diff(want.Usage, c.Usage()); diff != "" {
		t.Errorf("usage (-want +got):\n%s", diff)
	}
}

func TestDoneFrame(t *testing.T) {
	if DoneFrame() != "data: [DONE]\n\n" {
		t.Error(DoneFrame())
	}
}

func TestDecoded(t *testing.T) {
	for _, inside := range []string{``, `abc`, `a\n\t\r\b\f\/\\\"b`, `\u00e9`, `\u00E9x`, `\ud83d\ude00`, `\ud83d`, `\ud83dx`, `\ud83d\n`, `\ud83d\u0041`, `\ude00\ud83d\ude00`, `\u0000é`, `\\u0041`} {
		var want string
		if err := json.Unmarshal([]byte(`"`+inside+`"`), &want); err != nil {
			t.Fatal(err)
		}
		if got := decoded([]byte(inside)); got != want {
			t.Errorf("%s: got %q, want %q", inside, got, want)
		}
	}
	for _, broken := range []string{`\`, `a\`, `\u`, `\u12`, `\uzzzz`, `\ud83d\u`, `\ud83d\u1`} {
		decoded([]byte(broken)) // no panic: it cannot be an event's
	}
}

func TestScannerSurvivesAnything(t *testing.T) {
	for _, data := range []string{``, `{`, `{"`, `{"a`, `{"a"`, `{"a":`, `{"a":"`, `{"a":"\`, `{"a":[`, `{"a":[}`, `{"a":1`, `{1:2}`, `[]`, `{"delta":"x"`, `{"delta":]`, `{,}`} {
		readText([]byte(data), "delta")
	}
	if got := readText([]byte(`{"output_index":99999999999999999999,"content_index":-1}`), "delta"); got.output != 0 || got.part != 0 {
		t.Errorf("got %+v", got)
	}
	if !json.Valid(appendQuoted(nil, "\x00\x1f\"\\\xff\n")) {
		t.Error("not JSON")
	}
}
