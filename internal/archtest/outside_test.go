package archtest

import (
	"go/ast"
	"slices"
	"testing"
)

// rim is where the program meets the outside. Everywhere else what comes from
// outside is handed in, so that a test can hand in something else.
var rim = []string{"cmd", "internal/cli", "internal/terminal", "bench"}

// outside is what only the rim may name.
var outside = []struct {
	pkg     string
	names   []string
	instead string
}{
	{
		"time", []string{"Since", "Until"},
		"subtract times of the clock that was handed in",
	},
	{
		"os", []string{"Getenv", "LookupEnv", "Environ", "ExpandEnv"},
		"take a getenv function or the value itself; internal/cli reads the environment",
	},
	{
		"os", []string{"Stdin", "Stdout", "Stderr"},
		"take an io.Reader or io.Writer",
	},
	{
		"fmt", []string{"Print", "Printf", "Println"},
		"take an io.Writer and use fmt.Fprint, or return the text",
	},
	{
		"net/http", []string{"DefaultClient", "DefaultTransport", "Get", "Head", "Post", "PostForm"},
		"take an *http.Client or http.RoundTripper, and make the request with a context",
	},
}

// checkOutside finds uses of the outside beyond the rim. time.Now may be the default
// of a clock, that is a value which is assigned or returned; it may not be called.
func checkOutside(f *file) []finding {
	if f.within(rim...) {
		return nil
	}
	var found []finding
	defaults := defaultClocks(f)
	ast.Inspect(f.syntax, func(n ast.Node) bool {
		e, ok := n.(*ast.SelectorExpr)
		if !ok {
			return true
		}
		pkg, name := f.qualified(e)
		if pkg == "time" && name == "Now" && !defaults[e] {
			found = append(found, f.at(e, "uses time.Now",
				"take a time, or a Now function that may default to time.Now"))
		}
		for _, ban := range outside {
			if pkg == ban.pkg && slices.Contains(ban.names, name) {
				found = append(found, f.at(e, "uses "+pkg+"."+name, ban.instead))
			}
		}
		return true
	})
	return found
}

// defaultClocks is every time.Now that stands, uncalled, as an assigned or returned value.
func defaultClocks(f *file) map[ast.Expr]bool {
	clocks := map[ast.Expr]bool{}
	note := func(values ...ast.Expr) {
		for _, value := range values {
			if pkg, name := f.qualified(value); pkg == "time" && name == "Now" {
				clocks[value] = true
			}
		}
	}
	ast.Inspect(f.syntax, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.AssignStmt:
			note(n.Rhs...)
		case *ast.ValueSpec:
			note(n.Values...)
		case *ast.KeyValueExpr:
			note(n.Value)
		case *ast.ReturnStmt:
			note(n.Results...)
		}
		return true
	})
	return clocks
}

func TestOutside(t *testing.T) {
	report(t, perFile(checkOutside)(thisModule(t)))
}

func TestCheckOutside(t *testing.T) {
	const uses = `package p

import (
	"fmt"
	"net/http"
	stdos "os"
	"time"
)

func f() {
	start := time.Now()
	fmt.Println(time.Since(start), time.Until(start))
	fmt.Fprintf(stdos.Stderr, stdos.Getenv("HOME"))
	http.Get("http://x")
	c := http.DefaultClient
	g(time.Now)
	lookup := stdos.LookupEnv
	fmt.Print(stdos.Stdin, stdos.Stdout, stdos.Environ(), http.DefaultTransport)
}
`
	prove(t, perFile(checkOutside), []proof{
		{
			name: "inside",
			tree: map[string]string{"pkg/auth/a.go": uses},
			want: []string{
				"pkg/auth/a.go:11: uses time.Now",
				"pkg/auth/a.go:12: uses fmt.Println",
				"pkg/auth/a.go:12: uses time.Since",
				"pkg/auth/a.go:12: uses time.Until",
				"pkg/auth/a.go:13: uses os.Getenv",
				"pkg/auth/a.go:13: uses os.Stderr",
				"pkg/auth/a.go:14: uses net/http.Get",
				"pkg/auth/a.go:15: uses net/http.DefaultClient",
				"pkg/auth/a.go:16: uses time.Now",
				"pkg/auth/a.go:17: uses os.LookupEnv",
				"pkg/auth/a.go:18: uses fmt.Print",
				"pkg/auth/a.go:18: uses net/http.DefaultTransport",
				"pkg/auth/a.go:18: uses os.Environ",
				"pkg/auth/a.go:18: uses os.Stdin",
				"pkg/auth/a.go:18: uses os.Stdout",
			},
		},
		{
			name: "on the rim and in tests",
			tree: map[string]string{
				"cmd/codexctl/main.go":   uses,
				"internal/cli/a.go":      uses,
				"internal/terminal/a.go": uses,
				"pkg/auth/a_test.go":     uses,
			},
		},
		{
			name: "a folder that only begins like the rim",
			tree: map[string]string{"internal/client/a.go": "package client\n\nimport \"fmt\"\n\nfunc f() { fmt.Println() }"},
			want: []string{"internal/client/a.go:5: uses fmt.Println"},
		},
		{
			name: "default clocks and harmless neighbours",
			tree: map[string]string{"pkg/auth/a.go": `package auth

import (
	"fmt"
	"net/http"
	"os"
	"time"
)

type Source struct{ Now func() time.Time }

func (s *Source) now() func() time.Time {
	if s.Now == nil {
		s.Now = time.Now
	}
	other := Source{Now: time.Now}
	var third = time.Now
	_, _ = other, third
	fmt.Fprintln(os.NewFile(1, "x"), fmt.Sprint(http.MethodGet), http.Header{}.Get("x"))
	return time.Now
}
`},
		},
	})
}
