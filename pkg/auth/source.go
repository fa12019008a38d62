package auth

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"sync"
	"time"

	"github.com/codexctl/codexctl/pkg/credentials"
)

const (
	// renewBefore is how long before its expiry a token is renewed.
	renewBefore = 5 * time.Minute

	// renewPause is how long a failed early renewal is not tried again while the
	// old token still serves.
	renewPause = time.Minute
)

// Source is a usable login, renewed when needed. It is made by [Open] or as a
// literal with Login set; its fields are not changed once it is in use. It may be
// used by several goroutines.
type Source struct {
	// Config is whom to ask for new tokens.
	Config Config

	// Login is where the login comes from. What is in the store now counts, not
	// what was there when it was found.
	Login credentials.Selection

	// Guard is taken before the file lock. Nil means the file lock alone.
	Guard Guard

	// RescueDir is where renewed tokens go that cannot be stored. If it is empty
	// they are lost, so it should not be.
	RescueDir string

	// NoRefresh forbids renewing: a token is used until it expires.
	NoRefresh bool

	// Warn is told of what went wrong without stopping us. It is called on any
	// goroutine, also on several at once, so it must be safe for concurrent use. Nil
	// means nobody is told.
	Warn func(error)

	air airspace

	mu      sync.Mutex
	current credentials.Credential // the login as last read or renewed
	stamp   credentials.Stamp      // of the store when it was read
	got     obtained
	unsaved unsaved
	refused refused
	paused  time.Time // no early renewal before this
	last    identity
}

// obtained is the last token that was fresh when this process got it, and when
// that was.
type obtained struct {
	token credentials.Secret
	at    time.Time
}

// unsaved is a renewed login that could not be stored, and the stored token that it
// takes the place of.
type unsaved struct {
	instead credentials.Secret
	login   credentials.Credential
}

// refused is a refresh token that the issuer will not take again, and what came of
// the last try.
type refused struct {
	token credentials.Secret
	err   error
}

// Open finds the login and makes a Source of it.
//
// The error is [ErrLoginRequired] if there is none, and otherwise what
// [credentials.Locator.Find] says.
func Open(ctx context.Context, locator credentials.Locator, config Config) (*Source, error) {
	login, err := locator.Find(ctx, config.now())
	if err != nil {
		return nil, loginRequired(err)
	}
	return &Source{Config: config, Login: login}, nil
}

// loginRequired marks the errors that mean that nobody is signed in.
func loginRequired(err error) error {
	if errors.Is(err, credentials.ErrNotFound) || errors.Is(err, credentials.ErrOtherLogin) || errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("%w: %w", ErrLoginRequired, err)
	}
	return err
}

// Credential returns a login whose access token can be used now. It renews the
// token if it expires within five minutes; if that fails while the token is still
// good, it warns and returns the old one.
//
// The error is [ErrLoginRequired] if the store is gone, [ErrLoginExpired] if the
// token has run out and may not be renewed, what reading the store says, what
// [Source.Renew] says, or the context's cause.
func (s *Source) Credential(ctx context.Context) (credentials.Credential, error) {
	c, err := s.load(ctx, false)
	if err != nil {
		return credentials.Credential{}, err
	}
	now := s.Config.now()
	expired, due := s.age(c, now)
	if !due {
		return c, nil
	}
	if err := s.mayRenew(c); err != nil {
		if expired {
			return credentials.Credential{}, fmt.Errorf("%w: %w", ErrLoginExpired, err)
		}
		return c, nil
	}
	if !expired && s.resting(now) {
		return c, nil
	}
	fresh, err := s.renew(ctx, c)
	switch {
	case err == nil:
		return fresh, nil
	case expired || ctx.Err() != nil:
		return credentials.Credential{}, err
	}
	s.rest(now)
	s.warn(err)
	return s.held(c), nil
}

// Account is the id of the account whose login was seen last, in the store or in an
// answer of the issuer; empty if it has none. Nothing is read or asked.
func (s *Source) Account() string { return s.held(s.Login.Credential).AccountID }

