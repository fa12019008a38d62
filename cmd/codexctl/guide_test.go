//go:build unix

package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/tidwall/gjson"

	"github.com/codexctl/codexctl/internal/emulator"
	"github.com/codexctl/codexctl/pkg/credentials"
)

// The examples of the guide whose promises `serve` keeps, as they are printed and with
// nothing set up but the login. proxy.md: "what CCProxy's guide promises, made true".
func TestGuide(t *testing.T) {
	page := readGuide(t)
	s := newReader(t, credentials.LangChain)

	// proxy.md, Routes: "POST /codex/chat/completions, /codex/v1/chat/completions"; "A body
	// with messages and no input on any Responses route is … answered in chat form".
	t.Run("curl", func(t *testing.T) {
		needTool(t, "curl")
		calls := page.calls()
		if len(calls) != 5 {
			t.Fatalf("the guide has %d calls of curl, want 5: two of chat, the Responses API, its stream, a session", len(calls))
		}
		for i, name := range []string{"chat", "chat, the alternative address", "the Responses API with messages"} {
			t.Run(name, func(t *testing.T) {
				got := s.shell(t, calls[i])
				chatForm(t, got)
				if text := gjson.Get(got, "choices.0.message.content").Str; !strings.HasSuffix(text, "You said: Hello, how are you?") {
					t.Errorf("content %q, want the answer last", text)
				}
			})
		}
		t.Run("a stream", func(t *testing.T) {
			// proxy.md, Chat answers: "chunks ended by data: [DONE]".
			text, reason := chunks(t, s.shell(t, calls[3]))
			if !strings.HasSuffix(text, "You said: Write a short story") || reason != "stop" {
				t.Errorf("text %q, ended by %q; want the answer last, and stop", text, reason)
			}
		})
		t.Run("a session by header", func(t *testing.T) {
			// proxy.md, Sessions: "the header session_id … keep the conversation here".
			chatForm(t, s.shell(t, calls[4]))
			hello := strings.NewReplacer(`"Hello"`, `"My name is Alice"`)
			s.shell(t, hello.Replace(calls[4]))
			question := strings.NewReplacer(`"Hello"`, `"What is my name?"`)
			if text := gjson.Get(s.shell(t, question.Replace(calls[4])), "choices.0.message.content").Str; !strings.Contains(text, "Alice") {
				t.Errorf("content %q, want Alice in it", text)
			}
			last := s.lastInput(t)
			if want := []string{"Hello", "My name is Alice", "What is my name?"}; !slices.Equal(last, want) {
				t.Errorf("the users' words that the backend got: %q, want %q", last, want)
			}
		})
	})

	t.Run("python", func(t *testing.T) {
		needTool(t, "python3")
		const show = "\nfor r in (response1, response2):\n    print(r.json()['choices'][0]['message']['content'].splitlines()[-1])\n    print(r.headers['x-codexctl-session'])\n"
		t.Run("sessions of their own", func(t *testing.T) {
			// proxy.md, Sessions: "Each answer names its conversation in header
			// x-codexctl-session, generated ones too".
			got := s.python(t, page.between(t, "import requests", "Persistent Sessions")+show)
			if got[0] != "You said: Hello" || got[2] != "You said: Do you remember me?" || got[1] == "" || got[1] == got[3] {
				t.Errorf("printed %q, want both answers, and two conversations", got)
			}
			if last := s.lastInput(t); len(last) != 1 {
				t.Errorf("the backend got %q, want one message", last)
			}
		})
		t.Run("a session by path", func(t *testing.T) {
			// proxy.md, Routes: "POST /codex/{session_id}/responses: the same within a kept
			// conversation".
			code := "import requests\n" + page.between(t, "# Start a conversation with a specific session", "Session ID via Headers")
			got := s.python(t, code+show)
			want := []string{"You said: My name is Alice", "my-conversation-123", "Your name is Alice.", "my-conversation-123"}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("printed (-want +got):\n%s", diff)
			}
		})
		t.Run("the class and its examples", func(t *testing.T) {
			// proxy.md, Routes: "The guide's CodexClient class runs verbatim as a test."
			got := s.python(t, page.client(t)+"\n"+readFile(t, filepath.Join(guideFolder(t), "more.py")))
			// The reasoning comes in tags, as the guide says, on lines of its own.
			text := "\n" + strings.Join(got, "\n") + "\n"
			for _, want := range []string{"<reasoning>", "</reasoning>\nYou said: What is Python?\n", "You said: Explain quantum computing step by step\n"} {
				if !strings.Contains(text, want) {
					t.Errorf("printed\n%s\nwant %q in it", text, want)
				}
			}
			if n := strings.Count(text, "\nYou said: What is Python?\n"); n != 2 {
				t.Errorf("the first two examples have printed %d answers, want 2:\n%s", n, text)
			}
			if n := strings.Count(text, "\nYour name is Alice.\n"); n != 2 {
				t.Errorf("the conversation was remembered %d times, want 2, whole and in pieces:\n%s", n, text)
			}
			if last := got[len(got)-1]; last != "You have not told me your name." {
				t.Errorf("without a session: %q, want a fresh conversation", last)
			}
			if opened, closed := strings.Count(text, "<reasoning>"), strings.Count(text, "</reasoning>"); opened != closed || opened == 0 {
				t.Errorf("%d <reasoning> and %d </reasoning>, want pairs", opened, closed)
			}
		})
		t.Run("the SDK", func(t *testing.T) {
			// proxy.md, Safety: "Tools this must just work with: the official OpenAI SDKs (Go,
			// Node, Python)"; here with a stand-in of the SDK's form.
			got := s.python(t, page.between(t, "import os", "Note: This uses the"))
			want := []string{"You said: How do I check if a Python object is an instance of a class?"}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("printed (-want +got):\n%s", diff)
			}
		})
	})
}

