package emulator

import (
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"
	"github.com/tidwall/gjson"
)

const recordings = "../../../shared/recordings"

// shape is what an event looks like from afar: its field names in order, and
// those of the objects inside.
func shape(v gjson.Result) string {
	var b strings.Builder
	switch {
	case v.IsObject():
		b.WriteByte('{')
		v.ForEach(func(key, value gjson.Result) bool {
			b.WriteString(key.String())
			// What a caller sent is echoed and of any shape.
			if k := key.String(); k != "tools" && k != "instructions" && k != "format" {
				b.WriteString(shape(value))
			}
			b.WriteByte(' ')
			return true
		})
		b.WriteByte('}')
	case v.IsArray():
		b.WriteString("[" + shape(v.Get("0")) + "]")
	}
	return b.String()
}

func TestAnswersHaveTheShapeOfTheRecordings(t *testing.T) {
	// Different texts have different numbers of deltas; each event's first stands
	// for all.
	names := []string{"test_codex_invoke.0", "test_codex_function_calling.0", "test_codex_custom_tool.0",
		"test_codex_custom_tool.1", "test_codex_reasoning_summary_streaming.0", "test_codex_structured_output_typed_dict.0", "test_codex_multi_turn_no_tools.1"}
	for _, name := range names {
		t.Run(name, func(t *testing.T) {
			about, err := os.ReadFile(filepath.Join(recordings, name+".json"))
			if err != nil {
				t.Skip("the recordings are not here: ", err)
			}
			body, err := os.ReadFile(filepath.Join(recordings, name+".sse"))
			if err != nil {
				t.Fatal(err)
			}
			want := events(t, string(body))
			answer := askIn(t, Scene{FullOutput: true}, gjson.GetBytes(about, "request").Raw)
			got := events(t, answer.body)
			if diff := cmp.Diff(types(want), types(got)); diff != "" {
				t.Errorf("types (-recorded +ours):\n%s", diff)
			}
			if diff := cmp.Diff(shapes(want), shapes(got)); diff != "" {
				t.Errorf("shapes (-recorded +ours):\n%s", diff)
			}
			for _, header := range gjson.GetBytes(about, "response_header_names").Array() {
				if h := header.String(); strings.HasPrefix(h, "x-") && answer.header.Values(h) == nil {
					t.Errorf("header %s is missing", h)
				}
			}
		})
	}
}

// shapes maps each event type to the shape of its first event.
func shapes(list []event) map[string]string {
	m := map[string]string{}
	for _, e := range list {
		if _, seen := m[e.name]; !seen {
			m[e.name] = shape(e.data)
		}
	}
	return m
}

func TestReplay(t *testing.T) {
	const stream = "event: response.created\ndata: {\"type\":\"response.created\"}\n\nevent: response.completed\ndata: {\"type\":\"response.completed\"}\n\n"
	folder := fstest.MapFS{
		"one.json": {Data: []byte(`{"status":200,"request":{"model":"gpt-5.5","input":[{"role":"user","content":"1"}],"tools":[]}}`)},
		"one.sse":  {Data: []byte(stream)},
		"two.json": {Data: []byte(`{"status":429,"request":{"model":"gpt-5.5","input":[{"role":"user","content":"2"}]}}`)},
		"two.sse":  {Data: []byte(`{"error":{"type":"usage_limit_reached"}}`)},
	}
	e := start(t, Config{Replay: folder})
	bearer := e.Login(LoginOptions{}).AccessToken
	send := func(body string, header http.Header) reply {
		return e.get(t, call{method: "POST", path: responsesPath, body: body, bearer: bearer, header: header})
	}
	if got := send(`{"input":[{"content":"1","role":"user"}],"model":"gpt-5.5"}`, nil); got.status != 200 || got.body != stream || got.header.Get("Content-Type") != "" {
		t.Errorf("matched: %d %v %s", got.status, got.header, got.body)
	}
	if got := send(`{"input":[{"content":"2","role":"user"}],"model":"gpt-5.5"}`, nil); got.status != 429 || !strings.Contains(got.body, "usage_limit_reached") {
		t.Errorf("matched error: %d %s", got.status, got.body)
	}
	if got := send(`{}`, http.Header{ReplayHeader: {"one"}}); got.body != stream {
		t.Errorf("by name: %d %s", got.status, got.body)
	}
	if got := send(`{}`, nil); got.status != 404 {
		t.Errorf("no match: %d %s", got.status, got.body)
	}
	if got := send(`{}`, http.Header{ReplayHeader: {"one"}, SceneHeader: {"end-without-terminal"}}); strings.Contains(got.body, "completed") {
		t.Errorf("cut: %s", got.body)
	}
	if got := send(`{}`, http.Header{ReplayHeader: {"one"}, SceneHeader: {"byte-writes"}}); got.body != stream {
		t.Errorf("byte by byte: %s", got.body)
	}
	delete(folder, "two.json")
	e = start(t, Config{Replay: folder})
	bearer = e.Login(LoginOptions{}).AccessToken
	if got := send(`{}`, nil); got.body != stream {
		t.Errorf("the only one: %d %s", got.status, got.body)
	}
	for name, broken := range map[string]fstest.MapFS{
		"empty":     {},
		"no body":   {"a.json": {Data: []byte(`{"status":200}`)}},
		"no status": {"a.json": {Data: []byte(`{}`)}, "a.sse": {}},
		"no JSON":   {"a.json": {Data: []byte(`x`)}, "a.sse": {}},
	} {
		e = start(t, Config{Replay: broken})
		bearer = e.Login(LoginOptions{}).AccessToken
		if got := send(`{}`, nil); got.status != 500 || !strings.Contains(got.body, "recording") {
			t.Errorf("%s: %d %s", name, got.status, got.body)
		}
	}
}

func TestReplayOfAllRecordings(t *testing.T) {
	names, _ := filepath.Glob(filepath.Join(recordings, "*.sse"))
	if len(names) == 0 {
		t.Skip("the recordings are not here")
	}
	e := start(t, Config{Replay: os.DirFS(recordings), Scene: Scene{Writes: WritesRandom}})
	bearer := e.Login(LoginOptions{}).AccessToken
	for _, name := range slices.Sorted(slices.Values(names)) {
		want, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		got := e.get(t, call{method: "POST", path: responsesPath, body: "{}", bearer: bearer,
			header: http.Header{ReplayHeader: {strings.TrimSuffix(filepath.Base(name), ".sse")}}})
		if got.body != string(want) {
			t.Errorf("%s: %d, the bytes differ", name, got.status)
		}
	}
}
