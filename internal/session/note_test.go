package session

import (
	"encoding/json"
	"os"
	"strings"
	"testing"
	"unicode/utf8"
)

// What a caller notes beside the items comes back with them; the first title is the
// conversation's, and stands in the listing, also when that had to read the record.
func TestNoteAndTitle(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		s := w.store(Config{})
		turn := begin(t, s, "talk")
		first, second := exchange("r1", ""), exchange("r2", "r1")
		first.Note, first.Title = json.RawMessage(`{"usage":{"n":1}}`), strings.Repeat("é", MaxTitle)
		second.Title = "another"
		add(t, turn, first)
		add(t, turn, second)
		turn.End()

		again := begin(t, w.store(Config{}), "talk")
		diff(t, "note", string(again.Nodes()[0].Note), `{"usage":{"n":1}}`)
		diff(t, "no note", again.Nodes()[1].Note, json.RawMessage(nil))
		again.End()
		list, err := w.store(Config{}).List(t.Context())
		if err != nil || len(list) != 1 {
			t.Fatalf("list: %v, %v", list, err)
		}
		diff(t, "title", list[0].Title, strings.Repeat("é", MaxTitle/2))
	})
}

func TestClippedTitle(t *testing.T) {
	for title, want := range map[string]int{
		"": 0, "short": 5, strings.Repeat("a", MaxTitle): MaxTitle, strings.Repeat("a", MaxTitle+1): MaxTitle,
		strings.Repeat("a", MaxTitle-1) + "é": MaxTitle - 1, strings.Repeat("世", MaxTitle): MaxTitle / 3 * 3,
	} {
		if got := clipTitle(title); len(got) != want || !utf8.ValidString(got) || !strings.HasPrefix(title, got) {
			t.Errorf("%d bytes: got %d, %q, want %d", len(title), len(got), got, want)
		}
	}
}

// A brief with the longest title, id and model still stands in the part of a record that
// a listing reads: what is not JSON before it is not looked at.
func TestTheLongestBriefIsFound(t *testing.T) {
	dir := t.TempDir()
	f := folder(t, dir)
	s := New(f, Config{})
	id := strings.Repeat("i", maxID)
	turn := begin(t, s, id)
	n := exchange("r1", "")
	n.Title, n.Model = strings.Repeat(`"`, MaxTitle), strings.Repeat("m", 128)
	add(t, turn, n)
	turn.End()
	file, err := os.OpenFile(f.Path(id), os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	// The head and the beginning of the exchange go: whoever read them would find nothing.
	if _, err := file.WriteAt([]byte(strings.Repeat("x", 100)), 0); err != nil {
		t.Fatal(err)
	}
	list, err := s.List(t.Context())
	if err != nil || len(list) != 1 || list[0].Title != n.Title || list[0].Model != n.Model || list[0].ID != id {
		t.Errorf("list: %+v, %v", list, err)
	}
}

// Without names nothing leads to a response, and the conversation is kept all the same.
func TestNameless(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		s := w.store(Config{Nameless: true})
		say(t, s, "talk", "r1", "r2")
		_, nodes, err := s.Get(t.Context(), "talk")
		if err != nil {
			t.Fatal(err)
		}
		diff(t, "history", ids(nodes), []string{"r1", "r2"})
		_, err = s.Follow(t.Context(), "r1")
		wantErr(t, "Follow", err, ErrNoResponse)
	})
}
