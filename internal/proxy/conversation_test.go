package proxy

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/tidwall/gjson"

	"github.com/codexctl/codexctl/internal/emulator"
	"github.com/codexctl/codexctl/internal/session"
)

// says and asks are requests with one thing said by the user.
func says(text string) string { return `{"model":"gpt-5.5","input":"` + text + `"}` }

func chats(text string) string {
	return `{"model":"gpt-5.5","messages":[{"role":"user","content":"` + text + `"}]}`
}

// inputOf is the input of a body that was sent, one word for each item: who said what,
// or the item's type.
func inputOf(body gjson.Result) []string {
	var out []string
	for _, item := range body.Get("input").Array() {
		role := item.Get("role").Str
		if role == "" {
			out = append(out, item.Get("type").Str)
			continue
		}
		text := item.Get("content").Str
		for _, part := range item.Get("content").Array() {
			text += part.Get("text").Str
		}
		out = append(out, role+": "+strings.TrimPrefix(text, item.Get("content").Raw))
	}
	return out
}

// talked is inputOf without reasoning.
func talked(body gjson.Result) string {
	var out []string
	for _, word := range inputOf(body) {
		if word != "reasoning" {
			out = append(out, word)
		}
	}
	return strings.Join(out, " | ")
}

// wantTalk compares what was sent last with a conversation.
func (s *stand) wantTalk(what, want string) {
	s.t.Helper()
	if got := talked(s.lastSent()); got != want {
		s.t.Errorf("%s: sent %q,\nwant %q", what, got, want)
	}
}

// kept is a conversation as the server shows it: status and the number of items.
func (s *stand) kept(id string) (status, exchanges int) {
	s.t.Helper()
	status, _, body := s.get("/codex/sessions/" + id)
	return status, int(gjson.Get(body, "exchanges").Int())
}

// proxy.md, Sessions: path, header and previous_response_id all keep the conversation:
// "My name is Alice", on both forms, in both ways to answer.
func TestAlice(t *testing.T) {
	const told, asked, known = "My name is Alice.", "What is my name?", "Your name is Alice."
	for _, tt := range []struct {
		name, path string
		headers    []string
		chat       bool
	}{
		{"responses by path", "/codex/alice/responses", nil, false},
		{"responses by header", "/v1/responses", []string{"session_id", "alice"}, false},
		{"responses by header below codex", "/codex/responses", []string{"Session_ID", "alice"}, false},
		{"chat by path", "/codex/alice/chat/completions", nil, true},
		{"chat by header", "/v1/chat/completions", []string{"session_id", "alice"}, true},
		{"chat by header below codex", "/codex/v1/chat/completions", []string{"session_id", "alice"}, true},
		{"messages on a Responses path", "/codex/alice/responses", nil, true},
		{"messages on a Responses address by header", "/v1/responses", []string{"session_id", "alice"}, true},
	} {
		for _, stream := range []bool{false, true} {
			t.Run(fmt.Sprint(tt.name, " ", stream), func(t *testing.T) {
				s := newStand(t, nil)
				make := says
				if tt.chat {
					make = chats
				}
				for _, text := range []string{told, asked} {
					body := make(text)
					if stream {
						body = asStream(body)
					}
					header, _ := s.mustPost(tt.path, body, tt.headers...)
					if got := header.Get("X-Codexctl-Session"); got != "alice" {
						t.Errorf("x-codexctl-session: got %q, want alice", got)
					}
				}
				_, answer := s.mustPost(tt.path, make(asked), tt.headers...)
				got := nativeText(answer)
				if tt.chat {
					got = chatText(answer)
				}
				if got != known {
					t.Errorf("got %q, want %q; sent %s", got, known, s.lastSent().Raw)
				}
				s.mustPost("/v1/responses", says(asked))
				s.wantTalk("another conversation", "user: "+asked)
			})
		}
	}
}

// The forms share a conversation: what was said in one is known in the other.
func TestFormsShareAConversation(t *testing.T) {
	s := newStand(t, nil)
	s.mustPost("/codex/a/responses", says("My dog is Rex."))
	_, answer := s.mustPost("/codex/a/chat/completions", chats("What is my dog?"))
	if got := chatText(answer); got != "Your dog is Rex." {
		t.Errorf("chat after responses: got %q", got)
	}
	s.mustPost("/v1/chat/completions", chats("My cat is Tom."), "session_id", "a")
	_, answer = s.mustPost("/v1/responses", says("What is my cat?"), "session_id", "a")
	if got := nativeText(answer); got != "Your cat is Tom." {
		t.Errorf("responses after chat: got %q", got)
	}
}

// proxy.md, Sessions: "what was sent and answered is replayed before the new input";
// rulings.md: "Replay carries items only, never instructions or tools." Ids and status
// are left out, as the backend wants it.
func TestReplay(t *testing.T) {
	s := newStand(t, nil)
	s.mustPost("/codex/a/responses", `{"model":"gpt-5.5","instructions":"Given.","input":[{"role":"system","content":"Sys."},{"role":"developer","content":"Dev."},{"role":"user","content":"one"}],"text":{"verbosity":"low"}}`)
	s.mustPost("/codex/a/responses", says("two"))
	s.wantTalk("second", "user: one | assistant: You said: one | user: two")
	sent := s.lastSent()
	if got := sent.Get("instructions").Str; strings.Contains(got, "Given") || strings.Contains(got, "Sys") {
		t.Errorf("instructions are replayed: %q", got)
	}
	if sent.Get("tools").Exists() || sent.Get("text").Exists() {
		t.Errorf("more than items is replayed: %s", sent.Raw)
	}
	for _, item := range sent.Get("input").Array() {
		if item.Get("id").Exists() || item.Get("status").Exists() {
			t.Errorf("an item has its id or status: %s", item.Raw)
		}
	}
	s.mustPost("/codex/a/responses", `{"model":"gpt-5.5","input":"three","instructions":"New.","tools":[]}`)
	s.wantTalk("third", "user: one | assistant: You said: one | user: two | assistant: You said: two | user: three")
	if got := s.lastSent().Get("instructions").Str; got != "New." {
		t.Errorf("instructions: got %q, want those of the request", got)
	}
}

// Tools are not replayed, and neither are instructions of a chat; but the calls are.
func TestToolsAreNotReplayed(t *testing.T) {
	const tools = `"tools":[{"type":"function","name":"weather","parameters":{"type":"object","properties":{}}}]`
	s := newStand(t, nil)
	_, answer := s.mustPost("/codex/a/responses", with(says("weather?"), tools))
	call := gjson.Get(answer, `output.#(type=="function_call").call_id`).Str
	if call == "" {
		t.Fatalf("no call: %s", clipped(answer))
	}
	// rulings.md: "any other input is appended": the output of a call alone goes on.
	_, answer = s.mustPost("/codex/a/responses", `{"model":"gpt-5.5","input":[{"type":"function_call_output","call_id":"`+call+`","output":"sunny"}]}`)
	if got := nativeText(answer); got != "The tool answered: sunny" {
		t.Errorf("got %q", got)
	}
	s.wantTalk("second", "user: weather? | function_call | function_call_output")
	if s.lastSent().Get("tools").Exists() {
		t.Errorf("tools are replayed: %s", s.lastSent().Raw)
	}
	s.mustPost("/codex/a/responses", says("thanks"))
	s.wantTalk("third", "user: weather? | function_call | function_call_output | assistant: The tool answered: sunny | user: thanks")
}

