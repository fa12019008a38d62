package main

import (
	"context"
	"math"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/codexctl/codexctl/bench/lab"
)

// The test binary stands in for the program where a peak of memory is reported.
func TestMain(m *testing.M) {
	if len(os.Args) > 3 && os.Args[1] == lab.PeakArgument {
		os.Exit(lab.ReportPeak(os.Args[2:]))
	}
	os.Exit(m.Run())
}

// quality.md, Performance: "`make bench` measures every performance line". Here each
// measurement is made once, as short as it can be: it has to work, and what it measures
// has to be right, which the measurement itself looks at. How long anything took is
// of no matter.
func TestEveryPartInAQuickRun(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("what a process holds and uses is read from /proc")
	}
	l, err := lab.Open(t.Context(), "..", true)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(l.Close)
	for i, p := range parts() {
		if testing.Short() && i%3 != 1 {
			continue // they start other programs for the most part
		}
		t.Run(p.name, func(t *testing.T) {
			rows, err := p.measure(t.Context(), l)
			if err != nil {
				t.Fatal(err)
			}
			if len(rows) == 0 && p.name != "peers" { // those are left out of a quick run
				t.Error("nothing was measured")
			}
			for _, r := range rows {
				checkRow(t, r)
			}
		})
	}
	t.Run("scaling", func(t *testing.T) { checkScaling(t.Context(), t, l) })
}

// checkRow wants a row to say something in each of its cells.
func checkRow(t *testing.T, r row) {
	t.Helper()
	if r.what == "" || r.ours == "" || r.unit == "" {
		t.Errorf("row %+v: want it to say what, how much, and in what unit", r)
	}
	if (r.theirs == "") != (r.rival == "") {
		t.Errorf("%s: rival %q has the figure %q, want both or none", r.what, r.rival, r.theirs)
	}
	if math.IsNaN(r.value) || math.IsInf(r.value, 0) {
		t.Errorf("%s: the value is %v", r.what, r.value)
	}
	for _, cell := range r.cells() {
		if strings.ContainsAny(cell, "|\n") {
			t.Errorf("%s: the cell %q breaks the table of the page", r.what, cell)
		}
	}
}

// checkScaling measures for the page about many callers, and writes it.
func checkScaling(ctx context.Context, t *testing.T, l *lab.Lab) {
	s, err := measureScaling(ctx, l)
	if err != nil {
		t.Fatal(err)
	}
	page, err := os.ReadFile(filepath.Join("..", scalingDocument))
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "scaling.md")
	if err := os.WriteFile(path, page, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := replaceBetween(path, scalingMark, s.markdown()); err != nil {
		t.Fatal(err)
	}
	written, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"### Streams\n", "\n### Conversations\n", "| folder | 1 |", "\n### Sizes\n"} {
		if !strings.Contains(string(written), want) {
			t.Errorf("the page lacks %q:\n%s", want, written)
		}
	}
	if len(s.streams) < 2 || s.noRedis == nil && (len(s.replicas) == 0 || s.shared.turns == 0) {
		t.Errorf("measured %d counts of streams and %d of servers", len(s.streams), len(s.replicas))
	}
}

func TestBarsAreInclusive(t *testing.T) {
	tests := []struct {
		name    string
		value   float64
		bar     bar
		verdict string
	}{
		{"no bar", 7, bar{}, ""},
		{"below the most", 1.39, bar{atMost: 1.4}, "met"},
		{"at the most", 1.4, bar{atMost: 1.4}, "met"},
		{"above the most", 1.41, bar{atMost: 1.4}, "MISSED"},
		{"above the least", 0.91, bar{atLeast: 0.9}, "met"},
		{"at the least", 0.9, bar{atLeast: 0.9}, "met"},
		{"below the least", 0.89, bar{atLeast: 0.9}, "MISSED"},
	}
	table := &table{}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r := row{value: tt.value, bar: tt.bar}
			if got := r.verdict(); got != tt.verdict {
				t.Errorf("%v held against %+v: got %q, want %q", tt.value, tt.bar, got, tt.verdict)
			}
			table.add(r)
		})
	}
	if bars, missed := table.bars(), table.missed(); bars != 6 || missed != 2 {
		t.Errorf("the table has %d bars and %d missed, want 6 and 2", bars, missed)
	}
}

func TestReplaceBetweenKeepsTheRestOfAPage(t *testing.T) {
	const before, after = "# Page\n\n" + beginMark, endMark + "\nThe end.\n"
	tests := []struct {
		name, page, want string // want is empty for a page that is refused and kept
	}{
		{"nothing yet", before + after, before + "\nfigures\n" + after},
		{"figures of another day", before + "\nold\nolder\n" + after, before + "\nfigures\n" + after},
		{"no beginning", "# Page\n\n" + after, ""},
		{"no end", before, ""},
		{"the end first", after + before, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "page.md")
			if err := os.WriteFile(path, []byte(tt.page), 0o600); err != nil {
				t.Fatal(err)
			}
			err := replaceBetween(path, beginMark, "figures")
			want := tt.want
			if want == "" {
				want = tt.page
			}
			got, readErr := os.ReadFile(path)
			if readErr != nil || string(got) != want || (err != nil) != (tt.want == "") {
				t.Errorf("got %q, %v, %v; want %q", got, err, readErr, want)
			}
		})
	}
}

