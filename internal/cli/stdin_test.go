package cli

import (
	"context"
	"errors"
	"io"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/tidwall/gjson"
)

// later gives its text after a pause, then ends; without text it stays silent until
// the test is over.
type later struct {
	after time.Duration
	text  string
	done  bool
	over  chan struct{}
}

func (l *later) Read(p []byte) (int, error) {
	if l.text == "" {
		<-l.over
		return 0, io.EOF
	}
	if l.done {
		return 0, io.EOF
	}
	time.Sleep(l.after)
	l.done = true
	return copy(p, l.text), nil
}

// cli.md 6, the table: what becomes of words and stdin.
func TestPromptFromWordsAndStdin(t *testing.T) {
	tests := []struct {
		name  string
		kind  StdinKind
		stdin string
		args  []string
		exit  int
		want  string // the text sent
		state string
	}{
		{"words, terminal", StdinTerminal, "", []string{"P"}, 0, "P", "none"},
		{"words, closed or null device", StdinNone, "", []string{"P"}, 0, "P", "none"},
		{"words, empty pipe", StdinPipe, "", []string{"P"}, 0, "P", "empty"},
		{"words, empty file", StdinFile, "", []string{"P"}, 0, "P", "empty"},
		{"words and data", StdinPipe, "D", []string{"P", "Q"}, 0, "P Q\n\n<stdin>\nD\n</stdin>", "data"},
		{"words and data that ends with a newline", StdinFile, "D\n", []string{"P"}, 0, "P\n\n<stdin>\nD\n</stdin>", "data"},
		{"data alone", StdinPipe, "D\n", nil, 0, "D\n", "data"},
		{"a lone dash", StdinPipe, "D", []string{"-"}, 0, "D", "data"},
		{"words and a dash", StdinPipe, "D", []string{"P", "-"}, 0, "P\n\n<stdin>\nD\n</stdin>", "data"},
		{"words and a dash, empty", StdinPipe, "", []string{"P", "-"}, 2, "", ""},
		{"words and a dash, terminal", StdinTerminal, "", []string{"P", "-"}, 2, "", ""},
		{"nothing, terminal", StdinTerminal, "", nil, 2, "", ""},
		{"nothing, empty", StdinPipe, "", nil, 2, "", ""},
		{"words, data, --no-stdin", StdinPipe, "D", []string{"--no-stdin", "P"}, 0, "P", "none"},
		{"a dash and --no-stdin", StdinPipe, "D", []string{"--no-stdin", "-"}, 2, "", ""},
		{"byte order mark", StdinFile, "\xEF\xBB\xBFD", nil, 0, "D", "data"},
		{"UTF-16, little end first", StdinFile, "\xFF\xFEh\x00\xe9\x00", nil, 0, "hé", "data"},
		{"UTF-16, big end first", StdinFile, "\xFE\xFF\x00h\x00\xe9", nil, 0, "hé", "data"},
		{"no text", StdinFile, "\x89PNG\xFF", []string{"P"}, 2, "", ""},
		{"more than is sent", StdinFile, strings.Repeat("x", inputLimit+1), nil, 2, "", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			p := newProgram(t)
			p.StdinKind, p.Stdin = tt.kind, strings.NewReader(tt.stdin)
			code := p.run(append([]string{"ask", "--json"}, tt.args...)...)
			if code != tt.exit {
				t.Fatalf("exit %d, want %d: %s", code, tt.exit, p.talk.String())
			}
			if code != 0 {
				if got := gjson.Get(p.out.String(), "error.code").Str; got != "usage" {
					t.Errorf("error.code %q, want usage", got)
				}
				return
			}
			if got := gjson.Get(p.sent(t), "input.0.content.0.text").Str; got != tt.want {
				t.Errorf("sent %q, want %q", got, tt.want)
			}
			if got := gjson.Get(p.out.String(), "stdin").Str; got != tt.state {
				t.Errorf("stdin %q, want %q", got, tt.state)
			}
		})
	}
}

