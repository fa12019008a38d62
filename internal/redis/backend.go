package redis

import (
	"context"
	"errors"
	"time"

	"github.com/gomodule/redigo/redis"
)

// listBatch is how many records are asked about in one round trip.
const listBatch = 200

// Backend keeps records. It satisfies session.Backend, where the methods are described.
//
// A record is a list, "record:<key>", and its brief a string, "brief:<key>"; both vanish
// when their life ends. "records" is the set of the keys, "names" the hash that leads
// from names to keys, "ended:<key>" a mark with the instant in Unix milliseconds.
type Backend struct {
	server *Server
	locks  *locks
	prefix string
}

// Backend returns the records whose keys begin with prefix, such as "codexctl:serve:".
// They stay apart from those of any other prefix.
func (s *Server) Backend(prefix string) *Backend {
	return &Backend{s, s.locks(prefix), prefix}
}

func (b *Backend) record(key string) string { return b.prefix + "record:" + key }
func (b *Backend) brief(key string) string  { return b.prefix + "brief:" + key }
func (b *Backend) ended(key string) string  { return b.prefix + "ended:" + key }
func (b *Backend) records() string          { return b.prefix + "records" }
func (b *Backend) names() string            { return b.prefix + "names" }

// Lock waits for the right to a record: a lease that is renewed until unlock.
func (b *Backend) Lock(ctx context.Context, key string) (token string, lost <-chan struct{}, unlock func(), err error) {
	return b.locks.lock(ctx, key)
}

// TryLock is Lock without waiting.
func (b *Backend) TryLock(ctx context.Context, key string) (unlock func(), err error) {
	return b.locks.try(ctx, key)
}

// Load reads a record.
func (b *Backend) Load(ctx context.Context, key string) (lines [][]byte, brief []byte, err error) {
	lines, err = redis.ByteSlices(b.server.do(ctx, "LRANGE", b.record(key), 0, -1))
	if err != nil || len(lines) == 0 {
		return nil, nil, err
	}
	brief, err = redis.Bytes(b.server.do(ctx, "GET", b.brief(key)))
	if err != nil && !errors.Is(err, redis.ErrNil) {
		return nil, nil, err
	}
	return lines, brief, nil
}

// Append adds to a record, in one step with the look at the lock.
func (b *Backend) Append(ctx context.Context, key, token string, names []string, head, line, brief []byte, life time.Duration) (stored bool, err error) {
	args := []any{
		b.record(key), b.brief(key), b.locks.lockKey(key), b.records(), b.names(),
		token, head, line, brief, max(1, life.Milliseconds()), key,
	}
	for _, name := range names {
		args = append(args, name)
	}
	return redis.Bool(b.server.run(ctx, b.server.scripts.append, args...))
}

// Remove deletes a record.
func (b *Backend) Remove(ctx context.Context, key string) (existed bool, err error) {
	return redis.Bool(b.server.run(ctx, b.server.scripts.remove, b.record(key), b.brief(key), b.records(), key))
}

// Each lists the records.
func (b *Backend) Each(ctx context.Context, do func(key string, lines int, brief []byte) error) error {
	keys, err := redis.Strings(b.server.do(ctx, "SMEMBERS", b.records()))
	if err != nil {
		return err
	}
	for len(keys) > 0 {
		batch := keys[:min(len(keys), listBatch)]
		keys = keys[len(batch):]
		if err := b.eachOf(ctx, batch, do); err != nil {
			return err
		}
	}
	return nil
}

func (b *Backend) eachOf(ctx context.Context, keys []string, do func(key string, lines int, brief []byte) error) error {
	lengths, briefs, err := b.look(ctx, keys)
	if err != nil {
		return err
	}
	for i, key := range keys {
		if lengths[i] == 0 {
			_, err := b.server.run(ctx, b.server.scripts.unlist, b.records(), b.record(key), key)
			if err != nil {
				return err
			}
			continue
		}
		if err := do(key, lengths[i]-1, briefs[i]); err != nil {
			return err
		}
	}
	return nil
}

// look asks for length and brief of several records at once.
func (b *Backend) look(ctx context.Context, keys []string) (lengths []int, briefs [][]byte, err error) {
	_, err = b.server.with(ctx, func(c redis.Conn) (any, error) {
		args := make([]any, len(keys))
		for i, key := range keys {
			args[i] = b.brief(key)
			if err := c.Send("LLEN", b.record(key)); err != nil {
				return nil, err
			}
		}
		if err := c.Send("MGET", args...); err != nil {
			return nil, err
		}
		if err := c.Flush(); err != nil {
			return nil, err
		}
		for range keys {
			n, err := redis.Int(redis.ReceiveContext(c, ctx))
			if err != nil {
				return nil, err
			}
			lengths = append(lengths, n)
		}
		briefs, err = redis.ByteSlices(redis.ReceiveContext(c, ctx))
		return nil, err
	})
	return lengths, briefs, err
}

// Named is the key that name leads to.
func (b *Backend) Named(ctx context.Context, name string) (key string, err error) {
	key, err = redis.String(b.server.do(ctx, "HGET", b.names(), name))
	if errors.Is(err, redis.ErrNil) {
		return "", nil
	}
	return key, err
}

// MarkEnded remembers until when a key counts as ended.
func (b *Backend) MarkEnded(ctx context.Context, key string, until time.Time, life time.Duration) error {
	if until.IsZero() {
		_, err := b.server.do(ctx, "DEL", b.ended(key))
		return err
	}
	_, err := b.server.do(ctx, "SET", b.ended(key), until.UnixMilli(), "PX", max(1, life.Milliseconds()))
	return err
}

// Ended is what MarkEnded was told.
func (b *Backend) Ended(ctx context.Context, key string) (until time.Time, err error) {
	ms, err := redis.Int64(b.server.do(ctx, "GET", b.ended(key)))
	switch {
	case errors.Is(err, redis.ErrNil):
		return time.Time{}, nil
	case err != nil:
		return time.Time{}, err
	}
	return time.UnixMilli(ms), nil
}

// Close does nothing: the server is closed by whom it was opened.
func (b *Backend) Close() error { return nil }
