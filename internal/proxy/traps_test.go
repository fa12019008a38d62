package proxy

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/tidwall/gjson"

	"github.com/codexctl/codexctl/internal/emulator"
	"github.com/codexctl/codexctl/pkg/responses"
)

// direct asks an emulator like the stand's for what the stand has asked first, and gives
// the bytes that it answers.
func (s *stand) direct(t *testing.T, sceneName string) string {
	t.Helper()
	first := s.journal(upstreamPath)[0]
	twin := emulator.New(standEmulator(s.clock.Now))
	login := twin.Login(emulator.LoginOptions{})
	scene, _ := emulator.NamedScene(sceneName)
	if err := twin.SetScene(scene); err != nil {
		t.Fatal(err)
	}
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, "http://127.0.0.1:7357"+upstreamPath, strings.NewReader(string(first.Body)))
	if err != nil {
		t.Fatal(err)
	}
	r.Header = first.Header.Clone()
	r.Header.Del("Content-Length")
	r.Header.Set("Authorization", "Bearer "+login.AccessToken)
	r.Header.Set("Chatgpt-Account-Id", login.AccountID)
	answer, err := twin.Transport().RoundTrip(r)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	body, _ := io.ReadAll(answer.Body) // a stream that is cut is compared as far as it goes
	if answer.StatusCode != http.StatusOK {
		t.Fatalf("the emulator answers %d %s", answer.StatusCode, body)
	}
	return string(body)
}

// TestNativeFramesAreTheBackendsBytes compares the native stream with what the backend
// sends: only a terminal event without output may differ, and what is no event.
func TestNativeFramesAreTheBackendsBytes(t *testing.T) {
	for _, row := range outcomes(t) {
		if row.form != "native stream" || row.slow || row.heavy || row.calls > 1 || row.status != 0 && !row.late {
			continue
		}
		t.Run(row.scene, func(t *testing.T) {
			t.Parallel()
			s := row.stand(t, nil)
			s.scene(row.scene)
			_, _, got := s.post("/v1/responses", asStream(hello))
			if row.scene == "stall-after-deltas" {
				return // the direct request would wait for ever; cut-after-three-deltas is the same until there
			}
			want := s.direct(t, row.scene)
			if row.scene == "full-output" || row.scene == "empty-answer" || row.told {
				if got != want {
					t.Errorf("got %s\nwant %s", apart(got, want), apart(want, got))
				}
				return
			}
			end := max(strings.LastIndex(want, "event: response.completed"), strings.LastIndex(want, "event: response.incomplete"))
			if at := lastBlankLine(want); end < 0 || row.scene == "contradicting-event-names" {
				end = at // no event lines, or false ones, or no terminal event
			}
			// Comments say nothing, and what cannot be read is left out with a warning.
			wantHead, gotHead := events(want[:end], row.scene), events(got, row.scene)
			if !strings.HasPrefix(gotHead, wantHead) {
				t.Errorf("got %s\nwant %s", apart(gotHead, wantHead), apart(wantHead, gotHead))
			}
		})
	}
}

// lastBlankLine is where the last frame of a stream begins.
func lastBlankLine(stream string) int {
	trimmed := strings.TrimRight(stream, "\r\n")
	at := 0
	for _, blank := range []string{"\n\n", "\r\n\r\n", "\r\r"} {
		if i := strings.LastIndex(trimmed, blank); i >= 0 {
			at = max(at, i+len(blank))
		}
	}
	return at
}

// events is a stream without its comments, its mark of byte order, and its garbage.
func events(stream, scene string) string {
	stream = strings.TrimPrefix(strings.ReplaceAll(stream, ": keep-alive\n", ""), "\ufeff")
	if scene == "garbage-event" {
		const garbage = "event: response.output_text.delta\ndata: {\"type\":\"response.output_text.delta\",\"delta\":\"brok\n\n"
		stream = strings.Replace(stream, garbage, "", 1)
	}
	return stream
}

// apart shows a around the first place where it differs from b.
func apart(a, b string) string {
	at := 0
	for at < len(a) && at < len(b) && a[at] == b[at] {
		at++
	}
	return fmt.Sprintf("(%d bytes) …%q…", len(a), a[max(0, at-60):min(len(a), at+120)])
}

// upstream answers every request with a stream of these events.
type upstream []string

// RoundTrip implements http.RoundTripper. The lists of models and the like are empty.
func (u upstream) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.Body != nil {
		_ = r.Body.Close()
	}
	var b strings.Builder
	for i, e := range u {
		fmt.Fprintf(&b, "event: %s\ndata: %s\n\n", gjson.Get(e, "type").Str, strings.Replace(e, `"type"`, fmt.Sprintf(`"sequence_number":%d,"type"`, i), 1))
	}
	return &http.Response{StatusCode: http.StatusOK, Header: http.Header{}, Body: io.NopCloser(strings.NewReader(b.String())), Request: r}, nil
}

