package archtest

import (
	"cmp"
	"fmt"
	"io/fs"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
)

// finding is one breach of a rule.
type finding struct {
	path    string
	line    int
	what    string
	instead string // what to do
}

func (f finding) String() string {
	return fmt.Sprintf("%s:%d: %s", f.path, f.line, f.what)
}

func inOrder(found []finding) []finding {
	slices.SortStableFunc(found, func(a, b finding) int {
		return cmp.Or(cmp.Compare(a.path, b.path), cmp.Compare(a.line, b.line), cmp.Compare(a.what, b.what))
	})
	return slices.Compact(found)
}

// report fails the test once for each finding.
func report(t *testing.T, found []finding) {
	t.Helper()
	for _, f := range inOrder(found) {
		t.Errorf("%v\n\tinstead: %s", f, f.instead)
	}
}

// proof is a small tree and what a rule has to say about it.
type proof struct {
	name string
	tree map[string]string // path → source
	want []string          // findings as file:line: what
}

// prove fails unless check finds in each tree exactly what the proof wants, and
// unless there are both a tree that breaks the rule and one that keeps it.
func prove(t *testing.T, check func(tree) []finding, proofs []proof) {
	t.Helper()
	kept, broken := 0, 0
	for _, p := range proofs {
		if len(p.want) == 0 {
			kept++
		} else {
			broken++
		}
		t.Run(p.name, func(t *testing.T) {
			read, err := readTree(mapFS(p.tree))
			if err != nil {
				t.Fatalf("read: %v", err)
			}
			if len(read.broken) > 0 {
				t.Fatalf("the proof's own source: %v", read.broken)
			}
			compare(t, check(read), p.want)
		})
	}
	if kept == 0 || broken == 0 {
		t.Errorf("%d proofs keep the rule and %d break it, want some of both", kept, broken)
	}
}

func compare(t *testing.T, found []finding, want []string) {
	t.Helper()
	var got []string
	for _, f := range inOrder(found) {
		got = append(got, f.String())
		if f.instead == "" {
			t.Errorf("%v: does not say what to do instead", f)
		}
	}
	if !slices.Equal(got, want) {
		t.Errorf("findings\n got: %s\nwant: %s", strings.Join(got, "\n      "), strings.Join(want, "\n      "))
	}
}

func mapFS(files map[string]string) fs.FS {
	fsys := fstest.MapFS{}
	for name, text := range files {
		fsys[name] = &fstest.MapFile{Data: []byte(text)}
	}
	return fsys
}
