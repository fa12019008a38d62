package archtest

import (
	"io/fs"
	"os"
	"regexp"
	"strings"
	"testing"
)

var (
	actionUsed   = regexp.MustCompile(`^\s*(?:- )?uses:\s*(\S+)`)
	pinned       = regexp.MustCompile(`^[\w.-]+/[\w./-]+@(?:v\d+\.\d+\.\d+|[0-9a-f]{40})$`)
	toolRun      = regexp.MustCompile(`go (?:run|install) [\w-]+\.[\w./-]+(@\S+)?`)
	writeGranted = regexp.MustCompile(`^\s+([a-z-]+): write`)
)

// checkWorkflows finds what a hosted check should not have: a step of others that is not
// pinned to a version, a file that says nothing of its permissions, and more of them than
// a release needs.
func checkWorkflows(fsys fs.FS) ([]finding, error) {
	var found []finding
	names, err := fs.Glob(fsys, ".github/workflows/*.yml")
	if err != nil {
		return nil, err
	}
	for _, name := range names {
		text, err := fs.ReadFile(fsys, name)
		if err != nil {
			return nil, err
		}
		if !strings.Contains("\n"+string(text), "\npermissions:") {
			found = append(found, finding{name, 1, "does not say its permissions", "write permissions: {} at the top, and what a job needs in the job"})
		}
		line := 0
		for s := range strings.Lines(string(text)) {
			line++
			if strings.Contains(s, "\t") {
				found = append(found, finding{name, line, "has a tab", "YAML is indented by spaces"})
			}
			if m := actionUsed.FindStringSubmatch(s); m != nil && !pinned.MatchString(m[1]) {
				found = append(found, finding{name, line, "uses " + m[1] + ", which is not pinned", "name a whole version, or a commit"})
			}
			if m := toolRun.FindStringSubmatch(s); m != nil && (m[1] == "" || m[1] == "@latest" || m[1] == "@master") {
				found = append(found, finding{name, line, "runs a tool without its version", "name the version behind an @"})
			}
			if m := writeGranted.FindStringSubmatch(s); m != nil && name != ".github/workflows/release.yml" {
				found = append(found, finding{name, line, "may write " + m[1], "only the release writes"})
			}
		}
	}
	return found, nil
}

// Issue "ready for strangers": hosted checks with the least permissions and pinned steps.
func TestWorkflows(t *testing.T) {
	found, err := checkWorkflows(os.DirFS(moduleRoot))
	if err != nil {
		t.Fatal(err)
	}
	report(t, found)
	names, err := fs.Glob(os.DirFS(moduleRoot), ".github/workflows/*.yml")
	if err != nil || len(names) < 2 {
		t.Errorf("%d workflows, %v, want the checks and the release", len(names), err)
	}
}

func TestCheckWorkflows(t *testing.T) {
	found, err := checkWorkflows(mapFS(map[string]string{
		".github/workflows/good.yml": "permissions: {}\njobs:\n  a:\n    steps:\n      - uses: actions/checkout@v4.2.2\n      - run: go run example.com/tool@v1.0.0 ./...\n",
		".github/workflows/bad.yml": "jobs:\n  a:\n    permissions:\n      contents: write\n    steps:\n      - uses: actions/checkout@v4\n" +
			"      - run: go run example.com/tool@latest\n\t- run: go install example.com/tool\n",
		".github/workflows/release.yml": "permissions: {}\njobs:\n  a:\n    permissions:\n      contents: write\n",
	}))
	if err != nil {
		t.Fatal(err)
	}
	compare(t, found, []string{
		".github/workflows/bad.yml:1: does not say its permissions",
		".github/workflows/bad.yml:4: may write contents",
		".github/workflows/bad.yml:6: uses actions/checkout@v4, which is not pinned",
		".github/workflows/bad.yml:7: runs a tool without its version",
		".github/workflows/bad.yml:8: has a tab",
		".github/workflows/bad.yml:8: runs a tool without its version",
	})
}
