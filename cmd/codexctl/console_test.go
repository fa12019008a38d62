//go:build unix

package main

import (
	"bytes"
	"fmt"
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

// toDump is the time that a program is given to write down where its goroutines stand.
const toDump = 5 * time.Second

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
	gone    chan struct{} // closed once the program has ended and all of stdout is read

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
	command.WaitDelay = toDump // a child of the program may have stdout still
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	c.gone = make(chan struct{})
	go func() {
		defer close(c.gone)
		_ = command.Wait() // the exit code says it better
	}()
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
		<-c.gone
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
	c.until(fmt.Sprintf("the screen does not show %q", text), func() bool { return strings.Contains(c.screen.String(), text) })
}

// address waits for the address of a sign-in page. It must stand on one unbroken line.
func (c *console) address() (found string) {
	c.t.Helper()
	c.until("no address is shown", func() bool {
		lines := strings.Split(c.seen(), "\r\n")
		for _, line := range lines[:len(lines)-1] { // the last has no end yet
			if strings.HasPrefix(line, "http") && strings.Contains(line, "&state=") {
				found = line
			}
		}
		return found != ""
	})
	return found
}

// until waits for something that the running program brings about. Once the program has
// ended it waits only for what is still to be read of it.
func (c *console) until(otherwise string, happened func() bool) {
	c.t.Helper()
	const toRead = time.Second
	end, over := time.Now().Add(patience), false
	for !happened() {
		switch {
		case time.Now().After(end):
			c.stuck(otherwise)
		case !over && c.ended():
			end, over = time.Now().Add(toRead), true
		}
		time.Sleep(5 * time.Millisecond)
	}
}

// ended says whether the program has.
func (c *console) ended() bool {
	select {
	case <-c.gone:
		return true
	default:
		return false
	}
}

// stuck fails with all that may tell why: what was seen, how the program has ended or, if
// it runs, where each goroutine stands, and how busy the machine is.
func (c *console) stuck(what string) {
	c.t.Helper()
	seen := c.seen()
	state := "the program still runs"
	if c.ended() {
		state = "the program has ended: " + c.command.ProcessState.String()
	} else {
		_ = c.command.Process.Signal(syscall.SIGQUIT)
		select {
		case <-c.gone:
		case <-time.After(toDump):
		}
	}
	load, _ := os.ReadFile("/proc/loadavg")
	stacks := strings.TrimPrefix(c.seen(), seen)
	c.t.Fatalf("%s; %s; the screen got %q; load %s\n%s", what, state, seen, bytes.TrimSpace(load), stacks)
}

// types sends what a person types; Enter is a carriage return.
func (c *console) types(text string) {
	c.t.Helper()
	if _, err := io.WriteString(c.master, text); err != nil {
		c.t.Fatal(err)
	}
}

// code waits for the end of the program; its exit code.
func (c *console) code() int {
	c.t.Helper()
	select {
	case <-c.gone:
	case <-time.After(patience):
		c.stuck("the program does not end")
	}
	return c.command.ProcessState.ExitCode()
}

// ends waits for the end of the program, compares its exit code and looks whether the
// terminal is as it was.
func (c *console) ends(want int) {
	c.t.Helper()
	if got := c.code(); got != want {
		c.t.Errorf("exit code %d, want %d; the screen got %q", got, want, c.seen())
	}
	if got := c.mode(); got != c.before {
		c.t.Errorf("the terminal's mode is %+v, was %+v", got, c.before)
	}
}
