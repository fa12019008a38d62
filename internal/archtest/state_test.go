package archtest

import (
	"go/ast"
	"go/token"
	"slices"
	"strings"
	"testing"
)

// linkerVariables is every package variable that the linker may set (-X).
var linkerVariables = []struct{ dir, name, reason string }{
	{"internal/cli", "version", "what `codexctl version` prints; set when a release is built"},
	{"internal/cli", "commit", "the same"},
	{"internal/cli", "date", "the same"},
}

// checkState finds init functions and package variables that the program could
// change. Two runs in one process, as the tests make them, must not meet; and what a
// package computes at its start every command pays for.
func checkState(f *file) []finding {
	var found []finding
	for _, decl := range f.syntax.Decls {
		switch d := decl.(type) {
		case *ast.FuncDecl:
			if d.Recv == nil && d.Name.Name == "init" {
				found = append(found, f.at(d, "has an init function",
					"do it in a constructor, when somebody asks for it"))
			}
		case *ast.GenDecl:
			if d.Tok != token.VAR {
				continue
			}
			for _, spec := range d.Specs {
				found = append(found, checkVariables(f, d, spec.(*ast.ValueSpec))...)
			}
		}
	}
	return found
}

func checkVariables(f *file, d *ast.GenDecl, spec *ast.ValueSpec) []finding {
	if compilesPattern(f, spec) {
		return []finding{f.at(spec, "compiles a pattern at start: "+spec.Names[0].Name,
			"look at the bytes with package strings, or compile in the function that needs it: every command pays for this one")}
	}
	if embeds(d.Doc) || embeds(spec.Doc) {
		return nil
	}
	var found []finding
	for i, name := range spec.Names {
		var value ast.Expr
		if i < len(spec.Values) {
			value = spec.Values[i]
		}
		switch {
		case name.Name == "_" && spec.Type != nil: // says that a type satisfies an interface
		case isSentinel(f, name.Name, value):
		case isLinkerVariable(f, name.Name):
		default:
			found = append(found, f.at(name, "package variable "+name.Name,
				"make it a const, a field of what uses it, or a function that returns it (a table: a literal or a switch in that function)"))
		}
	}
	return found
}

// isSentinel says whether a variable is an error to be recognised: named like one and made as one.
func isSentinel(f *file, name string, value ast.Expr) bool {
	if !strings.HasPrefix(name, "Err") && !strings.HasPrefix(name, "err") {
		return false
	}
	call, ok := value.(*ast.CallExpr)
	if !ok {
		return false
	}
	pkg, function := f.qualified(call.Fun)
	return pkg == "errors" && function == "New" || pkg == "fmt" && function == "Errorf"
}

func isLinkerVariable(f *file, name string) bool {
	for _, allowed := range linkerVariables {
		if f.dir() == allowed.dir && name == allowed.name {
			return true
		}
	}
	return false
}

func embeds(doc *ast.CommentGroup) bool {
	return doc != nil && slices.ContainsFunc(doc.List, func(c *ast.Comment) bool {
		return strings.HasPrefix(c.Text, "//go:embed ")
	})
}

func compilesPattern(f *file, spec *ast.ValueSpec) bool {
	compiles := false
	for _, value := range spec.Values {
		ast.Inspect(value, func(n ast.Node) bool {
			call, ok := n.(*ast.CallExpr)
			if !ok {
				return true
			}
			if pkg, name := f.qualified(call.Fun); pkg == "regexp" && strings.Contains(name, "Compile") {
				compiles = true
			}
			return true
		})
	}
	return compiles
}

func TestState(t *testing.T) {
	report(t, perFile(checkState)(thisModule(t)))
}

func TestCheckState(t *testing.T) {
	prove(t, perFile(checkState), []proof{
		{
			name: "what may stand at package level",
			tree: map[string]string{
				"internal/proxy/a.go": `package proxy

import (
	_ "embed"
	"errors"
	"fmt"
	"io"
)

const limit = 1 << 20

// ErrGone is a sentinel.
var ErrGone = errors.New("gone")

var (
	errOld         = fmt.Errorf("%w long ago", ErrGone)
	ErrA, ErrB     = errors.New("a"), errors.New("b")
	_    io.Reader = (*reader)(nil)
)

//go:embed page.html
var page string

var (
	// robots is served as it is.
	//
	//go:embed robots.txt
	robots []byte
)

func table() []string { return []string{"a"} }

type starter struct{}

func (starter) init() {}
`,
				"internal/cli/version.go":    "package cli\n\nvar version, commit, date string\n",
				"internal/proxy/all_test.go": "package proxy\n\nvar seen int\n\nfunc init() {}\n",
			},
		},
		{
			name: "init, in main too",
			tree: map[string]string{"cmd/codexctl/main.go": "package main\n\nfunc init() {}\n\nfunc main() {}"},
			want: []string{"cmd/codexctl/main.go:3: has an init function"},
		},
		{
			name: "variables",
			tree: map[string]string{"internal/proxy/a.go": `package proxy

import (
	"errors"
	"sync"
)

var table = []string{"a"}

var (
	mu           sync.Mutex
	once, second = sync.OnceFunc(nil), 2
	ErrLater     error
	errPrefix    = "x"
	Gone         = errors.New("gone")
	_            = table
	version      = "1"
)
`},
			want: []string{
				"internal/proxy/a.go:8: package variable table",
				"internal/proxy/a.go:11: package variable mu",
				"internal/proxy/a.go:12: package variable once",
				"internal/proxy/a.go:12: package variable second",
				"internal/proxy/a.go:13: package variable ErrLater",
				"internal/proxy/a.go:14: package variable errPrefix",
				"internal/proxy/a.go:15: package variable Gone",
				"internal/proxy/a.go:16: package variable _",
				"internal/proxy/a.go:17: package variable version",
			},
		},
		{
			name: "patterns",
			tree: map[string]string{"internal/cli/a.go": `package cli

import re "regexp"

var version = re.MustCompile("a").String()

var lazy = func() *re.Regexp { return re.MustCompile("a") }

func fine() *re.Regexp { return re.MustCompile("a") }
`},
			want: []string{
				"internal/cli/a.go:5: compiles a pattern at start: version",
				"internal/cli/a.go:7: compiles a pattern at start: lazy",
			},
		},
	})
}
