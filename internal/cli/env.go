package cli

import (
	"cmp"
	"context"
	"io"
	"net/http"
	"os"
	"strings"
	"syscall"
	"time"

	"github.com/codexctl/codexctl/internal/terminal"
)

// Env is everything that the program takes from outside.
type Env struct {
	Stdin          io.Reader
	Stdout, Stderr io.Writer

	// StdinKind says what stands behind Stdin, and so whether to wait for it.
	StdinKind StdinKind

	// StdoutTerminal and StderrTerminal say which stream a person looks at.
	StdoutTerminal, StderrTerminal bool

	// StdoutPipe says that a program reads Stdout, and may write what it makes of it to
	// the terminal behind Stderr.
	StdoutPipe bool

	// Size gives the columns and lines of the terminal behind Stdout, 0 if it does not say;
	// nil when there is none.
	Size func() (columns, lines int)

	// StderrWidth is how many columns the terminal behind Stderr has, 0 if it does not
	// say; nil like 0.
	StderrWidth func() int

	// Getenv gives a variable of the environment; Environ all, as NAME=value.
	Getenv  func(string) string
	Environ func() []string

	// Home is the person's home directory; empty when there is none.
	Home string

	// Now is the clock.
	Now func() time.Time

	// Transport replaces the network when it is not nil.
	Transport http.RoundTripper

	// Browse shows an address in a browser; command replaces the system's way when it
	// is not empty. nil when there is no browser.
	Browse func(command, address string) error

	// Confirm asks a yes-or-no question, until the context ends; nil when there is
	// nobody to ask.
	Confirm func(ctx context.Context, question string) (bool, error)

	// Choose asks for one of several options, by its index; nil like Confirm.
	Choose func(ctx context.Context, question string, options []string) (int, error)
}

// StdinKind is what stands behind standard input.
type StdinKind int

// What standard input can be.
const (
	StdinNone     StdinKind = iota // closed, or the null device
	StdinTerminal                  // a person
	StdinFile                      // a regular file: never makes anyone wait
	StdinPipe                      // a pipe: a writer may still be at work
	StdinSocket                    // a socket: what Node hands its children
)

// ProcessEnv is the Env of this process.
func ProcessEnv() *Env {
	home, _ := os.UserHomeDir()
	env := &Env{
		Stdin: os.Stdin, Stdout: unkilled(os.Stdout), Stderr: unkilled(os.Stderr),
		StdinKind:      stdinKind(os.Stdin),
		StdoutTerminal: terminal.Is(os.Stdout),
		StderrTerminal: terminal.Is(os.Stderr),
		StdoutPipe:     isPipe(os.Stdout),
		Getenv:         os.Getenv, Environ: os.Environ,
		Home: home, Now: time.Now, Browse: terminal.OpenBrowser,
		Size: func() (columns, lines int) { return terminal.Size(os.Stdout) },
		StderrWidth: func() int {
			columns, _ := terminal.Size(os.Stderr)
			return columns
		},
	}
	if env.StdinKind == StdinTerminal && env.StderrTerminal {
		prompt := func() terminal.Prompt {
			return terminal.Prompt{
				In: os.Stdin, Out: os.Stderr, Term: os.Getenv("TERM"),
				Colour: terminal.Colour("auto", os.Getenv, true),
			}
		}
		env.Confirm = func(ctx context.Context, question string) (bool, error) {
			return prompt().Confirm(ctx, question)
		}
		env.Choose = func(ctx context.Context, question string, options []string) (int, error) {
			return prompt().Choose(ctx, question, options)
		}
	}
	return env
}

func stdinKind(f *os.File) StdinKind {
	info, err := f.Stat()
	if err != nil {
		return StdinNone
	}
	switch mode := info.Mode(); {
	case terminal.Is(f):
		return StdinTerminal
	case mode&os.ModeNamedPipe != 0:
		return StdinPipe
	case mode&os.ModeSocket != 0:
		return StdinSocket
	case mode&os.ModeCharDevice != 0:
		if null, err := os.Stat(os.DevNull); err == nil && os.SameFile(null, info) {
			return StdinNone
		}
	}
	return StdinFile
}

// isPipe says whether a stream leads to a program: a socket does as well.
func isPipe(f *os.File) bool {
	info, err := f.Stat()
	return err == nil && info.Mode()&(os.ModeNamedPipe|os.ModeSocket) != 0
}

// interrupted is the cause of a context that a signal has ended.
type interrupted struct{ signal os.Signal }

func (i interrupted) Error() string {
	if i.signal == syscall.SIGTERM {
		return "terminated"
	}
	return "interrupted"
}

// Interrupted is the cause to end the program's context with when a signal arrives.
func Interrupted(s os.Signal) error { return interrupted{s} }

// speaksUTF8 says whether the locale is one of UTF-8.
//
// Source: POSIX.1-2017, Base Definitions, section 8.2: the first that is set counts.
func (env *Env) speaksUTF8() bool {
	locale := strings.ToLower(cmp.Or(env.Getenv("LC_ALL"), env.Getenv("LC_CTYPE"), env.Getenv("LANG")))
	return strings.Contains(locale, "utf-8") || strings.Contains(locale, "utf8")
}