// behind makes a stand whose backend sends these events.
func behind(t *testing.T, events ...string) *stand {
	return newStand(t, func(c *Config) { c.Client.HTTPClient = &http.Client{Transport: upstream(events)} })
}

const (
	evCreated   = `{"type":"response.created","response":{"id":"resp_t","object":"response","created_at":17,"model":"gpt-t","status":"in_progress","output":[]}}`
	evCompleted = `{"type":"response.completed","response":{"id":"resp_t","object":"response","created_at":17,"model":"gpt-t","status":"completed","output":[]}}`
)

// both runs a check on the native and on the chat route, each as a stream and not.
func both(t *testing.T, check func(t *testing.T, chat, stream bool)) {
	for _, chat := range []bool{false, true} {
		for _, stream := range []bool{false, true} {
			name := map[bool]string{false: "native", true: "chat"}[chat] + map[bool]string{false: "", true: " stream"}[stream]
			t.Run(name, func(t *testing.T) { check(t, chat, stream) })
		}
	}
}

// answerText asks the plainest request in one of the four forms, and gives the text that
// a client reads out of the answer: from the final object where there is one, as the
// SDKs do.
func (s *stand) answerText(chat, stream bool) string {
	s.t.Helper()
	path, body := "/v1/responses", hello
	if chat {
		path, body = "/v1/chat/completions", helloChat
	}
	if !stream {
		status, _, answer := s.post(path, body)
		if status != http.StatusOK {
			s.t.Fatalf("got %d %s", status, clipped(answer))
		}
		if chat {
			return gjson.Get(answer, "choices.0.message.content").Str
		}
		return outputText(gjson.Get(answer, "output"))
	}
	all := s.stream(path, asStream(body)).rest()
	if chat {
		var text strings.Builder
		for _, f := range all {
			text.WriteString(f.get("choices.0.delta.content").Str)
		}
		return text.String()
	}
	return outputText(all[len(all)-1].get("response.output"))
}

func outputText(output gjson.Result) string {
	var text strings.Builder
	for _, item := range output.Array() {
		for _, part := range item.Get("content").Array() {
			if part.Get("type").Str == "output_text" {
				text.WriteString(part.Get("text").Str)
			}
		}
	}
	return text.String()
}

// TestTraps are the traps that other programs of this kind fell into (ccproxy.md, 11).
func TestTraps(t *testing.T) {
	t.Run("trap 1: a terminal event with empty, full, or missing output, or in many reads", trapTerminal)
	t.Run("trap 2: unknown event types and every spelling of the stream format", trapFormat)
	t.Run("trap 3: failures, early ends and refusals reach the client", trapFailures)
	t.Run("trap 4: the reasoning summary comes once, its parts apart", trapReasoning)
	t.Run("trap 5: a tool call is known by its call_id", trapCallID)
	t.Run("trap 6: chunks are whole", trapChunks)
	t.Run("trap 7: images and lists of content are kept", trapContent)
	t.Run("trap 8: a string input", trapStringInput)
	t.Run("trap 9: renewing the login", trapRenewal)
	t.Run("trap 10: nobody is signed in", trapSignedOut)
	t.Run("trap 11: the identity is ours", trapIdentity)
	t.Run("trap 12: the backend's errors and headers", trapErrors)
}

func trapTerminal(t *testing.T) {
	for _, scene := range []string{"default", "full-output", "byte-writes", "random-chunks", "one-write", "no-item-done", "no-deltas"} {
		t.Run(scene, func(t *testing.T) {
			both(t, func(t *testing.T, chat, stream bool) {
				s := newStand(t, nil)
				s.scene(scene)
				if got := s.answerText(chat, stream); got != said {
					t.Errorf("got %q, want %q", got, said)
				}
			})
		})
	}
	t.Run("the filled output has the items in their order", func(t *testing.T) {
		s := newStand(t, nil)
		s.scene("parallel-tool-calls")
		all := s.stream("/v1/responses", asStream(with(hello, nativeTool))).rest()
		var want []string
		for _, f := range all {
			if f.kind() == "response.output_item.done" {
				want = append(want, f.get("item").Raw)
			}
		}
		var got []string
		for _, item := range all[len(all)-1].get("response.output").Array() {
			got = append(got, item.Raw)
		}
		if !slices.Equal(got, want) || len(got) < 2 {
			t.Errorf("got %s\nwant %s", got, want)
		}
	})
	t.Run("what came is remembered without the item's last event", func(t *testing.T) {
		for _, stream := range []bool{false, true} {
			s := newStand(t, nil)
			s.scene("no-item-done")
			body := hello
			if stream {
				body = asStream(body)
			}
			s.post("/codex/s-1/responses", body)
			s.scene("default")
			s.post("/codex/s-1/responses", hello)
			sent := s.sent()
			if !strings.Contains(gjson.Get(sent[1], "input").Raw, said) {
				t.Errorf("stream %v: the second request does not hold the first answer: %s", stream, gjson.Get(sent[1], "input").Raw)
			}
		}
	})
	t.Run("a terminal event is missing", func(t *testing.T) {
		s := newStand(t, nil)
		s.scene("end-without-terminal")
		all := s.stream("/v1/responses", asStream(hello)).rest()
		if last := all[len(all)-1]; last.kind() != "error" || last.get("code").Str != "truncated" {
			t.Errorf("the last event is %s", last.text)
		}
	})
}

