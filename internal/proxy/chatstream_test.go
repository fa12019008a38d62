package proxy

import (
	"bufio"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/codexctl/codexctl/pkg/responses"
)

// pipedBackend answers with what the test writes.
type pipedBackend struct{ body io.ReadCloser }

func (b pipedBackend) RoundTrip(r *http.Request) (*http.Response, error) {
	return &http.Response{
		StatusCode: http.StatusOK, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1, Header: http.Header{}, Body: b.body, Request: r,
	}, nil
}

// proxy.md, streaming: what the backend has said reaches the caller before the backend
// says more, also when events that came together end with one that has no chunk.
func TestChatChunksDoNotWaitForEventsWithoutChunks(t *testing.T) {
	body, backend := io.Pipe()
	server := httptest.NewServer(New(Config{
		Client:  &responses.Client{HTTPClient: &http.Client{Transport: pipedBackend{body}}},
		Explain: func(err error) Problem { return Problem{Message: err.Error()} },
	}))
	defer server.Close()
	defer backend.Close()
	go func() {
		// One write is one read, so all of it is there at once. Nothing follows until the
		// test ends: a caller that waits for it hangs the test.
		_, _ = io.WriteString(backend, strings.Join([]string{
			`data: {"type":"response.created","response":{"id":"resp_1","model":"gpt-5.5","status":"in_progress","output":[]}}`,
			`data: {"type":"response.output_item.added","output_index":0,"item":{"id":"msg_1","type":"message","role":"assistant","status":"in_progress","content":[]}}`,
			`data: {"type":"response.output_text.delta","output_index":0,"content_index":0,"item_id":"msg_1","delta":"Hello"}`,
			`data: {"type":"response.content_part.added","output_index":0,"content_index":1,"item_id":"msg_1","part":{"type":"output_text","text":""}}`,
		}, "\n\n")+"\n\n")
	}()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, server.URL+"/v1/chat/completions",
		strings.NewReader(`{"model":"gpt-5.5","stream":true,"messages":[{"role":"user","content":"hi"}]}`))
	if err != nil {
		t.Fatal(err)
	}
	response, err := server.Client().Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	lines := bufio.NewScanner(response.Body)
	for lines.Scan() {
		if strings.Contains(lines.Text(), "Hello") {
			return
		}
	}
	t.Fatalf("the stream has ended without the text: %v", lines.Err())
}
