package session

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func diff(t testing.TB, what string, got, want any) {
	t.Helper()
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("%s (-want +got):\n%s", what, d)
	}
}

func TestConversationIsKept(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		s := w.store(Config{})
		turn := begin(t, s, "talk")
		if !turn.New() || turn.Generated() || turn.ID() != "talk" || len(turn.Nodes()) != 0 {
			t.Errorf("first turn: new %v, generated %v, id %q, nodes %v", turn.New(), turn.Generated(), turn.ID(), turn.Nodes())
		}
		first := Node{
			ID: "r1", Model: "m", Account: "a", At: w.clock.Now().Add(-time.Second),
			In:  []json.RawMessage{json.RawMessage(`{"text":"<b> & \u00e9 é"}`), json.RawMessage(`[1,2]`)},
			Out: []json.RawMessage{json.RawMessage(`{"b":1,"a":2.50}`)},
		}
		add(t, turn, first)
		w.clock.pass(time.Minute)
		second := exchange("r2", "r1")
		add(t, turn, second)
		diff(t, "history after Add", ids(turn.Nodes()), []string{"r1", "r2"})
		turn.End()
		turn.End()

		second.At = w.clock.Now()
		again := begin(t, w.store(Config{}), "talk")
		defer again.End()
		if again.New() {
			t.Error("the second turn is new")
		}
		diff(t, "history", again.Nodes(), []Node{first, second})
	})
}

func TestNothingIsStoredBeforeAdd(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		s := w.store(Config{})
		begin(t, s, "talk").End()
		s.Generate().End()
		diff(t, "sessions", sessions(t, s), []string{})
		_, _, err := s.Get(t.Context(), "talk")
		wantErr(t, "Get", err, ErrNotFound)
	})
}

func TestBadIDs(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		s := w.store(Config{})
		for _, id := range []string{"", "../up", "v1", "a/b", ".", "-x", string(make([]byte, 3))} {
			_, err := s.Begin(t.Context(), id)
			wantErr(t, "Begin", err, ErrBadID)
			_, _, err = s.Get(t.Context(), id)
			wantErr(t, "Get", err, ErrBadID)
			wantErr(t, "Remove", s.Remove(t.Context(), id), ErrBadID)
		}
	})
}

func TestGeneratedConversation(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		s := w.store(Config{})
		turn := s.Generate()
		defer turn.End()
		if !turn.New() || !turn.Generated() || turn.Lost() != nil || ValidID(turn.ID()) != nil {
			t.Errorf("new %v, generated %v, id %q", turn.New(), turn.Generated(), turn.ID())
		}
		add(t, turn, exchange("r1", ""))
		again := begin(t, s, turn.ID())
		defer again.End()
		if again.New() || !again.Generated() {
			t.Errorf("by its id: new %v, generated %v", again.New(), again.Generated())
		}
		diff(t, "history", ids(again.Nodes()), []string{"r1"})
	})
}

func TestReplacedHistory(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		s := w.store(Config{})
		say(t, s, "talk", "r1", "r2")
		turn := begin(t, s, "talk")
		add(t, turn, exchange("r3", ""))
		turn.End()
		diff(t, "history", history(t, s, "talk"), []string{"r3"})
		say(t, s, "talk", "r4")
		diff(t, "history", history(t, s, "talk"), []string{"r3", "r4"})
	})
}