// The same in the chat form: a tool message alone continues the kept conversation, whose
// call has the id that the client was told.
func TestToolOutputAloneOnChat(t *testing.T) {
	s := newStand(t, nil)
	const tools = `"tools":[{"type":"function","function":{"name":"weather","parameters":{"type":"object","properties":{}}}}]`
	for _, way := range []struct {
		path    string
		headers []string
	}{{"/codex/a/chat/completions", nil}, {"/v1/chat/completions", []string{"session_id", "b"}}} {
		_, answer := s.mustPost(way.path, with(chats("weather?"), tools), way.headers...)
		call := gjson.Get(answer, "choices.0.message.tool_calls.0.id").Str
		if call == "" {
			t.Fatalf("no call: %s", clipped(answer))
		}
		_, answer = s.mustPost(way.path, `{"model":"gpt-5.5","messages":[{"role":"tool","tool_call_id":"`+call+`","content":"sunny"}]}`, way.headers...)
		if got := chatText(answer); got != "The tool answered: sunny" {
			t.Errorf("%s: got %q", way.path, got)
		}
		s.wantTalk(way.path, "user: weather? | function_call | function_call_output")
	}
	// And by previous_response_id.
	_, answer := s.mustPost("/v1/responses", with(chats("weather?"), tools))
	call := gjson.Get(answer, "choices.0.message.tool_calls.0.id").Str
	s.mustPost("/v1/responses", `{"model":"gpt-5.5","previous_response_id":"`+gjson.Get(answer, "id").Str+
		`","messages":[{"role":"tool","tool_call_id":"`+call+`","content":"sunny"}]}`)
	s.wantTalk("previous_response_id", "user: weather? | function_call | function_call_output")
}

// rulings.md: "an input that holds an assistant message or a call is a full history and
// replaces ours"; proxy.md: a client that sends its own history is not given it twice.
func TestFullHistoryReplaces(t *testing.T) {
	for _, tt := range []struct{ name, path, full, next string }{
		{"responses", "/codex/a/responses",
			`{"model":"gpt-5.5","input":[{"role":"user","content":"A"},{"role":"assistant","content":"B"},{"role":"user","content":"C"}]}`, says("D")},
		{"chat", "/codex/a/chat/completions",
			`{"model":"gpt-5.5","messages":[{"role":"user","content":"A"},{"role":"assistant","content":"B"},{"role":"user","content":"C"}]}`, chats("D")},
		{"messages on a Responses address", "/codex/a/responses",
			`{"model":"gpt-5.5","messages":[{"role":"user","content":"A"},{"role":"assistant","content":"B"},{"role":"user","content":"C"}]}`, chats("D")},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := newStand(t, nil)
			s.mustPost(tt.path, tt.next)
			s.mustPost(tt.path, tt.full)
			s.wantTalk("the full history", "user: A | assistant: B | user: C")
			s.mustPost(tt.path, tt.next)
			s.wantTalk("what comes after", "user: A | assistant: B | user: C | assistant: You said: C | user: D")
		})
	}
	// A call is a mark of a full history too.
	s := newStand(t, nil)
	s.mustPost("/codex/a/responses", says("before"))
	s.mustPost("/codex/a/responses", `{"model":"gpt-5.5","input":[{"role":"user","content":"A"},{"type":"function_call","call_id":"call_1","name":"f","arguments":"{}"},{"type":"function_call_output","call_id":"call_1","output":"x"}]}`)
	s.wantTalk("with a call", "user: A | function_call | function_call_output")
}

// proxy.md, Sessions: path wins over header, header over previous_response_id.
func TestPrecedence(t *testing.T) {
	s := newStand(t, nil)
	id := map[string]string{}
	for _, name := range []string{"path", "header", "previous"} {
		_, answer := s.mustPost("/codex/"+name+"/responses", says("I am "+name))
		id[name] = gjson.Get(answer, "id").Str
	}
	previous := `"previous_response_id":"` + id["previous"] + `"`
	for _, tt := range []struct {
		name, path, body string
		headers          []string
		want             string
	}{
		{"all three", "/codex/path/responses", with(says("x"), previous), []string{"session_id", "header"}, "path"},
		{"header and previous_response_id", "/v1/responses", with(says("x"), previous), []string{"session_id", "header"}, "header"},
		{"previous_response_id", "/v1/responses", with(says("x"), previous), nil, "previous"},
		{"path and an unknown previous_response_id", "/codex/path/responses", with(says("x"), `"previous_response_id":"resp_unknown"`), nil, "path"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			header, _ := s.mustPost(tt.path, tt.body, tt.headers...)
			if got := header.Get("X-Codexctl-Session"); got != tt.want {
				t.Errorf("x-codexctl-session: got %q, want %q", got, tt.want)
			}
			if got := talked(s.lastSent()); !strings.HasPrefix(got, "user: I am "+tt.want+" | ") {
				t.Errorf("sent %q, want the conversation %q", got, tt.want)
			}
		})
	}
}

// rulings.md: "previous_response_id names any node and moves no pointer"; "with
// previous_response_id always appended".
func TestPreviousResponse(t *testing.T) {
	s := newStand(t, nil)
	header, answer := s.mustPost("/v1/responses", says("one"))
	first, talk := gjson.Get(answer, "id").Str, header.Get("X-Codexctl-Session")
	follow := func(id, text string) (next string) {
		t.Helper()
		header, answer := s.mustPost("/v1/responses", with(says(text), `"previous_response_id":"`+id+`"`))
		if got := header.Get("X-Codexctl-Session"); got != talk {
			t.Errorf("%s: x-codexctl-session: got %q, want %q", text, got, talk)
		}
		if s.lastSent().Get("previous_response_id").Exists() {
			t.Errorf("previous_response_id was sent")
		}
		return gjson.Get(answer, "id").Str
	}
	second := follow(first, "two")
	s.wantTalk("two", "user: one | assistant: You said: one | user: two")
	follow(second, "three")
	s.wantTalk("three", "user: one | assistant: You said: one | user: two | assistant: You said: two | user: three")
	follow(first, "another two")
	s.wantTalk("a branch", "user: one | assistant: You said: one | user: another two")

	s.mustPost("/v1/responses", `{"model":"gpt-5.5","previous_response_id":"`+first+`","input":[{"role":"assistant","content":"mine"},{"role":"user","content":"x"}]}`)
	s.wantTalk("an assistant message is appended", "user: one | assistant: You said: one | assistant: mine | user: x")

	// A response of a named session can be followed, and its session goes on where it was.
	_, answer = s.mustPost("/codex/a/responses", says("A1"))
	a1 := gjson.Get(answer, "id").Str
	s.mustPost("/codex/a/responses", says("A2"))
	s.mustPost("/v1/responses", with(says("side"), `"previous_response_id":"`+a1+`"`))
	s.wantTalk("a branch of a named session", "user: A1 | assistant: You said: A1 | user: side")
	s.mustPost("/codex/a/responses", says("A3"))
	s.wantTalk("the session itself", "user: A1 | assistant: You said: A1 | user: A2 | assistant: You said: A2 | user: A3")
}

