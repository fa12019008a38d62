package session

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// message is an output item with an id.
func message(id, text string) json.RawMessage {
	data, err := encode(map[string]any{"type": "message", "id": id, "text": text})
	if err != nil {
		panic(err)
	}
	return data
}

// answered is a node whose output items have these ids, and say so.
func answered(id, parent string, items ...string) Node {
	n := exchange(id, parent)
	for _, name := range items {
		n.Out = append(n.Out, message(name, name+" of "+id))
	}
	return n
}

// answer adds such a node to a session, in a turn of its own.
func answer(t testing.TB, s *Store, session, id string, items ...string) {
	t.Helper()
	turn := begin(t, s, session)
	defer turn.End()
	add(t, turn, answered(id, last(turn), items...))
}

// wantItem asks for an item that is there.
func wantItem(t testing.TB, s *Store, id string, want json.RawMessage) {
	t.Helper()
	got, err := s.Item(context.Background(), id)
	if err != nil {
		t.Errorf("Item(%q): %v", id, err)
		return
	}
	diff(t, fmt.Sprintf("Item(%q)", id), string(got), string(want))
}

func wantNoItem(t testing.TB, s *Store, id string) {
	t.Helper()
	got, err := s.Item(context.Background(), id)
	if got != nil || !errors.Is(err, ErrNoItem) {
		t.Errorf("Item(%q) = %s, %v; want ErrNoItem", id, got, err)
	}
}

func TestItem(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		s, other := w.store(Config{}), w.store(Config{})
		answer(t, s, "talk", "r1", "rs_1", "msg_1")
		wantItem(t, other, "msg_1", message("msg_1", "msg_1 of r1"))
		answer(t, other, "talk", "r2", "msg_2")
		turn := begin(t, s, "talk") // keeps nobody from finding
		defer turn.End()
		add(t, turn, answered("r3", "", "msg_3")) // abandons the others
		followed, err := s.Follow(t.Context(), "r1")
		if err != nil {
			t.Fatal(err)
		}
		defer followed.End()
		add(t, followed, answered("r2b", "r1", "msg_2b"))
		for item, response := range map[string]string{"rs_1": "r1", "msg_1": "r1", "msg_2": "r2", "msg_3": "r3", "msg_2b": "r2b"} {
			wantItem(t, s, item, message(item, item+" of "+response))
			wantItem(t, other, item, message(item, item+" of "+response))
		}
		for _, id := range []string{"", "msg_9", "r1", "talk", strings.Repeat("x", maxItemID+1)} {
			wantNoItem(t, s, id)
		}
	})
}

func TestItemAndResponseNamesAreApart(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		s := w.store(Config{})
		answer(t, s, "one", "same", "msg_1", "response:x")
		answer(t, s, "two", "x", "same")
		// Responses that are called as items are in the backend.
		for i, id := range []string{"item:msg_1", "response:item:msg_1", "response:x", "item:"} {
			say(t, s, fmt.Sprintf("talk-%d", i), id)
		}
		follow := func(id, want string) {
			t.Helper()
			turn, err := s.Follow(t.Context(), id)
			if err != nil {
				t.Errorf("Follow(%q): %v", id, err)
				return
			}
			defer turn.End()
			if turn.ID() != want {
				t.Errorf("Follow(%q) is in %q, want %q", id, turn.ID(), want)
			}
		}
		follow("same", "one")
		follow("x", "two")
		follow("item:msg_1", "talk-0")
		follow("response:item:msg_1", "talk-1")
		follow("response:x", "talk-2")
		follow("item:", "talk-3")
		wantItem(t, s, "same", message("same", "same of x"))
		wantItem(t, s, "msg_1", message("msg_1", "msg_1 of same"))
		wantItem(t, s, "response:x", message("response:x", "response:x of same"))
		for _, id := range []string{"msg_1", "item:same"} {
			_, err := s.Follow(t.Context(), id)
			wantErr(t, "Follow "+id, err, ErrNoResponse)
		}
	})
}

