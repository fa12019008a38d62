package responses

import (
	"bytes"
	"errors"
	"sync/atomic"
	"time"
)

const (
	// Events before the first output are held back, so that a failure among them can
	// be met with another try that nobody sees. Beyond these numbers they are let go.
	heldEvents = 64
	heldBytes  = 1 << 20
)

// errHeldLongEnough ends the holding back, and nothing else.
var errHeldLongEnough = errors.New("held long enough")

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
	for first := (opening{}); ; {
		event, err := s.take(first)
		switch {
		case errors.Is(err, errHeldLongEnough):
			return nil
		case err != nil && (len(s.held) == 0 || s.failed != nil && transient(s.failed)):
			return err // the caller may try again
		case err != nil:
			s.heldErr = err
			return nil
		}
		s.held = append(s.held, event)
		if first.over(event) {
			return nil
		}
	}
}

// take is the next of the first events. What may have to be waited for while the time
// runs, which it does from the first one on, is read in a goroutine.
func (s *Stream) take(first opening) (*Event, error) {
	if s.ahead == nil && s.client.Hold > 0 && len(s.held) > 0 && !s.reader.Buffered() {
		s.ahead = newLookahead(s, s.client.Hold, first)
	}
	if s.ahead != nil {
		return s.ahead.next()
	}
	event, err := s.read()
	if err != nil {
		return nil, err
	}
	return event.clone(), nil
}

// clone is an event that outlives the reader's buffer. Its data is a part of its frame,
// unless it stood on several lines.
func (e *Event) clone() *Event {
	out := *e
	out.Frame = bytes.Clone(e.Frame)
	if at := bytes.Index(out.Frame, e.Data); at >= 0 {
		out.Data = out.Frame[at : at+len(e.Data)]
	} else {
		out.Data = bytes.Clone(e.Data)
	}
	return &out
}

// lookahead reads the first events in a goroutine of its own, so that whoever waits
// for them can stop waiting. The goroutine ends by itself: it reads one event too
// many at most, and closing the stream ends that read.
type lookahead struct {
	events   chan *Event
	err      error // what reading ended with; set before events is closed
	released atomic.Bool
	broken   atomic.Bool // err is there

	timer <-chan time.Time
}

// newLookahead reads on behind the first events, of which the first has just come.
func newLookahead(s *Stream, hold time.Duration, first opening) *lookahead {
	// There is room for every event, so that the goroutine never waits for a reader.
	l := &lookahead{events: make(chan *Event, heldEvents), timer: time.After(hold)}
	go l.run(s, first)
	return l
}

func (l *lookahead) run(s *Stream, first opening) {
	defer close(l.events)
	for !l.released.Load() {
		event, err := s.read()
		if err != nil {
			l.err = err
			l.broken.Store(true)
			return
		}
		event = event.clone()
		l.events <- event
		if first.over(event) {
			return
		}
	}
}

// next is the next event, errHeldLongEnough once the time is over.
func (l *lookahead) next() (*Event, error) {
	select {
	case event, ok := <-l.events:
		if !ok {
			return nil, l.err
		}
		return event, nil
	case <-l.timer:
		l.released.Store(true)
		return nil, errHeldLongEnough
	}
}

// drain waits for the goroutine.
func (l *lookahead) drain() {
	for range l.events {
	}
}
