package batch

import (
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
)

// killsVariable is how often the child is killed; 20 if it is not set.
const killsVariable = "CODEXCTL_TEST_KILLS"

const (
	killItems  = 60     // how many the child has to do
	textLength = 12_000 // of a record, in ids
)

// batchUntilKilled works on in.jsonl in dir, as a resumed batch does, and notes each
// request in a file of its own. It is the child's main.
func batchUntilKilled(dir string) int {
	err := resumedBatch(dir)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return 0
}

func resumedBatch(dir string) error {
	in, err := os.Open(filepath.Join(dir, "in.jsonl"))
	if err != nil {
		return err
	}
	items, err := Read(in, Form{})
	if err != nil {
		return err
	}
	requests, err := os.OpenFile(filepath.Join(dir, "requests"), os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o600)
	if err != nil {
		return err
	}
	out, err := Resume(filepath.Join(dir, "out.jsonl"))
	if err != nil {
		return err
	}
	fmt.Println("resumed")
	_, err = Run(context.Background(), Config{
		Items: items, Answered: out.Answered(), Jobs: 4, Out: out,
		Ordered: os.Getenv("BATCH_TEST_ORDERED") != "",
		Do: func(_ context.Context, item Item) Result {
			if _, err := fmt.Fprintln(requests, item.ID.Text); err != nil {
				return Result{Fatal: err}
			}
			time.Sleep(time.Duration(rand.IntN(2000)) * time.Microsecond)
			if rand.IntN(8) == 0 {
				return failed(item, "server_error") // dropped and asked again by the next run
			}
			// Long enough for a kill to hit the middle of a write.
			return Result{Record: longRecord(item.ID, item.Index)}
		},
	})
	if closeErr := out.Close(); err == nil {
		err = closeErr
	}
	return err
}

func longRecord(id ID, index int) []byte {
	return record{ID: id, Index: index, Status: "completed", Text: strings.Repeat(id.Text, textLength)}.line()
}

// Killed and resumed as often as you like, a batch ends with the records of one run:
// each id once, and nothing asked again that was written.
func TestKill(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("there is no kill -9 on Windows")
	}
	left := 20
	if n, err := strconv.Atoi(os.Getenv(killsVariable)); err == nil {
		left = n
	}
	torn, batches := 0, 0
	for ordered := false; left > 0; ordered = !ordered {
		batches++
		k := &killing{t: t, dir: t.TempDir(), ordered: ordered}
		k.toTheEnd(&left)
		torn += k.torn
	}
	t.Logf("%d batches; %d kills left a torn line", batches, torn)
}

// killing is one batch that is killed until it is through.
type killing struct {
	t       *testing.T
	dir     string
	ordered bool
	torn    int
	want    map[string]string // from a completed record to its id
}

func (k *killing) toTheEnd(left *int) {
	t := k.t
	var in strings.Builder
	want := []string{}
	k.want = make(map[string]string)
	for i := range killItems {
		id := ID{Text: fmt.Sprintf("item-%d", i)}
		fmt.Fprintf(&in, "{\"id\":%q}\n", id.Text)
		want = append(want, id.Text)
		k.want[string(longRecord(id, i))+"\n"] = id.Text
	}
	if err := os.WriteFile(filepath.Join(k.dir, "in.jsonl"), []byte(in.String()), 0o600); err != nil {
		t.Fatal(err)
	}
	slices.Sort(want)
	for {
		before, asked := k.written(), len(k.requests())
		ended := k.child(*left > 0)
		for _, id := range k.requests()[asked:] {
			if slices.Contains(before, id) {
				t.Fatalf("%s was asked again after its record was written", id)
			}
		}
		now := k.written()
		for _, id := range before {
			if !slices.Contains(now, id) {
				t.Fatalf("the record of %s is lost", id)
			}
		}
		switch {
		case !ended:
			*left--
		case len(now) == killItems:
			diff(t, "ids in the end", now, want)
			k.files()
			return
		}
	}
}

// child runs a batch and kills it at a random moment, unless it ends before; it says
// which.
func (k *killing) child(kill bool) bool {
	self, err := os.Executable()
	if err != nil {
		k.t.Fatal(err)
	}
	cmd := exec.Command(self)
	cmd.Env = append(os.Environ(), childVariable+"="+k.dir)
	if k.ordered {
		cmd.Env = append(cmd.Env, "BATCH_TEST_ORDERED=1")
	}
	var said strings.Builder
	cmd.Stderr = &said
	out, err := cmd.StdoutPipe()
	if err != nil {
		k.t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		k.t.Fatal(err)
	}
	if rand.IntN(4) > 0 { // else while it starts and resumes
		_, _ = io.ReadFull(out, make([]byte, 1))
	}
	if kill {
		timer := time.AfterFunc(time.Duration(rand.IntN(40))*time.Millisecond, func() { _ = cmd.Process.Kill() })
		defer timer.Stop()
	}
	_, _ = io.Copy(io.Discard, out)
	err = cmd.Wait()
	if err != nil && cmd.ProcessState.Exited() {
		k.t.Fatalf("the child failed: %v\n%s", err, said.String())
	}
	return err == nil
}

// written is the ids of the completed records, sorted; none may stand there twice.
func (k *killing) written() []string {
	data, err := os.ReadFile(filepath.Join(k.dir, "out.jsonl"))
	if err != nil && !os.IsNotExist(err) {
		k.t.Fatal(err)
	}
	ids := []string{}
	for line := range strings.Lines(string(data)) {
		if !strings.HasSuffix(line, "\n") {
			k.torn++
			continue
		}
		id, ok := k.want[line]
		if !ok {
			if r := readRecord(k.t, line); r.Status == "completed" {
				k.t.Fatalf("the record of %s is not what was written", r.ID.Text)
			}
			continue
		}
		ids = append(ids, id)
	}
	slices.Sort(ids)
	if len(slices.Compact(slices.Clone(ids))) != len(ids) {
		k.t.Fatalf("an id is there twice: %v", ids)
	}
	return ids
}

func (k *killing) requests() []string {
	data, err := os.ReadFile(filepath.Join(k.dir, "requests"))
	if err != nil && !os.IsNotExist(err) {
		k.t.Fatal(err)
	}
	return strings.Fields(string(data))
}

// files makes sure that nothing else is left.
func (k *killing) files() {
	entries, err := os.ReadDir(k.dir)
	if err != nil {
		k.t.Fatal(err)
	}
	names := []string{}
	for _, entry := range entries {
		names = append(names, entry.Name())
	}
	diff(k.t, "files in the end", names, []string{"in.jsonl", "out.jsonl", "requests"})
}
