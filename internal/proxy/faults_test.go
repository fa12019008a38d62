package proxy

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/tidwall/gjson"

	"github.com/codexctl/codexctl/internal/emulator"
)

// outcome is what becomes of a scene of the emulator at the server, in one form: "native",
// "native stream", "chat" or "chat stream". The client makes one retry.
type outcome struct {
	scene, form string

	calls int // how many requests the backend gets

	// status and code are the answer's when nothing was sent before; no status means an
	// answer in full.
	status int
	code   string

	// late says that a stream has begun by then: it has the status 200, text is what it
	// says, and one error with the code is its last frame. The native one is the
	// backend's own response.failed if told says so.
	late, told bool
	text       string

	// reason is the finish_reason in chat; empty means stop. One that is not stop or
	// tool_calls makes the native answer incomplete.
	reason string

	// oddBytes is for streams whose native form does not come apart at LF LF.
	oddBytes bool

	slow, heavy bool
}

const said = "You said: hi"

// outcomes are what testdata/faults.txt says of each scene that is about /responses: a row
// for each form. internal/cli checks the same table with the settings of the command.
func outcomes(t *testing.T) []outcome {
	t.Helper()
	data, err := os.ReadFile(filepath.Join("..", "..", "testdata", "faults.txt"))
	if err != nil {
		t.Fatal(err)
	}
	_, part, _ := strings.Cut(string(data), "\n== answers\n")
	part, _, _ = strings.Cut(part, "\n== ")
	var rows []outcome
	var columns []string
	for line := range strings.Lines(part) {
		cells := strings.Split(strings.TrimSpace(line), "|")
		for i := range cells {
			cells[i] = strings.TrimSpace(cells[i])
		}
		switch {
		case len(cells) == 1, strings.HasPrefix(cells[0], "{"): // a comment, a scene without a name
		case columns == nil:
			columns = cells
		default:
			for _, form := range []string{"native", "native stream", "chat", "chat stream"} {
				rows = append(rows, newOutcome(t, columns, cells, form))
			}
		}
	}
	return rows
}

func newOutcome(t *testing.T, columns, cells []string, form string) outcome {
	t.Helper()
	cell := func(column string) string { return cells[slices.Index(columns, column)] }
	o := outcome{scene: cell("scene"), form: form}
	scene, known := emulator.NamedScene(o.scene)
	if !known {
		t.Fatalf("testdata/faults.txt: no scene is named %q", o.scene)
	}
	switch n := cell("requests"); n {
	case "all":
		o.calls = 2
	default:
		o.calls, _ = strconv.Atoi(n)
	}
	if text, err := strconv.Unquote(cell("text")); err == nil && scene.Refusal == "" {
		o.text = text
	}
	o.oddBytes = scene.LineEnd != emulator.LineEndLF
	o.heavy = scene.FloodDeltas > 0
	o.slow = scene.HeadDelayMS+scene.FirstDelayMS+scene.EventDelayMS > 0 || scene.DeltasPerSecond > 0 || scene.EventBytes > 32<<20

	words := strings.Fields(strings.Replace(cell(form), ", then", "", 1))
	switch first, last := words[0], words[len(words)-1]; {
	case first != "200":
		o.status, _ = strconv.Atoi(first)
		o.code = last
	case len(words) == 3: // a stream that has begun; the status is one that nobody sees
		o.status, o.code, o.late, o.told = http.StatusBadGateway, last, true, words[1] == "failed"
		if scene.CutAt == emulator.CutAtCreated {
			// Here what is held back is held for longer than the silence lasts.
			o.status, o.late = http.StatusGatewayTimeout, false
		}
	case last == "incomplete":
		o.reason = "length"
	case last != "completed" && last != "stop":
		o.reason = last
	}
	return o
}

// TestEveryScene is the fault matrix: nothing hangs, a failure before the first byte is
// a status, one behind it is one last event, and only what may be repeated is.
func TestEveryScene(t *testing.T) {
	for _, row := range sampled(outcomes(t)) {
		t.Run(row.scene+"/"+row.form, func(t *testing.T) {
			if row.heavy && testing.Short() {
				t.Skip("tens of megabytes")
			}
			t.Parallel()
			row.check(t, row.stand(t, nil))
		})
	}
}

