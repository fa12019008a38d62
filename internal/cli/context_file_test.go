package cli

import "testing"

// cli.md 8, --file: blocks of the form <file path="…">.
func TestFileBlock(t *testing.T) {
	tests := []struct{ name, path, text, want string }{
		{"a text", "a/b.txt", "one\ntwo\n", "<file path=\"a/b.txt\">\none\ntwo\n</file>\n\n"},
		{"without a newline at its end", "a.txt", "one", "<file path=\"a.txt\">\none\n</file>\n\n"},
		{"text is as it was", "a.txt", "<b>&\"</file>\r\n", "<file path=\"a.txt\">\n<b>&\"</file>\r\n</file>\n\n"},
		{"a path with signs of its own", "a\"><b>&'.txt", "x", "<file path=\"a&quot;&gt;&lt;b&gt;&amp;'.txt\">\nx\n</file>\n\n"},
		{"a path of two lines", "a\n\tb\x7f", "x", "<file path=\"a&#10;&#9;b&#127;\">\nx\n</file>\n\n"},
		{"a path that is no text", "a\xffb", "x", "<file path=\"a\uFFFDb\">\nx\n</file>\n\n"},
		{"other letters", "é 文.txt", "x", "<file path=\"é 文.txt\">\nx\n</file>\n\n"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := fileBlock(tt.path, tt.text); got != tt.want {
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
	}
}

// cli.md 5: a hint is a command that can be typed.
func TestShellWord(t *testing.T) {
	tests := []struct{ name, want string }{
		{"a/b-c.txt", "a/b-c.txt"},
		{"-", "-"},
		{"-a", "'-a'"},
		{"", "''"},
		{"a b", "'a b'"},
		{"it's", `'it'\''s'`},
		{"$HOME", "'$HOME'"},
		{"é", "é"},
		{"=ls", "'=ls'"},
		{"a=b", "a=b"},
		{"a^b", "'a^b'"},
		{"it's\n\x1b\\", `$'it\'s\n\033\\'`},
		{"\xff", `$'\377'`},
	}
	for _, tt := range tests {
		if got := shellWord(tt.name); got != tt.want {
			t.Errorf("%q: got %s, want %s", tt.name, got, tt.want)
		}
	}
}
