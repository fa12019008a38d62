package archtest

import (
	"go/ast"
	"strings"
	"testing"
)

// panics is every panic that may stand outside cmd.
var panics = []struct{ dir, argument, reason string }{
	{
		"internal/emulator", "net/http.ErrAbortHandler",
		"the only way for a handler to cut its connection, which is what several scenes are about",
	},
	{
		"internal/emulator", "problem",
		"the in-memory transport recovers the panic above and must pass on every other",
	},
}

// checkExits finds calls that end the process or unwind it, outside cmd and what measures. An error
// goes up to internal/cli, which alone knows exit codes and hints.
func checkExits(f *file) []finding {
	if f.within("cmd", "bench") {
		return nil
	}
	var found []finding
	ast.Inspect(f.syntax, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.SelectorExpr:
			pkg, name := f.qualified(n)
			ends := pkg == "os" && name == "Exit" ||
				pkg == "log" && (strings.HasPrefix(name, "Fatal") || strings.HasPrefix(name, "Panic"))
			if ends {
				found = append(found, f.at(n, "uses "+pkg+"."+name,
					"return an error; the table in internal/cli/exit.go gives it a code, and main exits"))
			}
		case *ast.CallExpr:
			if isName(n.Fun, "panic") && !mayPanic(f, n) {
				found = append(found, f.at(n, "panics",
					"return an error, or make the impossible state unwritable; "+
						"a reasoned exception goes into internal/archtest/exits_test.go"))
			}
		}
		return true
	})
	return found
}

func mayPanic(f *file, call *ast.CallExpr) bool {
	if len(call.Args) != 1 {
		return false
	}
	pkg, name := f.qualified(call.Args[0])
	for _, allowed := range panics {
		if f.within(allowed.dir) && (pkg+"."+name == allowed.argument || isName(call.Args[0], allowed.argument)) {
			return true
		}
	}
	return false
}

func isName(e ast.Expr, name string) bool {
	ident, ok := e.(*ast.Ident)
	return ok && ident.Name == name
}

func TestExits(t *testing.T) {
	report(t, perFile(checkExits)(thisModule(t)))
}

func TestCheckExits(t *testing.T) {
	const ends = `package p

import (
	"log"
	"os"
)

func f() {
	defer os.Exit(1)
	log.Fatalf("x")
	log.Panicln("x")
	panic("x")
}
`
	const aborts = `package p

import "net/http"

func f() {
	panic(http.ErrAbortHandler)
}
`
	prove(t, perFile(checkExits), []proof{
		{
			name: "everywhere, the command line included",
			tree: map[string]string{"internal/cli/a.go": ends},
			want: []string{
				"internal/cli/a.go:9: uses os.Exit",
				"internal/cli/a.go:10: uses log.Fatalf",
				"internal/cli/a.go:11: uses log.Panicln",
				"internal/cli/a.go:12: panics",
			},
		},
		{
			name: "main and tests",
			tree: map[string]string{"cmd/codexctl/main.go": ends, "internal/cli/a_test.go": ends},
		},
		{
			name: "the emulator cuts connections",
			tree: map[string]string{"internal/emulator/a.go": aborts},
		},
		{
			name: "nobody else does, and the emulator does nothing more",
			tree: map[string]string{
				"internal/proxy/a.go":    aborts,
				"internal/emulator/b.go": "package emulator\n\nfunc f(err error) {\n\tpanic(err)\n}",
			},
			want: []string{
				"internal/emulator/b.go:4: panics",
				"internal/proxy/a.go:6: panics",
			},
		},
		{
			name: "methods of the same name",
			tree: map[string]string{"internal/proxy/a.go": `package proxy

type machine struct{}

func (m machine) Exit()  {}
func (m machine) panic() {}

func f(m machine) {
	m.Exit()
	m.panic()
	_ = recover()
}
`},
		},
	})
}
