package cli

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"unicode/utf8"

	"github.com/codexctl/codexctl/internal/emulator"
)

// faultTable is a part of testdata/faults.txt: what becomes of a scene of the emulator,
// form by form. The words of the cells are explained there.
type faultTable struct {
	name    string
	columns []string // the first is the scene
	rows    []faultRow
}

// faultRow is a scene, and a cell for each column.
type faultRow map[string]string

// scene is the emulator's, by its name or as JSON.
func (r faultRow) scene(t *testing.T) emulator.Scene {
	t.Helper()
	if strings.HasPrefix(r["scene"], "{") {
		scene, err := emulator.ParseScene([]byte(r["scene"]))
		if err != nil {
			t.Fatal(err)
		}
		return scene
	}
	return namedScene(t, r["scene"])
}

// readFaults reads one part of the table.
func readFaults(t *testing.T, name string) faultTable {
	t.Helper()
	data, err := os.ReadFile(filepath.Join("..", "..", "testdata", "faults.txt"))
	if err != nil {
		t.Fatal(err)
	}
	_, part, found := strings.Cut(string(data), "\n== "+name+"\n")
	if !found {
		t.Fatalf("testdata/faults.txt has no part %q", name)
	}
	part, _, _ = strings.Cut(part, "\n== ")
	table := faultTable{name: name}
	for line := range strings.Lines(part) {
		line = strings.TrimSpace(line)
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		cells := strings.Split(line, "|")
		for i := range cells {
			cells[i] = strings.TrimSpace(cells[i])
		}
		if table.columns == nil {
			table.columns = cells
			continue
		}
		if len(cells) != len(table.columns) {
			t.Fatalf("testdata/faults.txt, %s: %d cells, want %d: %s", name, len(cells), len(table.columns), line)
		}
		row := faultRow{}
		for i, column := range table.columns {
			row[column] = cells[i]
		}
		table.rows = append(table.rows, row)
	}
	return table
}

// check compares what observe finds with the table, each sampled row as a test of its own, and
// with -v prints what it found in the form of the table, and how many runs of the program
// that took, which observe says as well.
func (f faultTable) check(t *testing.T, observe func(*testing.T, faultRow) (got faultRow, runs int64)) {
	t.Helper()
	rows := sampled(f.rows)
	found := make([]faultRow, len(rows))
	var total atomic.Int64
	var mu sync.Mutex
	t.Run("rows", func(t *testing.T) {
		for i, row := range rows {
			t.Run(row["scene"], func(t *testing.T) {
				t.Parallel()
				got, runs := observe(t, row)
				total.Add(runs)
				got["scene"] = row["scene"]
				for _, column := range f.columns {
					if got[column] != row[column] {
						t.Errorf("%s: got %s, want %s", column, got[column], row[column])
					}
				}
				mu.Lock()
				defer mu.Unlock()
				found[i] = got
			})
		}
	})
	if testing.Verbose() {
		t.Logf("what happens, %s: %d scenes, %d runs\n%s", f.name, len(rows), total.Load(), f.layout(found))
	}
}

// layout puts rows into columns.
func (f faultTable) layout(rows []faultRow) string {
	width := make([]int, len(f.columns))
	head := faultRow{}
	for i, column := range f.columns {
		head[column] = column
		width[i] = utf8.RuneCountInString(column)
		for _, row := range rows {
			width[i] = max(width[i], utf8.RuneCountInString(row[column]))
		}
	}
	var b strings.Builder
	for _, row := range append([]faultRow{head}, rows...) {
		if row == nil {
			continue // was not run
		}
		var line strings.Builder
		for i, column := range f.columns {
			fmt.Fprintf(&line, "%s%s | ", row[column], strings.Repeat(" ", width[i]-utf8.RuneCountInString(row[column])))
		}
		b.WriteString(strings.TrimRight(line.String(), " |") + "\n")
	}
	return b.String()
}

// agreed is the cell for what several forms have come to: one word if they agree, else
// each with its form.
type agreed map[string]string

func (a agreed) String() string {
	values := slices.Sorted(maps.Values(a))
	if values = slices.Compact(values); len(values) == 1 {
		return values[0]
	}
	var each []string
	for _, form := range slices.Sorted(maps.Keys(a)) {
		each = append(each, form+": "+a[form])
	}
	return strings.Join(each, "; ")
}

// Every scene stands in one of the parts, so a new one cannot be forgotten.
func TestEverySceneHasAFaultRow(t *testing.T) {
	t.Parallel()
	rows := map[string]bool{}
	for _, part := range []string{"answers", "renewal", "browser", "device", "sign-out"} {
		for _, row := range readFaults(t, part).rows {
			if name := row["scene"]; !strings.HasPrefix(name, "{") {
				row.scene(t)
				rows[name] = true
			}
		}
	}
	for _, info := range emulator.SceneNames() {
		if !rows[info.Name] {
			t.Errorf("testdata/faults.txt has no row for the scene %s (%s)", info.Name, info.About)
		}
	}
}
