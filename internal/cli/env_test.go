package cli

import (
	"os"
	"path/filepath"
	"testing"
)

// cli-tools.md 7, check 3: what stdin is, the null device of any system (NUL on Windows)
// included, and a file that is closed. cli.md 6, row 1: neither of these two is read.
func TestStdinKind(t *testing.T) {
	null, err := os.Open(os.DevNull)
	if err != nil {
		t.Fatal(err)
	}
	defer null.Close()
	file, err := os.Create(filepath.Join(t.TempDir(), "file"))
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	reader, writer, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer reader.Close()
	defer writer.Close()
	closed, err := os.Open(os.DevNull)
	if err != nil {
		t.Fatal(err)
	}
	closed.Close()
	for name, tt := range map[string]struct {
		file *os.File
		want StdinKind
	}{
		"the null device": {null, StdinNone},
		"a closed file":   {closed, StdinNone},
		"a regular file":  {file, StdinFile},
		"a pipe":          {reader, StdinPipe},
	} {
		if got := stdinKind(tt.file); got != tt.want {
			t.Errorf("%s: kind %d, want %d", name, got, tt.want)
		}
	}
}