func trapFormat(t *testing.T) {
	for _, scene := range []string{
		"unknown-events", "unknown-fields", "shuffled-fields", "crlf", "cr", "bom", "comments", "multi-line-data",
		"no-event-names", "contradicting-event-names", "unterminated-last-event", "garbage-event",
	} {
		t.Run(scene, func(t *testing.T) {
			both(t, func(t *testing.T, chat, stream bool) {
				if !chat && stream && (scene == "crlf" || scene == "cr") {
					t.Skip("copied as bytes, which TestNativeFramesAreTheBackendsBytes compares")
				}
				s := newStand(t, nil)
				s.scene(scene)
				if got := s.answerText(chat, stream); got != said {
					t.Errorf("got %q, want %q", got, said)
				}
			})
		})
	}
	t.Run("the stream has a type, although the backend's has none", func(t *testing.T) {
		s := newStand(t, nil)
		for path, body := range map[string]string{"/v1/responses": hello, "/v1/chat/completions": helloChat} {
			f := s.stream(path, asStream(body))
			f.rest()
			if got := f.header.Get("Content-Type"); got != "text/event-stream" {
				t.Errorf("%s: Content-Type %q", path, got)
			}
		}
	})
	t.Run("an unknown event passes on the native stream", func(t *testing.T) {
		s := newStand(t, nil)
		s.scene("unknown-events")
		if got := kinds(s.stream("/v1/responses", asStream(hello)).rest()); !slices.Contains(got, "response.emulator_novelty") || !slices.Contains(got, "codex.rate_limits") {
			t.Errorf("got %q", got)
		}
	})
}

func trapFailures(t *testing.T) {
	t.Run("an early end", func(t *testing.T) {
		for scene, want := range map[string][2]string{
			"incomplete-max-tokens":     {"max_output_tokens", "length"},
			"incomplete-content-filter": {"content_filter", "content_filter"},
		} {
			s := newStand(t, nil)
			s.scene(scene)
			_, _, answer := s.post("/v1/responses", hello)
			all := s.stream("/v1/responses", asStream(hello)).rest()
			for _, object := range []gjson.Result{gjson.Parse(answer), all[len(all)-1].get("response")} {
				if got := object.Get("incomplete_details.reason").Str; object.Get("status").Str != "incomplete" || got != want[0] {
					t.Errorf("%s: the reason is %q, want %q", scene, got, want[0])
				}
			}
			_, _, answer = s.post("/v1/chat/completions", helloChat)
			if got := gjson.Get(answer, "choices.0.finish_reason").Str; got != want[1] {
				t.Errorf("%s: finish_reason is %q, want %q", scene, got, want[1])
			}
		}
	})
	t.Run("a refusal", func(t *testing.T) {
		const refusal = "I cannot help with that."
		s := newStand(t, nil)
		s.scene("refusal")
		_, _, answer := s.post("/v1/responses", hello)
		if got := gjson.Get(answer, `output.#(type=="message").content.0.refusal`).Str; got != refusal {
			t.Errorf("native: %s", answer)
		}
		_, _, answer = s.post("/v1/chat/completions", helloChat)
		message := gjson.Get(answer, "choices.0.message")
		if message.Get("refusal").Str != refusal || message.Get("content").Type != gjson.Null {
			t.Errorf("chat: %s", answer)
		}
		var deltas strings.Builder
		for _, f := range s.stream("/v1/responses", asStream(hello)).rest() {
			if f.kind() == "response.refusal.delta" {
				deltas.WriteString(f.get("delta").Str)
			}
		}
		var chunks strings.Builder
		for _, f := range s.stream("/v1/chat/completions", asStream(helloChat)).rest() {
			chunks.WriteString(f.get("choices.0.delta.refusal").Str)
		}
		if deltas.String() != refusal || chunks.String() != refusal {
			t.Errorf("streams: native %q, chat %q", deltas.String(), chunks.String())
		}
	})
	// response.failed and error, before and behind the first byte, are rows of TestEveryScene.
	t.Run("a failure behind the held second is an event", func(t *testing.T) {
		t.Parallel()
		s := newStand(t, nil)
		scene, _ := emulator.NamedScene("failed")
		scene.EventDelayMS = 1100
		s.play(scene)
		all := s.stream("/v1/responses", asStream(hello)).rest()
		if last := all[len(all)-1]; last.kind() != "response.failed" || strings.Count(textOf(all), "response.failed\n") != 1 {
			t.Errorf("native: %q", kinds(all))
		}
		all = s.stream("/v1/chat/completions", asStream(helloChat)).rest()
		if last := all[len(all)-1]; last.get("error.code").Str != "server_error" || strings.Contains(textOf(all), "[DONE]") {
			t.Errorf("chat: %s", textOf(all))
		}
	})
}