func TestItemIDs(t *testing.T) {
	longest := strings.Repeat("x", maxItemID)
	tests := []struct{ name, item, want string }{
		{"first", `{"id":"a","type":"message"}`, "a"},
		{"last", `{"type":"message","content":[{"id":"b"}],"more":{"id":"c"},"n":-1.5e3,"z":null,"id":"a"}`, "a"},
		{"escaped", `{"\u0069d":"\u00e4\n\"<&>"}`, "ä\n\"<&>"},
		{"longest", `{"id":"` + longest + `"}`, longest},
		{"twice: the first", `{"id":"a","id":"b"}`, "a"},
		{"none", `{"type":"message"}`, ""},
		{"empty object", `{}`, ""},
		{"empty", `{"id":""}`, ""},
		{"in another case", `{"ID":"a","Id":"b"}`, ""},
		{"nested only", `{"content":[{"id":"a"}]}`, ""},
		{"a number", `{"id":7}`, ""},
		{"null", `{"id":null}`, ""},
		{"an object", `{"id":{"id":"a"}}`, ""},
		{"in an array", `[{"id":"a"}]`, ""},
		{"a string", `"id"`, ""},
		{"no JSON", `id`, ""},
		{"no JSON inside", `{"a":x,"id":"a"}`, ""},
		{"cut off", `{"a":1,`, ""},
	}
	for _, tt := range tests {
		if got := itemID(json.RawMessage(tt.item)); got != tt.want {
			t.Errorf("%s: itemID(%s) = %q, want %q", tt.name, tt.item, got, tt.want)
		}
	}
	onBoth(t, func(t *testing.T, w *world) {
		s := w.store(Config{})
		for i, tt := range tests {
			if !json.Valid([]byte(tt.item)) {
				continue
			}
			n := exchange(fmt.Sprintf("r%d", i), "")
			n.Out = []json.RawMessage{json.RawMessage(tt.item)}
			turn := s.Generate()
			add(t, turn, n)
			turn.End()
			if tt.want != "" {
				wantItem(t, s, tt.want, n.Out[0])
			}
		}
		for _, id := range []string{"", "b", "c", "7", "id"} {
			wantNoItem(t, s, id)
		}
		answer(t, s, "talk", "r", longest+"x")
		wantNoItem(t, s, longest+"x")
	})
}

func TestManyItems(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		s := w.store(Config{})
		n := answered("r1", "", strings.Repeat("x", maxItemID+1)) // counts as little as one without id
		for i := range maxItemNames + 2 {
			n.Out = append(n.Out, message(fmt.Sprintf("msg_%d", i), "text"), item("no id"))
		}
		turn := begin(t, s, "talk")
		add(t, turn, n)
		turn.End()
		diff(t, "names", len(s.names(n)), 1+maxItemNames)
		for i := range maxItemNames {
			id := fmt.Sprintf("msg_%d", i)
			wantItem(t, s, id, message(id, "text"))
		}
		wantNoItem(t, s, fmt.Sprintf("msg_%d", maxItemNames))
		wantNoItem(t, s, fmt.Sprintf("msg_%d", maxItemNames+1))
		diff(t, "history", history(t, s, "talk"), []string{"r1"})
	})
}

func TestItemThatWasAddedTwice(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		s := w.store(Config{})
		answer(t, s, "one", "r1", "msg_1")
		w.clock.pass(time.Second)
		for _, id := range []string{"r3", "r4", "r2"} { // r3 and r2 are as old as r4
			answer(t, s, "one", id, "msg_1")
		}
		for range 10 {
			wantItem(t, s, "msg_1", message("msg_1", "msg_1 of r4"))
		}
		answer(t, s, "two", "r5", "msg_1")
		wantItem(t, s, "msg_1", message("msg_1", "msg_1 of r5"))
		if err := s.Remove(t.Context(), "two"); err != nil {
			t.Fatal(err)
		}
		wantNoItem(t, s, "msg_1")
		answer(t, s, "one", "r6", "msg_1")
		wantItem(t, s, "msg_1", message("msg_1", "msg_1 of r6"))
	})
}

func TestItemsEndWithTheirConversation(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		s := w.store(Config{TTL: time.Hour})
		for _, name := range []string{"removed", "idle", "ended"} {
			answer(t, s, name, "r-"+name, "msg_"+name)
		}
		if err := s.Remove(t.Context(), "removed"); err != nil {
			t.Fatal(err)
		}
		wantNoItem(t, s, "msg_removed")
		// It is marked, but not yet deleted: whoever ends it has been killed.
		if err := s.backend.MarkEnded(t.Context(), keyOf("ended"), w.clock.Now().Add(time.Hour), time.Hour); err != nil {
			t.Fatal(err)
		}
		wantNoItem(t, s, "msg_ended")
		w.clock.pass(time.Hour - 1)
		wantItem(t, s, "msg_idle", message("msg_idle", "msg_idle of r-idle"))
		w.clock.pass(1) // being found was no use
		wantNoItem(t, s, "msg_idle")
		if err := s.Sweep(t.Context()); err != nil {
			t.Fatal(err)
		}
		wantNoItem(t, s, "msg_idle")
		// The key is used again, by somebody who has no such item.
		say(t, s, "removed", "r9")
		wantNoItem(t, s, "msg_removed")
	})
}

