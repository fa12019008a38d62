//go:build unix

package credentials

import (
	"bufio"
	"context"
	"errors"
	"io"
	"os"
	"os/exec"
	"testing"
	"testing/synctest"
	"time"
)

func TestLockExcludesAndUnlockLetsIn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := File{Path: t.TempDir() + "/auth.json"}
		first, err := f.Lock(t.Context(), 0)
		if err != nil {
			t.Fatal(err)
		}
		start := time.Now()
		if _, err := f.Lock(t.Context(), 0); !errors.Is(err, ErrLockTimeout) || time.Since(start) != DefaultLockWait {
			t.Errorf("second Lock error = %v after %v, want %v after %v", err, time.Since(start), ErrLockTimeout, DefaultLockWait)
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if _, err := f.Lock(ctx, 0); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("Lock error = %v, want the caller's deadline", err)
		}
		first.Unlock()
		first.Unlock()
		second, err := f.Lock(t.Context(), time.Nanosecond)
		if err != nil {
			t.Errorf("Lock after Unlock: error = %v, want none", err)
		}
		second.Unlock()
	})
}

func TestLockOfASymlinkedStoreTakesBothLocks(t *testing.T) {
	dir := t.TempDir()
	write(t, dir+"/real/auth.json", "{}")
	if err := os.Symlink("real/auth.json", dir+"/link.json"); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink("real", dir+"/folder"); err != nil {
		t.Fatal(err)
	}
	lock, err := File{Path: dir + "/link.json"}.Lock(t.Context(), 0)
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{"/link.json", "/real/auth.json", "/folder/auth.json"} {
		if _, err := (File{Path: dir + path}).Lock(t.Context(), 30*time.Millisecond); !errors.Is(err, ErrLockTimeout) {
			t.Errorf("Lock of %s: error = %v, want %v", path, err, ErrLockTimeout)
		}
	}
	lock.Unlock()
	same, err := File{Path: dir + "/folder/auth.json"}.Lock(t.Context(), time.Second)
	if err != nil {
		t.Errorf("one lock by two names: error = %v, want none", err)
	}
	same.Unlock()
}

func TestLockRivals(t *testing.T) {
	path := t.TempDir() + "/auth.json"
	rivals := map[string]*exec.Cmd{"our own program": command("hold", path)}
	if tool, err := exec.LookPath("flock"); err == nil {
		rivals["flock(1)"] = exec.Command(tool, "-x", path+".lock", "sh", "-c", "echo held; read x")
	}
	for name, cmd := range rivals {
		t.Run(name, func(t *testing.T) {
			stdin, stdout := pipes(t, cmd)
			if err := cmd.Start(); err != nil {
				t.Skipf("cannot start: %v", err)
			}
			if line, err := bufio.NewReader(stdout).ReadString('\n'); line != "held\n" {
				t.Fatalf("rival says %q, %v", line, err)
			}
			if _, err := (File{Path: path}).Lock(t.Context(), 60*time.Millisecond); !errors.Is(err, ErrLockTimeout) {
				t.Errorf("Lock beside the rival: error = %v, want %v", err, ErrLockTimeout)
			}
			_ = stdin.Close()
			lock, err := File{Path: path}.Lock(t.Context(), 10*time.Second)
			if err != nil {
				t.Errorf("Lock after the rival: error = %v, want none", err)
			}
			lock.Unlock()
			_ = cmd.Wait()
		})
	}
}

func pipes(t *testing.T, cmd *exec.Cmd) (io.WriteCloser, io.Reader) {
	t.Helper()
	stdin, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	return stdin, stdout
}
