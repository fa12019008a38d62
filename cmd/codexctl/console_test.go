//go:build unix

package main

import (
	"bytes"
	"io"
	"os"
	"os/exec"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/creack/pty"
	"github.com/hinshun/vt10x"
	"golang.org/x/term"
)

// console is a program whose stdin and stderr are a terminal with somebody at it: an
// emulator, which shows what a person would see.
type console struct {
	t       *testing.T
	command *exec.Cmd
	master  *os.File
	slave   *os.File
	screen  vt10x.Terminal
	before  term.State
	stdout  bytes.Buffer
	reading sync.WaitGroup

	mu  sync.Mutex
	raw bytes.Buffer // all that came out
}

// onConsole starts a command in a session of its own, so that Ctrl-C reaches it as it
// would from a keyboard.
func onConsole(t *testing.T, command *exec.Cmd) *console {
	t.Helper()
	return onScreen(t, command, 400, false)
}

// onScreen is onConsole with a chosen width; with all, stdout is the terminal too.
func onScreen(t *testing.T, command *exec.Cmd, columns int, all bool) *console {
	t.Helper()
	master, slave, err := pty.Open()
	if err != nil {
		t.Skipf("no pseudo-terminal: %v", err)
	}
	c := &console{t: t, command: command, master: master, slave: slave}
	const rows = 50
	if err := pty.Setsize(slave, &pty.Winsize{Rows: rows, Cols: uint16(columns)}); err != nil {
		t.Fatal(err)
	}
	c.screen = vt10x.New(vt10x.WithWriter(master), vt10x.WithSize(columns, rows))
	c.before = c.mode()
	command.Stdin, command.Stderr, command.Stdout = slave, slave, &c.stdout
	if all {
		command.Stdout = slave
	}
	command.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Setctty: true, Ctty: 0}
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	c.reading.Go(func() {
		buf := make([]byte, 4096)
		for {
			n, err := master.Read(buf)
			_, _ = c.screen.Write(buf[:n])
			c.mu.Lock()
			c.raw.Write(buf[:n])
			c.mu.Unlock()
			if err != nil {
				return
			}
		}
	})
	t.Cleanup(func() {
		_ = command.Process.Kill()
		slave.Close()
		c.reading.Wait()
		master.Close()
	})
	return c
}

// mode is what the terminal does with input and output.
func (c *console) mode() term.State {
	mode, err := term.GetState(int(c.slave.Fd()))
	if err != nil {
		c.t.Fatal(err)
	}
	return *mode
}

// seen is all that came out so far, escape sequences included.
func (c *console) seen() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.raw.String()
}

// shows waits until the screen has a text.
func (c *console) shows(text string) {
	c.t.Helper()
	for end := time.Now().Add(patience); time.Now().Before(end); time.Sleep(5 * time.Millisecond) {
		if strings.Contains(c.screen.String(), text) {
			return
		}
	}
	c.t.Fatalf("the screen does not show %q; it got %q", text, c.seen())
}

// address waits for the address of a sign-in page. It must stand on one unbroken line.
func (c *console) address() string {
	c.t.Helper()
	for end := time.Now().Add(patience); time.Now().Before(end); time.Sleep(5 * time.Millisecond) {
		for line := range strings.SplitSeq(c.seen(), "\r\n") {
			if strings.HasPrefix(line, "http") && strings.Contains(line, "&state=") && strings.Contains(c.seen(), line+"\r\n") {
				return line
			}
		}
	}
	c.t.Fatalf("no address is shown; the screen got %q", c.seen())
	return ""
}

// types sends what a person types; Enter is a carriage return.
func (c *console) types(text string) {
	c.t.Helper()
	if _, err := io.WriteString(c.master, text); err != nil {
		c.t.Fatal(err)
	}
}

// ends waits for the end of the program, compares its exit code and looks whether the
// terminal is as it was.
func (c *console) ends(want int) {
	c.t.Helper()
	timer := time.AfterFunc(patience, func() { _ = c.command.Process.Kill() })
	defer timer.Stop()
	_ = c.command.Wait() // the code says it better
	if got := c.command.ProcessState.ExitCode(); got != want {
		c.t.Errorf("exit code %d, want %d; the screen got %q", got, want, c.seen())
	}
	if got := c.mode(); got != c.before {
		c.t.Errorf("the terminal's mode is %+v, was %+v", got, c.before)
	}
}
