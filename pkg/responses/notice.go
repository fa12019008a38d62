package responses

import "time"

// NoticeKind says what a [Notice] is about.
type NoticeKind int

const (
	// NoticeRetry is a call that failed and will be repeated after Delay.
	NoticeRetry NoticeKind = iota + 1

	// NoticeRenewed is a call that is repeated with a fresh identity.
	NoticeRenewed

	// NoticeLite is a call that is repeated in the Lite form.
	NoticeLite

	// NoticeSkipped is an event that could not be read and was passed over.
	NoticeSkipped
)

// Notice is something that a person may want to know and a program need not.
type Notice struct {
	// Kind says which of the other fields are set.
	Kind NoticeKind

	// Attempt is the number of the attempt that failed, from 1.
	Attempt int

	// Delay is the pause before the next attempt.
	Delay time.Duration

	// Model is the model that asked for the Lite form.
	Model string

	// Err is why.
	Err error
}
