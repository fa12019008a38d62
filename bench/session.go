package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/codexctl/codexctl/bench/lab"
	"github.com/codexctl/codexctl/internal/session"
)

// lengthFree is how much more a step may cost that must not depend on the length of the
// conversation, or a part of one that must cost as much as any other part.
const lengthFree = 1.5

// sessionLife is how long what is made here is kept: longer than a measurement takes.
const sessionLife = 24 * time.Hour

// measureSession is what a conversation costs against its length.
func measureSession(ctx context.Context, l *lab.Lab) ([]row, error) {
	var rows []row
	for _, measure := range []func(context.Context, *lab.Lab) ([]row, error){measureAppend, measureContinue, measureList} {
		more, err := measure(ctx, l)
		if err != nil {
			return nil, err
		}
		rows = append(rows, more...)
	}
	return rows, nil
}

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

// measureContinue is `ask --continue` with histories of several lengths. The second
// thousand turns must cost as much as the first: each costs the same.
func measureContinue(ctx context.Context, l *lab.Lab) ([]row, error) {
	lengths := []int{10, 1000, 2000}
	if l.Quick {
		lengths = []int{1, 10, 20}
	}
	b, err := l.Backend(ctx, "{}")
	if err != nil {
		return nil, err
	}
	defer b.Close()
	var commands []lab.Command
	for _, length := range lengths {
		command, err := continued(ctx, l, b, length)
		if err != nil {
			return nil, err
		}
		commands = append(commands, command)
	}
	runs, err := l.InTurn(ctx, l.Times(20), l.Once, commands...)
	if err != nil {
		return nil, err
	}
	first, second := runs[1].CPU()-runs[0].CPU(), runs[2].CPU()-runs[1].CPU()
	between := max(1, time.Duration(lengths[1]-lengths[0]))
	return []row{
		{
			what: fmt.Sprintf("session: ask -c with %d turns", lengths[1]),
			ours: duration(runs[1].Wall()), theirs: duration(runs[0].Wall()), rival: fmt.Sprintf("with %d", lengths[0]),
			value: lab.Ratio(runs[1], runs[0], lab.Wall), unit: "×",
		},
		{
			what: fmt.Sprintf("session: ask -c, processor time of %d more turns", lengths[2]-lengths[1]),
			ours: duration(second), theirs: duration(first), rival: fmt.Sprintf("of the first %d", lengths[1]),
			value: float64(second) / float64(max(1, first)) * float64(lengths[1]-lengths[0]) / float64(lengths[2]-lengths[1]), unit: "×",
			bar: bar{atMost: lengthFree},
		},
		{
			what: "session: ask -c, processor time of a turn", ours: duration(first / between),
			value: float64(first/between) / float64(time.Microsecond), unit: "µs",
		},
	}, nil
}

// continued is `ask --continue` in a folder of its own, where a conversation of so many
// turns is the newest. After each run it is made as long as before.
func continued(ctx context.Context, l *lab.Lab, b *lab.Backend, length int) (lab.Command, error) {
	state := l.Path(fmt.Sprintf("continue-%d", length))
	dir := filepath.Join(state, "codexctl", "sessions")
	store, err := openStore(dir)
	if err != nil {
		return lab.Command{}, err
	}
	defer store.Close()
	talk, err := beginTalk(ctx, store, "talk", 150)
	if err != nil {
		return lab.Command{}, err
	}
	err = talk.add(ctx, length)
	talk.turn.End()
	if err != nil {
		return lab.Command{}, err
	}
	before, err := readFiles(dir)
	if err != nil {
		return lab.Command{}, err
	}
	command := ours(l, b, "ask", "--continue", "go on")
	command.Env = append(command.Env, "XDG_STATE_HOME="+state)
	command.Stdout = l.Path("answer")
	command.Check = func() error {
		answer, err := os.ReadFile(command.Stdout)
		if err != nil || string(answer) != "You said: go on\n" {
			return fmt.Errorf("the answer is %q; %w", answer, err)
		}
		sent, err := itemsSent(ctx, b)
		if err != nil || sent != 2*length+1 {
			return fmt.Errorf("%d items were sent, want %d; %w", sent, 2*length+1, err)
		}
		return errors.Join(before.onlyGrown(dir), before.cutBack(dir), b.Forget(ctx))
	}
	return command, nil
}

// itemsSent is how many items the input of the newest request had.
func itemsSent(ctx context.Context, b *lab.Backend) (int, error) {
	bodies, err := b.Bodies(ctx)
	if err != nil || len(bodies) == 0 {
		return 0, err
	}
	var request struct {
		Input []json.RawMessage `json:"input"`
	}
	err = json.Unmarshal(bodies[len(bodies)-1], &request)
	return len(request.Input), err
}

// measureList is the listing of a thousand conversations.
func measureList(ctx context.Context, l *lab.Lab) ([]row, error) {
	few, many := 10, 1000
	b, err := l.Backend(ctx, "{}")
	if err != nil {
		return nil, err
	}
	defer b.Close()
	var commands []lab.Command
	for _, count := range []int{few, many} {
		command, err := listed(ctx, l, b, count)
		if err != nil {
			return nil, err
		}
		commands = append(commands, command)
	}
	runs, err := l.InTurn(ctx, l.Times(20), l.Once, commands...)
	if err != nil {
		return nil, err
	}
	return []row{{
		what: fmt.Sprintf("session: sessions list, %d conversations", many),
		ours: duration(runs[1].Wall()), theirs: duration(runs[0].Wall()), rival: fmt.Sprintf("%d conversations", few),
		value: lab.Ratio(runs[1], runs[0], lab.Wall), unit: "×",
	}}, nil
}

