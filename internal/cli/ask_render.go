package cli

import (
	"bufio"
	"bytes"
	"encoding/json"
	"io"

	"github.com/codexctl/codexctl/internal/markdown"
	"github.com/codexctl/codexctl/internal/terminal"
	"github.com/codexctl/codexctl/pkg/responses"
)

// renderer shows Markdown. Verbatim shows a line that is none; Close ends the text.
type renderer interface {
	io.Writer
	Verbatim(line string) error
	Close() error
}

// sink is what writes the text to w: rendered, if that is asked for and a person is
// there to see it.
func (a *answer) sink(w io.Writer) textSink {
	render := &a.options.render
	if !render.on || w != io.Writer(a.out) || a.out.file != nil || !a.inv.out.terminal || a.structure != nil {
		return responses.NewTextSink(w)
	}
	if words, err := render.words(); err == nil && len(words) > 0 {
		return &renderSink{to: &renderCommand{ctx: a.command, inv: a.inv, out: a.out, words: words}}
	}
	out := bufio.NewWriterSize(rawWriter{a.out}, 32<<10)
	return &renderSink{out: out, to: markdown.New(out, markdown.Style{
		Colour: terminal.Colour(a.inv.global.color, a.inv.env.Getenv, true),
		Width:  a.inv.env.columns,
	})}
}

// rawWriter writes to a terminal what is clean already and holds colours of our own.
type rawWriter struct{ to *destination }

func (w rawWriter) Write(p []byte) (int, error) {
	w.to.announce()
	return outputError(w.to.stdout.raw.Write(p))
}

// renderSink hands the text of an answer to a renderer.
type renderSink struct {
	to     renderer
	out    *bufio.Writer // what the renderer writes to; nil if that is elsewhere
	pieces responses.Pieces
	wrote  bool
	err    error // the renderer's first
}

// Event takes the next event; more says that another one is there already.
func (s *renderSink) Event(e responses.Event, more bool) error {
	s.pieces.Event(e, s.piece)
	if _, ok := e.ToolCall(); ok {
		s.call(e.Item())
	}
	if more {
		return s.err
	}
	return s.flush()
}

// Item takes a finished output item.
func (s *renderSink) Item(index int, item json.RawMessage) error {
	s.pieces.Item(index, item, s.piece)
	if _, ok := responses.ReadToolCall(item); ok {
		s.call(item)
	}
	return s.flush()
}

// Finish ends the text. A rendered text always ends with a newline.
func (s *renderSink) Finish(bool) error {
	if s.wrote {
		s.keep(s.to.Close())
	}
	if err := s.flush(); err != nil {
		return err
	}
	return s.pieces.Err()
}

// Wrote says whether there was anything to show.
func (s *renderSink) Wrote() bool { return s.wrote }

func (s *renderSink) piece(p responses.Piece) {
	s.wrote = true
	_, err := io.WriteString(s.to, p.Text)
	s.keep(err)
}

func (s *renderSink) call(item json.RawMessage) {
	s.wrote = true
	var line bytes.Buffer
	if json.Compact(&line, item) == nil {
		s.keep(s.to.Verbatim(line.String()))
	}
}

func (s *renderSink) flush() error {
	if s.out != nil {
		s.keep(s.out.Flush())
	}
	return s.err
}

func (s *renderSink) keep(err error) {
	if s.err == nil {
		s.err = err
	}
}
