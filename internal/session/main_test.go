package session

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/codexctl/codexctl/internal/freeport"
	"github.com/codexctl/codexctl/internal/redis"
)

// childVariable makes the test binary play another process.
const childVariable = "SESSION_TEST_CHILD"

func TestMain(m *testing.M) {
	if dir := os.Getenv(childVariable); dir != "" {
		os.Exit(appendUntilKilled(dir, os.Args[1]))
	}
	goleak.VerifyTestMain(m)
}

// clock is a clock that the test sets.
type clock struct {
	mu  sync.Mutex
	now time.Time
}

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *clock) pass(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

// world is one storage, with a clock.
type world struct {
	t     *testing.T
	clock *clock
	open  func() Backend // one more process, so to say
}

// store opens the storage once more.
func (w *world) store(c Config) *Store {
	w.t.Helper()
	c.Now = w.clock.Now
	s := New(w.open(), c)
	w.t.Cleanup(func() {
		if err := s.Close(); err != nil {
			w.t.Error(err)
		}
	})
	return s
}

// onBoth runs a test on a folder and on a Redis server.
func onBoth(t *testing.T, test func(*testing.T, *world)) {
	start := func() *clock { return &clock{now: time.Date(2026, 6, 1, 12, 0, 0, 0, time.UTC)} }
	t.Run("folder", func(t *testing.T) {
		dir := t.TempDir()
		test(t, &world{t, start(), func() Backend { return folder(t, dir) }})
	})
	t.Run("redis", func(t *testing.T) {
		address := redisServer(t)
		test(t, &world{t, start(), func() Backend { return redisBackend(t, address) }})
	})
}

func folder(t testing.TB, dir string) *Folder {
	t.Helper()
	f, err := OpenFolder(dir)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

func redisBackend(t testing.TB, address string) Backend {
	t.Helper()
	server, err := redis.Open(t.Context(), address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = server.Close() })
	return server.Backend("test:")
}

// redisServer starts a server for this test; its URL.
func redisServer(t testing.TB) string {
	t.Helper()
	binary, err := exec.LookPath("redis-server")
	if err != nil {
		if binary, err = exec.LookPath("valkey-server"); err != nil {
			t.Skip("no redis-server or valkey-server on the PATH: apt-get install redis-server")
		}
	}
	port := freeport.For(t)
	cmd := exec.Command(binary, "--port", port, "--bind", "127.0.0.1",
		"--dir", t.TempDir(), "--save", "", "--appendonly", "no")
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	})
	address := fmt.Sprintf("redis://127.0.0.1:%s/0", port)
	for range 200 {
		server, err := redis.Open(t.Context(), address)
		if err == nil {
			_ = server.Close()
			return address
		}
		time.Sleep(20 * time.Millisecond)
	}
	t.Fatal("the server does not start")
	return ""
}

// item is an input or output item that says text.
func item(text string) json.RawMessage {
	data, err := json.Marshal(text)
	if err != nil {
		panic(err)
	}
	return data
}

// exchange is a node that says its own name.
func exchange(id, parent string) Node {
	return Node{
		ID: id, Parent: parent,
		In: []json.RawMessage{item("in " + id)}, Out: []json.RawMessage{item("out " + id)},
		Model: "gpt-5.5", Account: "acc",
	}
}

func begin(t testing.TB, s *Store, id string) *Turn {
	t.Helper()
	turn, err := s.Begin(context.Background(), id)
	if err != nil {
		t.Fatalf("Begin(%q): %v", id, err)
	}
	return turn
}

// last is the id of a turn's newest node.
func last(turn *Turn) string {
	nodes := turn.Nodes()
	if len(nodes) == 0 {
		return ""
	}
	return nodes[len(nodes)-1].ID
}

func add(t testing.TB, turn *Turn, n Node) {
	t.Helper()
	if err := turn.Add(context.Background(), n); err != nil {
		t.Fatalf("Add(%s): %v", n.ID, err)
	}
}

// say adds exchanges to a session, one turn each.
func say(t testing.TB, s *Store, session string, responses ...string) {
	t.Helper()
	for _, id := range responses {
		turn := begin(t, s, session)
		add(t, turn, exchange(id, last(turn)))
		turn.End()
	}
}

func ids(nodes []Node) []string {
	list := []string{}
	for _, n := range nodes {
		list = append(list, n.ID)
	}
	return list
}

// history is the ids of a session's nodes.
func history(t testing.TB, s *Store, session string) []string {
	t.Helper()
	_, nodes, err := s.Get(context.Background(), session)
	if err != nil {
		t.Fatalf("Get(%q): %v", session, err)
	}
	return ids(nodes)
}

func wantErr(t testing.TB, what string, got, want error) {
	t.Helper()
	if !errors.Is(got, want) {
		t.Errorf("%s: got error %v, want %v", what, got, want)
	}
}

// sessions is the ids in the listing.
func sessions(t testing.TB, s *Store) []string {
	t.Helper()
	list, err := s.List(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	names := []string{}
	for _, sum := range list {
		names = append(names, sum.ID)
	}
	return names
}
