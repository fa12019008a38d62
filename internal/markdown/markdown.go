// Package markdown shows Markdown on a terminal as it comes, block by block: headings,
// paragraphs, lists, quotes, code, tables and rules. It is pure: text in, text out.
//
// A block is written when it is complete. Of a long paragraph the lines that nothing can
// change any more are written before; of code every line is. Characters that steer a
// terminal are taken out. Nothing that can be read is left out: an address stands
// behind its link, the language before its code.
//
// Source: CommonMark 0.31.2 and, for tables and strikethrough, GFM 0.29, as models
// write them. HTML, footnotes and links by reference are shown as they are.
package markdown

import (
	"bytes"
	"io"
	"strings"
	"unicode/utf8"
)

// Style says how to show Markdown.
type Style struct {
	// Colour allows escape sequences. Without them a heading keeps its number signs
	// and code its backticks.
	Colour bool

	// Width is the width of the terminal in columns. It is asked for each block.
	Width func() int
}

// Renderer shows the Markdown that is written to it. It is not safe for concurrent use.
type Renderer struct {
	out   io.Writer
	style Style
	err   error // of out, the first

	pending []byte // of a line that has not ended
	open    bool   // that line is part of the paragraph already

	text  paragraph
	fence *fence
	table []string // lines, from the header on

	quote int     // how deep in quotes
	lists []level // the items that we are in, outermost first

	blank  bool // the line before was blank
	gap    bool // a blank line is due before the next block
	last   kind // of the block before
	before int  // how deep in quotes that was
}

// kind is what sort of block something is.
type kind int

const (
	nothing kind = iota
	plainText
	item
	codeText // indented, without a fence
	other    // what wants room around it
)

// New shows what is written to it on out.
func New(out io.Writer, style Style) *Renderer { return &Renderer{out: out, style: style} }

// Write takes the next piece of the text, cut anywhere. The error is that of the
// writer.
func (r *Renderer) Write(p []byte) (int, error) {
	r.pending = append(r.pending, p...)
	for r.err == nil {
		end := bytes.IndexByte(r.pending, '\n')
		if end < 0 {
			break
		}
		r.line(string(r.pending[:end]))
		r.pending = r.pending[end+1:]
	}
	r.ahead()
	r.progress()
	return len(p), r.err
}

// Verbatim shows a line of text that is no Markdown. The error is that of the writer.
func (r *Renderer) Verbatim(line string) error {
	r.finish()
	r.begin(other)
	r.print(clean(line) + "\n")
	return r.err
}

// Close shows what is left. The error is that of the writer.
func (r *Renderer) Close() error {
	r.finish()
	return r.err
}

// finish ends the line and the block that we are in.
func (r *Renderer) finish() {
	if len(r.pending) > 0 || r.open {
		r.line(string(r.pending))
		r.pending = nil
	}
	r.flush()
	r.fence, r.lists, r.quote, r.blank = nil, nil, 0, true
}

// ahead makes a line that is longer than the screen part of its paragraph before it has
// ended, if it can be nothing else.
func (r *Renderer) ahead() {
	if r.err != nil || r.fence != nil || len(r.pending) == 0 {
		return
	}
	whole := len(r.pending) - tornTail(r.pending)
	if !r.open {
		if len(r.pending) <= r.width() || len(r.pending) > 2*tooOld || !r.isText(string(r.pending[:whole])) {
			return
		}
		r.block(clean(string(r.pending[:whole])))
		r.open = r.text.active
	} else {
		r.text.add(clean(string(r.pending[:whole])))
	}
	r.pending = r.pending[whole:]
}

// tornTail is how many bytes at the end of b begin a character and do not end it.
func tornTail(b []byte) int {
	for n := 1; n < utf8.UTFMax && n <= len(b); n++ {
		if tail := b[len(b)-n:]; utf8.RuneStart(tail[0]) {
			if utf8.FullRune(tail) {
				return 0
			}
			return n
		}
	}
	return 0
}

// line takes a line without its end.
func (r *Renderer) line(s string) {
	s = clean(s)
	if r.open {
		r.text.add(s)
		r.open = false
		return
	}
	r.block(s)
}

// flush writes what is left of the block that we are in.
func (r *Renderer) flush() {
	if r.text.active {
		r.paragraph(true)
	}
	if lines := r.table; len(lines) > 0 {
		r.table = nil
		r.writeTable(lines)
	}
	r.open = false
}

// begin makes room before a block.
func (r *Renderer) begin(k kind) {
	room := r.gap || k == other || k == codeText || r.last == other || r.last == codeText || k == plainText && r.last == item
	if room && r.last != nothing {
		r.print(r.dim(strings.TrimRight(r.bars(min(r.quote, r.before)).text, " ")) + "\n")
	}
	r.gap, r.last, r.before = false, k, r.quote
}
