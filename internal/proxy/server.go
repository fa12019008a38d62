package proxy

import (
	"bytes"
	"context"
	"net/http"
	"sync"
	"time"
)

// Server answers requests. Make one with [New].
type Server struct {
	config  Config
	metrics *metrics
	slots   chan struct{} // one for each answer that may be given; nil is no bound
	handler http.Handler
	buffers sync.Pool // of *bytes.Buffer
}

// New makes a server.
func New(c Config) *Server {
	if c.MaxBody <= 0 {
		c.MaxBody = DefaultMaxBody
	}
	if c.KeepAlive <= 0 {
		c.KeepAlive = DefaultKeepAlive
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	client := *c.Client
	if client.Hold == 0 {
		client.Hold = time.Second
	}
	c.Client = &client
	s := &Server{config: c, metrics: newMetrics()}
	if c.MaxConcurrent > 0 {
		s.slots = make(chan struct{}, c.MaxConcurrent)
	}
	s.handler = s.record(s.guard(s.routes()))
	return s
}

// ServeHTTP answers one request.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) { s.handler.ServeHTTP(w, r) }

// Ending is the cause to end a running answer's context with when the server ends: its
// caller is told so.
func Ending() error { return errEnding }

func (s *Server) now() time.Time { return s.config.Now() }

// buffer is an empty one, for what is gathered and soon given out.
func (s *Server) buffer() *bytes.Buffer {
	if b, ok := s.buffers.Get().(*bytes.Buffer); ok {
		return b
	}
	return new(bytes.Buffer)
}

// giveBack keeps a buffer for the next answer, unless it has become large.
func (s *Server) giveBack(b *bytes.Buffer) {
	const most = 64 << 10
	if b.Cap() <= most {
		b.Reset()
		s.buffers.Put(b)
	}
}

// slot takes a place among the answers that may be given at a time.
func (s *Server) slot() (release func(), err error) {
	if s.slots == nil {
		return func() {}, nil
	}
	select {
	case s.slots <- struct{}{}:
		return func() { <-s.slots }, nil
	default:
		return nil, errBusy
	}
}

// bounded is the context of one answer.
func (s *Server) bounded(ctx context.Context) (context.Context, context.CancelFunc) {
	if s.config.Timeout <= 0 {
		return context.WithCancel(ctx)
	}
	return context.WithTimeoutCause(ctx, s.config.Timeout, &answerTimeout{s.config.Timeout})
}

// answerTimeout is an answer that took longer than it may.
type answerTimeout struct{ limit time.Duration }

func (e *answerTimeout) Error() string { return "the answer took longer than " + e.limit.String() }

// Is makes it a timeout to whoever asks by meaning.
func (e *answerTimeout) Is(target error) bool { return target == context.DeadlineExceeded }
