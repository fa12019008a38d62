package markdown

import (
	"errors"
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode"
)

// shown is what a text looks like; with chunk it comes in pieces of so many bytes.
func shown(t testing.TB, text string, width, chunk int, colour bool) string {
	t.Helper()
	var b strings.Builder
	r := New(&b, Style{Colour: colour, Width: func() int { return width }})
	for data := []byte(text); len(data) > 0; {
		n := len(data)
		if chunk > 0 {
			n = min(n, chunk)
		}
		if _, err := r.Write(data[:n]); err != nil {
			t.Fatal(err)
		}
		data = data[n:]
	}
	if err := r.Close(); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// cli.md 5: Markdown is rendered block by block.
func TestBlocks(t *testing.T) {
	tests := []struct{ name, text, want string }{
		{"a paragraph is wrapped, its line ends are spaces", "one two\nthree four five six seven", "one two three four\nfive six seven\n"},
		{"two spaces or a backslash break a line", "one  \ntwo\\\nthree<br>four", "one\ntwo\nthree\nfour\n"},
		{"headings keep their signs", "# One\ntext\n## Two ##\n\nSub\n---\nTop\n===", "# One\n\ntext\n\n## Two\n\n## Sub\n\n# Top\n"},
		{"a number sign without a space is text", "#hash", "#hash\n"},
		{"lists", "Do:\n- one\n  - two\n    - three\n- four\n1. five\n2) six", "Do:\n• one\n  • two\n    • three\n• four\n1. five\n2) six\n"},
		{"an item's text hangs", "- one two three four five", "• one two three four\n  five\n"},
		{"a paragraph of an item", "1. one\n\n   two\n\nthree", "1. one\n\n   two\n\nthree\n"},
		{"code in an item", "- one\n  ```sh\n  ls  -l\n  ```\n- two", "• one\n\n  sh\n      ls  -l\n\n• two\n"},
		{"a task", "- [x] done\n- [ ] open", "• [x] done\n• [ ] open\n"},
		{"a quote, and one in it", "> one\n> > two\n>\n> three\n\nfour", "│ one\n│\n│ │ two\n│\n│ three\n\nfour\n"},
		{"a quote's line without its sign", "> one\ntwo", "│ one two\n"},
		{"code is as it is", "```go\nfunc  main() { *x* }\n\n\tgo()\n```\nend", "go\n    func  main() { *x* }\n\n        go()\n\nend\n"},
		{"code whose end does not come", "~~~\na\n``` b", "    a\n    ``` b\n"},
		{"indented code", "a\n\n    b\n    c\n\nd", "a\n\n    b\n    c\n\nd\n"},
		{"a rule", "a\n\n* * *\nb", "a\n\n" + strings.Repeat("─", 20) + "\n\nb\n"},
		{"a table", "| a | b |\n|:-:|--:|\n| one | 2 |\n| x \\| y | `c` |\nend", "  a   │   b\n──────┼────\n one  │   2\nx | y │ `c`\n\nend\n"},
		{"a table that is narrow", "|a|b|\n|-|-|\n|one two three|four five six|", "a        │ b\n─────────┼──────────\none two  │ four five\nthree    │ six\n"},
		{"a table that cannot fit", "|a|b|c|d|\n|-|-|-|-|\n|123456|123456|123456|123456|\n|1|2|3|4|", "a: 123456\nb: 123456\nc: 123456\nd: 123456\n\na: 1\nb: 2\nc: 3\nd: 4\n"},
		{"a bar is no table", "a | b\nc", "a | b c\n"},
		{"wide characters", "世界世界世界世界世界世界。", "世界世界世界世界世界\n世界。\n"},
		{"a family is one sign", strings.Repeat("👩‍👩‍👧", 11), strings.Repeat("👩‍👩‍👧", 10) + "\n👩‍👩‍👧\n"},
		{"what steers a terminal is gone", "a\x1b[31mb\x07\u202ec\u009bd\r\n", "a[31mbcd\n"},
		{"emphasis", "**a** _b_ ***c*** ~~d~~ `e` a_b_c 2*3*4 * x", "a b c ~~d~~ `e`\na_b_c 2*3*4 * x\n"},
		{"unfinished emphasis is text", "**a *b `c", "**a *b `c\n"},
		{"links show where they lead", "[a](http://b) <http://c> [d] ![e](f)", "a (http://b)\nhttp://c [d] e (f)\n"},
		{"escapes and entities", `\*a\* &lt;b&gt; &amp;c &x;`, "*a* <b> &c &x;\n"},
		{"HTML is text", "<b>a</b>", "<b>a</b>\n"},
		{"nothing", "", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			for _, chunk := range []int{0, 1, 7} {
				if got := shown(t, tt.text, 20, chunk, false); got != tt.want {
					t.Errorf("in pieces of %d:\n%s\nwant\n%s", chunk, got, tt.want)
				}
			}
		})
	}
}

