package terminal

import (
	"bytes"
	"io"
	"strings"
	"testing"
	"testing/iotest"
	"unicode/utf8"
)

func TestColour(t *testing.T) {
	tests := []struct {
		name     string
		when     string
		env      string // NAME=value pairs
		terminal bool
		want     bool
	}{
		{"a terminal", "auto", "", true, true},
		{"a pipe", "auto", "", false, false},
		{"always", "always", "NO_COLOR=1 TERM=dumb", false, true},
		{"never", "never", "FORCE_COLOR=1", true, false},
		{"NO_COLOR", "auto", "NO_COLOR=1", true, false},
		{"NO_COLOR wins over FORCE_COLOR", "auto", "NO_COLOR=1 FORCE_COLOR=1", true, false},
		{"FORCE_COLOR", "auto", "FORCE_COLOR=1", false, true},
		{"FORCE_COLOR=0 forces nothing", "auto", "FORCE_COLOR=0", false, false},
		{"CLICOLOR_FORCE", "auto", "CLICOLOR_FORCE=1", false, true},
		{"CLICOLOR=0", "auto", "CLICOLOR=0", true, false},
		{"a dumb terminal", "auto", "TERM=dumb", true, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			getenv := func(name string) string {
				for _, pair := range strings.Fields(tt.env) {
					if value, ok := strings.CutPrefix(pair, name+"="); ok {
						return value
					}
				}
				return ""
			}
			if got := Colour(tt.when, getenv, tt.terminal); got != tt.want {
				t.Errorf("Colour(%q, %q, %v) = %v, want %v", tt.when, tt.env, tt.terminal, got, tt.want)
			}
		})
	}
}

func TestPalettePaintsOnlyWhenOn(t *testing.T) {
	on, off := Palette{On: true}, Palette{}
	for name, paint := range map[string][2]string{
		"bad": {on.Bad("x"), off.Bad("x")}, "good": {on.Good("x"), off.Good("x")},
		"dim": {on.Dim("x"), off.Dim("x")}, "strong": {on.Strong("x"), off.Strong("x")},
		"chosen": {on.Chosen("x"), off.Chosen("x")},
	} {
		if !strings.HasPrefix(paint[0], "\x1b[") || !strings.Contains(paint[0], "x") || paint[1] != "x" {
			t.Errorf("%s: on %q, off %q", name, paint[0], paint[1])
		}
	}
}

const steering = "a\x1b[31mb\x1b]0;t\ac\rd\te\nf\u009b2Jg\u202eh\x00i"

func TestCleanLeavesNothingThatSteers(t *testing.T) {
	const want = "a[31mb]0;tcd\te\nf2Jghi"
	if got := Clean(steering); got != want {
		t.Errorf("Clean = %q, want %q", got, want)
	}
}

// quality.md, Security: a character or a sequence that is split between two writes
// must not slip through, and no character may be torn.
func TestCleanWriterWhateverTheWrites(t *testing.T) {
	text := steering + "Grüße 世界 👩‍👩‍👧"
	for name, src := range map[string]io.Reader{
		"whole": strings.NewReader(text), "one byte per write": iotest.OneByteReader(strings.NewReader(text)),
	} {
		var out bytes.Buffer
		w := CleanWriter(&out)
		buf := make([]byte, 64)
		for {
			n, err := src.Read(buf)
			if _, err := w.Write(buf[:n]); err != nil {
				t.Fatal(err)
			}
			if err != nil {
				break
			}
		}
		if out.String() != Clean(text) {
			t.Errorf("%s: %q, want %q", name, out.String(), Clean(text))
		}
	}
}

func TestPlainChoose(t *testing.T) {
	tests := []struct {
		name, typed string
		want        int
		fails       bool
	}{
		{"the first", "1\n", 0, false},
		{"the last, without a newline", " 2 ", 1, false},
		{"beyond the last", "3\n", 0, true},
		{"no number", "yes\n", 0, true},
		{"nothing", "", 0, true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var out bytes.Buffer
			got, err := plainChoose(strings.NewReader(tt.typed), &out, "Which?", []string{"a", "b"})
			if got != tt.want || (err != nil) != tt.fails {
				t.Errorf("%q: %d, %v", tt.typed, got, err)
			}
			if out.String() != "Which?\n  1) a\n  2) b\n[1-2] " {
				t.Errorf("asked %q", out.String())
			}
		})
	}
}

// Whatever comes, and however it is cut into writes, nothing that steers gets through, and
// what is no control character stays.
func FuzzClean(f *testing.F) {
	f.Add([]byte(steering), 3)
	f.Add([]byte("Grüße \xe2\x80\xae \xe2\x81\xa6 \x9b2J \xc2\x9b \xff\xfe 👩‍👩‍👧\r\n"), 1)
	f.Add([]byte("\xe2\x80"), 1)
	f.Fuzz(func(t *testing.T, data []byte, size int) {
		want := Clean(string(data))
		if !utf8.ValidString(want) {
			t.Errorf("%q becomes %q, which is no UTF-8: its bytes may steer", data, want)
		}
		for _, r := range want {
			if steers(r) {
				t.Errorf("%q lets %U through", data, r)
			}
		}
		if again := Clean(want); again != want {
			t.Errorf("%q cleaned twice is %q", want, again)
		}
		var out bytes.Buffer
		w := CleanWriter(&out)
		for rest := data; len(rest) > 0; {
			n := min(max(1, size), len(rest))
			if _, err := w.Write(rest[:n]); err != nil {
				t.Fatal(err)
			}
			rest = rest[n:]
		}
		// The beginning of a character that never ends is held back.
		if got := out.String(); !strings.HasPrefix(want, got) || len(want)-len(got) > 3*utf8.UTFMax {
			t.Errorf("in writes of %d bytes %q becomes %q, want %q", size, data, got, want)
		}
	})
}
