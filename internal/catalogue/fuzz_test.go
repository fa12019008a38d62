package catalogue

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/codexctl/codexctl/pkg/responses"
)

// A file on disk is a catalogue or none. One that is can be written again and is the same.
func FuzzFile(f *testing.F) {
	whole, err := encode(state{
		etag: `"x"`, fetched: time.Unix(1_790_000_000, 0), models: []responses.Model{{Slug: "a", Listed: true, Entry: []byte(`{"slug":"a"}`)}, {Slug: "b", Lite: true}},
	})
	if err != nil {
		f.Fatal(err)
	}
	f.Add(whole)
	f.Add(whole[:len(whole)/2])
	f.Add([]byte("{}\n"))
	f.Add([]byte("{\"version\":1,\"models\":[{}]}\n\n"))
	path := filepath.Join(f.TempDir(), "models.json")
	f.Fuzz(func(t *testing.T, data []byte) {
		if err := os.WriteFile(path, data, 0o600); err != nil {
			t.Fatal(err)
		}
		s, err := readFile(path)
		if err != nil {
			if len(s.models) > 0 {
				t.Errorf("%q is refused and yet has models", data)
			}
			return
		}
		if err := writeFile(path, s); err != nil {
			t.Fatalf("%q cannot be written again: %v", data, err)
		}
		again, err := readFile(path)
		if err != nil || len(again.models) != len(s.models) || again.etag != s.etag {
			t.Errorf("%q is %+v, and written again %+v, %v", data, s, again, err)
		}
	})
}
