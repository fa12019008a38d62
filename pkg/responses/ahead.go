package responses

import (
	"sync"
	"time"
)

const (
	// Events before the first output are held back, so that a failure among them can
	// be met with another try that nobody sees. Beyond these numbers they are let go.
	heldEvents = 64
	heldBytes  = 1 << 20
)

// opening decides when an answer has begun.
type opening struct{ events, bytes int }

// over takes the next event and says whether reading ahead has shown enough.
func (o *opening) over(e *Event) bool {
	o.events++
	o.bytes += len(e.Frame)
	succeeds := e.Type == typeCompleted || e.Type == typeIncomplete
	return e.Type == typeItemAdded || succeeds || o.events >= heldEvents || o.bytes >= heldBytes
}

// begin reads ahead until it is clear that the answer has begun, or that it has
// failed before any output, or until Client.Hold is over. In the second case the
// failure is the error.
func (s *Stream) begin() error {
	s.reader.Keep(true) // until the caller has had these events
	for first := (opening{}); ; {
		if s.client.Hold > 0 && len(s.held) > 0 && !s.reader.Buffered() {
			return s.beginAside(first)
		}
		event, err := s.read()
		if err != nil {
			return s.cutShort(err)
		}
		s.held = append(s.held, *event)
		if first.over(event) {
			return nil
		}
	}
}

// beginAside reads in a goroutine what may have to be waited for while the time runs,
// which it does from the first event on.
func (s *Stream) beginAside(first opening) error {
	s.ahead = newLookahead(s, first)
	timer := time.NewTimer(s.client.Hold)
	defer timer.Stop()
	select {
	case <-s.ahead.done:
		return s.catchUp()
	case <-timer.C:
		s.held = append(s.held, s.ahead.release()...)
		return nil
	}
}

// catchUp takes what was read ahead, once that has ended.
func (s *Stream) catchUp() error {
	s.caughtUp = true
	s.held = append(s.held, s.ahead.release()...)
	if s.ahead.err != nil {
		return s.cutShort(s.ahead.err)
	}
	return nil
}

// cutShort is an error while reading ahead: the caller may try again, or gets it behind
// the events that came before it.
func (s *Stream) cutShort(err error) error {
	if len(s.held) == 0 || s.failed != nil && transient(s.failed) {
		return err
	}
	s.heldErr = err
	return nil
}

// lookahead reads the first events in a goroutine of its own, so that whoever waits
// for them can stop waiting. The goroutine ends by itself: it reads one event too
// many at most, and closing the stream ends that read.
type lookahead struct {
	done chan struct{} // closed when the goroutine has ended, which sets the rest

	mu       sync.Mutex
	released bool
	events   []Event // that nobody has taken
	err      error   // what reading ended with
}

// newLookahead reads on behind the first events.
func newLookahead(s *Stream, first opening) *lookahead {
	l := &lookahead{done: make(chan struct{})}
	go l.run(s, first)
	return l
}

func (l *lookahead) run(s *Stream, first opening) {
	defer close(l.done)
	for {
		event, err := s.read()
		if err != nil {
			l.err = err
			return
		}
		if l.add(*event) || first.over(event) {
			return
		}
	}
}

// add keeps an event and says whether it was the last that is wanted.
func (l *lookahead) add(event Event) (last bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.events = append(l.events, event)
	return l.released
}

// release ends the reading ahead with the event that is waited for, and returns those
// before it.
func (l *lookahead) release() []Event {
	l.mu.Lock()
	defer l.mu.Unlock()
	events := l.events
	l.released, l.events = true, nil
	return events
}

// ended says whether the goroutine has ended.
func (l *lookahead) ended() bool {
	select {
	case <-l.done:
		return true
	default:
		return false
	}
}
