package batch

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// cli.md 11, --ordered: the order of the input, and no finished record is lost to it.
func TestSort(t *testing.T) {
	path := filepath.Join(t.TempDir(), "out")
	link := filepath.Join(t.TempDir(), "link")
	if err := os.Symlink(path, link); err != nil {
		t.Skip(err)
	}
	f, err := Create(link)
	if err != nil {
		t.Fatal(err)
	}
	write := func(records ...string) {
		t.Helper()
		for _, r := range records {
			if _, err := f.Write([]byte(r + "\n")); err != nil {
				t.Fatal(err)
			}
		}
	}
	write(`{"id":"c","index":2}`, `{"id":"x"}`, `{"id":"a","index":0}`, `{"id":"b","index":1}`, `{"id":"b2","index":1}`)
	if err := f.Sort(); err != nil {
		t.Fatal(err)
	}
	write(`{"id":"later","index":1}`) // goes on behind what is there
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	want := `{"id":"a","index":0}|{"id":"b","index":1}|{"id":"b2","index":1}|{"id":"c","index":2}|{"id":"x"}|{"id":"later","index":1}|`
	if got := strings.ReplaceAll(string(data), "\n", "|"); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	if left, _ := filepath.Glob(filepath.Join(filepath.Dir(path), ".*")); len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
}
