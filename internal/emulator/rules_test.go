package emulator

import (
	"net/http"
	"strings"
	"testing"

	"github.com/tidwall/gjson"
)

func TestRefusals(t *testing.T) {
	const callItem = `{"type":"function_call","call_id":"call_1","name":"f","arguments":"{}"}`
	long := strings.Repeat("a", 65)
	tests := []struct {
		name    string
		changes string
		status  int
		body    string // the detail text, or "error:CODE:PARAM"
	}{
		{"store missing", `{"store":null}`, 400, "Store must be set to false"},
		{"store true", `{"store":true}`, 400, "Store must be set to false"},
		{"stream missing", `{"stream":null}`, 400, "Stream must be set to true"},
		{"stream false", `{"stream":false}`, 400, "Stream must be set to true"},
		{"instructions missing", `{"instructions":null}`, 400, "Instructions are required"},
		{"input a string", `{"input":"hi"}`, 400, "Input must be a list"},
		{"input missing", `{"input":null}`, 400, "error::"},
		{"input empty", `{"input":[]}`, 400, "error:missing_required_parameter:"},
		{"input of strings", `{"input":["hi"]}`, 400, "error:invalid_type:input"},
		{"system role", `{"input":[{"role":"system","content":"x"}]}`, 400, "System messages are not allowed"},
		{"unknown role", `{"input":[{"role":"tool","content":"x"}]}`, 400, "error:invalid_value:input[0].role"},
		{"unknown item", `{"input":[{"type":"poem"}]}`, 400, "error:invalid_value:input[0].type"},
		{"item reference", `{"input":[{"type":"item_reference","id":"msg_1"}]}`, 404, "error::input"},
		{"reasoning by reference", `{"input":[{"type":"reasoning","id":"rs_1","summary":[]}]}`, 404, "error::input"},
		{"output_text from the user", `{"input":[{"role":"user","content":[{"type":"output_text","text":"x"}]}]}`, 400, "error:invalid_value:input[0].content[0].type"},
		{"input_text from the assistant", `{"input":[{"role":"assistant","content":[{"type":"input_text","text":"x"}]}]}`, 400, "error:invalid_value:input[0].content[0].type"},
		{"image by file id", `{"input":[{"role":"user","content":[{"type":"input_image","file_id":"f"}]}]}`, 400, "error:invalid_value:input[0].content[0].image_url"},
		{"image detail unknown", `{"input":[{"role":"user","content":[{"type":"input_image","image_url":"data:image/png;base64,AA==","detail":"huge"}]}]}`, 400, "error:invalid_value:input[0].content[0].detail"},
		{"call without output", `{"input":[` + callItem + `]}`, 400, "error::input"},
		{"output without call", `{"input":[{"type":"function_call_output","call_id":"call_1","output":"x"}]}`, 400, "error::input"},
		{"output before its call", `{"input":[{"type":"function_call_output","call_id":"call_1","output":"x"},` + callItem + `]}`, 400, "error::input"},
		{"output of another kind", `{"input":[` + callItem + `,{"type":"custom_tool_call_output","call_id":"call_1","output":"x"}]}`, 400, "error::input"},
		{"two outputs of one call", `{"input":[` + callItem + `,{"type":"function_call_output","call_id":"call_1","output":"x"},{"type":"function_call_output","call_id":"call_1","output":"x"}]}`, 400, "error::input"},
		{"two calls of one id", `{"input":[` + callItem + `,` + callItem + `]}`, 400, "error:invalid_value:input[1].call_id"},
		{"call id too long", `{"input":[{"type":"function_call","call_id":"` + long + `","name":"f","arguments":"{}"}]}`, 400, "error:string_above_max_length:input[0].call_id"},
		{"call id with a dot", `{"input":[{"type":"function_call","call_id":"call.1","name":"f","arguments":"{}"}]}`, 400, "error:invalid_value:input[0].call_id"},
		{"call id missing", `{"input":[{"type":"custom_tool_call","name":"f","input":""}]}`, 400, "error:missing_required_parameter:input[0].call_id"},
		{"arguments an object", `{"input":[{"type":"function_call","call_id":"c","name":"f","arguments":{}}]}`, 400, "error:invalid_type:input[0].arguments"},
		{"output a number", `{"input":[` + callItem + `,{"type":"function_call_output","call_id":"call_1","output":3}]}`, 400, "error:invalid_type:input[1].output"},
		{"cache key too long", `{"prompt_cache_key":"` + long + `"}`, 400, "error:string_above_max_length:prompt_cache_key"},
		{"include unknown", `{"include":["all"]}`, 400, "error:invalid_value:include"},
		{"service tier unknown", `{"service_tier":"gold"}`, 400, "error:invalid_value:service_tier"},
		{"effort unknown", `{"reasoning":{"effort":"maximum"}}`, 400, "error:unsupported_value:reasoning.effort"},
		{"effort above the model", `{"reasoning":{"effort":"max"}}`, 400, "error:unsupported_value:reasoning.effort"},
		{"summary unknown", `{"reasoning":{"summary":"long"}}`, 400, "error:invalid_value:reasoning.summary"},
		{"verbosity unknown", `{"text":{"verbosity":"chatty"}}`, 400, "error:invalid_value:text.verbosity"},
		{"format unknown", `{"text":{"format":{"type":"xml"}}}`, 400, "error:invalid_value:text.format.type"},
		{"format without name", `{"text":{"format":{"type":"json_schema","schema":{}}}}`, 400, "error:missing_required_parameter:text.format.name"},
		{"format without schema", `{"text":{"format":{"type":"json_schema","name":"n"}}}`, 400, "error:missing_required_parameter:text.format.schema"},
		{"strict format left open", `{"text":{"format":{"type":"json_schema","name":"n","strict":true,"schema":{"type":"object","properties":{}}}}}`, 400, "error:invalid_json_schema:text.format.schema"},
		{"strict function with an optional property", `{"tools":[{"type":"function","name":"f","strict":true,"parameters":{"type":"object","properties":{"a":{"type":"string"}},"required":[],"additionalProperties":false}}]}`, 400, "error:invalid_function_parameters:tools[0].parameters"},
		{"strict function open inside", `{"tools":[{"type":"function","name":"f","strict":true,"parameters":{"type":"object","properties":{"a":{"type":"array","items":{"type":"object","properties":{}}}},"required":["a"],"additionalProperties":false}}]}`, 400, "error:invalid_function_parameters:tools[0].parameters"},
		{"tool of unknown type", `{"tools":[{"type":"magic"}]}`, 400, "error:invalid_value:tools[0].type"},
		{"tool without name", `{"tools":[{"type":"function","parameters":{}}]}`, 400, "error:invalid_value:tools[0].name"},
		{"choice of a tool that is not there", `{"tools":[{"type":"function","name":"f"}],"tool_choice":{"type":"function","name":"g"}}`, 400, "error:invalid_value:tool_choice"},
		{"choice required without tools", `{"tool_choice":"required"}`, 400, "error:invalid_value:tool_choice"},
		{"choice unknown", `{"tool_choice":"always"}`, 400, "error:invalid_value:tool_choice"},
		{"wrong type of a field", `{"store":"no"}`, 400, "error:invalid_type:store"},
		{"unknown model", `{"model":"gpt-4"}`, 400, "The 'gpt-4' model is not supported when using Codex with a ChatGPT account."},
		{"Lite model, plain form", `{"model":"gpt-5.6-sol"}`, 400, "error:unsupported_value:reasoning.context"},
		{"additional tools, plain form", `{"input":[{"type":"additional_tools","role":"developer","tools":[]}]}`, 400, "error:invalid_value:input[0].type"},
	}
	for _, name := range []string{"max_output_tokens", "max_completion_tokens", "max_tokens", "temperature", "top_p", "metadata",
		"truncation", "user", "prompt_cache_retention", "prompt_cache_options", "safety_identifier", "context_management",
		"previous_response_id", "stop", "n", "seed", "logprobs", "top_logprobs", "logit_bias", "presence_penalty",
		"frequency_penalty", "background", "surprise"} {
		tests = append(tests, struct {
			name, changes string
			status        int
			body          string
		}{"parameter " + name, `{"` + name + `":1}`, 400, "Unsupported parameter: " + name})
	}
	e := start(t, Config{})
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got := e.ask(t, prompt(t, tt.changes))
			if got.status != tt.status || got.header.Get("Content-Type") != "application/json" {
				t.Fatalf("status %d, type %q, want %d, JSON; body %s", got.status, got.header.Get("Content-Type"), tt.status, got.body)
			}
			if want, isError := strings.CutPrefix(tt.body, "error:"); isError {
				inner := gjson.Get(got.body, "error")
				code := inner.Get("code").String() + ":" + inner.Get("param").String()
				if want != ":" && code != want || inner.Get("type").String() != "invalid_request_error" || inner.Get("message").String() == "" {
					t.Errorf("body %s, want an error of code:param %q", got.body, want)
				}
				return
			}
			if detail := gjson.Get(got.body, "detail").String(); detail != tt.body {
				t.Errorf("body %s, want the detail %q", got.body, tt.body)
			}
		})
	}
}

