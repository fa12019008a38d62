package cli

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"sync"
	"syscall"
	"time"

	"github.com/codexctl/codexctl/internal/terminal"
)

// renderCommand is a program of the person's that shows Markdown. It is started when
// there is something to show. The text is kept, for a program that fails, and so that
// one that reads slowly, as a pager does, does not hold up the answer.
type renderCommand struct {
	// ctx is that of the command: a pager that waits for its reader may outlive the time
	// of the answer.
	ctx   context.Context
	inv   *invocation
	out   *destination
	words []string

	text  backlog
	child *exec.Cmd
	err   error // why it does not run
}

// Write hands text on. A program that no longer reads is heard of at its end.
func (r *renderCommand) Write(p []byte) (int, error) {
	r.text.add(terminal.Clean(string(p)))
	if r.child == nil && r.err == nil {
		r.start()
	}
	return len(p), nil
}

// Verbatim shows a line as a block of code.
func (r *renderCommand) Verbatim(line string) error {
	_, err := io.WriteString(r, "\n\n```json\n"+line+"\n```\n\n")
	return err
}

func (r *renderCommand) start() {
	r.out.announce()
	r.child = exec.Command(r.words[0], r.words[1:]...)
	r.child.Stdout, r.child.Stderr = r.inv.env.Stdout, r.inv.env.Stderr
	if r.inv.env.Environ != nil {
		r.child.Env = r.inv.env.Environ()
	}
	var stdin io.WriteCloser
	if stdin, r.err = r.child.StdinPipe(); r.err != nil {
		return
	}
	if r.err = r.child.Start(); r.err == nil {
		r.out.taken = true
		// It ends with the text, or when the program ends: then Wait closes the pipe.
		go r.text.pour(stdin)
	}
}

// Close waits for the program. If it failed, the text is written as it is.
func (r *renderCommand) Close() error {
	r.text.end()
	if r.err == nil {
		r.err = r.wait()
	}
	r.out.taken = false
	switch {
	case r.err == nil:
		return nil
	case r.ctx.Err() != nil:
		return context.Cause(r.ctx)
	}
	r.inv.talk.warn("the render command %q failed: %v; the text follows as it is", r.words[0], r.err)
	_, err := fmt.Fprint(r.out, withNewline(r.text.all()))
	return err
}

// wait waits for the program until the context ends. Ctrl-C has reached the program as
// well, which may have its own idea of it, as pagers do: then it is waited for.
func (r *renderCommand) wait() error {
	const grace = 2 * time.Second
	ended := make(chan error, 1)
	go func() { ended <- r.child.Wait() }()
	select {
	case err := <-ended:
		return err
	case <-r.ctx.Done():
	}
	if endingSignal(r.ctx) == os.Interrupt {
		return <-ended
	}
	_ = r.child.Process.Signal(syscall.SIGTERM) // it may have ended by now
	kill := time.AfterFunc(grace, func() { _ = r.child.Process.Kill() })
	defer kill.Stop()
	<-ended
	return context.Cause(r.ctx)
}

// backlog is text on its way to a reader that may be slow. It is safe for concurrent use.
type backlog struct {
	mu    sync.Mutex
	text  []byte
	ended bool
	news  chan struct{} // holds one word that something has changed
}

func (b *backlog) add(text string) { b.change(func() { b.text = append(b.text, text...) }) }
func (b *backlog) end()            { b.change(func() { b.ended = true }) }

func (b *backlog) change(do func()) {
	b.mu.Lock()
	defer b.mu.Unlock()
	do()
	if b.news == nil {
		b.news = make(chan struct{}, 1)
	}
	select {
	case b.news <- struct{}{}:
	default: // it is there already
	}
}

// all is the whole text.
func (b *backlog) all() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return string(b.text)
}

// pour writes the text as it comes, until its end or until nobody reads, and closes w.
// Something has been added before.
func (b *backlog) pour(w io.WriteCloser) {
	defer w.Close()
	sent := 0
	for {
		b.mu.Lock()
		rest, ended, news := b.text[sent:], b.ended, b.news
		b.mu.Unlock()
		switch {
		case len(rest) > 0:
			n, err := w.Write(rest)
			if err != nil {
				return
			}
			sent += n
		case ended:
			return
		default:
			<-news
		}
	}
}
