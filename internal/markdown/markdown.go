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

// level is one list that we are in.
type level struct {
	indent  int // of its marker in the source
	content int // of its text on the screen
}

// fence is a block of code between fences.
type fence struct {
	char   byte
	length int
	indent int
	quote  int
}

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

// isText says whether the beginning of a line is sure to be text of a paragraph or an
// item.
func (r *Renderer) isText(line string) bool {
	_, text := quotes(line)
	indent, text := indented(text)
	if text == "" || len(r.table) > 0 || strings.ContainsAny(text, "|") || strings.IndexByte("#`~=<", text[0]) >= 0 {
		return false
	}
	if marker, rest := listMarker(text); marker != "" && (rest == "" || strings.IndexByte("`~", rest[0]) >= 0) {
		return false
	}
	return !isRule(text) && (indent < 4 || len(r.lists) > 0 || r.text.active)
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

// block takes a line by what it is.
func (r *Renderer) block(s string) {
	depth, text := quotes(s)
	if r.fence != nil && r.inFence(s, depth, text) {
		return
	}
	if depth != r.quote {
		if depth < r.quote && r.text.active && isPlain(text) {
			r.text.add("\n" + strings.TrimLeft(text, " \t")) // a line of the quote without its sign
			return
		}
		r.flush()
		r.quote, r.lists, r.gap = depth, nil, r.last != nothing
	}
	indent, body := indented(text)
	if body == "" {
		r.flush()
		r.blank, r.gap = true, true
		return
	}
	r.content(indent, body)
	r.blank = false
}

// content takes a line that is not blank, behind its signs of quotation.
func (r *Renderer) content(indent int, body string) {
	if len(r.table) > 0 {
		if strings.Contains(body, "|") {
			r.table = append(r.table, body)
			return
		}
		r.flush()
	}
	if r.underline(body) || r.tableHead(body) || r.openFence(indent, body) {
		return
	}
	if heading, text := headingOf(body); heading > 0 && (indent < 4 || len(r.lists) > 0) {
		r.flush()
		r.leave(indent)
		r.begin(other)
		r.heading(heading, text)
		return
	}
	if isRule(body) {
		r.flush()
		r.leave(indent)
		r.begin(other)
		r.rule()
		return
	}
	if marker, text := listMarker(body); marker != "" && r.startsItem(indent, marker, text) {
		r.listItem(indent, marker, text)
		return
	}
	if r.text.active {
		r.text.add("\n" + body)
		return
	}
	r.leave(indent)
	if indent >= 4 && len(r.lists) == 0 {
		if r.last != codeText || r.gap {
			r.begin(codeText)
		}
		r.codeLine(strings.Repeat(" ", indent-4) + body)
		return
	}
	r.begin(plainText)
	r.text.start(body, r.prefix(), r.prefix())
}

// startsItem says whether a marker begins an item: within a paragraph only a bullet or
// the number 1 does.
//
// Source: CommonMark 0.31.2, section 5.2, rule 1.
func (r *Renderer) startsItem(indent int, marker, text string) bool {
	if !r.text.active || len(r.lists) > 0 {
		return indent < 4 || len(r.lists) > 0
	}
	ordered := marker[0] >= '0' && marker[0] <= '9'
	return indent < 4 && text != "" && (!ordered || marker[:len(marker)-1] == "1")
}

// leave ends the lists that a line with that indentation is not part of.
func (r *Renderer) leave(indent int) {
	for n := len(r.lists); n > 0 && indent < r.lists[n-1].indent+2; n = len(r.lists) {
		r.lists = r.lists[:n-1]
	}
}

func (r *Renderer) listItem(indent int, marker, text string) {
	r.flush()
	r.leave(indent)
	r.begin(item)
	outer := r.prefix()
	if strings.Contains("-*+", marker) {
		marker = "•"
	}
	content := r.indent() + textWidth(marker) + 1
	r.lists = append(r.lists, level{indent, content})
	room := r.prefix()
	if textWidth(outer.text)+2 > textWidth(room.text) { // too deep to go on
		room = outer
	}
	first := prefix{outer.text + marker + " ", outer.painted + marker + " "}
	r.text.start("", first, room)
	if r.openFence(indent+2, text) {
		return
	}
	r.text.add(text)
}

// openFence begins a block of code.
func (r *Renderer) openFence(indent int, body string) bool {
	char, length, info := fenceOf(body)
	if length == 0 || indent >= 4 && len(r.lists) == 0 {
		return false
	}
	r.flush()
	r.leave(indent)
	r.fence = &fence{char: char, length: length, indent: indent, quote: r.quote}
	r.begin(other)
	if info != "" {
		r.wrapped(info, faint, r.prefix(), false)
	}
	return true
}

// inFence takes a line of code, or the fence at its end. It is false for a line behind
// the end of the quote that the code stands in.
func (r *Renderer) inFence(s string, depth int, text string) bool {
	f := r.fence
	if depth < f.quote {
		r.fence = nil
		return false
	}
	if f.quote == 0 {
		text = s
	} else if depth > f.quote {
		text = strings.Repeat("> ", depth-f.quote) + text
	}
	if char, length, info := fenceOf(strings.TrimSpace(text)); char == f.char && length >= f.length && info == "" {
		r.fence, r.last, r.gap = nil, other, true
		return true
	}
	for n := f.indent; n > 0 && strings.HasPrefix(text, " "); n-- {
		text = text[1:]
	}
	r.codeLine(text)
	return true
}

func (r *Renderer) codeLine(text string) {
	text = strings.ReplaceAll(text, "\t", "    ")
	line := strings.TrimRight(r.prefix().painted+"    "+text, " ")
	r.print(line + "\n")
}

// underline makes a heading of the paragraph above a line of = or -.
func (r *Renderer) underline(body string) bool {
	if !r.text.active || r.text.written || len(r.lists) > 0 {
		return false
	}
	line := strings.TrimRight(body, " \t")
	size := 0
	switch {
	case len(line) < 2:
	case strings.Trim(line, "=") == "":
		size = 1
	case strings.Trim(line, "-") == "":
		size = 2
	}
	if size == 0 {
		return false
	}
	text := string(r.text.source)
	r.text = paragraph{}
	r.heading(size, text)
	return true
}

// tableHead makes a table of the line above one such as |---|---|.
func (r *Renderer) tableHead(body string) bool {
	if !r.text.active || len(delimiters(body)) == 0 {
		return false
	}
	above, head := "", string(r.text.source)
	if i := strings.LastIndexByte(head, '\n'); i >= 0 {
		above, head = head[:i], head[i+1:]
	} else if r.text.written {
		return false
	}
	if !strings.Contains(head, "|") || len(delimiters(body)) != len(cells(head)) {
		return false
	}
	if r.text.source = []byte(above); above == "" {
		if r.text.first != r.text.rest {
			r.print(strings.TrimRight(r.text.first.painted, " ") + "\n") // the item's marker
		}
		r.text = paragraph{}
	} else {
		r.flush()
		r.begin(other)
	}
	r.table, r.last = []string{head, body}, other
	return true
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

func (r *Renderer) heading(size int, text string) {
	look := bold
	if size == 1 {
		look |= underlined
	}
	if !r.style.Colour {
		text = strings.Repeat("#", size) + " " + text
	}
	r.wrapped(text, look, r.prefix(), true)
	r.last, r.gap = other, true
}

func (r *Renderer) rule() {
	p := r.prefix()
	room := min(max(r.width()-textWidth(p.text), 3), 40)
	r.print(p.painted + r.dim(strings.Repeat("─", room)) + "\n")
}

// wrapped writes a text at once; markup says whether it holds any.
func (r *Renderer) wrapped(text string, look style, p prefix, markup bool) {
	list := wordList{mark: -1}
	list.add(text, look, -1)
	words := list.words
	if markup {
		words, _ = parseInline(text, look, r.style.Colour)
	}
	for _, line := range wrap(words, r.room(p), false) {
		r.printLine(p, line)
	}
}

func (r *Renderer) printLine(p prefix, line []word) {
	var b strings.Builder
	b.WriteString(p.painted)
	paint(&b, line, r.style.Colour)
	b.WriteByte('\n')
	r.print(b.String())
}

// prefix is what stands at the beginning of a line, with and without colour.
type prefix struct{ text, painted string }

// bars are the signs of quotation.
func (r *Renderer) bars(depth int) prefix {
	text := strings.Repeat("│ ", min(depth, r.width()/8+1))
	return prefix{text, r.dim(text)}
}

// prefix is that of a line of the item that we are in.
func (r *Renderer) prefix() prefix {
	p, spaces := r.bars(r.quote), strings.Repeat(" ", r.indent())
	return prefix{p.text + spaces, p.painted + spaces}
}

// indent is how far the text of the item stands in: half the screen at most.
func (r *Renderer) indent() int {
	if len(r.lists) == 0 {
		return 0
	}
	return min(r.lists[len(r.lists)-1].content, r.width()/2)
}

// room is how many columns are left for text.
func (r *Renderer) room(p prefix) int { return max(r.width()-textWidth(p.text), 8) }

func (r *Renderer) width() int {
	const usual = 80
	if r.style.Width == nil {
		return usual
	}
	return max(r.style.Width(), 8)
}

func (r *Renderer) dim(s string) string {
	if !r.style.Colour || s == "" {
		return s
	}
	return "\x1b[2m" + s + "\x1b[0m"
}

func (r *Renderer) print(s string) {
	if r.err == nil {
		_, r.err = io.WriteString(r.out, s)
	}
}