func TestAccepted(t *testing.T) {
	tests := []struct{ name, changes string }{
		{"the full body of the reference client", `{"tools":[],"tool_choice":"auto","parallel_tool_calls":true,"reasoning":{"effort":"low","summary":"auto"},
			"include":["reasoning.encrypted_content"],"prompt_cache_key":"k","text":{"verbosity":"low"},"service_tier":"priority",
			"client_metadata":{"session_id":"s"},"stream_options":{"reasoning_summary_delivery":"sequential_cutoff"}}`},
		{"empty instructions", `{"instructions":""}`},
		{"short form of a message", `{"input":[{"role":"user","content":"x"}]}`},
		{"effort none", `{"reasoning":{"effort":"none"}}`},
		{"replayed reasoning", `{"input":[{"type":"reasoning","id":"rs_1","summary":[],"encrypted_content":"x"},{"role":"user","content":"x"}]}`},
		{"printed name gpt-5", `{"model":"gpt-5"}`},
		{"printed name gpt-5-turbo", `{"model":"gpt-5-turbo"}`},
		{"printed name gpt-3.5-turbo", `{"model":"gpt-3.5-turbo"}`},
		{"printed name gpt-5.2-codex", `{"model":"gpt-5.2-codex"}`},
		{"images in a tool's output", `{"input":[{"type":"function_call","call_id":"c","name":"f","arguments":"{}"},{"type":"function_call_output","call_id":"c","output":[{"type":"input_image","image_url":"data:image/png;base64,AA=="}]}]}`},
		{"hosted web search", `{"tools":[{"type":"web_search"}]}`},
	}
	e := start(t, Config{})
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := e.ask(t, prompt(t, tt.changes)); got.status != 200 {
				t.Errorf("status %d, want 200; body %s", got.status, got.body)
			}
		})
	}
}

