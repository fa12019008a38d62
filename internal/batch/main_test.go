package batch

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"
)

// childVariable makes the test binary play another process.
const childVariable = "BATCH_TEST_CHILD"

func TestMain(m *testing.M) {
	if dir := os.Getenv(childVariable); dir != "" {
		os.Exit(batchUntilKilled(dir))
	}
	goleak.VerifyTestMain(m)
}

func diff(t testing.TB, what string, got, want any) {
	t.Helper()
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("%s (-want +got):\n%s", what, d)
	}
}

func wantErr(t testing.TB, what string, got, want error) {
	t.Helper()
	if !errors.Is(got, want) {
		t.Errorf("%s: got error %v, want %v", what, got, want)
	}
}

// prompts is n items of one line each.
func prompts(t testing.TB, n int) []Item {
	t.Helper()
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, "prompt %d\n", i+1)
	}
	items, err := Read(strings.NewReader(b.String()), Form{Lines: true})
	if err != nil {
		t.Fatal(err)
	}
	return items
}

// record is what the tests write about an item.
type record struct {
	ID     ID     `json:"id"`
	Index  int    `json:"index"`
	Status string `json:"status"`
	Text   string `json:"text,omitempty"`
}

func (id *ID) UnmarshalJSON(data []byte) error {
	got, _, err := readID(fmt.Appendf(nil, `{"id":%s}`, data))
	*id = got
	return err
}

func (r record) line() []byte {
	data, err := json.Marshal(r)
	if err != nil {
		panic(err)
	}
	return data
}

// done is the result of an item that is completed.
func done(item Item) Result {
	return Result{Record: record{ID: item.ID, Index: item.Index, Status: "completed"}.line()}
}

func failed(item Item, code string) Result {
	return Result{Record: record{ID: item.ID, Index: item.Index, Status: "failed"}.line(), Code: code}
}

func doDone(_ context.Context, item Item) Result { return done(item) }

// lineWriter keeps each write.
type lineWriter struct{ writes []string }

func (w *lineWriter) Write(p []byte) (int, error) {
	w.writes = append(w.writes, string(p))
	return len(p), nil
}

// ids is the ids of the records, in the order of writing. Each write must be one line.
func (w *lineWriter) ids(t testing.TB) []string {
	t.Helper()
	ids := []string{}
	for _, line := range w.writes {
		if strings.Count(line, "\n") != 1 || !strings.HasSuffix(line, "\n") {
			t.Fatalf("one write is %q, want one line", line)
		}
		ids = append(ids, readRecord(t, line).ID.Text)
	}
	return ids
}

func readRecord(t testing.TB, line string) record {
	t.Helper()
	var r record
	if err := json.Unmarshal([]byte(line), &r); err != nil {
		t.Fatalf("record %q: %v", line, err)
	}
	return r
}

func writeFile(t testing.TB, content string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "file.jsonl")
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func readFile(t testing.TB, path string) string {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

func closeAll(t testing.TB, closers ...io.Closer) {
	t.Helper()
	for _, c := range closers {
		if err := c.Close(); err != nil {
			t.Error(err)
		}
	}
}
