package cli

import (
	"fmt"
	"io"
	"slices"
	"sync"

	"github.com/codexctl/codexctl/internal/terminal"
)

// talk is stderr: everything for people. It is safe for concurrent use.
type talk struct {
	mu             sync.Mutex
	w              io.Writer
	palette        terminal.Palette
	quiet, verbose bool
	warned         []string

	// onWarning is told of each warning as well; nil tells nobody.
	onWarning func(string)
}

func newTalk(env *Env, g *globalOptions) *talk {
	return &talk{
		w:       env.Stderr,
		palette: terminal.Palette{On: terminal.Colour(g.color, env.Getenv, env.StderrTerminal)},
		quiet:   g.quiet,
		verbose: g.verbose,
	}
}

// say writes a line. A stderr that cannot be written to is nobody's concern.
func (t *talk) say(text string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	_, _ = io.WriteString(t.w, text+"\n")
}

// fail writes the line about a failure, and the one about what to do.
func (t *talk) fail(message, hint string) {
	t.say(t.palette.Bad("codexctl:") + " " + terminal.Clean(message))
	if hint != "" && !t.quiet {
		t.say(t.palette.Strong("hint:") + " " + terminal.Clean(hint))
	}
}

// warn writes what a person should know although the command goes on.
func (t *talk) warn(format string, values ...any) {
	text := fmt.Sprintf(format, values...)
	t.mu.Lock()
	t.warned = append(t.warned, text)
	tell := t.onWarning
	t.mu.Unlock()
	if tell != nil {
		tell(text)
	}
	if !t.quiet {
		t.say("codexctl: warning: " + terminal.Clean(text))
	}
}

// tellOf has f told of each warning; nil tells nobody.
func (t *talk) tellOf(f func(string)) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.onWarning = f
}

// through has all lines go to w, and returns where they went before.
func (t *talk) through(w io.Writer) io.Writer {
	t.mu.Lock()
	defer t.mu.Unlock()
	before := t.w
	t.w = w
	return before
}

// warnings are all that were given so far, for the result.
func (t *talk) warnings() []string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return nonNil(slices.Clone(t.warned))
}

// note writes what a person may want to see.
func (t *talk) note(format string, values ...any) {
	if !t.quiet {
		t.say(t.palette.Dim(terminal.Clean(fmt.Sprintf(format, values...))))
	}
}

// detail writes what only --verbose asks for.
func (t *talk) detail(format string, values ...any) {
	if t.verbose && !t.quiet {
		t.say(t.palette.Dim(terminal.Clean(fmt.Sprintf(format, values...))))
	}
}

// trace writes what --debug asks for, also when quiet.
func (t *talk) trace(format string, values ...any) {
	t.say(t.palette.Dim(terminal.Clean(fmt.Sprintf(format, values...))))
}
