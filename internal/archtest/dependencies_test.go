package archtest

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

const dependenciesDoc = "docs/dependencies.md"

// checkDependencies finds direct modules of go.mod that the document does not name by
// their full path.
func checkDependencies(gomod, document string) []finding {
	var found []finding
	line, block := 0, false
	for s := range strings.Lines(gomod) {
		line++
		fields := strings.Fields(s)
		switch {
		case len(fields) == 0:
			continue
		case fields[0] == ")":
			block = false
			continue
		case fields[0] == "require":
			fields = fields[1:]
			if len(fields) > 0 && fields[0] == "(" {
				block = true
				continue
			}
		case !block:
			continue
		}
		if len(fields) < 2 || strings.HasPrefix(fields[0], "//") || strings.Contains(s, "// indirect") {
			continue
		}
		if !names(document, fields[0]) {
			found = append(found, finding{"go.mod", line, dependenciesDoc + " does not name " + fields[0],
				"say there what it is for and what it costs, or do without it"})
		}
	}
	return found
}

// names says whether the document has the module's path, and not only a longer one.
func names(document, module string) bool {
	return regexp.MustCompile(regexp.QuoteMeta(module) + `(?:[^\w/-]|$)`).MatchString(document)
}

func TestDependencies(t *testing.T) {
	gomod, err := os.ReadFile(filepath.Join(moduleRoot, "go.mod"))
	if err != nil {
		t.Fatal(err)
	}
	document, err := os.ReadFile(filepath.Join(moduleRoot, filepath.FromSlash(dependenciesDoc)))
	if errors.Is(err, fs.ErrNotExist) {
		t.Skip(dependenciesDoc + " does not exist yet; once it does, it has to name every direct module of go.mod")
	}
	if err != nil {
		t.Fatal(err)
	}
	report(t, checkDependencies(string(gomod), string(document)))
}

func TestCheckDependencies(t *testing.T) {
	const gomod = `module github.com/codexctl/codexctl

go 1.26.0

require example.com/single v1.0.0

require (
	example.com/a/v2 v2.0.0
	example.com/b v1.0.0
	// a remark
	example.com/c v1.0.0 // indirect
)

require example.com/d v1.0.0 // indirect

tool example.com/e
`
	tests := []struct {
		name, document string
		want           []string
	}{
		{
			name:     "every direct module is named",
			document: "| `example.com/single` | [a](https://pkg.go.dev/example.com/a/v2) |\nexample.com/b",
		},
		{
			name:     "an empty document",
			document: "",
			want: []string{
				"go.mod:5: docs/dependencies.md does not name example.com/single",
				"go.mod:8: docs/dependencies.md does not name example.com/a/v2",
				"go.mod:9: docs/dependencies.md does not name example.com/b",
			},
		},
		{
			name:     "only longer or shorter paths",
			document: "example.com/singles, example.com/a, example.com/b/inner",
			want: []string{
				"go.mod:5: docs/dependencies.md does not name example.com/single",
				"go.mod:8: docs/dependencies.md does not name example.com/a/v2",
				"go.mod:9: docs/dependencies.md does not name example.com/b",
			},
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			compare(t, checkDependencies(gomod, tt.document), tt.want)
		})
	}
}
