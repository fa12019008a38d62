package proxy

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/tidwall/gjson"

	"github.com/codexctl/codexctl/internal/emulator"
	"github.com/codexctl/codexctl/pkg/responses"
)

// liteBody is a request in the Lite form, as the official client sends it.
const liteBody = `{"model":"gpt-6-sol","input":[{"type":"additional_tools","role":"developer","tools":[]},` +
	`{"type":"message","role":"developer","content":[{"type":"input_text","text":"Be brief."}]},` +
	`{"type":"message","role":"user","content":[{"type":"input_text","text":"hi"}]}],` +
	`"reasoning":{"context":"all_turns"},"parallel_tool_calls":false,"store":false,"stream":true}`

// officialBody is a request of the official client in the plain form.
const officialBody = `{"model":"gpt-5.5","input":[` +
	`{"type":"message","role":"developer","content":[{"type":"input_text","text":"Be brief."}]},` +
	`{"type":"message","role":"user","content":[{"type":"input_text","text":"hi"}]}],` +
	`"tools":[],"tool_choice":"auto","parallel_tool_calls":true,"include":["reasoning.encrypted_content"],` +
	`"prompt_cache_key":"thread-1","store":false,"stream":true}`

// lastSent is the body that the backend got last.
func (s *stand) lastSent() gjson.Result {
	s.t.Helper()
	all := s.sent()
	if len(all) == 0 {
		s.t.Fatal("the backend was not asked")
	}
	return gjson.Parse(all[len(all)-1])
}

// mustPost makes a request that has to succeed.
func (s *stand) mustPost(path, body string, headers ...string) (http.Header, string) {
	s.t.Helper()
	status, header, answer := s.post(path, body, headers...)
	if status != http.StatusOK {
		s.t.Fatalf("POST %s %s: got %d %s", path, clipped(body), status, clipped(answer))
	}
	return header, answer
}

// nativeText and chatText are the text of an answer of each form.
func nativeText(body string) string {
	return gjson.Get(body, `output.#(type=="message").content.0.text`).Str
}

// chatText leaves out the reasoning in tags, which the addresses below /codex have.
func chatText(body string) string {
	text := gjson.Get(body, "choices.0.message.content").Str
	if _, behind, ok := strings.Cut(text, "</reasoning>\n"); ok {
		return behind
	}
	return text
}

func compactJSON(t testing.TB, text string) string {
	t.Helper()
	var v any
	if err := json.Unmarshal([]byte(text), &v); err != nil {
		t.Fatalf("%v: %s", err, text)
	}
	out, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(out)
}

// proxy.md, Requests: `system` messages become `instructions`, behind given ones and
// after a blank line; "" and null count as none; a default of our own if there are none.
func TestInstructions(t *testing.T) {
	const user = `{"role":"user","content":"hi"}`
	system := func(text string) string { return `{"role":"system","content":` + text + `}` }
	for _, tt := range []struct {
		name, path, body, want string
	}{
		{"none", "/v1/responses", `"input":"hi"`, responses.DefaultInstructions},
		{"an empty string", "/v1/responses", `"input":"hi","instructions":""`, responses.DefaultInstructions},
		{"null", "/v1/responses", `"input":"hi","instructions":null`, responses.DefaultInstructions},
		{"given", "/v1/responses", `"input":"hi","instructions":"Given."`, "Given."},
		{"a system message", "/v1/responses", `"input":[` + system(`"One."`) + `,` + user + `]`, "One."},
		{"two system messages, one at the end", "/v1/responses", `"input":[` + system(`"One."`) + `,` + user + `,` + system(`[{"type":"input_text","text":"Two."}]`) + `]`, "One.\n\nTwo."},
		{"both", "/v1/responses", `"instructions":"Given.","input":[` + system(`"One."`) + `,` + user + `]`, "Given.\n\nOne."},
		{"an empty string and a system message", "/v1/responses", `"instructions":"","input":[` + system(`"One."`) + `,` + user + `]`, "One."},
		{"null and a system message", "/v1/responses", `"instructions":null,"input":[` + system(`"One."`) + `,` + user + `]`, "One."},
		{"chat without", "/v1/chat/completions", `"messages":[` + user + `]`, responses.DefaultInstructions},
		{"chat with one", "/v1/chat/completions", `"messages":[` + system(`"One."`) + `,` + user + `]`, "One."},
		{"chat with two", "/v1/chat/completions", `"messages":[` + system(`"One."`) + `,` + user + `,` + system(`[{"type":"text","text":"Two."}]`) + `]`, "One.\n\nTwo."},
		{"chat with instructions beside", "/v1/chat/completions", `"instructions":"Given.","messages":[` + system(`"One."`) + `,` + user + `]`, "Given.\n\nOne."},
		{"messages on a Responses address", "/codex/responses", `"messages":[` + system(`"One."`) + `,` + user + `]`, "One."},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := newStand(t, nil)
			s.mustPost(tt.path, `{"model":"gpt-5.5",`+tt.body+`}`)
			sent := s.lastSent()
			if got := sent.Get("instructions").Str; got != tt.want {
				t.Errorf("instructions: got %q, want %q", got, tt.want)
			}
			if got := sent.Get("input.#").Int(); got != 1 || sent.Get("input.0.role").Str != "user" {
				t.Errorf("input: got %s, want the user's message alone", sent.Get("input").Raw)
			}
		})
	}
}

