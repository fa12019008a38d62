package batch

import (
	"errors"
	"fmt"
	"io"
	"math"
	"slices"

	"github.com/tidwall/gjson"
)

// CanSort says whether [File.Sort] can be used: not with a pipe or a device.
func (f *File) CanSort() bool { return f.size >= 0 }

// Sort puts the records in the order of their field "index", those without one last. The
// file is replaced at once: whoever reads it, or goes on with it after a kill, sees the
// old order or the new one.
//
// So a run whose records are wanted in order can write each as soon as it is there, and
// lose none of them if it is killed.
func (f *File) Sort() error {
	if !f.CanSort() {
		return errors.New("sort the output file: it is no regular file")
	}
	type place struct {
		span
		index float64
	}
	var places []place
	lines := newLineReader(io.NewSectionReader(f.file, 0, f.size), maxRecord)
	for {
		from := lines.offset
		line, _, err := lines.next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return fmt.Errorf("sort the output file: %w", err)
		}
		index := math.Inf(1)
		if v := gjson.GetBytes(line, "index"); v.Type == gjson.Number {
			index = v.Num
		}
		places = append(places, place{span{from, lines.offset}, index})
	}
	byIndex := func(a, b place) int {
		switch {
		case a.index < b.index:
			return -1
		case a.index > b.index:
			return 1
		}
		return 0
	}
	if slices.IsSortedFunc(places, byIndex) {
		return nil
	}
	slices.SortStableFunc(places, byIndex)
	sorted := &survey{size: f.size}
	for _, p := range places {
		sorted.spans = append(sorted.spans, p.span)
	}
	return f.replace(f.target, sorted)
}