func TestDocumentsHaveTheirMarks(t *testing.T) {
	for page, mark := range map[string]string{document: beginMark, scalingDocument: scalingMark} {
		data, err := os.ReadFile(filepath.Join("..", page))
		if err != nil {
			t.Fatal(err)
		}
		if strings.Count(string(data), mark) != 1 || strings.Count(string(data), endMark) != 1 {
			t.Errorf("%s: want the lines %q and %q, once each", page, mark, endMark)
		}
	}
}

func TestSumInits(t *testing.T) {
	trace := "init internal/bytealg @0.005 ms, 0.25 ms clock, 0 bytes, 0 allocs\n" +
		"codexctl 1.0\n" +
		"init errors @0.1 ms, 0.5 ms clock, 0 bytes, 0 allocs\n"
	if got, err := sumInits([]byte(trace)); got != 0.75 || err != nil {
		t.Errorf("got %v, %v; want 0.75", got, err)
	}
	for name, trace := range map[string]string{"silence": "codexctl 1.0\n", "no number": "init errors @0.1 ms, x ms clock\n"} {
		if got, err := sumInits([]byte(trace)); err == nil {
			t.Errorf("%s: got %v, want an error", name, got)
		}
	}
}

func TestWantedParts(t *testing.T) {
	names := func(list string) string {
		chosen, err := wanted(list)
		if err != nil {
			return err.Error()
		}
		var names []string
		for _, p := range chosen {
			names = append(names, p.name)
		}
		return strings.Join(names, " ")
	}
	if got, want := names(""), strings.Join(partNames(), " "); got != want {
		t.Errorf("without a list: got %q, want all: %q", got, want)
	}
	if got, want := names("start,binary"), "start binary"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	if got := names("start,nothing"); !strings.Contains(got, `no part "nothing"`) {
		t.Errorf("an unknown name: got %q, want it to be named", got)
	}
}

func TestFiguresHaveThreeDigits(t *testing.T) {
	tests := []struct{ got, want string }{
		{short(1.23456), "1.23"}, {short(0.000123456), "0.000123"},
		{duration(999), "999 ns"}, {duration(1234), "1.23 µs"}, {duration(12_345_678), "12.3 ms"}, {duration(1_234_567_890), "1.23 s"},
		{mebibytes(3 << 19), "1.5 MiB"},
	}
	for _, tt := range tests {
		if tt.got != tt.want {
			t.Errorf("got %q, want %q", tt.got, tt.want)
		}
	}
}

func TestAnswersOfABatchAreChecked(t *testing.T) {
	record := func(id, said string) string {
		return `{"id":` + id + `,"index":0,"status":"completed","text":"You said: question ` + said + `"}` + "\n"
	}
	tests := []struct {
		name, file string
		right      bool
	}{
		{"each once, in any order", record("2", "2") + record("1", "1"), true},
		{"one is missing", record("1", "1"), false},
		{"one is there twice", record("1", "1") + record("1", "1"), false},
		{"somebody else's answer", record("1", "2") + record("2", "1"), false},
		{"one that nobody asked", record("1", "1") + record("2", "2") + record("3", "3"), false},
		{"a torn one", record("1", "1") + `{"id":2,`, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "answers.jsonl")
			if err := os.WriteFile(path, []byte(tt.file), 0o600); err != nil {
				t.Fatal(err)
			}
			if err := checkAnswers(path, 2); (err == nil) != tt.right {
				t.Errorf("got %v, want it to be right: %t", err, tt.right)
			}
		})
	}
}

func TestWhatIsRewrittenIsNoticed(t *testing.T) {
	const name = "talk.jsonl"
	tests := []struct {
		name   string
		change func(path string) error
		grown  bool
	}{
		{"a line more", func(path string) error { return os.WriteFile(path, []byte("one\ntwo\n"), 0o600) }, true},
		{"the same", func(string) error { return nil }, false},
		{"another beginning", func(path string) error { return os.WriteFile(path, []byte("ONE\ntwo\n"), 0o600) }, false},
		{"another file", func(path string) error {
			if err := os.WriteFile(path+".new", []byte("one\ntwo\n"), 0o600); err != nil {
				return err
			}
			return os.Rename(path+".new", path)
		}, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			dir := t.TempDir()
			path := filepath.Join(dir, name)
			if err := os.WriteFile(path, []byte("one\n"), 0o600); err != nil {
				t.Fatal(err)
			}
			before, err := readFiles(dir)
			if err != nil {
				t.Fatal(err)
			}
			if err := tt.change(path); err != nil {
				t.Fatal(err)
			}
			if err := before.onlyGrown(dir); (err == nil) != tt.grown {
				t.Errorf("got %v, want it to have only grown: %t", err, tt.grown)
			}
		})
	}
}
