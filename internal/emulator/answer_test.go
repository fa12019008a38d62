package emulator

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/tidwall/gjson"
)

const weatherTool = `{"type":"function","name":"weather","parameters":{"type":"object","properties":{"city":{"type":"string"},"days":{"type":"integer","minimum":2}},"required":["city"]}}`

func TestDefaultAnswers(t *testing.T) {
	const (
		user   = `{"role":"user","content":"What is the weather?"}`
		called = `{"type":"function_call","call_id":"c","name":"weather","arguments":"{}"}`
		output = `{"type":"function_call_output","call_id":"c","output":"sunny"}`
		schema = `{"text":{"format":{"type":"json_schema","name":"n","schema":{"type":"object","properties":{"ok":{"type":"boolean"},"n":{"type":"integer"}}}}}}`
	)
	tests := []struct{ name, changes, want string }{
		{"echo", said("hello there"), "You said: hello there"},
		{"echo of the last user message", `{"input":[{"role":"user","content":"one"},{"role":"assistant","content":"x"},{"role":"user","content":[{"type":"input_text","text":"two"},{"type":"input_text","text":"three"}]}]}`, "You said: two\nthree"},
		{"echo mentions images", `{"input":[{"role":"user","content":[{"type":"input_text","text":"see"},{"type":"input_image","image_url":"data:image/png;base64,AA=="}]}]}`, "You said: see [images: 1]"},
		{"no user message", `{"input":[{"role":"developer","content":"x"}]}`, "There is no user message to answer."},
		{"memory", `{"input":[{"role":"user","content":"Hello! My name is Alice."},{"role":"assistant","content":"Hi"},{"role":"user","content":"What's my name?"}]}`, "Your name is Alice."},
		{"memory of the latest word", `{"input":[{"role":"user","content":"my favourite colour is red"},{"role":"user","content":"No, my favourite colour is dark blue, really"},{"role":"user","content":"What is my favourite colour?"}]}`, "Your favourite colour is dark blue."},
		{"no memory", said("What is my name?"), "You have not told me your name."},
		{"schema", schema, `{"ok":true,"n":1}`},
		{"JSON object", mergeJSON(t, said("hi"), `{"text":{"format":{"type":"json_object"}}}`), `{"answer":"You said: hi"}`},
		{"tool output", `{"tools":[` + weatherTool + `],"input":[` + user + `,` + called + `,` + output + `]}`, "The tool answered: sunny"},
		{"tools but choice none", `{"tools":[` + weatherTool + `],"tool_choice":"none","input":[` + user + `]}`, "You said: What is the weather?"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			list := events(t, askIn(t, Scene{}, prompt(t, tt.changes)).body)
			checkNumbers(t, list)
			if got := text(list); got != tt.want {
				t.Errorf("text %q, want %q", got, tt.want)
			}
			if done := last(t, list, "response.output_text.done").Get("text").String(); done != tt.want {
				t.Errorf("done text %q, want %q", done, tt.want)
			}
			if out := last(t, list, "response.completed").Get("response.output").Raw; out != "[]" {
				t.Errorf("output %s, want []", out)
			}
		})
	}
}

func TestToolCalls(t *testing.T) {
	const other = `{"type":"function","name":"other","parameters":{"type":"object","properties":{}}}`
	const custom = `{"type":"custom","name":"run"}`
	type made struct{ Type, Name, Input string }
	tests := []struct {
		name, changes string
		scene         Scene
		want          []made
	}{
		{"auto calls the first", `{"tools":[` + weatherTool + `,` + other + `]}`, Scene{}, []made{{"function_call", "weather", `{"city":"example city","days":2}`}}},
		{"required", `{"tools":[` + other + `],"tool_choice":"required"}`, Scene{}, []made{{"function_call", "other", `{}`}}},
		{"named", `{"tools":[` + weatherTool + `,` + other + `],"tool_choice":{"type":"function","name":"other"}}`, Scene{}, []made{{"function_call", "other", `{}`}}},
		{"custom", `{"tools":[` + custom + `]}`, Scene{}, []made{{"custom_tool_call", "run", "example input"}}},
		{"without parameters", `{"tools":[{"type":"function","name":"f"}]}`, Scene{}, []made{{"function_call", "f", `{}`}}},
		{"two by scene", `{"tools":[` + other + `,` + custom + `]}`, named(t, "parallel-tool-calls"), []made{{"function_call", "other", `{}`}, {"custom_tool_call", "run", "example input"}}},
		{"bad arguments by scene", `{"tools":[` + other + `]}`, named(t, "tool-bad-arguments"), []made{{"function_call", "other", `{"location": "Par`}}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			list := events(t, askIn(t, tt.scene, prompt(t, tt.changes)).body)
			checkNumbers(t, list)
			var got []made
			joined := ""
			for _, e := range list {
				item := e.data.Get("item")
				switch e.name {
				case "response.function_call_arguments.delta", "response.custom_tool_call_input.delta":
					joined += e.data.Get("delta").String()
				case "response.output_item.done":
					input := item.Get("arguments").String() + item.Get("input").String()
					if joined != input || item.Get("call_id").String() == "" || item.Get("status").String() != "completed" {
						t.Errorf("deltas %q, item %s", joined, item.Raw)
					}
					joined = ""
					got = append(got, made{item.Get("type").String(), item.Get("name").String(), input})
				}
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("calls (-want +got):\n%s", diff)
			}
		})
	}
}