func trapReasoning(t *testing.T) {
	const summary = "**Weighing the question**\n\nIt is short, so the answer can be short."
	read := func(t *testing.T, s *stand, path string, stream bool) (content, field string) {
		t.Helper()
		if !stream {
			_, _, answer := s.post(path, helloChat)
			message := gjson.Get(answer, "choices.0.message")
			return message.Get("content").Str, message.Get("reasoning_content").Str
		}
		for _, f := range s.stream(path, asStream(helloChat)).rest() {
			content += f.get("choices.0.delta.content").Str
			field += f.get("choices.0.delta.reasoning_content").Str
		}
		return content, field
	}
	for _, stream := range []bool{false, true} {
		s := newStand(t, nil)
		s.scene("reasoning")
		content, field := read(t, s, "/codex/chat/completions", stream)
		if want := "<reasoning>" + summary + "</reasoning>\n" + said; content != want || field != "" {
			t.Errorf("stream %v, below /codex: got %q and %q, want %q", stream, content, field, want)
		}
		content, field = read(t, s, "/v1/chat/completions", stream)
		if content != said || field != summary {
			t.Errorf("stream %v, below /v1: got %q and %q", stream, content, field)
		}
	}
	t.Run("parts are kept apart", func(t *testing.T) {
		part := func(kind string, n int, text string) string {
			return fmt.Sprintf(`{"type":"response.reasoning_summary_%s","item_id":"rs_1","output_index":0,"summary_index":%d,%s}`, kind, n, text)
		}
		events := []string{evCreated,
			`{"type":"response.output_item.added","output_index":0,"item":{"id":"rs_1","type":"reasoning","summary":[]}}`,
			part("text.delta", 0, `"delta":"one"`), part("text.done", 0, `"text":"one"`),
			part("text.delta", 1, `"delta":"two"`), part("text.done", 1, `"text":"two"`),
			`{"type":"response.output_item.done","output_index":0,"item":{"id":"rs_1","type":"reasoning","summary":[{"type":"summary_text","text":"one"},{"type":"summary_text","text":"two"}]}}`,
			`{"type":"response.output_item.added","output_index":1,"item":{"id":"msg_1","type":"message","role":"assistant","status":"in_progress","content":[]}}`,
			`{"type":"response.output_text.delta","output_index":1,"content_index":0,"item_id":"msg_1","delta":"yes"}`,
			`{"type":"response.output_item.done","output_index":1,"item":{"id":"msg_1","type":"message","role":"assistant","status":"completed","content":[{"type":"output_text","annotations":[],"text":"yes"}]}}`,
			evCompleted}
		for _, stream := range []bool{false, true} {
			s := behind(t, events...)
			if _, field := read(t, s, "/v1/chat/completions", stream); field != "one\n\ntwo" {
				t.Errorf("stream %v: got %q, want the parts with a blank line between", stream, field)
			}
			if content, _ := read(t, s, "/codex/chat/completions", stream); content != "<reasoning>one\n\ntwo</reasoning>\nyes" {
				t.Errorf("stream %v: got %q", stream, content)
			}
		}
	})
}

func trapCallID(t *testing.T) {
	s := newStand(t, nil)
	s.scene("parallel-tool-calls")
	var sent []gjson.Result
	_, _, answer := s.post("/v1/chat/completions", with(helloChat, chatTool))
	for i, call := range gjson.Get(answer, "choices.0.message.tool_calls").Array() {
		sent = append(sent, call)
		if !strings.HasPrefix(call.Get("id").Str, "call_") {
			t.Errorf("call %d has the id %s", i, call.Get("id").Str)
		}
	}
	if len(sent) != 2 || gjson.Get(answer, "choices.0.finish_reason").Str != "tool_calls" {
		t.Fatalf("want two calls: %s", answer)
	}
	ids, arguments := map[int64]string{}, map[int64]string{}
	for _, f := range s.stream("/v1/chat/completions", asStream(with(helloChat, chatTool))).rest() {
		for _, call := range f.get("choices.0.delta.tool_calls").Array() {
			at := call.Get("index").Int()
			arguments[at] += call.Get("function.arguments").Str
			if id := call.Get("id").Str; id != "" {
				if ids[at] != "" {
					t.Errorf("call %d is announced twice", at)
				}
				ids[at] = id
			}
		}
	}
	for at := range int64(2) {
		if !strings.HasPrefix(ids[at], "call_") || !json.Valid([]byte(arguments[at])) || arguments[at] == "" {
			t.Errorf("the stream's call %d: id %q, arguments %q", at, ids[at], arguments[at])
		}
	}
	t.Run("and goes back so", func(t *testing.T) {
		s := newStand(t, nil)
		calls := "[" + sent[0].Raw + "," + sent[1].Raw + "]"
		body := `{"model":"gpt-5.5","messages":[{"role":"user","content":"hi"},{"role":"assistant","content":null,"tool_calls":` + calls + `},` +
			`{"role":"tool","tool_call_id":"` + sent[0].Get("id").Str + `","content":"sunny"},{"role":"tool","tool_call_id":"` + sent[1].Get("id").Str + `","content":"noon"}],` + chatTool + `}`
		status, _, answer := s.post("/v1/chat/completions", body)
		if status != http.StatusOK {
			t.Fatalf("%d %s", status, answer)
		}
		var got []string
		for _, item := range gjson.Get(s.sent()[0], "input").Array() {
			if id := item.Get("id").Str; id != "" && !strings.HasPrefix(id, "fc_") {
				t.Errorf("an item goes back with the id %s", id)
			}
			if call := item.Get("call_id").Str; call != "" {
				got = append(got, item.Get("type").Str+" "+call)
			}
		}
		want := []string{
			"function_call " + sent[0].Get("id").Str, "function_call " + sent[1].Get("id").Str,
			"function_call_output " + sent[0].Get("id").Str, "function_call_output " + sent[1].Get("id").Str,
		}
		if !slices.Equal(got, want) {
			t.Errorf("got %q, want %q", got, want)
		}
	})
	t.Run("native calls have both ids", func(t *testing.T) {
		s := newStand(t, nil)
		s.scene("tool-call")
		_, _, answer := s.post("/v1/responses", with(hello, nativeTool))
		call := gjson.Get(answer, `output.#(type=="function_call")`)
		if !strings.HasPrefix(call.Get("id").Str, "fc_") || !strings.HasPrefix(call.Get("call_id").Str, "call_") {
			t.Errorf("got %s", call.Raw)
		}
	})
}

