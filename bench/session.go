package main

import (
	"context"

	"github.com/codexctl/codexctl/bench/lab"
)

// lengthFree is how much more a step may cost that must not depend on the length of the
// conversation, or a part of one that must cost as much as any other part.
const lengthFree = 1.5

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

// runsBySize runs one command for each size of what it has to do with, in turn.
func runsBySize(
	ctx context.Context, l *lab.Lab, command func(context.Context, *lab.Lab, *lab.Backend, int) (lab.Command, error), sizes ...int,
) ([]lab.Runs, error) {
	b, err := l.Backend(ctx, "{}")
	if err != nil {
		return nil, err
	}
	defer b.Close()
	commands := make([]lab.Command, len(sizes))
	for i, size := range sizes {
		if commands[i], err = command(ctx, l, b, size); err != nil {
			return nil, err
		}
	}
	return l.InTurn(ctx, l.Times(20), l.Once, commands...)
}
