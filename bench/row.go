package main

import (
	"fmt"
	"io"
	"strconv"
	"time"
)

// row is one line of the table.
type row struct {
	what   string  // what was measured
	ours   string  // our figure, with its unit
	theirs string  // the rival's; empty without one
	rival  string  // who or what that is
	value  float64 // what is held against the bar
	unit   string  // of value and bar: "×", "ms"
	bar    bar
}

// bar is the bound for a value. The zero bar is none: the row is told, not judged.
type bar struct {
	atMost, atLeast float64
}

func (b bar) isZero() bool { return b == bar{} }

func (r row) met() bool {
	if r.bar.atLeast != 0 {
		return r.value >= r.bar.atLeast
	}
	return r.value <= r.bar.atMost
}

// cells are what the table shows of the row.
func (r row) cells() []string {
	theirs := r.theirs
	if r.rival != "" {
		theirs += " (" + r.rival + ")"
	}
	return []string{r.what, r.ours, theirs, short(r.value) + " " + r.unit, r.barText(), r.verdict()}
}

func (r row) barText() string {
	switch {
	case r.bar.isZero():
		return "–"
	case r.bar.atLeast != 0:
		return "≥ " + short(r.bar.atLeast) + " " + r.unit
	default:
		return "≤ " + short(r.bar.atMost) + " " + r.unit
	}
}

func (r row) verdict() string {
	switch {
	case r.bar.isZero():
		return ""
	case r.met():
		return "met"
	default:
		return "MISSED"
	}
}

func (r row) print(w io.Writer) {
	c := r.cells()
	fmt.Fprintf(w, layout, c[0], c[1], c[2], c[3], c[4], c[5])
}

const layout = "%-52s  %14s  %-34s  %11s  %11s  %s\n"

// short is a number with three digits that matter.
func short(f float64) string { return strconv.FormatFloat(f, 'g', 3, 64) }

// duration is d with three digits that matter.
func duration(d time.Duration) string {
	switch {
	case d < time.Microsecond:
		return fmt.Sprintf("%d ns", d.Nanoseconds())
	case d < time.Millisecond:
		return fmt.Sprintf("%.3g µs", float64(d)/float64(time.Microsecond))
	case d < time.Second:
		return fmt.Sprintf("%.3g ms", float64(d)/float64(time.Millisecond))
	default:
		return fmt.Sprintf("%.3g s", d.Seconds())
	}
}

// mebibytes is n bytes, in MiB.
func mebibytes(n int64) string { return fmt.Sprintf("%.4g MiB", float64(n)/(1<<20)) }
