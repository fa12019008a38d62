package markdown

import (
	"bytes"
	"strings"
)

// tooOld is how far back a beginning without an end may lie, in bytes, before it is
// taken for the characters it is made of.
const tooOld = 2000

// paragraph is text that is being read.
type paragraph struct {
	active      bool
	written     bool   // its first lines are on the screen
	source      []byte // what is not
	first, rest prefix // of its first line, and of the others
	tried       int    // how long the source was when nothing of it could be written
}

func (p *paragraph) start(text string, first, rest prefix) {
	*p = paragraph{active: true, source: []byte(text), first: first, rest: rest}
}

func (p *paragraph) add(text string) { p.source = append(p.source, text...) }

// progress writes the lines that no further text can change.
func (r *Renderer) progress() {
	p := &r.text
	if r.err != nil || !p.active || len(p.source) <= r.width() || len(p.source) < p.tried+p.tried/4 {
		return
	}
	if p.tried = len(p.source); !r.open && r.mayChange() {
		return
	}
	if r.paragraph(false) {
		p.tried = 0
	}
}

// mayChange says whether the next line may make something else of the paragraph, or of
// its last line: a heading or a table. Headings of many lines are not waited for.
func (r *Renderer) mayChange() bool {
	const many = 4
	p := &r.text
	last := p.source[bytes.LastIndexByte(p.source, '\n')+1:]
	if bytes.IndexByte(last, '|') >= 0 && len(last) <= tooOld {
		return true
	}
	return !p.written && len(r.lists) == 0 && bytes.Count(p.source, []byte("\n")) < many
}

// paragraph writes a paragraph: to its end, or as far as it is certain. It says whether
// anything was written.
func (r *Renderer) paragraph(toEnd bool) bool {
	p := &r.text
	words, dangling := parseInline(string(p.source), 0, r.style.Colour)
	if len(p.source)-dangling > tooOld {
		dangling = len(p.source)
	}
	lines := wrap(words, r.room(p.rest), false)
	end := len(lines)
	if !toEnd {
		for end--; end > 0; end-- {
			if cut := lines[end][0].cut; cut > 0 && cut <= dangling {
				p.source = p.source[cut:]
				break
			}
		}
	}
	for _, line := range lines[:max(end, 0)] {
		r.printLine(p.first, line)
		p.first, p.written = p.rest, true
	}
	if !toEnd {
		return end > 0
	}
	if len(lines) == 0 && p.first != p.rest {
		r.print(strings.TrimRight(p.first.painted, " ") + "\n")
	}
	r.text = paragraph{}
	return true
}
