package cli

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"sync"
	"unicode/utf8"

	"github.com/codexctl/codexctl/internal/terminal"
)

// talk is stderr: everything for people. It is safe for concurrent use.
type talk struct {
	mu             sync.Mutex
	w              io.Writer
	palette        terminal.Palette
	quiet, verbose bool
	warned         []string
	drawn          bool // a line stands there that is to be wiped away
	midline        bool // a line stands there without its end

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
	_, _ = io.WriteString(t.w, t.room()+t.ending()+text+"\n")
}

// pour writes text that comes in pieces.
func (t *talk) pour(text string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	text = terminal.Clean(text)
	if text == "" {
		return
	}
	t.midline = !strings.HasSuffix(text, "\n")
	_, _ = io.WriteString(t.w, t.room()+t.palette.Dim(text))
}

// freshLine ends a line that was poured.
func (t *talk) freshLine() {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.midline {
		_, _ = io.WriteString(t.w, t.ending())
	}
}

// draw shows a line in the place of the one drawn before. It gives way to all else.
func (t *talk) draw(text string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.midline {
		return
	}
	_, _ = io.WriteString(t.w, "\r"+t.palette.Dim(text))
	t.drawn = true
}

// wipe takes the drawn line away.
func (t *talk) wipe() {
	t.mu.Lock()
	defer t.mu.Unlock()
	if room := t.room(); room != "" {
		_, _ = io.WriteString(t.w, room)
	}
}

// overwrite puts text in the place of the line that shown holds, and remembers it there.
// With an empty text the line is free again.
func (t *talk) overwrite(shown *string, text string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	line := "\r" + t.palette.Dim(text)
	if rest := utf8.RuneCountInString(*shown) - utf8.RuneCountInString(text); rest > 0 {
		line += strings.Repeat(" ", rest)
	}
	if text == "" {
		line += "\r"
	}
	*shown = text
	_, _ = t.w.Write([]byte(line)) // like say
}

// room is what erases a drawn line.
func (t *talk) room() string {
	if !t.drawn {
		return ""
	}
	t.drawn = false
	return "\r\x1b[K"
}

// ending is what ends a poured line.
func (t *talk) ending() string {
	if !t.midline {
		return ""
	}
	t.midline = false
	return "\n"
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
