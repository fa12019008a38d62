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

// emphasis reads a text between stars, underscores or tildes.
func (p *inline) emphasis(i, hi int, s style, depth int, failed map[string]bool) int {
	c, n := p.src[i], p.run(i, hi)
	if i+n >= hi {
		p.open(i, depth)
		return 0
	}
	if !p.opens(i, n) || n > 3 || c == '~' && n != 2 || depth >= maxDepth {
		return 0
	}
	size, end := n, p.closer(i+n, hi, c, n, failed)
	if n == 3 && end < 0 {
		// One of the two ends first; the later end is the outer one.
		one, two := p.closer(i+1, hi, c, 1, failed), p.closer(i+2, hi, c, 2, failed)
		if size, end = 1, one; two > one {
			size, end = 2, two
		}
	}
	if end < 0 || end+size == len(p.src) {
		p.open(i, depth)
	}
	if end < 0 {
		return 0
	}
	mark := ""
	inner := s
	switch {
	case c == '~':
		inner |= struck
		mark = "~~"
	case size == 1:
		inner |= italic
	case size == 2:
		inner |= bold
	default:
		inner |= bold | italic
	}
	if depth == 0 {
		p.words.mark = i
	}
	if mark != "" && !p.colour {
		p.words.add(mark, inner, -1)
	}
	p.parse(i+size, end, inner, depth+1)
	if mark != "" && !p.colour {
		p.words.add(mark, inner, -1)
	}
	return end + size
}

// opens says whether a run of n characters at i can begin an emphasis.
func (p *inline) opens(i, n int) bool {
	after, _ := utf8.DecodeRuneInString(p.src[i+n:])
	if unicode.IsSpace(after) {
		return false
	}
	before, _ := utf8.DecodeLastRuneInString(p.src[:i])
	// Within a word a single star is a multiplication more often than an emphasis.
	return p.src[i] != '_' && n != 1 || !alphanumeric(before)
}

func alphanumeric(r rune) bool {
	return r != utf8.RuneError && (unicode.IsLetter(r) || unicode.IsNumber(r))
}

// closer is where the end of an emphasis of n characters c stands, in code it is not;
// -1 if there is none.
func (p *inline) closer(from, hi int, c byte, n int, failed map[string]bool) int {
	key := strings.Repeat(string(rune(c)), n) + "."
	if failed[key] {
		return -1
	}
	for j := from; j < hi && p.budget > 0; {
		p.budget--
		switch d := p.src[j]; {
		case d == '\\':
			j += 2
		case d == '`':
			m := p.run(j, hi)
			if end := p.closeCode(j+m, hi, m, failed); end >= 0 {
				j = end
			}
			j += m
		case d == c:
			m := p.run(j, hi)
			if (m == n || m == 3 && c != '~') && j > from && p.closes(j, m) {
				return j + m - n
			}
			j += m
		default:
			j++
		}
	}
	failed[key] = true
	return -1
}

func (p *inline) closes(j, n int) bool {
	before, _ := utf8.DecodeLastRuneInString(p.src[:j])
	if unicode.IsSpace(before) {
		return false
	}
	after, _ := utf8.DecodeRuneInString(p.src[j+n:])
	return p.src[j] != '_' || !alphanumeric(after)
}

// longestLink bounds the search for the end of a link, in bytes.
const longestLink = 2000

// link reads [text](address) at i. The address is always shown: what a link leads to is
// the model's word, and a terminal that hides it lets a text lie about that.
func (p *inline) link(i, hi int, s style, depth int) int {
	limit := min(hi, i+longestLink)
	middle := p.balanced(i, limit, '[', ']')
	if middle < 0 || middle+1 >= hi {
		if limit == hi {
			p.open(i, depth)
		}
		return 0
	}
	if p.src[middle+1] != '(' || depth >= maxDepth {
		return 0
	}
	end := p.balanced(middle+1, min(hi, middle+longestLink), '(', ')')
	if end < 0 {
		if middle+longestLink >= hi {
			p.open(i, depth)
		}
		return 0
	}
	text, address := p.src[i+1:middle], strings.TrimSpace(p.src[middle+2:end])
	address = strings.NewReplacer("<", "", ">", "").Replace(address)
	if depth == 0 {
		p.words.mark = i
	}
	p.parse(i+1, middle, s|linked, depth+1)
	if address != "" && address != text && address != "mailto:"+text {
		p.words.gap()
		p.words.add("("+address+")", s|faint, -1)
	}
	return end + 1
}

// balanced is where the bracket at i is closed; -1 if it is not.
func (p *inline) balanced(i, hi int, left, right byte) int {
	depth := 0
	for j := i; j < hi && p.budget > 0; j++ {
		p.budget--
		switch p.src[j] {
		case '\\':
			j++
		case left:
			depth++
		case right:
			if depth--; depth == 0 {
				return j
			}
		}
	}
	return -1
}

// angle reads an address between angle brackets, and <br>.
func (p *inline) angle(i, hi int, s style, depth int) int {
	const longest = 300
	limit := min(hi, i+longest)
	n := strings.IndexByte(p.src[i:limit], '>')
	if n < 0 {
		if limit == hi {
			p.open(i, depth)
		}
		return 0
	}
	text := p.src[i+1 : i+n]
	switch strings.ToLower(strings.TrimRight(text, " /")) {
	case "br":
		p.words.lineBreak()
		return i + n + 1
	}
	if strings.ContainsAny(text, " \n") || !strings.Contains(text, "://") && !strings.HasPrefix(text, "mailto:") {
		return 0
	}
	p.words.add(text, s|linked, p.place(i, depth))
	return i + n + 1
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
	text := ""
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