func TestFollow(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		s := w.store(Config{})
		say(t, s, "talk", "r1", "r2", "r3")
		other := w.store(Config{})

		// A turn on the session does not keep anybody from following.
		held := begin(t, s, "talk")
		defer held.End()
		turn, err := other.Follow(t.Context(), "r2")
		if err != nil {
			t.Fatal(err)
		}
		defer turn.End()
		if turn.ID() != "talk" || turn.New() || turn.Generated() || turn.Lost() != nil {
			t.Errorf("followed: id %q, new %v, generated %v", turn.ID(), turn.New(), turn.Generated())
		}
		diff(t, "followed history", ids(turn.Nodes()), []string{"r1", "r2"})
		add(t, turn, exchange("r2b", "r2"))
		diff(t, "followed history after Add", ids(turn.Nodes()), []string{"r1", "r2"})
		diff(t, "the session's history", history(t, s, "talk"), []string{"r1", "r2", "r3"})

		branch, err := s.Follow(t.Context(), "r2b")
		if err != nil {
			t.Fatal(err)
		}
		defer branch.End()
		diff(t, "the branch", ids(branch.Nodes()), []string{"r1", "r2", "r2b"})
		_, err = s.Follow(t.Context(), "r9")
		wantErr(t, "Follow an unknown response", err, ErrNoResponse)
		_, err = s.Follow(t.Context(), "")
		wantErr(t, "Follow nothing", err, ErrNoResponse)
	})
}

func TestAddIsRefused(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		s := w.store(Config{})
		say(t, s, "talk", "r1")
		turn := begin(t, s, "talk")
		if err := turn.Add(t.Context(), Node{}); err == nil {
			t.Error("an exchange without id was stored")
		}
		if err := turn.Add(t.Context(), Node{ID: "x", In: []json.RawMessage{json.RawMessage("{")}}); err == nil {
			t.Error("an item that is no JSON was stored")
		}
		turn.End()
		wantErr(t, "Add after End", turn.Add(t.Context(), exchange("r2", "r1")), ErrLost)

		for _, how := range []string{"begun", "followed"} {
			turn := begin(t, s, "talk")
			if how == "followed" {
				turn.End()
				var err error
				if turn, err = s.Follow(t.Context(), last(turn)); err != nil {
					t.Fatal(err)
				}
			}
			if err := w.store(Config{}).Remove(t.Context(), "talk"); err != nil {
				t.Fatal(err)
			}
			wantErr(t, how+": Add after Remove", turn.Add(t.Context(), exchange("r2", "r1")), ErrLost)
			turn.End()
			diff(t, how+": sessions", sessions(t, s), []string{})
			say(t, s, "talk", "r1")
		}
	})
}

func TestIdleConversationsEnd(t *testing.T) {
	for _, sweep := range []bool{true, false} {
		t.Run(fmt.Sprintf("swept %v", sweep), func(t *testing.T) {
			onBoth(t, func(t *testing.T, w *world) { testIdle(t, w, sweep) })
		})
	}
}

func testIdle(t *testing.T, w *world, swept bool) {
	s := w.store(Config{})
	sweep := func() {
		t.Helper()
		if swept {
			if err := s.Sweep(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
	}
	say(t, s, "named", "r1")
	turn := s.Generate()
	add(t, turn, exchange("g1", ""))
	turn.End()

	w.clock.pass(time.Hour - 1)
	sweep()
	begin(t, s, turn.ID()).End() // reading is no use
	w.clock.pass(1)
	sweep()
	_, err := s.Begin(t.Context(), turn.ID())
	wantErr(t, "generated, after 1 h", err, ErrEnded)
	_, err = s.Follow(t.Context(), "g1")
	wantErr(t, "its response", err, ErrNoResponse)

	w.clock.pass(22 * time.Hour)
	sweep()
	say(t, s, "named", "r2") // a use
	w.clock.pass(24*time.Hour - 1)
	sweep()
	diff(t, "sessions", sessions(t, s), []string{"named"})
	w.clock.pass(1)
	sweep()
	diff(t, "sessions", sessions(t, s), []string{})
	_, _, err = s.Get(t.Context(), "named")
	wantErr(t, "Get, after 24 h", err, ErrEnded)

	w.clock.pass(7*24*time.Hour - time.Millisecond)
	sweep()
	_, err = w.store(Config{}).Begin(t.Context(), "named")
	wantErr(t, "Begin, a week later", err, ErrEnded)
	w.clock.pass(time.Millisecond)
	sweep()
	_, _, err = s.Get(t.Context(), "named")
	wantErr(t, "Get, after that", err, ErrNotFound)
	free := begin(t, s, "named")
	if !free.New() || len(free.Nodes()) != 0 {
		t.Error("the id is not free after a week")
	}
	free.End()
	wantErr(t, "Remove, after that", s.Remove(t.Context(), "named"), ErrNotFound)
}

func TestNobodySweepsForWeeks(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		s := w.store(Config{})
		say(t, s, "talk", "r1")
		w.clock.pass(9 * 24 * time.Hour)
		turn := begin(t, s, "talk")
		if !turn.New() || len(turn.Nodes()) != 0 {
			t.Errorf("the id is not free: %v", ids(turn.Nodes()))
		}
		add(t, turn, exchange("r2", ""))
		turn.End()
		diff(t, "history", history(t, s, "talk"), []string{"r2"})
	})
}

