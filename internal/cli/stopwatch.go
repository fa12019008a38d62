package cli

import "time"

// stopwatch measures one answer.
type stopwatch struct {
	now   func() time.Time
	start time.Time
	first time.Time // when the first text came; zero before
}

func newStopwatch(now func() time.Time) *stopwatch { return &stopwatch{now: now, start: now()} }

// token notes that text has come.
func (s *stopwatch) token() {
	if s.first.IsZero() {
		s.first = s.now()
	}
}

type timingDocument struct {
	StartedAt    string `json:"started_at"`
	FirstTokenMS *int64 `json:"first_token_ms"`
	DurationMS   int64  `json:"duration_ms"`
	Attempts     int    `json:"attempts"`
}

func (s *stopwatch) document(attempts int) timingDocument {
	doc := timingDocument{
		StartedAt:  s.start.UTC().Format(time.RFC3339Nano),
		DurationMS: s.now().Sub(s.start).Milliseconds(), Attempts: attempts,
	}
	if !s.first.IsZero() {
		ms := s.first.Sub(s.start).Milliseconds()
		doc.FirstTokenMS = &ms
	}
	return doc
}
