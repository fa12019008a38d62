package session

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"time"
)

// Summary is what is known about a conversation without reading it.
type Summary struct {
	// ID is the conversation's id.
	ID string

	// Generated says that the id was made by [Store.Generate].
	Generated bool

	// Created is when the first exchange began, Used when the last was added.
	Created, Used time.Time

	// Exchanges is how many nodes are kept, those of abandoned histories included.
	Exchanges int

	// Model is who answered last.
	Model string

	// Title is what the conversation is called; see Node.Title.
	Title string

	// Expires is when it ends if it is not used.
	Expires time.Time
}

// List is all conversations that have not ended, most recently used first. It reads
// no record whole: about 1 KiB of each.
func (s *Store) List(ctx context.Context) ([]Summary, error) {
	now := s.config.Now()
	var order []*Summary // sorting the summaries themselves costs 17 KB of program
	err := s.each(ctx, func(r record) error {
		if now.Before(s.expires(r.brief)) {
			sum := s.summary(r.brief, r.nodes)
			order = append(order, &sum)
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("list sessions: %w", err)
	}
	slices.SortFunc(order, func(a, b *Summary) int {
		return cmp.Or(b.Used.Compare(a.Used), cmp.Compare(a.ID, b.ID))
	})
	var list []Summary
	for _, sum := range order {
		list = append(list, *sum)
	}
	return list, nil
}

// record is a line of the backend's listing.
type record struct {
	brief
	key   string
	nodes int
}

func (s *Store) each(ctx context.Context, do func(record) error) error {
	return s.backend.Each(ctx, func(key string, nodes int, about []byte) error {
		r := record{key: key, nodes: nodes}
		if json.Unmarshal(about, &r.brief) != nil || r.ID == "" {
			c, err := s.load(ctx, "", key)
			if err != nil || c == nil || c.ID == "" {
				return nil // not ours to read, or gone meanwhile
			}
			r.brief, r.nodes = c.brief, len(c.nodes)
		}
		return do(r)
	})
}

func (s *Store) summary(b brief, nodes int) Summary {
	return Summary{b.ID, b.Generated, b.Created, b.Used, nodes, b.Model, b.Title, s.expires(b)}
}

// Get is one conversation: what List says about it, and its history, as [Turn.Nodes].
// It waits for no turn. The error wraps [ErrBadID], [ErrNotFound] or [ErrEnded], or is
// the backend's.
func (s *Store) Get(ctx context.Context, id string) (Summary, []Node, error) {
	if err := ValidID(id); err != nil {
		return Summary{}, nil, err
	}
	c, state, err := s.look(ctx, id, keyOf(id))
	switch {
	case err != nil:
		return Summary{}, nil, err
	case state == stateEnded:
		return Summary{}, nil, fmt.Errorf("session %s: %w", id, ErrEnded)
	case state == stateFree:
		return Summary{}, nil, fmt.Errorf("session %s: %w", id, ErrNotFound)
	}
	return s.summary(c.brief, len(c.nodes)), c.path(c.pointer), nil
}

// Remove deletes a conversation and frees its id at once, that of an ended one too. It
// waits for no turn: what a turn adds afterwards is [ErrLost]. The error wraps
// [ErrBadID] or [ErrNotFound], or is the backend's.
func (s *Store) Remove(ctx context.Context, id string) error {
	if err := ValidID(id); err != nil {
		return err
	}
	key := keyOf(id)
	existed, err := s.backend.Remove(ctx, key)
	if err != nil {
		return fmt.Errorf("remove session: %w", err)
	}
	until, err := s.backend.Ended(ctx, key)
	if err == nil && !until.IsZero() {
		err = s.backend.MarkEnded(ctx, key, time.Time{}, 0)
	}
	switch {
	case err != nil:
		return fmt.Errorf("remove session: %w", err)
	case !existed && !s.config.Now().Before(until):
		return fmt.Errorf("session %s: %w", id, ErrNotFound)
	}
	return nil
}