// proxy.md, Sessions: previous_response_id keeps the conversation. A chat request on a
// Responses address is kept too (rulings.md: "Responses calls with store absent"), so
// that its id can be named by the next.
func TestPreviousResponseOfChat(t *testing.T) {
	s := newStand(t, nil)
	_, answer := s.mustPost("/v1/responses", says("My name is Alice."))
	id := gjson.Get(answer, "id").Str
	_, answer = s.mustPost("/codex/responses", chats("My dog is Rex."))
	chat := gjson.Get(answer, "id").Str // chatcmpl-…
	for _, make := range []func(string) string{says, chats} {
		s.mustPost("/v1/responses", with(make("more"), `"previous_response_id":"`+chat+`"`))
		s.wantTalk("following "+chat, "user: My dog is Rex. | assistant: You said: My dog is Rex. | user: more")
	}
	for _, path := range []string{"/v1/chat/completions", "/v1/responses"} {
		_, answer = s.mustPost(path, with(chats("What is my name?"), `"previous_response_id":"`+id+`"`))
		if got := chatText(answer); got != "Your name is Alice." {
			t.Errorf("%s: got %q", path, got)
		}
		status, _, answer := s.post(path, with(chats("x"), `"previous_response_id":"resp_unknown"`))
		wantRefusal(t, path, status, answer, http.StatusBadRequest, "previous_response_not_found")
	}
}

// proxy.md, Sessions: "an unknown previous_response_id is 400 previous_response_not_found".
func TestUnknownPreviousResponse(t *testing.T) {
	s := newStand(t, nil)
	for _, id := range []string{"resp_unknown", "../../etc/passwd", strings.Repeat("r", 5000), "a\\nb"} {
		status, header, body := s.post("/v1/responses", with(hello, `"previous_response_id":"`+id+`"`))
		wantRefusal(t, clipped(id), status, body, http.StatusBadRequest, "previous_response_not_found")
		if got := header.Get("X-Codexctl-Session"); got != "" {
			t.Errorf("x-codexctl-session: got %q, want none", got)
		}
	}
	if n := len(s.sent()); n != 0 {
		t.Errorf("the backend was asked %d times", n)
	}
}

// proxy.md, Sessions: "Each answer names its conversation in header x-codexctl-session,
// generated ones too", and what is named can be used.
func TestGeneratedSessions(t *testing.T) {
	s := newStand(t, nil)
	seen := map[string]bool{}
	for _, tt := range []struct{ path, body string }{
		{"/v1/responses", hello}, {"/codex/responses", asStream(hello)}, {"/codex/v1/responses", hello},
		{"/v1/responses", helloChat}, {"/codex/responses", asStream(helloChat)},
	} {
		header, _ := s.mustPost(tt.path, tt.body)
		id := header.Get("X-Codexctl-Session")
		if session.ValidID(id) != nil || seen[id] {
			t.Errorf("%s %s: x-codexctl-session: got %q, want an id of its own", tt.path, tt.body, id)
		}
		seen[id] = true
		if status, n := s.kept(id); status != http.StatusOK || n != 1 {
			t.Errorf("%s: got %d with %d exchanges, want one", id, status, n)
		}
		s.mustPost("/codex/"+id+"/responses", says("more"))
		s.wantTalk("going on with "+id, "user: hi | assistant: You said: hi | user: more")
	}
	// After a failure nothing is kept, and nothing named.
	for _, scene := range []string{"server-error-always", "failed", "cut-before-headers"} {
		s.scene(scene)
		for _, body := range []string{hello, helloChat, asStream(hello)} {
			status, header, answer := s.post("/v1/responses", body)
			if got := header.Get("X-Codexctl-Session"); status < 400 || got != "" {
				t.Errorf("%s: got %d, x-codexctl-session %q, want an error and none: %s", scene, status, got, clipped(answer))
			}
		}
	}
	if _, _, body := s.get("/codex/sessions"); int(gjson.Get(body, "data.#").Int()) != len(seen) {
		t.Errorf("sessions: got %s, want %d", clipped(body), len(seen))
	}
}

// rulings.md: "`store: false` and stateless chat keep nothing". The hyphenated
// session-id of the official CLI keeps nothing either (proxy.md, Sessions).
func TestWhatKeepsNothing(t *testing.T) {
	s := newStand(t, nil)
	for _, tt := range []struct {
		name, path, body string
		headers          []string
	}{
		{"store false", "/v1/responses", with(hello, `"store":false`), nil},
		{"store false, as a stream", "/v1/responses", with(asStream(hello), `"store":false`), nil},
		{"chat without a session", "/v1/chat/completions", helloChat, nil},
		{"chat without a session, store true", "/v1/chat/completions", with(helloChat, `"store":true`), nil},
		{"messages on a Responses address, store false", "/v1/responses", with(helloChat, `"store":false`), nil},
		{"several choices", "/v1/responses", with(helloChat, `"n":2`), nil},
		{"store false on a session", "/codex/x/responses", with(hello, `"store":false`), nil},
		{"store false on a chat session", "/codex/x/chat/completions", with(helloChat, `"store":false`), nil},
		{"session-id with a hyphen and store false", "/v1/responses", with(hello, `"store":false`), []string{"session-id", "x"}},
		{"session-id with a hyphen on chat", "/v1/chat/completions", helloChat, []string{"session-id", "x"}},
		{"as it is", "/v1/responses", `{"model":"gpt-5.5","instructions":"","input":[{"role":"user","content":"hi"}],"store":false,"stream":true}`, []string{"x-codexctl-as-is", "1"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			header, answer := s.mustPost(tt.path, tt.body, tt.headers...)
			if got := header.Get("X-Codexctl-Session"); got != "" && got != "x" {
				t.Errorf("x-codexctl-session: got %q, want no generated one", got)
			}
			if _, _, body := s.get("/codex/sessions"); gjson.Get(body, "data.#").Int() != 0 {
				t.Errorf("kept: %s", body)
			}
			if id := gjson.Get(answer, "id").Str; strings.HasPrefix(id, "resp_") {
				status, _, body := s.post("/v1/responses", with(hello, `"previous_response_id":"`+id+`"`))
				wantRefusal(t, "following it", status, body, http.StatusBadRequest, "previous_response_not_found")
			}
		})
	}
	// On a session that has something, store false reads it and adds nothing.
	s.mustPost("/codex/y/responses", says("one"))
	s.mustPost("/codex/y/responses", with(says("aside"), `"store":false`))
	s.wantTalk("store false", "user: one | assistant: You said: one | user: aside")
	s.mustPost("/codex/y/responses", says("two"))
	s.wantTalk("after store false", "user: one | assistant: You said: one | user: two")
}

// rulings.md, serve: "n > 1 on a session is 400".
func TestManyChoicesOnASession(t *testing.T) {
	s := newStand(t, nil)
	for _, way := range []struct {
		path    string
		headers []string
	}{{"/codex/a/chat/completions", nil}, {"/codex/a/responses", nil}, {"/v1/chat/completions", []string{"session_id", "a"}}} {
		status, _, body := s.post(way.path, with(helloChat, `"n":2`), way.headers...)
		if got := refusalIn(t, body); status != http.StatusBadRequest || got.Type != typeInvalid {
			t.Errorf("%s: got %d %+v, want 400", way.path, status, got)
		}
	}
	if n := len(s.sent()); n != 0 {
		t.Errorf("the backend was asked %d times", n)
	}
	s.mustPost("/codex/a/chat/completions", with(helloChat, `"n":1`))
}

