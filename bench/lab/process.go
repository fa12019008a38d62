package lab

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"time"
)

// Command is a process to measure.
type Command struct {
	// Args are the program and its arguments.
	Args []string

	// Env is added to [Lab.Environment].
	Env []string

	// Stdin is what the process reads; nothing if empty.
	Stdin []byte

	// Stdout is the file that receives what it prints; the null device if empty.
	Stdout string

	// Check looks at the result after every run, outside the measured time.
	Check func() error
}

// Run is what one process cost.
type Run struct {
	Wall  time.Duration // from before its start to after its end
	CPU   time.Duration // user and system, its own children included
	First time.Duration // to the first byte of stdout; only of [Lab.FirstByte]
}

// Once runs c and checks it.
func (l *Lab) Once(ctx context.Context, c Command) (Run, error) {
	cmd, stderr, closeStdout, err := l.prepare(ctx, c)
	if err != nil {
		return Run{}, err
	}
	defer closeStdout()
	start := time.Now()
	err = cmd.Run()
	run := Run{Wall: time.Since(start)}
	if err != nil {
		return run, fmt.Errorf("%v: %w: %s", c.Args, err, stderr)
	}
	run.CPU = cpu(cmd.ProcessState)
	return run, c.check()
}

// FirstByte runs c with its stdout on a pipe, and notes when the first byte came.
func (l *Lab) FirstByte(ctx context.Context, c Command) (Run, error) {
	cmd, stderr, closeStdout, err := l.prepare(ctx, c)
	if err != nil {
		return Run{}, err
	}
	defer closeStdout()
	file := cmd.Stdout
	cmd.Stdout = nil
	pipe, err := cmd.StdoutPipe()
	if err != nil {
		return Run{}, err
	}
	start := time.Now()
	if err := cmd.Start(); err != nil {
		return Run{}, err
	}
	first := make([]byte, 32<<10)
	n, readErr := pipe.Read(first)
	run := Run{First: time.Since(start)}
	out := io.MultiReader(bytes.NewReader(first[:n]), pipe)
	if file == nil {
		file = io.Discard
	}
	if _, err := io.Copy(file, out); err != nil && readErr == nil {
		return run, err
	}
	err = cmd.Wait()
	run.Wall = time.Since(start)
	if err != nil {
		return run, fmt.Errorf("%v: %w: %s", c.Args, err, stderr)
	}
	if readErr != nil {
		return run, fmt.Errorf("%v: printed nothing: %w", c.Args, readErr)
	}
	run.CPU = cpu(cmd.ProcessState)
	return run, c.check()
}

func (l *Lab) prepare(ctx context.Context, c Command) (cmd *exec.Cmd, stderr *bytes.Buffer, closeStdout func(), err error) {
	cmd = exec.CommandContext(ctx, c.Args[0], c.Args[1:]...)
	cmd.Env = l.Environment(c.Env...)
	cmd.Dir = l.Dir
	stderr = new(bytes.Buffer)
	cmd.Stderr = stderr
	if len(c.Stdin) > 0 {
		cmd.Stdin = bytes.NewReader(c.Stdin)
	}
	if c.Stdout == "" {
		return cmd, stderr, func() {}, nil
	}
	file, err := os.Create(c.Stdout)
	if err != nil {
		return nil, nil, nil, err
	}
	cmd.Stdout = file
	return cmd, stderr, func() { file.Close() }, nil
}

func (c Command) check() error {
	if c.Check == nil {
		return nil
	}
	if err := c.Check(); err != nil {
		return fmt.Errorf("%v: %w", c.Args, err)
	}
	return nil
}

func cpu(state *os.ProcessState) time.Duration { return state.UserTime() + state.SystemTime() }

// InTurn measures the commands one after the other, n times over, after one round
// that is not counted. The result has the runs of each command.
func (l *Lab) InTurn(ctx context.Context, n int, one func(context.Context, Command) (Run, error), commands ...Command) ([]Runs, error) {
	all := make([]Runs, len(commands))
	for round := range n + 1 {
		for i, c := range commands {
			run, err := one(ctx, c)
			if err != nil {
				return nil, err
			}
			if round > 0 {
				all[i] = append(all[i], run)
			}
		}
	}
	return all, nil
}

// Peak is the most memory that c held at a time, in bytes. A process of ours stands
// between, because a system counts what a process had before it became another.
func (l *Lab) Peak(ctx context.Context, c Command) (int64, error) {
	self, err := os.Executable()
	if err != nil {
		return 0, err
	}
	report := l.Path("peak")
	c.Args = append([]string{self, PeakArgument, report}, c.Args...)
	if _, err := l.Once(ctx, c); err != nil {
		return 0, err
	}
	data, err := os.ReadFile(report)
	if err != nil {
		return 0, err
	}
	var peak int64
	_, err = fmt.Sscan(string(data), &peak)
	return peak, err
}

// PeakArgument is the first argument of a program that has to call [ReportPeak].
const PeakArgument = "report-peak"

// ReportPeak runs the command args[1:] and writes its peak of memory, in bytes, to
// the file args[0]. It returns the exit code.
func ReportPeak(args []string) int {
	cmd := exec.Command(args[1], args[2:]...)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = os.Stdin, os.Stdout, os.Stderr
	if err := cmd.Run(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	if err := os.WriteFile(args[0], fmt.Appendln(nil, peak(cmd.ProcessState)), 0o600); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return 0
}
