package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
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

// start is a command that needs no network.
type start struct {
	args []string

	// right says whether the command printed what it has to.
	right func(out []byte) bool

	// overLibraries and overHello are the bars; a zero one judges nothing.
	overLibraries, overHello bar
}

func (s start) name() string {
	return "start: " + strings.TrimSuffix(strings.Join(s.args[:min(len(s.args), 2)], " "), " hi")
}

func starts(b *lab.Backend) []start {
	local := bar{atMost: localOverHello}
	return []start{
		{
			args: []string{"version"}, right: prints("codexctl ", " "+runtime.Version()+" "),
			overLibraries: bar{atMost: versionOverLibraries}, overHello: bar{atMost: versionOverHello},
		},
		{args: []string{"auth", "status"}, right: prints("valid", "(langchain)"), overHello: local},
		{args: []string{"completion", "bash"}, right: prints("_codexctl() {", "complete -F _codexctl codexctl"), overHello: local},
		{args: []string{"ask", "--dry-run", "hi"}, right: isDryRun, overHello: local},
		{args: []string{"auth", "token"}, right: func(out []byte) bool { return string(out) == b.Token+"\n" }},
		{args: []string{"ask", "--help"}, right: prints("Usage", "--dry-run")},
		{args: []string{"__complete", "bash", "codexctl auth st", " "}, right: prints("status")},
	}
}

// prints is for an answer that holds all these words.
func prints(words ...string) func([]byte) bool {
	return func(out []byte) bool {
		return !slices.ContainsFunc(words, func(word string) bool { return !bytes.Contains(out, []byte(word)) })
	}
}

// isDryRun is for the request that `ask hi` would make.
func isDryRun(out []byte) bool {
	var doc struct {
		DryRun bool `json:"dry_run"`
		Body   struct {
			Model string `json:"model"`
			Input []struct {
				Content []struct {
					Text string `json:"text"`
				} `json:"content"`
			} `json:"input"`
		} `json:"body"`
	}
	return json.Unmarshal(out, &doc) == nil && doc.DryRun && doc.Body.Model != "" &&
		len(doc.Body.Input) == 1 && len(doc.Body.Input[0].Content) == 1 && doc.Body.Input[0].Content[0].Text == "hi"
}

// measureStart is the whole process of commands that need no network, next to programs
// that do nothing.
func measureStart(ctx context.Context, l *lab.Lab) ([]row, error) {
	b, err := l.Backend(ctx, "{}")
	if err != nil {
		return nil, err
	}
	defer b.Close()
	var commands []lab.Command
	for _, rival := range []string{lab.Hello, lab.Libraries, lab.Network} {
		commands = append(commands, printing(l, lab.Command{Args: []string{l.Program(rival)}}, prints("hello\n")))
	}
	rivals := len(commands)
	all := starts(b)
	for _, s := range all {
		commands = append(commands, printing(l, ours(l, b, s.args...), s.right))
	}
	before, err := filesOf(l)
	if err != nil {
		return nil, err
	}
	runs, err := l.InTurn(ctx, l.Times(200), l.Once, commands...)
	if err != nil {
		return nil, err
	}
	if err := errors.Join(askedNobody(ctx, b), leftNothing(l, before), lockedNothing(ctx, l, commands[rivals:])); err != nil {
		return nil, err
	}
	hello, libraries, network := runs[0], runs[1], runs[2]
	var rows []row
	for i, s := range all {
		mine := runs[rivals+i]
		if !s.overLibraries.isZero() {
			rows = append(rows, wallRow(s.name(), mine, libraries, "the five libraries", s.overLibraries))
		}
		rows = append(rows, wallRow(s.name(), mine, hello, "hello world", s.overHello))
	}
	rows = append(rows,
		wallRow("start: only link the libraries and net/http", network, hello, "hello world", bar{}),
		row{
			what: "start: version, processor", ours: duration(runs[rivals].CPU()), theirs: duration(hello.CPU()), rival: "hello world",
			value: lab.Ratio(runs[rivals], hello, lab.CPU), unit: "×",
		})
	inits, err := initTime(ctx, l)
	return append(rows, inits), err
}

// printing is c with what it prints in a file, which right judges.
func printing(l *lab.Lab, c lab.Command, right func([]byte) bool) lab.Command {
	c.Stdout = l.Path("printed")
	c.Check = func() error {
		out, err := os.ReadFile(c.Stdout)
		if err == nil && !right(out) {
			err = fmt.Errorf("printed %q", out)
		}
		return err
	}
	return c
}

func askedNobody(ctx context.Context, b *lab.Backend) error {
	n, err := b.Requests(ctx)
	if err == nil && n != 0 {
		err = fmt.Errorf("the commands made %d requests, want none", n)
	}
	return err
}

// filesOf is every file of the lab, its home and the folder of the login included.
func filesOf(l *lab.Lab) ([]string, error) {
	var all []string
	err := filepath.WalkDir(l.Dir, func(path string, _ fs.DirEntry, err error) error {
		if path != l.Path("printed") {
			all = append(all, path)
		}
		return err
	})
	return all, err
}

// leftNothing says whether the commands have made a file, such as a lock.
func leftNothing(l *lab.Lab, before []string) error {
	after, err := filesOf(l)
	if err == nil && !slices.Equal(before, after) {
		err = fmt.Errorf("the commands left files: before %q, after %q", before, after)
	}
	return err
}

// lockedNothing runs each command once more under strace, where there is one, and looks
// for locks and connections.
func lockedNothing(ctx context.Context, l *lab.Lab, commands []lab.Command) error {
	strace, err := exec.LookPath("strace")
	if err != nil || exec.CommandContext(ctx, strace, "-o", os.DevNull, l.Program(lab.Hello)).Run() != nil {
		return nil // none, or one that may not look
	}
	calls := l.Path("calls")
	for _, c := range commands {
		c.Args = append([]string{strace, "-f", "-qq", "-o", calls, "-e", "trace=flock,connect", "-e", "signal=none"}, c.Args...)
		if _, err := l.Once(ctx, c); err != nil {
			return err
		}
		made, err := os.ReadFile(calls)
		if err == nil && (bytes.Contains(made, []byte("flock(")) || bytes.Contains(made, []byte("connect("))) {
			err = fmt.Errorf("%v: want no lock and no connection, got %s", c.Args, made)
		}
		if err != nil {
			return err
		}
	}
	return nil
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
