package markdown

import (
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// style is how some text looks.
type style uint8

const (
	bold style = 1 << iota
	italic
	struck
	code
	linked
	faint
	underlined
)

// codes are the parameters of the escape sequence that begins a style.
//
// Source: ECMA-48, section 8.3.117.
func (s style) codes() string {
	var codes []string
	for _, c := range []struct {
		style style
		code  int
	}{{bold, 1}, {faint, 2}, {italic, 3}, {underlined | linked, 4}, {struck, 9}, {code, 36}} {
		if s&c.style != 0 {
			codes = append(codes, strconv.Itoa(c.code))
		}
	}
	return strings.Join(codes, ";")
}

// frag is a part of a word with one style.
type frag struct {
	text  []byte
	style style
}

// word is what stays on one line.
type word struct {
	frags []frag
	width int

	space bool // there is a space before it
	hard  bool // it begins a line

	// cut is where the word begins in the source, if the source may be cut there: no
	// style reaches over that place. -1 if not.
	cut int
}

// wordList gathers words.
type wordList struct {
	words  []word
	space  bool // before the next word
	hard   bool
	wide   bool // the last character was wide
	joined bool // the last character wants another one
	mark   int  // the place of the next word in the source, -1 if its first character has one
}

// add appends text. at is its place in the source, -1 where it cannot be cut.
func (l *wordList) add(text string, s style, at int) {
	for i, r := range text {
		if unicode.IsSpace(r) {
			l.gap()
			continue
		}
		cut := at
		if at >= 0 {
			cut = at + i
		}
		l.rune(r, s, cut)
	}
}

// gap is white space.
func (l *wordList) gap() { l.space, l.joined = true, false }

// lineBreak has the next word begin a line.
func (l *wordList) lineBreak() { l.hard, l.space = true, true }

func (l *wordList) rune(r rune, s style, cut int) {
	if l.mark >= 0 {
		cut, l.mark = l.mark, -1
	}
	w := runeWidth(r)
	if l.joined {
		w = 0
	}
	if l.begins(r, w) {
		l.words = append(l.words, word{space: l.space, hard: l.hard, cut: cut})
		l.space, l.hard = false, false
	}
	last := &l.words[len(l.words)-1]
	if n := len(last.frags); n > 0 && last.frags[n-1].style == s {
		last.frags[n-1].text = utf8.AppendRune(last.frags[n-1].text, r)
	} else {
		last.frags = append(last.frags, frag{utf8.AppendRune(nil, r), s})
	}
	if r == emojiLook && last.width == 1 {
		w = 1
	}
	last.width += w
	if w > 0 {
		l.wide = w == 2
	}
	l.joined = r == joiner
}

// begins says whether a character begins a word: behind a space, and on either side of
// a wide character, since such scripts have no spaces. Marks and what closes a phrase
// stay with what is before them.
func (l *wordList) begins(r rune, width int) bool {
	switch {
	case len(l.words) == 0, l.space, l.hard:
		return true
	case width == 0, l.joined, unicode.IsPunct(r):
		return false
	}
	return width == 2 || l.wide
}

// wrap breaks words into lines. A word that is wider than a line has one for itself; with
// split it is cut.
func wrap(words []word, width int, split bool) [][]word {
	var lines [][]word
	var line []word
	used := 0
	for _, w := range words {
		need := w.width
		if w.space && len(line) > 0 {
			need++
		}
		if len(line) > 0 && (w.hard || used+need > width) {
			lines = append(lines, line)
			line, used, need = nil, 0, w.width
		}
		for split && w.width > width {
			var head word
			head, w = cutWord(w, width)
			lines = append(lines, []word{head})
			need = w.width
		}
		line = append(line, w)
		used += need
	}
	if len(line) > 0 {
		lines = append(lines, line)
	}
	return lines
}

// cutWord takes as much from the front of a word as fits, but one character at least.
func cutWord(w word, width int) (head, tail word) {
	head, tail = word{space: w.space, cut: -1}, word{cut: -1}
	for _, f := range w.frags {
		for _, r := range string(f.text) {
			n := runeWidth(r)
			to := &tail
			if tail.width == 0 && (head.width+n <= width || head.width == 0) {
				to = &head
			}
			if k := len(to.frags); k > 0 && to.frags[k-1].style == f.style {
				to.frags[k-1].text = utf8.AppendRune(to.frags[k-1].text, r)
			} else {
				to.frags = append(to.frags, frag{utf8.AppendRune(nil, r), f.style})
			}
			to.width += n
		}
	}
	return head, tail
}

// lineWidth is how many columns a line takes.
func lineWidth(line []word) int {
	sum := 0
	for i, w := range line {
		if w.space && i > 0 {
			sum++
		}
		sum += w.width
	}
	return sum
}

// paint writes a line, with escape sequences or without.
func paint(b *strings.Builder, line []word, colour bool) {
	var now style
	to := func(s style) {
		if !colour || s == now {
			return
		}
		if now != 0 {
			b.WriteString("\x1b[0m")
		}
		if s != 0 {
			b.WriteString("\x1b[" + s.codes() + "m")
		}
		now = s
	}
	for i, w := range line {
		if w.space && i > 0 {
			to(now & w.frags[0].style) // a space belongs to what is on both sides
			b.WriteByte(' ')
		}
		for _, f := range w.frags {
			to(f.style)
			b.Write(f.text)
		}
	}
	to(0)
}
