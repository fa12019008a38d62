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
