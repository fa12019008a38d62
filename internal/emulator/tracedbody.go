package emulator

import (
	"io"
	"net/http"
	"net/http/httptrace"
	"sync"
)

// tracedBody tells the request's trace that all has been sent, as a network transport
// does, once the emulator has read the body or will read no more of it.
type tracedBody struct {
	io.ReadCloser
	sent func()
}

func withTrace(body io.ReadCloser, request *http.Request) io.ReadCloser {
	trace := httptrace.ContextClientTrace(request.Context())
	if trace == nil || trace.WroteRequest == nil {
		return body
	}
	sent := sync.OnceFunc(func() { trace.WroteRequest(httptrace.WroteRequestInfo{}) })
	if body == http.NoBody {
		sent()
	}
	return &tracedBody{body, sent}
}

// Read reads on.
func (b *tracedBody) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	if err != nil {
		b.sent()
	}
	return n, err
}

// Close ends the body.
func (b *tracedBody) Close() error {
	b.sent()
	return b.ReadCloser.Close()
}
