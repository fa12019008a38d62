//go:build linux

package terminal

import (
	"context"
	"errors"
	"io"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/creack/pty"
	"github.com/hinshun/vt10x"
	"golang.org/x/sys/unix"
)

// desk is a terminal with somebody at it.
type desk struct {
	t       *testing.T
	master  *os.File
	slave   *os.File
	screen  vt10x.Terminal
	reading sync.WaitGroup

	mu  sync.Mutex
	raw strings.Builder // all that came out
}

func newDesk(t *testing.T, columns int) *desk {
	t.Helper()
	master, slave, err := pty.Open()
	if err != nil {
		t.Skipf("no pseudo-terminal: %v", err)
	}
	const rows = 24
	if err := pty.Setsize(slave, &pty.Winsize{Rows: rows, Cols: uint16(columns)}); err != nil {
		t.Fatal(err)
	}
	d := &desk{t: t, master: master, slave: slave, screen: vt10x.New(vt10x.WithSize(columns, rows))}
	d.reading.Go(func() {
		buf := make([]byte, 4096)
		for {
			n, err := master.Read(buf)
			d.mu.Lock()
			_, _ = d.screen.Write(buf[:n])
			d.raw.Write(buf[:n])
			d.mu.Unlock()
			if err != nil {
				return
			}
		}
	})
	t.Cleanup(func() {
		d.types("\x03\r") // for a prompt that still waits
		slave.Close()
		d.reading.Wait()
		master.Close()
	})
	return d
}

func (d *desk) prompt() Prompt { return Prompt{In: d.slave, Out: d.slave, Term: "xterm"} }

func (d *desk) mode() unix.Termios {
	mode, err := unix.IoctlGetTermios(int(d.slave.Fd()), unix.TCGETS)
	if err != nil {
		d.t.Fatal(err)
	}
	return *mode
}

// types sends what a person types.
func (d *desk) types(text string) {
	if _, err := io.WriteString(d.master, text); err != nil {
		d.t.Error(err)
	}
}

// replies types once there is a question: before that the terminal would show the keys.
func (d *desk) replies(text string) {
	for end := time.Now().Add(time.Minute); !strings.Contains(d.lines(), "?") && time.Now().Before(end); {
		time.Sleep(time.Millisecond)
	}
	d.types(text)
}

// lines is what the screen shows, without the empty rest.
func (d *desk) lines() string {
	d.mu.Lock()
	defer d.mu.Unlock()
	var lines []string
	for line := range strings.SplitSeq(d.screen.String(), "\n") {
		lines = append(lines, strings.TrimRight(line, " "))
	}
	return strings.TrimRight(strings.Join(lines, "\n"), "\n")
}

// shows waits until the screen shows exactly that.
func (d *desk) shows(want string) {
	d.t.Helper()
	for end := time.Now().Add(time.Minute); d.lines() != want; time.Sleep(2 * time.Millisecond) {
		if time.Now().After(end) {
			d.t.Fatalf("the screen shows\n%s\nwant\n%s", d.lines(), want)
		}
	}
}

const help = "  [Use arrows to move, type to filter]"

func TestConfirm(t *testing.T) {
	const question = "? Replace it? "
	tests := []struct {
		name, typed string
		want        bool
		screen      string
	}{
		{"yes", "y\r", true, question + "Yes"},
		{"the whole word", "yEs\r", true, question + "Yes"},
		{"no", "n\r", false, question + "No"},
		{"Enter alone", "\r", false, question + "No"},
		{"Ctrl-D", "\x04", false, question + "No"},
		{"a mistake taken back", "nn\x7f\x7fyes\r", true, question + "Yes"},
		{"nothing to take back", "\x7fy\r", true, question + "Yes"},
		{"a line taken back", "never\x17y\r", true, question + "Yes"},
		{"arrows and other keys are no answer", "\x1b[A\x1b[D\x1b[3~\x1by\ty\r", true, question + "Yes"},
		{"nonsense is asked again", "maybe\ry\r", true, "X \"maybe\" is not a valid answer, please try again.\n" + question + "Yes"},
		{"the last complaint counts", "a\rb\r\r", false, "X \"b\" is not a valid answer, please try again.\n" + question + "No"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			d := newDesk(t, 60)
			before := d.mode()
			go d.replies(tt.typed)
			got, err := d.prompt().Confirm(t.Context(), "Replace it?")
			if got != tt.want || err != nil {
				t.Errorf("%t, %v, want %t", got, err, tt.want)
			}
			d.shows(tt.screen)
			if after := d.mode(); after != before {
				t.Errorf("the terminal's mode is %+v, was %+v", after, before)
			}
		})
	}
}