// proxy.md, Sessions: "with a stable prompt cache key"; a client's own is kept. It does
// not tell the id.
func TestPromptCacheKey(t *testing.T) {
	s := newStand(t, nil)
	key := func(path, body string, headers ...string) string {
		t.Helper()
		s.mustPost(path, body, headers...)
		return s.lastSent().Get("prompt_cache_key").Str
	}
	first := key("/codex/my-secret-id/responses", hello)
	if first == "" || len(first) > 64 || strings.Contains(first, "my-secret-id") {
		t.Errorf("prompt_cache_key: got %q, want 1 to 64 characters that do not tell the id", first)
	}
	for _, again := range []string{
		key("/codex/my-secret-id/responses", asStream(hello)), key("/codex/my-secret-id/chat/completions", helloChat),
		key("/v1/responses", hello, "session_id", "my-secret-id"), key("/v1/responses", with(hello, `"store":false`), "session_id", "my-secret-id"),
	} {
		if again != first {
			t.Errorf("prompt_cache_key: got %q, want %q again", again, first)
		}
	}
	if other := key("/codex/other/responses", hello); other == first {
		t.Errorf("two conversations have the key %q", other)
	}
	for _, path := range []string{"/codex/my-secret-id/responses", "/v1/responses"} {
		if own := key(path, with(hello, `"prompt_cache_key":"mine"`)); own != "mine" {
			t.Errorf("%s: prompt_cache_key: got %q, want the client's", path, own)
		}
	}
	if own := key("/codex/my-secret-id/chat/completions", with(helloChat, `"prompt_cache_key":"mine"`)); own != "mine" {
		t.Errorf("chat: prompt_cache_key: got %q, want the client's", own)
	}
	header, answer := s.mustPost("/v1/responses", hello)
	generated := s.lastSent().Get("prompt_cache_key").Str
	s.mustPost("/v1/responses", with(hello, `"previous_response_id":"`+gjson.Get(answer, "id").Str+`"`))
	if got := s.lastSent().Get("prompt_cache_key").Str; got != generated || got == "" {
		t.Errorf("%s: prompt_cache_key: got %q after %q", header.Get("X-Codexctl-Session"), got, generated)
	}
}

// rulings.md: nodes have their model and account: encrypted reasoning is bound to both,
// so that it goes back to the same, and to no other.
func TestEncryptedReasoning(t *testing.T) {
	var account string
	s := newStand(t, func(c *Config) {
		c.Login = func(context.Context) (Login, error) { return Login{Account: account}, nil }
	})
	reasoning := func(what string, want int) {
		t.Helper()
		got := 0
		for _, item := range s.lastSent().Get("input").Array() {
			if item.Get("type").Str == "reasoning" {
				got++
				if item.Get("encrypted_content").Str == "" || item.Get("id").Exists() {
					t.Errorf("%s: replayed reasoning: %s", what, item.Raw)
				}
			}
		}
		if got != want {
			t.Errorf("%s: %d reasoning items were sent, want %d: %q", what, got, want, inputOf(s.lastSent()))
		}
	}
	account = "one"
	s.mustPost("/codex/a/responses", says("1"))
	if got := s.lastSent().Get("include").Raw; got != `["reasoning.encrypted_content"]` {
		t.Errorf("include: got %s", got)
	}
	reasoning("first", 0)
	s.mustPost("/codex/a/responses", says("2"))
	reasoning("same model and account", 1)
	s.mustPost("/codex/a/chat/completions", chats("3"))
	reasoning("same model and account, by chat", 2)
	s.mustPost("/codex/a/responses", strings.Replace(says("4"), "gpt-5.5", "gpt-5.2", 1))
	reasoning("another model", 0)
	s.wantTalk("another model", "user: 1 | assistant: You said: 1 | user: 2 | assistant: You said: 2 | user: 3 | assistant: You said: 3 | user: 4")
	s.mustPost("/codex/a/responses", says("5"))
	reasoning("the first model again", 3)
	account = "two"
	s.mustPost("/codex/a/responses", says("6"))
	reasoning("another account", 0)
	s.mustPost("/codex/a/responses", says("7"))
	reasoning("that account again", 1)
	// A client's own wishes stay.
	s.mustPost("/codex/b/responses", with(says("1"), `"include":["web_search_call.action.sources"]`))
	if got := s.lastSent().Get("include").Raw; got != `["web_search_call.action.sources","reasoning.encrypted_content"]` {
		t.Errorf("include: got %s", got)
	}
}

// The same for reasoning that a caller has sent in its own full history: it came from
// that model and account, too.
func TestEncryptedReasoningOfTheCaller(t *testing.T) {
	s := newStand(t, nil)
	_, answer := s.mustPost("/v1/responses", with(says("1"), `"include":["reasoning.encrypted_content"]`))
	output := gjson.Get(answer, "output").Raw
	full := `{"model":"gpt-5.5","input":[{"role":"user","content":"1"},` + output[1:len(output)-1] + `,{"role":"user","content":"2"}]}`
	s.mustPost("/codex/a/responses", full)
	if got := strings.Join(inputOf(s.lastSent()), " | "); got != "user: 1 | reasoning | assistant: You said: 1 | user: 2" {
		t.Errorf("sent %q, want the caller's history as it is", got)
	}
	s.mustPost("/codex/a/responses", says("3"))
	if got := strings.Join(inputOf(s.lastSent()), " | "); strings.Count(got, "reasoning") != 2 {
		t.Errorf("the same model: sent %q, want both reasoning items", got)
	}
	s.mustPost("/codex/a/responses", strings.Replace(says("4"), "gpt-5.5", "gpt-5.2", 1))
	if got := strings.Join(inputOf(s.lastSent()), " | "); strings.Contains(got, "reasoning") {
		t.Errorf("another model: sent %q, want no reasoning", got)
	}
}

// Reasoning that the backend cannot decrypt any more is left out, once, and the caller
// has an answer.
func TestRefusedEncryptedReasoning(t *testing.T) {
	const refused = `{"error":{"message":"The encrypted content gAAA could not be verified.","type":"invalid_request_error","param":null,"code":"invalid_encrypted_content"}}`
	for _, always := range []bool{false, true} {
		t.Run(fmt.Sprint("always ", always), func(t *testing.T) {
			var up wire
			s := newStand(t, func(c *Config) {
				between(c, func(next http.RoundTripper) tripper {
					return func(r *http.Request) (*http.Response, error) {
						text := bodyOf(t, r)
						if strings.Contains(text, `"encrypted_content":`) || always && strings.Contains(text, "two") {
							return answered(r, 400, refused, "Content-Type", "application/json"), nil
						}
						return next.RoundTrip(r)
					}
				})
				up.tap(c)
			})
			s.mustPost("/codex/a/responses", says("one"))
			status, _, body := s.post("/codex/a/responses", says("two"))
			if got := len(up.requests); got != 3 {
				t.Errorf("the backend was asked %d times, want 3: with reasoning, and once without", got)
			}
			if always {
				wantRefusal(t, "refused for good", status, body, http.StatusBadRequest, "invalid_encrypted_content")
				return
			}
			if status != http.StatusOK || nativeText(body) != "You said: two" {
				t.Errorf("got %d %s", status, clipped(body))
			}
			s.wantTalk("without reasoning", "user: one | assistant: You said: one | user: two")
		})
	}
}

func bodyOf(t testing.TB, r *http.Request) string {
	t.Helper()
	if r.GetBody == nil {
		return ""
	}
	copied, err := r.GetBody()
	if err != nil {
		t.Fatal(err)
	}
	defer copied.Close()
	var b strings.Builder
	buffer := make([]byte, 4096)
	for {
		n, err := copied.Read(buffer)
		b.Write(buffer[:n])
		if err != nil {
			return b.String()
		}
	}
}