func trapChunks(t *testing.T) {
	for name, body := range map[string]string{"one choice": helloChat, "three choices and usage": with(helloChat, `"n":3,"stream_options":{"include_usage":true}`)} {
		t.Run(name, func(t *testing.T) {
			s := newStand(t, nil)
			seen := map[string]bool{}
			for range 2 {
				all := s.stream("/v1/chat/completions", asStream(body)).rest()
				id := all[0].get("id").Str
				if seen[id] || !strings.HasPrefix(id, "chatcmpl-") || id == "chatcmpl-" {
					t.Errorf("the id %q is not new", id)
				}
				seen[id] = true
				roles, ends := map[int64]int{}, map[int64]int{}
				for i, f := range all[:len(all)-1] {
					choices := f.get("choices").Array()
					switch {
					case f.get("object").Str != "chat.completion.chunk", f.get("id").Str != id, f.get("model").Str != "gpt-5.5",
						f.get("created").Int() != s.clock.Now().Unix():
						t.Errorf("chunk %d: %s", i, f.text)
					case len(choices) == 0 && (i != len(all)-2 || f.get("usage.total_tokens").Int() == 0):
						t.Errorf("chunk %d has no choice and is no usage at the end: %s", i, f.text)
					}
					for _, c := range choices {
						at := c.Get("index").Int()
						if c.Get("delta.role").Exists() {
							roles[at]++
						} else if roles[at] == 0 {
							t.Errorf("choice %d says something before its role: %s", at, f.text)
						}
						if ends[at] > 0 {
							t.Errorf("choice %d goes on after its end: %s", at, f.text)
						}
						reason := c.Get("finish_reason")
						if !reason.Exists() {
							t.Errorf("chunk %d has no finish_reason, not even null: %s", i, f.text)
						}
						if reason.Type != gjson.Null {
							ends[at]++
						}
					}
				}
				want := map[int64]int{0: 1}
				if strings.Contains(body, `"n":3`) {
					want = map[int64]int{0: 1, 1: 1, 2: 1}
				}
				if fmt.Sprint(roles) != fmt.Sprint(want) || fmt.Sprint(ends) != fmt.Sprint(want) {
					t.Errorf("roles %v, ends %v, want %v of each", roles, ends, want)
				}
			}
		})
	}
	t.Run("an id is new even if the caller names the request", func(t *testing.T) {
		s := newStand(t, nil)
		var ids []string
		for range 2 {
			_, _, answer := s.post("/v1/chat/completions", with(helloChat, `"n":2`), "X-Request-Id", "mine")
			ids = append(ids, gjson.Get(answer, "id").Str)
		}
		if ids[0] == ids[1] {
			t.Errorf("two answers have the id %s", ids[0])
		}
	})
	t.Run("usage comes in a stream only if asked for", func(t *testing.T) {
		s := newStand(t, nil)
		if text := textOf(s.stream("/v1/chat/completions", asStream(helloChat)).rest()); strings.Contains(text, "usage") {
			t.Errorf("got %s", text)
		}
	})
}

