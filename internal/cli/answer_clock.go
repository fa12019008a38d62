package cli

import (
	"sync"
	"time"
)

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
