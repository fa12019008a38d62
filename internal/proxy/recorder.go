package proxy

import (
	"context"
	"crypto/rand"
	"log/slog"
	"net/http"
	"time"

	"github.com/codexctl/codexctl/pkg/responses"
)

// line is what the log says about one request. It holds no body and no secret.
type line struct {
	id, route      string
	start, first   time.Time
	stream         bool
	model, session string
	code           string // error.code; empty for a success
	upstream       string // the backend's request id
	calls          int    // to the backend: one, or one for each choice
	attempts       int    // requests that they took
	usage          *responses.Usage
	dropped        []string
	notes          []string
}

func (l *line) failed(f failure) {
	if f.Code != nil {
		l.code = *f.Code
	}
}

// recorder is a ResponseWriter that knows what was written.
type recorder struct {
	http.ResponseWriter
	server *Server
	line   line
	status int
	bytes  int64
}

func newRecorder(s *Server, w http.ResponseWriter, r *http.Request) *recorder {
	rec := &recorder{ResponseWriter: w, server: s}
	rec.line.id, rec.line.start = requestID(r), s.now()
	w.Header().Set("X-Request-Id", rec.line.id)
	return rec
}

// requestID takes the caller's name for the request, or makes one.
func requestID(r *http.Request) string {
	id := r.Header.Get("X-Request-Id")
	if id == "" || len(id) > 128 || headerText(id) != id {
		return "req_" + rand.Text()
	}
	return id
}

// WriteHeader notes the status.
func (r *recorder) WriteHeader(status int) {
	if r.status == 0 {
		r.status, r.line.first = status, r.server.now()
	}
	r.ResponseWriter.WriteHeader(status)
}

// Write counts the bytes.
func (r *recorder) Write(p []byte) (int, error) {
	if r.status == 0 {
		r.WriteHeader(http.StatusOK)
	}
	n, err := r.ResponseWriter.Write(p)
	r.bytes += int64(n)
	return n, err
}

// Unwrap is for http.ResponseController.
func (r *recorder) Unwrap() http.ResponseWriter { return r.ResponseWriter }

func (r *recorder) sent() bool { return r.status != 0 }

// record leaves a line in the log and marks in the metrics for each request.
func (s *Server) record(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		rec := newRecorder(s, w, r)
		s.metrics.active.Add(1)
		returned := false
		defer func() {
			if !returned {
				rec.line.code = "internal" // a panic, which net/http reports
			}
			s.metrics.active.Add(-1)
			s.done(rec, r)
		}()
		next.ServeHTTP(rec, r)
		returned = true
	})
}

// statusGone stands for an answer that nobody waited for, as nginx has it.
const statusGone = 499

// done tells of a request that has ended.
func (s *Server) done(rec *recorder, r *http.Request) {
	l, took := &rec.line, s.now().Sub(rec.line.start)
	if rec.status == 0 {
		rec.status = statusGone
	}
	s.metrics.done(l, rec.status, took)
	if s.config.Log == nil {
		return
	}
	level := slog.LevelInfo
	if rec.status >= http.StatusInternalServerError || l.code == "internal" {
		level = slog.LevelWarn
	}
	if !s.config.Log.Enabled(context.Background(), level) {
		return
	}
	attributes := []slog.Attr{
		slog.String("id", l.id), slog.String("method", r.Method), slog.String("path", clip(r.URL.Path)),
		slog.Int("status", rec.status), slog.Int64("ms", took.Milliseconds()), slog.Int64("bytes", rec.bytes),
	}
	optional := func(name, value string) {
		if value != "" {
			attributes = append(attributes, slog.String(name, clip(value)))
		}
	}
	optional("error", l.code)
	optional("model", l.model)
	optional("session", l.session)
	optional("upstream", l.upstream)
	if l.stream && !l.first.IsZero() {
		attributes = append(attributes, slog.Bool("stream", true), slog.Int64("first_ms", l.first.Sub(l.start).Milliseconds()))
	}
	if l.attempts > l.calls {
		attributes = append(attributes, slog.Int("attempts", l.attempts))
	}
	if l.usage != nil {
		attributes = append(attributes, slog.Int64("input_tokens", l.usage.InputTokens), slog.Int64("output_tokens", l.usage.OutputTokens))
	}
	if len(l.dropped) > 0 {
		attributes = append(attributes, slog.Any("dropped", l.dropped))
	}
	if len(l.notes) > 0 {
		attributes = append(attributes, slog.Any("notes", l.notes))
	}
	s.config.Log.LogAttrs(context.Background(), level, "request", attributes...)
}

// clip bounds what a caller can put into the log.
func clip(s string) string {
	const most = 200
	return headerText(s[:min(len(s), most)])
}

// warn tells the log of something that does not end the request.
func (x *exchange) warn(what string, err error) {
	if x.server.config.Log != nil {
		x.server.config.Log.Warn(what, slog.String("id", x.line.id), slog.String("cause", clip(err.Error())))
	}
}