func trapContent(t *testing.T) {
	const image = "data:image/png;base64,iVBORw0KGgo="
	s := newStand(t, nil)
	status, _, answer := s.post("/v1/chat/completions", `{"model":"gpt-5.5","messages":[
		{"role":"system","content":[{"type":"text","text":"sys one"},{"type":"text","text":"sys two"}]},
		{"role":"developer","content":[{"type":"text","text":"dev one"}]},
		{"role":"assistant","content":[{"type":"text","text":"assi one"},{"type":"text","text":"assi two"}]},
		{"role":"user","content":[{"type":"text","text":"look"},{"type":"image_url","image_url":{"url":"`+image+`","detail":"low"}}]}]}`)
	if status != http.StatusOK || !strings.Contains(answer, "[images: 1]") {
		t.Fatalf("%d %s", status, answer)
	}
	sent := s.sent()[0]
	for _, text := range []string{"sys one", "sys two", "dev one", "assi one", "assi two", "look"} {
		if !strings.Contains(sent, text) {
			t.Errorf("%q is lost: %s", text, sent)
		}
	}
	part := gjson.Get(sent, `input.#(role=="user").content.#(type=="input_image")`)
	if part.Get("image_url").Str != image || part.Get("detail").Str != "low" {
		t.Errorf("the image goes as %s", part.Raw)
	}
	if strings.Contains(sent, `"role":"system"`) {
		t.Errorf("a system message goes up, which the backend refuses: %s", sent)
	}
	t.Run("native", func(t *testing.T) {
		s := newStand(t, nil)
		status, _, answer := s.post("/v1/responses", `{"model":"gpt-5.5","instructions":"ins","input":[
			{"role":"system","content":[{"type":"input_text","text":"sys one"}]},
			{"role":"user","content":[{"type":"input_text","text":"look"},{"type":"input_image","image_url":"`+image+`"}]}]}`)
		if status != http.StatusOK || !strings.Contains(answer, "[images: 1]") {
			t.Fatalf("%d %s", status, answer)
		}
		if got := gjson.Get(s.sent()[0], "instructions").Str; got != "ins\n\nsys one" {
			t.Errorf("instructions: %q", got)
		}
	})
}

func trapStringInput(t *testing.T) {
	for _, path := range []string{"/v1/responses", "/codex/responses", "/codex/v1/responses", "/codex/s-1/responses"} {
		both(t, func(t *testing.T, _, stream bool) {
			s := newStand(t, nil)
			body := hello
			if stream {
				body = asStream(body)
			}
			status, _, answer := s.post(path, body)
			if status != http.StatusOK || !strings.Contains(answer, said) {
				t.Errorf("%s: %d %s", path, status, clipped(answer))
			}
			if got := gjson.Get(s.sent()[0], "input.0.content").Raw; !strings.Contains(got, `"hi"`) || !gjson.Get(s.sent()[0], "input").IsArray() {
				t.Errorf("%s: sent %s", path, s.sent()[0])
			}
		})
	}
}

func trapRenewal(t *testing.T) {
	tokenPosts := func(s *stand) int { return len(s.journal("/oauth/token")) }
	stored := func(t *testing.T, s *stand) string {
		t.Helper()
		data, err := os.ReadFile(s.authFile)
		if err != nil {
			t.Fatal(err)
		}
		return string(data)
	}
	both(t, func(t *testing.T, chat, stream bool) {
		t.Run("401: renew once, repeat once", func(t *testing.T) {
			s := newStand(t, nil)
			before := stored(t, s)
			s.scene("unauthorized-once")
			if got := s.answerText(chat, stream); got != said {
				t.Errorf("got %q", got)
			}
			if len(s.sent()) != 2 || tokenPosts(s) != 1 {
				t.Errorf("%d requests and %d renewals, want 2 and 1", len(s.sent()), tokenPosts(s))
			}
			after := stored(t, s)
			for _, key := range []string{"tokens.access_token", "tokens.refresh_token"} {
				if gjson.Get(after, key).Str == gjson.Get(before, key).Str || gjson.Get(after, key).Str == "" {
					t.Errorf("%s has not been rotated", key)
				}
			}
			for _, key := range []string{"tokens.account_id", "a_key_of_others", "OPENAI_API_KEY"} {
				if gjson.Get(after, key).Raw != gjson.Get(before, key).Raw {
					t.Errorf("%s: got %s, want %s", key, gjson.Get(after, key).Raw, gjson.Get(before, key).Raw)
				}
			}
		})
	})
	for scene, kept := range map[string]string{"token-no-refresh-token": "tokens.refresh_token", "token-no-id-token": "tokens.id_token"} {
		t.Run(scene+" keeps "+kept, func(t *testing.T) {
			s := newStand(t, nil)
			before := gjson.Get(stored(t, s), kept).Str
			s.clock.advance(11 * 24 * time.Hour) // the token has run out
			s.scene(scene)
			if status, _, answer := s.post("/v1/responses", hello); status != http.StatusOK {
				t.Fatalf("%d %s", status, answer)
			}
			if got := gjson.Get(stored(t, s), kept).Str; got != before {
				t.Errorf("%s has changed", kept)
			}
		})
	}
	t.Run("many requests at a time, one renewal", func(t *testing.T) {
		s := newStand(t, nil)
		s.clock.advance(11 * 24 * time.Hour)
		var wait sync.WaitGroup
		for i := range 16 {
			wait.Go(func() {
				path, body := "/v1/responses", hello
				if i%2 == 1 {
					path, body = "/v1/chat/completions", helloChat
				}
				r, err := s.http.Client().Post(s.url+path, "application/json", strings.NewReader(body))
				if err != nil {
					t.Error(err)
					return
				}
				defer r.Body.Close()
				if answer, _ := io.ReadAll(r.Body); r.StatusCode != http.StatusOK {
					t.Errorf("%d %s", r.StatusCode, answer)
				}
			})
		}
		wait.Wait()
		if got := tokenPosts(s); got != 1 {
			t.Errorf("%d renewals, want 1", got)
		}
	})
	for scene, want := range map[string]int{
		"token-invalid-grant": 401, "token-expired": 401, "token-reused": 401, "token-invalidated": 401, "token-other-account": 401,
	} {
		t.Run(scene+" is a 401 that says what to do", func(t *testing.T) {
			for path, body := range map[string]string{"/v1/responses": hello, "/v1/chat/completions": asStream(helloChat)} {
				s := newStand(t, nil)
				s.clock.advance(11 * 24 * time.Hour)
				s.scene(scene)
				status, _, answer := s.post(path, body)
				e := gjson.Get(answer, "error")
				if status != want || e.Get("code").Str != "auth_expired" || !strings.HasPrefix(e.Get("message").Str, "Token refresh failed") ||
					!strings.Contains(e.Get("message").Str, "codexctl auth login") {
					t.Errorf("%s: %d %s", path, status, answer)
				}
				if len(s.sent()) != 0 {
					t.Errorf("the backend was asked all the same")
				}
			}
		})
	}
	t.Run("a login that is renewed by somebody else serves at once", func(t *testing.T) {
		s := newStand(t, nil)
		s.clock.advance(11 * 24 * time.Hour)
		s.signIn(emulator.LoginOptions{})
		if status, _, answer := s.post("/v1/responses", hello); status != http.StatusOK || tokenPosts(s) != 0 {
			t.Errorf("%d %s after %d renewals", status, answer, tokenPosts(s))
		}
	})
}

