package lab

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// Server is a measured server, a process of its own.
type Server struct {
	// URL is its address, and PID its process.
	URL string
	PID int

	cmd *exec.Cmd
}

// Serve starts `codexctl serve` in front of b, as a person would, with its access log
// in a file.
func (l *Lab) Serve(ctx context.Context, b *Backend, args ...string) (*Server, error) {
	args = append([]string{"serve", "-p", "0", "--json", "--log-file", l.Path("serve.log")}, args...)
	cmd := exec.CommandContext(ctx, l.Program(Codexctl), args...)
	cmd.Env = l.Environment(b.Env...)
	line, err := StartAndRead(cmd)
	if err != nil {
		return nil, fmt.Errorf("start serve: %w", err)
	}
	s := &Server{PID: cmd.Process.Pid, cmd: cmd}
	var told started
	if err := json.Unmarshal([]byte(line), &told); err != nil {
		return nil, errors.Join(fmt.Errorf("the server's first line: %w", err), s.Close())
	}
	s.URL = told.URL
	return s, nil
}

// Bare starts the bare reverse proxy in front of b.
func (l *Lab) Bare(ctx context.Context, b *Backend) (*Server, error) {
	cmd := exec.CommandContext(ctx, l.Program(ReverseProxy), b.Responses(), "Bearer "+b.Token)
	cmd.Env = l.Environment()
	line, err := StartAndRead(cmd)
	if err != nil {
		return nil, fmt.Errorf("start the reverse proxy: %w", err)
	}
	return &Server{URL: line, PID: cmd.Process.Pid, cmd: cmd}, nil
}

// Close ends the server.
func (s *Server) Close() error {
	_ = s.cmd.Process.Kill()
	_ = s.cmd.Wait() // it was told to end
	return nil
}

// Used is the time on processors that a process has had so far, where the system tells
// it: Linux does.
func Used(pid int) (time.Duration, error) {
	tasks, err := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/schedstat", pid))
	if err != nil {
		return 0, err
	}
	var sum time.Duration
	for _, task := range tasks {
		data, err := os.ReadFile(task)
		if errors.Is(err, os.ErrNotExist) {
			continue // a thread that has ended
		}
		if err != nil {
			return 0, err
		}
		ns, err := strconv.ParseInt(strings.Fields(string(data))[0], 10, 64)
		if err != nil {
			return 0, err
		}
		sum += time.Duration(ns)
	}
	return sum, nil
}

// Resident is the memory that a process holds, in bytes, where the system tells it.
func Resident(pid int) (int64, error) {
	data, err := os.ReadFile(fmt.Sprintf("/proc/%d/smaps_rollup", pid))
	if err != nil {
		return 0, err
	}
	_, rest, _ := strings.Cut(string(data), "\nRss:")
	fields := strings.Fields(rest)
	if len(fields) < 2 || fields[1] != "kB" {
		return 0, fmt.Errorf("smaps_rollup of %d does not tell the memory", pid)
	}
	kib, err := strconv.ParseInt(fields[0], 10, 64)
	return kib << 10, err
}

// Descriptors is how many a process has open, where the system tells it.
func Descriptors(pid int) (int, error) {
	entries, err := os.ReadDir(fmt.Sprintf("/proc/%d/fd", pid))
	return len(entries), err
}
