package main

import (
	"context"
	"os"

	"github.com/codexctl/codexctl/bench/lab"
)

// measureBinary is the size of the static, stripped program.
func measureBinary(_ context.Context, l *lab.Lab) ([]row, error) {
	ours, err := os.Stat(l.Program(lab.Codexctl))
	if err != nil {
		return nil, err
	}
	theirs, err := os.Stat(l.Program(lab.Libraries))
	if err != nil {
		return nil, err
	}
	return []row{{
		what: "binary, static, stripped", ours: mebibytes(ours.Size()), theirs: mebibytes(theirs.Size()), rival: "the five libraries",
		value: float64(ours.Size()) / (1 << 20), unit: "MiB", bar: bar{atMost: 12},
	}}, nil
}