func trapSignedOut(t *testing.T) {
	both(t, func(t *testing.T, chat, stream bool) {
		s := newStand(t, nil)
		if err := os.Remove(s.authFile); err != nil {
			t.Fatal(err)
		}
		path, body := "/v1/responses", hello
		if chat {
			path, body = "/v1/chat/completions", helloChat
		}
		if stream {
			body = asStream(body)
		}
		status, header, answer := s.post(path, body)
		e := gjson.Get(answer, "error")
		if status != http.StatusUnauthorized || e.Get("code").Str != "auth_required" || e.Get("type").Str != "authentication_error" {
			t.Errorf("%d %s", status, answer)
		}
		if message := e.Get("message").Str; !strings.HasPrefix(message, "No valid OpenAI credentials found") || !strings.Contains(message, "codexctl auth login") {
			t.Errorf("the message: %q", message)
		}
		if header.Get("WWW-Authenticate") == "" {
			t.Error("a 401 without WWW-Authenticate")
		}
		if len(s.journal()) != 0 {
			t.Error("somebody was asked")
		}
		for path, want := range map[string]int{"/health": 200, "/health/live": 200, "/health/ready": 503, "/v1/models": 401, "/codex/usage": 401} {
			if got, _, answer := s.get(path); got != want {
				t.Errorf("%s: got %d %s, want %d", path, got, answer, want)
			}
		}
	})
}

