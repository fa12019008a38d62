package markdown

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// maxDepth is how deep styles may stand in each other.
const maxDepth = 6

// inline reads the text of a paragraph.
//
// Source: CommonMark 0.31.2, section 6, and GFM 0.29, section 6.5, made simpler: the
// nearest end closes a style, and links have their address beside them.
type inline struct {
	src    string
	colour bool
	words  wordList

	// dangling is where something begins that more text may end; len(src) if nothing.
	dangling int

	// budget bounds the searches for an end.
	budget int
}

// parseInline is the words of a text, and where it becomes uncertain.
func parseInline(src string, base style, colour bool) (words []word, dangling int) {
	p := &inline{src: src, colour: colour, dangling: len(src), budget: 20*len(src) + 1000}
	p.words.mark = -1
	p.parse(0, len(src), base, 0)
	return p.words.words, p.dangling
}

func (p *inline) parse(lo, hi int, s style, depth int) {
	failed := make(map[string]bool) // ends that are not to be found up to hi
	for i := lo; i < hi; {
		next := 0
		switch c := p.src[i]; c {
		case '\\':
			next = p.escape(i, hi, s, depth)
		case '`':
			next = p.codeSpan(i, hi, s, depth, failed)
		case '*', '_', '~':
			next = p.emphasis(i, hi, s, depth, failed)
		case '[':
			next = p.link(i, hi, s, depth)
		case '!':
			if i+1 < hi && p.src[i+1] == '[' {
				next = p.link(i+1, hi, s, depth)
			}
		case '<':
			next = p.angle(i, hi, s, depth)
		case '&':
			next = p.entity(i, hi, s, depth)
		case '\n':
			if strings.HasSuffix(p.src[lo:i], "  ") {
				p.words.lineBreak()
			}
			p.words.gap()
			next = i + 1
		}
		if next == 0 {
			next = p.plain(i, hi)
			p.words.add(p.src[i:next], s, p.place(i, depth))
		}
		i = next
	}
}

// place is an offset as a word may know it.
func (p *inline) place(i, depth int) int {
	if depth > 0 {
		return -1
	}
	return i
}

// open notes that something begins at i which has no end yet.
func (p *inline) open(i, depth int) {
	if depth == 0 {
		p.dangling = min(p.dangling, i)
	}
}

// plain is the end of the text from i on that means nothing but itself. The character at
// i is part of it whatever it is, with those like it.
func (p *inline) plain(i, hi int) int {
	first := p.src[i]
	j := i + 1
	for j < hi && p.src[j] == first && strings.IndexByte("*_~`", first) >= 0 {
		j++
	}
	if n := strings.IndexAny(p.src[j:hi], "\\`*_~[!<&\n"); n >= 0 {
		return j + n
	}
	return hi
}

func (p *inline) escape(i, hi int, s style, depth int) int {
	if i+1 >= hi {
		p.open(i, depth)
		return 0
	}
	switch c := p.src[i+1]; {
	case c == '\n':
		p.words.lineBreak()
		return i + 2
	case c < utf8.RuneSelf && (unicode.IsPunct(rune(c)) || unicode.IsSymbol(rune(c))):
		p.words.add(string(rune(c)), s, p.place(i, depth))
		return i + 2
	}
	return 0
}

// run is how often the character at i stands there in a row.
func (p *inline) run(i, hi int) int {
	n := 1
	for i+n < hi && p.src[i+n] == p.src[i] {
		n++
	}
	return n
}

// closeCode is where the run of n backticks stands that ends the code after i; -1 if
// there is none.
func (p *inline) closeCode(i, hi, n int, failed map[string]bool) int {
	key := p.src[i-n : i]
	if failed[key] {
		return -1
	}
	for j := i; j < hi && p.budget > 0; {
		k := strings.IndexByte(p.src[j:hi], '`')
		if k < 0 {
			break
		}
		p.budget -= k + 1
		j += k
		m := p.run(j, hi)
		if m == n {
			return j
		}
		j += m
	}
	failed[key] = true
	return -1
}

func (p *inline) codeSpan(i, hi int, s style, depth int, failed map[string]bool) int {
	n := p.run(i, hi)
	end := p.closeCode(i+n, hi, n, failed)
	if end < 0 || end+n == len(p.src) {
		p.open(i, depth) // a longer run at the end would be another one
	}
	if end < 0 {
		return 0
	}
	text := strings.ReplaceAll(p.src[i+n:end], "\n", " ")
	if len(text) > 1 && text[0] == ' ' && text[len(text)-1] == ' ' && strings.TrimSpace(text) != "" {
		text = text[1 : len(text)-1]
	}
	if !p.colour {
		text = p.src[i:i+n] + text + p.src[i:i+n]
	}
	p.words.mark = p.place(i, depth)
	p.words.add(text, s|code, -1)
	return end + n
}

// entity reads the few entities that models write.
func (p *inline) entity(i, hi int, s style, depth int) int {
	const longest = 6
	n := strings.IndexByte(p.src[i:min(hi, i+longest)], ';')
	if n < 0 {
		if i+longest > hi {
			p.open(i, depth)
		}
		return 0
	}
	var text string
	switch p.src[i+1 : i+n] {
	case "amp":
		text = "&"
	case "lt":
		text = "<"
	case "gt":
		text = ">"
	case "quot":
		text = `"`
	case "#39", "apos":
		text = "'"
	case "nbsp":
		text = " "
	default:
		return 0
	}
	p.words.add(text, s, p.place(i, depth))
	return i + n + 1
}
