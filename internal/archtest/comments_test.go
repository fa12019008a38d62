package archtest

import (
	"fmt"
	"go/ast"
	"go/token"
	"slices"
	"strings"
	"testing"
	"unicode"
)

// enough is the least length of a package comment, in words.
const enough = 12

const sayMore = "write a comment that says shape, unit, error and source"

// checkComments finds exported names without a comment, and packages that do not
// have exactly one comment worth the name.
func checkComments(t tree) []finding {
	var found []finding
	for _, files := range byDir(t.shipped()) {
		found = append(found, checkPackageComment(files)...)
		for _, f := range files {
			for _, decl := range f.syntax.Decls {
				switch d := decl.(type) {
				case *ast.FuncDecl:
					found = append(found, checkFunction(f, d)...)
				case *ast.GenDecl:
					found = append(found, checkDeclaration(f, d)...)
				}
			}
		}
	}
	return found
}

func checkPackageComment(files []*file) []finding {
	var found []finding
	var commented []*file
	for _, f := range files {
		if f.syntax.Doc.Text() != "" {
			commented = append(commented, f)
		}
	}
	name := files[0].syntax.Name.Name
	if len(commented) == 0 {
		return []finding{files[0].at(files[0].syntax.Name, "package "+name+" has no comment",
			"say in doc.go, or in its only file, what the package knows and what it does not")}
	}
	for _, f := range commented[1:] {
		found = append(found, f.at(f.syntax.Doc, "a second comment for package "+name+", besides "+commented[0].path,
			"keep one: the go command would join the two; a note on the file alone stands below the package clause"))
	}
	if text := commented[0].syntax.Doc.Text(); !substantial(name, text) {
		found = append(found, commented[0].at(commented[0].syntax.Doc, "the comment of package "+name+" says too little",
			fmt.Sprintf("begin with %q (a command with its name) and say in %d words or more what the package is for",
				"Package "+name, enough)))
	}
	return found
}

func substantial(name, text string) bool {
	if name != "main" && !strings.HasPrefix(text, "Package "+name+" ") {
		return false
	}
	return len(strings.Fields(text)) >= enough
}

func checkFunction(f *file, d *ast.FuncDecl) []finding {
	if !d.Name.IsExported() || d.Doc.Text() != "" {
		return nil
	}
	what := "func " + d.Name.Name
	if d.Recv != nil {
		on := receiver(d)
		if !ast.IsExported(on) {
			return nil
		}
		what = "method " + on + "." + d.Name.Name
	}
	return []finding{f.at(d.Name, what+" has no comment", sayMore)}
}

// checkDeclaration looks at types, constants and variables. One comment on a group of
// constants or variables does for all of it; a type needs its own.
func checkDeclaration(f *file, d *ast.GenDecl) []finding {
	var found []finding
	for _, spec := range d.Specs {
		switch spec := spec.(type) {
		case *ast.ValueSpec:
			if commented(d.Doc, spec.Doc, spec.Comment) {
				continue
			}
			for _, name := range spec.Names {
				if name.IsExported() {
					found = append(found, f.at(name, d.Tok.String()+" "+name.Name+" has no comment", sayMore))
				}
			}
		case *ast.TypeSpec:
			if !spec.Name.IsExported() {
				continue
			}
			own := commented(spec.Doc) || !d.Lparen.IsValid() && commented(d.Doc)
			if !own {
				found = append(found, f.at(spec.Name, token.TYPE.String()+" "+spec.Name.Name+" has no comment", sayMore))
			}
			found = append(found, checkMembers(f, spec)...)
		}
	}
	return found
}

// checkMembers looks at the methods of an exported interface and, in the public API,
// at the fields of an exported struct.
func checkMembers(f *file, spec *ast.TypeSpec) []finding {
	switch t := spec.Type.(type) {
	case *ast.StructType:
		if f.within("pkg") {
			return checkList(f, "field "+spec.Name.Name+".", t.Fields)
		}
	case *ast.InterfaceType:
		return checkList(f, "method "+spec.Name.Name+".", t.Methods)
	}
	return nil
}

// checkList wants a comment on each exported member of the list. One that stands on the
// first of several lines without a gap does for those of them that it names.
func checkList(f *file, kind string, list *ast.FieldList) []finding {
	var found []finding
	shared, last := "", 0
	for _, member := range list.List {
		line := f.source.Line(member.Pos())
		if member.Doc != nil || line != last+1 {
			shared = member.Doc.Text()
		}
		last = f.source.Line(member.End())
		if commented(member.Doc, member.Comment) {
			continue
		}
		for _, name := range member.Names {
			if name.IsExported() && !hasWord(shared, name.Name) {
				found = append(found, f.at(name, kind+name.Name+" has no comment", sayMore))
			}
		}
	}
	return found
}