func trapIdentity(t *testing.T) {
	theirs := []string{
		"Authorization", "Bearer sk-client", "User-Agent", "OpenAI/Python 1.99", "Originator", "client", "Version", "0.0.1",
		"Cookie", "a=b", "X-Stainless-Lang", "python", "OpenAI-Organization", "org-1", "OpenAI-Beta", "x", "Chatgpt-Account-Id", "acc-client",
		"X-Api-Key", "sk-client", "Session_id", "s-1", "X-Forwarded-For", "10.0.0.1", "X-Codexctl-Strict", "0",
		"Session-Id", "official", "X-Codex-Turn-State", "turn", "Traceparent", "00-1-1-00",
	}
	both(t, func(t *testing.T, chat, stream bool) {
		s := newStand(t, nil)
		path, body := "/v1/responses", hello
		if chat {
			path, body = "/v1/chat/completions", helloChat
		}
		if stream {
			body = asStream(body)
		}
		if status, _, answer := s.post(path, body, theirs...); status != http.StatusOK {
			t.Fatalf("%d %s", status, answer)
		}
		sent := s.journal(upstreamPath)[0].Header
		for name, want := range map[string]string{
			"Originator": responses.DefaultOriginator, "Version": responses.DefaultClientVersion, "Authorization": "Bearer ***",
			"Session-Id": "official", "X-Codex-Turn-State": "turn", "Traceparent": "00-1-1-00",
			"Cookie": "", "X-Stainless-Lang": "", "Openai-Organization": "", "X-Api-Key": "", "Session_id": "", "X-Forwarded-For": "",
			"X-Codexctl-Strict": "", "Openai-Beta": "",
		} {
			if got := strings.Join(sent[name], ","); got != want {
				t.Errorf("%s: got %q, want %q", name, got, want)
			}
		}
		if got := sent.Get("User-Agent"); !strings.HasPrefix(got, "codexctl") {
			t.Errorf("User-Agent: %q", got)
		}
		if got := sent.Get("Chatgpt-Account-Id"); got == "" || got == "acc-client" {
			t.Errorf("the account: %q", got)
		}
		if all := fmt.Sprint(sent); strings.Contains(all, "client") {
			t.Errorf("something of the caller's went up: %s", all)
		}
	})
	t.Run("a header cannot choose where the request goes", func(t *testing.T) {
		s := newStand(t, nil)
		s.post("/v1/responses", hello, "X-Openai-Subagent", "review", "X-Client-Request-Id", "r-1", "X-Openai-Internal-Codex-Responses-Lite", "true")
		sent := s.journal(upstreamPath)[0].Header
		if sent.Get("X-Openai-Subagent") != "review" || sent.Get("X-Client-Request-Id") != "r-1" {
			t.Errorf("got %v", sent)
		}
	})
	t.Run("cookies of the backend stay here", func(t *testing.T) {
		s := newStand(t, nil)
		for _, body := range []string{hello, asStream(hello)} {
			if _, header, _ := s.post("/v1/responses", body); header.Get("Set-Cookie") != "" || header.Get("X-Openai-Proxy-Wasm") != "" {
				t.Errorf("got %v", header)
			}
		}
	})
}

func trapErrors(t *testing.T) {
	both(t, func(t *testing.T, chat, stream bool) {
		path, body := "/v1/responses", hello
		if chat {
			path, body = "/v1/chat/completions", helloChat
		}
		if stream {
			body = asStream(body)
		}
		t.Run("detail", func(t *testing.T) {
			s := newStand(t, nil)
			s.scene("forbidden-json")
			status, _, answer := s.post(path, body)
			if status != http.StatusForbidden || !strings.Contains(gjson.Get(answer, "error.message").Str, "This account may not use this resource.") ||
				gjson.Get(answer, "detail").Exists() {
				t.Errorf("%d %s", status, answer)
			}
		})
		t.Run("the headers of a used-up allowance", func(t *testing.T) {
			s := newStand(t, nil)
			s.scene("usage-limit")
			status, header, answer := s.post(path, body)
			e := gjson.Get(answer, "error")
			resets := s.clock.Now().Unix() + 13_872
			if status != http.StatusTooManyRequests || e.Get("type").Str != "usage_limit_reached" || e.Get("resets_at").Int() != resets ||
				e.Get("resets_in_seconds").Int() != 13_872 || e.Get("plan_type").Str != "plus" {
				t.Errorf("%d %s", status, answer)
			}
			for _, name := range []string{"X-Codex-Primary-Used-Percent", "X-Codex-Primary-Reset-At", "X-Codex-Rate-Limit-Reached-Type"} {
				if header.Get(name) == "" {
					t.Errorf("no %s in %v", name, header)
				}
			}
		})
		t.Run("Retry-After", func(t *testing.T) {
			s := newStand(t, nil)
			s.scene("rate-limited-long")
			if status, header, answer := s.post(path, body); status != http.StatusTooManyRequests || header.Get("Retry-After") != "3600" {
				t.Errorf("%d %q %s", status, header.Get("Retry-After"), answer)
			}
			s.scene("failed-rate-limit")
			if status, header, answer := s.post(path, body); status != http.StatusTooManyRequests || header.Get("Retry-After") != "2" {
				t.Errorf("inside 200: %d %q %s", status, header.Get("Retry-After"), answer)
			}
		})
		t.Run("headers of a success", func(t *testing.T) {
			s := newStand(t, nil)
			status, header, answer := s.post(path, body)
			if status != http.StatusOK {
				t.Fatalf("%d %s", status, answer)
			}
			for _, name := range []string{"Openai-Model", "X-Models-Etag", "X-Codex-Plan-Type", "X-Codex-Primary-Used-Percent", "X-Request-Id"} {
				if header.Get(name) == "" {
					t.Errorf("no %s in %v", name, header)
				}
			}
			if got := header.Get("X-Codexctl-Model"); got != "gpt-5.5" {
				t.Errorf("X-Codexctl-Model: %q", got)
			}
		})
		t.Run("headers of a failure inside 200", func(t *testing.T) {
			s := newStand(t, nil)
			s.scene("failed-usage-limit")
			status, header, answer := s.post(path, body)
			if status != http.StatusTooManyRequests || header.Get("X-Codex-Primary-Used-Percent") == "" {
				t.Errorf("%d %v %s", status, header, answer)
			}
		})
	})
}
