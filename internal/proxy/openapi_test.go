package proxy

import (
	"errors"
	"io/fs"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/tidwall/gjson"
	"github.com/tidwall/sjson"
)

// oracle is OpenAI's public description of its API.
type oracle struct {
	mu       sync.Mutex
	compiler *jsonschema.Compiler
	schemas  map[string]*jsonschema.Schema
	events   map[string]string // schema names by event type
}

const schemasFile = "../../../shared/openapi/openai-schemas.json"

var readOracle = sync.OnceValues(func() (*oracle, error) {
	data, err := os.ReadFile(schemasFile)
	if err != nil {
		return nil, err
	}
	document, err := jsonschema.UnmarshalJSON(strings.NewReader(string(data)))
	if err != nil {
		return nil, err
	}
	o := &oracle{compiler: jsonschema.NewCompiler(), schemas: map[string]*jsonschema.Schema{}, events: map[string]string{}}
	o.compiler.DefaultDraft(jsonschema.Draft2020)
	if err := o.compiler.AddResource("openai.json", document); err != nil {
		return nil, err
	}
	gjson.GetBytes(data, "components.schemas").ForEach(func(name, schema gjson.Result) bool {
		if kind := schema.Get("properties.type.enum.0").Str; strings.HasSuffix(name.Str, "Event") {
			o.events[kind] = name.Str
		}
		return true
	})
	return o, nil
})

// newOracle skips the test where the description is not there.
func newOracle(t *testing.T) *oracle {
	t.Helper()
	o, err := readOracle()
	if errors.Is(err, fs.ErrNotExist) {
		t.Skipf("%s is absent: nothing to compare with", schemasFile)
	}
	if err != nil {
		t.Fatal(err)
	}
	return o
}

// objection is what the schema of this name says against a value; nil if it fits.
func (o *oracle) objection(name, value string) error {
	o.mu.Lock()
	defer o.mu.Unlock()
	schema := o.schemas[name]
	if schema == nil {
		var err error
		if schema, err = o.compiler.Compile("openai.json#/components/schemas/" + name); err != nil {
			return err
		}
		o.schemas[name] = schema
	}
	instance, err := jsonschema.UnmarshalJSON(strings.NewReader(value))
	if err != nil {
		return err
	}
	return schema.Validate(instance)
}

// fits is a hard check.
func (o *oracle) fits(t *testing.T, name, value string) {
	t.Helper()
	if err := o.objection(name, value); err != nil {
		t.Errorf("not a valid %s: %s\n%s", name, clipped(err.Error()), clipped(value))
	}
}

// reports is the soft check, for what comes from the backend as it is.
func (o *oracle) reports(t *testing.T, name, value string) {
	t.Helper()
	if err := o.objection(name, value); err != nil {
		t.Logf("from the backend, not a valid %s: %s", name, clipped(err.Error()))
	}
}

// form is a way to ask, on one route.
type form struct {
	name, path, body string
	cut              bool // the server ends the answer
}

const (
	weather       = `{"type":"object","properties":{"location":{"type":"string"}},"required":["location"],"additionalProperties":false}`
	nativeTool    = `"tools":[{"type":"function","name":"get_weather","strict":true,"parameters":` + weather + `},{"type":"function","name":"get_time","strict":true,"parameters":` + weather + `}]`
	nativeCustom  = `"tools":[{"type":"custom","name":"shell"}]`
	nativeSchema  = `"text":{"format":{"type":"json_schema","name":"place","strict":true,"schema":` + weather + `}}`
	chatTool      = `"tools":[{"type":"function","function":{"name":"get_weather","strict":true,"parameters":` + weather + `}},{"type":"function","function":{"name":"get_time","strict":true,"parameters":` + weather + `}}]`
	chatCustom    = `"tools":[{"type":"custom","custom":{"name":"shell"}}]`
	chatSchema    = `"response_format":{"type":"json_schema","json_schema":{"name":"place","strict":true,"schema":` + weather + `}}`
	chatFunctions = `"functions":[{"name":"get_weather","parameters":` + weather + `}]`
)

