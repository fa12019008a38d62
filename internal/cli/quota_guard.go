package cli

import (
	"context"
	"errors"
	"time"

	"github.com/codexctl/codexctl/pkg/responses"
)

const (
	// resetMargin is how long after a reset we come back: instants on the wire are
	// whole seconds, and two clocks differ.
	resetMargin = time.Second

	// recheckPause is the time between two looks at a window that is still too full
	// although its reset is over.
	recheckPause = 30 * time.Second
)

// quotaOptions are the flags that keep a call from using up the allowance, or let it
// wait for a reset.
type quotaOptions struct {
	maxUsed   percentage
	waitQuota bool

	clock *answerClock // --timeout, which does not run during a wait; nil without one

	// rest is called before a wait and stills what moves on the terminal; what it returns
	// is called behind the wait. nil if nothing moves.
	rest func() (wake func())
}

func (o *quotaOptions) flags() []flagSpec {
	return []flagSpec{
		percentFlag("max-used", &o.maxUsed, "do not ask (exit 5) if more than that is used of a quota window"),
		boolFlag("wait-quota", &o.waitQuota, "wait for the reset of a used-up quota window instead of failing"),
	}
}

// bounded is the context of one answer, like [invocation.bounded]. A wait for the quota
// is no part of the answer, so --timeout stands still meanwhile; where the line gives
// it, it bounds the whole command, the wait as well.
func (o *quotaOptions) bounded(ctx context.Context, inv *invocation) (context.Context, context.CancelFunc) {
	if !o.waitQuota || inv.global.timeout == 0 || inv.given["timeout"] {
		return inv.bounded(ctx)
	}
	ctx, cancel := context.WithCancelCause(ctx)
	o.clock = newAnswerClock(inv.env.Now, inv.global.timeout, func() { cancel(deadlineError(inv.global.timeout)) })
	return ctx, func() {
		o.clock.pause()
		cancel(nil)
	}
}

// guarded asks once the quota allows it. With --wait-quota it waits for the reset if it
// does not, and asks a second time if the backend itself refuses because of the quota
// and says until when.
func (o *quotaOptions) guarded(ctx context.Context, c *call, ask func() error) error {
	if err := o.guard(ctx, c); err != nil {
		return err
	}
	err := ask()
	again, waitErr := o.retryAfter(ctx, c, err)
	switch {
	case waitErr != nil:
		return waitErr
	case !again:
		return o.advise(err)
	}
	if err := o.guard(ctx, c); err != nil {
		return err
	}
	return ask()
}

// guard holds a call to --max-used. The error is a [quotaError], or whatever keeps us
// from knowing: then nothing is asked either.
func (o *quotaOptions) guard(ctx context.Context, c *call) error {
	if !o.maxUsed.given {
		return nil
	}
	for waits := 0; ; waits++ {
		a, err := o.look(ctx, c, waits > 0)
		if err != nil {
			c.inv.talk.warn("how much is used cannot be read, so nothing is asked (--max-used)")
			return err
		}
		err = a.exceeds("max-used", o.maxUsed)
		var over *quotaError
		switch {
		case !errors.As(err, &over):
			return err
		case over.resets.IsZero():
			over.hint = "see which limit it is: codexctl usage"
			return over
		case !o.waitQuota:
			over.hint = "wait for the reset: --wait-quota"
			return over
		}
		until := over.resets.Add(resetMargin)
		if earliest := c.inv.env.Now().Add(recheckPause); waits > 0 && until.Before(earliest) {
			until = earliest
		}
		if err := o.wait(ctx, c, over.used, until); err != nil {
			return err
		}
	}
}

// look asks how much is used. After a wait of hours one failure is no reason to give up:
// then it is tried again, as often as --retries says.
func (o *quotaOptions) look(ctx context.Context, c *call, patient bool) (allowance, error) {
	for try := 1; ; try++ {
		a, err := c.inv.allowance(ctx, c.client)
		if err == nil || !patient || !passing(err) || ctx.Err() != nil || try > c.inv.global.retries {
			return a, err
		}
		c.inv.talk.note("codexctl: %v; trying again", err)
		if err := pause(ctx, time.Duration(try)*time.Second); err != nil {
			return allowance{}, err
		}
	}
}

// retryAfter waits for the reset that a refusal names. again is true when the wait is
// over; waitErr is why it has no end. What has been answered in part is not asked again.
func (o *quotaOptions) retryAfter(ctx context.Context, c *call, err error) (again bool, waitErr error) {
	var refusal *responses.APIError
	if !o.waitQuota || c.header != nil || !errors.Is(err, responses.ErrQuota) ||
		!errors.As(err, &refusal) || refusal.ResetsAt.IsZero() {
		return false, nil
	}
	waitErr = o.wait(ctx, c, "the usage limit is reached", refusal.ResetsAt.Add(resetMargin))
	return waitErr == nil, waitErr
}

// wait waits with all clocks of the answer stopped.
func (o *quotaOptions) wait(ctx context.Context, c *call, why string, until time.Time) error {
	if o.clock != nil {
		o.clock.pause()
		defer o.clock.resume()
	}
	if o.rest != nil {
		defer o.rest()()
	}
	err := c.inv.waitUntil(ctx, why, until)
	c.watch = newStopwatch(c.inv.env.Now)
	if errors.Is(err, errDeadline) {
		enough := until.Sub(c.inv.env.Now()) + c.inv.global.timeout
		return &advisedError{err, "the wait lasts until " + localTime(until) + ": allow for it: --timeout " + minutes(enough) + "; or leave --timeout out"}
	}
	return err
}

// advise names --wait-quota to whoever might have used it.
func (o *quotaOptions) advise(err error) error {
	var refusal *responses.APIError
	if o.waitQuota || !errors.Is(err, responses.ErrQuota) || !errors.As(err, &refusal) || refusal.ResetsAt.IsZero() {
		return err
	}
	return &advisedError{err, "wait for the reset: --wait-quota; or ask a smaller model: --model NAME"}
}

// advisedError is an error about which more is known to be done than its kind tells.
type advisedError struct {
	err  error
	hint string
}

func (e *advisedError) Error() string { return e.err.Error() }
func (e *advisedError) Unwrap() error { return e.err }