// proxy.md, Sessions: idle named sessions end after 24 h, generated ones after 1 h;
// using an ended id is 404 session_not_found for 7 days, and its text says so; DELETE
// frees it at once.
func TestEndedSessions(t *testing.T) {
	s := newStand(t, nil)
	for _, id := range []string{"a", "b"} {
		s.mustPost("/codex/"+id+"/responses", says("old"))
	}
	header, answer := s.mustPost("/v1/responses", says("old"))
	generated, response := header.Get("X-Codexctl-Session"), gjson.Get(answer, "id").Str

	s.clock.advance(59 * time.Minute)
	s.mustPost("/v1/responses", with(says("on"), `"previous_response_id":"`+response+`"`))
	s.clock.advance(61 * time.Minute)
	status, _, body := s.post("/v1/responses", with(says("late"), `"previous_response_id":"`+response+`"`))
	wantRefusal(t, "a generated one after 1 h", status, body, http.StatusBadRequest, "previous_response_not_found")
	status, _, body = s.post("/codex/"+generated+"/responses", says("late"))
	wantRefusal(t, "its id", status, body, http.StatusNotFound, "session_not_found")

	s.mustPost("/codex/a/responses", says("on"))
	s.clock.advance(22*time.Hour + 30*time.Minute) // b is idle for 24.5 h, a for 22.5 h
	s.mustPost("/codex/a/responses", says("on"))
	before := len(s.sent())
	for name, ask := range map[string]func() (int, http.Header, string){
		"responses": func() (int, http.Header, string) { return s.post("/codex/b/responses", hello) },
		"a stream":  func() (int, http.Header, string) { return s.post("/codex/b/responses", asStream(hello)) },
		"chat":      func() (int, http.Header, string) { return s.post("/codex/b/chat/completions", helloChat) },
		"by header": func() (int, http.Header, string) { return s.post("/v1/responses", hello, "session_id", "b") },
		"show":      func() (int, http.Header, string) { return s.get("/codex/sessions/b") },
	} {
		status, _, body := ask()
		got := wantRefusal(t, name, status, body, http.StatusNotFound, "session_not_found")
		if !strings.Contains(got.Message, "b") || !strings.Contains(got.Message, "ended") {
			t.Errorf("%s: message: got %q, want it to say that b has ended", name, got.Message)
		}
	}
	if len(s.sent()) != before {
		t.Error("the backend was asked for an ended session")
	}
	s.clock.advance(6 * 24 * time.Hour)
	status, _, body = s.post("/codex/b/responses", hello)
	wantRefusal(t, "after six days", status, body, http.StatusNotFound, "session_not_found")

	if status, _, body := s.whole(s.send("DELETE", "/codex/sessions/b", "")); status != http.StatusOK {
		t.Errorf("DELETE: got %d %s", status, body)
	}
	s.mustPost("/codex/b/responses", says("new"))
	s.wantTalk("after DELETE", "user: new")

	// a was idle for 6 days and is not deleted: its id is free 7 days after its end.
	s.clock.advance(24 * time.Hour)
	status, _, body = s.post("/codex/a/responses", hello)
	wantRefusal(t, "a after seven days", status, body, http.StatusNotFound, "session_not_found")
	s.signIn(emulator.LoginOptions{})
	s.clock.advance(2 * 24 * time.Hour)
	if status, _, body := s.post("/codex/a/responses", says("new")); status != http.StatusOK {
		t.Errorf("a after more than eight days: got %d %s", status, clipped(body))
	}
	s.wantTalk("a after more than eight days", "user: new")
}

// proxy.md, Sessions: "Two requests on one session are answered one after the other":
// each sees all that came before, however many come at once.
func TestOneAfterTheOther(t *testing.T) {
	const n = 25
	s := newStand(t, nil)
	s.play(emulator.Scene{EventDelayMS: 2})
	answers := make([]string, n)
	var wait sync.WaitGroup
	for i := range n {
		path, body := "/codex/a/responses", says(fmt.Sprint("number ", i))
		if i%3 == 1 {
			body = asStream(body)
		}
		if i%3 == 2 {
			path, body = "/v1/chat/completions", chats(fmt.Sprint("number ", i))
		}
		wait.Go(func() {
			r := s.send("POST", path, body, "session_id", "a")
			if status, _, answer := s.whole(r); status == http.StatusOK {
				answers[i] = answer
			}
		})
	}
	wait.Wait()
	for i, answer := range answers {
		if !strings.Contains(strings.ReplaceAll(answer, `","`, ""), fmt.Sprint(i)) {
			t.Errorf("request %d: got %s", i, clipped(answer))
		}
	}
	sent := s.sent()
	if len(sent) != n {
		t.Fatalf("the backend was asked %d times, want %d", len(sent), n)
	}
	before := ""
	for i, body := range sent {
		talk := talked(gjson.Parse(body))
		if users := strings.Count(talk, "user: "); users != i+1 || strings.Count(talk, "assistant: ") != i {
			t.Errorf("call %d: sent %d of the user and %d of the model, want %d and %d", i, users, strings.Count(talk, "assistant: "), i+1, i)
		}
		if !strings.HasPrefix(talk, before) {
			t.Errorf("call %d does not begin with what came before:\n%s\nwant first\n%s", i, talk, before)
		}
		before = talk
	}
	if status, exchanges := s.kept("a"); status != http.StatusOK || exchanges != n {
		t.Errorf("kept: got %d with %d exchanges, want %d", status, exchanges, n)
	}
	// Nothing waits for anything on other sessions.
	if entries := s.journal(upstreamPath); len(entries) != n {
		t.Errorf("journal: %d", len(entries))
	}
}

// The second of two waits until the first is answered, in the order in which they came;
// a request on another session does not wait.
func TestSecondWaits(t *testing.T) {
	gate, asked := make(chan struct{}), make(chan string, 10)
	s := newStand(t, func(c *Config) {
		between(c, func(next http.RoundTripper) tripper {
			return func(r *http.Request) (*http.Response, error) {
				text := bodyOf(t, r)
				asked <- text
				if strings.Contains(text, "slow") && !strings.Contains(text, "quick") {
					<-gate
				}
				return next.RoundTrip(r)
			}
		})
	})
	var wait sync.WaitGroup
	wait.Go(func() { s.whole(s.send("POST", "/codex/a/responses", says("slow"))) })
	<-asked
	wait.Go(func() { s.whole(s.send("POST", "/codex/a/chat/completions", chats("quick"))) })
	s.mustPost("/codex/b/responses", says("elsewhere"))
	if text := <-asked; !strings.Contains(text, "elsewhere") {
		t.Errorf("asked next: %s", text)
	}
	select {
	case text := <-asked:
		t.Errorf("the second did not wait: %s", text)
	case <-time.After(50 * time.Millisecond):
	}
	close(gate)
	text := <-asked
	wait.Wait()
	if got, want := talked(gjson.Parse(text)), "user: slow | assistant: You said: slow | user: quick"; got != want {
		t.Errorf("the second sent %q, want %q", got, want)
	}
}

