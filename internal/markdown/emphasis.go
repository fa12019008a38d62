package markdown

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

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
		switch p.src[j] {
		case '\\':
			j += 2
		case '`':
			m := p.run(j, hi)
			if end := p.closeCode(j+m, hi, m, failed); end >= 0 {
				j = end
			}
			j += m
		case c:
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
