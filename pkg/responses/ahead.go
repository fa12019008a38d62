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
func (o *opening) over(e Event) bool {
	o.events++
	o.bytes += len(e.Frame)
	succeeds := e.Type == typeCompleted || e.Type == typeIncomplete
	return e.Type == typeItemAdded || succeeds || o.events >= heldEvents || o.bytes >= heldBytes
}

// begin reads ahead until it is clear that the answer has begun, or that it has
// failed before any output, or until Client.Hold is over. In the second case the
// failure is the error.
func (s *Stream) begin() error {
	take := func() (Event, error) {
		event, err := s.read()
		return event.clone(), err
	}
	if s.client.Hold > 0 {
		s.ahead = newLookahead(s, s.client.Hold)
		take = s.ahead.next
	}
	for first := (opening{}); ; {
		event, err := take()
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

// clone is an event that outlives the reader's buffer. Its data is a part of its frame,
// unless it stood on several lines.
func (e Event) clone() Event {
	e.Frame = bytes.Clone(e.Frame)
	if at := bytes.Index(e.Frame, e.Data); at >= 0 {
		e.Data = e.Frame[at : at+len(e.Data)]
		return e
	}
	e.Data = bytes.Clone(e.Data)
	return e
}

// lookahead reads the first events in a goroutine of its own, so that whoever waits
// for them can stop waiting. The goroutine ends by itself: it reads one event too
// many at most, and closing the stream ends that read.
type lookahead struct {
	events   chan *Event
	err      error // what reading ended with; set before events is closed
	released atomic.Bool
	broken   atomic.Bool // err is there

	hold  time.Duration
	timer <-chan time.Time // runs from the first event on
}

func newLookahead(s *Stream, hold time.Duration) *lookahead {
	// There is room for every event, so that the goroutine never waits for a reader.
	l := &lookahead{events: make(chan *Event, heldEvents), hold: hold}
	go l.run(s)
	return l
}

func (l *lookahead) run(s *Stream) {
	defer close(l.events)
	for first := (opening{}); !l.released.Load(); {
		event, err := s.read()
		if err != nil {
			l.err = err
			l.broken.Store(true)
			return
		}
		event = event.clone()
		l.events <- &event
		if first.over(event) {
			return
		}
	}
}

// next is the next event, errHeldLongEnough once the time is over.
func (l *lookahead) next() (Event, error) {
	select {
	case event, ok := <-l.events:
		if !ok {
			return Event{}, l.err
		}
		if l.timer == nil {
			l.timer = time.After(l.hold)
		}
		return *event, nil
	case <-l.timer:
		l.released.Store(true)
		return Event{}, errHeldLongEnough
	}
}

// drain waits for the goroutine.
func (l *lookahead) drain() {
	for range l.events {
	}
}
