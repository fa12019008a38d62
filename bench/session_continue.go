package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/codexctl/codexctl/bench/lab"
)

// measureContinue is `ask --continue` with histories of several lengths. The second
// thousand turns must cost as much as the first: each costs the same.
func measureContinue(ctx context.Context, l *lab.Lab) ([]row, error) {
	lengths := []int{10, 1000, 2000}
	if l.Quick {
		lengths = []int{1, 10, 20}
	}
	runs, err := runsBySize(ctx, l, continued, lengths...)
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