// A caller who leaves while it waits for its turn is not asked for, and the turn goes to
// the next.
func TestWaiterWhoLeaves(t *testing.T) {
	gate, asked := make(chan struct{}), make(chan string, 10)
	var book logBook
	s := newStand(t, func(c *Config) {
		c.Log = book.logger()
		between(c, func(next http.RoundTripper) tripper {
			return func(r *http.Request) (*http.Response, error) {
				asked <- bodyOf(t, r)
				<-gate
				return next.RoundTrip(r)
			}
		})
	})
	var wait sync.WaitGroup
	wait.Go(func() { s.whole(s.send("POST", "/codex/a/responses", says("one"))) })
	<-asked
	ctx, cancel := context.WithCancel(t.Context())
	wait.Go(func() {
		r, err := http.NewRequestWithContext(ctx, "POST", s.url+"/codex/a/responses", strings.NewReader(says("gone")))
		if err != nil {
			t.Error(err)
			return
		}
		if response, err := s.http.Client().Do(r); err == nil {
			response.Body.Close()
			t.Error("an answer came to who has left")
		}
	})
	time.Sleep(20 * time.Millisecond)
	cancel()
	eventually(t, "the line of who has left", func() bool {
		lines := book.lines("request")
		return len(lines) == 1 && lines[0].Get("error").Str == "client_gone"
	})
	close(gate)
	wait.Wait()
	s.mustPost("/codex/a/responses", says("two"))
	s.wantTalk("the next", "user: one | assistant: You said: one | user: two")
}

// A failed exchange keeps nothing (rulings.md: "Kept: completed exchanges"), and its
// session goes on as if it had not been.
func TestFailuresKeepNothing(t *testing.T) {
	for _, scene := range []string{"server-error-always", "failed", "failed-after-deltas", "cut-after-three-deltas", "end-without-terminal", "error-event-alone", "usage-limit"} {
		for _, stream := range []bool{false, true} {
			for _, chat := range []bool{false, true} {
				t.Run(fmt.Sprint(scene, " ", stream, " ", chat), func(t *testing.T) {
					t.Parallel()
					s := newStand(t, nil)
					path, body := "/codex/a/responses", says("lost")
					if chat {
						path, body = "/codex/a/chat/completions", chats("lost")
					}
					if stream {
						body = asStream(body)
					}
					s.scene(scene)
					if status, _, answer := s.post(path, body); status == http.StatusOK && !stream {
						t.Errorf("got 200 %s", clipped(answer))
					}
					if status, _ := s.kept("a"); status != http.StatusNotFound {
						t.Errorf("the session: got %d, want 404: nothing of it is kept", status)
					}
					s.scene("default")
					s.mustPost("/codex/a/responses", says("one"))
					s.wantTalk("after the failure", "user: one")
					s.scene(scene)
					s.post(path, body)
					s.scene("default")
					s.mustPost("/codex/a/responses", says("two"))
					s.wantTalk("after another failure", "user: one | assistant: You said: one | user: two")
				})
			}
		}
	}
}

// An answer that the backend calls incomplete, or that the local cap or a stop sequence
// ended, is kept as far as it was said.
func TestIncompleteAnswersAreKept(t *testing.T) {
	for _, tt := range []struct {
		name, fields, chatFields, want string
		scene                          emulator.Scene
		whole                          bool // chat only
	}{
		{"incomplete", "", "", "abcd", emulator.Scene{Deltas: []string{"a", "b", "c", "d"}, Incomplete: "max_output_tokens"}, false},
		{"capped", `"max_output_tokens":2`, `"max_tokens":2`, "ab", emulator.Scene{Deltas: []string{"a", "b", "c", "d"}, Reasoning: "Thinking."}, false},
		{"stopped", "", `"stop":"c"`, "ab", emulator.Scene{Deltas: []string{"a", "b", "c", "d"}, Reasoning: "Thinking."}, true},
	} {
		for _, stream := range []bool{false, true} {
			for _, chat := range []bool{false, true} {
				if tt.whole && !chat {
					continue // stop is a field of chat
				}
				t.Run(fmt.Sprint(tt.name, " stream ", stream, " chat ", chat), func(t *testing.T) {
					s := newStand(t, nil)
					s.play(tt.scene)
					path, body := "/codex/a/responses", with(says("one"), tt.fields)
					if chat {
						path, body = "/codex/a/chat/completions", with(chats("one"), tt.chatFields)
					}
					if stream {
						body = asStream(body)
					}
					s.mustPost(path, body)
					s.scene("default")
					s.mustPost("/codex/a/responses", says("two"))
					s.wantTalk("after it", "user: one | assistant: "+tt.want+" | user: two")
					if got := strings.Join(inputOf(s.lastSent()), " | "); tt.scene.Reasoning != "" && strings.Contains(got, "reasoning") {
						t.Errorf("of a cut answer more was kept than was said: sent %q", got)
					}
				})
			}
		}
	}
}

// What was kept can be used as soon as the end of the stream is there: the next request
// may come at once.
func TestKeptBeforeTheEndIsTold(t *testing.T) {
	s := newStand(t, nil)
	for i := range 20 {
		stream := s.stream("/codex/a/responses", asStream(says(fmt.Sprint(i))))
		for {
			one, ok := stream.next()
			if !ok {
				t.Fatal("the stream ended early")
			}
			if one.kind() == "response.completed" {
				id := one.get("response.id").Str
				if status, _, body := s.post("/v1/responses", with(says("x"), `"previous_response_id":"`+id+`","store":false`)); status != http.StatusOK {
					t.Fatalf("round %d: got %d %s", i, status, clipped(body))
				}
				break
			}
		}
		stream.rest()
	}
}

// brokenBackend is a store that fails in one place.
type brokenBackend struct {
	session.Backend
	locks, appends, loads, names bool
}

var errDisk = errors.New("no space left on device")

func (b *brokenBackend) Append(ctx context.Context, key, token string, names []string, head, line, brief []byte, life time.Duration) (bool, error) {
	if b.appends {
		return false, errDisk
	}
	return b.Backend.Append(ctx, key, token, names, head, line, brief, life)
}

func (b *brokenBackend) Lock(ctx context.Context, key string) (string, <-chan struct{}, func(), error) {
	if b.locks {
		return "", nil, nil, errDisk
	}
	return b.Backend.Lock(ctx, key)
}

func (b *brokenBackend) Load(ctx context.Context, key string) ([][]byte, []byte, error) {
	if b.loads {
		return nil, nil, errDisk
	}
	return b.Backend.Load(ctx, key)
}

func (b *brokenBackend) Named(ctx context.Context, name string) (string, error) {
	if b.names {
		return "", errDisk
	}
	return b.Backend.Named(ctx, name)
}

func brokenStand(t *testing.T, book *logBook) (*stand, *brokenBackend) {
	folder, err := session.OpenFolder(filepath.Join(t.TempDir(), "serve"))
	if err != nil {
		t.Fatal(err)
	}
	b := &brokenBackend{Backend: folder}
	s := newStand(t, func(c *Config) {
		c.Sessions, c.Log = session.New(b, session.Config{Now: c.Now}), book.logger()
	})
	return s, b
}

// A store that cannot write does not cost the caller its answer; the log tells of it.
func TestStoreThatCannotWrite(t *testing.T) {
	var book logBook
	s, broken := brokenStand(t, &book)
	broken.appends = true
	asked := 0
	for _, path := range []string{"/v1/responses", "/codex/a/responses", "/codex/a/chat/completions"} {
		for _, stream := range []bool{false, true} {
			body := hello
			if strings.Contains(path, "chat") {
				body = helloChat
			}
			if stream {
				body = asStream(body)
			}
			_, answer := s.mustPost(path, body)
			if !strings.Contains(answer, "You") || stream && !strings.Contains(answer, "response.completed") && !strings.Contains(answer, "[DONE]") {
				t.Errorf("%s %v: got %s", path, stream, clipped(answer))
			}
			asked++
		}
	}
	if got := len(book.lines("the exchange is not kept")); got != asked {
		t.Errorf("%d warnings, want %d", got, asked)
	}
}