func TestRemove(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		s := w.store(Config{TTL: time.Hour})
		wantErr(t, "Remove an unknown id", s.Remove(t.Context(), "talk"), ErrNotFound)
		say(t, s, "talk", "r1")
		if err := s.Remove(t.Context(), "talk"); err != nil {
			t.Fatal(err)
		}
		_, err := s.Follow(t.Context(), "r1")
		wantErr(t, "Follow", err, ErrNoResponse)
		_, _, err = s.Get(t.Context(), "talk")
		wantErr(t, "Get", err, ErrNotFound)
		say(t, s, "talk", "r2")
		diff(t, "history", history(t, s, "talk"), []string{"r2"})

		w.clock.pass(time.Hour)
		if err := s.Sweep(t.Context()); err != nil {
			t.Fatal(err)
		}
		_, err = s.Begin(t.Context(), "talk")
		wantErr(t, "Begin", err, ErrEnded)
		if err := s.Remove(t.Context(), "talk"); err != nil {
			t.Fatalf("Remove an ended one: %v", err)
		}
		say(t, s, "talk", "r3")
		diff(t, "history", history(t, s, "talk"), []string{"r3"})
	})
}

func TestList(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		s := w.store(Config{})
		start := w.clock.Now()
		say(t, s, "one", "a1", "a2")
		w.clock.pass(time.Minute)
		turn := s.Generate()
		n := exchange("b1", "")
		n.Model = "other"
		add(t, turn, n)
		turn.End()
		w.clock.pass(time.Minute)
		say(t, s, "two", "c1")
		w.clock.pass(time.Minute)
		followed, err := s.Follow(t.Context(), "a1")
		if err != nil {
			t.Fatal(err)
		}
		add(t, followed, exchange("a3", "a1"))
		followed.End()

		list, err := w.store(Config{}).List(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		minute := func(n int) time.Time { return start.Add(time.Duration(n) * time.Minute) }
		one := Summary{"one", false, start, minute(3), 3, "gpt-5.5", "", minute(3).Add(24 * time.Hour)}
		diff(t, "list", list, []Summary{
			one,
			{"two", false, minute(2), minute(2), 1, "gpt-5.5", "", minute(2).Add(24 * time.Hour)},
			{turn.ID(), true, minute(1), minute(1), 1, "other", "", minute(1).Add(time.Hour)},
		})
		sum, _, err := s.Get(t.Context(), "one")
		if err != nil {
			t.Fatal(err)
		}
		diff(t, "Get", sum, one)
	})
}

