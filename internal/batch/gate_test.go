package batch

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/codexctl/codexctl/pkg/responses"
)

// passes is when each of n goroutines passed the gate, since start, in order.
type passes struct {
	mu    sync.Mutex
	wg    sync.WaitGroup
	start time.Time
	times []time.Duration
}

func (p *passes) wait(t *testing.T, g *Gate) {
	p.wg.Go(func() {
		if err := g.Wait(t.Context()); err != nil {
			t.Error(err)
			return
		}
		p.mu.Lock()
		defer p.mu.Unlock()
		// The limiter counts in floating point, and may be a nanosecond off.
		p.times = append(p.times, time.Since(p.start).Round(time.Microsecond))
	})
}

func TestGateZeroValueLetsAllPass(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := passes{start: time.Now()}
		g := &Gate{}
		for range 100 {
			p.wait(t, g)
		}
		p.wg.Wait()
		if last := slices.Max(p.times); last != 0 {
			t.Errorf("the last passed after %v, want at once", last)
		}
		if until := g.Until(); !until.IsZero() {
			t.Errorf("open, but Until is %v", until)
		}
	})
}

func TestGatePace(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := passes{start: time.Now()}
		g := &Gate{RPM: 30}
		for range 5 {
			p.wait(t, g)
		}
		p.wg.Wait()
		diff(t, "passes", p.times, seconds(0, 2, 4, 6, 8))
		// An idle minute saves nothing up.
		time.Sleep(time.Minute)
		p = passes{start: time.Now()}
		for range 3 {
			p.wait(t, g)
		}
		p.wg.Wait()
		diff(t, "passes after a break", p.times, seconds(0, 2, 4))
	})
}

func seconds(list ...int) []time.Duration {
	var out []time.Duration
	for _, s := range list {
		out = append(out, time.Duration(s)*time.Second)
	}
	return out
}

// One refusal makes all wait, and they come back one by one.
func TestGateShut(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := passes{start: time.Now()}
		g := &Gate{}
		g.Shut(p.start.Add(10 * time.Second))
		diff(t, "Until", g.Until(), p.start.Add(10*time.Second))
		for range 64 {
			p.wait(t, g)
		}
		p.wg.Wait()
		if p.times[0] != 10*time.Second {
			t.Errorf("the first passed after %v, want 10s", p.times[0])
		}
		for i := 1; i < 10; i++ {
			gap, before := p.times[i]-p.times[i-1], 200*time.Millisecond
			if i > 1 {
				before = p.times[i-1] - p.times[i-2]
			}
			if gap <= 0 || gap > before {
				t.Errorf("pass %d came %v after the one before, want it above 0 and at most %v", i, gap, before)
			}
		}
		if last := slices.Max(p.times); last > 12*time.Second+100*time.Millisecond || last < 11*time.Second {
			t.Errorf("the last passed after %v, want about 12s", last)
		}
		if !slices.IsSorted(p.times) {
			t.Errorf("not one after the other: %v", p.times)
		}
	})
}

func TestGateShutAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := passes{start: time.Now()}
		g := &Gate{}
		g.Shut(p.start.Add(10 * time.Second))
		g.Shut(p.start.Add(2 * time.Second)) // shortens nothing
		g.Shut(p.start.Add(-time.Second))    // nor does the past
		for range 3 {
			p.wait(t, g)
		}
		// While they come back, a refusal sends them to wait anew.
		time.Sleep(10*time.Second + 100*time.Millisecond)
		g.Shut(p.start.Add(30 * time.Second))
		p.wg.Wait()
		diff(t, "passes", p.times, []time.Duration{10 * time.Second, 30 * time.Second, 30*time.Second + 200*time.Millisecond})
	})
}