func TestReasoningItems(t *testing.T) {
	tests := []struct {
		name, changes string
		scene         Scene
		item, summary bool
		encrypted     bool
	}{
		{"not asked", `{}`, Scene{}, false, false, false},
		{"summary", `{"reasoning":{"summary":"auto"}}`, Scene{}, true, true, false},
		{"encrypted", `{"include":["reasoning.encrypted_content"]}`, Scene{}, true, false, true},
		{"both", `{"reasoning":{"summary":"auto"},"include":["reasoning.encrypted_content"]}`, Scene{}, true, true, true},
		{"no effort", `{"reasoning":{"effort":"none","summary":"auto"}}`, Scene{}, false, false, false},
		{"scene", `{}`, named(t, "reasoning"), true, true, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			list := events(t, askIn(t, tt.scene, prompt(t, tt.changes)).body)
			checkNumbers(t, list)
			var item gjson.Result
			joined := ""
			for _, e := range list {
				if e.name == "response.output_item.done" && e.data.Get("item.type").String() == "reasoning" {
					item = e.data.Get("item")
				}
				if e.name == "response.reasoning_summary_text.delta" {
					joined += e.data.Get("delta").String()
				}
			}
			if item.Exists() != tt.item || item.Get("summary.0").Exists() != tt.summary || item.Get("encrypted_content").Exists() != tt.encrypted {
				t.Errorf("item %s", item.Raw)
			}
			if item.Get("summary.0.text").String() != joined {
				t.Errorf("summary %q, deltas %q", item.Get("summary.0.text"), joined)
			}
			tokens := last(t, list, "response.completed").Get("response.usage.output_tokens_details.reasoning_tokens").Int()
			if (tokens > 0) != tt.item {
				t.Errorf("%d reasoning tokens", tokens)
			}
		})
	}
}

func TestFullOutput(t *testing.T) {
	list := events(t, askIn(t, named(t, "full-output"), prompt(t, `{"reasoning":{"summary":"auto"}}`)).body)
	var items []string
	for _, e := range list {
		if e.name == "response.output_item.done" {
			items = append(items, e.data.Get("item").Raw)
		}
	}
	if got, want := last(t, list, "response.completed").Get("response.output").Raw, "["+strings.Join(items, ",")+"]"; got != want {
		t.Errorf("output %s, want %s", got, want)
	}
}

func TestSplitLosesNothing(t *testing.T) {
	for _, s := range []string{"", " ", "a", "one two", "  x  \n\n y", "Grüße 世界世界世界世界世界世界世界", "x" + strings.Repeat("é", 100), "\xff\xfe bad"} {
		if got := strings.Join(split(s), ""); got != s {
			t.Errorf("split(%q) joins to %q", s, got)
		}
	}
}

