package archtest

import (
	"go/ast"
	"path"
	"testing"
)

// reveals is every file (a pattern of package path) that may take a
// credentials.Secret out of its mask.
var reveals = []struct{ files, reason string }{
	{"pkg/credentials/codex.go", "the codec of the official client's login file"},
	{"pkg/credentials/flat.go", "the codec of the flat login file"},
	{"pkg/credentials/langchain.go", "the codec of LangChain's login file"},
	{"pkg/credentials/claims.go", "reads the payload of a token"},
	{"pkg/credentials/secret.go", "compares and fingerprints secrets"},
	{"pkg/auth/*.go", "it sends them to the token endpoint, and Authorize puts the bearer on a request"},
	{"internal/cli/auth_token.go", "`codexctl auth token` prints the token: that is its purpose"},
	{"internal/cli/emulator.go", "it writes the emulator's login, which is no secret, through pkg/credentials"},
}

// checkReveals finds Reveal outside its list, called or taken as a value.
func checkReveals(f *file) []finding {
	for _, allowed := range reveals {
		if match, _ := path.Match(allowed.files, f.path); match {
			return nil
		}
	}
	var found []finding
	ast.Inspect(f.syntax, func(n ast.Node) bool {
		if e, ok := n.(*ast.SelectorExpr); ok && e.Sel.Name == "Reveal" {
			found = append(found, f.at(e.Sel, "takes a secret out of its mask",
				"pass the credentials.Secret on as it is; what needs the bare text belongs into pkg/auth or pkg/credentials"))
		}
		return true
	})
	return found
}

func TestReveals(t *testing.T) {
	report(t, perFile(checkReveals)(thisModule(t)))
}

func TestCheckReveals(t *testing.T) {
	const reveal = "package p\n\nfunc f(c credential) string {\n\tg := c.Access.Reveal\n\treturn g() + c.Refresh.\n\t\tReveal()\n}\n"
	for _, allowed := range reveals {
		if _, err := path.Match(allowed.files, ""); err != nil {
			t.Errorf("pattern %q: %v", allowed.files, err)
		}
	}
	prove(t, perFile(checkReveals), []proof{
		{
			name: "where a secret has to come out",
			tree: map[string]string{
				"pkg/credentials/codex.go":        reveal,
				"pkg/auth/endpoint.go":            reveal,
				"internal/cli/auth_token.go":      reveal,
				"internal/cli/auth_other_test.go": reveal,
			},
		},
		{
			name: "where it has not",
			tree: map[string]string{
				"internal/cli/auth.go":    reveal,
				"pkg/auth/inner/a.go":     reveal,
				"pkg/credentials/file.go": reveal,
			},
			want: []string{
				"internal/cli/auth.go:4: takes a secret out of its mask",
				"internal/cli/auth.go:6: takes a secret out of its mask",
				"pkg/auth/inner/a.go:4: takes a secret out of its mask",
				"pkg/auth/inner/a.go:6: takes a secret out of its mask",
				"pkg/credentials/file.go:4: takes a secret out of its mask",
				"pkg/credentials/file.go:6: takes a secret out of its mask",
			},
		},
		{
			name: "the word alone",
			tree: map[string]string{"internal/cli/auth.go": "package cli\n\n// Reveal is not used.\nconst Reveal = \"Reveal(\"\n"},
		},
	})
}
