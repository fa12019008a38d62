//go:build unix

package main

import (
	"bytes"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/tidwall/gjson"
)

// The program reads real answers of the backend as their own final object says them,
// whatever pieces they come in.
func TestRecordings(t *testing.T) {
	dir := recordings()
	if dir == "" {
		t.Skip("the recordings are not here")
	}
	files, err := filepath.Glob(filepath.Join(dir, "*.sse"))
	if err != nil || len(files) == 0 {
		t.Fatalf("no recording in %s: %v", dir, err)
	}
	for _, file := range sampled(files) {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".sse"), func(t *testing.T) {
			t.Parallel()
			body := readFile(t, file)
			about := readFile(t, strings.TrimSuffix(file, ".sse")+".json")
			payload := filepath.Join(t.TempDir(), "payload.json")
			if err := os.WriteFile(payload, []byte(gjson.Get(about, "request").Raw), 0o600); err != nil {
				t.Fatal(err)
			}
			want := recordedAnswer(t, body)
			for _, pieces := range []struct {
				name string
				size int
			}{{"whole", len(body)}, {"one byte per write", 1}} {
				t.Run(pieces.name, func(t *testing.T) {
					server := httptest.NewServer(replay(body, pieces.size))
					defer server.Close()
					got := readAnswer(run(t, server.URL, "respond", "--payload", payload, "--json"))
					if diff := cmp.Diff(want, got); diff != "" {
						t.Errorf("respond --json (-want +got):\n%s", diff)
					}
					if got := run(t, server.URL, "respond", "--payload", payload, "--sse"); got != body {
						t.Errorf("respond --sse gives %d bytes that differ from the %d recorded", len(got), len(body))
					}
					if text := run(t, server.URL, "respond", "--payload", payload, "--stream"); !strings.HasPrefix(text, want.Text) {
						t.Errorf("respond --stream gives %q, want %q first", text, want.Text)
					}
				})
			}
		})
	}
}

// recorded is what matters of an answer.
type recorded struct {
	ID, Status, Text string
	Calls            []string // name and arguments
	Usage            string
}

// recordedAnswer puts an answer together from its events, by other means than the
// program: the finished items, and the final object's usage.
func recordedAnswer(t *testing.T, body string) recorded {
	t.Helper()
	object := ""
	var items []string
	for line := range strings.Lines(body) {
		data, ok := strings.CutPrefix(line, "data: ")
		if !ok {
			continue
		}
		switch gjson.Get(data, "type").Str {
		case "response.output_item.done":
			items = append(items, gjson.Get(data, "item").Raw)
		case "response.completed":
			object = gjson.Get(data, "response").Raw
		}
	}
	if object == "" || len(items) == 0 {
		t.Fatal("the recording holds no completed answer")
	}
	want := readAnswer(object)
	if len(gjson.Get(object, "output").Array()) == 0 {
		want = readAnswer(`{"output":[` + strings.Join(items, ",") + `],` + strings.TrimPrefix(object, "{"))
	}
	return want
}

// readAnswer takes what matters from a Response object. The first of two fields of one
// name counts.
func readAnswer(object string) recorded {
	a := recorded{
		ID:     gjson.Get(object, "id").Str,
		Status: gjson.Get(object, "status").Str,
		Usage:  gjson.Get(object, "usage").Raw,
	}
	for _, item := range gjson.Get(object, "output").Array() {
		switch item.Get("type").Str {
		case "message":
			for _, part := range item.Get("content").Array() {
				a.Text += part.Get("text").Str
			}
		case "function_call":
			a.Calls = append(a.Calls, item.Get("name").Str+" "+item.Get("arguments").Str)
		case "custom_tool_call":
			a.Calls = append(a.Calls, item.Get("name").Str+" "+item.Get("input").Str)
		}
	}
	return a
}

// replay answers every request with a body in pieces of one size. Like the backend it
// sends no Content-Type.
func replay(body string, size int) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header()["Content-Type"] = nil
		out := http.NewResponseController(w)
		for rest := body; rest != ""; {
			n := min(size, len(rest))
			if _, err := w.Write([]byte(rest[:n])); err != nil {
				return
			}
			if err := out.Flush(); err != nil {
				return
			}
			rest = rest[n:]
		}
	})
}

// run gives the stdout of the program, which must succeed and say nothing else.
func run(t *testing.T, url string, args ...string) string {
	t.Helper()
	var stdout, stderr bytes.Buffer
	cmd := codexctl(url, args...)
	cmd.Env = append(cmd.Env, "CODEXCTL_ACCESS_TOKEN=a-token")
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	if err := cmd.Run(); err != nil || stderr.Len() > 0 {
		t.Fatalf("codexctl %s: %v\n%s", strings.Join(args, " "), err, &stderr)
	}
	return stdout.String()
}
