package markdown

import "strings"

// quotes counts the signs of quotation at the beginning of a line, and takes them away.
func quotes(line string) (depth int, rest string) {
	for rest = line; ; depth++ {
		text := strings.TrimLeft(rest, " ")
		if len(rest)-len(text) > 3 || !strings.HasPrefix(text, ">") {
			return depth, rest
		}
		rest = strings.TrimPrefix(text[1:], " ")
	}
}

// indented is how far a line stands in, and its text. A tab goes to the next fourth
// column. Spaces at the end stay: two of them break a line.
func indented(line string) (indent int, text string) {
	for i := 0; i < len(line); i++ {
		switch line[i] {
		case ' ':
			indent++
		case '\t':
			indent += 4 - indent%4
		default:
			return indent, line[i:]
		}
	}
	return indent, ""
}

// isPlain says whether a line can go on with the paragraph of a quote.
func isPlain(text string) bool {
	_, body := indented(text)
	if body == "" || isRule(body) {
		return false
	}
	marker, _ := listMarker(body)
	size, _ := headingOf(body)
	_, length, _ := fenceOf(body)
	return marker == "" && size == 0 && length == 0
}

// headingOf is the size of a heading, 1 to 6, and its text; 0 for another line.
func headingOf(body string) (size int, text string) {
	text = strings.TrimLeft(body, "#")
	size = len(body) - len(text)
	if size == 0 || size > 6 || text != "" && text[0] != ' ' && text[0] != '\t' {
		return 0, ""
	}
	text = strings.TrimSpace(text)
	if end := strings.TrimRight(text, "#"); end == "" || strings.HasSuffix(end, " ") {
		text = strings.TrimSpace(end)
	}
	return size, text
}

// isRule knows lines such as --- and * * *.
func isRule(body string) bool {
	line := strings.NewReplacer(" ", "", "\t", "").Replace(body)
	return len(line) >= 3 && strings.IndexByte("-*_", line[0]) >= 0 && strings.Trim(line, line[:1]) == ""
}

// fenceOf reads a fence: its character, its length and the words behind it; 0 for
// another line.
func fenceOf(body string) (char byte, length int, info string) {
	if body == "" || body[0] != '`' && body[0] != '~' {
		return 0, 0, ""
	}
	rest := strings.TrimLeft(body, body[:1])
	length = len(body) - len(rest)
	if length < 3 || body[0] == '`' && strings.Contains(rest, "`") {
		return 0, 0, ""
	}
	return body[0], length, strings.TrimSpace(rest)
}

// listMarker reads the sign before an item, such as - or 12. ; empty for another line.
func listMarker(body string) (marker, text string) {
	n := 0
	for n < len(body) && n < 9 && body[n] >= '0' && body[n] <= '9' {
		n++
	}
	switch {
	case n > 0 && n < len(body) && (body[n] == '.' || body[n] == ')'):
		n++
	case n == 0 && body != "" && strings.IndexByte("-*+", body[0]) >= 0:
		n = 1
	default:
		return "", ""
	}
	rest := body[n:]
	if rest != "" && rest[0] != ' ' && rest[0] != '\t' {
		return "", ""
	}
	return body[:n], strings.TrimLeft(rest, " \t")
}
