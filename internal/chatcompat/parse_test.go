package chatcompat

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/tidwall/gjson"

	"github.com/codexctl/codexctl/pkg/responses"
)

func messages(all ...string) string { return `{"messages":[` + strings.Join(all, ",") + `]}` }

const (
	user      = `{"role":"user","content":"hi"}`
	assistant = `{"role":"assistant","content":"yes"}`
)

func callOf(ids ...string) string {
	var calls []string
	for _, id := range ids {
		calls = append(calls, `{"id":"`+id+`","type":"function","function":{"name":"f","arguments":"{}"}}`)
	}
	return `{"role":"assistant","content":null,"tool_calls":[` + strings.Join(calls, ",") + `]}`
}

func outputOf(id string) string { return `{"role":"tool","tool_call_id":"` + id + `","content":"out"}` }

func TestParsePlan(t *testing.T) {
	tests := []struct {
		name, body string
		want       Plan
	}{
		{"the least", someRequest, Plan{N: 1}},
		{
			"all that is read here",
			withField("model", `"m","stream":true,"stream_options":{"include_usage":true,"include_obfuscation":false},"n":8,"previous_response_id":"resp_9","store":true`),
			Plan{Model: "m", Stream: true, IncludeUsage: true, N: 8, PreviousResponseID: "resp_9", Emulated: []string{"n"}},
		},
		{"null is absent", withField("model", `null,"stream":null,"stream_options":null,"n":null,"stop":null,"max_tokens":null,"temperature":null,"audio":null,"tools":null,"response_format":null,"reasoning_effort":null,"input":null`), Plan{N: 1}},
		{"emulated", withField("stop", `"x","n":1,"max_tokens":3,"max_completion_tokens":9`), Plan{N: 1, Emulated: []string{"max_completion_tokens", "max_tokens", "stop"}}},
		{"dropped", withField("user", `"u","temperature":1,"metadata":{},"logprobs":true`), Plan{N: 1, Dropped: []string{"logprobs", "metadata", "temperature", "user"}}},
		{"an assistant message is a history", messages(user, assistant, user), Plan{N: 1, FullHistory: true}},
		{"a call is a history", messages(callOf("call_1"), outputOf("call_1")), Plan{N: 1, FullHistory: true}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got := plan(t, tt.body, Options{Reasoning: ReasoningOff})
			if diff := cmp.Diff(&tt.want, got, cmpopts.IgnoreFields(Plan{}, "Body"), cmpopts.IgnoreUnexported(Plan{})); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
			for _, f := range Fields() {
				if f.Fate == Converted && f.Name == "service_tier" {
					continue
				}
				if f.Fate != Sent && !slices.Contains([]string{"tools", "tool_choice"}, f.Name) && gjson.GetBytes(got.Body, f.Name).Exists() {
					t.Errorf("%s is still in %s", f.Name, got.Body)
				}
			}
		})
	}
}

// Every row of the table holds for any value, and the backend's list is in it.
func TestParseWorksByTheTable(t *testing.T) {
	fates := make(map[string]Fate)
	for _, f := range Fields() {
		if fates[f.Name] != "" {
			t.Errorf("%s is there twice", f.Name)
		}
		fates[f.Name] = f.Fate
		switch f.Fate {
		case Dropped:
			p := plan(t, withField(f.Name, `{"any":1}`), Options{})
			if !slices.Equal(p.Dropped, []string{f.Name}) || gjson.GetBytes(p.Body, f.Name).Exists() {
				t.Errorf("%s: dropped %v, body %s", f.Name, p.Dropped, p.Body)
			}
			var field *FieldError
			_, err := Parse([]byte(withField(f.Name, `1`)), Options{Strict: true})
			if !errors.As(err, &field) || field.Field != f.Name || !errors.Is(err, responses.ErrBadRequest) {
				t.Errorf("%s: strict gives %v", f.Name, err)
			}
		case Refused:
			if _, err := Parse([]byte(withField(f.Name, `["audio"]`)), Options{}); !errors.Is(err, responses.ErrBadRequest) {
				t.Errorf("%s: %v", f.Name, err)
			}
		}
	}
	for _, name := range responses.RefusedFields() {
		if fates[name] == "" || fates[name] == Sent {
			t.Errorf("%s is refused by the backend and %q here", name, fates[name])
		}
	}
	if p := plan(t, withField("novelty", `{"a": 1}`), Options{Strict: true}); gjson.GetBytes(p.Body, "novelty").Raw != `{"a": 1}` {
		t.Errorf("an unknown field does not pass: %s", p.Body)
	}
}

