package extract

import (
	"regexp"
	"strings"
	"testing"
)

func TestBlocks(t *testing.T) {
	tests := []struct {
		name, text  string
		first, last string
		none        bool
	}{
		{name: "empty text", text: "", none: true},
		{name: "prose alone", text: "no `code` here\n``\n", none: true},
		{name: "one block with an info string", text: "Here:\n```go\nx := 1\n```\nDone.", first: "x := 1\n"},
		{name: "two blocks", text: "```\na\n```\ntext\n```sh\nb\n```\n", first: "a\n", last: "b\n"},
		{name: "tildes", text: "~~~ json title=`x`\n{}\n~~~\n", first: "{}\n"},
		{name: "backticks within tildes", text: "~~~\n```\na\n```\n~~~\n", first: "```\na\n```\n"},
		{name: "a longer fence holds a shorter one", text: "````md\n```go\na\n```\n````\n", first: "```go\na\n```\n"},
		{name: "a longer fence ends it", text: "```\na\n`````\nb\n", first: "a\n"},
		{name: "a fence with an info string does not end it", text: "```\na\n```go\nb\n```\n", first: "a\n```go\nb\n"},
		{name: "spaces and tabs after the end", text: "```\na\n``` \t\nb\n", first: "a\n"},
		{name: "an empty block", text: "```\n```\n", first: ""},
		{name: "no end", text: "a\n```\nb\nc", first: "b\nc"},
		{name: "the last has no end", text: "```\na\n```\n```\nb", first: "a\n", last: "b"},
		{name: "no end and no content", text: "```", first: ""},
		{name: "end without a line end", text: "```\na\n```", first: "a\n"},
		{name: "three spaces before it", text: "   ```\n   a\n     b\n c\n   ```\n", first: "a\n  b\nc\n"},
		{name: "four spaces are no fence", text: "    ```\n    a\n    ```\n", none: true},
		{name: "four spaces do not end it", text: "```\na\n    ```\nb\n```\n", first: "a\n    ```\nb\n"},
		{name: "a tab is no fence", text: "\t```\na\n", none: true},
		{name: "inline code of three backticks", text: "```not a fence```\na\n", none: true},
		{name: "CRLF", text: "x\r\n```json\r\n{\r\n}\r\n```\r\ny", first: "{\r\n}\r\n"},
		{name: "CR alone", text: "```\ra\r```\rb", first: "a\r"},
		{name: "blank lines stay", text: "```\n\n\na\n\n```", first: "\n\na\n\n"},
		{name: "a fence within a line", text: "say ```\na\n", none: true},
		{name: "names beyond ASCII", text: "```größe\nä\n```\n", first: "ä\n"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if tt.last == "" {
				tt.last = tt.first
			}
			if got, ok := First(tt.text); got != tt.first || ok == tt.none {
				t.Errorf("First = %q, %v; want %q, %v", got, ok, tt.first, !tt.none)
			}
			if got, ok := Last(tt.text); got != tt.last || ok == tt.none {
				t.Errorf("Last = %q, %v; want %q, %v", got, ok, tt.last, !tt.none)
			}
		})
	}
}

// llm finds the blocks that llm's rule finds for fences of exactly three backticks
// (llm/utils.py, extract_fenced_code_block; Go's regexp has no back-references).
func llm(text string) []string {
	var found []string
	rule := regexp.MustCompile("(?ms)^```(?:\\w+)?\n(.*?)^```[ ]*(?:\n|\\z)")
	for _, m := range rule.FindAllStringSubmatch(text, -1) {
		found = append(found, m[1])
	}
	return found
}

func TestAgreesWithLLM(t *testing.T) {
	for _, text := range []string{
		"```\na\n```\n",
		"Sure!\n\n```python\nprint('a')\n```\n\nand\n\n```python\nprint('b')\n```",
		"```json\n{\"a\": 1}\n```   \nThat is all.",
		"text\n```\n```\ntext",
		"one\n```sh\nls\n\n\nls\n```\ntwo\n```\nx\n```\n",
	} {
		want := llm(text)
		first, _ := First(text)
		last, _ := Last(text)
		if first != want[0] || last != want[len(want)-1] {
			t.Errorf("%q: got %q and %q, want %q and %q", text, first, last, want[0], want[len(want)-1])
		}
	}
}

func FuzzExtract(f *testing.F) {
	for _, seed := range []string{"", "```\na\n```", "~~~\r\n  a\r\n~~~", "  ````go\n```\n  ````", "```", "``` `\n", "a\n   ~~~~ x\n b\n"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		first, ok := First(text)
		last, alsoOK := Last(text)
		if ok != alsoOK {
			t.Fatalf("First says %v, Last %v", ok, alsoOK)
		}
		if !ok && first+last != "" {
			t.Fatalf("content without a block: %q, %q", first, last)
		}
		if len(first) > len(text) || len(last) > len(text) {
			t.Fatal("content longer than the text")
		}
		if ok && !strings.Contains(text, "```") && !strings.Contains(text, "~~~") {
			t.Fatal("a block without a fence")
		}
		// What was found is found again when it is fenced with tildes that it has not.
		if !ok || strings.Contains(last, "~") || last != "" && !strings.HasSuffix(last, "\n") {
			return
		}
		if again, ok := First("~~~\n" + last + "~~~\n"); !ok || again != last {
			t.Fatalf("fenced again: %q, %v; want %q", again, ok, last)
		}
	})
}
