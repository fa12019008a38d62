package redis

import (
	"context"
	"crypto/rand"
	"sync"
	"time"

	"github.com/gomodule/redigo/redis"
)

// times are how long what takes. They are the same in all replicas.
type times struct {
	lease    time.Duration // how long a lock is held unless it is renewed
	renew    time.Duration // how often it is renewed
	patience time.Duration // how long a waiter may be silent before it counts as dead
	next     time.Duration // how often the first in the queue asks
	behind   time.Duration // how often the others ask, at most
}

func defaultTimes() times {
	return times{
		lease:    15 * time.Second,
		renew:    5 * time.Second,
		patience: 5 * time.Second,
		next:     15 * time.Millisecond,
		behind:   250 * time.Millisecond,
	}
}

// locks hands out locks on one server. Across processes they go by order of arrival at
// the server, and within one by order of the calls.
type locks struct {
	server *Server
	prefix string

	mu      sync.Mutex
	arrived map[string]chan struct{} // key → closed when the last caller has its ticket
	changed map[string]chan struct{} // key → closed when a lock was given back here
}

func (s *Server) locks(prefix string) *locks {
	return &locks{
		server: s, prefix: prefix,
		arrived: map[string]chan struct{}{},
		changed: map[string]chan struct{}{},
	}
}

func (l *locks) lockKey(key string) string    { return l.prefix + "lock:" + key }
func (l *locks) queueKey(key string) string   { return l.prefix + "queue:" + key }
func (l *locks) waitersKey(key string) string { return l.prefix + "waiters:" + key }

// lock waits for the lock of that key and holds it, renewing the lease, until unlock.
// lost is closed when the lease is gone before that.
func (l *locks) lock(ctx context.Context, key string) (token string, lost <-chan struct{}, unlock func(), err error) {
	token = rand.Text()
	place, err := l.arrive(ctx, key, token)
	for err == nil && place > 0 {
		if err = l.wait(ctx, key, place); err == nil {
			place, err = l.ask(ctx, key, token, false)
		}
	}
	if err != nil {
		l.withdraw(ctx, key, token)
		return "", nil, nil, err
	}
	lost, unlock = l.hold(ctx, key, token)
	return token, lost, unlock, nil
}

// try is lock without waiting; unlock is nil if somebody holds or awaits the lock.
func (l *locks) try(ctx context.Context, key string) (unlock func(), err error) {
	token := rand.Text()
	place, err := l.ask(ctx, key, token, true)
	if err != nil {
		l.withdraw(ctx, key, token)
		return nil, err
	}
	if place > 0 {
		return nil, nil
	}
	_, unlock = l.hold(ctx, key, token)
	return unlock, nil
}

// arrive gets a ticket, after those who called before: connections overtake each other.
func (l *locks) arrive(ctx context.Context, key, token string) (place int, err error) {
	l.mu.Lock()
	before, mine := l.arrived[key], make(chan struct{})
	l.arrived[key] = mine
	l.mu.Unlock()
	done := func() {
		l.mu.Lock()
		defer l.mu.Unlock()
		close(mine)
		if l.arrived[key] == mine {
			delete(l.arrived, key)
		}
	}
	if before != nil {
		select {
		case <-before:
		case <-ctx.Done():
			// Who comes behind must still come behind those before.
			go func() { <-before; done() }()
			return 0, context.Cause(ctx)
		}
	}
	defer done()
	return l.ask(ctx, key, token, false)
}

func (l *locks) ask(ctx context.Context, key, token string, once bool) (place int, err error) {
	t := l.server.times
	return redis.Int(l.server.run(ctx, l.server.scripts.take,
		l.lockKey(key), l.queueKey(key), l.waitersKey(key),
		token, t.lease.Milliseconds(), t.patience.Milliseconds(), once))
}

// wait is the pause before the next question: short for the first in the queue, which
// also hears at once when the lock is given back in this process.
func (l *locks) wait(ctx context.Context, key string, place int) error {
	t := l.server.times
	pause := min(time.Duration(place)*t.next, t.behind)
	var changed <-chan struct{}
	if place == 1 {
		changed = l.change(key)
	}
	timer := time.NewTimer(pause)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return context.Cause(ctx)
	case <-timer.C:
	case <-changed:
	}
	return nil
}

func (l *locks) change(key string) <-chan struct{} {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.changed[key] == nil {
		l.changed[key] = make(chan struct{})
	}
	return l.changed[key]
}

func (l *locks) announce(key string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.changed[key] != nil {
		close(l.changed[key])
		delete(l.changed, key)
	}
}

// withdraw takes back a ticket, and the lock, should its answer have been lost.
func (l *locks) withdraw(ctx context.Context, key, token string) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Second)
	defer cancel()
	// If this fails, or is overtaken by a question that is still under way, the ticket
	// and the lease run out.
	_, _ = l.server.run(ctx, l.server.scripts.leave, l.queueKey(key), l.waitersKey(key), token)
	_, _ = l.server.run(ctx, l.server.scripts.release, l.lockKey(key), token)
	l.announce(key)
}

// hold renews the lease until unlock is called.
func (l *locks) hold(ctx context.Context, key, token string) (lost <-chan struct{}, unlock func()) {
	ctx, cancel := context.WithCancel(context.WithoutCancel(ctx))
	gone, ended := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(ended)
		l.renew(ctx, key, token, gone)
	}()
	return gone, sync.OnceFunc(func() {
		cancel()
		<-ended
		l.withdraw(ctx, key, token)
	})
}

// renew prolongs the lease until ctx ends, and closes gone when it is certain or
// possible that somebody else has the lock: when the server says so, or when it has
// not answered for as long as the lease lasts.
func (l *locks) renew(ctx context.Context, key, token string, gone chan<- struct{}) {
	t := l.server.times
	// Shorter than what the server counts, which has begun earlier.
	lease := t.lease - t.lease/10
	tick := time.NewTicker(t.renew)
	defer tick.Stop()
	leased, end := context.WithTimeout(ctx, lease)
	defer func() { end() }()
	for {
		select {
		case <-leased.Done():
			if ctx.Err() == nil {
				close(gone)
			}
			return
		case <-tick.C:
		}
		next, endNext := context.WithTimeout(ctx, lease)
		held, err := redis.Bool(l.server.run(leased, l.server.scripts.renew, l.lockKey(key), token, t.lease.Milliseconds()))
		switch {
		case err != nil:
			endNext() // the lease that we have goes on
		case held:
			end()
			leased, end = next, endNext
		default:
			endNext()
			close(gone)
			return
		}
	}
}
