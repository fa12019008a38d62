package cli

import (
	"context"
	"strings"
	"sync"
	"time"
	"unicode/utf8"
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
		return ctxError(ctx)
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
		if err := rest(ctx, min(step, left)); err != nil {
			return err
		}
		left = until.Sub(inv.env.Now())
	}
	return ctxError(ctx)
}

// ctxError is the cause of a context that has ended.
func ctxError(ctx context.Context) error {
	if ctx.Err() == nil {
		return nil
	}
	return context.Cause(ctx)
}

// overwrite puts text in the place of the line that shown holds, and remembers it there.
// With an empty text the line is free again.
func (t *talk) overwrite(shown *string, text string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	line := "\r" + t.palette.Dim(text)
	if rest := utf8.RuneCountInString(*shown) - utf8.RuneCountInString(text); rest > 0 {
		line += strings.Repeat(" ", rest)
	}
	if text == "" {
		line += "\r"
	}
	*shown = text
	_, _ = t.w.Write([]byte(line)) // like say
}

// answerClock ends something after a time that can be stopped.
type answerClock struct {
	mu      sync.Mutex
	now     func() time.Time
	end     func()
	timer   *time.Timer // nil while it is stopped
	left    time.Duration
	started time.Time
}

func newAnswerClock(now func() time.Time, limit time.Duration, end func()) *answerClock {
	c := &answerClock{now: now, end: end, left: limit}
	c.resume()
	return c
}

func (c *answerClock) pause() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.timer != nil {
		c.timer.Stop()
		c.left -= c.now().Sub(c.started)
		c.timer = nil
	}
}

func (c *answerClock) resume() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.timer == nil {
		c.started = c.now()
		c.timer = time.AfterFunc(max(c.left, 0), c.end)
	}
}
