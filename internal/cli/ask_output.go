package cli

import (
	"bytes"
	"context"
	"io"
)

// outputOptions are the flags of `ask` about where the text goes and how it ends.
type outputOptions struct {
	file            optional
	noStream, exact bool
}

func (o *outputOptions) flags() []flagSpec {
	return []flagSpec{
		optionalFlag("output,o", "FILE", &o.file, "write the answer to a file, all at once when it is complete"),
		boolFlag("no-stream", &o.noStream, "write the answer when it is complete"),
		boolFlag("exact", &o.exact, "add no final newline"),
	}
}

// toFile says whether the answer goes to a file; - is stdout, as without the flag.
func (o *outputOptions) toFile() bool { return o.file.given && o.file.text != "-" }

// whole says whether nothing can be written before the answer is complete.
func (o *outputOptions) whole() bool { return o.noStream || o.toFile() }

// destination is where an answer goes.
type destination struct {
	stdout *output
	file   *outputFile  // nil for stdout
	held   bytes.Buffer // the text for the file

	// before is called before each write to stdout; nil calls nothing.
	before func()

	midline bool // stdout has a line without its end
	taken   bool // a program writes to stdout, and may have the whole screen
}

// open makes sure that the answer can be written, before anything is asked.
func (o *outputOptions) open(ctx context.Context, inv *invocation) (*destination, error) {
	d := &destination{stdout: inv.out}
	if !o.toFile() {
		return d, nil
	}
	var err error
	d.file, err = openOutputFile(ctx, o.file.text)
	return d, err
}

// Write takes text of the model.
func (d *destination) Write(p []byte) (int, error) {
	if d.file != nil {
		return d.held.Write(p)
	}
	d.announce()
	if len(p) > 0 {
		d.midline = p[len(p)-1] != '\n'
	}
	return d.stdout.Write(p)
}

// announce tells that stdout is written to next.
func (d *destination) announce() {
	if d.before != nil {
		d.before()
	}
}

// close ends the text; err is what ended the answer. A file is written only if there is
// no error; otherwise what there is goes to stdout.
func (d *destination) close(err error) error {
	if d.file == nil {
		return err
	}
	if err == nil {
		err = d.file.write(d.held.Bytes())
	}
	if err == nil || d.held.Len() == 0 {
		return err
	}
	d.announce()
	if _, writeErr := d.stdout.Write(d.held.Bytes()); writeErr != nil {
		return writeErr
	}
	return err
}

// end gives up what is open. Calling it again, or without a destination, does nothing.
func (d *destination) end() {
	if d != nil && d.file != nil {
		d.file.close()
	}
}

// saveText writes the text to the file of --output, if there is one, beside the lines of
// --jsonl on stdout.
func (a *answer) saveText() error {
	if a.out.file == nil {
		return nil
	}
	if err := a.writeWhole(&a.out.held, nil); err != nil {
		return err
	}
	return a.out.file.write(a.out.held.Bytes())
}

// intoFile has write write to the file instead of stdout. After an error the file is as
// it was, and stdout too.
func (inv *invocation) intoFile(f *outputFile, write func() error) error {
	var held bytes.Buffer
	stdout := inv.out
	inv.out = newOutput(&held, false)
	err := write()
	inv.out = stdout
	if err != nil {
		return err
	}
	return f.write(held.Bytes())
}

// writeWhole writes a complete answer, or as much as there is: the part that was asked
// for, else everything. err is what ended the call.
func (a *answer) writeWhole(w io.Writer, err error) error {
	if a.part == nil {
		return a.writeAll(w, err)
	}
	text := *a.part
	if !a.options.exact && text != "" {
		text = withNewline(text)
	}
	if _, writeErr := io.WriteString(w, text); writeErr != nil {
		return writeErr
	}
	if err == nil && text == "" {
		a.inv.talk.warn("the answer is empty")
	}
	return err
}

// writeAll writes the text and the calls of a complete answer.
func (a *answer) writeAll(w io.Writer, err error) error {
	r, text := a.collector.Response(), a.sink(w)
	for index, item := range r.Output {
		if writeErr := text.Item(index, item); writeErr != nil {
			return writeErr
		}
	}
	return a.inv.endText(text, err, !a.options.exact)
}