// What a pause makes void is no way around the pace.
func TestGatePaceAfterPause(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := passes{start: time.Now()}
		g := &Gate{RPM: 6}
		for range 4 {
			p.wait(t, g)
		}
		time.Sleep(time.Second)
		g.Shut(p.start.Add(2 * time.Second)) // shorter than the pace
		p.wg.Wait()
		diff(t, "passes", p.times, seconds(0, 10, 20, 30))

		g = &Gate{RPM: 6}
		p = passes{start: time.Now()}
		for range 4 {
			p.wait(t, g)
		}
		time.Sleep(11 * time.Second)
		g.Shut(p.start.Add(time.Minute))
		p.wg.Wait()
		diff(t, "passes around a long pause", p.times, seconds(0, 10, 60, 70))
	})
}

// Nor does a pause forget the request that passed before it.
func TestGatePaceAcrossPause(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := passes{start: time.Now()}
		g := &Gate{RPM: 6}
		p.wait(t, g)
		time.Sleep(time.Second)
		g.Shut(p.start.Add(2 * time.Second))
		time.Sleep(2 * time.Second)
		p.wait(t, g)
		p.wg.Wait()
		diff(t, "passes", p.times, seconds(0, 10))
	})
}

func TestGateWaitEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := &Gate{}
		g.Shut(time.Now().Add(time.Hour))
		ctx, cancel := context.WithCancelCause(t.Context())
		why := errors.New("stopped")
		time.AfterFunc(time.Minute, func() { cancel(why) })
		start := time.Now()
		wantErr(t, "Wait", g.Wait(ctx), why)
		diff(t, "waited", time.Since(start), time.Minute)
		wantErr(t, "Wait with an ended context", (&Gate{}).Wait(ctx), why)
		wantErr(t, "Wait with a ticket and an ended context", (&Gate{}).Wait(withTicket(ctx)), why)
	})
}

// The turn that Run has waited for is not waited for again.
func TestGateTicket(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := &Gate{RPM: 6}
		start := time.Now()
		wait := func(ctx context.Context) time.Duration {
			if err := g.Wait(ctx); err != nil {
				t.Fatal(err)
			}
			return time.Since(start)
		}
		ctx := withTicket(t.Context())
		got := []time.Duration{wait(t.Context()), wait(ctx), wait(ctx), wait(ctx)}
		diff(t, "waits", got, seconds(0, 0, 10, 20))

		ctx = withTicket(t.Context())
		g.Shut(time.Now().Add(time.Minute))
		diff(t, "a ticket while the gate is shut", wait(ctx), 80*time.Second)
	})
}

func TestGateNotice(t *testing.T) {
	busy := &responses.APIError{Status: 429}
	tests := []struct {
		name   string
		notice responses.Notice
		shut   bool
	}{
		{"too many requests", responses.Notice{Kind: responses.NoticeRetry, Err: busy}, true},
		{"wrapped", responses.Notice{Kind: responses.NoticeRetry, Err: fmt.Errorf("ask: %w", busy)}, true},
		{"overloaded", responses.Notice{Kind: responses.NoticeRetry, Err: &responses.APIError{Status: 200, Code: "server_is_overloaded"}}, true},
		{"a failure that names a pause", responses.Notice{Kind: responses.NoticeRetry, Err: &responses.APIError{Status: 503, RetryAfter: time.Second}}, true},
		{"a failure that names none", responses.Notice{Kind: responses.NoticeRetry, Err: &responses.APIError{Status: 503}}, false},
		{"no connection", responses.Notice{Kind: responses.NoticeRetry, Err: responses.ErrConnection}, false},
		{"not a repeat", responses.Notice{Kind: responses.NoticeLite, Err: busy}, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			now := time.Date(2026, 6, 1, 12, 0, 0, 0, time.UTC)
			g := &Gate{Now: func() time.Time { return now }}
			tt.notice.Delay = 5 * time.Second
			g.Notice(tt.notice)
			want := time.Time{}
			if tt.shut {
				want = now.Add(5 * time.Second)
			}
			diff(t, "Until", g.Until(), want)
		})
	}
}