// All fields that the public description knows have a row.
func TestTheTableIsComplete(t *testing.T) {
	v := newValidator(t)
	if v.known == nil {
		t.Skip("no API description here")
	}
	have := make(map[string]bool)
	for _, f := range Fields() {
		have[f.Name] = true
	}
	queue := v.known["CreateChatCompletionRequest"].AllOf
	found := 0
	for len(queue) > 0 {
		part := queue[0]
		queue = append(queue[1:], part.AllOf...)
		if part.Ref != nil {
			queue = append(queue, part.Ref)
		}
		for name := range part.Properties {
			found++
			if !have[name] {
				t.Errorf("no row for %s", name)
			}
		}
	}
	if found < 30 {
		t.Errorf("only %d fields found in the description", found)
	}
}

func TestParseErrors(t *testing.T) {
	part := func(p string) string { return messages(`{"role":"user","content":[` + p + `]}`) }
	tests := []struct{ name, body, field string }{
		{"not JSON", `{`, ""},
		{"no object", `[1]`, ""},
		{"no messages", `{"model":"m"}`, "messages"},
		{"null", `null`, "messages"},
		{"no message", `{"messages":[]}`, "messages"},
		{"nothing left", messages(outputOf("call_1")), "messages"},
		{"both forms", `{"messages":[` + user + `],"input":"x"}`, "input"},
		{"n too small", withField("n", "0"), "n"},
		{"n too big", withField("n", "9"), "n"},
		{"n no number", withField("n", `"1"`), "n"},
		{"five stop sequences", withField("stop", `["a","b","c","d","e"]`), "stop"},
		{"stop no text", withField("stop", `1`), "stop"},
		{"a huge stop sequence", withField("stop", `"`+strings.Repeat("x", 5000)+`"`), "stop"},
		{"no tokens", withField("max_tokens", `0`), "max_tokens"},
		{"half tokens", withField("max_output_tokens", `1.5`), "max_output_tokens"},
		{"tokens no number", withField("max_completion_tokens", `"9"`), "max_completion_tokens"},
		{"model no text", withField("model", `1`), "model"},
		{"stream no bool", withField("stream", `"yes"`), "stream"},
		{"options no object", withField("stream_options", `1`), "stream_options"},
		{"include_usage no bool", withField("stream_options", `{"include_usage":1}`), "stream_options.include_usage"},
		{"previous id no text", withField("previous_response_id", `1`), "previous_response_id"},
		{"audio answer", withField("modalities", `["text","audio"]`), "modalities"},
		{"modalities no list", withField("modalities", `"text"`), "modalities"},
		{"audio", withField("audio", `{}`), "audio"},
		{"format of no type", withField("response_format", `{}`), "response_format.type"},
		{"unknown format", withField("response_format", `{"type":"xml"}`), "response_format.type"},
		{"effort no text", withField("reasoning_effort", `1`), "reasoning_effort"},
		{"reasoning no object", withField("reasoning_effort", `"low","reasoning":1`), "reasoning"},
		{"text no object", withField("verbosity", `"low","text":[]`), "text"},
		{"tier no text", withField("service_tier", `1`), "service_tier"},
		{"tool no object", withField("tools", `[null]`), "tools.0"},
		{"tool without name", withField("tools", `[{"type":"function","function":{}}]`), "tools.0.name"},
		{"grammar no object", withField("tools", `[{"type":"custom","custom":{"name":"f","format":1}}]`), "tools.0.format"},
		{"inner grammar no object", withField("tools", `[{"type":"custom","custom":{"name":"f","format":{"grammar":1}}}]`), "tools.0.format"},
		{"functions no list", withField("functions", `{}`), "functions"},
		{"function no object", withField("functions", `[null]`), "functions.0"},
		{"function without name", withField("functions", `[{}]`), "functions.0.name"},
		{"search no object", withField("web_search_options", `1`), "web_search_options"},
		{"location no object", withField("web_search_options", `{"user_location":1}`), "web_search_options.user_location"},
		{"choice no object inside", withField("tool_choice", `{"type":"function","function":1}`), "tool_choice.function"},
		{"allowed no list", withField("tool_choice", `{"type":"allowed_tools","allowed_tools":{"tools":1}}`), "tool_choice.tools"},
		{"allowed no object", withField("tool_choice", `{"type":"allowed_tools","allowed_tools":{"tools":[null]}}`), "tool_choice.tools.0"},
		{"allowed without name", withField("tool_choice", `{"type":"allowed_tools","tools":[{"function":{"name":1}}]}`), "tool_choice.tools.0.name"},
		{"function_call without name", withField("function_call", `{}`), "function_call.name"},
		{"image in a system message", messages(user, `{"role":"system","content":[{"type":"text","text":"a"},{"type":"image_url","image_url":{"url":"https://x"}}]}`), "messages.1.content.1.type"},
		{"image of the model", messages(`{"role":"assistant","content":[{"type":"image_url","image_url":{"url":"https://x"}}]}`), "messages.0.content.0.type"},
		{"content of a call's output", messages(callOf("c"), `{"role":"tool","tool_call_id":"c","content":1}`), "messages.1.content"},
		{"content of the model", messages(`{"role":"assistant","content":1}`), "messages.0.content"},
		{"audio part", part(`{"type":"input_audio","input_audio":{"data":"","format":"wav"}}`), "messages.0.content.0.type"},
		{"image without URL", part(`{"type":"image_url","image_url":{}}`), "messages.0.content.0.image_url.url"},
		{"image of a wrong type", part(`{"type":"image_url","image_url":1}`), "messages.0.content.0.image_url.url"},
		{"image in a file", part(`{"type":"image_url","image_url":{"url":"FILE:///etc/passwd"}}`), "messages.0.content.0.image_url.url"},
		{"file behind a URL", part(`{"type":"file","file":{"file_data":"https://x/a.pdf"}}`), "messages.0.content.0.file.file_data"},
		{"empty file", part(`{"type":"file","file":{}}`), "messages.0.content.0.file"},
		{"call without id", messages(`{"role":"assistant","tool_calls":[{"type":"function","function":{"name":"f"}}]}`), "messages.0.tool_calls.0.id"},
		{"call without name", messages(`{"role":"assistant","tool_calls":[{"id":"c","type":"function"}]}`), "messages.0.tool_calls.0.name"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := Parse([]byte(tt.body), Options{})
			if !errors.Is(err, responses.ErrBadRequest) {
				t.Fatalf("error = %v", err)
			}
			var field *FieldError
			if got := errors.As(err, &field); got != (tt.field != "") || got && field.Field != tt.field {
				t.Errorf("error = %v, want field %q", err, tt.field)
			}
		})
	}
}

