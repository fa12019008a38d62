package credentials

import (
	"context"
	"errors"
	"time"
)

// Kind is what sort of place a login comes from.
type Kind string

// The two kinds of place.
const (
	KindFile Kind = "file"
	KindEnv  Kind = "env"
)

// Origin is where a login comes from.
type Origin struct {
	// Kind says which of Path and Variable is set.
	Kind Kind

	// Format is the file's form; empty for a variable.
	Format Format

	// Path is the file as given; empty for a variable.
	Path string

	// Variable is the environment variable; empty for a file.
	Variable string

	// Named is set if the user named this login: an explicit file or a variable.
	Named bool

	// Renewable is set if the login may be renewed in place: our own store, a flat
	// file, and every file that the user named. The official CLI's nested file only
	// if that was asked for; a variable never. A login without a refresh token
	// cannot be renewed all the same.
	Renewable bool

	hint Format // File.Format
}

// String returns the path or the variable.
func (o Origin) String() string { return first(o.Path, o.Variable) }

// File returns the store, and false for a variable.
func (o Origin) File() (File, bool) {
	return File{Path: o.Path, Format: first(o.hint, o.Format)}, o.Kind == KindFile
}

// Passed is a source that was not used, and why.
type Passed struct {
	// Origin is the source.
	Origin Origin

	// Err is an [*OtherLoginError], or a [*FileError] that wraps [ErrDead].
	Err error
}

// String says what was passed over and why.
func (p Passed) String() string { return p.Err.Error() }

// Selection is the login that was found.
type Selection struct {
	Origin

	// Credential is the login as it was when it was found.
	Credential Credential

	// Passed are the better-placed sources that could not be used.
	Passed []Passed

	rest []candidate
}

// Next returns the source that would be used if this login were not there, for a
// hint after its renewal was refused: accounts are never changed in silence. There
// is none after a named file.
func (s Selection) Next(ctx context.Context, now time.Time) (Origin, bool) {
	next, err := find(ctx, now, s.rest)
	if err != nil || next.Credential.Dead(now) {
		return Origin{}, false
	}
	return next.Origin, true
}

// State sums up a login in one word.
type State string

// The states. A login in one of the first three can be used.
const (
	StateValid       State = "valid"       // the access token is good
	StateRefreshable State = "refreshable" // it has run out and may be renewed
	StateUnknown     State = "unknown"     // nobody knows when it runs out
	StateExpired     State = "expired"     // it has run out and may not be renewed
	StateSignedOut   State = "signed_out"  // there is no login
	StateInvalid     State = "invalid"     // the store cannot be read as a login
)

// Usable reports whether a login in this state can be used.
func (s State) Usable() bool {
	return s == StateValid || s == StateRefreshable || s == StateUnknown
}

// CanRenew reports whether the login may be renewed in place and has what it takes.
func (s Selection) CanRenew() bool {
	return s.Renewable && !s.Credential.RefreshToken.Empty()
}

// State returns the login's state at now.
func (s Selection) State(now time.Time) State {
	switch {
	case s.Credential.AccessToken.Empty():
		return StateSignedOut
	case s.Credential.ExpiresAt.IsZero():
		return StateUnknown
	case !s.Credential.Expired(now):
		return StateValid
	case s.CanRenew():
		return StateRefreshable
	}
	return StateExpired
}

// StateOf returns the state for both results of [Locator.Find].
func StateOf(s Selection, err error, now time.Time) State {
	switch {
	case err == nil:
		return s.State(now)
	case errors.Is(err, ErrNotFound), errors.Is(err, ErrOtherLogin):
		return StateSignedOut
	}
	return StateInvalid
}