func TestItemCostsOneLookupAndOneRead(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		counted := &counting{Backend: w.open()}
		s := New(counted, Config{Now: w.clock.Now})
		for i := range 10 {
			answer(t, s, "talk", fmt.Sprintf("r%d", i), fmt.Sprintf("msg_%d", i))
			say(t, s, fmt.Sprintf("talk-%d", i), fmt.Sprintf("other-%d", i))
		}
		tests := []struct {
			name, id       string
			lookups, reads int
		}{
			{"kept", "msg_4", 1, 1},
			{"unknown", "msg_99", 1, 0},
			{"too long", strings.Repeat("x", maxItemID+1), 0, 0},
			{"empty", "", 0, 0},
		}
		for _, tt := range tests {
			counted.lookups, counted.reads = 0, 0
			_, err := s.Item(t.Context(), tt.id)
			if err != nil && !errors.Is(err, ErrNoItem) {
				t.Error(err)
			}
			if counted.lookups != tt.lookups || counted.reads != tt.reads {
				t.Errorf("%s: %d lookups and %d reads, want %d and %d", tt.name, counted.lookups, counted.reads, tt.lookups, tt.reads)
			}
		}
	})
}

// The index has one line for each name, the response's first.
func TestIndexOfItemsLooks(t *testing.T) {
	dir := t.TempDir()
	s := New(folder(t, dir), Config{})
	answer(t, s, "talk", "r1", "rs_1", "msg_<1>")
	_, rest, _ := strings.Cut(readFile(t, filepath.Join(dir, indexName)), "\n")
	key := keyOf("talk")
	diff(t, "index", rest, `{"name":"r1","key":"`+key+`"}
{"name":"item:rs_1","key":"`+key+`"}
{"name":"item:msg_<1>","key":"`+key+`"}
`)
}

func TestIndexOfItemsIsCompacted(t *testing.T) {
	dir := t.TempDir()
	now := &clock{now: time.Date(2026, 6, 1, 12, 0, 0, 0, time.UTC)}
	s := New(folder(t, dir), Config{Now: now.Now})
	size := func() int { return strings.Count(readFile(t, filepath.Join(dir, indexName)), "\n") }
	sweep := func() {
		t.Helper()
		now.pass(sweepAtLeast)
		if err := s.Sweep(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	items := func(session string) (list []string) {
		for i := range 60 {
			list = append(list, fmt.Sprintf("msg_%s_%d", session, i))
		}
		return list
	}
	name := func(i int) string { return fmt.Sprintf("talk-%d", i) }
	for i := range 20 {
		answer(t, s, name(i), fmt.Sprintf("r%d", i), items(name(i))...)
	}
	for i := range 9 {
		if err := s.Remove(t.Context(), name(i)); err != nil {
			t.Fatal(err)
		}
	}
	sweep()
	if n, want := size(), 1+20*61; n != want {
		t.Errorf("the index has %d lines though most are of use, want %d", n, want)
	}
	for i := 9; i < 15; i++ {
		if err := s.Remove(t.Context(), name(i)); err != nil {
			t.Fatal(err)
		}
	}
	sweep()
	if n, want := size(), 1+5*61; n != want {
		t.Errorf("the index has %d lines, want %d", n, want)
	}
	wantNoItem(t, s, "msg_talk-0_0")
	for _, s := range []*Store{s, New(folder(t, dir), Config{Now: now.Now})} {
		wantItem(t, s, "msg_talk-19_59", message("msg_talk-19_59", "msg_talk-19_59 of r19"))
	}
}

// A writer that was killed in the middle of its names spoils none of the next.
func TestTornIndexOfItems(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, indexName)
	answer(t, New(folder(t, dir), Config{}), "talk", "r1", "msg_1", "msg_2")
	whole := readFile(t, path)
	for cut := range len(whole) {
		writeFile(t, path, whole[:cut])
		s := New(folder(t, dir), Config{})
		turn := s.Generate()
		add(t, turn, answered(fmt.Sprintf("n%d", cut), "", "msg_next", "msg_last"))
		turn.End()
		for _, id := range []string{"msg_next", "msg_last"} {
			wantItem(t, s, id, message(id, fmt.Sprintf("%s of n%d", id, cut)))
		}
	}
}

func TestItemFromDamagedRecord(t *testing.T) {
	dir := t.TempDir()
	s := New(folder(t, dir), Config{})
	answer(t, s, "talk", "r1", "msg_1")
	path := recordPath(dir, "talk")
	whole := readFile(t, path)
	for name, damaged := range map[string]string{
		"empty": "", "torn exchange": whole[:strings.Index(whole, "msg_1")],
		"neither head nor brief": strings.SplitAfter(whole, "\n")[1],
	} {
		writeFile(t, path, damaged)
		if got, err := s.Item(t.Context(), "msg_1"); got != nil || !errors.Is(err, ErrNoItem) {
			t.Errorf("%s: %s, %v; want ErrNoItem", name, got, err)
		}
	}
	writeFile(t, path, strings.Replace(whole, `"schema_version":1`, `"schema_version":2`, 1))
	if _, err := s.Item(t.Context(), "msg_1"); err == nil || errors.Is(err, ErrNoItem) {
		t.Errorf("a record of a later version: got error %v, want one that says so", err)
	}
}