func TestSummary(t *testing.T) {
	tests := []struct {
		name  string
		field string
		mode  Reasoning
		want  string
		asked bool
	}{
		{"tags", `"x":1`, ReasoningTags, `{"summary":"auto"}`, true},
		{"tags with effort", `"reasoning_effort":"high"`, ReasoningTags, `{"effort":"high","summary":"auto"}`, true},
		{"tags without thinking", `"reasoning_effort":"none"`, ReasoningTags, `{"effort":"none"}`, false},
		{"tags, and the client's own", `"reasoning":{"summary":"detailed"}`, ReasoningTags, `{"summary":"detailed"}`, false},
		{"tags, and none of the client's", `"reasoning":{"summary":null,"effort":"low"}`, ReasoningTags, `{"effort":"low","summary":"auto"}`, true},
		{"tags and JSON", `"response_format":{"type":"json_object"}`, ReasoningTags, ``, false},
		{"tags and a schema", `"response_format":{"type":"json_schema","json_schema":{"name":"s"}}`, ReasoningTags, ``, false},
		{"tags and text", `"response_format":{"type":"text"}`, ReasoningTags, `{"summary":"auto"}`, true},
		{"field", `"x":1`, ReasoningField, ``, false},
		{"field with effort", `"reasoning_effort":"low"`, ReasoningField, `{"effort":"low","summary":"auto"}`, true},
		{"field with effort and JSON", `"reasoning_effort":"low","response_format":{"type":"json_object"}`, ReasoningField, `{"effort":"low","summary":"auto"}`, true},
		{"field without thinking", `"reasoning_effort":"none"`, ReasoningField, `{"effort":"none"}`, false},
		{"off", `"reasoning_effort":"low"`, ReasoningOff, `{"effort":"low"}`, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			p := plan(t, `{"messages":[`+user+`],`+tt.field+`}`, Options{Reasoning: tt.mode})
			if got := gjson.GetBytes(p.Body, "reasoning").Raw; got != tt.want || p.AskedForSummary != tt.asked {
				t.Errorf("reasoning %s, asked %v; want %s, %v", got, p.AskedForSummary, tt.want, tt.asked)
			}
			without := p.WithoutSummary()
			if gjson.GetBytes(without, "reasoning.summary").Exists() || !gjson.GetBytes(without, "input").Exists() {
				t.Errorf("without: %s", without)
			}
		})
	}
}

