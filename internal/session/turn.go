package session

import (
	"context"
	"errors"
	"fmt"
	"sync"
)

// Turn is the use of one conversation: its history is read, and an exchange may be
// added. A turn of [Store.Begin] is exclusive until [Turn.End].
type Turn struct {
	store *Store
	key   string
	token string
	lost  <-chan struct{}
	moves bool // whether Add moves the pointer

	mu      sync.Mutex
	isNew   bool
	unsaved bool // the record has no head yet
	at      string
	talk    *conversation
	end     func() // nil after End
}

func (t *Turn) start(c *conversation, at string) {
	t.talk, t.at, t.isNew = c, at, t.unsaved
}

// ID is the conversation's id.
func (t *Turn) ID() string { return t.talk.ID }

// New says whether nothing was known under this id when the turn began.
func (t *Turn) New() bool { return t.isNew }

// Generated says whether the conversation's id was made by [Store.Generate].
func (t *Turn) Generated() bool { return t.talk.Generated }

// Nodes is the history: the path from the beginning to the pointer, or to the node
// that is followed, oldest first. After Add the pointer is at the new node.
func (t *Turn) Nodes() []Node {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.talk.path(t.at)
}

// Lost is closed when the exclusive turn was lost, after which Add stores nothing. It
// is nil if that cannot be.
func (t *Turn) Lost() <-chan struct{} { return t.lost }

// Add stores an exchange; the conversation has been used now. n.Parent is the caller's
// choice: the last of Nodes to continue it, or "" when n begins a history of its own,
// which then replaces the one so far.
//
// After a nil error the exchange survives a kill of this process. The error wraps
// [ErrLost] if the turn or the conversation is gone; otherwise it is the context's
// cause or the backend's, or says that n cannot be encoded.
func (t *Turn) Add(ctx context.Context, n Node) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.end == nil {
		return fmt.Errorf("add to session: the turn has ended: %w", ErrLost)
	}
	if n.ID == "" {
		return errors.New("add to session: the exchange has no response id")
	}
	now := t.store.config.Now()
	if n.At.IsZero() {
		n.At = now
	}
	about := t.talk.brief
	about.Used, about.Model = now, n.Model
	if n.Title = clipTitle(n.Title); about.Title == "" {
		about.Title = n.Title
	}
	lines, err := t.encode(n, about)
	if err != nil {
		return err
	}
	stored, err := t.store.backend.Append(ctx, t.key, t.token, t.store.names(n), lines.head, lines.node, lines.brief,
		t.store.freeAgain(about).Sub(now))
	switch {
	case err != nil:
		return fmt.Errorf("add to session: %w", err)
	case !stored:
		return fmt.Errorf("add to session %s: %w", t.talk.ID, ErrLost)
	}
	t.talk.add(n, t.moves)
	t.talk.brief, t.unsaved = about, false
	if t.moves {
		t.at = n.ID
	}
	t.store.noteAdded(t.store.expires(about))
	return nil
}

// entry is what Add hands to the backend.
type entry struct{ head, node, brief []byte }

func (t *Turn) encode(n Node, about brief) (e entry, err error) {
	if t.unsaved {
		head := headLine{schema, typeHead, about.ID, about.Generated, about.Created.UTC()}
		if e.head, err = encode(head); err != nil {
			return entry{}, err
		}
	}
	line := nodeLine{typeExchange, t.moves, n.ID, n.Parent, n.Model, n.Account, n.At.UTC(), n.In, n.Out, n.Note, n.Title}
	if e.node, err = encode(line); err != nil {
		return entry{}, err
	}
	e.brief, err = encode(about)
	return e, err
}

// End gives the turn back. Calling it again does nothing.
func (t *Turn) End() {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.end != nil {
		t.end()
		t.end = nil
	}
}
