package session

import (
	"context"
	"time"
)

// Backend keeps records, each a list of lines under a key of 64 hex digits, and
// excludes writers from each other. It interprets nothing and has no clock: the
// [Store] does and has. All methods are safe for concurrent use, and several
// processes may work on the same records.
//
// The types are basic ones, so that an implementation need not import this package.
type Backend interface {
	// Lock waits for the exclusive right to the record, which need not exist. Callers
	// of one process are served in the order of their calls. token names the right
	// and goes back to Append; lost is closed when the right is gone before its time,
	// and nil if that cannot be. unlock may be called more than once. The error is the
	// context's cause, or says what went wrong.
	Lock(ctx context.Context, key string) (token string, lost <-chan struct{}, unlock func(), err error)

	// TryLock is Lock without waiting: unlock is nil when somebody holds or awaits the
	// right.
	TryLock(ctx context.Context, key string) (unlock func(), err error)

	// Load reads a record: its lines in the order in which they were added, without
	// their ends, and the brief of the newest. Both are nil if there is none.
	Load(ctx context.Context, key string) (lines [][]byte, brief []byte, err error)

	// Append adds a line, makes names, which are any texts, lead to the record, and
	// remembers brief, which is short, as what Each says about it. Neither head, line
	// nor brief has a newline. A record that does not exist begins with head; if head is
	// nil nothing is stored. Nothing is stored either if token is not empty and the right
	// it names is gone. life is how long after this the record may vanish by itself.
	//
	// A name that led elsewhere leads here now. The Store gives one for the response and
	// up to 64 for its items.
	Append(ctx context.Context, key, token string, names []string, head, line, brief []byte, life time.Duration) (stored bool, err error)

	// Remove deletes a record, and says whether there was one.
	Remove(ctx context.Context, key string) (existed bool, err error)

	// Each calls do for every record without reading it whole: with the number of its
	// lines, the first not counted, and the newest brief, nil if it cannot be found
	// quickly. An error of do ends it and is returned.
	Each(ctx context.Context, do func(key string, lines int, brief []byte) error) error

	// Named is the key of the record that name leads to; empty if none. A backend may
	// forget a name when its record is gone.
	Named(ctx context.Context, name string) (key string, err error)

	// MarkEnded remembers until when a key counts as ended; the zero time is until it is
	// forgotten at once. life is how far off that is.
	MarkEnded(ctx context.Context, key string, until time.Time, life time.Duration) error

	// Ended is what MarkEnded was told, to the millisecond; zero if nothing or if it
	// was forgotten.
	Ended(ctx context.Context, key string) (until time.Time, err error)

	// Tidy drops what is of no use any more: marks that are past, names of records
	// that are gone. It costs little when there is little.
	Tidy(ctx context.Context, now time.Time) error

	// Close gives up what the backend holds open. Records stay.
	Close() error
}
