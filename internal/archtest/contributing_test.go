package archtest

import (
	"go/ast"
	"path"
	"slices"
	"strings"
	"testing"
)

// The walk of CONTRIBUTING.md from the line to the answer names a function and its file in
// each step; both are there.
func TestWalk(t *testing.T) {
	_, section, found := strings.Cut(string(mustRead(t, "CONTRIBUTING.md")), "## From the line to the answer\n")
	if !found {
		t.Fatal("CONTRIBUTING.md has no walk from the line to the answer")
	}
	section, _, _ = strings.Cut(section, "\n## ")
	steps := tableRows(section)
	if len(steps) < 5 {
		t.Fatalf("the walk has %d steps, want 5 or more", len(steps))
	}
	for _, step := range steps {
		name, file, ok := strings.Cut(strings.ReplaceAll(step[1], "`", ""), ", ")
		if !ok || !slices.Contains(functionsOf(t, file), name) {
			t.Errorf("step %s: %s is not in %s", step[0], name, file)
		}
	}
}

// functionsOf is the functions of a file; a method has its type before it, as call.run.
func functionsOf(t *testing.T, name string) []string {
	t.Helper()
	var names []string
	for _, f := range thisModule(t).files {
		if f.path != path.Clean(name) {
			continue
		}
		for _, decl := range f.syntax.Decls {
			function, ok := decl.(*ast.FuncDecl)
			switch {
			case !ok:
			case function.Recv == nil:
				names = append(names, function.Name.Name)
			default:
				names = append(names, receiver(function)+"."+function.Name.Name)
			}
		}
	}
	return names
}