func TestStyles(t *testing.T) {
	got := shown(t, "# T\n**a b** *c* `d` ~~e~~ [f](g)\n> h", 40, 0, true)
	want := "\x1b[1;4mT\x1b[0m\n\n\x1b[1ma b\x1b[0m \x1b[3mc\x1b[0m \x1b[36md\x1b[0m \x1b[9me\x1b[0m \x1b[4mf\x1b[0m \x1b[2m(g)\x1b[0m\n\n\x1b[2m│ \x1b[0mh\n"
	if got != want {
		t.Errorf("got  %q\nwant %q", got, want)
	}
}

// cli.md 5: streaming. What is certain is shown before the paragraph or the block ends.
func TestProgress(t *testing.T) {
	var b strings.Builder
	r := New(&b, Style{Width: func() int { return 20 }})
	steps := []struct{ text, want string }{
		{"one two three four five six", "one two three four\n"},
		{" **seven eight nine ten", "one two three four\n"},
		{" eleven** twelve thirteen fourteen fifteen sixteen seventeen", "one two three four\nfive six seven eight\nnine ten eleven\ntwelve thirteen\nfourteen fifteen\n"},
		{"\n\n", "one two three four\nfive six seven eight\nnine ten eleven\ntwelve thirteen\nfourteen fifteen\nsixteen seventeen\n"},
	}
	for _, step := range steps {
		if _, err := r.Write([]byte(step.text)); err != nil {
			t.Fatal(err)
		}
		if b.String() != step.want {
			t.Fatalf("after %q:\n%s\nwant\n%s", step.text, b.String(), step.want)
		}
	}
	b.Reset()
	if _, err := r.Write([]byte("```\nline\npart")); err != nil || b.String() != "\n    line\n" {
		t.Errorf("code is not shown by the line: %q, %v", b.String(), err)
	}
}

func TestVerbatim(t *testing.T) {
	var b strings.Builder
	r := New(&b, Style{Width: func() int { return 20 }})
	_, _ = r.Write([]byte("Let me see"))
	if err := r.Verbatim(`{"type":"function_call","name":"*a* and more"}`); err != nil {
		t.Fatal(err)
	}
	if got, want := b.String(), "Let me see\n\n{\"type\":\"function_call\",\"name\":\"*a* and more\"}\n"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

type broken struct{}

var errBroken = errors.New("broken")

func (broken) Write([]byte) (int, error) { return 0, errBroken }

func TestTheWritersErrorIsTold(t *testing.T) {
	r := New(broken{}, Style{})
	if _, err := r.Write([]byte("a\n\nb\n\n")); !errors.Is(err, errBroken) {
		t.Errorf("Write: %v", err)
	}
	if err := r.Close(); !errors.Is(err, errBroken) {
		t.Errorf("Close: %v", err)
	}
}

// signs are the letters and digits of a text, sorted: cells of a table change places.
func signs(s string) string {
	var all []rune
	for _, r := range s {
		if unicode.IsLetter(r) || unicode.IsDigit(r) {
			all = append(all, r)
		}
	}
	slices.Sort(all)
	return string(all)
}

// Whatever comes, and however it is cut: no panic, nothing that steers the terminal, and
// each letter is there.
func FuzzRenderer(f *testing.F) {
	for _, seed := range []string{
		"# a\n\ntext **bold** `x` [l](u)\n\n- a\n  1. b\n\n> q\n\n```go\nx\n```\n\n|a|b|\n|-|-|\n|1|2|\n",
		"***a** b* **_`c`_** ~~x~~ \\* &amp; <br> <http://x>", "- - a\n-\n  b\n\t- c", "> - a\nb\n>> ```\n> x",
		"世界 👩‍👩‍👧 e\u0301 🇪🇺 1️⃣", "a|b\n-|-\n1|2|3\n", "[[[[((((", "a  \nb\\\nc", "1. ```\n   x\n   ```\n2. y",
	} {
		f.Add(seed, uint8(30), uint8(3))
	}
	escape := regexp.MustCompile("\x1b\\[[0-9;]*m")
	f.Fuzz(func(t *testing.T, text string, width, chunk uint8) {
		got := escape.ReplaceAllString(shown(t, text, int(width), int(chunk), true), "")
		if strings.ContainsFunc(got, func(r rune) bool { return unicode.IsControl(r) && r != '\n' && r != '\t' }) {
			t.Errorf("%q: a control character: %q", text, got)
		}
		if got != "" && !strings.HasSuffix(got, "\n") {
			t.Errorf("%q: no newline at the end: %q", text, got)
		}
		if strings.ContainsAny(text, "&<") || strings.Contains(text, "|") && width < 200 {
			return // entities and breaks are words in the source; columns may be named again
		}
		want := strings.ReplaceAll(clean(text), "\uFFFD", "")
		if signs(got) != signs(want) && !strings.Contains(text, "](") { // an address is not said twice
			t.Errorf("%q in pieces of %d: got %q", text, chunk, got)
		}
		if plain := shown(t, text, int(width), 0, true); escape.ReplaceAllString(plain, "") != got && !strings.Contains(text, "|") {
			t.Errorf("%q: in pieces of %d it is %q, whole %q", text, chunk, got, plain)
		}
	})
}
