package cli

import (
	"context"
	"time"
)

// The clock is looked at so often during a wait: a computer that sleeps stops its
// timers. On a terminal there is also something to be seen.
const (
	waitStep      = 10 * time.Second
	countdownStep = time.Second
)

// waitUntil says why there is a wait and until when, and waits. On a terminal a line
// counts down. The error is the context's cause.
func (inv *invocation) waitUntil(ctx context.Context, why string, until time.Time) error {
	left := until.Sub(inv.env.Now())
	if left <= 0 {
		return context.Cause(ctx)
	}
	inv.talk.note("codexctl: %s; waiting until %s (%s)", why, localTime(until), roughly(left))
	step, shown := waitStep, ""
	if inv.env.stderrRedraws() && !inv.talk.quiet {
		step = countdownStep
		defer func() { inv.talk.overwrite(&shown, "") }()
	}
	for left > 0 {
		if step == countdownStep {
			inv.talk.overwrite(&shown, "codexctl: "+toTheSecond(left)+" left; Ctrl-C ends the wait")
		}
		if err := pause(ctx, min(step, left)); err != nil {
			return err
		}
		left = until.Sub(inv.env.Now())
	}
	return context.Cause(ctx)
}

// pause does nothing for a while. The error is the context's cause if it ends first.
func pause(ctx context.Context, length time.Duration) error {
	timer := time.NewTimer(length)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}
