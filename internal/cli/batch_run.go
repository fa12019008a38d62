package cli

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"os"
	"sync/atomic"
	"syscall"

	"github.com/codexctl/codexctl/internal/batch"
	"github.com/codexctl/codexctl/pkg/responses"
)

// batchRun is one run of `batch`.
type batchRun struct {
	inv     *invocation
	options *batchOptions
	input   string // its name on the line
	file    *os.File
	items   []batch.Item

	// What the flags give to every record without its own.
	structure    *structure
	instructions string
	attached     attachments

	client   *responses.Client
	model    atomic.Pointer[string] // asked instead of the default one; nil before
	gate     *batch.Gate
	out      *batch.File // nil for stdout
	progress *progress
	warned   warnedOnce
}

// prepare reads and checks all that is to be asked. Nothing has been sent, and no file
// has been touched.
func (b *batchRun) prepare(ctx context.Context) error {
	o := &b.options.defaults
	var err error
	if b.structure, err = o.structureOptions.read(ctx, b.inv, o.strict); err != nil {
		return err
	}
	if b.instructions, err = o.readInstructions(ctx, b.inv); err != nil {
		return err
	}
	if b.attached, err = o.inputOptions.read(ctx, b.inv); err != nil {
		return err
	}
	return b.readItems(ctx)
}

// open signs in and opens the output.
func (b *batchRun) open(ctx context.Context) error {
	var err error
	if b.client, err = b.inv.client(ctx); err != nil {
		return err
	}
	o := b.options
	switch {
	case o.file() == "":
	case o.resume != "":
		b.out, err = batch.Resume(o.resume)
	default:
		b.out, err = createRecords(ctx, o.output)
	}
	var path *fs.PathError
	switch {
	case !errors.As(err, &path):
		return err
	case errors.Is(err, fs.ErrPermission), errors.Is(err, syscall.EROFS), errors.Is(err, syscall.ENOSPC):
		return &settingError{o.fileFlag(), plainPathError(err)}
	}
	return usagef("%s: %v", o.fileFlag(), plainPathError(err))
}

// createRecords opens a new output file. A named pipe waits for its reader.
func createRecords(ctx context.Context, name string) (*batch.File, error) {
	if info, err := os.Stat(name); err != nil || info.Mode().IsRegular() {
		return batch.Create(name)
	}
	return untilEnd(ctx, func() (*batch.File, error) { return batch.Create(name) })
}

// fileFlag is the flag that names the output file.
func (o *batchOptions) fileFlag() string {
	if o.resume != "" {
		return "--resume"
	}
	return "--output"
}

// ask asks all that is not answered yet.
func (b *batchRun) ask(ctx context.Context) (batch.Summary, error) {
	o := b.options
	b.gate = &batch.Gate{RPM: o.rpm, Now: b.inv.env.Now}
	// In a file the records are put in order at the end: those that would wait in memory
	// for earlier ones would be lost with the process.
	sorts := o.ordered && b.out != nil && b.out.CanSort()
	config := batch.Config{
		Items: b.items, Jobs: o.jobs, Ordered: o.ordered && !sorts, MaxErrors: o.maxErrors,
		Gate: b.gate, Do: b.answer, Now: b.inv.env.Now,
	}
	if b.out != nil {
		config.Answered = b.out.Answered()
		b.sayKept(b.out.Kept())
	}
	b.progress = newProgress(b.inv, b.gate, b.options.file() != "")
	config.Out, config.Progress = b.writer(), b.progress.update
	end := b.progress.begin()
	sum, err := batch.Run(ctx, config)
	end()
	if sorts {
		if sortErr := b.out.Sort(); err == nil && sortErr != nil {
			err = errors.Join(batch.ErrOutput, sortErr)
		}
	}
	if b.out != nil {
		if closeErr := b.out.Close(); err == nil && closeErr != nil {
			err = errors.Join(batch.ErrOutput, closeErr)
		}
	}
	return sum, err
}

// writer is where the records go.
func (b *batchRun) writer() io.Writer {
	if b.out != nil {
		return recordWriter(func(p []byte) (int, error) { return outputError(b.out.Write(p)) })
	}
	if !b.inv.out.terminal {
		return b.inv.out
	}
	// The bar may be on the same screen.
	return recordWriter(func(p []byte) (n int, err error) {
		b.progress.aside(func() { n, err = b.inv.out.Write(p) })
		return n, err
	})
}

// recordWriter is a function that takes records.
type recordWriter func([]byte) (int, error)

func (f recordWriter) Write(p []byte) (int, error) { return f(p) }

// printRequests is --dry-run.
func (b *batchRun) printRequests(ctx context.Context) error {
	for _, item := range b.items {
		a, err := b.build(ctx, item)
		if err != nil {
			return err
		}
		b.repeat(item, a.inv.talk)
		body, err := a.call.request.Body(false)
		if err != nil {
			return err
		}
		doc, err := b.inv.dryRun(ctx, body, a.dropped)
		if err != nil {
			return err
		}
		if err := b.inv.line(dryItem{item.ID, item.Index, doc}); err != nil {
			return err
		}
	}
	return nil
}

// dryItem is what --dry-run prints of a record.
type dryItem struct {
	ID    batch.ID `json:"id"`
	Index int      `json:"index"`
	dryRunDocument
}

func (b *batchRun) close() {
	if b.out != nil {
		_ = b.out.Close() // where it matters it has been closed before
	}
	if b.file != nil {
		_ = b.file.Close()
	}
}
