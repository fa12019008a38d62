package archtest

import (
	"fmt"
	"go/ast"
	"slices"
	"testing"
)

// rooms is the table "imports of ours" of docs/architecture.md: each package, and
// what it may import of this module. A package that is not here does not exist.
var rooms = map[string][]string{
	"cmd/codexctl": {"internal/cli"},

	"internal/cli": {
		"internal/batch", "internal/catalogue", "internal/chatcompat", "internal/config",
		"internal/emulator", "internal/extract", "internal/markdown", "internal/proxy", "internal/redis", "internal/schema",
		"internal/session", "internal/terminal",
		"pkg/auth", "pkg/credentials", "pkg/responses",
	},

	"pkg/credentials": {},
	"pkg/auth":        {"pkg/credentials"},
	"pkg/responses":   {"internal/rawjson", "internal/sse"},

	"internal/proxy":      {"internal/chatcompat", "internal/rawjson", "internal/session", "pkg/responses"},
	"internal/chatcompat": {"internal/rawjson", "pkg/responses"},
	"internal/batch":      {"pkg/responses"},
	"internal/catalogue":  {"pkg/responses"},

	"internal/config":   {},
	"internal/emulator": {},
	"internal/extract":  {},
	"internal/markdown": {},
	"internal/rawjson":  {},
	"internal/redis":    {},
	"internal/schema":   {},
	"internal/session":  {},
	"internal/sse":      {},
	"internal/terminal": {},

	"internal/archtest": {},
	"internal/freeport": {},

	"bench":                     {"bench/lab", "internal/chatcompat", "internal/emulator", "internal/proxy", "internal/session", "internal/sse", "pkg/responses"},
	"bench/lab":                 {},
	"bench/rivals/hello":        {},
	"bench/rivals/libraries":    {},
	"bench/rivals/network":      {},
	"bench/rivals/reverseproxy": {},
}

// strictRooms keep the table in their tests too. Elsewhere a test may import more.
var strictRooms = map[string]string{
	"internal/emulator": "a witness must not share the suspect's code, not even in its own tests",
}

// checkImports finds packages and edges that the table does not have, and imports
// with a dot, which would hide from the other rules what a name means.
func checkImports(t tree) []finding {
	var found []finding
	for dir, files := range byDir(t.files) {
		if _, listed := rooms[dir]; !listed {
			found = append(found, files[0].at(files[0].syntax.Name,
				"package "+dir+" is not in the table of packages",
				"put the code into the package that owns the matter, or give the new package a line in "+
					"internal/archtest/imports_test.go and in docs/architecture.md"))
			continue
		}
		for _, f := range files {
			found = append(found, checkEdges(f)...)
		}
	}
	return found
}

func checkEdges(f *file) []finding {
	var found []finding
	from := f.dir()
	for _, spec := range f.syntax.Imports {
		if !f.isTest() && spec.Name != nil && spec.Name.Name == "." {
			found = append(found, dotImport(f, spec))
		}
		to, ok := ours(importPath(spec))
		if !ok || to == from || slices.Contains(rooms[from], to) {
			continue
		}
		reason, strict := strictRooms[from]
		switch {
		case !f.isTest():
			found = append(found, f.at(spec, fmt.Sprintf("%s imports %s", from, to),
				"declare the small interface or function value you need here, and let internal/cli hand it in"))
		case strict:
			found = append(found, f.at(spec, fmt.Sprintf("a test of %s imports %s", from, to),
				"test it with the standard library alone: "+reason))
		}
	}
	return found
}

func dotImport(f *file, spec *ast.ImportSpec) finding {
	return f.at(spec, "imports "+importPath(spec)+" with a dot", "import it by name")
}

func TestImports(t *testing.T) {
	report(t, checkImports(thisModule(t)))
}

func TestRoomsAreListed(t *testing.T) {
	for from, list := range rooms {
		for _, to := range list {
			if _, listed := rooms[to]; !listed {
				t.Errorf("the table lets %s import %s, which has no line of its own", from, to)
			}
		}
	}
	for room := range strictRooms {
		if _, listed := rooms[room]; !listed {
			t.Errorf("strict room %s has no line in the table", room)
		}
	}
}

func TestCheckImports(t *testing.T) {
	const our = `"` + modulePath + "/"
	prove(t, checkImports, []proof{
		{
			name: "edges of the table",
			tree: map[string]string{
				"cmd/codexctl/main.go":   "package main\n\nimport " + our + `internal/cli"`,
				"internal/proxy/a.go":    "package proxy\n\nimport s " + our + `internal/session"`,
				"pkg/auth/auth.go":       "package auth\n\nimport (\n\t\"fmt\"\n\t" + our + "pkg/credentials\"\n)",
				"pkg/auth/auth_test.go":  "package auth_test\n\nimport " + our + `pkg/auth"`,
				"pkg/responses/r.go":     "package responses\n\nimport \"github.com/tidwall/gjson\"",
				"internal/sse/sse.go":    "package sse",
				"internal/batch/x.go":    "package batch\n\nimport " + our + `pkg/responses"`,
				"internal/emulator/e.go": "package emulator\n\nimport \"net/http\"",
			},
		},
		{
			name: "two rooms that must not meet",
			tree: map[string]string{
				"pkg/auth/auth.go": "package auth\n\nimport " + our + `pkg/responses"`,
			},
			want: []string{"pkg/auth/auth.go:3: pkg/auth imports pkg/responses"},
		},
		{
			name: "a blank import and the module's root are edges too",
			tree: map[string]string{
				"internal/config/a.go": "package config\n\nimport _ " + our + `internal/schema"`,
				"internal/config/b.go": "package config\n\nimport \"" + modulePath + `"`,
			},
			want: []string{
				"internal/config/a.go:3: internal/config imports internal/schema",
				"internal/config/b.go:3: internal/config imports .",
			},
		},
		{
			name: "a package that has no line",
			tree: map[string]string{
				"internal/util/util.go": "package util",
				"internal/sse/x/x.go":   "package x",
				"all_test.go":           "package all",
			},
			want: []string{
				"all_test.go:1: package . is not in the table of packages",
				"internal/sse/x/x.go:1: package internal/sse/x is not in the table of packages",
				"internal/util/util.go:1: package internal/util is not in the table of packages",
			},
		},
		{
			name: "tests import more",
			tree: map[string]string{
				"internal/sse/a_test.go": "package sse\n\nimport " + our + `internal/emulator"`,
				"internal/sse/b_test.go": "package sse_test\n\nimport . " + our + `internal/sse"`,
			},
		},
		{
			name: "but the emulator's do not",
			tree: map[string]string{
				"internal/emulator/a_test.go": "package emulator\n\nimport " + our + `pkg/responses"`,
				"internal/emulator/b_test.go": "package emulator_test\n\nimport " + our + `internal/emulator"`,
			},
			want: []string{"internal/emulator/a_test.go:3: a test of internal/emulator imports pkg/responses"},
		},
		{
			name: "a dot",
			tree: map[string]string{
				"internal/sse/a.go": "package sse\n\nimport . \"os\"",
			},
			want: []string{"internal/sse/a.go:3: imports os with a dot"},
		},
	})
}
