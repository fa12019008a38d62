package cli

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// Issue "ready for strangers": a reader new to the code finds where any flag of ask is
// handled in two jumps. The first is the table of CONTRIBUTING.md, the second the file.
func TestFlagsOfAskAreFound(t *testing.T) {
	page, err := os.ReadFile(filepath.Join("..", "..", "CONTRIBUTING.md"))
	if err != nil {
		t.Fatal(err)
	}
	_, section, found := strings.Cut(string(page), "## Where each flag of `ask` is handled\n")
	if !found {
		t.Fatal("CONTRIBUTING.md has no table of the flags of ask")
	}
	section, _, _ = strings.Cut(section, "\n## ")
	code := regexp.MustCompile("`(?:--)?([^`]+)`")
	names := func(cell string) []string {
		var all []string
		for _, m := range code.FindAllStringSubmatch(cell, -1) {
			all = append(all, m[1])
		}
		return all
	}
	var listed []string
	for line := range strings.Lines(section) {
		cells := strings.Split(strings.Trim(strings.TrimSpace(line), "|"), "|")
		if len(cells) != 3 || !strings.HasPrefix(strings.TrimSpace(cells[0]), "`--") {
			continue
		}
		for _, file := range slices.Concat(names(cells[1]), names(cells[2])) {
			if _, err := os.Stat(file); strings.HasSuffix(file, ".go") && err != nil {
				t.Errorf("%s: there is no %s", cells[0], file)
			}
		}
		for _, flag := range names(cells[0]) {
			listed = append(listed, flag)
			source, err := os.ReadFile(names(cells[1])[0])
			if err != nil || !regexp.MustCompile(`Flag\("`+flag+`[",]`).Match(source) {
				t.Errorf("--%s is not declared in %s (%v)", flag, cells[1], err)
			}
		}
	}
	globals := defaultGlobals()
	for _, f := range slices.Concat(new(askOptions).flags(), globals.flags()) {
		if name, _, _ := strings.Cut(f.name, ","); !slices.Contains(listed, name) {
			t.Errorf("CONTRIBUTING.md does not say where --%s is handled", name)
		}
	}
}