// TestEveryCutOverASocket repeats the cuts with a real connection to the backend, which
// breaks in ways of its own.
func TestEveryCutOverASocket(t *testing.T) {
	for _, row := range sampled(outcomes(t)) {
		kind, _, _ := strings.Cut(row.scene, "-")
		if !slices.Contains([]string{"cut", "end", "stall", "redirect"}, kind) && row.scene != "failed-after-deltas" {
			continue
		}
		t.Run(row.scene+"/"+row.form, func(t *testing.T) {
			t.Parallel()
			var s *stand
			backend := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { s.emulator.ServeHTTP(w, r) }))
			t.Cleanup(backend.Close)
			s = row.stand(t, func(c *Config) {
				c.Client.BaseURL, c.Client.HTTPClient = backend.URL+"/backend-api/codex", backend.Client()
			})
			row.check(t, s)
		})
	}
}

// stand is a server for the row; adjust may be nil.
func (o outcome) stand(t *testing.T, adjust func(*Config)) *stand {
	return newStand(t, func(c *Config) {
		c.Client.Retries = 1
		// However busy the machine is, only a scene that stalls is to run into silence,
		// and nothing is let go because it was held back for long enough.
		c.Client.IdleTimeout, c.Client.Hold = 2*time.Minute, time.Minute
		if strings.HasPrefix(o.scene, "stall-") {
			c.Client.IdleTimeout = 3 * time.Second
		}
		if adjust != nil {
			adjust(c)
		}
	})
}

// check asks in its form.
func (o outcome) check(t *testing.T, s *stand) {
	form := o.form
	s.scene(o.scene)
	if o.heavy || o.slow {
		// The full numbers are for benchmarks and people; the way is the same with a tenth.
		scene := s.emulator.Scene()
		scene.FloodDeltas /= 10
		scene.HeadDelayMS /= 10
		scene.FirstDelayMS /= 10
		scene.EventDelayMS /= 10
		scene.DeltasPerSecond *= 10
		s.play(scene)
	}
	path, body := "/v1/responses", hello
	chat := strings.HasPrefix(form, "chat")
	if chat {
		path, body = "/v1/chat/completions", helloChat
	}
	if !strings.HasSuffix(form, "stream") {
		status, header, answer := s.post(path, body)
		switch {
		case o.status != 0:
			o.refused(t, status, header, answer)
		case status != http.StatusOK:
			t.Errorf("got status %d: %s", status, clipped(answer))
		case chat:
			o.chatObject(t, answer)
		default:
			o.nativeObject(t, answer)
		}
	} else {
		o.stream(t, s, path, asStream(body), chat)
	}
	if got, want := len(s.journal(upstreamPath)), o.calls; got != want {
		t.Errorf("the backend got %d requests, want %d", got, want)
	}
}

// refused checks a failure before the first byte.
func (o outcome) refused(t *testing.T, status int, header http.Header, answer string) {
	t.Helper()
	if status != o.status || gjson.Get(answer, "error.code").Str != o.code {
		t.Errorf("got %d %s\nwant %d and the code %s", status, clipped(answer), o.status, o.code)
		return
	}
	if got := header.Get("Content-Type"); got != "application/json" {
		t.Errorf("Content-Type of an error: got %q, want application/json", got)
	}
	for _, name := range []string{"message", "type", "code", "param"} {
		if !gjson.Get(answer, "error."+name).Exists() {
			t.Errorf("the error has no %s: %s", name, answer)
		}
	}
	if message := gjson.Get(answer, "error.message").Str; message == "" || strings.Contains(message, "<") {
		t.Errorf("the message is empty or has markup: %q", message)
	}
}