func TestTooManyNodes(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		s := w.store(Config{MaxNodes: 5})
		sweep := func() {
			t.Helper()
			if err := s.Sweep(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
		for _, name := range []string{"a", "b", "c"} {
			say(t, s, name, name+"1", name+"2")
			w.clock.pass(time.Second)
		}
		held := begin(t, w.store(Config{}), "a") // in use, in another process
		followed, err := s.Follow(t.Context(), "b1")
		if err != nil {
			t.Fatal(err)
		}
		sweep()
		diff(t, "sessions while two are in use", sessions(t, s), []string{"b", "a"})
		add(t, held, exchange("a3", "a2"))
		add(t, held, exchange("a4", "a3"))
		held.End()
		followed.End()
		w.clock.pass(sweepAtLeast) // what other processes add is seen by then
		sweep()
		diff(t, "sessions", sessions(t, s), []string{"a"})
		for _, name := range []string{"b", "c"} {
			_, err := s.Begin(t.Context(), name)
			wantErr(t, "Begin "+name, err, ErrEnded)
		}
		diff(t, "history", history(t, s, "a"), []string{"a1", "a2", "a3", "a4"})
	})
}

// What changed between the look and the deed is left alone.
func TestSweepLooksTwice(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		s := w.store(Config{})
		for _, name := range []string{"removed", "used"} {
			say(t, s, name, name+"1")
		}
		var seen []record
		if err := s.each(t.Context(), func(r record) error { seen = append(seen, r); return nil }); err != nil {
			t.Fatal(err)
		}
		w.clock.pass(time.Second)
		say(t, s, "used", "used2")
		if err := s.Remove(t.Context(), "removed"); err != nil {
			t.Fatal(err)
		}
		for _, r := range seen {
			gone, err := s.evict(t.Context(), r, w.clock.Now().Add(time.Hour))
			if want := r.ID == "removed"; gone != want || err != nil {
				t.Errorf("evict %s: %v, %v; want %v", r.ID, gone, err, want)
			}
		}
		begin(t, s, "removed").End() // free, not ended
		diff(t, "history", history(t, s, "used"), []string{"used1", "used2"})
	})
}

func TestTurnsKeepOrder(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		s := w.store(Config{})
		held := begin(t, s, "talk")
		var wg sync.WaitGroup
		var want []string
		for i := range 10 {
			id := fmt.Sprintf("r%d", i)
			want = append(want, id)
			started := make(chan struct{})
			wg.Go(func() {
				close(started)
				say(t, s, "talk", id)
			})
			<-started
			time.Sleep(20 * time.Millisecond) // there is no way to see who waits
		}
		held.End()
		wg.Wait()
		diff(t, "order", history(t, s, "talk"), want)
	})
}

// Two processes with 25 requests each on one session: none is lost, none sees less
// than all that were completed before.
func TestTwoProcessesOnOneSession(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		var wg sync.WaitGroup
		var mu sync.Mutex
		inside, seen := 0, []int{}
		for p := range 2 {
			s := w.store(Config{})
			for i := range 25 {
				wg.Go(func() {
					turn, err := s.Begin(context.Background(), "talk")
					if err != nil {
						t.Error(err)
						return
					}
					defer turn.End()
					mu.Lock()
					inside++
					if inside != 1 {
						t.Error("two turns at once")
					}
					seen = append(seen, len(turn.Nodes()))
					mu.Unlock()
					add(t, turn, exchange(fmt.Sprintf("p%d-%d", p, i), last(turn)))
					mu.Lock()
					inside--
					mu.Unlock()
				})
			}
		}
		wg.Wait()
		want := make([]int, 50)
		for i := range want {
			want[i] = i
		}
		diff(t, "exchanges that each turn saw", seen, want)
		names := history(t, w.store(Config{}), "talk")
		slices.Sort(names)
		if n := len(slices.Compact(names)); n != 50 {
			t.Errorf("%d exchanges are kept, want 50", n)
		}
	})
}

func TestWaitingEndsWithTheContext(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		s, other := w.store(Config{}), w.store(Config{})
		held := begin(t, s, "talk")
		cause := errors.New("the client left")
		for _, waiter := range []*Store{s, other} {
			ctx, cancel := context.WithCancelCause(t.Context())
			failed := make(chan error, 1)
			go func() {
				_, err := waiter.Begin(ctx, "talk")
				failed <- err
			}()
			time.Sleep(30 * time.Millisecond)
			cancel(cause)
			wantErr(t, "Begin", <-failed, cause)
		}
		held.End()
		say(t, other, "talk", "r1") // nobody's place was left behind
		say(t, s, "talk", "r2")

		ctx, cancel := context.WithCancelCause(t.Context())
		cancel(cause)
		_, err := s.Begin(ctx, "talk")
		wantErr(t, "Begin with an ended context", err, cause)
	})
}

