package cli

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/tidwall/gjson"

	"github.com/codexctl/codexctl/internal/proxy"
)

// startMetrics makes the metrics library start what it runs for the life of a process,
// outside of any test's own clock.
func startMetrics(t *testing.T) {
	t.Helper()
	newProgram(t).visit(t, "native")
}

// server is `codexctl serve` as its command wires it, without a socket.
func (p *program) server(t *testing.T) (handler http.Handler, finish func()) {
	t.Helper()
	inv := &invocation{
		env: &p.Env, global: defaultGlobals(), path: []string{"serve"},
		given: make(map[string]bool), origin: make(map[string]found),
	}
	o := &serveOptions{instructionsMode: "default", noStore: true}
	if err := inv.applySettings(t.Context(), inv.global.flags(), o.flags()); err != nil {
		t.Fatal(err)
	}
	inv.openStreams()
	config, finish, err := o.config(t.Context(), inv, "", slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	return proxy.New(config), finish
}

// visit asks the server on one of its routes: "native", "chat stream".
func (p *program) visit(t *testing.T, route string) *httptest.ResponseRecorder {
	t.Helper()
	p.runs.Add(1)
	handler, finish := p.server(t)
	defer finish()
	path, body := "/v1/responses", `{"model":"gpt-5.5","input":"hi"}`
	if strings.HasPrefix(route, "chat") {
		path, body = "/v1/chat/completions", `{"model":"gpt-5.5","messages":[{"role":"user","content":"hi"}]}`
	}
	if strings.HasSuffix(route, "stream") {
		body = strings.TrimSuffix(body, "}") + `,"stream":true}`
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Hour)
	defer cancel()
	r := httptest.NewRequestWithContext(ctx, http.MethodPost, "http://localhost:8000"+path, strings.NewReader(body))
	answer := httptest.NewRecorder()
	begin := time.Now()
	handler.ServeHTTP(answer, r)
	if took := time.Since(begin); took > hangs {
		t.Errorf("%s hangs: %s", route, took)
	}
	return answer
}

// routeForms are both routes of `serve`, each with a whole answer and with a stream.
func (a *asker) routeForms() faultRow {
	got := faultRow{}
	for _, route := range []string{"native", "native stream", "chat", "chat stream"} {
		a.begin()
		answer := a.visit(a.t, route)
		a.requests[route] = tries(a.asked(responsesPath))
		var text string
		whole := true
		switch {
		case answer.Code != http.StatusOK:
			got[route] = refusal(a.t, answer)
			continue // there is no place for a text
		case route == "native":
			response := gjson.Parse(answer.Body.String())
			got[route], text = "200 "+response.Get("status").Str, outputText(response)
		case route == "chat":
			choice := gjson.Get(answer.Body.String(), "choices.0")
			got[route] = "200 " + choice.Get("finish_reason").Str
			text = a.chatText(choice.Get("message"))
		case route == "native stream":
			got[route], text, whole = a.nativeStream(answer)
		default:
			got[route], text = a.chatStream(answer)
		}
		if whole {
			a.texts[route] = a.kept(text)
		}
	}
	return got
}

// refusal is the cell of an answer that is an error.
func refusal(t *testing.T, answer *httptest.ResponseRecorder) string {
	t.Helper()
	e := gjson.Get(answer.Body.String(), "error")
	for _, name := range []string{"message", "type", "code", "param"} {
		if !e.Get(name).Exists() {
			t.Errorf("the error has no %s: %s", name, answer.Body)
		}
	}
	if message := e.Get("message").Str; message == "" || strings.Contains(message, "<") {
		t.Errorf("the message is empty or has markup: %q", message)
	}
	if got := answer.Header().Get("Content-Type"); got != "application/json" {
		t.Errorf("Content-Type of an error: got %q, want application/json", got)
	}
	return fmt.Sprintf("%d %s", answer.Code, e.Get("code").Str)
}

// chatText is what a message or a delta says. Other refusals than the model's own are in
// the words of the backend, and no text of the answer.
func (a *asker) chatText(message gjson.Result) string {
	if a.scene.Refusal == "" {
		return message.Get("content").Str
	}
	return message.Get("refusal").Str
}

func (a *asker) nativeStream(answer *httptest.ResponseRecorder) (cell, text string, whole bool) {
	a.streamHeaders(answer)
	events := framesOf(answer.Body.String()).events()
	text, whole = a.oneEnd("native stream", events, "code")
	a.numbers(events)
	if len(events) == 0 {
		return "nothing", text, whole
	}
	last := events[len(events)-1]
	switch kind := last.Get("type").Str; kind {
	case "error":
		cell = "200, then error " + last.Get("code").Str
	case "response.failed":
		cell = "200, then failed " + last.Get("response.error.code").Str
	default:
		cell = "200 " + strings.TrimPrefix(kind, "response.")
		if got := outputText(last.Get("response")); a.kept(got) != a.kept(text) && whole && !a.scene.FloodBare {
			a.t.Errorf("the terminal event has the text %q, the deltas %q", got, text)
		}
	}
	return cell, text, whole
}

// numbers checks that what the server adds goes on counting.
func (a *asker) numbers(events []gjson.Result) {
	before := int64(-1)
	for _, e := range events {
		number := e.Get("sequence_number")
		if !number.Exists() {
			continue
		}
		if !a.scene.Garbage && number.Int() != before+1 {
			a.t.Errorf("sequence_number %d comes after %d", number.Int(), before)
		}
		before = number.Int()
	}
}

// chatStream finds exactly one end: a finish reason and [DONE], or one error.
func (a *asker) chatStream(answer *httptest.ResponseRecorder) (cell, text string) {
	a.streamHeaders(answer)
	var ends []string
	done := 0
	var b strings.Builder
	frames := framesOf(answer.Body.String())
	for i, f := range frames {
		if strings.HasPrefix(f.text, ":") {
			continue // the model is at work
		}
		if f.text != "data: "+f.data()+"\n\n" {
			a.t.Errorf("a frame of other form than data and a blank line: %q", f.text)
		}
		last := i == len(frames)-1
		data := gjson.Parse(f.data())
		switch reason := data.Get("choices.0.finish_reason"); {
		case f.data() == "[DONE]":
			if done++; !last {
				a.t.Error("[DONE] is not the last frame")
			}
		case data.Get("error").Exists():
			if ends = append(ends, "200, then error "+data.Get("error.code").Str); !last {
				a.t.Error("the error is not the last frame")
			}
		case reason.Type == gjson.String:
			ends = append(ends, "200 "+reason.Str)
		}
		b.WriteString(a.chatText(data.Get("choices.0.delta")))
	}
	if len(ends) != 1 || done == 1 == strings.Contains(ends[0], "error") {
		a.t.Errorf("the ends %q and %d [DONE], want one end, and [DONE] unless it is an error", ends, done)
	}
	return strings.Join(ends, "; "), b.String()
}

func (a *asker) streamHeaders(answer *httptest.ResponseRecorder) {
	for name, want := range map[string]string{"Content-Type": "text/event-stream", "Cache-Control": "no-cache", "X-Accel-Buffering": "no"} {
		if got := answer.Header().Get(name); got != want {
			a.t.Errorf("%s of a stream: got %q, want %q", name, got, want)
		}
	}
}

// eventFrames are the frames of a stream of events.
type eventFrames []eventFrame

// eventFrame is one, with its blank line, lines ended by LF.
type eventFrame struct{ text string }

// framesOf takes a stream apart, whatever ends its lines.
func framesOf(stream string) eventFrames {
	stream = strings.TrimPrefix(strings.NewReplacer("\r\n", "\n", "\r", "\n").Replace(stream), "\ufeff")
	var frames eventFrames
	for text := range strings.SplitAfterSeq(stream, "\n\n") {
		if strings.TrimSpace(text) != "" {
			frames = append(frames, eventFrame{text})
		}
	}
	return frames
}

// data are the joined data lines; empty for a comment.
func (f eventFrame) data() string {
	var lines []string
	for line := range strings.Lines(f.text) {
		if data, ok := strings.CutPrefix(strings.TrimSuffix(line, "\n"), "data:"); ok {
			lines = append(lines, strings.TrimPrefix(data, " "))
		}
	}
	return strings.Join(lines, "\n")
}

// events are the frames' data, of those that have some that is JSON.
func (frames eventFrames) events() []gjson.Result {
	var events []gjson.Result
	for _, f := range frames {
		if data := f.data(); gjson.Valid(data) {
			events = append(events, gjson.Parse(data))
		}
	}
	return events
}
