package archtest

import (
	"errors"
	"go/ast"
	"go/parser"
	"go/scanner"
	"go/token"
	"io/fs"
	"os"
	"path"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
)

const (
	modulePath = "github.com/codexctl/codexctl"
	moduleRoot = "../.."
)

// tree is the Go files of one module, in the order of their paths.
type tree struct {
	files  []*file
	broken []finding // files that do not parse; no other rule sees them
}

// file is one parsed Go file.
type file struct {
	path    string // from the module's root, with slashes
	source  *token.File
	syntax  *ast.File
	imports map[string]string // local name → import path
}

// readTree parses the Go files of the module that has its root at fsys. As the go
// command does, it passes over testdata, vendor, names that begin with a dot or an
// underscore, nested modules, and files that are never built ("//go:build ignore");
// no other build constraint counts.
func readTree(fsys fs.FS) (tree, error) {
	var t tree
	err := fs.WalkDir(fsys, ".", func(name string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case entry.IsDir():
			if name != "." && (hidden(entry.Name()) || isModule(fsys, name)) {
				return fs.SkipDir
			}
			return nil
		case path.Ext(name) != ".go" || hidden(entry.Name()):
			return nil
		case name == "deps_tmp.go": // holds modules in go.mod until they are imported
			return nil
		}
		return t.add(fsys, name)
	})
	return t, err
}

func hidden(name string) bool {
	return name == "testdata" || name == "vendor" || strings.HasPrefix(name, ".") || strings.HasPrefix(name, "_")
}

func isModule(fsys fs.FS, dir string) bool {
	_, err := fs.Stat(fsys, path.Join(dir, "go.mod"))
	return err == nil
}

func (t *tree) add(fsys fs.FS, name string) error {
	text, err := fs.ReadFile(fsys, name)
	if err != nil {
		return err
	}
	fset := token.NewFileSet()
	syntax, err := parser.ParseFile(fset, name, text, parser.ParseComments|parser.SkipObjectResolution)
	if err != nil {
		t.broken = append(t.broken, brokenAt(name, err))
		return nil
	}
	if neverBuilt(syntax) {
		return nil
	}
	f := &file{path: name, source: fset.File(syntax.Package), syntax: syntax, imports: map[string]string{}}
	for _, spec := range syntax.Imports {
		f.imports[localName(spec)] = importPath(spec)
	}
	t.files = append(t.files, f)
	return nil
}

func brokenAt(name string, err error) finding {
	line, what := 1, err.Error()
	var list scanner.ErrorList
	if errors.As(err, &list) && len(list) > 0 {
		line, what = list[0].Pos.Line, list[0].Msg
	}
	return finding{name, line, "does not parse: " + what, "no rule reads this file until it does"}
}

func neverBuilt(syntax *ast.File) bool {
	for _, group := range syntax.Comments {
		if group.Pos() > syntax.Package {
			return false
		}
		for _, comment := range group.List {
			if comment.Text == "//go:build ignore" {
				return true
			}
		}
	}
	return false
}

// shipped is the files that are not tests.
func (t tree) shipped() []*file {
	return slices.DeleteFunc(slices.Clone(t.files), (*file).isTest)
}

// byDir sorts files by the folder of their package.
func byDir(files []*file) map[string][]*file {
	dirs := map[string][]*file{}
	for _, f := range files {
		dirs[f.dir()] = append(dirs[f.dir()], f)
	}
	return dirs
}

// perFile makes a rule about single files into one about the shipped files of a tree.
func perFile(check func(*file) []finding) func(tree) []finding {
	return func(t tree) []finding {
		var found []finding
		for _, f := range t.shipped() {
			found = append(found, check(f)...)
		}
		return found
	}
}

func (f *file) dir() string { return path.Dir(f.path) }

func (f *file) isTest() bool { return strings.HasSuffix(f.path, "_test.go") }

// within says whether the file lies in one of the folders or below it.
func (f *file) within(dirs ...string) bool {
	return slices.ContainsFunc(dirs, func(dir string) bool {
		return strings.HasPrefix(f.path, dir+"/")
	})
}

func (f *file) at(n ast.Node, what, instead string) finding {
	return finding{f.path, f.source.Line(n.Pos()), what, instead}
}

