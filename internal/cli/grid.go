package cli

import (
	"fmt"
	"io"
	"strings"
	"unicode/utf8"
)

// leastCell is how narrow a column gets whose cells are wrapped.
const leastCell = 12

// grid is a table of what there is. On a terminal it has a head, and the columns that are
// named in wraps break their cells between words, as far as the width asks for. In a pipe
// each line is a row.
type grid struct {
	head  []string
	rows  [][]string
	wraps []int
}

func (inv *invocation) grid(g grid) error {
	if !inv.out.terminal {
		return inv.table(func(w io.Writer) {
			for _, row := range g.rows {
				fmt.Fprintln(w, strings.Join(row, "\t"))
			}
		})
	}
	_, err := io.WriteString(inv.out, g.fitted(inv.env.columns()))
	return err
}

// fitted is the table in so many columns of a terminal.
func (g grid) fitted(columns int) string {
	rows := append([][]string{g.head}, g.rows...)
	widths := g.widths(rows, columns)
	var b strings.Builder
	for _, row := range rows {
		cells := make([][]string, len(row))
		lines := 1
		for i, cell := range row {
			if cells[i] = []string{cell}; utf8.RuneCountInString(cell) > widths[i] {
				cells[i] = wrap(cell, widths[i])
			}
			lines = max(lines, len(cells[i]))
		}
		for n := range lines {
			line := ""
			for i := range cells {
				part := ""
				if n < len(cells[i]) {
					part = cells[i][n]
				}
				line += part + strings.Repeat(" ", max(0, widths[i]-utf8.RuneCountInString(part))+2)
			}
			b.WriteString(strings.TrimRight(line, " ") + "\n")
		}
	}
	return b.String()
}

// widths are those of the widest cells. While that is too much, the widest column that
// may be wrapped gets narrower.
func (g grid) widths(rows [][]string, columns int) []int {
	widths := make([]int, len(g.head))
	total := 2 * (len(g.head) - 1)
	for i := range widths {
		for _, row := range rows {
			widths[i] = max(widths[i], utf8.RuneCountInString(row[i]))
		}
		total += widths[i]
	}
	for ; total > columns; total-- {
		widest := -1
		for _, i := range g.wraps {
			if widths[i] > leastCell && (widest < 0 || widths[i] > widths[widest]) {
				widest = i
			}
		}
		if widest < 0 {
			break
		}
		widths[widest]--
	}
	return widths
}