func TestInstance(t *testing.T) {
	tests := []struct{ name, schema, want string }{
		{"string", `{"type":"string"}`, `"example"`},
		{"lengths", `{"type":"array","prefixItems":[{"type":"string","maxLength":3},{"type":"string","minLength":9}]}`, `["exa","examplexx"]`},
		{"integer", `{"type":"integer","minimum":5}`, `5`},
		{"integer above", `{"type":"integer","exclusiveMinimum":5}`, `6`},
		{"integer below", `{"type":"integer","maximum":-3}`, `-3`},
		{"number between", `{"type":"number","exclusiveMinimum":1,"exclusiveMaximum":2}`, `1.5`},
		{"multiple", `{"type":"integer","minimum":5,"multipleOf":4}`, `8`},
		{"boolean", `{"type":"boolean"}`, `true`},
		{"null", `{"type":"null"}`, `null`},
		{"first type that is not null", `{"type":["null","integer"]}`, `1`},
		{"enum", `{"type":"string","enum":["b","a"]}`, `"b"`},
		{"const", `{"const":{"x":1}}`, `{"x":1}`},
		{"anyOf", `{"anyOf":[{"type":"integer"},{"type":"string"}]}`, `1`},
		{"allOf", `{"allOf":[{"type":"object","properties":{"a":{"type":"integer"}}},{"$ref":"#/$defs/b"}],"$defs":{"b":{"properties":{"b":{"type":"boolean"}}}}}`, `{"a":1,"b":true}`},
		{"nested, in order", `{"type":"object","properties":{"z":{"type":"object","properties":{"y_x":{"type":"string"}}},"a":{"type":"array","items":{"type":"integer"},"minItems":2}}}`, `{"z":{"y_x":"example y x"},"a":[1,1]}`},
		{"reference", `{"type":"object","properties":{"p":{"$ref":"#/$defs/a~1b"}},"$defs":{"a/b":{"type":"integer"}}}`, `{"p":1}`},
		{"contains itself", `{"type":"object","properties":{"v":{"type":"integer"},"next":{"$ref":"#"}},"required":["v"]}`, `{"v":1,"next":{"v":1,"next":{"v":1,"next":{"v":1}}}}`},
		{"at most none", `{"type":"array","items":{"type":"integer"},"maxItems":0}`, `[]`},
		{"no schema", `{}`, `null`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := string(instance(gjson.Parse(tt.schema))); got != tt.want {
				t.Errorf("instance(%s) = %s, want %s", tt.schema, got, tt.want)
			}
		})
	}
	endless := instance(gjson.Parse(`{"type":"object","properties":{"a":{"$ref":"#"},"b":{"$ref":"#"},"c":{"$ref":"#"}},"required":["a","b","c"]}`))
	if !json.Valid(endless) || len(endless) > 1<<20 {
		t.Errorf("an endless schema gave %d bytes", len(endless))
	}
}

// Fact H-9: the backend names the request, whatever it answers; the edge in front of it
// does not.
func TestTheBackendNamesTheRequest(t *testing.T) {
	tests := []struct {
		name  string
		scene Scene
		call  call
		named bool
	}{
		{"an answer", Scene{}, call{method: "POST", path: responsesPath, body: prompt(t, "")}, true},
		{"models", Scene{}, call{method: "GET", path: modelsPath + "?client_version=1.0.0"}, true},
		{"usage", Scene{}, call{method: "GET", path: usagePath}, true},
		{"a refused field", Scene{}, call{method: "POST", path: responsesPath, body: `{"x":1}`}, true},
		{"a login that is not known", Scene{}, call{method: "POST", path: responsesPath, bearer: "x"}, true},
		{"a usage limit", Scene{Fault: FaultUsageLimit}, call{method: "POST", path: responsesPath, body: prompt(t, "")}, true},
		{"a server error", Scene{Fault: FaultServerError}, call{method: "POST", path: responsesPath, body: prompt(t, "")}, true},
		{"a robot", Scene{}, call{method: "GET", path: usagePath, header: http.Header{"User-Agent": nil}}, false},
		{"a challenge", Scene{Fault: FaultChallenge}, call{method: "POST", path: responsesPath, body: prompt(t, "")}, false},
		{"a bad gateway", Scene{Fault: FaultBadGateway}, call{method: "POST", path: responsesPath, body: prompt(t, "")}, false},
		{"the issuer", Scene{}, call{method: "POST", path: "/oauth/token", body: `{}`}, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			e := start(t, Config{Scene: tt.scene})
			if tt.call.bearer == "" {
				tt.call.bearer = e.Login(LoginOptions{}).AccessToken
			}
			got := e.get(t, tt.call).header.Get("X-Oai-Request-Id")
			if (got != "") != tt.named {
				t.Errorf("the request is called %q, want a name: %t", got, tt.named)
			}
			if noted := e.Journal()[0].RequestID; noted != got {
				t.Errorf("the journal has the name %q, want %q", noted, got)
			}
		})
	}
}

func TestModelsNotModified(t *testing.T) {
	e := start(t, Config{})
	c := call{method: "GET", path: modelsPath + "?client_version=0.169.0", bearer: e.Login(LoginOptions{}).AccessToken, header: http.Header{"If-None-Match": {modelsETag}}}
	if got := e.get(t, c); got.status != http.StatusNotModified || got.body != "" {
		t.Errorf("the present list: %d %s, want 304", got.status, got.body)
	}
	c.header = http.Header{"If-None-Match": {`"old"`}}
	if got := e.get(t, c); got.status != http.StatusOK {
		t.Errorf("an old list: %d, want 200", got.status)
	}
}