// cli.md 6 and rulings.md, "A silent stdin".
// cli-tools.md 7, check 2: a dash waits, however late the data comes.
func TestSilentStdin(t *testing.T) {
	tests := []struct {
		name   string
		kind   StdinKind
		stdin  *later
		args   []string
		exit   int
		took   time.Duration
		stderr string
	}{
		{"late data is waited for", StdinPipe, &later{after: time.Minute, text: "D"}, []string{"P"}, 0, time.Minute, "waiting for stdin"},
		{"a pipe with a dash is waited for", StdinPipe, &later{after: time.Minute, text: "D"}, []string{"P", "-"}, 0, time.Minute, "waiting for stdin"},
		{"a socket with a dash outlasts the limit of one without", StdinSocket, &later{after: time.Minute, text: "D"}, []string{"-"}, 0, time.Minute, ""},
		{"quick data is not announced", StdinPipe, &later{after: time.Second, text: "D"}, []string{"P"}, 0, time.Second, ""},
		{"--stdin-timeout gives up", StdinPipe, &later{}, []string{"P", "--stdin-timeout", "3s"}, 2, 3 * time.Second, "stayed silent for 3s"},
		{"--stdin-timeout is about the first byte", StdinPipe, &later{after: time.Second, text: "D"}, []string{"P", "--stdin-timeout", "3s"}, 0, time.Second, ""},
		{"--timeout bounds it", StdinPipe, &later{}, []string{"P", "--timeout", "7s"}, 7, 7 * time.Second, "timed out after 7s"},
		{"a socket with a prompt", StdinSocket, &later{}, []string{"P"}, 2, 10 * time.Second, "--no-stdin"},
		{"a socket that talks in time", StdinSocket, &later{after: 9 * time.Second, text: "D"}, []string{"P"}, 0, 9 * time.Second, ""},
		{"a socket without a prompt is waited for", StdinSocket, &later{after: time.Minute, text: "D"}, nil, 0, time.Minute, ""},
		{"a socket with a dash is waited for", StdinSocket, &later{after: time.Minute, text: "D"}, []string{"P", "-"}, 0, time.Minute, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				tt.stdin.over = make(chan struct{})
				defer close(tt.stdin.over)
				p := newProgram(t)
				p.StdinKind, p.Stdin = tt.kind, tt.stdin
				start := time.Now()
				code := p.run(append([]string{"ask"}, tt.args...)...)
				if code != tt.exit {
					t.Errorf("exit %d, want %d: %s", code, tt.exit, p.talk.String())
				}
				if took := time.Since(start); took != tt.took {
					t.Errorf("took %s, want %s", took, tt.took)
				}
				if !strings.Contains(p.talk.String(), tt.stderr) {
					t.Errorf("stderr %q, want %q in it", p.talk.String(), tt.stderr)
				}
			})
		})
	}
}

// cli.md 5: a reader of stdout that goes away is no failure, anything else is.
func TestStdoutThatFails(t *testing.T) {
	tests := []struct {
		name  string
		err   error
		exit  int
		quiet bool
	}{
		{"the reader went away", syscall.EPIPE, 0, true},
		{"the disk is full", syscall.ENOSPC, 1, false},
	}
	for _, tt := range tests {
		for _, args := range [][]string{{"ask", "hi"}, {"ask", "--json", "hi"}, {"ask", "--jsonl", "hi"}, {"respond", "--sse", "hi"}, {"respond", "--json", "hi"}, {"version"}, {"help"}} {
			t.Run(tt.name+": "+strings.Join(args, " "), func(t *testing.T) {
				p := newProgram(t)
				p.Stdout = failingWriter{tt.err}
				if code := p.run(args...); code != tt.exit {
					t.Errorf("exit %d, want %d", code, tt.exit)
				}
				if (p.talk.Len() == 0) != tt.quiet {
					t.Errorf("stderr %q", p.talk.String())
				}
			})
		}
	}
}

type failingWriter struct{ err error }

func (w failingWriter) Write([]byte) (int, error) { return 0, w.err }

// A signal ends the call; what had arrived stays.
func TestInterruptKeepsThePartialText(t *testing.T) {
	for signal, want := range map[syscall.Signal]int{syscall.SIGINT: 130, syscall.SIGTERM: 143} {
		p := newProgram(t)
		ctx, stop := context.WithCancelCause(context.Background())
		p.Stdout = writerFunc(func(text []byte) (int, error) {
			p.out.Write(text)
			stop(Interrupted(signal))
			return len(text), nil
		})
		code := p.runContext(ctx, "ask", "-H", "x-emulator-scene: stall-after-deltas", "hi")
		if code != want {
			t.Errorf("%v: exit %d, want %d", signal, code, want)
		}
		if p.out.Len() == 0 {
			t.Errorf("%v: the partial text is lost", signal)
		}
	}
}

type writerFunc func([]byte) (int, error)

func (f writerFunc) Write(p []byte) (int, error) { return f(p) }

func TestCheckInputNamesWhatItReads(t *testing.T) {
	if _, err := checkInput("notes.txt", inputLimit, nil, errors.New("input/output error")); err == nil || err.Error() != "read notes.txt: input/output error" {
		t.Errorf("error = %v", err)
	}
}