// A store that cannot be read is said: going on without the history would be a silent
// fresh start. Requests that need no history are answered.
func TestStoreThatCannotBeRead(t *testing.T) {
	var book logBook
	s, broken := brokenStand(t, &book)
	for name, breakIt := range map[string]func(){
		"lock": func() { *broken = brokenBackend{Backend: broken.Backend, locks: true} },
		"load": func() { *broken = brokenBackend{Backend: broken.Backend, loads: true} },
		"name": func() { *broken = brokenBackend{Backend: broken.Backend, names: true} },
	} {
		breakIt()
		ask := func() (int, http.Header, string) { return s.post("/codex/a/responses", hello) }
		if name == "name" {
			ask = func() (int, http.Header, string) {
				return s.post("/v1/responses", with(hello, `"previous_response_id":"resp_1"`))
			}
		}
		status, _, body := ask()
		got := wantRefusal(t, name, status, body, http.StatusServiceUnavailable, "session_store_failed")
		if got.Type != typeServer {
			t.Errorf("%s: type %q", name, got.Type)
		}
		if status, _, body := s.post("/v1/chat/completions", helloChat); status != http.StatusOK {
			t.Errorf("%s: chat without a session: got %d %s", name, status, clipped(body))
		}
	}
}

// rulings.md: `serve --no-store` keeps nothing at all: a session in the path cannot be
// served, one in the header is ignored, previous_response_id is unknown.
func TestNoStore(t *testing.T) {
	s := newStand(t, func(c *Config) { c.Sessions = nil })
	for path, body := range map[string]string{"/codex/a/responses": hello, "/codex/a/chat/completions": helloChat} {
		status, _, answer := s.post(path, body)
		wantRefusal(t, path, status, answer, http.StatusBadRequest, "sessions_disabled")
	}
	for _, method := range []string{"GET", "DELETE"} {
		status, _, answer := s.whole(s.send(method, "/codex/sessions/a", ""))
		wantRefusal(t, method, status, answer, http.StatusBadRequest, "sessions_disabled")
	}
	status, _, answer := s.get("/codex/sessions")
	wantRefusal(t, "list", status, answer, http.StatusBadRequest, "sessions_disabled")
	status, _, answer = s.post("/v1/responses", with(hello, `"previous_response_id":"resp_1"`))
	wantRefusal(t, "previous_response_id", status, answer, http.StatusBadRequest, "previous_response_not_found")
	for range 2 {
		for path, body := range map[string]string{"/v1/responses": hello, "/v1/chat/completions": helloChat, "/codex/responses": helloChat} {
			header, _ := s.mustPost(path, body, "session_id", "a")
			if got := header.Get("X-Codexctl-Session"); got != "" {
				t.Errorf("%s: x-codexctl-session: got %q, want none", path, got)
			}
			s.wantTalk(path, "user: hi")
		}
	}
}

// wantBadID wants a session in the path to be refused: as no id, or, if it climbs, as no
// path at all.
func wantBadID(t testing.TB, method, id string, status int, answer string) {
	t.Helper()
	if strings.Contains(id, "..") && strings.Contains(id, "/") && status == http.StatusNotFound {
		wantRefusal(t, method+" "+id, status, answer, http.StatusNotFound, "not_found")
		return
	}
	wantRefusal(t, fmt.Sprintf("%s %q", method, id), status, answer, http.StatusBadRequest, "invalid_session_id")
}

// proxy.md, Sessions: ids are 1–128 of A-Za-z0-9._-; rulings.md: they start with a letter
// or digit, and some words are reserved. quality.md: ids cannot leave their folder.
func TestSessionIDs(t *testing.T) {
	s := newStand(t, nil)
	for _, id := range []string{"a", "0", "A.b_c-9", "a..b", strings.Repeat("x", 128), "V1", "gen-1"} {
		header, _ := s.mustPost("/codex/"+id+"/responses", hello)
		if got := header.Get("X-Codexctl-Session"); got != id {
			t.Errorf("%s: x-codexctl-session: got %q", id, got)
		}
		s.mustPost("/v1/responses", hello, "session_id", id)
		if status, n := s.kept(id); status != http.StatusOK || n != 2 {
			t.Errorf("%s: got %d with %d exchanges, want 2", id, status, n)
		}
	}
	before := len(s.sent())
	for _, id := range []string{
		"..", ".", "../x", "../../etc/passwd", "a/b", "a/../b", `a\b`, `..\x`, "-a", "_a", ".a", "a b", "a%b", "a\x00b", "ä", "a\nb",
		strings.Repeat("x", 129), "v1", "responses", "chat", "models", "sessions", "usage", "a:b", "a*", "~", "a?b", "a#b",
	} {
		escaped := url.PathEscape(id)
		if id == ".." || id == "." {
			escaped = strings.ReplaceAll(id, ".", "%2e")
		}
		if id != "v1" && id != "." && id != ".." {
			for _, path := range []string{"/codex/" + escaped + "/responses", "/codex/" + escaped + "/chat/completions"} {
				body := hello
				if strings.HasSuffix(path, "completions") {
					body = helloChat
				}
				status, _, answer := s.post(path, body)
				wantBadID(t, "POST", id, status, answer)
			}
		} else if id != "v1" {
			status, _, answer := s.post("/codex/"+escaped+"/responses", hello)
			if status < 300 {
				t.Errorf("path %q: got %d %s", id, status, clipped(answer))
			}
		}
		if !strings.ContainsAny(id, "\x00\n") {
			status, _, answer := s.post("/v1/responses", hello, "session_id", id)
			wantRefusal(t, fmt.Sprintf("header %q", id), status, answer, http.StatusBadRequest, "invalid_session_id")
			status, _, answer = s.post("/v1/chat/completions", helloChat, "session_id", id)
			wantRefusal(t, fmt.Sprintf("header %q on chat", id), status, answer, http.StatusBadRequest, "invalid_session_id")
		}
		if id != "." && id != ".." {
			for _, method := range []string{"GET", "DELETE"} {
				status, _, answer := s.whole(s.send(method, "/codex/sessions/"+escaped, ""))
				wantBadID(t, method, id, status, answer)
			}
		}
	}
	// Unescaped dots are resolved before a session is looked for.
	for _, path := range []string{"/codex/../responses", "/codex/../../etc/passwd", "/codex/a/../responses/../x/responses"} {
		status, _, body := s.callAs("POST", "/", hello, func(r *http.Request) { r.URL.Path = path })
		if status < 300 {
			t.Errorf("%s: got %d %s", path, status, clipped(body))
		}
	}
	if len(s.sent()) != before {
		t.Errorf("the backend was asked for a bad id: %s", s.lastSent().Raw)
	}
}

