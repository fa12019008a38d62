package proxy

import (
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/codexctl/codexctl/pkg/responses"
)

// repeated is a backend in memory that gives one answer again and again.
type repeated struct{ body string }

func (a repeated) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.Body != nil {
		_ = r.Body.Close()
	}
	return &http.Response{
		StatusCode: http.StatusOK, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1, Header: http.Header{},
		Body: io.NopCloser(strings.NewReader(a.body)), Request: r,
	}, nil
}

// streamOf is the answer of a backend in so many deltas.
func streamOf(deltas int) string {
	var b strings.Builder
	frame := func(name, rest string) {
		fmt.Fprintf(&b, "event: %s\ndata: {\"type\":%q,%s}\n\n", name, name, rest)
	}
	frame("response.created", `"response":{"id":"resp_1","object":"response","model":"gpt-5.5","output":[]},"sequence_number":0`)
	frame("response.output_item.added", `"item":{"id":"msg_1","type":"message","content":[],"role":"assistant"},"output_index":0,"sequence_number":1`)
	for i := range deltas {
		frame("response.output_text.delta", fmt.Sprintf(`"content_index":0,"delta":" word","item_id":"msg_1","logprobs":[],"obfuscation":"0123456789a","output_index":0,"sequence_number":%d`, i+2))
	}
	item := `{"id":"msg_1","type":"message","content":[{"type":"output_text","text":"` + strings.Repeat(" word", deltas) + `"}],"role":"assistant"}`
	frame("response.output_item.done", `"item":`+item+`,"output_index":0,"sequence_number":9`)
	frame("response.completed", `"response":{"id":"resp_1","object":"response","model":"gpt-5.5","output":[`+item+`],"usage":{"input_tokens":9,"output_tokens":9,"total_tokens":18}},"sequence_number":10`)
	return b.String()
}

// nowhere is a caller who reads at once and remembers nothing.
type nowhere struct {
	header http.Header
	bytes  int
}

func (w *nowhere) Header() http.Header         { return w.header }
func (w *nowhere) WriteHeader(int)             {}
func (w *nowhere) Flush()                      {}
func (w *nowhere) Write(p []byte) (int, error) { w.bytes += len(p); return len(p), nil }

func benchmarkAnswer(b *testing.B, path, body string, deltas int) {
	client := &responses.Client{HTTPClient: &http.Client{Transport: repeated{streamOf(deltas)}}}
	server := New(Config{Client: client, DefaultModel: "gpt-5.5", Explain: explainForTests})
	b.ReportAllocs()
	for b.Loop() {
		r, err := http.NewRequest(http.MethodPost, "http://localhost"+path, strings.NewReader(body))
		if err != nil {
			b.Fatal(err)
		}
		w := &nowhere{header: http.Header{}}
		server.ServeHTTP(w, r)
		if w.bytes < deltas*len(" word") {
			b.Fatalf("%d bytes came", w.bytes)
		}
	}
}

func BenchmarkNative(b *testing.B) {
	benchmarkAnswer(b, "/v1/responses", `{"model":"gpt-5.5","input":"hi","store":false,"stream":true}`, 40)
}

func BenchmarkNativeLong(b *testing.B) {
	benchmarkAnswer(b, "/v1/responses", `{"model":"gpt-5.5","input":"hi","store":false,"stream":true}`, 2000)
}

func BenchmarkChat(b *testing.B) {
	benchmarkAnswer(b, "/v1/chat/completions", `{"model":"gpt-5.5","messages":[{"role":"user","content":"hi"}],"stream":true}`, 40)
}

func BenchmarkChatLong(b *testing.B) {
	benchmarkAnswer(b, "/v1/chat/completions", `{"model":"gpt-5.5","messages":[{"role":"user","content":"hi"}],"stream":true}`, 2000)
}