// The guide: "Reuse Codex CLI Credentials". Nothing but the official client's login is
// there.
func TestGuideWithTheOfficialLogin(t *testing.T) {
	needTool(t, "curl")
	page := readGuide(t)
	s := newReader(t, credentials.Codex)
	chatForm(t, s.shell(t, page.calls()[0]))
}

// proxy.md, Safety: "Tools this must just work with, unmodified: … aichat". Its requests
// and how it reads the answer: sigoden/aichat, src/client/openai.rs and stream.rs; it
// gives up on a stream of another type than text/event-stream (its issue 651).
func TestAichat(t *testing.T) {
	s := newReader(t, credentials.LangChain)
	const ask = `{"model":"gpt-5","messages":[{"role":"system","content":"Be brief."},{"role":"user","content":"Solve this step by step: 2+2*3"}],` +
		`"max_tokens":4096,"temperature":0.7,"top_p":0.9,"stream":true}`
	t.Run("an answer with reasoning", func(t *testing.T) {
		want := map[string]string{
			// The guide: "Output will include: <reasoning>...</reasoning> followed by the answer".
			"/codex":    `<reasoning>.+</reasoning>\nYou said: Solve this step by step: 2+2*3`,
			"/codex/v1": `<reasoning>.+</reasoning>\nYou said: Solve this step by step: 2+2*3`,
			"/v1":       `You said: Solve this step by step: 2+2*3`,
		}
		for base, want := range want {
			answer := s.post(t, base+"/chat/completions", ask, "Accept", "text/event-stream", "Authorization", "Bearer any", "User-Agent", "aichat/0.30.0")
			got, _ := aichatReads(t, answer)
			if opening, rest, _ := strings.Cut(want, ".+"); !strings.HasPrefix(got, opening) || !strings.HasSuffix(got, strings.ReplaceAll(rest, `\n`, "\n")) {
				t.Errorf("%s: aichat shows %q, want %s", base, got, want)
			}
		}
		sent := s.last(t)
		for _, field := range []string{"temperature", "top_p", "max_tokens", "messages"} {
			if gjson.Get(sent, field).Exists() {
				t.Errorf("the backend got the field %s: %s", field, sent)
			}
		}
		if got := gjson.Get(sent, "instructions").Str; got != "Be brief." {
			t.Errorf("instructions %q, want those of the client", got)
		}
	})
	t.Run("a tool", func(t *testing.T) {
		const tools = `"tools":[{"type":"function","function":{"name":"get_weather","description":"Tells about the weather.",` +
			`"parameters":{"type":"object","properties":{"location":{"type":"string"}},"required":["location"]}}}]`
		answer := s.post(t, "/v1/chat/completions", `{"model":"gpt-5","messages":[{"role":"user","content":"Weather?"}],"stream":true,`+tools+`}`, "Accept", "text/event-stream")
		_, calls := aichatReads(t, answer)
		if len(calls) != 1 || calls[0].name != "get_weather" || !gjson.Valid(calls[0].arguments) || calls[0].id == "" {
			t.Fatalf("aichat has the calls %+v, want one of get_weather", calls)
		}
		again, err := json.Marshal([]any{
			map[string]any{"role": "user", "content": "Weather?"},
			map[string]any{"role": "assistant", "content": nil, "tool_calls": []any{map[string]any{"id": calls[0].id, "type": "function",
				"function": map[string]any{"name": calls[0].name, "arguments": calls[0].arguments}}}},
			map[string]any{"role": "tool", "content": `{"rain":true}`, "tool_call_id": calls[0].id},
		})
		if err != nil {
			t.Fatal(err)
		}
		answer = s.post(t, "/v1/chat/completions", `{"model":"gpt-5","messages":`+string(again)+`,"stream":true,`+tools+`}`, "Accept", "text/event-stream")
		if got, _ := aichatReads(t, answer); got != `The tool answered: {"rain":true}` {
			t.Errorf("aichat shows %q, want the answer to the tool's output", got)
		}
	})
	t.Run("an error", func(t *testing.T) {
		// It shows error.message of the body, whatever the status.
		answer := s.post(t, "/codex/chat/completions", strings.Replace(ask, "gpt-5", "gpt-unknown", 1), "Accept", "text/event-stream")
		body, err := io.ReadAll(answer.Body)
		if err != nil {
			t.Fatal(err)
		}
		if text := gjson.GetBytes(body, "error.message").Str; answer.StatusCode != http.StatusBadRequest || !strings.HasPrefix(text, "Model not available") {
			t.Errorf("HTTP %d %s, want 400 with a message about the model", answer.StatusCode, body)
		}
	})
}

