package emulator

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/tidwall/gjson"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// start returns an emulator whose clock stands still in 2026.
func start(t testing.TB, config Config) *Emulator {
	t.Helper()
	if config.Now == nil {
		config.Now = func() time.Time { return time.Date(2026, 11, 21, 8, 0, 0, 0, time.UTC) }
	}
	if config.BaseURL == "" {
		config.BaseURL = "http://127.0.0.1:8099"
	}
	return New(config)
}

// call is one request of a test. The zero values of its fields are those of a
// polite client.
type call struct {
	method, path, body string
	bearer             string
	header             http.Header // replaces; an empty value removes
}

// do makes the request in memory. The caller closes the body.
func (e *Emulator) do(ctx context.Context, c call) (*http.Response, error) {
	r, err := http.NewRequestWithContext(ctx, c.method, "http://127.0.0.1:8099"+c.path, strings.NewReader(c.body))
	if err != nil {
		return nil, err
	}
	r.Header.Set("User-Agent", "codexctl-test/1.0")
	if c.body != "" {
		r.Header.Set("Content-Type", "application/json")
	}
	if c.bearer != "" {
		r.Header.Set("Authorization", "Bearer "+c.bearer)
	}
	for name, values := range c.header {
		r.Header[name] = values
	}
	return e.Transport().RoundTrip(r)
}

// reply is an answer, read to its end.
type reply struct {
	status int
	header http.Header
	body   string
	err    error // of reading the body
}

// get makes the request and reads the whole answer.
func (e *Emulator) get(t testing.TB, c call) reply {
	t.Helper()
	response, err := e.do(t.Context(), c)
	if err != nil {
		return reply{err: err}
	}
	body, err := io.ReadAll(response.Body)
	_ = response.Body.Close()
	return reply{response.StatusCode, response.Header, string(body), err}
}

// ask sends a prompt body to /responses as somebody freshly signed in.
func (e *Emulator) ask(t testing.TB, body string) reply {
	t.Helper()
	return e.get(t, call{method: "POST", path: responsesPath, body: body, bearer: e.Login(LoginOptions{}).AccessToken})
}

// askIn asks in a scene and wants status 200.
func askIn(t testing.TB, s Scene, body string) reply {
	t.Helper()
	if err := s.Validate(); err != nil {
		t.Fatal(err)
	}
	r := start(t, Config{Scene: s}).ask(t, body)
	if r.status != http.StatusOK {
		t.Fatalf("status = %d, want 200; body %s", r.status, r.body)
	}
	return r
}

// prompt is a body that breaks no rule. Fields are replaced by those of changes,
// a JSON object; null removes a field.
func prompt(t testing.TB, changes string) string {
	t.Helper()
	body := map[string]json.RawMessage{}
	base := `{"model":"gpt-5.5","instructions":"Be brief.","input":[{"type":"message","role":"user","content":"hi"}],"store":false,"stream":true}`
	for _, text := range []string{base, changes} {
		if text == "" {
			continue
		}
		if err := json.Unmarshal([]byte(text), &body); err != nil {
			t.Fatalf("%s: %v", text, err)
		}
	}
	for name, value := range body {
		if string(value) == "null" {
			delete(body, name)
		}
	}
	return string(encode(body))
}

// said makes an input list of one user message.
func said(text string) string {
	return `{"input":[{"type":"message","role":"user","content":` + string(encode(text)) + `}]}`
}

// event is one parsed event of a plain stream.
type event struct {
	name string
	data gjson.Result
}

// events parses a stream in plain form and fails on anything else.
func events(t testing.TB, body string) []event {
	t.Helper()
	var list []event
	for block := range strings.SplitAfterSeq(body, "\n\n") {
		if block == "" {
			continue
		}
		lines := strings.Split(strings.TrimSuffix(block, "\n\n"), "\n")
		if len(lines) != 2 || !strings.HasPrefix(lines[0], "event: ") || !strings.HasPrefix(lines[1], "data: ") {
			t.Fatalf("not a plain frame: %.200q", block)
		}
		data := strings.TrimPrefix(lines[1], "data: ")
		if !json.Valid([]byte(data)) {
			t.Fatalf("data is not JSON: %.200q", data)
		}
		list = append(list, event{strings.TrimPrefix(lines[0], "event: "), gjson.Parse(data)})
	}
	return list
}

// types lists the types, runs of equal ones once.
func types(list []event) []string {
	var names []string
	for _, e := range list {
		if len(names) == 0 || names[len(names)-1] != e.data.Get("type").String() {
			names = append(names, e.data.Get("type").String())
		}
	}
	return names
}

// text joins the text deltas.
func text(list []event) string {
	var b bytes.Buffer
	for _, e := range list {
		if e.data.Get("type").String() == "response.output_text.delta" {
			b.WriteString(e.data.Get("delta").String())
		}
	}
	return b.String()
}

// last returns the last event of a type, or fails.
func last(t testing.TB, list []event, kind string) gjson.Result {
	t.Helper()
	for n := len(list) - 1; n >= 0; n-- {
		if list[n].data.Get("type").String() == kind {
			return list[n].data
		}
	}
	t.Fatalf("no %s among %v", kind, types(list))
	return gjson.Result{}
}

// checkNumbers wants sequence numbers from 0 without gaps.
func checkNumbers(t testing.TB, list []event) {
	t.Helper()
	want := int64(0)
	for _, e := range list {
		number := e.data.Get("sequence_number")
		if !number.Exists() {
			continue
		}
		if number.Int() != want {
			t.Fatalf("%s has sequence_number %d, want %d", e.name, number.Int(), want)
		}
		want++
	}
}

// contextWithTimeout is a context of the test that ends after d.
func contextWithTimeout(t testing.TB, d time.Duration) (context.Context, context.CancelFunc) {
	t.Helper()
	return context.WithTimeout(t.Context(), d)
}