// proxy.md, Requests: --instructions-file replaces the default; --instructions-mode
// default | append | override.
func TestInstructionsOfTheServer(t *testing.T) {
	bodies := map[string]string{
		"none":   `{"model":"gpt-5.5","input":"hi"}`,
		"empty":  `{"model":"gpt-5.5","input":"hi","instructions":""}`,
		"given":  `{"model":"gpt-5.5","input":"hi","instructions":"Given."}`,
		"system": `{"model":"gpt-5.5","messages":[{"role":"system","content":"Given."},{"role":"user","content":"hi"}]}`,
		"bare":   `{"model":"gpt-5.5","messages":[{"role":"user","content":"hi"}]}`,
	}
	for _, tt := range []struct {
		name string
		mode Mode
		want map[string]string
	}{
		{"default", ModeDefault, map[string]string{"none": "Own.", "empty": "Own.", "given": "Given.", "system": "Given.", "bare": "Own."}},
		{"append", ModeAppend, map[string]string{"none": "Own.", "empty": "Own.", "given": "Given.\n\nOwn.", "system": "Given.\n\nOwn.", "bare": "Own."}},
		{"override", ModeOverride, map[string]string{"none": "Own.", "empty": "Own.", "given": "Own.", "system": "Own.", "bare": "Own."}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := newStand(t, func(c *Config) { c.Instructions, c.Mode = "Own.", tt.mode })
			for name, body := range bodies {
				s.mustPost("/v1/responses", body)
				if got := s.lastSent().Get("instructions").Str; got != tt.want[name] {
					t.Errorf("%s: instructions: got %q, want %q", name, got, tt.want[name])
				}
			}
		})
	}
}

// rulings.md, serve: "Nothing is added to a body already in Lite form, nor to one
// without `instructions` whose first item has role developer (the official CLI)."
// Whatever the server's own instructions are.
func TestOfficialClientIsLeftAlone(t *testing.T) {
	for name, body := range map[string]string{
		"plain form": officialBody, "Lite form": liteBody,
		"plain form without a cache key": strings.Replace(officialBody, `"prompt_cache_key":"thread-1",`, "", 1),
		"plain form without include":     strings.Replace(officialBody, `"include":["reasoning.encrypted_content"],`, "", 1),
		"Lite form with a cache key":     with(liteBody, `"prompt_cache_key":"thread-1"`),
	} {
		for mode, own := range map[Mode]string{ModeDefault: "", ModeAppend: "Own.", ModeOverride: "Own."} {
			for _, path := range []string{"/v1/responses", "/codex/responses", "/codex/abc/responses"} {
				t.Run(fmt.Sprint(name, " ", mode, " ", path), func(t *testing.T) {
					s := newStand(t, func(c *Config) { c.Instructions, c.Mode = own, mode })
					for _, store := range []string{`"store":false`, `"store":true`} {
						s.mustPost(path, strings.Replace(body, `"store":false`, store, 1))
						want, got := compactJSON(t, body), compactJSON(t, s.lastSent().Raw)
						if got != want {
							t.Errorf("%s: sent %s,\nwant %s", store, got, want)
						}
						s.whole(s.send("DELETE", "/codex/sessions/abc", ""))
					}
					asked := s.journal(upstreamPath)
					lite := asked[0].Header.Get("X-Openai-Internal-Codex-Responses-Lite")
					if want := strings.Contains(body, "additional_tools"); (lite == "true") != want {
						t.Errorf("the Lite header: got %q, want it: %v", lite, want)
					}
				})
			}
		}
	}
}