// proxy.md, Safety: "Tools this must just work with, unmodified: … LangChain". The body
// of a ChatOpenAI, whose defaults vary by version: most of what it may hold.
func TestLangChainChat(t *testing.T) {
	s := newReader(t, credentials.LangChain)
	headers := []string{"Authorization", "Bearer any", "User-Agent", "OpenAI/Python 2.9.0", "X-Stainless-Lang", "python",
		"X-Stainless-Raw-Response", "true", "Accept", "application/json"}
	const settings = `"model":"gpt-5","temperature":0.7,"top_p":1,"frequency_penalty":0,"presence_penalty":0,"n":1,"seed":1,"logprobs":false,"max_completion_tokens":1000`
	const tools = `"tools":[{"type":"function","function":{"name":"multiply","description":"Multiplies.","parameters":{"properties":{"a":{"type":"integer"},` +
		`"b":{"type":"integer"}},"required":["a","b"],"type":"object"}}}],"tool_choice":"auto"`
	history := `{"content":"You are a calculator.","role":"system"},{"content":"What is 6 times 7?","role":"user"}`

	answer := s.post(t, "/v1/chat/completions", `{"messages":[`+history+`],`+settings+`,"stream":false,`+tools+`}`, headers...)
	body, err := io.ReadAll(answer.Body)
	if err != nil {
		t.Fatal(err)
	}
	call := gjson.GetBytes(body, "choices.0.message.tool_calls.0")
	if answer.StatusCode != http.StatusOK || call.Get("function.name").Str != "multiply" || gjson.GetBytes(body, "choices.0.finish_reason").Str != "tool_calls" {
		t.Fatalf("HTTP %d %s, want a call of multiply", answer.StatusCode, body)
	}
	if content := gjson.GetBytes(body, "choices.0.message.content"); content.Type != gjson.Null {
		t.Errorf("content %s beside a call, want null", content.Raw)
	}
	history += `,{"content":null,"role":"assistant","tool_calls":[{"type":"function","id":` + call.Get("id").Raw + `,"function":` + call.Get("function").Raw + `}]}` +
		`,{"content":"42","role":"tool","tool_call_id":` + call.Get("id").Raw + `}`
	answer = s.post(t, "/v1/chat/completions", `{"messages":[`+history+`],`+settings+`,"stream":true,"stream_options":{"include_usage":true},`+tools+`}`, headers...)
	stream, err := io.ReadAll(answer.Body)
	if err != nil {
		t.Fatal(err)
	}
	if text, reason := chunks(t, string(stream)); text != "The tool answered: 42" || reason != "stop" {
		t.Errorf("text %q, ended by %q; want the answer to the tool's output, and stop", text, reason)
	}
	last := ""
	for line := range strings.Lines(string(stream)) {
		if data := strings.TrimPrefix(line, "data: {"); data != line {
			last = "{" + data
		}
	}
	if gjson.Get(last, "usage.total_tokens").Int() == 0 || len(gjson.Get(last, "choices").Array()) != 0 {
		t.Errorf("the last chunk is %s, want the usage without a choice", last)
	}
	if got := gjson.Get(s.last(t), "instructions").Str; got != "You are a calculator." {
		t.Errorf("instructions %q, want those of the client", got)
	}
}

