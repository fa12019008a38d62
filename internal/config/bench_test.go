package config

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// What every command pays for a file of usual size, and for none.
func BenchmarkLoad(b *testing.B) {
	var pairs strings.Builder
	for i := range 60_000 {
		fmt.Fprintf(&pairs, "\"m%d\" = 'n'\n", i)
	}
	for _, bb := range []struct{ name, text string }{
		{"usual", "model = 'gpt-5.5'\ntimeout = '5m'\nheader = ['a: b', 'c: d']\n[model_alias]\n'gpt-4' = 'gpt-5.5'\n[serve]\nport = 8000\n"},
		{"huge", "[model_alias]\n" + pairs.String()},
	} {
		b.Run(bb.name, func(b *testing.B) {
			path := filepath.Join(b.TempDir(), "config.toml")
			if err := os.WriteFile(path, []byte(bb.text), 0o600); err != nil {
				b.Fatal(err)
			}
			for b.Loop() {
				if _, err := Load(path, Options{Sections: known}); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
	b.Run("missing", func(b *testing.B) {
		path := filepath.Join(b.TempDir(), "config.toml")
		for b.Loop() {
			if _, err := Load(path, Options{Sections: known}); err != nil {
				b.Fatal(err)
			}
		}
	})
}
