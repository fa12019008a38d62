package archtest

import (
	"go/ast"
	"testing"
)

// checkMaps finds map[string]any, which loses the order and the numbers of JSON that
// we only carry, and the names of JSON that we know.
func checkMaps(f *file) []finding {
	var found []finding
	ast.Inspect(f.syntax, func(n ast.Node) bool {
		if m, ok := n.(*ast.MapType); ok && isName(m.Key, "string") && isAny(m.Value) {
			found = append(found, f.at(m, "has a map[string]any",
				"carry opaque JSON as json.RawMessage, read single values with gjson, and give known shapes a struct"))
		}
		return true
	})
	return found
}

func isAny(e ast.Expr) bool {
	if i, ok := e.(*ast.InterfaceType); ok {
		return len(i.Methods.List) == 0
	}
	return isName(e, "any")
}

func TestMaps(t *testing.T) {
	report(t, perFile(checkMaps)(thisModule(t)))
}

func TestCheckMaps(t *testing.T) {
	prove(t, perFile(checkMaps), []proof{
		{
			name: "maps of known things, and tests",
			tree: map[string]string{
				"pkg/auth/a.go": `package auth

import "encoding/json"

type extra map[string]json.RawMessage

var _ map[string]interface{ Close() error } = nil

func f(args ...any) map[int]any { return nil }
`,
				"pkg/auth/a_test.go": "package auth\n\nvar m map[string]any\n",
			},
		},
		{
			name: "maps of anything",
			tree: map[string]string{"pkg/auth/a.go": `package auth

type object map[string]any

type claims struct {
	list []map[string]interface{}
}

func f() any {
	return map[string]map[string]any{"a": {}}
}
`},
			want: []string{
				"pkg/auth/a.go:3: has a map[string]any",
				"pkg/auth/a.go:6: has a map[string]any",
				"pkg/auth/a.go:10: has a map[string]any",
			},
		},
	})
}