// guide is the printed page, line by line.
type guide []string

// readGuide reads the page, which is not ours to keep here.
func readGuide(t *testing.T) guide {
	t.Helper()
	data, err := os.ReadFile(filepath.Join("..", "..", "..", "shared", "seeds", "ccproxy-codex-guide.txt"))
	if err != nil {
		t.Skipf("the guide is not here: %v", err)
	}
	return strings.Split(strings.TrimRight(string(data), "\n"), "\n")
}

// calls are the calls of curl, each to the end of its last quotation.
func (g guide) calls() []string {
	var calls []string
	for i := 0; i < len(g); i++ {
		if !strings.HasPrefix(g[i], "curl -X POST ") {
			continue
		}
		call := g[i]
		for i+1 < len(g) && (strings.HasSuffix(call, `\`) || strings.Count(call, "'")%2 == 1) {
			i++
			call += "\n" + g[i]
		}
		calls = append(calls, call)
	}
	return calls
}

// between is the code from the line that is first on, up to a heading.
func (g guide) between(t *testing.T, first, heading string) string {
	t.Helper()
	from := slices.Index(g, first)
	if from < 0 {
		t.Fatalf("the guide has no line %q", first)
	}
	to := slices.IndexFunc(g[from:], func(line string) bool { return strings.HasPrefix(line, heading) })
	if to < 0 {
		t.Fatalf("the guide has no %q after %q", heading, first)
	}
	return strings.Join(g[from:from+to], "\n") + "\n"
}

// clientLevels is how far each line of the class and its examples is indented, which
// the page has lost.
const clientLevels = "000" + "122" + "1222333222323" + "12223232333222323" + "1223445565" + "00001000010000111012"

// client is the class CodexClient with its examples, indented.
func (g guide) client(t *testing.T) string {
	t.Helper()
	from := slices.Index(g, "class CodexClient:") - 2 // its imports
	if from < 0 {
		t.Fatal("the guide has no class CodexClient")
	}
	lines := strings.Split(strings.TrimSuffix(g[from:].between(t, "import requests", "Troubleshooting"), "\n"), "\n")
	if len(lines) != len(clientLevels) {
		t.Fatalf("the class and its examples have %d lines, want %d", len(lines), len(clientLevels))
	}
	for i, line := range lines {
		if strings.HasPrefix(line, " ") {
			t.Fatalf("line %d is indented: %q", i, line)
		}
		lines[i] = strings.Repeat("    ", int(clientLevels[i]-'0')) + line
	}
	return strings.Join(lines, "\n") + "\n"
}

// reader is somebody who follows the guide: a home with a login, and a server.
type reader struct {
	*household
	server *serving
}

// newReader signs in, in the place that the login's form has in a home, and serves.
func newReader(t *testing.T, form credentials.Format) reader {
	t.Helper()
	h := newHousehold(t)
	place := h.own()
	if form == credentials.Codex {
		place = h.official()
	}
	h.keep(form, place, emulator.LoginOptions{})
	return reader{h, serve(t, h.url, h.home)}
}

// printed puts the server's port into the guide's text.
func (s reader) printed(text string) string {
	return strings.ReplaceAll(text, "localhost:8000", "localhost"+s.server.url[strings.LastIndex(s.server.url, ":"):])
}

// shell runs a command of the guide, and returns what it prints.
func (s reader) shell(t *testing.T, code string) string {
	t.Helper()
	return s.output(t, exec.Command("sh", "-c", s.printed(code)))
}

// python runs code of the guide, and returns the lines that it prints.
func (s reader) python(t *testing.T, code string) []string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "guide.py")
	if err := os.WriteFile(file, []byte(s.printed(code)), 0o600); err != nil {
		t.Fatal(err)
	}
	return strings.Split(strings.TrimSuffix(s.output(t, exec.Command("python3", file)), "\n"), "\n")
}

// output is what a program prints, which must succeed.
func (s reader) output(t *testing.T, command *exec.Cmd) string {
	t.Helper()
	command.Env = []string{"PATH=" + os.Getenv("PATH"), "HOME=" + s.home, "LANG=C.UTF-8", "NO_PROXY=*",
		"PYTHONPATH=" + guideFolder(t), "PYTHONDONTWRITEBYTECODE=1"}
	var out, said bytes.Buffer
	command.Stdout, command.Stderr = &out, &said
	if err := command.Run(); err != nil {
		t.Fatalf("%s: %v\n%s%s", strings.Join(command.Args, " "), err, &out, &said)
	}
	return out.String()
}

// post sends a body as a program would, with pairs of names and values as headers.
func (s reader) post(t *testing.T, path, body string, header ...string) *http.Response {
	t.Helper()
	answer, err := s.server.send(t.Context(), path, body, append([]string{"Content-Type", "application/json"}, header...)...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { answer.Body.Close() })
	return answer
}

// last is the body of the last request for an answer that the backend got.
func (s reader) last(t *testing.T) string {
	t.Helper()
	entries := s.emulator.Journal(endpoint("responses"))
	if len(entries) == 0 {
		t.Fatal("the backend was asked for nothing")
	}
	return string(entries[len(entries)-1].Body)
}

// lastInput is what the users have said in that request.
func (s reader) lastInput(t *testing.T) []string {
	t.Helper()
	var said []string
	for _, item := range gjson.Get(s.last(t), "input").Array() {
		if item.Get("role").Str != "user" {
			continue
		}
		content := item.Get("content")
		if content.IsArray() {
			content = content.Get("0.text")
		}
		said = append(said, content.Str)
	}
	return said
}

// chatForm checks that an answer has the form that the guide prints.
func chatForm(t *testing.T, body string) {
	t.Helper()
	get := func(path string) gjson.Result { return gjson.Get(body, path) }
	switch {
	case !gjson.Valid(body):
		t.Errorf("%q, want one JSON document", body)
	case !strings.HasPrefix(get("id").Str, "chatcmpl-"), get("object").Str != "chat.completion", get("model").Str != "gpt-5",
		get("created").Int() == 0, get("choices.#").Int() != 1, get("choices.0.index").Raw != "0", get("choices.0.message.role").Str != "assistant",
		get("choices.0.message.content").Str == "", get("choices.0.finish_reason").Str != "stop",
		get("usage.prompt_tokens").Int() == 0, get("usage.completion_tokens").Int() == 0,
		get("usage.total_tokens").Int() != get("usage.prompt_tokens").Int()+get("usage.completion_tokens").Int():
		t.Errorf("%s, want the form of the guide's chat.completion", body)
	}
}

// chunks reads a stream as the guide prints it: its text and how it was ended.
func chunks(t *testing.T, stream string) (text, reason string) {
	t.Helper()
	frames := strings.Split(strings.TrimSuffix(stream, "\n\n"), "\n\n")
	if len(frames) < 3 || frames[len(frames)-1] != "data: [DONE]" {
		t.Fatalf("the stream is %q, want chunks and data: [DONE]", stream)
	}
	for _, frame := range frames[:len(frames)-1] {
		data, ok := strings.CutPrefix(frame, "data: ")
		if !ok || !gjson.Valid(data) || gjson.Get(data, "object").Str != "chat.completion.chunk" || !strings.HasPrefix(gjson.Get(data, "id").Str, "chatcmpl-") {
			t.Errorf("frame %q, want a chunk in one line", frame)
		}
		text += gjson.Get(data, "choices.0.delta.content").Str
		reason += gjson.Get(data, "choices.0.finish_reason").Str
	}
	return text, reason
}

// aichatCall is a call of a tool as aichat gathers it.
type aichatCall struct{ id, name, arguments string }

// aichatReads reads a stream as aichat does: another type or status is an error; text
// alone counts, then the first call of a chunk, until [DONE].
func aichatReads(t *testing.T, answer *http.Response) (text string, calls []aichatCall) {
	t.Helper()
	if kind, _, _ := strings.Cut(answer.Header.Get("Content-Type"), ";"); answer.StatusCode != http.StatusOK || kind != "text/event-stream" {
		body, _ := io.ReadAll(answer.Body) // for the message below
		t.Fatalf("HTTP %d of type %q, want 200 of text/event-stream: %s", answer.StatusCode, kind, body)
	}
	lines := bufio.NewScanner(answer.Body)
	for lines.Scan() {
		data, ok := strings.CutPrefix(lines.Text(), "data: ")
		if !ok {
			continue
		}
		if data == "[DONE]" {
			return text, calls
		}
		if !gjson.Valid(data) {
			t.Fatalf("data %q, want JSON", data)
		}
		text += gjson.Get(data, "choices.0.delta.content").Str
		call := gjson.Get(data, "choices.0.delta.tool_calls.0")
		if !call.Exists() {
			continue
		}
		if id := call.Get("id").Str; id != "" {
			calls = append(calls, aichatCall{id: id})
		}
		current := &calls[len(calls)-1]
		current.name += call.Get("function.name").Str
		current.arguments += call.Get("function.arguments").Str
	}
	t.Fatalf("the stream ends without [DONE]: %v", lines.Err())
	return "", nil
}

// guideFolder holds the stand-ins for Python packages.
func guideFolder(t *testing.T) string {
	t.Helper()
	dir, err := filepath.Abs(filepath.Join("..", "..", "testdata", "guide"))
	if err != nil {
		t.Fatal(err)
	}
	return dir
}

// needTool skips a test where a program of the guide's is not installed.
func needTool(t *testing.T, name string) {
	t.Helper()
	if _, err := exec.LookPath(name); err != nil {
		t.Skipf("%s is not installed", name)
	}
}
