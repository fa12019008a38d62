package proxy

import (
	"errors"
	"net/http"
	"sync"
	"time"
)

const (
	// keepAlive is a comment, which every reader of streams passes over.
	keepAlive = ": keep-alive\n\n"

	// A caller that takes nothing for this long is given up.
	writeTime = 60 * time.Second
)

// eventWriter writes a stream to the caller, and a comment when there has been nothing
// for a while. It is safe for concurrent use.
type eventWriter struct {
	w         http.ResponseWriter
	control   *http.ResponseController
	every     time.Duration
	now       func() time.Time
	timer     *time.Timer
	mu        sync.Mutex
	last      time.Time // of the last write
	deadline  time.Time // of the connection, which is moved now and then
	open      bool
	closed    bool
	err       error // the first of a write
	unflushed bool
}

// events is the way to the caller for a stream. Nothing is sent before start.
func (x *exchange) events() *eventWriter {
	return &eventWriter{w: x.w, control: http.NewResponseController(x.w), every: x.server.config.KeepAlive, now: x.server.now}
}

// start begins the stream, once. Its headers go with what is written next, or with the
// first comment.
func (e *eventWriter) start() {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.open {
		return
	}
	streamHeaders(e.w.Header())
	e.w.WriteHeader(http.StatusOK)
	e.open, e.last = true, e.now()
	e.unflushed = true
	e.timer = time.AfterFunc(e.every, e.stayAlive)
}

// started says whether the stream has begun.
func (e *eventWriter) started() bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.open
}

// write sends frames. more says that others are there already, so that flushing can
// wait for them. Without frames it flushes what has waited.
func (e *eventWriter) write(frames []byte, more bool) error {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.err != nil || e.closed {
		return e.err
	}
	if len(frames) > 0 {
		if err := e.put(frames); err != nil {
			return err
		}
	}
	if more || !e.unflushed {
		return nil
	}
	return e.flush()
}

// put is called with the lock.
func (e *eventWriter) put(frames []byte) error {
	now := e.now()
	e.last = now
	e.moveDeadline(now)
	if _, err := e.w.Write(frames); err != nil {
		e.err = err
		return err
	}
	e.unflushed = true
	return nil
}

// flush is called with the lock.
func (e *eventWriter) flush() error {
	e.unflushed = false
	if err := e.control.Flush(); err != nil && !errors.Is(err, http.ErrNotSupported) {
		e.err = err
	}
	return e.err
}

// moveDeadline gives the caller time for the next write. It is not moved for each: that
// would cost more than the write.
func (e *eventWriter) moveDeadline(now time.Time) {
	if e.deadline.Sub(now) > writeTime/2 {
		return
	}
	e.deadline = now.Add(writeTime)
	_ = e.control.SetWriteDeadline(e.deadline) // a writer without deadlines waits
}

// stayAlive runs when there may have been nothing for a while.
func (e *eventWriter) stayAlive() {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.closed || e.err != nil {
		return
	}
	if silent := e.now().Sub(e.last); silent < e.every {
		e.timer.Reset(e.every - silent)
		return
	}
	if e.put([]byte(keepAlive)) == nil && e.flush() == nil {
		e.timer.Reset(e.every)
	}
}

// close ends the comments. What was written is flushed.
func (e *eventWriter) close() {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.closed = true
	if e.timer != nil {
		e.timer.Stop()
	}
	if e.unflushed {
		_ = e.flush()
	}
	if e.open {
		_ = e.control.SetWriteDeadline(time.Time{}) // the connection may go on
	}
}
