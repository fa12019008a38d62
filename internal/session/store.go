package session

import (
	"context"
	"fmt"
	"sync"
	"time"
)

// What a zero [Config] means.
const (
	defaultTTL          = 24 * time.Hour
	defaultGeneratedTTL = time.Hour
	defaultEndedFor     = 7 * 24 * time.Hour
	defaultMaxNodes     = 10_000
)

// Config is how long and how much is kept. A zero field means its default.
type Config struct {
	// TTL is after how much idleness a conversation ends that a client has named; 24 h.
	TTL time.Duration

	// GeneratedTTL is the same for one whose id was generated here; 1 h.
	GeneratedTTL time.Duration

	// EndedFor is how long the id of an ended conversation stays refused; 7 days.
	EndedFor time.Duration

	// MaxNodes is how many nodes are kept in all; 10,000.
	MaxNodes int

	// Nameless leads no response and no item to its conversation: Follow and Item find
	// nothing that is added so. It spares the backend the names, and those who begin a
	// turn the reading of them.
	Nameless bool

	// Now is the clock; time.Now.
	Now func() time.Time
}

// Store is the conversations that a backend keeps. It is safe for concurrent use.
type Store struct {
	backend Backend
	config  Config

	mu    sync.Mutex
	inUse map[string]int // turns without the backend's lock, by key
	sweep sweepState
}

// New returns the store of what b keeps. The store closes b.
func New(b Backend, c Config) *Store {
	if c.TTL <= 0 {
		c.TTL = defaultTTL
	}
	if c.GeneratedTTL <= 0 {
		c.GeneratedTTL = defaultGeneratedTTL
	}
	if c.EndedFor <= 0 {
		c.EndedFor = defaultEndedFor
	}
	if c.MaxNodes <= 0 {
		c.MaxNodes = defaultMaxNodes
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	return &Store{backend: b, config: c, inUse: map[string]int{}}
}

// Begin waits for the conversation's turn and reads it. An id that nobody knows begins
// a new one, of which nothing is stored before Add. The caller calls [Turn.End].
//
// The error wraps [ErrBadID] or [ErrEnded], is the context's cause, or is the
// backend's.
func (s *Store) Begin(ctx context.Context, id string) (*Turn, error) {
	if err := ValidID(id); err != nil {
		return nil, err
	}
	key := keyOf(id)
	token, lost, unlock, err := s.backend.Lock(ctx, key)
	if err != nil {
		return nil, fmt.Errorf("wait for session turn: %w", err)
	}
	c, err := s.open(ctx, id, key)
	if err != nil {
		unlock()
		return nil, err
	}
	t := &Turn{store: s, key: key, token: token, lost: lost, end: unlock, moves: true}
	if c == nil {
		c = s.fresh(id, false)
		t.unsaved = true
	}
	t.start(c, c.pointer)
	return t, nil
}

// open reads the conversation for somebody who holds its turn; nil if the id is free.
// One that has been idle for too long ends here.
func (s *Store) open(ctx context.Context, id, key string) (*conversation, error) {
	c, state, err := s.look(ctx, id, key)
	switch {
	case err != nil:
		return nil, err
	case state == stateLive:
		return c, nil
	case c != nil:
		// It outlived its time, since nobody has swept.
		if err := s.finish(ctx, key, s.freeAgain(c.brief)); err != nil {
			return nil, err
		}
	}
	if state == stateEnded {
		return nil, fmt.Errorf("session %s: %w", id, ErrEnded)
	}
	return nil, nil
}

// How a conversation is.
type state int

const (
	stateFree  state = iota // nobody has the id
	stateLive               // it is there
	stateEnded              // it was there
)

// look reads a conversation and says how it is, and changes nothing. Its remains may
// be there, not nil, though it is not live.
func (s *Store) look(ctx context.Context, id, key string) (*conversation, state, error) {
	now := s.config.Now()
	until, err := s.backend.Ended(ctx, key)
	if err != nil {
		return nil, 0, fmt.Errorf("read session: %w", err)
	}
	c, err := s.load(ctx, id, key)
	switch {
	case err != nil:
		return nil, 0, err
	case now.Before(until):
		return c, stateEnded, nil
	case c == nil:
		return nil, stateFree, nil
	case now.Before(s.expires(c.brief)):
		return c, stateLive, nil
	case now.Before(s.freeAgain(c.brief)):
		return c, stateEnded, nil
	}
	return c, stateFree, nil
}

func (s *Store) load(ctx context.Context, id, key string) (*conversation, error) {
	lines, about, err := s.backend.Load(ctx, key)
	if err != nil {
		return nil, fmt.Errorf("read session: %w", err)
	}
	return parse(id, lines, about)
}

// expires is when a conversation ends if it is not used.
func (s *Store) expires(b brief) time.Time {
	if b.Generated {
		return b.Used.Add(s.config.GeneratedTTL)
	}
	return b.Used.Add(s.config.TTL)
}

// freeAgain is when the id of a conversation that ends by itself can be used again.
func (s *Store) freeAgain(b brief) time.Time { return s.expires(b).Add(s.config.EndedFor) }

// finish ends a conversation: first the mark, so that a crash in between leaves no
// id that is free too early.
func (s *Store) finish(ctx context.Context, key string, until time.Time) error {
	if life := until.Sub(s.config.Now()); life > 0 {
		if err := s.backend.MarkEnded(ctx, key, until, life); err != nil {
			return fmt.Errorf("end session: %w", err)
		}
	}
	if _, err := s.backend.Remove(ctx, key); err != nil {
		return fmt.Errorf("end session: %w", err)
	}
	return nil
}

func (s *Store) fresh(id string, generated bool) *conversation {
	now := s.config.Now()
	return &conversation{
		brief: brief{ID: id, Generated: generated, Created: now, Used: now},
		nodes: map[string]Node{},
	}
}

// Generate begins a conversation with a random id. It takes no turn, and nothing is
// stored before Add.
func (s *Store) Generate() *Turn {
	id := newID()
	t := &Turn{store: s, key: keyOf(id), moves: true, unsaved: true}
	t.start(s.fresh(id, true), "")
	t.end = s.use(t.key)
	return t
}

// Follow reads the conversation that has the node called responseID; the history ends
// at that node. It takes no turn, and Add moves no pointer.
//
// The error wraps [ErrNoResponse] if no conversation that is kept has the node;
// otherwise it is the backend's.
func (s *Store) Follow(ctx context.Context, responseID string) (*Turn, error) {
	key, err := s.backend.Named(ctx, responseName(responseID))
	if err != nil {
		return nil, fmt.Errorf("find response: %w", err)
	}
	if key == "" {
		return nil, ErrNoResponse
	}
	end := s.use(key)
	c, state, err := s.look(ctx, "", key)
	if err == nil && (state != stateLive || c.ID == "" || !c.has(responseID)) {
		err = ErrNoResponse
	}
	if err != nil {
		end()
		return nil, err
	}
	t := &Turn{store: s, key: key, end: end}
	t.start(c, responseID)
	return t, nil
}

// use keeps a conversation from being swept by this store until the returned function
// is called.
func (s *Store) use(key string) (done func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.inUse[key]++
	return func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		if s.inUse[key]--; s.inUse[key] == 0 {
			delete(s.inUse, key)
		}
	}
}

func (s *Store) used(key string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.inUse[key] > 0
}

// Close closes the backend. Conversations stay.
func (s *Store) Close() error { return s.backend.Close() }