// A developer message somewhere else, or beside instructions, stays where it is.
func TestDeveloperMessages(t *testing.T) {
	s := newStand(t, nil)
	s.mustPost("/v1/responses", `{"model":"gpt-5.5","instructions":"Given.","input":[{"role":"developer","content":"Dev."},{"role":"user","content":"hi"}]}`)
	if sent := s.lastSent(); sent.Get("instructions").Str != "Given." || sent.Get("input.0.role").Str != "developer" {
		t.Errorf("sent: %s", sent.Raw)
	}
	s.mustPost("/v1/chat/completions", `{"model":"gpt-5.5","messages":[{"role":"developer","content":"Dev."},{"role":"user","content":"hi"}]}`)
	if sent := s.lastSent(); sent.Get("input.0.role").Str != "developer" {
		t.Errorf("chat: sent: %s", sent.Raw)
	}
}

// proxy.md, Requests: "store:false, stream:true" go upstream whatever the caller says;
// the answer has the form asked for.
func TestStoreAndStreamAreForced(t *testing.T) {
	s := newStand(t, nil)
	for _, fields := range []string{``, `"store":true`, `"store":false`, `"stream":false`, `"stream":true`, `"store":true,"stream":false`, `"store":null,"stream":null`} {
		for path, body := range map[string]string{"/v1/responses": hello, "/v1/chat/completions": helloChat} {
			header, answer := s.mustPost(path, with(body, fields))
			if sent := s.lastSent(); sent.Get("store").Raw != "false" || sent.Get("stream").Raw != "true" {
				t.Errorf("%s %s: sent store %s, stream %s", path, fields, sent.Get("store").Raw, sent.Get("stream").Raw)
			}
			streamed := strings.HasPrefix(header.Get("Content-Type"), "text/event-stream")
			if want := strings.Contains(fields, `"stream":true`); streamed != want || gjson.Valid(answer) == want {
				t.Errorf("%s %s: got %s %s", path, fields, header.Get("Content-Type"), clipped(answer))
			}
		}
	}
}

// rulings.md, serve: unknown fields pass.
func TestUnknownFieldsPass(t *testing.T) {
	s := newStand(t, nil)
	s.post("/v1/responses", with(hello, `"a_field_of_tomorrow":{"x":[1,2.50,"ü<&>"]}`))
	if got := s.lastSent().Get("a_field_of_tomorrow").Raw; got != `{"x":[1,2.50,"ü<&>"]}` {
		t.Errorf("got %s, want it as it was", got)
	}
}

// proxy.md, Requests: string or list input.
func TestInputForms(t *testing.T) {
	s := newStand(t, nil)
	for _, input := range []string{`"hi"`, `[{"role":"user","content":"hi"}]`, `[{"type":"message","role":"user","content":[{"type":"input_text","text":"hi"}]}]`} {
		_, answer := s.mustPost("/v1/responses", `{"model":"gpt-5.5","input":`+input+`}`)
		if got := nativeText(answer); got != "You said: hi" {
			t.Errorf("input %s: got %q", input, got)
		}
		if !s.lastSent().Get("input").IsArray() {
			t.Errorf("input %s: sent %s", input, s.lastSent().Raw)
		}
	}
}

// fieldsThatAreRefused gives each field that the backend refuses a value.
func fieldsThatAreRefused() []string {
	var fields []string
	for _, name := range responses.RefusedFields() {
		switch name {
		case "previous_response_id", "max_output_tokens", "max_tokens", "max_completion_tokens", "n", "stop", "stream_options":
			continue // obeyed here
		}
		fields = append(fields, name)
	}
	return fields
}

