//go:build unix

package credentials

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"

	"go.uber.org/goleak"
)

// modeVariable makes the test binary play another process.
const modeVariable = "CREDENTIALS_TEST_MODE"

func TestMain(m *testing.M) {
	if mode := os.Getenv(modeVariable); mode != "" {
		os.Exit(play(mode, os.Args[len(os.Args)-1]))
	}
	goleak.VerifyTestMain(m)
}

// play is what the other process does with the store at path.
func play(mode, path string) int {
	file := File{Path: path, Format: LangChain}
	switch mode {
	case "hold": // take the lock, say so, hold it until stdin ends
		lock, err := file.Lock(context.Background(), 0)
		if err != nil {
			return fail(err)
		}
		fmt.Println("held")
		_, _ = os.Stdin.Read(make([]byte, 1))
		lock.Unlock()
	case "small disk": // a file-size limit stands for a full disk
		limit := syscall.Rlimit{Cur: 8 << 10, Max: 8 << 10}
		if err := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &limit); err != nil {
			return fail(err)
		}
		return prepare(file)
	case "prepare":
		return prepare(file)
	case "lock":
		lock, err := file.Lock(context.Background(), time.Second)
		lock.Unlock()
		return fail(err)
	case "read":
		_, _, err := file.Read(context.Background())
		return fail(err)
	case "store": // write again and again, to be killed
		for i := 0; ; i++ {
			lock, err := file.Lock(context.Background(), 0)
			if err != nil {
				return fail(err)
			}
			p, err := file.Prepare(context.Background())
			if err != nil {
				return fail(err)
			}
			if err := p.Commit(context.Background(), Credential{AccessToken: NewSecret(fmt.Sprintf("t%d", i)), ExpiresAt: expiry}); err != nil {
				return fail(err)
			}
			lock.Unlock()
		}
	}
	return 0
}

func prepare(file File) int {
	p, err := file.Prepare(context.Background())
	p.Abort()
	return fail(err)
}

// fail prints which sentinel err is, and how it reads.
func fail(err error) int {
	switch {
	case err == nil:
		fmt.Println("ok")
		return 0
	case errors.Is(err, ErrNotWritable):
		fmt.Print("not writable: ")
	case errors.Is(err, ErrUnreadable):
		fmt.Print("unreadable: ")
	}
	fmt.Println(err)
	return 1
}

// other runs the test binary as another process, to its end.
func other(t *testing.T, attr *syscall.SysProcAttr, mode, path string) string {
	t.Helper()
	cmd := command(mode, path)
	cmd.SysProcAttr = attr
	var out bytes.Buffer
	cmd.Stdout = &out
	if err := cmd.Run(); err != nil {
		if _, ok := errors.AsType[*exec.ExitError](err); !ok {
			t.Skipf("cannot start another process: %v", err)
		}
	}
	return strings.TrimSpace(out.String())
}

func command(mode, path string) *exec.Cmd {
	cmd := exec.Command(self(), path)
	cmd.Env = append(os.Environ(), modeVariable+"="+mode)
	cmd.Dir = "/"
	return cmd
}

// self is the test binary, which stands in for other programs.
func self() string {
	path, err := os.Executable()
	if err != nil {
		panic(err)
	}
	return path
}
