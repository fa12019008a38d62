package session

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
)

// killsVariable is how often the child is killed; 20 if it is not set.
const killsVariable = "CODEXCTL_TEST_KILLS"

// appendUntilKilled adds exchange after exchange to the session "talk" and writes a
// response's id to stdout as soon as it is stored. It is the child's main.
func appendUntilKilled(dir, run string) int {
	f, err := OpenFolder(dir)
	if err != nil {
		return 1
	}
	s := New(f, Config{})
	// Long enough for a kill to hit the middle of a write.
	long := item(strings.Repeat("x", 300_000))
	for i := 0; ; i++ {
		turn, err := s.Begin(context.Background(), "talk")
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			return 1
		}
		id := fmt.Sprintf("r%s-%d", run, i)
		n := answered(id, last(turn), "rs-"+id, "msg-"+id)
		n.Out = append(n.Out, long)
		if err := turn.Add(context.Background(), n); err != nil {
			fmt.Fprintln(os.Stderr, err)
			return 1
		}
		turn.End()
		fmt.Println(n.ID)
	}
}

// Whatever a kill leaves behind: what was stored is there, in order, each id once and
// found by its name and its items'; and the next one can go on.
func TestKill(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("there is no kill -9 on Windows")
	}
	kills := 20
	if n, err := strconv.Atoi(os.Getenv(killsVariable)); err == nil {
		kills = n
	}
	dir := t.TempDir()
	torn := 0
	for run := range kills {
		stored := killedChild(t, dir, strconv.Itoa(run))
		if !strings.HasSuffix(readFile(t, recordPath(dir, "talk")), "\n") {
			torn++
		}
		s := New(folder(t, dir), Config{})
		kept := history(t, s, "talk")
		// What the child had not yet said may be there too.
		if len(kept) < len(stored) || !slices.Equal(kept[:len(stored)], stored) {
			t.Fatalf("kill %d: %v is kept, want at least %v", run, kept, stored)
		}
		for _, id := range kept {
			turn, err := s.Follow(t.Context(), id)
			if err != nil {
				t.Fatalf("kill %d: Follow(%s): %v", run, id, err)
			}
			turn.End()
			if _, err := s.Item(t.Context(), "msg-"+id); err != nil {
				t.Fatalf("kill %d: Item(msg-%s): %v", run, id, err)
			}
		}
		say(t, s, "talk", "after-"+strconv.Itoa(run))
		list, err := s.List(t.Context())
		if err != nil || len(list) != 1 || list[0].Exchanges != len(kept)+1 {
			t.Fatalf("kill %d: list %+v, %v; want one session of %d exchanges", run, list, err, len(kept)+1)
		}
		if err := s.Remove(t.Context(), "talk"); err != nil {
			t.Fatal(err)
		}
	}
	t.Logf("%d of %d kills left a torn line", torn, kills)
	s := New(folder(t, dir), Config{})
	if err := s.Sweep(t.Context()); err != nil {
		t.Fatal(err)
	}
	diff(t, "files in the end", fileNames(t, dir), []string{folderLock, indexName})
}

// killedChild runs a child until it has stored a few exchanges, and kills it; the ids
// that it has written.
func killedChild(t *testing.T, dir, run string) []string {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(self, run)
	cmd.Env = append(os.Environ(), childVariable+"="+dir)
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewReader(out)
	var stored []string
	read := func() bool {
		line, err := lines.ReadString('\n')
		if err == nil {
			stored = append(stored, strings.TrimSpace(line))
		}
		return err == nil
	}
	read()
	time.Sleep(time.Duration(rand.Int64N(int64(10 * time.Millisecond))))
	if err := cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	for read() {
	}
	_, _ = io.Copy(io.Discard, lines)
	_ = cmd.Wait()
	if len(stored) == 0 {
		t.Fatal("the child stored nothing")
	}
	return stored
}

// A lock that a killed process held is free.
func TestKilledHolder(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("there is no kill -9 on Windows")
	}
	dir := t.TempDir()
	killedChild(t, dir, "0")
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
	defer cancel()
	turn, err := New(folder(t, dir), Config{}).Begin(ctx, "talk")
	if err != nil {
		t.Fatal(err)
	}
	turn.End()
}