// proxy.md, Requests: fields the backend refuses are dropped and named in
// x-codexctl-dropped; with --strict or x-codexctl-strict: 1 they are a 400 that names
// the field.
func TestRefusedFields(t *testing.T) {
	lenient := newStand(t, nil)
	strict := newStand(t, func(c *Config) { c.Strict = true })
	for path, body := range map[string]string{"/v1/responses": hello, "/v1/chat/completions": helloChat, "/codex/responses": helloChat} {
		for _, name := range fieldsThatAreRefused() {
			t.Run(path+" "+name, func(t *testing.T) {
				request := with(body, `"`+name+`":1`)
				header, _ := lenient.mustPost(path, request)
				if got := header.Get("X-Codexctl-Dropped"); got != name {
					t.Errorf("x-codexctl-dropped: got %q, want %q", got, name)
				}
				if lenient.lastSent().Get(name).Exists() {
					t.Errorf("sent: %s", lenient.lastSent().Raw)
				}
				before := len(lenient.sent())
				for way, answer := range map[string]func() (int, http.Header, string){
					"config": func() (int, http.Header, string) { return strict.post(path, request) },
					"header": func() (int, http.Header, string) { return lenient.post(path, request, "X-Codexctl-Strict", "1") },
				} {
					status, _, body := answer()
					got := refusalIn(t, body)
					if status != http.StatusBadRequest || got.Param != name || !strings.Contains(got.Message, name) {
						t.Errorf("strict by %s: got %d %+v, want 400 that names %s", way, status, got, name)
					}
				}
				if len(lenient.sent()) != before || len(strict.sent()) != 0 {
					t.Error("the backend was asked in strict mode")
				}
			})
		}
		// What is emulated is no reason to refuse.
		if status, _, answer := strict.post(path, with(body, `"max_tokens":50`)); status != http.StatusOK {
			t.Errorf("%s: strict with max_tokens: got %d %s, want 200", path, status, clipped(answer))
		}
		strict.emulator.ClearJournal()
	}
	for _, off := range []string{"0", "false", ""} {
		if status, _, answer := lenient.post("/v1/responses", with(hello, `"user":"u"`), "X-Codexctl-Strict", off); status != http.StatusOK {
			t.Errorf("x-codexctl-strict %q: got %d %s, want 200", off, status, clipped(answer))
		}
	}
}

// proxy.md, Requests: --model-alias OLD=NEW rewrites the name; the answer's model and
// x-codexctl-model show the real one. It is off by default.
func TestModelAlias(t *testing.T) {
	s := newStand(t, func(c *Config) { c.Aliases = map[string]string{"gpt-4o": "gpt-5.5", "a/b": "gpt-5.2"} })
	for path, body := range map[string]string{"/v1/responses": hello, "/v1/chat/completions": helloChat} {
		for old, real := range map[string]string{"gpt-4o": "gpt-5.5", "a/b": "gpt-5.2", "gpt-5.2": "gpt-5.2"} {
			header, answer := s.mustPost(path, strings.Replace(body, "gpt-5.5", old, 1))
			if got := s.lastSent().Get("model").Str; got != real {
				t.Errorf("%s %s: sent model %q, want %q", path, old, got, real)
			}
			if got := gjson.Get(answer, "model").Str; got != real || header.Get("X-Codexctl-Model") != real {
				t.Errorf("%s %s: answered by %q, x-codexctl-model %q, want %q", path, old, got, header.Get("X-Codexctl-Model"), real)
			}
		}
	}
	plain := newStand(t, nil)
	if status, _, body := plain.post("/v1/responses", strings.Replace(hello, "gpt-5.5", "gpt-4o", 1)); status != http.StatusBadRequest {
		t.Errorf("without aliases: got %d %s", status, clipped(body))
	}
}

// proxy.md, Requests and Errors: a refused name is answered `Model not available: NAME`
// with the account's models and the flag that helps, 400 model_not_available.
func TestModelNotAvailable(t *testing.T) {
	s := newStand(t, nil)
	for path, body := range map[string]string{"/v1/responses": hello, "/v1/chat/completions": helloChat, "/codex/responses": helloChat} {
		for _, fields := range []string{"", `"stream":true`} {
			status, header, answer := s.post(path, with(strings.Replace(body, "gpt-5.5", "gpt-4o", 1), fields))
			got := wantRefusal(t, path, status, answer, http.StatusBadRequest, "model_not_available")
			for _, want := range []string{"Model not available", "gpt-4o", "gpt-6-sol", "gpt-5.2", "--model-alias"} {
				if !strings.Contains(got.Message, want) {
					t.Errorf("%s: message: got %q, want %q in it", path, got.Message, want)
				}
			}
			if strings.Contains(got.Message, "codex-auto-review") {
				t.Errorf("%s: message names a hidden model: %q", path, got.Message)
			}
			if header.Get("Content-Type") != "application/json" {
				t.Errorf("%s: Content-Type: got %q", path, header.Get("Content-Type"))
			}
		}
	}
}

