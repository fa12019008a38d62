package auth

import (
	"context"
	"sync"

	"github.com/codexctl/codexctl/pkg/credentials"
)

// flight is one renewal that several callers wait for. A single caller who gives
// up leaves it flying for the others; the last one to give up cancels it with the
// cause of that and sees it down, because past the point of no return it must not be
// abandoned.
type flight struct {
	done    chan struct{} // closed when fresh and err are set
	cancel  context.CancelCauseFunc
	waiting int
	fresh   credentials.Credential
	err     error
}

// airspace lets one flight up at a time.
type airspace struct {
	mu     sync.Mutex
	flying *flight
}

// board joins the flight in the air, or starts one that runs work. The context
// that work gets carries ctx's values and ends when nobody waits any more.
//
// The error is work's, or the cause of ctx's end.
func (a *airspace) board(ctx context.Context, work func(context.Context) (credentials.Credential, error)) (credentials.Credential, error) {
	f := a.join(ctx, work)
	select {
	case <-f.done:
	case <-ctx.Done():
		if !a.leave(f, context.Cause(ctx)) {
			return credentials.Credential{}, context.Cause(ctx)
		}
		<-f.done
	}
	return f.fresh, f.err
}

func (a *airspace) join(ctx context.Context, work func(context.Context) (credentials.Credential, error)) *flight {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.flying != nil {
		a.flying.waiting++
		return a.flying
	}
	shared, cancel := context.WithCancelCause(context.WithoutCancel(ctx))
	f := &flight{done: make(chan struct{}), cancel: cancel, waiting: 1}
	a.flying = f
	go func() {
		defer cancel(nil)
		f.fresh, f.err = work(shared)
		a.land(f)
		close(f.done)
	}()
	return f
}

// leave takes one caller off, because of cause. It reports whether that was the last:
// who then has to wait for the end. Nobody can board a cancelled flight.
func (a *airspace) leave(f *flight, cause error) (last bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	f.waiting--
	if f.waiting > 0 {
		return false
	}
	f.cancel(cause)
	if a.flying == f {
		a.flying = nil
	}
	return true
}

func (a *airspace) land(f *flight) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.flying == f {
		a.flying = nil
	}
}