// What is typed stands behind the question, and takes as many rows as it needs.
func TestConfirmOnANarrowTerminal(t *testing.T) {
	d := newDesk(t, 20)
	done := make(chan error, 1)
	go func() {
		_, err := d.prompt().Confirm(t.Context(), "Renew it and write it?")
		done <- err
	}()
	d.shows("? Renew it and write\n it? (y/N)")
	d.types("well then")
	d.shows("? Renew it and write\n it? (y/N) well then")
	d.types(", no?")
	d.shows("? Renew it and write\n it? (y/N) well then\n, no?")
	d.types("\x17y\r")
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	d.shows("? Renew it and write\n it? Yes")
}

func TestChoose(t *testing.T) {
	options := []string{"one", "two", "three", "four", "five", "six", "seven", "eight", "nine"}
	tests := []struct {
		name, typed, want string
	}{
		{"Enter takes the first", "\r", "one"},
		{"down", "\x1b[B\x1b[B\r", "three"},
		{"down by Tab", "\t\r", "two"},
		{"up from the first is the last", "\x1b[A\r", "nine"},
		{"down from the last is the first", "\x1b[A\x1b[B\r", "one"},
		{"a filter", "EE\r", "three"},
		{"a filter and an arrow", "f\x1b[B\r", "five"},
		{"the mark stays on the list when it gets shorter", "\x1b[A\x1b[Ait\x7f\x7fne\r", "nine"},
		{"a filter that nothing passes is no answer", "xyz\r\x17\r", "one"},
		{"another system's way to write arrows", "\x1bOB\r", "two"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			d := newDesk(t, 60)
			go d.replies(tt.typed)
			got, err := d.prompt().Choose(t.Context(), "Which?", options)
			if err != nil || options[got] != tt.want {
				t.Errorf("%d, %v, want %s", got, err, tt.want)
			}
			d.shows("? Which? " + tt.want)
		})
	}
}

// Seven options are shown at a time, around the marked one.
func TestChooseShowsAPage(t *testing.T) {
	d := newDesk(t, 60)
	done := make(chan error, 1)
	go func() {
		_, err := d.prompt().Choose(t.Context(), "Which?", []string{"1", "2", "3", "4", "5", "6", "7", "8", "9", "10\x1b[2J\tb\n"})
		done <- err
	}()
	d.shows("? Which?" + help + "\n> 1\n  2\n  3\n  4\n  5\n  6\n  7")
	d.types("\x1b[B\x1b[B\x1b[B\x1b[B")
	d.shows("? Which?" + help + "\n  2\n  3\n  4\n> 5\n  6\n  7\n  8")
	d.types("\x1b[B\x1b[B\x1b[B\x1b[B\x1b[B")
	d.shows("? Which?" + help + "\n  4\n  5\n  6\n  7\n  8\n  9\n> 10[2J b")
	d.types("1")
	d.shows("? Which? 1" + help + "\n  1\n> 10[2J b")
	d.types("\x03")
	if err := <-done; !errors.Is(err, ErrInterrupted) {
		t.Errorf("error %v, want %v", err, ErrInterrupted)
	}
}