// qualified splits pkg.Name into the import path behind pkg, and Name. The path is
// empty when e is not of that form. A variable that has the name of an import counts
// as the import: the rules would rather be deceived towards a finding.
func (f *file) qualified(e ast.Expr) (pkg, name string) {
	selector, ok := e.(*ast.SelectorExpr)
	if !ok {
		return "", ""
	}
	qualifier, ok := selector.X.(*ast.Ident)
	if !ok {
		return "", ""
	}
	return f.imports[qualifier.Name], selector.Sel.Name
}

func importPath(spec *ast.ImportSpec) string {
	return strings.Trim(spec.Path.Value, "\"`")
}

var majorVersion = regexp.MustCompile(`^v[0-9]+$`)

// localName is the name by which a file uses an import: certain for the standard
// library and for our packages, a good guess for others ("go-sse" is sse).
func localName(spec *ast.ImportSpec) string {
	if spec.Name != nil {
		return spec.Name.Name
	}
	full := importPath(spec)
	name := path.Base(full)
	if majorVersion.MatchString(name) {
		name = path.Base(path.Dir(full))
	}
	return strings.TrimPrefix(name, "go-")
}

// ours turns an import path into a folder of this module; ok is false for others'.
func ours(importPath string) (dir string, ok bool) {
	if importPath == modulePath {
		return ".", true
	}
	return strings.CutPrefix(importPath, modulePath+"/")
}

var readOnce = sync.OnceValues(func() (tree, error) { return readTree(os.DirFS(moduleRoot)) })

// thisModule is the tree that the rules are about.
func thisModule(t *testing.T) tree {
	t.Helper()
	read, err := readOnce()
	if err != nil {
		t.Fatalf("read the module: %v", err)
	}
	if !slices.ContainsFunc(read.files, func(f *file) bool { return f.path == "internal/archtest/doc.go" }) {
		t.Fatalf("%s is not the root of the module: it lacks this package", moduleRoot)
	}
	return read
}

func TestEveryFileParses(t *testing.T) {
	report(t, thisModule(t).broken)
}

func TestReadTree(t *testing.T) {
	read, err := readTree(mapFS(map[string]string{
		"go.mod":                      "module " + modulePath,
		"deps_tmp.go":                 "package tmp",
		"internal/a/a.go":             "package a",
		"internal/a/a_test.go":        "package a_test",
		"internal/a/a_windows.go":     "//go:build windows\n\npackage a",
		"internal/a/gen.go":           "//go:build ignore\n\npackage main",
		"internal/a/_draft.go":        "package",
		"internal/a/testdata/x.go":    "package",
		"internal/a/half.go":          "package a\n\nfunc half( {\n",
		"internal/a/notes.txt":        "package",
		"vendor/example.com/v/v.go":   "package",
		".hidden/h.go":                "package",
		"e2e/go.mod":                  "module e2e",
		"e2e/e2e.go":                  "package",
		"e2e/inner/inner.go":          "package",
		"tools_without_gomod/tool.go": "package tools",
	}))
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, f := range read.files {
		got = append(got, f.path)
	}
	want := []string{
		"internal/a/a.go", "internal/a/a_test.go", "internal/a/a_windows.go",
		"tools_without_gomod/tool.go",
	}
	if !slices.Equal(got, want) {
		t.Errorf("files\n got: %v\nwant: %v", got, want)
	}
	if got := len(read.shipped()); got != 3 {
		t.Errorf("%d files are no tests, want 3", got)
	}
	compare(t, read.broken, []string{"internal/a/half.go:3: does not parse: expected ')', found '{'"})
}

func TestLocalName(t *testing.T) {
	tests := []struct{ spec, want string }{
		{`"net/http"`, "http"},
		{`"math/rand/v2"`, "rand"},
		{`"github.com/urfave/cli/v2"`, "cli"},
		{`"github.com/tmaxmax/go-sse"`, "sse"},
		{`stdos "os"`, "stdos"},
		{`_ "embed"`, "_"},
	}
	for _, tt := range tests {
		syntax, err := parser.ParseFile(token.NewFileSet(), "p.go", "package p\n\nimport "+tt.spec, 0)
		if err != nil {
			t.Fatal(err)
		}
		if got := localName(syntax.Imports[0]); got != tt.want {
			t.Errorf("import %s is used as %q, want %q", tt.spec, got, tt.want)
		}
	}
}
