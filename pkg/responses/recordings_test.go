package responses

import (
	"bytes"
	"errors"
	"io"
	"math/rand/v2"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/google/go-cmp/cmp"
	"github.com/tidwall/gjson"
	"github.com/tidwall/sjson"
)

// recordings are real answers of the backend, by name. They stay outside the project.
func recordings(t *testing.T) map[string][]byte {
	t.Helper()
	names, _ := filepath.Glob("../../../shared/recordings/*.sse")
	if len(names) == 0 {
		t.Skip("the recordings are not beside this checkout")
	}
	all := make(map[string][]byte)
	for _, name := range names {
		data, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		all[filepath.Base(name)] = data
	}
	return all
}

// data are the data lines of a stream, read without the package under test.
func data(stream []byte) []string {
	var all []string
	for line := range strings.Lines(string(stream)) {
		if text, ok := strings.CutPrefix(line, "data: "); ok {
			all = append(all, strings.TrimSuffix(text, "\n"))
		}
	}
	return all
}

// summary is what callers read of an answer.
type summary struct {
	ID, Model, Status, Text, Reasoning string
	Calls                              []ToolCall
	Usage                              Usage
	Output                             []string
}

func summarize(r *Response) summary {
	s := summary{
		ID: r.ID, Model: r.Model, Status: r.Status, Text: r.Text(), Reasoning: r.Reasoning(),
		Calls: r.ToolCalls(), Usage: *r.Usage,
	}
	for _, item := range r.Output {
		s.Output = append(s.Output, string(item))
	}
	return s
}

// expected reads the summary out of the final object alone.
func expected(final string) summary {
	o := gjson.Get(final, "response")
	s := summary{
		ID: o.Get("id").Str, Model: o.Get("model").Str, Status: "completed",
		Usage: Usage{
			o.Get("usage.input_tokens").Int(), o.Get("usage.input_tokens_details.cached_tokens").Int(), o.Get("usage.output_tokens").Int(),
			o.Get("usage.output_tokens_details.reasoning_tokens").Int(), o.Get("usage.total_tokens").Int(),
		},
	}
	for _, item := range o.Get("output").Array() {
		s.Output = append(s.Output, item.Raw)
		switch item.Get("type").Str {
		case "message":
			for _, part := range item.Get("content").Array() {
				s.Text += part.Get("text").Str
			}
		case "reasoning":
			for i, part := range item.Get("summary").Array() {
				s.Reasoning += strings.Repeat("\n\n", min(i, 1)) + part.Get("text").Str
			}
		case "function_call":
			s.Calls = append(s.Calls, ToolCall{item.Get("call_id").Str, item.Get("name").Str, item.Get("arguments").Str, false})
		case "custom_tool_call":
			s.Calls = append(s.Calls, ToolCall{item.Get("call_id").Str, item.Get("name").Str, item.Get("input").Str, true})
		}
	}
	return s
}

func writes(stream []byte, size int) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header()["Content-Type"] = nil
		for rest := stream; len(rest) > 0; {
			n := min(size, len(rest))
			_, _ = w.Write(rest[:n])
			w.(http.Flusher).Flush()
			rest = rest[n:]
		}
	}
}

// reads is a client whose backend gives a stream through a reader of the test.
func reads(from func() io.Reader) *Client {
	c, _ := trips(func(*http.Request) (*http.Response, error) {
		return &http.Response{StatusCode: 200, Header: http.Header{}, Body: io.NopCloser(from())}, nil
	})
	return c
}

func TestRecordingsAreGathered(t *testing.T) {
	for name, stream := range recordings(t) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			lines := data(stream)
			final := lines[len(lines)-1]
			want := expected(final)
			emptied, _ := sjson.SetRaw(final, "response.output", "[]")
			if want.Text == "" && len(want.Calls) == 0 {
				t.Fatal("the recording has neither text nor calls: the test is wrong")
			}
			for how, c := range map[string]*Client{
				"whole":            serve(t, writes(stream, len(stream))).client(),
				"in small writes":  serve(t, writes(stream, 97)).client(),
				"one byte a read":  reads(func() io.Reader { return iotest.OneByteReader(bytes.NewReader(stream)) }),
				"empty output":     reads(func() io.Reader { return strings.NewReader(strings.Replace(string(stream), final, emptied, 1)) }),
				"lines end CRLF":   reads(func() io.Reader { return bytes.NewReader(bytes.ReplaceAll(stream, []byte("\n"), []byte("\r\n"))) }),
				"no last new line": reads(func() io.Reader { return bytes.NewReader(bytes.TrimRight(stream, "\n")) }),
			} {
				got, err := ask(t, c)
				if err != nil {
					t.Fatalf("%s: %v", how, err)
				}
				if diff := cmp.Diff(want, summarize(got)); diff != "" {
					t.Errorf("%s: answer (-want +got):\n%s", how, diff)
				}
			}
		})
	}
}