func TestMalformedBodies(t *testing.T) {
	e := start(t, Config{})
	for _, body := range []string{``, `{`, `[]`, `"x"`} {
		if got := e.ask(t, body); got.status != 400 && got.status != 415 {
			t.Errorf("body %q: status %d, want 400", body, got.status)
		}
	}
	bearer := e.Login(LoginOptions{}).AccessToken
	for name, header := range map[string]http.Header{
		"form":       {"Content-Type": {"application/x-www-form-urlencoded"}},
		"compressed": {"Content-Encoding": {"zstd"}},
	} {
		if got := e.get(t, call{method: "POST", path: responsesPath, body: prompt(t, ""), bearer: bearer, header: header}); got.status != 415 {
			t.Errorf("%s: status %d, want 415", name, got.status)
		}
	}
}

func TestLite(t *testing.T) {
	const full = `{"model":"gpt-5.6-sol","instructions":null,"parallel_tool_calls":false,"reasoning":{"context":"all_turns"},
		"input":[{"type":"additional_tools","role":"developer","tools":[]},{"role":"developer","content":"Be brief."},{"role":"user","content":"hi"}]}`
	tests := []struct {
		name    string
		changes string
		status  int
		param   string
	}{
		{"the full form", `{}`, 200, ""},
		{"no context", `{"reasoning":{}}`, 400, "reasoning.context"},
		{"other context", `{"reasoning":{"context":"auto"}}`, 400, "reasoning.context"},
		{"instructions", `{"instructions":"x"}`, 400, "instructions"},
		{"tools", `{"tools":[]}`, 400, "tools"},
		{"parallel calls", `{"parallel_tool_calls":true}`, 400, "parallel_tool_calls"},
		{"parallel calls unsaid", `{"parallel_tool_calls":null}`, 400, "parallel_tool_calls"},
		{"no additional tools first", `{"input":[{"role":"user","content":"hi"}]}`, 400, "input[0]"},
		{"additional tools twice", `{"input":[{"type":"additional_tools","role":"developer","tools":[]},{"type":"additional_tools","role":"developer","tools":[]}]}`, 400, "input[1].type"},
		{"image detail", `{"input":[{"type":"additional_tools","role":"developer","tools":[]},{"role":"user","content":[{"type":"input_image","image_url":"data:image/png;base64,AA==","detail":"low"}]}]}`, 400, "input[1].content"},
		{"strict tool inside", `{"input":[{"type":"additional_tools","role":"developer","tools":[{"type":"magic"}]},{"role":"user","content":"hi"}]}`, 400, "tools[0].type"},
	}
	e := start(t, Config{})
	send := func(t *testing.T, body string, lite bool) reply {
		header := http.Header{}
		if lite {
			header.Set(liteHeader, "true")
		}
		return e.get(t, call{method: "POST", path: responsesPath, body: body, bearer: e.Login(LoginOptions{}).AccessToken, header: header})
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			body := prompt(t, full)
			changed := prompt(t, mergeJSON(t, body, tt.changes))
			if tt.name != "instructions" {
				changed = without(t, changed, "instructions")
			}
			got := send(t, changed, true)
			if got.status != tt.status || gjson.Get(got.body, "error.param").String() != tt.param {
				t.Errorf("status %d, body %.300s; want %d with param %q", got.status, got.body, tt.status, tt.param)
			}
		})
	}
	t.Run("Lite header with a plain model", func(t *testing.T) {
		if got := send(t, prompt(t, ""), true); got.status != 400 || !strings.Contains(got.body, "not supported when using X-OpenAI-Internal-Codex-Responses-Lite") {
			t.Errorf("got %d %s", got.status, got.body)
		}
	})
	t.Run("plain form, each mood", func(t *testing.T) {
		for mood, want := range map[LiteMood]int{LiteRefuse: 400, LiteNotFound: 404, LiteAccept: 200} {
			if err := e.SetScene(Scene{Lite: mood}); err != nil {
				t.Fatal(err)
			}
			if got := send(t, prompt(t, `{"model":"gpt-5.6-luna"}`), false); got.status != want {
				t.Errorf("mood %q: status %d, want %d", mood, got.status, want)
			}
		}
	})
}

