package main

import (
	"fmt"
	"io"
	"strings"
)

// table is the rows of a run.
type table struct {
	rows []row
}

func (t *table) add(r row) { t.rows = append(t.rows, r) }

func heads() []string { return []string{"what", "ours", "theirs", "ratio", "bar", ""} }

func (t *table) printHead(w io.Writer) {
	h := heads()
	fmt.Fprintf(w, layout, h[0], h[1], h[2], h[3], h[4], h[5])
}

// bars is how many rows have a bar, and missed how many of them do not meet it.
func (t *table) bars() int {
	n := 0
	for _, r := range t.rows {
		if !r.bar.isZero() {
			n++
		}
	}
	return n
}

func (t *table) missed() int {
	n := 0
	for _, r := range t.rows {
		if !r.bar.isZero() && !r.met() {
			n++
		}
	}
	return n
}

// markdown is the table for a page.
func (t *table) markdown() string {
	var b strings.Builder
	line := func(cells []string) { fmt.Fprintf(&b, "| %s |\n", strings.Join(cells, " | ")) }
	line(heads())
	b.WriteString(strings.Repeat("|---", len(heads())) + "|\n")
	for _, r := range t.rows {
		line(r.cells())
	}
	return b.String()
}
