package session

import "errors"

// What callers act on.
var (
	// ErrBadID is an id that no conversation can have; see [ValidID].
	ErrBadID = errors.New("invalid session id")

	// ErrEnded is the id of a conversation that was idle for too long, or had to
	// make room. It stays so for Config.EndedFor.
	ErrEnded = errors.New("session has ended")

	// ErrNotFound is an id under which nothing is kept.
	ErrNotFound = errors.New("session not found")

	// ErrNoResponse is a response that no kept exchange has answered with.
	ErrNoResponse = errors.New("response not found")

	// ErrNoItem is an output item that no kept exchange has, as far as can be found.
	ErrNoItem = errors.New("item not found")

	// ErrLost is an exchange that could not be stored, since the turn was lost or
	// given back, or the conversation was removed meanwhile.
	ErrLost = errors.New("session turn was lost")
)