func TestStaleReasoning(t *testing.T) {
	e := start(t, Config{Scene: named(t, "stale-reasoning")})
	send := func(body string) reply {
		return e.get(t, call{method: "POST", path: responsesPath, body: prompt(t, body), bearer: e.Login(LoginOptions{}).AccessToken})
	}
	if got := send(`{"input":[{"type":"reasoning","summary":[],"encrypted_content":"gAAAx"},{"role":"user","content":"x"}]}`); got.status != 400 || !strings.Contains(got.body, `"code":"invalid_encrypted_content"`) {
		t.Errorf("with reasoning: got %d %s", got.status, got.body)
	}
	if got := send(""); got.status != 200 {
		t.Errorf("without reasoning: got %d %s", got.status, got.body)
	}
}

func TestClientTooOld(t *testing.T) {
	e := start(t, Config{})
	for version, want := range map[string]int{"": 200, "0.169.0": 200, "0.124.0": 200, "0.124.0-alpha.1": 200, "0.123.9": 400, "1": 400} {
		got := e.get(t, call{method: "POST", path: responsesPath, body: prompt(t, ""), bearer: e.Login(LoginOptions{}).AccessToken, header: http.Header{"Version": {version}}})
		if got.status != want || want == 400 && !strings.Contains(got.body, "requires a newer version of Codex") {
			t.Errorf("version %q: %d %.100s, want %d", version, got.status, got.body, want)
		}
	}
}
