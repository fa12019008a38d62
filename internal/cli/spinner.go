package cli

import (
	"strings"
	"sync"
	"time"
)

const (
	// spinnerDelay is how long an answer may take before anything moves: what is
	// quicker than that needs no sign of life.
	spinnerDelay = 300 * time.Millisecond

	spinnerPace = 100 * time.Millisecond
)

// spinner is the sign of life on stderr until the answer begins. nil is none.
type spinner struct {
	quit chan struct{}
	once sync.Once
	done sync.WaitGroup
}

// spins says whether there is somebody to see a spinner, on a terminal that can erase.
func (inv *invocation) spins() bool {
	return inv.env.stderrRedraws() && inv.env.Getenv("TERM") != "" && !inv.global.quiet && !inv.global.jsonl
}

// spinnerFrames are in ASCII unless the locale says UTF-8.
func spinnerFrames(utf8 bool) []string {
	if utf8 {
		return strings.Split("⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏", "")
	}
	return strings.Split(`|/-\`, "")
}

// startSpinner begins to wait. The caller must call stop.
func startSpinner(t *talk, frames []string) *spinner {
	s := &spinner{quit: make(chan struct{})}
	s.done.Go(func() {
		next := time.NewTimer(spinnerDelay)
		defer next.Stop()
		for i := 0; ; i++ {
			select {
			case <-s.quit:
				t.wipe()
				return
			case <-next.C:
				t.draw(frames[i%len(frames)] + " waiting")
				next.Reset(spinnerPace)
			}
		}
	})
	return s
}

// stop takes the spinner away, and returns when it is gone. Calling it again does
// nothing.
func (s *spinner) stop() {
	if s == nil {
		return
	}
	s.once.Do(func() { close(s.quit) })
	s.done.Wait()
}
