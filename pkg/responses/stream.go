package responses

import (
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"net/http"
	"sync/atomic"
	"time"

	"github.com/codexctl/codexctl/internal/sse"
)

const (
	// How long an `error` event waits for the `response.failed` that follows it.
	errorGrace = 2 * time.Second

	// What may follow the last event, and how long it may take.
	drainBytes = 4 << 10
	drainTime  = 50 * time.Millisecond
)

// errCutOff is the end of a stream that lacks its terminal event.
var errCutOff = fmt.Errorf("%w: the stream ended before completion", ErrTruncated)

// Stream is the answer to one call, event by event. It is read by one goroutine at a
// time; any other may close it, which ends the reading with an error.
type Stream struct {
	client   *Client
	resp     *http.Response
	ctx      context.Context // the request's own, ended by the idle timer
	cancel   context.CancelCauseFunc
	idle     *idleTimer
	reader   *sse.Reader
	attempts int

	held     []Event     // read before the caller asked, oldest first
	heldErr  error       // what reading ahead ended with
	ahead    *lookahead  // what was read ahead; nil if nothing was
	caughtUp bool        // all of that has been taken
	seen     bool        // an event has come
	reached  atomic.Bool // the terminal event has come, and nothing reads the body any more
	failed   *APIError
	number   int
	event    Event // the last one that was read
}

func newStream(ctx context.Context, c *Client, resp *http.Response, idle *idleTimer, cancel context.CancelCauseFunc) *Stream {
	body := watchedBody{resp.Body, idle}
	resp.Body = body
	return &Stream{
		client: c, resp: resp, ctx: ctx, cancel: cancel, idle: idle,
		reader: sse.NewReader(body, sse.DefaultLimit),
	}
}

// Header is the answer's header. See [ReadRateLimits].
func (s *Stream) Header() http.Header { return s.resp.Header }

// RequestID is the backend's name for the request; empty when it gave none.
func (s *Stream) RequestID() string { return requestID(s.resp.Header) }

// Attempts is how many requests were made until this answer, at least 1.
func (s *Stream) Attempts() int { return s.attempts }

// Close ends the call. Closing before the end cancels it at the backend. It may be called
// more than once, and by another goroutine than the one that reads.
func (s *Stream) Close() error {
	s.drain()
	s.idle.stop()
	err := s.resp.Body.Close()
	s.cancel(nil)
	if s.ahead != nil {
		<-s.ahead.done
	}
	return err
}

// drain reads the end of a stream whose last event has come, so that its connection can
// be used again. HTTP/2 needs no such care.
func (s *Stream) drain() {
	if !s.reached.Load() || s.resp.ProtoMajor > 1 {
		return
	}
	s.idle.shorten(drainTime)
	_, _ = io.CopyN(io.Discard, s.resp.Body, drainBytes) // a connection that is not used again is no failure
}

// Buffered says whether the next event, or the error at the end, is there already, so
// that a writer can put off flushing.
func (s *Stream) Buffered() bool {
	switch {
	case len(s.held) > 0 || s.heldErr != nil:
		return true
	case s.ahead != nil && !s.caughtUp:
		return s.ahead.ended()
	}
	return s.reader.Buffered()
}

// Events gives the events in order. It ends after the terminal event of a success;
// otherwise the error comes last, alone: an [*APIError] after response.failed,
// response.incomplete or error, ErrTruncated for a stream that broke off,
// ErrConnection if it did so before its first event, ErrTimeout, or the cause of the
// context.
//
// It can be called again to read on where the loop before was left.
func (s *Stream) Events() iter.Seq2[Event, error] {
	return func(yield func(Event, error) bool) {
		for {
			event, err := s.next()
			if err != nil {
				if !errors.Is(err, io.EOF) {
					yield(Event{}, err)
				}
				return
			}
			if !yield(*event, nil) {
				return
			}
		}
	}
}

// next is the next event; io.EOF after a success.
func (s *Stream) next() (*Event, error) {
	if s.ahead != nil && !s.caughtUp && len(s.held) == 0 {
		<-s.ahead.done // it ends with the next event
		if err := s.catchUp(); err != nil {
			s.heldErr = err
		}
	}
	if len(s.held) > 0 {
		event := &s.held[0]
		s.held = s.held[1:]
		return event, nil
	}
	if s.heldErr != nil {
		return nil, s.heldErr
	}
	s.held = nil
	s.reader.Keep(false)
	event, err := s.read()
	if err != nil {
		s.heldErr = err
	}
	return event, err
}

// read takes one event from the connection. It is valid until the next one.
func (s *Stream) read() (*Event, error) {
	if s.reached.Load() {
		return nil, s.outcome()
	}
	for {
		frame, err := s.reader.Next()
		if err != nil {
			return nil, s.ended(err)
		}
		s.number++
		if !s.event.read(frame.Data, frame.Frame) {
			s.skip(frame)
			continue
		}
		s.seen = true
		s.note(&s.event)
		return &s.event, nil
	}
}

// note keeps what an event says about the end of the stream.
func (s *Stream) note(e *Event) {
	failure := e.failure()
	if failure != nil {
		failure.RequestID = s.RequestID()
		if s.failed == nil || failure.Code != "" || failure.Type != "" {
			s.failed = failure
		}
	}
	if e.Type == typeError {
		// What follows says it again as response.failed, or never comes.
		s.idle.shorten(errorGrace)
	}
	s.reached.Store(e.Terminal())
}

// outcome is what a stream ends with once its last event has been handed out.
func (s *Stream) outcome() error {
	if s.failed != nil {
		return s.failed
	}
	return io.EOF
}

// ended turns the end of the connection into the stream's error.
func (s *Stream) ended(err error) error {
	if s.failed != nil {
		return s.failed
	}
	if cause := context.Cause(s.ctx); cause != nil {
		return cause
	}
	switch {
	case !s.seen && errors.Is(err, io.EOF):
		return fmt.Errorf("%w: %w", ErrConnection, errEmpty)
	case !s.seen && !errors.Is(err, sse.ErrTooLong):
		return fmt.Errorf("%w: %w", ErrConnection, err)
	case errors.Is(err, io.EOF):
		return errCutOff
	case errors.Is(err, sse.ErrTooLong):
		return fmt.Errorf("%w: event %d: %w", ErrTruncated, s.number+1, err)
	}
	return fmt.Errorf("%w (%w)", errCutOff, err)
}

// skip passes over data that cannot be read. A torn last event is no news: that the
// stream broke off is said anyway.
func (s *Stream) skip(frame sse.Event) {
	if !frame.Ended || string(frame.Data) == "[DONE]" {
		return
	}
	s.client.notify(Notice{
		Kind: NoticeSkipped,
		Err:  fmt.Errorf("event %d of the stream cannot be read and is left out: %q", s.number, plain(string(frame.Data[:min(len(frame.Data), 80)]))),
	})
}