// proxy.md, Requests: "An absent model is chosen as in ask"; rulings.md, Models: if the
// backend refuses the default, the first listed model is used, once, with a warning.
func TestAbsentModel(t *testing.T) {
	for _, form := range []struct{ path, body string }{
		{"/v1/responses", `{"input":"hi"}`}, {"/v1/responses", `{"input":"hi","model":""}`}, {"/v1/responses", `{"input":"hi","model":null}`},
		{"/v1/chat/completions", `{"messages":[{"role":"user","content":"hi"}]}`},
	} {
		t.Run(form.path+form.body, func(t *testing.T) {
			s := newStand(t, nil)
			header, _ := s.mustPost(form.path, form.body)
			if got := s.lastSent().Get("model").Str; got != "gpt-5.5" || header.Get("X-Codexctl-Model") != got {
				t.Errorf("sent %q, x-codexctl-model %q, want the default", got, header.Get("X-Codexctl-Model"))
			}

			var book logBook
			s = newStand(t, func(c *Config) { c.DefaultModel, c.Log = "gpt-retired", book.logger() })
			header, _ = s.mustPost(form.path, form.body)
			if got := header.Get("X-Codexctl-Model"); got != "gpt-6-sol" {
				t.Errorf("a refused default: x-codexctl-model: got %q, want the first listed", got)
			}
			eventually(t, "the line", func() bool { return len(book.lines("request")) == 1 })
			if !strings.Contains(book.text.String(), `"level":"WARN"`) || !strings.Contains(book.text.String(), "gpt-6-sol") {
				t.Errorf("no warning names the model: %s", book.text.String())
			}
			if models := s.journal("/backend-api/codex/models"); len(models) > 1 {
				t.Errorf("the list was fetched %d times", len(models))
			}
		})
	}
}

// proxy.md, Requests: x-codexctl-as-is: 1 sends the body unfiltered; identity and token
// are still ours.
func TestAsIs(t *testing.T) {
	var up wire
	s := newStand(t, func(c *Config) {
		c.Strict, c.Instructions, c.Mode, c.Aliases = true, "Own.", ModeOverride, map[string]string{"gpt-5.5": "gpt-5.2"}
		up.tap(c)
	})
	body := `{"model":"gpt-5.5","instructions":"","input":[{"role":"user","content":"hi"}],"store":false,"stream":true}`
	stream := s.stream("/v1/responses", body, "X-Codexctl-As-Is", "1", "Authorization", "Bearer dummy", "User-Agent", "curl")
	all := stream.rest()
	if got := compactJSON(t, s.lastSent().Raw); got != compactJSON(t, body) {
		t.Errorf("sent %s,\nwant %s", got, body)
	}
	if stream.status != http.StatusOK || len(all) == 0 || all[len(all)-1].kind() != "response.completed" {
		t.Errorf("got %d %q", stream.status, kinds(all))
	}
	if h := up.last(); !strings.HasPrefix(h.Get("Authorization"), "Bearer ey") || h.Get("Originator") != "codexctl" || h.Get("User-Agent") == "curl" {
		t.Errorf("sent as %q %q", h.Get("Originator"), h.Get("User-Agent"))
	}
	for name := range stream.header {
		if name == "X-Codexctl-Dropped" || name == "X-Codexctl-Emulated" {
			t.Errorf("%s: %q", name, stream.header[name])
		}
	}
	// What the backend refuses comes back as its refusal.
	for _, fields := range []string{`"temperature":1`, `"max_output_tokens":5`, `"user":"u"`} {
		status, _, answer := s.post("/v1/responses", with(body, fields), "X-Codexctl-As-Is", "1")
		name := strings.Split(fields, `"`)[1]
		if got := refusalIn(t, answer); status != http.StatusBadRequest || !strings.Contains(got.Message, "Unsupported parameter: "+name) {
			t.Errorf("%s: got %d %+v, want the backend's words", fields, status, got)
		}
		if !s.lastSent().Get(name).Exists() {
			t.Errorf("%s was not sent: %s", name, s.lastSent().Raw)
		}
	}
	status, _, answer := s.post("/v1/responses", hello, "X-Codexctl-As-Is", "1")
	if got := refusalIn(t, answer); status != http.StatusBadRequest || s.lastSent().Get("store").Exists() {
		t.Errorf("without store: got %d %+v", status, got)
	}
	// Messages are not converted either.
	s.post("/v1/responses", helloChat, "X-Codexctl-As-Is", "1")
	if got := compactJSON(t, s.lastSent().Raw); got != compactJSON(t, helloChat) {
		t.Errorf("sent %s, want %s", got, helloChat)
	}
}