// inputOf is what messages become: type, role or id, and text, one item a line.
func inputOf(t *testing.T, body string, o Options) (string, []string) {
	t.Helper()
	p := plan(t, body, o)
	var lines []string
	for _, item := range gjson.GetBytes(p.Body, "input").Array() {
		lines = append(lines, strings.TrimSpace(fmt.Sprintf("%s %s%s %s%s%s", item.Get("type").Str, item.Get("role").Str, item.Get("call_id").Str,
			item.Get("content.0.text").Str, item.Get("output").Str, item.Get("arguments").Str)))
		if item.Get("id").Exists() || item.Get("name").Exists() && item.Get("type").Str == "message" {
			t.Errorf("an id or a name in %s", item.Raw)
		}
	}
	return strings.Join(lines, "\n"), p.Notes
}

func TestHistoryIsRepaired(t *testing.T) {
	long := "call_" + strings.Repeat("x", 80)
	tests := []struct {
		name, body string
		options    Options
		want       string
		notes      []string
	}{
		{
			name: "a call and its output", body: messages(user, callOf("call_1"), outputOf("call_1")),
			want: "message user hi\nfunction_call call_1 {}\nfunction_call_output call_1 out",
		},
		{
			name: "a call without output", body: messages(user, callOf("call_1", "call_2"), outputOf("call_2"), user),
			want:  "message user hi\nfunction_call call_1 {}\nfunction_call_output call_1 " + noOutput + "\nfunction_call call_2 {}\nfunction_call_output call_2 out\nmessage user hi",
			notes: []string{"messages.1.tool_calls.0: a call without its output is given one that says so"},
		},
		{
			name: "an output without call", body: messages(user, outputOf("call_1"), callOf("call_2"), outputOf("call_2"), outputOf("call_2")),
			want:  "message user hi\nfunction_call call_2 {}\nfunction_call_output call_2 out",
			notes: []string{"messages.1: an output without its call is left out", "messages.4: an output without its call is left out"},
		},
		{
			name: "an id used again", body: messages(callOf("c"), callOf("c"), outputOf("c")),
			want:  "function_call c {}\nfunction_call_output c " + noOutput + "\nfunction_call c {}\nfunction_call_output c out",
			notes: []string{"messages.0.tool_calls.0: a call without its output is given one that says so"},
		},
		{
			name: "the call is in the kept conversation", body: messages(outputOf("call_1"), user), options: Options{Kept: true},
			want: "function_call_output call_1 out\nmessage user hi",
		},
		{
			name: "a full history does not need the kept one", body: messages(outputOf("call_1"), assistant), options: Options{Kept: true},
			want: "message assistant yes", notes: []string{"messages.0: an output without its call is left out"},
		},
		{
			name: "previous_response_id is always continued", body: strings.TrimSuffix(messages(outputOf("call_1"), assistant), "}") + `,"previous_response_id":"resp_1"}`,
			want: "function_call_output call_1 out\nmessage assistant yes",
		},
		{
			name: "long ids", body: messages(callOf(long), outputOf(long)),
			want: "function_call " + callID(long) + " {}\nfunction_call_output " + callID(long) + " out",
		},
		{
			name: "the old form",
			body: messages(user, `{"role":"assistant","content":"","function_call":{"name":"f","arguments":"{}"}}`, `{"role":"function","name":"f","content":"out"}`, `{"role":"function","name":"g","content":"lost"}`),
			want: "message user hi\nfunction_call call_function_1 {}\nfunction_call_output call_function_1 out", notes: []string{"messages.3: an output without its call is left out"},
		},
		{
			name: "output without content", body: messages(callOf("c"), `{"role":"tool","tool_call_id":"c"}`),
			want: "function_call c {}\nfunction_call_output c",
		},
		{
			name: "empty assistant messages", body: messages(user, `{"role":"assistant","content":""}`, `{"role":"assistant"}`, `{"role":"assistant","content":[{"type":"text","text":""}]}`, user),
			want: "message user hi\nmessage user hi",
		},
		{
			name: "reasoning sent back",
			body: messages(user, `{"role":"assistant","content":"<reasoning>a\n\nb</reasoning>\nyes"}`, `{"role":"assistant","content":[{"type":"text","text":" <think>x</think>\n\n<thinking>y</thinking>no"}]}`, `{"role":"assistant","content":"<reasoning>only"}`, `{"role":"assistant","content":"<reasoning></reasoning>\n"}`),
			want: "message user hi\nmessage assistant yes\nmessage assistant no\nmessage assistant <reasoning>only",
		},
		{
			name: "tags of the user stay", body: messages(`{"role":"user","content":"<think>x</think>hi","name":"kim"}`),
			want: "message user <think>x</think>hi",
		},
		{
			name: "the system alone", body: messages(`{"role":"system","content":"a"}`, `{"role":"system","content":"b"}`),
			want: "message system a\nmessage user b", notes: []string{"messages.1: a system message with nothing to answer is sent as the user's"},
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, notes := inputOf(t, tt.body, tt.options)
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(tt.notes, notes); diff != "" {
				t.Errorf("notes (-want +got):\n%s", diff)
			}
		})
	}
}