// Renew renews the login now, or adopts the result if another process has just
// done it.
//
// The error is a [*NotRenewableError], a [*RefusedError], an [*EndpointError], a
// [*RedirectError], a [*ForeignHostError], [ErrAccountChanged], a
// [*credentials.FileError], a [*credentials.RescueError], the transport's own, or
// the cause of ctx, which ends the wait and not a request that is on its way.
// After an error the store is as it was; after a RescueError that is not about a
// changed account this Source goes on with the fresh tokens.
func (s *Source) Renew(ctx context.Context) (credentials.Credential, error) {
	c, err := s.load(ctx, true)
	if err != nil {
		return credentials.Credential{}, err
	}
	if err := s.mayRenew(c); err != nil {
		return credentials.Credential{}, err
	}
	return s.renew(ctx, c)
}

// load returns the present login. The store is read again if it was written since
// the last time, or if again is set.
func (s *Source) load(ctx context.Context, again bool) (credentials.Credential, error) {
	file, ok := s.Login.File()
	if !ok {
		if s.Login.Credential.AccessToken.Empty() {
			return credentials.Credential{}, ErrLoginRequired
		}
		return s.Login.Credential, nil
	}
	stamp := file.Stamp()
	s.mu.Lock()
	current, same := s.current, s.stamp.Same(stamp)
	s.mu.Unlock()
	if same && !again {
		return current, nil
	}
	stored, _, err := file.Read(ctx)
	if err != nil {
		return credentials.Credential{}, loginRequired(err)
	}
	return s.keep(stored, stamp), nil
}

// keep remembers what was read, and returns the login that counts.
func (s *Source) keep(stored credentials.Credential, stamp credentials.Stamp) credentials.Credential {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.current, s.stamp = s.unsaved.over(stored), stamp
	return s.current
}

// over returns the unsaved login if stored is the one whose tokens it has spent.
func (u unsaved) over(stored credentials.Credential) credentials.Credential {
	if !u.instead.Empty() && u.instead.Equal(stored.AccessToken) {
		return u.login
	}
	return stored
}

// age says whether the token has run out, and whether it is time to renew it. A
// token that looked old the moment it was obtained shows that our clock is wrong or
// that tokens are short-lived; renewing it at each use would be a storm.
func (s *Source) age(c credentials.Credential, now time.Time) (expired, due bool) {
	if c.ExpiresAt.IsZero() {
		return false, false
	}
	s.mu.Lock()
	got := s.got
	s.mu.Unlock()
	margin := renewBefore
	if !got.token.Empty() && got.token.Equal(c.AccessToken) {
		if !got.at.Before(c.ExpiresAt) {
			return false, false
		}
		if !got.at.Before(c.ExpiresAt.Add(-renewBefore)) {
			margin = 0
		}
	}
	return c.Expired(now), !now.Before(c.ExpiresAt.Add(-margin))
}

// mayRenew returns a [*NotRenewableError] if the login is not ours to renew.
func (s *Source) mayRenew(c credentials.Credential) error {
	reason := ReasonShared
	switch {
	case s.Login.Kind == credentials.KindEnv:
		reason = ReasonEnvironment
	case c.RefreshToken.Empty():
		reason = ReasonNoRefreshToken
	case s.NoRefresh:
		reason = ReasonSwitchedOff
	case s.Login.Renewable:
		return nil
	}
	return &NotRenewableError{Origin: s.Login.Origin, Reason: reason}
}

// resting reports whether an early renewal failed a moment ago.
func (s *Source) resting(now time.Time) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	// The second half is for a clock that was set back.
	return now.Before(s.paused) && s.paused.Sub(now) <= renewPause
}

func (s *Source) rest(now time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.paused = now.Add(renewPause)
}

// held returns the login in memory, or c if there is none.
func (s *Source) held(c credentials.Credential) credentials.Credential {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.current.AccessToken.Empty() {
		return c
	}
	return s.current
}

func (s *Source) warn(err error) {
	if s.Warn != nil {
		s.Warn(err)
	}
}