// rulings.md, serve: "Local cap: one text delta counts as one token …; a cut cancels
// upstream and omits usage." An answer of exactly so many deltas is whole.
func TestLocalCap(t *testing.T) {
	deltas := []string{"a", "b", "c", "d"}
	for _, path := range []string{"/v1/responses", "/v1/chat/completions"} {
		for _, stream := range []bool{false, true} {
			for limit := 1; limit <= 5; limit++ {
				t.Run(fmt.Sprint(path, stream, limit), func(t *testing.T) {
					t.Parallel()
					s := newStand(t, nil)
					s.play(emulator.Scene{Deltas: deltas, EventDelayMS: 10})
					whole := limit >= len(deltas)
					want := strings.Join(deltas[:min(limit, len(deltas))], "")
					body, field := hello, "max_output_tokens"
					if path != "/v1/responses" {
						body, field = helloChat, "max_completion_tokens"
					}
					body = with(body, fmt.Sprintf(`"%s":%d`, field, limit))
					if stream {
						body = asStream(body)
					}
					if stream && path != "/v1/responses" {
						body = with(body, `"stream_options":{"include_usage":true}`)
					}
					header, answer := s.mustPost(path, body)
					if got := header.Get("X-Codexctl-Emulated"); got != field {
						t.Errorf("x-codexctl-emulated: got %q, want %q", got, field)
					}
					got := capped(t, path, stream, answer)
					if got.text != want || got.whole != whole || got.usage != whole {
						t.Errorf("got %+v, want text %q, whole and with usage: %v; %s", got, want, whole, clipped(answer))
					}
					eventually(t, "the end of the upstream call", func() bool { return s.journal(upstreamPath)[0].Outcome != "" })
					if got := s.journal(upstreamPath)[0].Outcome; !whole && got != emulator.OutcomeClientGone {
						t.Errorf("upstream call: got %q, want it cancelled", got)
					}
					for _, name := range []string{"max_output_tokens", "max_tokens", "max_completion_tokens"} {
						if s.lastSent().Get(name).Exists() {
							t.Errorf("%s was sent", name)
						}
					}
				})
			}
		}
	}
}

// cappedAnswer is what is to be seen of an answer.
type cappedAnswer struct {
	text         string
	whole, usage bool
}

func capped(t testing.TB, path string, stream bool, answer string) (c cappedAnswer) {
	t.Helper()
	if !stream && path == "/v1/responses" {
		status, reason := gjson.Get(answer, "status").Str, gjson.Get(answer, "incomplete_details.reason").Str
		if status == "incomplete" && reason != "max_output_tokens" {
			t.Errorf("incomplete_details: got %q", reason)
		}
		return cappedAnswer{nativeText(answer), status == "completed", gjson.Get(answer, "usage").Exists()}
	}
	if !stream {
		finish := gjson.Get(answer, "choices.0.finish_reason").Str
		if finish != "stop" && finish != "length" {
			t.Errorf("finish_reason: got %q", finish)
		}
		return cappedAnswer{chatText(answer), finish == "stop", gjson.Get(answer, "usage").Exists()}
	}
	var text strings.Builder
	for line := range strings.Lines(answer) {
		data, ok := strings.CutPrefix(line, "data: ")
		if !ok {
			continue
		}
		event := gjson.Parse(data)
		switch kind := event.Get("type").Str; {
		case kind == "response.output_text.delta":
			text.WriteString(event.Get("delta").Str)
		case kind == "response.completed", kind == "response.incomplete":
			c.whole, c.usage = kind == "response.completed", event.Get("response.usage").Exists()
			if got := event.Get(`response.output.#(type=="message").content.0.text`).Str; got != text.String() {
				t.Errorf("the last event has the text %q, the deltas %q", got, text.String())
			}
		}
		text.WriteString(event.Get("choices.0.delta.content").Str)
		if finish := event.Get("choices.0.finish_reason").Str; finish != "" {
			c.whole = finish == "stop"
		}
		if event.Get("usage").IsObject() {
			c.usage = true
		}
	}
	c.text = text.String()
	return c
}

