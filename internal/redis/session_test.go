package redis

import (
	"testing"

	"github.com/codexctl/codexctl/internal/session"
)

// A turn whose lease was lost stores nothing; what the next holder added stays whole.
// All else that a session.Store does with a server is tested in internal/session, with
// the same cases as for a folder.
func TestTurnIsLost(t *testing.T) {
	address := "redis://" + startServer(t)
	s := connect(t, address)
	store := session.New(s.Backend("a:"), session.Config{})
	turn, err := store.Begin(t.Context(), "talk")
	if err != nil {
		t.Fatal(err)
	}
	defer turn.End()
	locks, err := s.do(t.Context(), "KEYS", "a:lock:*")
	if keys, ok := locks.([]any); err != nil || !ok || len(keys) != 1 {
		t.Fatalf("locks %v, %v; want one", locks, err)
	} else {
		do(t, s, "DEL", keys...) // as if the lease had run out
	}
	next, err := session.New(connect(t, address).Backend("a:"), session.Config{}).Begin(t.Context(), "talk")
	if err != nil {
		t.Fatal(err)
	}
	defer next.End()
	if err := next.Add(t.Context(), session.Node{ID: "r2"}); err != nil {
		t.Fatal(err)
	}
	wantErr(t, "Add", turn.Add(t.Context(), session.Node{ID: "r1"}), session.ErrLost)
	if !isClosed(turn.Lost(), 2*s.times.lease) {
		t.Error("losing the turn was not told")
	}
	_, nodes, err := store.Get(t.Context(), "talk")
	if err != nil || len(nodes) != 1 || nodes[0].ID != "r2" {
		t.Errorf("history %v, %v; want r2", nodes, err)
	}
}
