package session

import (
	"os"
	"path/filepath"
	"testing"
	"time"
)

// An index that is torn or not ours is read as far as it goes, and what is added to it is
// found.
func FuzzIndex(f *testing.F) {
	dir := f.TempDir()
	s := New(folder(f, dir), Config{})
	say(f, s, "talk", "r1", "r2")
	whole := readFile(f, filepath.Join(dir, indexName))
	f.Add([]byte(whole))
	f.Add([]byte(whole[:len(whole)-5]))
	f.Add([]byte(whole[9:]))
	f.Add([]byte("{\"name\":\"a\",\"key\":\"../../x\"}\n{}\nnull\n[]\n\x00"))
	f.Fuzz(func(t *testing.T, data []byte) {
		dir := t.TempDir()
		if err := os.WriteFile(filepath.Join(dir, indexName), data, 0o600); err != nil {
			t.Fatal(err)
		}
		key, until := keyOf("talk"), time.UnixMilli(4_000_000_000_000)
		at := folder(t, dir)
		if err := at.MarkEnded(t.Context(), key, until, time.Hour); err != nil {
			t.Fatal(err)
		}
		for _, f := range []*Folder{at, folder(t, dir)} {
			if got, err := f.Ended(t.Context(), key); err != nil || !got.Equal(until) {
				t.Errorf("%q: ended %v, %v, want %v", data, got, err, until)
			}
		}
		if err := at.Tidy(t.Context(), until.Add(-time.Hour)); err != nil {
			t.Errorf("%q: %v", data, err)
		}
		if got, err := folder(t, dir).Ended(t.Context(), key); err != nil || !got.Equal(until) {
			t.Errorf("%q, tidied: ended %v, %v, want %v", data, got, err, until)
		}
	})
}
