package responses

import "strings"

// Opening says whether the event only announces the answer: response.created, queued or
// in_progress.
func (e Event) Opening() bool {
	return e.Type == typeCreated || e.Type == typeInProgress || e.Type == typeQueued
}

// Failure says whether the event tells of a failure: error or response.failed.
func (e Event) Failure() bool { return e.Type == typeError || e.Failed() }

// Failed says whether the event is response.failed.
func (e Event) Failed() bool { return e.Type == typeFailed }

// TextDelta says whether the event brings a piece of the answer's text.
func (e Event) TextDelta() bool { return e.Type == typeTextDelta }

// IsDelta says whether the event brings a piece of something that another event brings
// as a whole.
func (e Event) IsDelta() bool { return strings.HasSuffix(e.Type, ".delta") }

const typeQueued = "response.queued"
