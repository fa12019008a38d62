package redis

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
)

// guardPrefix begins the keys of the guard's locks.
const guardPrefix = "codexctl:renew:"

// Guard keeps renewals of one login apart between machines. It satisfies auth.Guard.
type Guard struct{ locks *locks }

// Guard returns the guard of the logins that several machines share. They must see
// the login's file under one path.
func (s *Server) Guard() *Guard { return &Guard{s.locks(guardPrefix)} }

// Lock waits until nobody else renews the login in the store called path. A holder
// that has died, or cannot reach the server, is waited for at most for 15 s. The
// error is the context's cause, or says why the server does not answer.
func (g *Guard) Lock(ctx context.Context, path string) (unlock func(), err error) {
	sum := sha256.Sum256([]byte(path))
	_, _, unlock, err = g.locks.lock(ctx, hex.EncodeToString(sum[:]))
	if err != nil {
		return nil, fmt.Errorf("lock login: %w", err)
	}
	return unlock, nil
}
