package cli

import (
	"fmt"
	"io"
	"strings"
	"sync"
	"time"
	"unicode/utf8"

	"github.com/codexctl/codexctl/internal/batch"
)

const (
	// redrawEvery is how often a bar is drawn at most.
	redrawEvery = 100 * time.Millisecond

	// A bar also moves when nothing is finished: time goes by, and pauses run out.
	tickEvery = 500 * time.Millisecond

	// sayEvery is how often there is a line where no bar can be.
	sayEvery = 30 * time.Second

	// A bar has as many characters as there is room for, within these bounds.
	leastBar, mostBar = 10, 30
)

// progress shows how far a batch is: a bar on a terminal, else a line now and then. It is
// also what others write to stderr through, so that the bar is not in their way.
type progress struct {
	inv     *invocation
	gate    *batch.Gate
	bar     bool // else lines
	unicode bool
	every   time.Duration

	mu    sync.Mutex
	w     io.Writer
	sum   batch.Summary
	known bool // sum has been told
	drawn int  // characters of the bar that stands there
	last  time.Time
	said  time.Time // the end of the last pause that was told of
}

// newProgress shows a batch whose records go to stdout or, as kept says, to a file. Where a
// program reads them there is no bar: it may write to the same terminal, behind the bar
// and over it.
func newProgress(inv *invocation, gate *batch.Gate, kept bool) *progress {
	p := &progress{inv: inv, gate: gate, w: inv.env.Stderr, every: sayEvery}
	if inv.env.stderrRedraws() && !inv.global.quiet && (kept || !inv.env.StdoutPipe) {
		p.bar, p.every = true, tickEvery
		p.unicode = inv.env.speaksUTF8()
	}
	return p
}

// begin shows the progress until the function that it returns is called.
func (p *progress) begin() (end func()) {
	inner := p.inv.talk.through(p)
	stop := make(chan struct{})
	var ticking sync.WaitGroup
	ticking.Go(func() {
		ticker := time.NewTicker(p.every)
		defer ticker.Stop()
		for {
			select {
			case <-ticker.C:
				p.tick()
			case <-stop:
				return
			}
		}
	})
	return func() {
		close(stop)
		ticking.Wait()
		p.aside(func() { p.known = false })
		p.inv.talk.through(inner)
	}
}

// update is told how far the run has come.
func (p *progress) update(sum batch.Summary) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.sum, p.known = sum, true
	if p.bar && p.inv.env.Now().Sub(p.last) >= redrawEvery {
		p.draw()
	}
}

// tick draws or says how far it is, although nothing has happened.
func (p *progress) tick() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.bar {
		p.draw()
	} else if p.known && !p.inv.global.quiet {
		_, _ = io.WriteString(p.w, "codexctl: "+strings.Join(p.words(), ", ")+"\n")
	}
}

// pause says that all wait, where no bar shows it; many refusals at once are one pause.
func (p *progress) pause(until time.Time, why error) {
	p.mu.Lock()
	tell := !p.bar && until.Sub(p.said) > time.Second
	if tell {
		p.said = until
	}
	p.mu.Unlock()
	if tell {
		p.inv.talk.note("codexctl: %v; all wait %s", why, wholeSeconds(until.Sub(p.inv.env.Now())))
	}
}

// Write writes what others have to say, with the bar out of the way.
func (p *progress) Write(text []byte) (n int, err error) {
	p.aside(func() { n, err = p.w.Write(text) })
	return n, err
}

// aside takes the bar away while something else is written to the screen.
func (p *progress) aside(write func()) {
	p.mu.Lock()
	defer p.mu.Unlock()
	was := p.drawn
	if was > 0 {
		_, _ = io.WriteString(p.w, "\r"+strings.Repeat(" ", was)+"\r")
		p.drawn = 0
	}
	write()
	if was > 0 {
		p.draw()
	}
}

// draw puts the bar over the one before.
func (p *progress) draw() {
	if !p.known {
		return
	}
	width := p.inv.env.stderrColumns()
	line := p.line(width - 1) // in the last column some terminals go on to the next line
	length := utf8.RuneCountInString(line)
	_, _ = io.WriteString(p.w, "\r"+line+strings.Repeat(" ", max(0, min(p.drawn, width-1)-length)))
	p.drawn, p.last = length, p.inv.env.Now()
}

// line is the bar and its words in so many columns: what does not fit is left out, the
// last first, and then the bar.
func (p *progress) line(width int) string {
	words := p.words()
	for len(words) > 1 && utf8.RuneCountInString(strings.Join(words, "  ")) > width {
		words = words[:len(words)-1]
	}
	text := strings.Join(words, "  ")
	if len(text) > width {
		return text[:max(0, width)] // one word, and that is ASCII
	}
	room := min(width-utf8.RuneCountInString(text)-len("[]  "), mostBar)
	if room < leastBar {
		return text
	}
	full := 0
	if p.sum.Total > 0 {
		full = room * (p.sum.Total - p.sum.NotAttempted) / p.sum.Total
	}
	if p.unicode {
		return strings.Repeat("█", full) + strings.Repeat("░", room-full) + "  " + text
	}
	return "[" + strings.Repeat("#", full) + strings.Repeat(".", room-full) + "]  " + text
}

// words say how far it is, what matters most first.
func (p *progress) words() []string {
	s, now := p.sum, p.inv.env.Now()
	words := []string{fmt.Sprintf("%d/%d", s.Total-s.NotAttempted, s.Total)}
	if until := p.gate.Until(); !until.IsZero() {
		words = append(words, "waiting "+wholeSeconds(until.Sub(now))+": rate limit")
	}
	if s.Failed > 0 {
		words = append(words, fmt.Sprintf("%d failed", s.Failed))
	}
	elapsed := now.Sub(s.Started).Seconds()
	if tried := s.Completed + s.Failed; tried > 0 && elapsed > 0 {
		left := time.Duration(float64(s.NotAttempted) / float64(tried) * elapsed * float64(time.Second))
		words = append(words, roughly(left)+" left", fmt.Sprintf("%.1f/s", float64(tried)/elapsed))
		if s.Tokens.Output > 0 {
			words = append(words, fmt.Sprintf("%.0f tokens/s", float64(s.Tokens.Output)/elapsed))
		}
	}
	return words
}