// One real server that writes byte by byte is enough: it makes one packet of each.
func TestRecordingByteByByteThroughAServer(t *testing.T) {
	stream, ok := recordings(t)["test_codex_invoke.0.sse"]
	if !ok {
		t.Skip("the recording is gone")
	}
	lines := data(stream)
	got, err := ask(t, serve(t, writes(stream, 1)).client())
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(expected(lines[len(lines)-1]), summarize(got)); diff != "" {
		t.Errorf("answer (-want +got):\n%s", diff)
	}
}

func TestRecordingsThroughTheSinks(t *testing.T) {
	for name, stream := range recordings(t) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			lines := data(stream)
			var text strings.Builder
			for _, line := range lines {
				switch e := gjson.Parse(line); e.Get("type").Str {
				case typeTextDelta:
					text.WriteString(e.Get("delta").Str)
				case typeItemDone:
					if strings.HasSuffix(e.Get("item.type").Str, "_call") {
						text.WriteString(strings.Repeat("\n", min(1, text.Len())) + e.Get("item").Raw + "\n")
					}
				}
			}
			want := strings.TrimSuffix(text.String(), "\n") + "\n"
			c := reads(func() io.Reader { return bytes.NewReader(stream) })

			s, _ := c.StreamBody(t.Context(), nil)
			var out bytes.Buffer
			if err := writeText(s, &out); err != nil || out.String() != want {
				t.Errorf("text = %q, %v, want %q", &out, err, want)
			}

			s, _ = c.StreamBody(t.Context(), nil)
			var raw bytes.Buffer
			if _, err := drain(s, NewFrameSink(&raw).Event); err != nil || !bytes.Equal(raw.Bytes(), stream) {
				t.Errorf("frames differ from the recording, error %v:\n%s", err, cmp.Diff(string(stream), raw.String()))
			}

			s, _ = c.StreamBody(t.Context(), nil)
			var listed bytes.Buffer
			if _, err := drain(s, NewLineSink(&listed).Event); err != nil || listed.String() != strings.Join(lines, "\n")+"\n" {
				t.Errorf("lines = %d, %v, want the %d data lines", bytes.Count(listed.Bytes(), []byte("\n")), err, len(lines))
			}
		})
	}
}

// randomReads gives a stream in reads of random size.
type randomReads struct {
	rest []byte
	rand *rand.Rand
}

func (r *randomReads) Read(p []byte) (int, error) {
	if len(r.rest) == 0 {
		return 0, io.EOF
	}
	n := copy(p, r.rest[:min(1+r.rand.IntN(900), len(r.rest))])
	r.rest = r.rest[n:]
	return n, nil
}

func TestRecordingsWhateverTheReads(t *testing.T) {
	for name, stream := range recordings(t) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			lines := data(stream)
			want := expected(lines[len(lines)-1])
			for seed := range uint64(100) {
				got, err := ask(t, reads(func() io.Reader { return &randomReads{stream, rand.New(rand.NewPCG(seed, 7))} }))
				if err != nil {
					t.Fatalf("split %d: %v", seed, err)
				}
				if diff := cmp.Diff(want, summarize(got)); diff != "" {
					t.Fatalf("split %d (-want +got):\n%s", seed, diff)
				}
			}
		})
	}
}

// A recording cut anywhere is an error, and what had arrived is kept.
func TestRecordingCutAnywhereIsAnError(t *testing.T) {
	stream, ok := recordings(t)["test_codex_stream.0.sse"]
	if !ok {
		t.Skip("the recording is gone")
	}
	lines := data(stream)
	whole := expected(lines[len(lines)-1]).Text
	for cut := 0; cut < len(bytes.TrimRight(stream, "\n")); cut += 13 {
		c := reads(func() io.Reader { return bytes.NewReader(stream[:cut]) })
		got, err := ask(t, c)
		if !errors.Is(err, ErrTruncated) && !errors.Is(err, ErrConnection) {
			t.Fatalf("cut at %d: error = %v, want %v or %v", cut, err, ErrTruncated, ErrConnection)
		}
		var want strings.Builder
		for _, line := range data(stream[:cut]) {
			if gjson.Valid(line) && gjson.Get(line, "type").Str == typeTextDelta {
				want.WriteString(gjson.Get(line, "delta").Str)
			}
		}
		if got != nil && (got.Text() != want.String() || !strings.HasPrefix(whole, got.Text())) {
			t.Fatalf("cut at %d: text = %q, want %q", cut, got.Text(), want.String())
		}
	}
}
