package main

import (
	"bytes"
	"context"
	"fmt"
	"strings"

	"github.com/codexctl/codexctl/bench/lab"
)

// What a long stream may cost.
const (
	streamOverCurl   = 2.0
	streamOverJQ     = 0.2
	memoryAtTenTimes = 1.25
	memoryMiB        = 30
)

// deltaBytes is the length of a delta of the floods.
const deltaBytes = 20

// deltaLine begins the frame of a delta.
const deltaLine = "event: response.output_text.delta\n"

// measureStream is a stream of many deltas, at full speed, into a file.
func measureStream(ctx context.Context, l *lab.Lab) ([]row, error) {
	deltas := 50_000
	if l.Quick {
		deltas = 500
	}
	b, err := l.Backend(ctx, fmt.Sprintf(`{"flood_deltas":%d,"flood_bytes":%d}`, deltas, deltaBytes))
	if err != nil {
		return nil, err
	}
	defer b.Close()
	curl, err := curlFor(ctx, l, b)
	if err != nil {
		return nil, err
	}
	ask := intoText(l, ours(l, b, "ask", "hi"), deltas)
	runs, err := l.InTurn(ctx, l.Times(20), l.Once,
		ask,
		intoFrames(l, ours(l, b, "respond", "--sse", "hi"), deltas),
		intoFrames(l, curl, deltas),
	)
	if err != nil {
		return nil, err
	}
	piped, err := l.InTurn(ctx, l.Times(10), l.Once, ask, intoText(l, throughJQ(curl), deltas))
	if err != nil {
		return nil, err
	}
	what := fmt.Sprintf("%d deltas to a file, processor: ", deltas)
	rows := []row{
		cpuRow(what+"ask", runs[0], runs[2], "curl -N", bar{atMost: streamOverCurl}),
		cpuRow(what+"respond --sse", runs[1], runs[2], "curl -N", bar{}),
		cpuRow(what+"ask", piped[0], piped[1], "curl -N, jq -rj", bar{atMost: streamOverJQ}),
	}
	memory, err := streamMemory(ctx, l, b, deltas)
	return append(rows, memory...), err
}

func cpuRow(what string, ours, theirs lab.Runs, rival string, limit bar) row {
	return row{
		what: what, ours: duration(ours.CPU()), theirs: duration(theirs.CPU()), rival: rival,
		value: lab.Ratio(ours, theirs, lab.CPU), unit: "×", bar: limit,
	}
}

// intoText has a command's output held against the text of a flood.
func intoText(l *lab.Lab, c lab.Command, deltas int) lab.Command {
	c.Stdout = l.Path("flood.txt")
	c.Check = func() error { return fileIs(c.Stdout, floodText(deltas)) }
	return c
}

// intoFrames has the deltas in a command's output counted.
func intoFrames(l *lab.Lab, c lab.Command, deltas int) lab.Command {
	c.Stdout = l.Path("flood.sse")
	c.Check = func() error { return fileHas(c.Stdout, []byte(deltaLine), deltas) }
	return c
}

// floodText is the text of a flood.
func floodText(deltas int) []byte {
	return bytes.Repeat([]byte(strings.Repeat("x", deltaBytes-1)+"\n"), deltas)
}

// throughJQ is curl with the text of its stream taken out by jq. sh waits for both, so
// that the system counts both.
func throughJQ(curl lab.Command) lab.Command {
	const text = `select(startswith("data: ")) | .[6:] | fromjson | select(.type == "response.output_text.delta") | .delta`
	return lab.Command{Args: append([]string{"sh", "-c", `"$@" | jq -Rrj '` + text + `'`, "sh"}, curl.Args...), Env: curl.Env}
}

// streamMemory is the most memory at a time, of a stream and of one ten times as long.
// Its last events carry no text, since they would be as long as the text.
func streamMemory(ctx context.Context, l *lab.Lab, b *lab.Backend, deltas int) ([]row, error) {
	var rows []row
	for _, args := range [][]string{{"ask", "hi"}, {"respond", "--sse", "hi"}} {
		once, err := floodPeak(ctx, l, b, deltas, args...)
		if err != nil {
			return nil, err
		}
		tenfold, err := floodPeak(ctx, l, b, 10*deltas, args...)
		if err != nil {
			return nil, err
		}
		what := "memory of " + strings.Join(args[:len(args)-1], " ") + ", 10 × the stream"
		rows = append(rows, row{
			what: what, ours: mebibytes(tenfold), theirs: mebibytes(once), rival: "1 × the stream",
			value: float64(tenfold) / float64(once), unit: "×", bar: bar{atMost: memoryAtTenTimes},
		}, row{
			what: what, ours: mebibytes(tenfold),
			value: float64(tenfold) / (1 << 20), unit: "MiB", bar: bar{atMost: memoryMiB},
		})
	}
	return rows, nil
}

// floodPeak is the most memory that a command held for a flood, in bytes.
func floodPeak(ctx context.Context, l *lab.Lab, b *lab.Backend, deltas int, args ...string) (int64, error) {
	if err := b.SetScene(ctx, fmt.Sprintf(`{"flood_deltas":%d,"flood_bytes":%d,"flood_bare":true}`, deltas, deltaBytes)); err != nil {
		return 0, err
	}
	c := ours(l, b, args...)
	if args[0] == "ask" {
		c = intoText(l, c, deltas)
	} else {
		c = intoFrames(l, c, deltas)
	}
	var peaks []int64
	for range l.Times(5) {
		peak, err := l.Peak(ctx, c)
		if err != nil {
			return 0, err
		}
		peaks = append(peaks, peak)
	}
	return lab.Median(peaks), nil
}