func nativeForms() []form {
	const path = "/v1/responses"
	return []form{
		{"plain", path, hello, false},
		{"below codex", "/codex/responses", hello, false},
		{"in a session", "/codex/s-1/responses", hello, false},
		{"tools", path, with(hello, nativeTool), false},
		{"custom tools", path, with(hello, nativeCustom), false},
		{"json_schema", path, with(hello, nativeSchema), false},
		{"reasoning summary", path, with(hello, `"reasoning":{"effort":"low","summary":"auto"}`), false},
		{"dropped fields", path, with(hello, `"metadata":{"a":"b"},"temperature":0.1,"top_p":0.5,"truncation":"auto","user":"u"`), false},
		{"max_output_tokens 1", path, with(hello, `"max_output_tokens":1`), true},
		{"max_output_tokens 2", path, with(hello, `"max_output_tokens":2`), true},
		{"max_output_tokens and tools", path, with(hello, `"max_output_tokens":1,`+nativeTool), true},
		{"max_output_tokens and reasoning", path, with(hello, `"max_output_tokens":1,"reasoning":{"effort":"low","summary":"auto"}`), true},
		{"max_output_tokens 1000", path, with(hello, `"max_output_tokens":1000`), true},
	}
}

func chatForms() []form {
	const path = "/v1/chat/completions"
	return []form{
		{"plain", path, helloChat, false},
		{"below codex", "/codex/chat/completions", helloChat, false},
		{"in a session", "/codex/s-1/chat/completions", helloChat, false},
		{"messages on a Responses route", "/codex/responses", helloChat, false},
		{"include_usage", path, with(helloChat, `"stream_options":{"include_usage":true}`), false},
		{"tools", path, with(helloChat, chatTool), false},
		{"custom tools", path, with(helloChat, chatCustom), false},
		{"functions", path, with(helloChat, chatFunctions), false},
		{"json_schema", path, with(helloChat, chatSchema), false},
		{"json_object", path, `{"model":"gpt-5.5","messages":[{"role":"user","content":"hi, in JSON"}],"response_format":{"type":"json_object"}}`, false},
		{"reasoning_effort", path, with(helloChat, `"reasoning_effort":"low"`), false},
		{"dropped fields", path, with(helloChat, `"temperature":0.1,"logit_bias":{},"seed":1,"user":"u"`), false},
		{"stop", path, with(helloChat, `"stop":["said",":"]`), true},
		{"stop and usage", path, with(helloChat, `"stop":"said","stream_options":{"include_usage":true}`), true},
		{"max_tokens 1", path, with(helloChat, `"max_tokens":1`), true},
		{"max_completion_tokens 2 and tools", path, with(helloChat, `"max_completion_tokens":2,`+chatTool), true},
		{"n 3", path, with(helloChat, `"n":3`), false},
		{"n 3, usage, tools", path, with(helloChat, `"n":3,"stream_options":{"include_usage":true},`+chatTool), false},
		{"n 3, max_tokens", path, with(helloChat, `"n":3,"max_tokens":1,"stream_options":{"include_usage":true}`), true},
	}
}

// answeringScenes are those of the fault matrix that are answered in every form, the slow
// ones left out.
func answeringScenes(t *testing.T) []string {
	t.Helper()
	rows := outcomes(t)
	var names []string
	for _, row := range rows {
		failed := func(o outcome) bool { return o.scene == row.scene && o.status != 0 }
		if row.form == "native" && row.calls == 1 && !row.slow && !row.heavy && !slices.ContainsFunc(rows, failed) {
			names = append(names, row.scene)
		}
	}
	return names
}

// TestAnswersFitTheAPI compares every answer with OpenAI's own description: hard what
// the server composes, soft what it copies.
func TestAnswersFitTheAPI(t *testing.T) {
	o := newOracle(t)
	// Under the race detector the oracle takes most of the time: a sample of the sample.
	for _, scene := range sampled(sampled(answeringScenes(t))) {
		for _, f := range nativeForms() {
			t.Run("responses/"+scene+"/"+f.name, func(t *testing.T) {
				t.Parallel()
				o.nativeObject(t, scene, f)
				if scene != "crlf" && scene != "cr" { // the same frames, in bytes that do not come apart here
					o.nativeStream(t, scene, f)
				}
			})
		}
		for _, f := range chatForms() {
			t.Run("chat/"+scene+"/"+f.name, func(t *testing.T) {
				t.Parallel()
				s := newStand(t, nil)
				s.scene(scene)
				status, _, answer := s.post(f.path, f.body)
				if status != 200 {
					t.Fatalf("got %d %s", status, answer)
				}
				o.fits(t, "CreateChatCompletionResponse", answer)
				for _, f := range s.stream(f.path, asStream(f.body)).rest() {
					if data := f.data(); data != "" && data != "[DONE]" {
						o.fits(t, "CreateChatCompletionStreamResponse", data)
					}
				}
			})
		}
	}
}