func hasWord(text, word string) bool {
	return slices.Contains(strings.FieldsFunc(text, func(r rune) bool {
		return r != '_' && !unicode.IsLetter(r) && !unicode.IsDigit(r)
	}), word)
}

// commented says whether one of the groups has text; a directive is none.
func commented(groups ...*ast.CommentGroup) bool {
	for _, group := range groups {
		if group.Text() != "" {
			return true
		}
	}
	return false
}

func TestComments(t *testing.T) {
	report(t, checkComments(thisModule(t)))
}

func TestCheckComments(t *testing.T) {
	const head = "// Package auth signs a person in and keeps the login fresh, with the issuer's help.\npackage auth\n"
	prove(t, checkComments, []proof{
		{
			name: "all is said",
			tree: map[string]string{
				"pkg/auth/doc.go": head,
				"pkg/auth/a.go": `// Copyright: a comment that is not on the package clause.

package auth

// T is a type.
type T struct {
	// A is a field.
	A int
	B int // B is one too.
	c int
	T2

	// Start and End bound it; Step may be 0.
	Start int
	End   int
	Step  int
}

// T2 has methods.
type T2 interface {
	// M does it.
	M()
	hidden()
	error
}

// M does it.
func (t *T) M() {}

func (t *T) hidden() {}

type internal struct{ A int }

func (internal) Error() string { return "" }

// Colours.
const (
	Red = iota
	Green
)

var (
	ErrA = errors.New("a") // ErrA is a.
	// ErrB is b.
	ErrB = errors.New("b")
	errC = errors.New("c")
)

// F does it.
func F() {}
`,
				"pkg/auth/a_test.go":      "package auth\n\nfunc Untold() {}\n",
				"cmd/codexctl/main.go":    "// Codexctl is a command-line client for the backend that ChatGPT plans include.\npackage main\n",
				"internal/proxy/p.go":     "// Package proxy serves other programs on this machine under the person's own login.\npackage proxy\n\n// T is.\ntype T struct{ A int }\n",
				"internal/late/a_test.go": "package late\n",
			},
		},
		{
			name: "names",
			tree: map[string]string{"pkg/auth/a.go": head + `
type T struct {
	A, B int
	C    string
}

//go:generate stringer
type U interface{ M() }

func (t *T) M() {}

func (t *G[K, V]) M() {}

func F() {}

const Red = 1

var ErrA, errB = errors.New("a"), errors.New("b")

type X struct { // X is said too late for a type.
	// Start and Middle bound it.
	Start int
	End   int

	Middle int
	// Last is last.
	Last, Least int
}

// Types of a group.
type (
	V int
	// W has its own.
	W int
)
`},
			want: []string{
				"pkg/auth/a.go:4: type T has no comment",
				"pkg/auth/a.go:5: field T.A has no comment",
				"pkg/auth/a.go:5: field T.B has no comment",
				"pkg/auth/a.go:6: field T.C has no comment",
				"pkg/auth/a.go:10: method U.M has no comment",
				"pkg/auth/a.go:10: type U has no comment",
				"pkg/auth/a.go:12: method T.M has no comment",
				"pkg/auth/a.go:14: method G.M has no comment",
				"pkg/auth/a.go:16: func F has no comment",
				"pkg/auth/a.go:18: const Red has no comment",
				"pkg/auth/a.go:20: var ErrA has no comment",
				"pkg/auth/a.go:22: type X has no comment",
				"pkg/auth/a.go:25: field X.End has no comment",
				"pkg/auth/a.go:27: field X.Middle has no comment",
				"pkg/auth/a.go:34: type V has no comment",
			},
		},
		{
			name: "no package comment",
			tree: map[string]string{
				"cmd/codexctl/main.go": "// +build linux\n\npackage main\n",
				"pkg/auth/a.go":        "// Package auth is detached from its clause, so that the tools do not see it at all.\n\npackage auth\n",
			},
			want: []string{
				"cmd/codexctl/main.go:3: package main has no comment",
				"pkg/auth/a.go:3: package auth has no comment",
			},
		},
		{
			name: "a poor one, a misnamed one, and two",
			tree: map[string]string{
				"pkg/auth/a.go":       "// Package auth does auth.\npackage auth\n",
				"internal/proxy/p.go": "// Package server serves other programs on this machine under the person's own login.\npackage proxy\n",
				"internal/batch/a.go": "// Package batch asks many questions, a few at a time, and writes down each answer.\npackage batch\n",
				"internal/batch/b.go": "// The second file.\npackage batch\n",
			},
			want: []string{
				"internal/batch/b.go:1: a second comment for package batch, besides internal/batch/a.go",
				"internal/proxy/p.go:1: the comment of package proxy says too little",
				"pkg/auth/a.go:1: the comment of package auth says too little",
			},
		},
	})
}