func (o outcome) stream(t *testing.T, s *stand, path, body string, chat bool) {
	t.Helper()
	if o.status != 0 && !o.late {
		status, header, answer := s.post(path, body)
		o.refused(t, status, header, answer)
		return
	}
	if !chat && o.oddBytes {
		status, _, answer := s.post(path, body)
		plain := strings.NewReplacer("\r\n", "\n", "\r", "\n").Replace(answer)
		if status != http.StatusOK || !strings.Contains(plain, said) || !strings.HasSuffix(plain, "\n\n") {
			t.Errorf("got %d %s", status, clipped(answer))
		}
		return
	}
	f := s.stream(path, body)
	if f.status != http.StatusOK {
		t.Fatalf("got status %d: %s", f.status, clipped(textOf(f.rest())))
	}
	for name, want := range map[string]string{"Content-Type": "text/event-stream", "Cache-Control": "no-cache", "X-Accel-Buffering": "no"} {
		if got := f.header.Get(name); got != want {
			t.Errorf("%s of a stream: got %q, want %q", name, got, want)
		}
	}
	all := f.rest()
	if chat {
		o.chatStream(t, all)
		return
	}
	o.nativeStream(t, all)
}

func (o outcome) nativeStream(t *testing.T, all []frame) {
	t.Helper()
	var text strings.Builder
	var ends []string
	for _, f := range all {
		switch kind := f.kind(); kind {
		case "response.output_text.delta":
			text.WriteString(f.get("delta").Str)
		case "response.completed", "response.incomplete", "response.failed", "error":
			ends = append(ends, kind)
		}
	}
	if len(all) == 0 || len(ends) != 1 || all[len(all)-1].kind() != ends[0] {
		t.Fatalf("got the events %q, want one that ends the stream, and it last", kinds(all))
	}
	last := all[len(all)-1]
	want, code := "response.completed", ""
	switch {
	case o.told:
		want, code = "response.failed", last.get("response.error.code").Str
	case o.status != 0:
		want, code = "error", last.get("code").Str
	case o.reason == "length", o.reason == "content_filter":
		want = "response.incomplete"
	}
	if last.kind() != want || code != o.code {
		t.Errorf("the last event: got %s, want %s with the code %q", clipped(last.text), want, o.code)
	}
	if o.text != "" && o.scene != "no-deltas" && text.String() != o.text {
		t.Errorf("the text: got %q, want %q", text.String(), o.text)
	}
	if o.status == 0 {
		o.nativeObject(t, last.get("response").Raw)
	}
	o.numbers(t, all)
}

// numbers checks that what the server adds goes on counting.
func (o outcome) numbers(t *testing.T, all []frame) {
	t.Helper()
	before := int64(-1)
	for _, f := range all {
		number := f.get("sequence_number")
		if !number.Exists() {
			continue
		}
		if o.scene != "garbage-event" && number.Int() != before+1 {
			t.Errorf("sequence_number %d comes after %d", number.Int(), before)
		}
		before = number.Int()
	}
}

func (o outcome) nativeObject(t *testing.T, answer string) {
	t.Helper()
	want := "completed"
	if o.reason == "length" || o.reason == "content_filter" {
		want = "incomplete"
	}
	if got := gjson.Get(answer, "status").Str; got != want {
		t.Errorf("status: got %q, want %q", got, want)
	}
	var text strings.Builder
	for _, item := range gjson.Get(answer, "output").Array() {
		for _, part := range item.Get("content").Array() {
			text.WriteString(part.Get("text").Str)
		}
	}
	if o.text != "" && text.String() != o.text && o.scene != "wrong-done-text" {
		t.Errorf("the output's text: got %q, want %q", text.String(), o.text)
	}
}

func (o outcome) chatObject(t *testing.T, answer string) {
	t.Helper()
	if got, want := gjson.Get(answer, "choices.0.finish_reason").Str, o.finish(); got != want {
		t.Errorf("finish_reason: got %q, want %q", got, want)
	}
	if got := gjson.Get(answer, "choices.0.message.content").Str; o.text != "" && got != o.text {
		t.Errorf("content: got %q, want %q", got, o.text)
	}
}

func (o outcome) finish() string {
	if o.reason == "" {
		return "stop"
	}
	return o.reason
}

