package markdown

import "strings"

// align is to which side the cells of a column go.
type align int

const (
	left align = iota
	centre
	right
)

// cells are the cells of a line of a table.
//
// Source: GFM 0.29, section 4.10.
func cells(line string) []string {
	line = strings.TrimSpace(line)
	line = strings.TrimPrefix(line, "|")
	var all []string
	start := 0
	for i := 0; i < len(line); i++ {
		switch line[i] {
		case '\\':
			i++
		case '|':
			all = append(all, strings.TrimSpace(line[start:i]))
			start = i + 1
		}
	}
	if last := strings.TrimSpace(line[start:]); last != "" || len(all) == 0 {
		all = append(all, last)
	}
	return all
}

// delimiters reads the line below the header; nil for another line.
func delimiters(line string) []align {
	if strings.Trim(line, "|-: \t") != "" || !strings.Contains(line, "-") {
		return nil
	}
	var all []align
	for _, cell := range cells(line) {
		begins, ends := strings.HasPrefix(cell, ":"), strings.HasSuffix(cell, ":")
		if inner := strings.Trim(cell, ":"); inner == "" || strings.Trim(inner, "-") != "" {
			return nil
		}
		switch {
		case begins && ends:
			all = append(all, centre)
		case ends:
			all = append(all, right)
		default:
			all = append(all, left)
		}
	}
	return all
}

// narrowest is the least width of a column, in columns of the screen.
const narrowest = 5

// writeTable shows a table: lines[0] is its header, lines[1] the one below.
func (r *Renderer) writeTable(lines []string) {
	aligns := delimiters(lines[1])
	rows := make([][][]word, 0, len(lines)-1)
	columns := 0
	for i, line := range lines {
		if i == 1 {
			continue
		}
		var look style
		if i == 0 {
			look = bold
		}
		var row [][]word
		for _, cell := range cells(line) {
			words, _ := parseInline(cell, look, r.style.Colour)
			row = append(row, words)
		}
		rows = append(rows, row)
		columns = max(columns, len(row))
	}
	p := r.prefix()
	widths := columnWidths(rows, columns)
	if shrink(widths, r.room(p)-3*(columns-1)) {
		for i, row := range rows {
			r.tableRow(p, row, widths, aligns)
			if i == 0 {
				r.tableRule(p, widths)
			}
		}
	} else {
		r.records(p, rows)
	}
	r.last, r.gap = other, true
}

func columnWidths(rows [][][]word, columns int) []int {
	widths := make([]int, columns)
	for _, row := range rows {
		for i, cell := range row {
			for _, line := range wrap(cell, 1<<30, false) {
				widths[i] = max(widths[i], lineWidth(line))
			}
		}
	}
	return widths
}

// shrink takes from the widest columns until all fit. It is false if they cannot.
func shrink(widths []int, room int) bool {
	sum := 0
	for _, w := range widths {
		sum += w
	}
	for sum > room {
		widest := 0
		for i, w := range widths {
			if w > widths[widest] {
				widest = i
			}
		}
		if widths[widest] <= narrowest {
			return false
		}
		widths[widest]--
		sum--
	}
	return true
}

func (r *Renderer) tableRow(p prefix, row [][]word, widths []int, aligns []align) {
	height := 1
	wrapped := make([][][]word, len(widths))
	for i := range widths {
		if i < len(row) {
			wrapped[i] = wrap(row[i], max(widths[i], 1), true)
		}
		height = max(height, len(wrapped[i]))
	}
	for n := range height {
		var b strings.Builder
		b.WriteString(p.painted)
		for i, width := range widths {
			if i > 0 {
				b.WriteString(r.dim(" │ "))
			}
			var line []word
			if n < len(wrapped[i]) {
				line = wrapped[i][n]
			}
			side := left
			if i < len(aligns) {
				side = aligns[i]
			}
			before, after := padding(side, width-lineWidth(line))
			b.WriteString(before)
			paint(&b, line, r.style.Colour)
			if i < len(widths)-1 {
				b.WriteString(after)
			}
		}
		r.print(strings.TrimRight(b.String(), " ") + "\n")
	}
}

func padding(side align, room int) (before, after string) {
	room = max(room, 0)
	switch side {
	case right:
		return strings.Repeat(" ", room), ""
	case centre:
		return strings.Repeat(" ", room/2), strings.Repeat(" ", room-room/2)
	}
	return "", strings.Repeat(" ", room)
}

func (r *Renderer) tableRule(p prefix, widths []int) {
	parts := make([]string, len(widths))
	for i, w := range widths {
		parts[i] = strings.Repeat("─", w)
	}
	r.print(p.painted + r.dim(strings.Join(parts, "─┼─")) + "\n")
}

// records shows a table that does not fit: each cell on a line, behind the name of its
// column.
func (r *Renderer) records(p prefix, rows [][][]word) {
	head := rows[0]
	for i, row := range rows {
		if i == 0 && len(rows) > 1 {
			continue
		}
		if i > 1 {
			r.print(strings.TrimRight(p.painted, " ") + "\n")
		}
		for j, cell := range row {
			line := cell
			if i > 0 && j < len(head) && len(head[j]) > 0 {
				name := append([]word(nil), head[j]...)
				last := &name[len(name)-1]
				last.frags = append(append([]frag(nil), last.frags...), frag{[]byte(":"), bold})
				last.width++
				line = name
				for k, w := range cell {
					w.space = w.space || k == 0
					line = append(line, w)
				}
			}
			for _, part := range wrap(line, r.room(p), false) {
				r.printLine(p, part)
			}
		}
	}
}
