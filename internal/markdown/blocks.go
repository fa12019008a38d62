package markdown

import "strings"

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