func TestTheWordJSON(t *testing.T) {
	format := `,"response_format":{"type":"json_object"}}`
	added := "message developer " + askForJSON
	tests := []struct {
		name, body string
		added      bool
	}{
		{"nobody says it", messages(user), true},
		{"the system says it, which is not in the input", messages(`{"role":"system","content":"Reply in JSON."}`, user), true},
		{"the user says it", messages(`{"role":"user","content":"as Json please"}`), false},
		{"the developer says it", messages(`{"role":"developer","content":[{"type":"text","text":"use JSON"}]}`, user), false},
		{"the system alone says it", messages(`{"role":"system","content":"Reply in JSON."}`), false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, notes := inputOf(t, strings.TrimSuffix(tt.body, "}")+format, Options{})
			noted := slices.ContainsFunc(notes, func(n string) bool { return strings.HasPrefix(n, "response_format: ") })
			if strings.HasSuffix(got, added) != tt.added || noted != tt.added {
				t.Errorf("input %s, notes %v", got, notes)
			}
		})
	}
}

func TestToolNames(t *testing.T) {
	var names toolNames
	long := strings.Repeat("a", 65)
	taken := shortened(long, 0)
	seen := make(map[string]string)
	for _, name := range []string{"plain", taken, long, long + "b", "with.dot", "with/dot", "ü", "", strings.Repeat("b", 64)} {
		sent := names.sent(name)
		if !usable(sent) || names.sent(name) != sent {
			t.Errorf("%q is sent as %q", name, sent)
		}
		if other, twice := seen[sent]; twice {
			t.Errorf("%q and %q are both sent as %q", name, other, sent)
		}
		seen[sent] = name
		if back, changed := names.changed()[sent]; changed && back != name || !changed && sent != name {
			t.Errorf("%q comes back as %q", name, back)
		}
	}
	if names.sent("plain") != "plain" {
		t.Error("a good name was changed")
	}
	var again toolNames
	if again.sent(long+"b") != names.sent(long+"b") {
		t.Error("a name depends on the others")
	}
}