func (o *oracle) nativeObject(t *testing.T, scene string, f form) {
	t.Helper()
	s := newStand(t, nil)
	s.scene(scene)
	status, _, answer := s.post(f.path, f.body)
	if status != 200 {
		t.Fatalf("got %d %s", status, answer)
	}
	o.fits(t, "Response", ownFields(answer))
}

// ownFields is a response object without what the backend is known to send in another
// form than the description has, and the real API too: `user` is null.
func ownFields(object string) string {
	if user := gjson.Get(object, "user"); user.Exists() && user.Type == gjson.Null {
		object, _ = sjson.Delete(object, "user")
	}
	return object
}

func (o *oracle) nativeStream(t *testing.T, scene string, f form) {
	t.Helper()
	s := newStand(t, nil)
	s.scene(scene)
	all := s.stream(f.path, asStream(f.body)).rest()
	cut := o.cutAt(all)
	for i, e := range all {
		kind := e.kind()
		if kind == "" {
			continue // a comment
		}
		ours := i >= cut
		name, known := o.events[kind]
		switch {
		case !known && ours:
			t.Errorf("the server makes an event of the type %s, which nobody knows", kind)
		case !known:
			t.Logf("from the backend, an event that nobody knows: %s", kind)
		case ours, kind == "error":
			event, _ := sjson.Delete(e.data(), "response")
			if response := e.get("response"); response.Exists() {
				event, _ = sjson.SetRaw(event, "response", ownFields(response.Raw))
			}
			o.fits(t, name, event)
		case kind == "response.completed", kind == "response.incomplete":
			// Its output is the server's work, its other fields are the backend's.
			for _, item := range e.get("response.output").Array() {
				o.fits(t, "OutputItem", item.Raw)
			}
			o.reports(t, name, e.data())
		default:
			o.reports(t, name, e.data())
		}
	}
}

// cutAt is where the server's own events begin in a stream that it has cut: behind the
// last piece of text, and what the backend has added to that. Such a stream has no usage.
// In others it is their length.
func (o *oracle) cutAt(all []frame) int {
	last := all[len(all)-1]
	if last.kind() != "response.incomplete" || last.get("response.usage").IsObject() {
		return len(all)
	}
	for i := len(all) - 1; i >= 0; i-- {
		if all[i].kind() == "response.output_text.delta" {
			for i++; o.events[all[i].kind()] == ""; {
				i++
			}
			return i
		}
	}
	return len(all)
}

// TestFailuresFitTheAPI does the same for failures: as bodies, and at the end of streams.
func TestFailuresFitTheAPI(t *testing.T) {
	o := newOracle(t)
	for _, row := range sampled(outcomes(t)) {
		path, body := "/v1/responses", hello
		if strings.HasPrefix(row.form, "chat") {
			path, body = "/v1/chat/completions", helloChat
		}
		if row.status == 0 || row.slow || !strings.HasSuffix(row.form, "stream") {
			continue
		}
		t.Run(row.scene+path, func(t *testing.T) {
			t.Parallel()
			s := newStand(t, func(c *Config) { c.Client.IdleTimeout = 300e6 })
			s.scene(row.scene)
			_, _, answer := s.post(path, body)
			o.fits(t, "ErrorResponse", answer)
			if !row.late {
				_, _, answer = s.post(path, asStream(body))
				if strings.HasPrefix(answer, "{") {
					o.fits(t, "ErrorResponse", answer)
				}
				return
			}
			all := s.stream(path, asStream(body)).rest()
			last := all[len(all)-1]
			switch {
			case body == helloChat:
				o.fits(t, "ErrorResponse", last.data())
			case row.told:
				o.reports(t, "ResponseFailedEvent", last.data())
			default:
				o.fits(t, "ResponseErrorEvent", last.data())
			}
		})
	}
}