// proxy.md, Routes: GET /codex/sessions, GET and DELETE /codex/sessions/{id}.
func TestSessionDocuments(t *testing.T) {
	s := newStand(t, nil)
	if status, _, body := s.get("/codex/sessions"); status != http.StatusOK || body != `{"object":"list","data":[]}` {
		t.Errorf("no sessions: got %d %s", status, body)
	}
	s.mustPost("/codex/a/responses", says("one"))
	s.clock.advance(time.Minute)
	s.mustPost("/codex/b/responses", strings.Replace(says("two"), "gpt-5.5", "gpt-5.2", 1))
	s.clock.advance(time.Minute)
	s.mustPost("/codex/a/responses", says("three"))
	header, _ := s.mustPost("/v1/responses", says("four"))
	generated := header.Get("X-Codexctl-Session")

	_, _, body := s.get("/codex/sessions")
	var got []string
	for _, one := range gjson.Get(body, "data").Array() {
		got = append(got, fmt.Sprint(one.Get("object").Str, " ", one.Get("id").Str, " ", one.Get("generated").Bool(), " ",
			one.Get("created_at").Str, " ", one.Get("used_at").Str, " ", one.Get("expires_at").Str, " ",
			one.Get("exchanges").Int(), " ", one.Get("model").Str, " ", one.Get("items").Exists()))
	}
	const day = "2090-06-01T"
	want := map[string]string{
		"a":       "session a false " + day + "12:00:00Z " + day + "12:02:00Z 2090-06-02T12:02:00Z 2 gpt-5.5 false",
		"b":       "session b false " + day + "12:01:00Z " + day + "12:01:00Z 2090-06-02T12:01:00Z 1 gpt-5.2 false",
		generated: "session " + generated + " true " + day + "12:02:00Z " + day + "12:02:00Z " + day + "13:02:00Z 1 gpt-5.5 false",
	}
	if len(got) != 3 || got[2] != want["b"] {
		t.Errorf("list: got %q, want b as the last of three", got)
	}
	for _, one := range got {
		if id := strings.Fields(one)[1]; one != want[id] {
			t.Errorf("%s: got %q, want %q", id, one, want[id])
		}
	}

	_, _, body = s.get("/codex/sessions/a")
	var items []string
	for _, item := range gjson.Get(body, "items").Array() {
		if item.Get("type").Str != "reasoning" {
			items = append(items, item.Get("role").Str+item.Get("content.0.text").Str)
		}
	}
	if got := strings.Join(items, " | "); got != "userone | assistantYou said: one | userthree | assistantYou said: three" {
		t.Errorf("items: got %q", got)
	}

	status, _, body := s.whole(s.send("DELETE", "/codex/sessions/a", ""))
	if status != http.StatusOK || body != `{"object":"session.deleted","id":"a","deleted":true}` {
		t.Errorf("DELETE: got %d %s", status, body)
	}
	for _, method := range []string{"GET", "DELETE"} {
		status, _, body := s.whole(s.send(method, "/codex/sessions/a", ""))
		wantRefusal(t, method+" after DELETE", status, body, http.StatusNotFound, "session_not_found")
	}
	s.mustPost("/codex/a/responses", says("new"))
	s.wantTalk("after DELETE", "user: new")
	if status, _ := s.kept("never"); status != http.StatusNotFound {
		t.Errorf("an id never seen: got %d, want 404", status)
	}
}

// A session that is deleted while it is answered is not brought back by the answer.
func TestDeletedWhileAnswered(t *testing.T) {
	s := newStand(t, nil)
	s.mustPost("/codex/a/responses", says("one"))
	s.play(emulator.Scene{EventDelayMS: 20})
	stream := s.stream("/codex/a/responses", asStream(says("two")))
	if _, ok := stream.next(); !ok {
		t.Fatal("no stream")
	}
	if status, _, body := s.whole(s.send("DELETE", "/codex/sessions/a", "")); status != http.StatusOK {
		t.Fatalf("DELETE: got %d %s", status, body)
	}
	if all := stream.rest(); all[len(all)-1].kind() != "response.completed" {
		t.Errorf("got %q", kinds(all))
	}
	if status, _ := s.kept("a"); status != http.StatusNotFound {
		t.Errorf("got %d, want 404", status)
	}
}

// A developer message that leads the input is the official client's form. It is also how
// others write: their second request on a session must be taken by the backend too.
func TestDeveloperMessageOnASession(t *testing.T) {
	s := newStand(t, nil)
	body := func(text string) string {
		return `{"model":"gpt-5.5","input":[{"role":"developer","content":"Dev."},{"role":"user","content":"` + text + `"}]}`
	}
	s.mustPost("/codex/a/responses", body("one"))
	status, _, answer := s.post("/codex/a/responses", body("two"))
	if status != http.StatusOK {
		t.Errorf("got %d %s; sent %s", status, clipped(answer), s.lastSent().Raw)
	}
	for _, want := range []string{"user: one | assistant: You said: one", "developer: Dev.", "user: two"} {
		if got := talked(s.lastSent()); !strings.Contains(got, want) {
			t.Errorf("sent %q, want %q in it", got, want)
		}
	}
}

// The Lite form too can be used on a session: its first item stays the first.
func TestLiteFormOnASession(t *testing.T) {
	s := newStand(t, nil)
	kept := strings.Replace(liteBody, `"store":false`, `"store":true`, 1)
	s.mustPost("/codex/a/responses", kept)
	status, _, answer := s.post("/codex/a/responses", strings.Replace(kept, `"text":"hi"`, `"text":"two"`, 1))
	if status != http.StatusOK {
		t.Errorf("got %d %s; sent %s", status, clipped(answer), s.lastSent().Raw)
	}
	if got := s.lastSent().Get("input.0.type").Str; got != "additional_tools" {
		t.Errorf("the first item: got %q, want additional_tools", got)
	}
	if got := talked(s.lastSent()); !strings.Contains(got, "user: hi | assistant: You said: hi") || !strings.HasSuffix(got, "user: two") {
		t.Errorf("sent %q, want the history in it", got)
	}
}

// A model of the Lite kind keeps conversations like any other.
func TestSessionOfALiteModel(t *testing.T) {
	s := newStand(t, nil)
	for _, text := range []string{"My name is Alice.", "What is my name?"} {
		_, answer := s.mustPost("/codex/a/responses", strings.Replace(says(text), "gpt-5.5", "gpt-6-sol", 1))
		if strings.HasPrefix(text, "What") && nativeText(answer) != "Your name is Alice." {
			t.Errorf("got %s; sent %s", clipped(answer), s.lastSent().Raw)
		}
	}
}

// A conversation survives the server: another one with the same folder goes on.
func TestConversationSurvivesTheServer(t *testing.T) {
	folder := t.TempDir()
	open := func() *stand {
		return newStand(t, func(c *Config) {
			b, err := session.OpenFolder(folder)
			if err != nil {
				t.Fatal(err)
			}
			c.Sessions = session.New(b, session.Config{Now: c.Now})
		})
	}
	_, answer := open().mustPost("/codex/a/responses", says("My name is Alice."))
	s := open()
	s.mustPost("/v1/chat/completions", helloChat) // another seed would do: answers with equal numbers have equal ids
	_, next := s.mustPost("/codex/a/responses", says("What is my name?"))
	if got := nativeText(next); got != "Your name is Alice." {
		t.Errorf("got %q", got)
	}
	_, next = s.mustPost("/v1/responses", with(says("What is my name?"), `"previous_response_id":"`+gjson.Get(answer, "id").Str+`"`))
	if got := nativeText(next); got != "Your name is Alice." {
		t.Errorf("by previous_response_id: got %q", got)
	}
}

// Generated ids are no words that a route has, and cannot be guessed.
func TestGeneratedIDs(t *testing.T) {
	s := newStand(t, nil)
	header, _ := s.mustPost("/v1/responses", hello)
	if got := header.Get("X-Codexctl-Session"); !regexp.MustCompile(`^gen-[a-z2-7]{26}$`).MatchString(got) {
		t.Errorf("x-codexctl-session: got %q", got)
	}
}
