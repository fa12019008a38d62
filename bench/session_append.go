package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"
	"time"

	"github.com/codexctl/codexctl/bench/lab"
)

// appended is what one exchange cost.
type appended struct {
	took    time.Duration
	written int64 // bytes, by the system's count; 0 where it tells none
}

// measureAppend adds exchanges of 4 KiB to conversations of several lengths, in turn.
func measureAppend(ctx context.Context, l *lab.Lab) ([]row, error) {
	lengths := []int{10, 100, 1000}
	costs := make([][]appended, len(lengths))
	for round := range l.Times(10) {
		for i, length := range lengths {
			more, err := appendTo(ctx, l.Path(fmt.Sprintf("append-%d-%d", round, length)), length, l.Times(10))
			if err != nil {
				return nil, err
			}
			costs[i] = append(costs[i], more...)
		}
	}
	took := func(c appended) time.Duration { return c.took }
	written := func(c appended) int64 { return c.written }
	var rows []row
	short := lab.MedianOf(costs[0], took)
	for i, length := range lengths[1:] {
		long := lab.MedianOf(costs[i+1], took)
		rows = append(rows, row{
			what: fmt.Sprintf("session: an exchange added behind %d turns", length),
			ours: duration(long), theirs: duration(short), rival: "behind 10",
			value: float64(long) / float64(short), unit: "×", bar: bar{atMost: lengthFree},
		})
	}
	few, many := lab.MedianOf(costs[0], written), lab.MedianOf(costs[len(costs)-1], written)
	if few == 0 {
		return rows, nil
	}
	return append(rows, row{
		what: "session: bytes that this writes, behind 1000 turns", ours: fmt.Sprint(many, " B"), theirs: fmt.Sprint(few, " B"), rival: "behind 10",
		value: float64(many) / float64(few), unit: "×", bar: bar{atMost: lengthFree},
	}), nil
}

// appendTo makes a conversation of so many turns, adds some more, and makes sure that
// nothing that stood in a file was touched.
func appendTo(ctx context.Context, dir string, length, more int) ([]appended, error) {
	store, err := openStore(dir)
	if err != nil {
		return nil, err
	}
	defer store.Close()
	talk, err := beginTalk(ctx, store, "talk", 4<<10)
	if err != nil {
		return nil, err
	}
	defer talk.turn.End()
	if err := talk.add(ctx, length); err != nil {
		return nil, err
	}
	before, err := readFiles(dir)
	if err != nil {
		return nil, err
	}
	var costs []appended
	for range more {
		wrote, err := bytesWritten()
		if err != nil {
			return nil, err
		}
		start := time.Now()
		if err := talk.add(ctx, 1); err != nil {
			return nil, err
		}
		took := time.Since(start)
		now, err := bytesWritten()
		if err != nil {
			return nil, err
		}
		costs = append(costs, appended{took, now - wrote})
	}
	return costs, before.onlyGrown(dir)
}

// bytesWritten is how much this process has written, where the system tells it.
func bytesWritten() (int64, error) {
	data, err := os.ReadFile("/proc/self/io")
	if errors.Is(err, fs.ErrNotExist) {
		return 0, nil
	}
	if err != nil {
		return 0, err
	}
	_, rest, _ := strings.Cut(string(data), "wchar: ")
	var n int64
	_, err = fmt.Sscan(rest, &n)
	return n, err
}