func TestUnrelatedSessionsDoNotWait(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		s := w.store(Config{})
		var turns []*Turn
		for i := range 100 {
			turn := begin(t, s, fmt.Sprintf("talk-%d", i))
			add(t, turn, exchange(fmt.Sprintf("r%d", i), ""))
			turns = append(turns, turn)
		}
		for _, turn := range turns {
			turn.End()
		}
		if n := len(sessions(t, s)); n != 100 {
			t.Errorf("%d sessions, want 100", n)
		}
	})
}

// Everything at once, for the race detector; what is asked is that nothing else than
// the documented errors comes back.
func TestConcurrentUse(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		stores := []*Store{w.store(Config{MaxNodes: 20}), w.store(Config{MaxNodes: 20})}
		fine := func(what string, err error) {
			if err != nil && !errors.Is(err, ErrEnded) && !errors.Is(err, ErrLost) &&
				!errors.Is(err, ErrNotFound) && !errors.Is(err, ErrNoResponse) {
				t.Errorf("%s: %v", what, err)
			}
		}
		var wg sync.WaitGroup
		for i := range 8 {
			s := stores[i%2]
			wg.Go(func() {
				ctx := context.Background()
				for j := range 12 {
					name, id := fmt.Sprintf("talk-%d", j%3), fmt.Sprintf("r%d-%d", i, j)
					switch turn, err := s.Begin(ctx, name); {
					case err != nil:
						fine("Begin", err)
					default:
						fine("Add", turn.Add(ctx, answered(id, last(turn), "msg-"+id, "rs-"+id)))
						turn.End()
					}
					if turn, err := s.Follow(ctx, id); err == nil {
						fine("Add", turn.Add(ctx, exchange(id+"b", id)))
						turn.End()
					} else {
						fine("Follow", err)
					}
					if _, err := s.Item(ctx, "msg-"+id); !errors.Is(err, ErrNoItem) {
						fine("Item", err)
					}
					switch j % 4 {
					case 0:
						fine("Sweep", s.Sweep(ctx))
					case 1:
						_, err := s.List(ctx)
						fine("List", err)
					case 2:
						fine("Remove", s.Remove(ctx, name))
					case 3:
						_, _, err := s.Get(ctx, name)
						fine("Get", err)
					}
				}
			})
		}
		wg.Wait()
	})
}

func TestSweepIsCheapWhenNothingHasEnded(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		counted := &counting{Backend: w.open()}
		s := New(counted, Config{Now: w.clock.Now})
		say(t, s, "talk", "r1")
		for range 5 {
			w.clock.pass(time.Second)
			if err := s.Sweep(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
		if counted.listings != 1 {
			t.Errorf("5 sweeps listed the records %d times, want 1", counted.listings)
		}
		w.clock.pass(24 * time.Hour)
		if err := s.Sweep(t.Context()); err != nil {
			t.Fatal(err)
		}
		diff(t, "sessions", sessions(t, s), []string{})
	})
}

// counting counts listings, lookups of names and reads of records.
type counting struct {
	Backend
	listings, lookups, reads int
}

func (c *counting) Named(ctx context.Context, name string) (string, error) {
	c.lookups++
	return c.Backend.Named(ctx, name)
}

func (c *counting) Load(ctx context.Context, key string) ([][]byte, []byte, error) {
	c.reads++
	return c.Backend.Load(ctx, key)
}

func (c *counting) Each(ctx context.Context, do func(string, int, []byte) error) error {
	c.listings++
	return c.Backend.Each(ctx, do)
}