// listed is `sessions list` in a folder of so many conversations with ten turns.
func listed(ctx context.Context, l *lab.Lab, b *lab.Backend, count int) (lab.Command, error) {
	state := l.Path(fmt.Sprintf("list-%d", count))
	store, err := openStore(filepath.Join(state, "codexctl", "sessions"))
	if err != nil {
		return lab.Command{}, err
	}
	defer store.Close()
	for i := range count {
		talk, err := beginTalk(ctx, store, fmt.Sprintf("talk-%d", i), 4<<10)
		if err != nil {
			return lab.Command{}, err
		}
		err = talk.add(ctx, l.Times(10))
		talk.turn.End()
		if err != nil {
			return lab.Command{}, err
		}
	}
	command := ours(l, b, "sessions", "list", "--json")
	command.Env = append(command.Env, "XDG_STATE_HOME="+state)
	command.Stdout = l.Path("list")
	command.Check = func() error {
		var list struct {
			Items []struct {
				ID string `json:"id"`
			} `json:"items"`
		}
		data, err := os.ReadFile(command.Stdout)
		if err == nil {
			err = json.Unmarshal(data, &list)
		}
		names := make(map[string]bool)
		for _, item := range list.Items {
			names[item.ID] = strings.HasPrefix(item.ID, "talk-")
		}
		if err != nil || len(names) != count || len(list.Items) != count {
			return fmt.Errorf("%d conversations are listed, want %d; %w", len(list.Items), count, err)
		}
		return nil
	}
	return command, nil
}

// openStore opens a folder the way `ask` does, with the names that `serve` adds: the
// dearer of the two.
func openStore(dir string) (*session.Store, error) {
	folder, err := session.OpenFolder(dir)
	if err != nil {
		return nil, err
	}
	return session.New(folder, session.Config{TTL: sessionLife}), nil
}

// talk is a conversation that grows by exchanges of one kind.
type talk struct {
	turn  *session.Turn
	bytes int // of an answer's text
	count int
	last  string // the newest response
}

func beginTalk(ctx context.Context, store *session.Store, id string, bytes int) (*talk, error) {
	turn, err := store.Begin(ctx, id)
	if err != nil {
		return nil, err
	}
	return &talk{turn: turn, bytes: bytes}, nil
}

// add adds so many exchanges.
func (t *talk) add(ctx context.Context, n int) error {
	for range n {
		t.count++
		id := fmt.Sprintf("resp_%s_%06d", t.turn.ID(), t.count)
		question := fmt.Appendf(nil, `{"type":"message","role":"user","content":[{"type":"input_text","text":"question %06d"}]}`, t.count)
		answer := fmt.Appendf(nil, `{"type":"message","id":"msg_%s_%06d","role":"assistant","status":"completed","content":[{"type":"output_text","text":"%s","annotations":[]}]}`,
			t.turn.ID(), t.count, strings.Repeat("x", t.bytes))
		err := t.turn.Add(ctx, session.Node{
			ID: id, Parent: t.last, Model: "gpt-5.5", Title: "question",
			In: []json.RawMessage{question}, Out: []json.RawMessage{answer},
		})
		if err != nil {
			return err
		}
		t.last = id
	}
	return nil
}

// files are the files of a folder, by name, as they were.
type files map[string]file

type file struct {
	info fs.FileInfo
	data []byte
}

func readFiles(dir string) (files, error) {
	paths, err := filepath.Glob(filepath.Join(dir, "*.jsonl"))
	if err != nil {
		return nil, err
	}
	all := make(files)
	for _, path := range paths {
		info, err := os.Stat(path)
		if err != nil {
			return nil, err
		}
		data, err := os.ReadFile(path)
		if err != nil {
			return nil, err
		}
		all[filepath.Base(path)] = file{info, data}
	}
	return all, nil
}

// onlyGrown wants each of the files to be the same one still, longer than before, with
// every byte where it was.
func (before files) onlyGrown(dir string) error {
	after, err := readFiles(dir)
	if err != nil {
		return err
	}
	for name, was := range before {
		is := after[name]
		switch {
		case is.info == nil || !os.SameFile(was.info, is.info):
			return fmt.Errorf("%s has been replaced", name)
		case !bytes.HasPrefix(is.data, was.data):
			return fmt.Errorf("%s has been written anew", name)
		case strings.HasPrefix(name, "index"): // `ask` adds no names
		case len(is.data) == len(was.data):
			return fmt.Errorf("%s has not grown", name)
		}
	}
	return nil
}

// cutBack makes the files as long as they were.
func (before files) cutBack(dir string) error {
	var errs []error
	for name, was := range before {
		errs = append(errs, os.Truncate(filepath.Join(dir, name), int64(len(was.data))))
	}
	return errors.Join(errs...)
}
