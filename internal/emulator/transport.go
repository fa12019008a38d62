package emulator

import (
	"context"
	"errors"
	"io"
	"net/http"
	"strconv"
	"sync"
)

// Transport returns a transport that reaches the emulator in memory, under any
// host name. It opens no socket and starts one goroutine for each request, which
// ends with its answer, so it also works inside a testing/synctest bubble.
//
// It is as strict as a network: an unset User-Agent becomes Go's own, a canceled
// request context breaks the answer, a body that is closed early tells the
// emulator that the client has gone.
func (e *Emulator) Transport() http.RoundTripper { return memoryTransport{e} }

type memoryTransport struct {
	handler http.Handler
}

// RoundTrip answers one request. It does not wait for the body of the answer.
func (t memoryTransport) RoundTrip(request *http.Request) (*http.Response, error) {
	if err := request.Context().Err(); err != nil {
		closeBody(request)
		return nil, err
	}
	ctx, cancel := context.WithCancel(context.WithValue(request.Context(), inMemory{}, true))
	reader, writer := io.Pipe()
	w := &memoryWriter{
		request: request,
		header:  make(http.Header),
		head:    make(chan *http.Response, 1),
		pipe:    writer,
	}
	body := &memoryBody{PipeReader: reader, cancel: cancel, done: make(chan struct{})}
	w.body = body
	// A handler that waits in Write for a reader who has left must learn of it,
	// even if nobody ever closes the body.
	unwatch := context.AfterFunc(request.Context(), func() { writer.CloseWithError(request.Context().Err()) })
	go func() {
		defer close(body.done)
		defer cancel()
		defer unwatch()
		defer closeBody(request)
		w.serve(t.handler, incoming(ctx, request))
	}()
	var response *http.Response
	select {
	case response = <-w.head:
	case <-ctx.Done():
		// Either the client has canceled, or the handler has just finished, which
		// cancels ctx too: then its answer is there.
		select {
		case response = <-w.head:
		default:
		}
	}
	switch err := request.Context().Err(); {
	case err != nil:
		return nil, err // whatever the handler still said to a client that has left
	case response != nil:
		return response, nil
	}
	return nil, io.EOF // cut before the headers; net/http calls it EOF as well
}

// incoming turns a client's request into the one that a server sees.
func incoming(ctx context.Context, request *http.Request) *http.Request {
	r := request.Clone(ctx)
	if r.Host == "" {
		r.Host = r.URL.Host
	}
	r.RequestURI = r.URL.RequestURI()
	r.RemoteAddr = "127.0.0.1:0"
	r.Proto, r.ProtoMajor, r.ProtoMinor = "HTTP/1.1", 1, 1
	if r.Body == nil {
		r.Body = http.NoBody
	}
	r.Body = withTrace(r.Body, request)
	if _, set := r.Header["User-Agent"]; !set {
		r.Header.Set("User-Agent", "Go-http-client/1.1") // as net/http's transport does
	}
	return r
}

func closeBody(request *http.Request) {
	if request.Body != nil {
		_ = request.Body.Close()
	}
}

// memoryBody is the body of an answer.
type memoryBody struct {
	*io.PipeReader
	cancel context.CancelFunc
	done   chan struct{} // closed when the handler has returned
}

// Close tells the handler that the client has gone and waits for it to return.
func (b *memoryBody) Close() error {
	b.cancel()
	err := b.PipeReader.Close()
	<-b.done
	return err
}

// memoryWriter is the handler's side of an answer.
type memoryWriter struct {
	request *http.Request
	header  http.Header
	head    chan *http.Response // gets one answer, or nil if there is to be none
	pipe    *io.PipeWriter
	body    *memoryBody
	once    sync.Once
}

// serve runs the handler to its end. A handler that panics to break the
// connection breaks this one; any other panic is a bug and goes on.
func (w *memoryWriter) serve(handler http.Handler, r *http.Request) {
	defer func() {
		problem := recover()
		err := w.request.Context().Err() // the client left: no orderly end
		if err == nil && problem != nil {
			err = io.ErrUnexpectedEOF
		}
		if err == nil {
			w.WriteHeader(http.StatusOK) // has no effect if one was written
		} else {
			w.once.Do(func() { w.head <- nil })
		}
		_ = w.pipe.CloseWithError(err) // nil is the orderly end
		if cut, ok := problem.(error); problem != nil && !(ok && errors.Is(cut, http.ErrAbortHandler)) {
			panic(problem)
		}
	}()
	handler.ServeHTTP(w, r)
}

func (w *memoryWriter) Header() http.Header { return w.header }

// WriteHeader hands the answer to the client; later calls have no effect.
func (w *memoryWriter) WriteHeader(status int) {
	w.once.Do(func() {
		header := make(http.Header, len(w.header))
		for name, values := range w.header {
			// A client of net/http sees canonical names only.
			if canonical := http.CanonicalHeaderKey(name); len(values) > 0 {
				header[canonical] = append(header[canonical], values...)
			}
		}
		length := int64(-1)
		if n, err := strconv.ParseInt(header.Get("Content-Length"), 10, 64); err == nil {
			length = n
		}
		w.head <- &http.Response{
			Status:        strconv.Itoa(status) + " " + http.StatusText(status),
			StatusCode:    status,
			Proto:         "HTTP/1.1",
			ProtoMajor:    1,
			ProtoMinor:    1,
			Header:        header,
			Body:          w.body,
			ContentLength: length,
			Request:       w.request,
		}
	})
}

// Write waits until the client has read p, and fails once it has gone.
func (w *memoryWriter) Write(p []byte) (int, error) {
	w.WriteHeader(http.StatusOK)
	return w.pipe.Write(p)
}

// Flush sends the headers; bytes are never held back.
func (w *memoryWriter) Flush() { w.WriteHeader(http.StatusOK) }