func TestOtherTools(t *testing.T) {
	long := strings.Repeat("x", 70)
	short := shortened(long, 0)
	tests := []struct{ name, fields, path, want string }{
		{"strict is not implied", `"tools":[{"type":"function","function":{"name":"f","parameters":{"type":"object"}}}]`, "tools.0", `{"name":"f","parameters":{"type":"object"},"strict":false,"type":"function"}`},
		{"no type, no parameters", `"tools":[{"function":{"name":"f","strict":true}}]`, "tools.0", `{"name":"f","parameters":{"type":"object","properties":{}},"strict":true,"type":"function"}`},
		{"grammar", `"tools":[{"type":"custom","custom":{"name":"f","format":{"type":"grammar","grammar":{"syntax":"lark","definition":"x"}}}}]`, "tools.0.format", `{"definition":"x","syntax":"lark","type":"grammar"}`},
		{"others pass", `"tools":[{"type":"web_search"}]`, "tools.0", `{"type":"web_search"}`},
		{"no tools", `"tools":[],"parallel_tool_calls":true`, "[tools,parallel_tool_calls]", `[]`},
		{"parallel", `"tools":[{"type":"web_search"}],"parallel_tool_calls":true`, "parallel_tool_calls", `true`},
		{"functions", `"functions":[{"name":"f"}],"function_call":"none"`, "[tools,tool_choice,parallel_tool_calls]", `[[{"name":"f","parameters":{"type":"object","properties":{}},"strict":false,"type":"function"}],"none",false]`},
		{"function_call", `"functions":[{"name":"` + long + `"}],"function_call":{"name":"` + long + `"}`, "tool_choice", `{"name":"` + short + `","type":"function"}`},
		{"tool_choice wins", `"tool_choice":"auto","function_call":"none"`, "tool_choice", `"auto"`},
		{"a custom choice", `"tool_choice":{"type":"custom","custom":{"name":"f"}}`, "tool_choice", `{"name":"f","type":"custom"}`},
		{"allowed tools", `"tool_choice":{"type":"allowed_tools","allowed_tools":{"mode":"auto","tools":[{"type":"function","function":{"name":"` + long + `"}},{"type":"web_search"}]}}`, "tool_choice", `{"mode":"auto","tools":[{"name":"` + short + `","type":"function"},{"type":"web_search"}],"type":"allowed_tools"}`},
		{"web search", `"web_search_options":{"search_context_size":"low","user_location":{"type":"approximate","approximate":{"city":"Bern"}}}`, "tools.0", `{"search_context_size":"low","type":"web_search","user_location":{"city":"Bern","type":"approximate"}}`},
		{"tiers", `"service_tier":"fast"`, "service_tier", `"priority"`},
		{"the usual tier", `"service_tier":"auto"`, "service_tier", ``},
		{"schema", `"response_format":{"type":"json_schema","json_schema":{"name":"s","schema":{}}}`, "text.format", `{"name":"s","schema":{},"strict":false,"type":"json_schema"}`},
		{"modalities", `"modalities":["text"]`, "modalities", ``},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			p := plan(t, `{"messages":[`+user+`],`+tt.fields+`}`, Options{})
			path := tt.path
			if strings.HasPrefix(path, "[") {
				path = strings.NewReplacer("[", "{", "]", "}").Replace(path)
				var values []string
				gjson.GetBytes(p.Body, path).ForEach(func(_, v gjson.Result) bool { values = append(values, v.Raw); return true })
				if got := "[" + strings.Join(values, ",") + "]"; got != tt.want {
					t.Errorf("got %s, want %s", got, tt.want)
				}
				return
			}
			if got := gjson.GetBytes(p.Body, path).Raw; got != tt.want {
				t.Errorf("got %s, want %s", got, tt.want)
			}
		})
	}
}

// Neither depth nor size costs more than it must.
func TestHugeBodies(t *testing.T) {
	deep := strings.Repeat("[", 1<<20)
	for _, body := range []string{deep, `{"messages":` + deep, withField("x", deep+strings.Repeat("]", 1<<20)), messages(`{"role":"user","content":` + deep + strings.Repeat("]", 1<<20) + `}`)} {
		if _, err := Parse([]byte(body), Options{}); !errors.Is(err, responses.ErrBadRequest) {
			t.Errorf("error = %v", err)
		}
	}
	many := slices.Repeat([]string{callOf("c"), outputOf("c")}, 20_000)
	if p := plan(t, messages(many...), Options{}); len(p.Notes) > 0 {
		t.Errorf("notes: %d", len(p.Notes))
	}
	tags := messages(`{"role":"assistant","content":"` + strings.Repeat("<think></think>", 50_000) + `yes"}`)
	if p := plan(t, tags, Options{}); gjson.GetBytes(p.Body, "input.0.content.0.text").Str != "yes" {
		t.Error("tags are left")
	}
}

func TestParsedBodyIsTaken(t *testing.T) {
	p := plan(t, messages(`{"role":"system","content":"a <b>"}`, user), Options{})
	var r responses.Request
	if err := json.Unmarshal(p.Body, &r); err != nil {
		t.Fatal(err)
	}
	body, err := r.Body(false)
	if err != nil || gjson.GetBytes(body, "instructions").Str != "a <b>" || len(r.Refused()) > 0 {
		t.Errorf("%v, refused %v in %s", err, r.Refused(), body)
	}
}
