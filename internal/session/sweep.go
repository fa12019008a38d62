package session

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"
)

// sweepAtLeast is how long [Store.Sweep] trusts what it saw last: other processes add
// to the same records.
const sweepAtLeast = 10 * time.Minute

// sweepState is what the store knows since it swept last.
type sweepState struct {
	done  bool
	again time.Time // when something is to be done, as far as is known
	nodes int       // how many there are, as far as is known
}

// noteAdded counts a node whose conversation ends at expires.
func (s *Store) noteAdded(expires time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.sweep.nodes++
	if expires.Before(s.sweep.again) {
		s.sweep.again = expires
	}
}

func (s *Store) sweepIsDue(now time.Time) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return !s.sweep.done || !now.Before(s.sweep.again) || s.sweep.nodes > s.config.MaxNodes
}

// Sweep ends the conversations that have been idle for too long, and, if more than
// Config.MaxNodes nodes are kept, the least recently used until they fit; never one
// that is in use. It forgets the ids that ended long enough ago.
//
// Between two sweeps there may be more than that. A use in another process that takes
// no turn (Follow, Generate) is not seen; its Add then says [ErrLost].
//
// It looks at all records, or at none if this store knows since the last time that
// there is nothing to do; every 10 minutes it looks in any case. The error is the
// backend's: what could be done is done.
func (s *Store) Sweep(ctx context.Context) error {
	now := s.config.Now()
	if !s.sweepIsDue(now) {
		return nil
	}
	var live, idle []*record
	err := s.each(ctx, func(r record) error {
		if now.Before(s.expires(r.brief)) {
			live = append(live, &r)
		} else {
			idle = append(idle, &r)
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("sweep sessions: %w", err)
	}
	var errs []error
	for _, r := range idle {
		_, err := s.evict(ctx, *r, s.freeAgain(r.brief))
		errs = append(errs, err)
	}
	errs = append(errs, s.makeRoom(ctx, live, now), s.backend.Tidy(ctx, now))
	if err := errors.Join(errs...); err != nil {
		return fmt.Errorf("sweep sessions: %w", err)
	}
	return nil
}

// makeRoom ends the least recently used of the records that are more than MaxNodes,
// and notes when to look again.
func (s *Store) makeRoom(ctx context.Context, live []*record, now time.Time) error {
	slices.SortFunc(live, func(a, b *record) int { return a.Used.Compare(b.Used) })
	nodes, again := 0, now.Add(sweepAtLeast)
	for _, r := range live {
		nodes += r.nodes
	}
	var errs []error
	for _, r := range live {
		if nodes > s.config.MaxNodes {
			gone, err := s.evict(ctx, *r, now.Add(s.config.EndedFor))
			errs = append(errs, err)
			if gone {
				nodes -= r.nodes
				continue
			}
		}
		if ends := s.expires(r.brief); ends.Before(again) {
			again = ends
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.sweep = sweepState{true, again, nodes}
	return errors.Join(errs...)
}

// evict ends a conversation unless it is in use or has been used since it was listed.
func (s *Store) evict(ctx context.Context, r record, until time.Time) (gone bool, err error) {
	if s.used(r.key) {
		return false, nil
	}
	unlock, err := s.backend.TryLock(ctx, r.key)
	if err != nil || unlock == nil {
		return false, err
	}
	defer unlock()
	c, err := s.load(ctx, r.ID, r.key)
	switch {
	case err != nil:
		return false, err
	case c == nil:
		return true, nil // somebody else has swept, or removed it and freed its id
	case !c.Used.Equal(r.Used):
		return false, nil
	}
	return true, s.finish(ctx, r.key, until)
}