func (o outcome) chatStream(t *testing.T, all []frame) {
	t.Helper()
	var text strings.Builder
	var reasons, errors []string
	done := 0
	for _, f := range all {
		if f.data() == "" {
			t.Errorf("a frame without data: %q", f.text)
			continue
		}
		if f.text != "data: "+f.data()+"\n\n" {
			t.Errorf("a frame of other form than data and a blank line: %q", clipped(f.text))
		}
		if f.data() == "[DONE]" {
			done++
			continue
		}
		if e := f.get("error"); e.Exists() {
			errors = append(errors, e.Get("code").Str)
			continue
		}
		text.WriteString(f.get("choices.0.delta.content").Str)
		if reason := f.get("choices.0.finish_reason"); reason.Type != gjson.Null {
			reasons = append(reasons, reason.Str)
		}
	}
	last := "nothing"
	if len(all) > 0 {
		last = all[len(all)-1].data()
	}
	if o.text != "" && text.String() != o.text {
		t.Errorf("the text: got %q, want %q", text.String(), o.text)
	}
	if o.status != 0 {
		if fmt.Sprint(errors) != fmt.Sprint([]string{o.code}) || !gjson.Get(last, "error").Exists() || done != 0 || len(reasons) != 0 {
			t.Errorf("got the errors %q, %d [DONE], the finish reasons %q, and last %s; want one error %s and nothing behind it",
				errors, done, reasons, clipped(last), o.code)
		}
		return
	}
	if len(errors) != 0 || done != 1 || last != "[DONE]" || fmt.Sprint(reasons) != fmt.Sprint([]string{o.finish()}) {
		t.Errorf("got the errors %q, %d [DONE], the finish reasons %q, and last %s; want [%s] and then [DONE]",
			errors, done, reasons, clipped(last), o.finish())
	}
}

// TestSeveralChoicesFailAsOne is the matrix for n=3: one status, or one error and nothing
// behind it, and no call that goes on.
func TestSeveralChoicesFailAsOne(t *testing.T) {
	for _, tt := range []struct {
		scene  string
		status int
		code   string
		late   bool
	}{
		{"failed", 502, "server_error", false},
		{"failed-context-length", 400, "context_length_exceeded", false},
		{"failed-usage-limit", 429, "usage_limit_reached", false},
		{"cut-after-created", 502, "truncated", false},
		{"cut-before-headers", 502, "network", false},
		{"usage-limit", 429, "usage_limit_reached", false},
		{"not-found-model", 400, "model_not_available", false},
		{"unauthorized-always", 401, "auth_denied", false},
		{"stall-before-first-event", 504, "timeout", false},
		{"failed-after-deltas", 502, "server_error", true},
		{"cut-after-three-deltas", 502, "truncated", true},
		{"stall-after-deltas", 504, "timeout", true},
	} {
		for _, stream := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s, stream %v", tt.scene, stream), func(t *testing.T) {
				t.Parallel()
				s := newStand(t, func(c *Config) { c.Client.IdleTimeout = 500 * time.Millisecond })
				s.scene(tt.scene)
				body := with(helloChat, `"n":3`)
				row := outcome{status: tt.status, code: tt.code}
				if !stream || !tt.late {
					if stream {
						body = asStream(body)
					}
					status, header, answer := s.post("/v1/chat/completions", body)
					row.refused(t, status, header, answer)
				} else {
					f := s.stream("/v1/chat/completions", asStream(body))
					if f.status != http.StatusOK {
						t.Errorf("status %d", f.status)
					}
					all := f.rest()
					text := textOf(all)
					if all[len(all)-1].get("error.code").Str != tt.code || strings.Count(text, `"error"`) != 1 ||
						strings.Contains(text, "[DONE]") || strings.Contains(text, `"finish_reason":"`) {
						t.Errorf("got %s", text)
					}
				}
				eventually(t, "the end of every upstream call", func() bool {
					return !slices.ContainsFunc(s.journal(upstreamPath), func(e emulator.Entry) bool { return e.Outcome == "" })
				})
			})
		}
	}
}

