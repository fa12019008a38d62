// Package extract finds fenced code blocks in Markdown, for `ask -x` and `ask --xl`.
// It is pure text work and knows nothing of answers, streams or files.
//
// Source: CommonMark 0.31.2, section 4.5, which is followed in all but this: block
// quotes and lists are not looked into, so a fence behind ">" or indented by four
// spaces or more is none. For fences of equal length at the start of a line, with one
// plain word after the first or none, the result is that of llm -x and --xl. Elsewhere
// llm differs, and CommonMark holds here: tildes, indented fences, info strings such as
// "c++", an end longer than its beginning, a last block without an end.
package extract

import (
	"iter"
	"strings"
)

// First is the content of the first fenced code block in text, and false if there is
// none. The content is what stands between the fences, to the last line end: the info
// string ("go", "json") is not part of it, line ends are as they were, and of the
// spaces before the opening fence as many are taken from every line. A block without
// an end reaches to the end of the text.
func First(text string) (string, bool) {
	for block := range blocks(text) {
		return block.content(), true
	}
	return "", false
}

// Last is the content of the last fenced code block in text; see [First].
func Last(text string) (string, bool) {
	var last block
	found := false
	for b := range blocks(text) {
		last, found = b, true
	}
	return last.content(), found
}

// block is the lines between two fences.
type block struct {
	text   string
	indent int // spaces before the opening fence
}

func (b block) content() string {
	if b.indent == 0 {
		return b.text
	}
	var out strings.Builder
	for line := range lines(b.text) {
		out.WriteString(line[min(b.indent, leading(line)):])
	}
	return out.String()
}

func blocks(text string) iter.Seq[block] {
	return func(yield func(block) bool) {
		var open fence
		start, at := 0, 0 // of the block's content, of the line
		inside := false
		for line := range lines(text) {
			next := at + len(line)
			switch f, ok := parseFence(line); {
			case !inside && ok && f.opens():
				open, inside, start = f, true, next
			case inside && ok && f.closes(open):
				inside = false
				if !yield(block{text[start:at], open.indent}) {
					return
				}
			}
			at = next
		}
		if inside {
			yield(block{text[start:], open.indent})
		}
	}
}

// lines is the lines of a text with their ends: LF, CRLF or CR.
func lines(text string) iter.Seq[string] {
	return func(yield func(string) bool) {
		for text != "" {
			end := strings.IndexAny(text, "\r\n")
			switch {
			case end < 0:
				end = len(text)
			case strings.HasPrefix(text[end:], "\r\n"):
				end += 2
			default:
				end++
			}
			if !yield(text[:end]) {
				return
			}
			text = text[end:]
		}
	}
}

// fence is a line that begins with three or more of one mark.
type fence struct {
	mark   byte // '`' or '~'
	length int
	indent int    // spaces before it, up to 3
	info   string // what follows, without its line end
}

func parseFence(line string) (fence, bool) {
	f := fence{indent: leading(line)}
	rest := strings.TrimRight(line[f.indent:], "\r\n")
	if f.indent > 3 || rest == "" {
		return f, false
	}
	f.mark = rest[0]
	f.info = strings.TrimLeft(rest, rest[:1])
	f.length = len(rest) - len(f.info)
	return f, (f.mark == '`' || f.mark == '~') && f.length >= 3
}

// opens: what follows backticks must hold none, or this is inline code.
func (f fence) opens() bool { return f.mark == '~' || !strings.Contains(f.info, "`") }

func (f fence) closes(open fence) bool {
	return f.mark == open.mark && f.length >= open.length && strings.Trim(f.info, " \t") == ""
}

func leading(line string) int { return len(line) - len(strings.TrimLeft(line, " ")) }
