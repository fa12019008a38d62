//go:build unix

package batch

import (
	"context"
	"errors"
	"fmt"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// limitFiles makes every file of this process full at a size, until the end of the test.
func limitFiles(t *testing.T, size int) {
	t.Helper()
	signal.Ignore(syscall.SIGXFSZ)
	var before syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_FSIZE, &before); err != nil {
		t.Skip(err)
	}
	limit := before
	limit.Cur = 0
	for range size {
		limit.Cur++ // its type differs between systems
	}
	if err := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &limit); err != nil {
		t.Skip(err)
	}
	t.Cleanup(func() {
		if err := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &before); err != nil {
			t.Error(err)
		}
		signal.Reset(syscall.SIGXFSZ)
	})
}

// When the disk is full the run ends, and the file holds whole records alone.
func TestRunOnAFullDisk(t *testing.T) {
	path := filepath.Join(t.TempDir(), "out.jsonl")
	items := prompts(t, 10)
	f := create(t, path)
	room := 3*len(one) + 10
	t.Run("full", func(t *testing.T) {
		limitFiles(t, room)
		sum, err := Run(t.Context(), Config{
			Items: items, Jobs: 1, Out: f,
			Do: func(_ context.Context, item Item) Result {
				return Result{Record: fmt.Appendf(nil, `{"id":%s,"index":%d,"status":"completed","text":"a"}`, item.ID.Text, item.Index)}
			},
		})
		wantErr(t, "Run", err, ErrOutput)
		if !errors.Is(err, syscall.EFBIG) {
			t.Errorf("got %v, want EFBIG", err)
		}
		diffSummary(t, sum, Summary{Total: 10, Completed: 3, NotAttempted: 7})
		closeAll(t, f)
	})
	got := readFile(t, path)
	if len(got) != 3*len(one) || strings.Count(got, "\n") != 3 {
		t.Errorf("got %q, want three whole records", got)
	}
}

// Nor does it cost what is there already.
func TestResumeOnAFullDisk(t *testing.T) {
	content := one + badThree + two
	path := writeFile(t, content)
	t.Run("full", func(t *testing.T) {
		limitFiles(t, 10)
		_, err := Resume(path)
		wantErr(t, "Resume", err, syscall.EFBIG)
	})
	diff(t, "content", readFile(t, path), content)
	diff(t, "files", fileNames(t, filepath.Dir(path)), []string{"file.jsonl"})
}
