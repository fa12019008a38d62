package archtest

import (
	"fmt"
	"go/ast"
	"go/token"
	"io/fs"
	"os"
	"path"
	"regexp"
	"slices"
	"strings"
	"testing"
)

var (
	goTest     = regexp.MustCompile(`^((?:[A-Z_]+=\S+ )*)go test (.+)$`)
	makeTarget = regexp.MustCompile(`^make ([a-z0-9-]+)`)
	runFlag    = regexp.MustCompile(`-run (?:'([^']*)'|(\S+))`)
	testFolder = regexp.MustCompile(`\./[a-z][a-z/]*`)
)

// tests is what a folder has for `go test` to select, and the strings in its test files.
type tests struct {
	names, literals []string
}

// testsIn reads the test files of a folder, given from the module's root.
func testsIn(t tree, dir string) tests {
	var found tests
	for _, f := range t.files {
		if f.dir() != dir || !f.isTest() {
			continue
		}
		ast.Inspect(f.syntax, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.FuncDecl:
				name := n.Name.Name
				if n.Recv == nil && (strings.HasPrefix(name, "Test") && name != "TestMain" || strings.HasPrefix(name, "Example") || strings.HasPrefix(name, "Fuzz")) {
					found.names = append(found.names, name)
				}
			case *ast.BasicLit:
				if n.Kind == token.STRING {
					found.literals = append(found.literals, n.Value)
				}
			}
			return true
		})
	}
	return found
}

// badCommand says what is wrong with a line that a document gives for a test: a folder
// without tests, a pattern of which a part selects nothing (go test is content with
// that), a variable that no test of the folder reads, a target that make does not have.
// Lines for other programs are not looked at, nor `./...`.
func badCommand(t tree, line, makefile string, scripts []string) []string {
	if m := makeTarget.FindStringSubmatch(line); m != nil && !strings.Contains(makefile, "\n"+m[1]+":") {
		return []string{"the Makefile has no " + m[1]}
	}
	m := goTest.FindStringSubmatch(line)
	if m == nil {
		return nil
	}
	var wrong []string
	for _, dir := range testFolder.FindAllString(m[2], -1) {
		dir = path.Clean(dir)
		have := testsIn(t, dir)
		if len(have.names) == 0 {
			wrong = append(wrong, dir+" has no tests")
			continue
		}
		for _, setting := range strings.Fields(m[1]) {
			if name, _, _ := strings.Cut(setting, "="); !slices.Contains(have.literals, `"`+name+`"`) {
				wrong = append(wrong, "no test of "+dir+" reads "+name)
			}
		}
		for _, run := range runFlag.FindAllStringSubmatch(m[2], -1) {
			for _, pattern := range alternatives(run[1] + run[2]) {
				if !selects(pattern, have.names, scripts) {
					wrong = append(wrong, fmt.Sprintf("%q selects no test of %s", pattern, dir))
				}
			}
		}
	}
	return wrong
}

// selects says whether a pattern of -run without alternatives selects something. What
// stands behind the slash is looked for among the scripts if the test is TestScripts, else
// it is taken at its word.
func selects(pattern string, names, scripts []string) bool {
	test, part, _ := strings.Cut(pattern, "/")
	found := matching(test, names)
	if slices.Contains(found, "TestScripts") {
		return len(matching(part, scripts)) > 0
	}
	return len(found) > 0
}

func matching(pattern string, names []string) []string {
	compiled, err := regexp.Compile(pattern)
	if err != nil {
		return nil
	}
	return slices.DeleteFunc(slices.Clone(names), func(name string) bool { return !compiled.MatchString(name) })
}

// alternatives takes a pattern apart: A|B/(C|D) is A, B/C and B/D.
func alternatives(pattern string) []string {
	var parts []string
	depth, begin := 0, 0
	for i, c := range pattern + "|" {
		switch {
		case c == '(':
			depth++
		case c == ')':
			depth--
		case c == '|' && depth == 0:
			parts, begin = append(parts, pattern[begin:i]), i+1
		}
	}
	var all []string
	for _, part := range parts {
		front, group, grouped := strings.Cut(part, "(")
		if !grouped {
			all = append(all, part)
			continue
		}
		for word := range strings.SplitSeq(strings.TrimSuffix(group, ")"), "|") {
			all = append(all, front+word)
		}
	}
	return all
}

// commandsOf is what stands as code within the lines of a page. A bar that a table wants
// with a backslash has none.
func commandsOf(page string) []string {
	var lines []string
	for _, code := range mdCode.FindAllString(page, -1) {
		lines = append(lines, strings.ReplaceAll(strings.Trim(code, "`"), `\|`, "|"))
	}
	return lines
}

// Every command that a page gives for a test selects one, in each of its alternatives: a
// promise must not rest on a test that has another name by now.
func TestCommandsOfDocuments(t *testing.T) {
	module, makefile := thisModule(t), "\n"+string(mustRead(t, "Makefile"))
	var scripts []string
	for _, name := range globbed(t, "testdata/scripts/*.txtar") {
		scripts = append(scripts, strings.TrimSuffix(path.Base(name), ".txtar"))
	}
	seen := 0
	for _, page := range append(globbed(t, "*.md"), globbed(t, "docs/*.md")...) {
		for _, line := range commandsOf(string(mustRead(t, page))) {
			if goTest.MatchString(line) {
				seen++
			}
			for _, wrong := range badCommand(module, line, makefile, scripts) {
				t.Errorf("%s: %s: %s", page, line, wrong)
			}
		}
	}
	if seen < 40 {
		t.Errorf("read %d commands, want 40 or more: has the form of the pages changed?", seen)
	}
}

func globbed(t *testing.T, pattern string) []string {
	t.Helper()
	names, err := fs.Glob(os.DirFS(moduleRoot), pattern)
	if err != nil || len(names) == 0 {
		t.Fatalf("%s: %d files, %v", pattern, len(names), err)
	}
	return names
}

func TestBadCommand(t *testing.T) {
	module, err := readTree(mapFS(map[string]string{
		"go.mod":          "module example.com/m\n",
		"pkg/a/a_test.go": "package a\nfunc TestOne(t T) { get(\"ROUNDS\") }\nfunc TestScripts(t T) {}\nfunc helper() {}\n",
		"pkg/b/b.go":      "package b\n",
	}))
	if err != nil {
		t.Fatal(err)
	}
	for line, want := range map[string]int{
		"make test":                                          0,
		"make toast":                                         1,
		"ls -l":                                              0,
		"go test ./...":                                      0,
		"ROUNDS=3 go test ./pkg/a -run One -v":               0,
		"TURNS=3 go test ./pkg/a -run One -v":                1,
		"go test ./pkg/b":                                    1,
		"go test ./pkg/a -run 'One|Scripts'":                 0,
		"go test ./pkg/a -run 'One|Two|helper'":              2,
		"go test ./pkg/a -run 'Test(One|Two)'":               1,
		`go test ./pkg/a -run 'One\|Scripts'`:                1,
		"go test ./pkg/a -run 'One|TestScripts/(begin|end)'": 1,
		"go test ./pkg/a -run TestScripts/begin":             0,
	} {
		if got := badCommand(module, line, "\ntest:\n", []string{"begin"}); len(got) != want {
			t.Errorf("%s: found %q, want %d", line, got, want)
		}
	}
}
