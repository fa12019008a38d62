package markdown

import "strings"

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
	if strings.ToLower(strings.TrimRight(text, " /")) == "br" {
		p.words.lineBreak()
		return i + n + 1
	}
	if strings.ContainsAny(text, " \n") || !strings.Contains(text, "://") && !strings.HasPrefix(text, "mailto:") {
		return 0
	}
	p.words.add(text, s|linked, p.place(i, depth))
	return i + n + 1
}
