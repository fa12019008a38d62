package redis

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"strings"
	"time"

	"github.com/gomodule/redigo/redis"
)

// Limits of one server. Commands are small but for conversations, which can have
// megabytes.
const (
	dialTimeout    = 5 * time.Second
	commandTimeout = 10 * time.Second
	maxConnections = 32
	maxIdle        = 8
	idleTimeout    = 4 * time.Minute
	checkAfter     = time.Second // a connection that was idle so long is tried first
)

// Server is a Redis or Valkey server. It is safe for concurrent use.
type Server struct {
	pool    *redis.Pool
	scripts scripts
	times   times
	now     func() time.Time
}

// Open connects to the server at address, a URL such as
// redis://user:password@host:6379/0, or rediss: for TLS. A missing host is localhost,
// a missing port 6379, a missing database 0.
//
// The error says what is wrong with the URL or why the server does not answer, without
// the password.
func Open(ctx context.Context, address string) (*Server, error) {
	shown, err := check(address)
	if err != nil {
		return nil, err
	}
	s := &Server{scripts: newScripts(), times: defaultTimes(), now: time.Now}
	s.pool = &redis.Pool{
		DialContext: func(ctx context.Context) (redis.Conn, error) { return dial(ctx, address) },
		MaxActive:   maxConnections,
		MaxIdle:     maxIdle,
		IdleTimeout: idleTimeout,
		Wait:        true,
		TestOnBorrowContext: func(ctx context.Context, c redis.Conn, used time.Time) error {
			if s.now().Before(used.Add(checkAfter)) {
				return nil
			}
			_, err := redis.DoContext(c, ctx, "PING")
			return err
		},
	}
	if _, err := s.do(ctx, "PING"); err != nil {
		_ = s.pool.Close()
		return nil, fmt.Errorf("connect to %s: %w", shown, err)
	}
	return s, nil
}

func dial(ctx context.Context, address string) (redis.Conn, error) {
	ctx, cancel := context.WithTimeout(ctx, dialTimeout)
	defer cancel()
	return redis.DialURLContext(ctx, address,
		redis.DialConnectTimeout(dialTimeout),
		redis.DialTLSHandshakeTimeout(dialTimeout),
		redis.DialReadTimeout(commandTimeout),
		redis.DialWriteTimeout(commandTimeout))
}

// check says whether address is one that redigo reads as it is meant, and how to show
// it. Neither result has user or password; an address that cannot be read is not
// shown at all, since anything in it may be the password.
func check(address string) (shown string, err error) {
	const form = "want redis://[user:password@]host[:port][/database] or rediss://…, with reserved characters in the password percent-encoded"
	u, err := url.Parse(address)
	switch {
	case err != nil:
		return "", errors.New("the Redis URL cannot be read: " + form)
	case u.Scheme != "redis" && u.Scheme != "rediss":
		return "", errors.New("the Redis URL has another scheme: " + form)
	case u.Opaque != "" || u.RawQuery != "" || u.Fragment != "":
		return "", errors.New("the Redis URL has a part that means nothing here: " + form)
	case strings.Trim(strings.TrimPrefix(u.Path, "/"), "0123456789") != "":
		return "", errors.New("the database in the Redis URL is not a number: " + form)
	}
	return u.Scheme + "://" + u.Host + u.Path, nil
}

// do sends one command. The error is the context's cause, or says what went wrong.
func (s *Server) do(ctx context.Context, command string, args ...any) (any, error) {
	return s.with(ctx, func(c redis.Conn) (any, error) {
		return redis.DoContext(c, ctx, command, args...)
	})
}

// run runs a script.
func (s *Server) run(ctx context.Context, script *redis.Script, keysAndArgs ...any) (any, error) {
	return s.with(ctx, func(c redis.Conn) (any, error) {
		return script.DoContext(ctx, c, keysAndArgs...)
	})
}

func (s *Server) with(ctx context.Context, use func(redis.Conn) (any, error)) (any, error) {
	c, err := s.pool.GetContext(ctx)
	if err != nil {
		return nil, failure(ctx, err)
	}
	defer c.Close()
	reply, err := use(c)
	if err != nil {
		return nil, failure(ctx, err)
	}
	return reply, nil
}

func failure(ctx context.Context, err error) error {
	// The client can tell of the context's deadline a moment before the context does.
	if _, bounded := ctx.Deadline(); bounded && errors.Is(err, context.DeadlineExceeded) {
		<-ctx.Done()
	}
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	return fmt.Errorf("redis: %w", err)
}

// Close closes the connections. Who holds a lock then loses it when its lease ends.
func (s *Server) Close() error { return s.pool.Close() }