// proxy.md, Routes: messages and input at once are 400.
func TestMessagesAndInput(t *testing.T) {
	s := newStand(t, nil)
	for _, path := range []string{"/v1/responses", "/codex/responses", "/codex/v1/responses", "/codex/abc/responses", "/v1/chat/completions"} {
		status, _, body := s.post(path, with(helloChat, `"input":"hi"`))
		got := refusalIn(t, body)
		if status != http.StatusBadRequest || got.Type != typeInvalid || got.Param != "messages" && got.Param != "input" {
			t.Errorf("%s: got %d %+v, want 400 that names one of the two", path, status, got)
		}
	}
	if n := len(s.sent()); n != 0 {
		t.Errorf("the backend was asked %d times", n)
	}
}

// proxy.md, Routes: "A body with `messages` and no `input` on any Responses route is a
// Chat Completions request … answered in chat form".
func TestMessagesOnResponsesRoutes(t *testing.T) {
	for _, path := range []string{"/codex/responses", "/codex/v1/responses", "/v1/responses", "/codex/abc/responses"} {
		t.Run(path, func(t *testing.T) {
			s := newStand(t, nil)
			_, answer := s.mustPost(path, helloChat)
			if gjson.Get(answer, "object").Str != "chat.completion" || chatText(answer) != "You said: hi" {
				t.Errorf("object: got %s", clipped(answer))
			}
			all := s.stream(path, asStream(helloChat)).rest()
			if len(all) < 3 || all[len(all)-1].data() != "[DONE]" || all[0].get("object").Str != "chat.completion.chunk" {
				t.Errorf("stream: got %s", clipped(textOf(all)))
			}
			_, answer = s.mustPost(path, hello)
			if gjson.Get(answer, "object").Str != "response" {
				t.Errorf("with input: got %s", clipped(answer))
			}
		})
	}
}

// proxy.md, Routes: every address that the table names is served, and "v1 is never taken
// for a session id".
func TestRoutes(t *testing.T) {
	s := newStand(t, nil)
	for _, path := range []string{"/codex/responses", "/codex/v1/responses", "/v1/responses", "/codex/abc/responses"} {
		header, answer := s.mustPost(path, hello)
		session := header.Get("X-Codexctl-Session")
		if nativeText(answer) != "You said: hi" || session == "v1" || session == "" || (session == "abc") != (path == "/codex/abc/responses") {
			t.Errorf("%s: session %q: %s", path, session, clipped(answer))
		}
	}
	for _, path := range []string{"/codex/chat/completions", "/codex/v1/chat/completions", "/v1/chat/completions", "/codex/xyz/chat/completions"} {
		header, answer := s.mustPost(path, helloChat)
		if session := header.Get("X-Codexctl-Session"); chatText(answer) != "You said: hi" || (session == "xyz") != (path == "/codex/xyz/chat/completions") {
			t.Errorf("%s: session %q: %s", path, session, clipped(answer))
		}
	}
	for _, path := range []string{"/codex", "/codex/v1", "/v1"} {
		for _, body := range []string{hello, helloChat} {
			_, answer := s.mustPost(path+"/responses/input_tokens", body)
			if n := gjson.Get(answer, "input_tokens"); gjson.Get(answer, "object").Str != "response.input_tokens" || n.Int() < 1 || n.Int() > 100 {
				t.Errorf("%s: %s", path, answer)
			}
		}
	}
	_, all := s.mustPost("/v1/responses/input_tokens", `{"model":"gpt-5.5","input":"`+strings.Repeat("word ", 4000)+`"}`)
	if n := gjson.Get(all, "input_tokens").Int(); n < 2000 || n > 8000 {
		t.Errorf("input_tokens of 4,000 words: got %d", n)
	}
	if got, want := len(s.sent()), 8; got != want {
		t.Errorf("the backend was asked %d times, want %d: an estimate asks nobody", got, want)
	}
}

// proxy.md, Requests: n is emulated by parallel calls, up to 8.
func TestManyChoices(t *testing.T) {
	s := newStand(t, nil)
	_, answer := s.mustPost("/v1/chat/completions", with(helloChat, `"n":3`))
	if got := gjson.Get(answer, "choices.#").Int(); got != 3 || len(s.sent()) != 3 {
		t.Errorf("got %d choices of %d calls, want 3 of 3", got, len(s.sent()))
	}
	for i := range 3 {
		choice := gjson.Get(answer, fmt.Sprintf("choices.%d", i))
		if choice.Get("index").Int() != int64(i) || choice.Get("message.content").Str != "You said: hi" {
			t.Errorf("choice %d: %s", i, choice.Raw)
		}
	}
}