func TestRows(t *testing.T) {
	tests := []struct {
		name, text string
		want       int
	}{
		{"nothing", "", 1},
		{"a full row", "0123456789", 1},
		{"one character more", "0123456789a", 2},
		{"two lines", "a\nb", 2},
		{"a full row and a line", "0123456789\nb", 2},
		{"wide characters", "世界世界世", 1},
		{"a wide character that does not fit", "a世界世界世", 2},
		{"characters without a width", "e\u0301e\u0301e\u0301e\u0301e\u0301e\u0301", 1},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := rows(tt.text, 10); got != tt.want {
				t.Errorf("%q takes %d rows, want %d", tt.text, got, tt.want)
			}
		})
	}
}

// Options that are wider than the terminal take several rows, and go all the same.
func TestChooseAmongWideOptions(t *testing.T) {
	d := newDesk(t, 40)
	done := make(chan error, 1)
	go func() {
		_, err := d.prompt().Choose(t.Context(), "Which?", []string{strings.Repeat("a", 50), strings.Repeat("b", 38), "c"})
		done <- err
	}()
	// The second fills its row to the last column.
	view := "? Which?  [Use arrows to move, type to f\nilter]\n%> aaaa\n  " + strings.Repeat("b", 38) + "\n  c"
	marked := strings.Replace(view, "%> aaaa", "> "+strings.Repeat("a", 38)+"\n"+strings.Repeat("a", 12), 1)
	d.shows(marked)
	for range 3 {
		d.types("\t")
	}
	d.shows(marked)
	d.types("c\r")
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	d.shows("? Which? c")
}

// Ctrl-C, and a context that ends, leave the terminal as it was.
func TestPromptIsLeft(t *testing.T) {
	gone := errors.New("gone")
	for name, leave := range map[string]struct {
		by   func(*desk, context.CancelCauseFunc)
		want error
	}{
		"Ctrl-C":      {func(d *desk, _ context.CancelCauseFunc) { d.types("ye\x03") }, ErrInterrupted},
		"the context": {func(_ *desk, cancel context.CancelCauseFunc) { cancel(gone) }, gone},
	} {
		for kind, ask := range map[string]func(context.Context, Prompt) error{
			"confirm": func(ctx context.Context, p Prompt) error { _, err := p.Confirm(ctx, "Now?"); return err },
			"choose":  func(ctx context.Context, p Prompt) error { _, err := p.Choose(ctx, "Now?", []string{"a"}); return err },
		} {
			t.Run(name+"/"+kind, func(t *testing.T) {
				d := newDesk(t, 60)
				before := d.mode()
				ctx, cancel := context.WithCancelCause(t.Context())
				done := make(chan error, 1)
				go func() { done <- ask(ctx, d.prompt()) }()
				for !strings.Contains(d.lines(), "Now?") {
					time.Sleep(time.Millisecond)
				}
				leave.by(d, cancel)
				if err := <-done; !errors.Is(err, leave.want) {
					t.Errorf("error %v, want %v", err, leave.want)
				}
				if after := d.mode(); after != before {
					t.Errorf("the terminal's mode is %+v, was %+v", after, before)
				}
			})
		}
	}
}

// A terminal that is asked for its cursor answers among the keys; and without colour
// there is none.
func TestPromptAsksTheTerminalNothing(t *testing.T) {
	for _, colour := range []bool{true, false} {
		d := newDesk(t, 60)
		p := d.prompt()
		p.Colour = colour
		go d.replies("x\ry\r")
		if yes, err := p.Confirm(t.Context(), "Now?"); !yes || err != nil {
			t.Errorf("%t, %v", yes, err)
		}
		d.shows("X \"x\" is not a valid answer, please try again.\n? Now? Yes")
		d.mu.Lock()
		raw := d.raw.String()
		d.mu.Unlock()
		if strings.Contains(raw, "\x1b[6n") {
			t.Errorf("the terminal was asked where its cursor is: %q", raw)
		}
		if got := strings.Contains(raw, "m?"); got != colour {
			t.Errorf("colour %t: %q", colour, raw)
		}
	}
}
