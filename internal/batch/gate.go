package batch

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/time/rate"

	"github.com/codexctl/codexctl/pkg/responses"
)

const (
	// After a pause the requests come one by one, this far apart at first and then
	// closer: all who waited would be refused again if they came at once.
	firstGap = 200 * time.Millisecond
	lastGap  = time.Millisecond
)

// Gate is where the requests of a batch wait for their turn. Its fields are set before
// the first use; the zero value lets everybody pass. It is safe for concurrent use.
type Gate struct {
	// RPM is how many requests pass in a minute, evenly spread; 0 is no limit.
	RPM int

	// Now is the clock; nil is time.Now.
	Now func() time.Time

	mu      sync.Mutex
	limiter *rate.Limiter // of RPM; made at the first use and after a pause
	until   time.Time     // shut before this
	gap     time.Duration // between two turns, shrinking
	next    time.Time     // the earliest turn not yet given
	passed  time.Time     // when the last one passed
	pauses  int           // turns given before a pause are void
}

// Wait returns when the next request may be sent. Turns are given in the order of
// asking, and anew after a pause. The error is the context's cause.
//
// [Run] has waited already for the first request of an item: the first call with the
// context of an item waits only while the gate is shut.
func (g *Gate) Wait(ctx context.Context) error {
	if t, ok := ctx.Value(ticketKey{}).(*ticket); ok && t.used.CompareAndSwap(false, true) && !g.shut() {
		return context.Cause(ctx)
	}
	for {
		wait, pauses := g.turn()
		if err := sleep(ctx, wait); err != nil {
			return err
		}
		if g.pass(pauses) {
			return nil
		}
	}
}

// Shut keeps all requests back until an instant. It never shortens a pause.
func (g *Gate) Shut(until time.Time) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if !until.After(g.until) || !until.After(g.now()) {
		return
	}
	g.until, g.gap, g.next = until, firstGap, time.Time{}
	g.limiter = nil
	g.pauses++
}

// Notice shuts the gate for as long as a client pauses before it repeats a request
// that was refused for coming too soon. Other notices change nothing.
func (g *Gate) Notice(n responses.Notice) {
	if n.Kind == responses.NoticeRetry && isBusy(n.Err) {
		g.Shut(g.now().Add(n.Delay))
	}
}

// Until is when the gate opens; zero when it is open.
func (g *Gate) Until() time.Time {
	g.mu.Lock()
	defer g.mu.Unlock()
	if !g.until.After(g.now()) {
		return time.Time{}
	}
	return g.until
}

// isBusy says whether err means that everybody has to wait.
func isBusy(err error) bool {
	if errors.Is(err, responses.ErrRateLimited) || errors.Is(err, responses.ErrOverloaded) {
		return true
	}
	var e *responses.APIError
	return errors.As(err, &e) && e.RetryAfter > 0
}

func (g *Gate) shut() bool { return !g.Until().IsZero() }

// turn gives the next turn: how long to wait for it, and in which count of pauses it
// is good.
func (g *Gate) turn() (time.Duration, int) {
	g.mu.Lock()
	defer g.mu.Unlock()
	now := g.now()
	at := latest(now, g.until, g.next)
	if g.RPM > 0 {
		at = at.Add(g.pace().ReserveN(at, 1).DelayFrom(at))
	}
	g.next = at.Add(g.gap)
	if g.gap = g.gap * 9 / 10; g.gap < lastGap {
		g.gap = 0
	}
	return at.Sub(now), g.pauses
}

// pass says whether a turn is still good.
func (g *Gate) pass(pauses int) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.pauses != pauses {
		return false
	}
	g.passed = g.now()
	return true
}

// pace is the limiter. A new one starts where the last request left off.
func (g *Gate) pace() *rate.Limiter {
	if g.limiter == nil {
		g.limiter = rate.NewLimiter(rate.Every(time.Minute/time.Duration(g.RPM)), 1)
		if !g.passed.IsZero() {
			g.limiter.ReserveN(g.passed, 1)
		}
	}
	return g.limiter
}

func (g *Gate) now() time.Time {
	return clock(g.Now)()
}

// clock is now, or the clock of the system.
func clock(now func() time.Time) func() time.Time {
	if now == nil {
		return time.Now
	}
	return now
}

// ticket says that an item has waited for its first request.
type ticket struct{ used atomic.Bool }

type ticketKey struct{}

func withTicket(ctx context.Context) context.Context {
	return context.WithValue(ctx, ticketKey{}, &ticket{})
}

func latest(t time.Time, others ...time.Time) time.Time {
	for _, other := range others {
		if other.After(t) {
			t = other
		}
	}
	return t
}

func sleep(ctx context.Context, d time.Duration) error {
	if d <= 0 || ctx.Err() != nil {
		return context.Cause(ctx)
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return context.Cause(ctx)
	case <-timer.C:
		return nil
	}
}
