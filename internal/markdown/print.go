package markdown

import (
	"io"
	"strings"
)

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
