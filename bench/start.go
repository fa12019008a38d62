package main

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"os/exec"
	"strconv"
	"strings"

	"github.com/codexctl/codexctl/bench/lab"
)

// startBar is what a start may cost: version next to a bare program, and commands
// that do something, but ask nobody.
const (
	versionOverLibraries = 1.4
	versionOverHello     = 2.1
	localOverHello       = 2.3
	initLimitMS          = 1.0
)

// measureStart is the whole process of commands that need no network, next to a
// program that does nothing.
func measureStart(ctx context.Context, l *lab.Lab) ([]row, error) {
	b, err := l.Backend(ctx, "{}")
	if err != nil {
		return nil, err
	}
	defer b.Close()
	commands := []lab.Command{
		{Args: []string{l.Program(lab.Hello)}},
		{Args: []string{l.Program(lab.Libraries)}},
		ours(l, b, "version"),
		ours(l, b, "auth", "status"),
		ours(l, b, "completion", "bash"),
		ours(l, b, "ask", "--dry-run", "hi"),
	}
	runs, err := l.InTurn(ctx, l.Times(200), l.Once, commands...)
	if err != nil {
		return nil, err
	}
	if n, err := b.Requests(ctx); err != nil || n != 0 {
		return nil, fmt.Errorf("the commands made %d requests, want none; %w", n, err)
	}
	hello, libraries := runs[0], runs[1]
	rows := []row{
		wallRow("start: version", runs[2], libraries, "the five libraries", bar{atMost: versionOverLibraries}),
		wallRow("start: version", runs[2], hello, "hello world", bar{atMost: versionOverHello}),
		wallRow("start: auth status", runs[3], hello, "hello world", bar{atMost: localOverHello}),
		wallRow("start: completion bash", runs[4], hello, "hello world", bar{atMost: localOverHello}),
		wallRow("start: ask --dry-run", runs[5], hello, "hello world", bar{atMost: localOverHello}),
	}
	inits, err := initTime(ctx, l)
	return append(rows, inits), err
}

// ours is a run of codexctl against b.
func ours(l *lab.Lab, b *lab.Backend, args ...string) lab.Command {
	return lab.Command{Args: append([]string{l.Program(lab.Codexctl)}, args...), Env: b.Env}
}

func wallRow(what string, ours, theirs lab.Runs, rival string, limit bar) row {
	return row{
		what: what, ours: duration(ours.Wall()), theirs: duration(theirs.Wall()), rival: rival,
		value: lab.Ratio(ours, theirs, lab.Wall), unit: "×", bar: limit,
	}
}

// initTime is what the packages of codexctl do before main, as the runtime sums it up.
func initTime(ctx context.Context, l *lab.Lab) (row, error) {
	var sums []float64
	for range l.Times(20) {
		cmd := exec.CommandContext(ctx, l.Program(lab.Codexctl), "version")
		cmd.Env = l.Environment("GODEBUG=inittrace=1")
		var trace bytes.Buffer
		cmd.Stderr = &trace
		if err := cmd.Run(); err != nil {
			return row{}, err
		}
		sum, err := sumInits(trace.Bytes())
		if err != nil {
			return row{}, err
		}
		sums = append(sums, sum)
	}
	sum := lab.Median(sums)
	return row{
		what: "start: packages before main (inittrace)", ours: short(sum) + " ms",
		value: sum, unit: "ms", bar: bar{atMost: initLimitMS},
	}, nil
}

// sumInits adds up lines like "init internal/godebug @0.2 ms, 0.05 ms clock, 0 bytes, 0 allocs".
func sumInits(trace []byte) (float64, error) {
	var sum float64
	lines := 0
	scanner := bufio.NewScanner(bytes.NewReader(trace))
	for scanner.Scan() {
		parts := strings.Split(scanner.Text(), ", ")
		if len(parts) < 2 || !strings.HasPrefix(parts[0], "init ") {
			continue
		}
		ms, err := strconv.ParseFloat(strings.TrimSuffix(parts[1], " ms clock"), 64)
		if err != nil {
			return 0, fmt.Errorf("inittrace: %q: %w", scanner.Text(), err)
		}
		lines++
		sum += ms
	}
	if lines == 0 {
		return 0, fmt.Errorf("inittrace said nothing: %s", trace)
	}
	return sum, scanner.Err()
}
