package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/codexctl/codexctl/internal/batch"
)

// readItems reads the whole input and builds each request once, so that what is wrong
// with a record is known before the first call.
func (b *batchRun) readItems(ctx context.Context) error {
	source, err := b.source(ctx)
	if err != nil {
		return err
	}
	form := batch.Form{Lines: b.options.lines, Check: func(item batch.Item) error {
		_, err := b.build(ctx, item)
		return err
	}}
	got := make(chan []batch.Item, 1)
	err = b.inv.awaitReading(ctx, source, func(r io.Reader) error {
		items, err := batch.Read(r, form)
		got <- items
		return err
	})
	switch {
	case err != nil && ctx.Err() != nil:
		return context.Cause(ctx)
	case errors.Is(err, batch.ErrInput):
		return fmt.Errorf("%s: %w", inputName(b.input), err)
	case err != nil: // of reading, or a stdin that nobody gives
		return usageOr(ctx, err, inputName(b.input))
	}
	if b.items = <-got; len(b.items) == 0 {
		return usagef("%s: there is no record in it", inputName(b.input))
	}
	return nil
}

// source is what the records are read from.
func (b *batchRun) source(ctx context.Context) (io.Reader, error) {
	kind := b.inv.env.StdinKind
	switch {
	case b.input != "-":
	case b.inv.global.noStdin || kind == StdinNone || kind == StdinTerminal:
		return nil, b.inv.noStdinError()
	default:
		return b.inv.env.Stdin, nil
	}
	file, err := untilEnd(ctx, func() (*os.File, error) { return os.Open(b.input) })
	switch {
	case err != nil && ctx.Err() != nil:
		return nil, err
	case err != nil:
		return nil, usagef("%v", plainPathError(err))
	}
	b.file = file
	return file, nil
}

// inputName is an input as messages name it.
func inputName(path string) string {
	if path == "-" {
		return "stdin"
	}
	return path
}

// awaitReading has stdin or a file read until the context ends: a pipe can keep one
// waiting. A silent stdin is announced and limited as everywhere.
func (inv *invocation) awaitReading(ctx context.Context, r io.Reader, read func(io.Reader) error) error {
	done := make(chan error, 1)
	if r != inv.env.Stdin {
		go func() { done <- read(r) }()
		select {
		case err := <-done:
			return err
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
	return inv.awaitStdin(ctx, stdinRequest{required: true}, read)
}