// TestRefusalsFitTheAPI is about requests that never come to the backend.
func TestRefusalsFitTheAPI(t *testing.T) {
	o := newOracle(t)
	s := newStand(t, func(c *Config) { c.MaxBody = 1 << 10; c.Strict = true })
	keyed := newStand(t, func(c *Config) { c.Key = "sesame" })
	for _, tt := range []struct {
		name, method, path, body string
		headers                  []string
		status                   int
		on                       *stand
	}{
		{"an unknown path", "GET", "/v2/models", "", nil, 404, s},
		{"a wrong method", "GET", "/v1/responses", "", nil, 405, s},
		{"no JSON", "POST", "/v1/responses", "hi", nil, 400, s},
		{"no body", "POST", "/v1/chat/completions", "", nil, 400, s},
		{"a list", "POST", "/v1/responses", "[]", nil, 400, s},
		{"a body that is too large", "POST", "/v1/responses", with(hello, `"x":"`+strings.Repeat("x", 2<<10)+`"`), nil, 413, s},
		{"zstd", "POST", "/v1/responses", hello, []string{"Content-Encoding", "zstd"}, 415, s},
		{"messages and input", "POST", "/v1/responses", with(hello, `"messages":[]`), nil, 400, s},
		{"no input", "POST", "/v1/responses", `{"model":"gpt-5.5"}`, nil, 400, s},
		{"no messages", "POST", "/v1/chat/completions", `{"model":"gpt-5.5"}`, nil, 400, s},
		{"stream as text", "POST", "/v1/responses", with(hello, `"stream":"yes"`), nil, 400, s},
		{"a field that is refused, strictly", "POST", "/v1/responses", with(hello, `"temperature":1`), nil, 400, s},
		{"the same in chat", "POST", "/v1/chat/completions", with(helloChat, `"temperature":1`), nil, 400, s},
		{"n 9", "POST", "/v1/chat/completions", with(helloChat, `"n":9`), nil, 400, s},
		{"n 2 in a session", "POST", "/codex/s-1/chat/completions", with(helloChat, `"n":2`), nil, 400, s},
		{"audio", "POST", "/v1/chat/completions", `{"model":"gpt-5.5","messages":[{"role":"user","content":[{"type":"input_audio","input_audio":{"data":"","format":"wav"}}]}]}`, nil, 400, s},
		{"an unknown previous_response_id", "POST", "/v1/responses", with(hello, `"previous_response_id":"resp_x"`), nil, 400, s},
		{"a bad session id", "POST", "/codex/-/responses", hello, nil, 400, s},
		{"an unknown session", "GET", "/codex/sessions/nobody", "", nil, 404, s},
		{"an unknown model", "POST", "/v1/responses", `{"model":"gpt-0","input":"hi"}`, nil, 400, s},
		{"an unknown model in chat", "POST", "/v1/chat/completions", `{"model":"gpt-0","messages":[{"role":"user","content":"hi"}]}`, nil, 400, s},
		{"a web page", "GET", "/v1/models", "", []string{"Origin", "https://evil.example"}, 403, s},
		{"no key", "GET", "/v1/models", "", nil, 401, keyed},
		{"a wrong key", "GET", "/v1/models", "", []string{"Authorization", "Bearer x"}, 401, keyed},
	} {
		t.Run(tt.name, func(t *testing.T) {
			status, header, answer := tt.on.whole(tt.on.send(tt.method, tt.path, tt.body, tt.headers...))
			if status != tt.status {
				t.Errorf("got %d %s, want %d", status, answer, tt.status)
			}
			if got := header.Get("Content-Type"); got != "application/json" {
				t.Errorf("Content-Type: got %q", got)
			}
			o.fits(t, "ErrorResponse", answer)
		})
	}
}

// TestListsFitTheAPI is about models and token counts.
func TestListsFitTheAPI(t *testing.T) {
	o := newOracle(t)
	s := newStand(t, nil)
	for _, base := range []string{"/codex", "/codex/v1", "/v1"} {
		status, _, answer := s.get(base + "/models")
		if status != 200 || len(gjson.Get(answer, "data").Array()) == 0 || len(gjson.Get(answer, "models").Array()) == 0 {
			t.Errorf("%s/models: %d %s", base, status, clipped(answer))
		}
		o.fits(t, "ListModelsResponse", answer)
		for _, card := range gjson.Get(answer, "data").Array() {
			o.fits(t, "Model", card.Raw)
			status, _, answer := s.get(base + "/models/" + card.Get("id").Str)
			if status != 200 || gjson.Get(answer, "id").Str != card.Get("id").Str {
				t.Errorf("%s: %d %s", card.Get("id").Str, status, clipped(answer))
			}
			o.fits(t, "Model", answer)
		}
		for _, body := range []string{hello, helloChat} {
			status, _, answer := s.post(base+"/responses/input_tokens", body)
			// OpenAI's description of this answer is not among the schemas.
			if status != 200 || gjson.Get(answer, "object").Str != "response.input_tokens" || gjson.Get(answer, "input_tokens").Int() <= 0 {
				t.Errorf("input_tokens: %d %s", status, answer)
			}
		}
	}
	status, _, answer := s.get("/v1/models/gpt-0")
	if status != 404 {
		t.Errorf("an unknown model: got %d, want 404, as the SDKs expect of a retrieve", status)
	}
	o.fits(t, "ErrorResponse", answer)
}
