package responses

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"sync/atomic"
	"time"
)

// errIdle is the cause of a connection that was given up because it fell silent.
var errIdle = fmt.Errorf("%w: no byte on the stream", ErrTimeout)

// errEmpty is an answer that ended in order without a single event.
var errEmpty = errors.New("the answer is empty")

// idleTimer ends a request when nothing moves for too long. It is safe for
// concurrent use: the transport touches it, and Close may stop it at any time.
type idleTimer struct {
	limit atomic.Int64 // a time.Duration; 0 is no limit
	timer *time.Timer
}

func newIdleTimer(limit time.Duration, cancel context.CancelCauseFunc) *idleTimer {
	t := &idleTimer{}
	t.limit.Store(int64(limit))
	t.timer = time.AfterFunc(math.MaxInt64, func() { cancel(fmt.Errorf("%w for %s", errIdle, t.present())) })
	// It runs while something is waited for; see touch.
	t.timer.Stop()
	return t
}

func (t *idleTimer) present() time.Duration { return time.Duration(t.limit.Load()) }

// shorten sets a limit that is below the present one.
func (t *idleTimer) shorten(limit time.Duration) {
	if present := t.present(); present == 0 || present > limit {
		t.limit.Store(int64(limit))
	}
}

// touch starts the limit anew.
func (t *idleTimer) touch() {
	if limit := t.present(); limit > 0 {
		t.timer.Reset(limit)
	}
}

func (t *idleTimer) stop() { t.timer.Stop() }

// watchedBody lets the timer run only while a read is under way: a slow reader of
// ours is no silence of theirs.
type watchedBody struct {
	io.ReadCloser
	idle *idleTimer
}

func (b watchedBody) Read(p []byte) (int, error) {
	b.idle.touch()
	n, err := b.ReadCloser.Read(p)
	b.idle.stop()
	return n, err
}