// TestCutEndsTheUpstreamCall: the scene would go on for ever behind the third delta.
func TestCutEndsTheUpstreamCall(t *testing.T) {
	for _, tt := range []struct{ name, path, body string }{
		{"native", "/v1/responses", with(hello, `"max_output_tokens":2`)},
		{"native stream", "/v1/responses", asStream(with(hello, `"max_output_tokens":2`))},
		{"chat", "/v1/chat/completions", with(helloChat, `"max_tokens":2`)},
		{"chat stream", "/v1/chat/completions", asStream(with(helloChat, `"max_completion_tokens":2`))},
		{"chat, stop", "/v1/chat/completions", with(helloChat, `"stop":"l"`)},
		{"chat stream, stop", "/v1/chat/completions", asStream(with(helloChat, `"stop":["l"]`))},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s := newStand(t, func(c *Config) { c.Client.IdleTimeout = patience })
			s.scene("stall-after-deltas")
			status, header, answer := s.post(tt.path, tt.body)
			if status != http.StatusOK || header.Get("X-Codexctl-Emulated") == "" || strings.Contains(answer, `"delta":"l"`) ||
				strings.Contains(answer, `"content":"l"`) || strings.Contains(answer, `"usage":{`) {
				t.Errorf("%d, emulated %q: %s", status, header.Get("X-Codexctl-Emulated"), answer)
			}
			eventually(t, "the end of the upstream call", func() bool {
				return s.journal(upstreamPath)[0].Outcome == emulator.OutcomeClientGone
			})
		})
	}
}

// TestStreamBeginsWithinASecond: what is held back is held no longer, on both routes, so
// that a client, and the proxies before it, know that the model is at work.
func TestStreamBeginsWithinASecond(t *testing.T) {
	for path, body := range map[string]string{"/v1/responses": hello, "/v1/chat/completions": helloChat, "/codex/chat/completions": with(helloChat, `"n":2`)} {
		t.Run(path, func(t *testing.T) {
			t.Parallel()
			s := newStand(t, func(c *Config) { c.Client.IdleTimeout = 2500 * time.Millisecond })
			s.scene("stall-after-created")
			begin := time.Now()
			f := s.stream(path, asStream(body))
			if took := time.Since(begin); f.status != http.StatusOK || took > 2200*time.Millisecond {
				t.Fatalf("the headers came after %s, with the status %d", took, f.status)
			}
			all := f.rest()
			last := all[len(all)-1]
			if code := last.get("code").Str + last.get("error.code").Str; code != "timeout" {
				t.Errorf("the last frame: %s", last.text)
			}
		})
	}
}

// TestFailedExchangesAreNotKept: a conversation goes on from its last whole exchange.
func TestFailedExchangesAreNotKept(t *testing.T) {
	for _, scene := range []string{"cut-after-three-deltas", "failed-after-deltas", "failed", "usage-limit", "end-without-terminal"} {
		for _, chat := range []bool{false, true} {
			s := newStand(t, nil)
			path, body := "/codex/s-1/responses", hello
			if chat {
				path, body = "/codex/s-1/chat/completions", helloChat
			}
			s.post(path, strings.ReplaceAll(body, "hi", "My name is Alice."))
			s.scene(scene)
			s.post(path, asStream(strings.ReplaceAll(body, "hi", "My name is Bob.")))
			s.post(path, strings.ReplaceAll(body, "hi", "My name is Carol."))
			s.scene("default")
			_, _, answer := s.post(path, strings.ReplaceAll(body, `"hi"`, `"What is my name?"`))
			if !strings.Contains(answer, "Your name is Alice.") {
				t.Errorf("%s, %s: %s", path, scene, clipped(answer))
			}
		}
	}
}

// TestRefusedDefaultModel: a default that the account does not have is replaced once by
// its first model; if that one is refused too, the answer says which there are.
func TestRefusedDefaultModel(t *testing.T) {
	for path, body := range map[string]string{
		"/v1/responses":        `{"input":"hi"}`,
		"/v1/chat/completions": `{"messages":[{"role":"user","content":"hi"}]}`,
	} {
		s := newStand(t, func(c *Config) { c.DefaultModel = "gpt-0" })
		status, header, answer := s.post(path, body)
		if status != http.StatusOK || header.Get("X-Codexctl-Model") != "gpt-6-sol" || gjson.Get(answer, "model").Str != "gpt-6-sol" {
			t.Errorf("%s: %d %q %s", path, status, header.Get("X-Codexctl-Model"), clipped(answer))
		}
		s.scene("not-found-model")
		status, _, answer = s.post(path, body)
		if message := gjson.Get(answer, "error.message").Str; status != http.StatusBadRequest || !strings.Contains(message, "gpt-5.6-terra") {
			t.Errorf("%s: %d %q, want the account's models named", path, status, message)
		}
	}
}
