package session

import (
	"context"
	"slices"
	"sync"
)

// queues let one caller at a time through per key, in order of arrival. The zero value
// is ready.
type queues struct {
	mu   sync.Mutex
	keys map[string][]chan struct{} // who waits behind the one that is let through
}

// enter waits for its turn. The error is the context's cause.
func (q *queues) enter(ctx context.Context, key string) error {
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	q.mu.Lock()
	waiting, busy := q.keys[key]
	if !busy {
		q.let(key)
		q.mu.Unlock()
		return nil
	}
	turn := make(chan struct{})
	q.keys[key] = append(waiting, turn)
	q.mu.Unlock()
	select {
	case <-turn:
		return nil
	case <-ctx.Done():
		q.abandon(key, turn)
		return context.Cause(ctx)
	}
}

// tryEnter is enter without waiting.
func (q *queues) tryEnter(key string) bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	if _, busy := q.keys[key]; busy {
		return false
	}
	q.let(key)
	return true
}

func (q *queues) let(key string) {
	if q.keys == nil {
		q.keys = map[string][]chan struct{}{}
	}
	q.keys[key] = nil
}

// leave lets the next one through.
func (q *queues) leave(key string) {
	q.mu.Lock()
	defer q.mu.Unlock()
	waiting := q.keys[key]
	if len(waiting) == 0 {
		delete(q.keys, key)
		return
	}
	close(waiting[0])
	q.keys[key] = waiting[1:]
}

// abandon gives up a place. It may have come up just now: then it goes to the next.
func (q *queues) abandon(key string, turn chan struct{}) {
	q.mu.Lock()
	i := slices.Index(q.keys[key], turn)
	if i >= 0 {
		q.keys[key] = slices.Delete(q.keys[key], i, i+1)
	}
	q.mu.Unlock()
	if i < 0 {
		q.leave(key)
	}
}
