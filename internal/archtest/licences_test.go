package archtest

import (
	"bytes"
	"cmp"
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// buildTag is the one that the program is always built with.
const buildTag = "urfave_cli_no_docs"

// shippable are the licences whose code may be part of the binary: they ask for no more
// than that their text goes along.
var shippable = []string{"Apache-2.0", "BSD-2-Clause", "BSD-3-Clause", "ISC", "MIT"}

// licensed is a module, and what was found out about it.
type licensed struct {
	path    string
	licence string // SPDX identifier, "" if there is none that we know
	shipped bool   // in the binary of some system
}

// licenceOf names the licence that a text is, by what only that one says; "" if it is none
// of those known here.
func licenceOf(text string) string {
	text = strings.Join(strings.Fields(text), " ")
	has := func(phrase string) bool { return strings.Contains(text, phrase) }
	switch {
	case has("GNU") && has("GENERAL PUBLIC LICENSE"), has("Mozilla Public License"):
		return "" // whatever else the file holds
	case has("Apache License Version 2.0"):
		return "Apache-2.0"
	case has("Redistribution and use in source and binary forms"):
		if has("Neither the name") || has("may not be used to endorse") || has("nor the names of its contributors") {
			return "BSD-3-Clause"
		}
		return "BSD-2-Clause"
	case has("Permission is hereby granted, free of charge, to any person obtaining a copy"):
		return "MIT"
	case has("Permission to use, copy, modify, and/or distribute this software for any purpose"):
		return "ISC"
	}
	return ""
}

// checkLicences holds the modules against the table of licences, both ways, and finds what
// may not be shipped.
func checkLicences(modules []licensed, document string) []finding {
	table := licenceTable(document)
	var found []finding
	add := func(line int, what, instead string) {
		found = append(found, finding{dependenciesDoc, line, what, instead})
	}
	for _, m := range modules {
		row, named := table[m.path]
		delete(table, m.path)
		where := "tests"
		if m.shipped {
			where = "binary"
		}
		switch {
		case m.shipped && !slices.Contains(shippable, m.licence):
			add(row.line, m.path+" is in the binary and has the licence "+cmp.Or(m.licence, "unknown"), "do without it")
		case !named:
			add(0, "the table of licences lacks "+m.path, "add: | `"+m.path+"` | "+m.licence+" | "+where+" |")
		case row.licence != cmp.Or(m.licence, row.licence) || row.where != where:
			add(row.line, m.path+" is "+m.licence+", in "+where, "correct the row")
		}
	}
	for path, row := range table {
		add(row.line, path+" is neither in the binary nor in go.mod", "take the row out of the table of licences")
	}
	return found
}

// licenceRow is what the document says of a module.
type licenceRow struct {
	line           int
	licence, where string
}

// licenceTable reads the rows below the heading Licences.
func licenceTable(document string) map[string]licenceRow {
	row := regexp.MustCompile("^\\| `([^`]+)` \\| ([^|]+) \\| (binary|tests) \\|$")
	rows := map[string]licenceRow{}
	line, inside := 0, false
	for text := range strings.Lines(document) {
		line++
		text = strings.TrimSpace(text)
		if strings.HasPrefix(text, "## ") {
			inside = text == "## Licences"
		}
		if m := row.FindStringSubmatch(text); inside && m != nil {
			rows[m[1]] = licenceRow{line, m[2], m[3]}
		}
	}
	return rows
}

func TestLicences(t *testing.T) {
	document, err := os.ReadFile(filepath.Join(moduleRoot, filepath.FromSlash(dependenciesDoc)))
	if err != nil {
		t.Fatal(err)
	}
	shipped := map[string]string{}
	for _, system := range []string{"linux", "darwin", "windows"} {
		for path, dir := range goList(t, system, "-deps", "-tags", buildTag,
			"-f", "{{with .Module}}{{if not .Main}}{{.Path}} {{.Dir}}{{end}}{{end}}", "./cmd/codexctl") {
			shipped[path] = dir
		}
	}
	var modules []licensed
	for path, dir := range shipped {
		modules = append(modules, licensed{path, licenceIn(t, dir), true})
	}
	for path, dir := range goList(t, "linux", "-m", "-f", "{{if not (or .Main .Indirect)}}{{.Path}} {{.Dir}}{{end}}", "all") {
		if _, counted := shipped[path]; !counted {
			modules = append(modules, licensed{path, licenceIn(t, dir), false})
		}
	}
	report(t, checkLicences(modules, string(document)))
}

// goList asks which modules there are, and where they lie.
func goList(t *testing.T, system string, args ...string) map[string]string {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "go", append([]string{"list"}, args...)...)
	cmd.Dir = moduleRoot
	cmd.Env = append(os.Environ(), "GOOS="+system, "CGO_ENABLED=0")
	var talk bytes.Buffer
	cmd.Stderr = &talk
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("go list: %v\n%s", err, &talk)
	}
	dirs := map[string]string{}
	for line := range strings.Lines(string(out)) {
		if path, dir, ok := strings.Cut(strings.TrimSpace(line), " "); ok {
			dirs[path] = dir
		}
	}
	if len(dirs) == 0 {
		t.Fatalf("go list %s names no module", strings.Join(args, " "))
	}
	return dirs
}

// licenceIn is the licence of the module in a folder.
func licenceIn(t *testing.T, dir string) string {
	t.Helper()
	for _, name := range []string{"LICENSE", "LICENSE.md", "LICENSE.txt", "LICENCE", "COPYING"} {
		text, err := os.ReadFile(filepath.Join(dir, name))
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			t.Fatal(err)
		}
		return licenceOf(string(text))
	}
	return ""
}

func TestCheckLicences(t *testing.T) {
	const document = "# D\n\n| `example.com/z` | MIT | tests |\n\n## Licences\n\n| `example.com/a` | MIT | binary |\n| `example.com/b` | ISC | tests |\n"
	tests := []struct {
		name    string
		modules []licensed
		want    []string
	}{
		{
			name:    "the table is right",
			modules: []licensed{{"example.com/a", "MIT", true}, {"example.com/b", "ISC", false}},
		},
		{
			name:    "a module without a row, a row without a module",
			modules: []licensed{{"example.com/a", "MIT", true}, {"example.com/z", "MIT", false}},
			want: []string{
				"docs/dependencies.md:0: the table of licences lacks example.com/z",
				"docs/dependencies.md:8: example.com/b is neither in the binary nor in go.mod",
			},
		},
		{
			name:    "another licence, another place",
			modules: []licensed{{"example.com/a", "BSD-2-Clause", true}, {"example.com/b", "ISC", true}},
			want: []string{
				"docs/dependencies.md:7: example.com/a is BSD-2-Clause, in binary",
				"docs/dependencies.md:8: example.com/b is ISC, in binary",
			},
		},
		{
			name:    "a licence that may not be shipped, though it may be tested with",
			modules: []licensed{{"example.com/a", "", true}, {"example.com/b", "", false}},
			want:    []string{"docs/dependencies.md:7: example.com/a is in the binary and has the licence unknown"},
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			compare(t, checkLicences(tt.modules, document), tt.want)
		})
	}
}

func TestLicenceOf(t *testing.T) {
	tests := []struct{ text, want string }{
		{"Permission is hereby granted, free of charge, to any person\nobtaining a copy", "MIT"},
		{"   Apache License\n   Version 2.0, January 2004", "Apache-2.0"},
		{"Redistribution and use in source and binary\nforms, with or without", "BSD-2-Clause"},
		{"Redistribution and use in source and binary forms … Neither the name of", "BSD-3-Clause"},
		{"Permission to use, copy, modify, and/or distribute this software for any purpose", "ISC"},
		{"Mozilla Public License Version 2.0 … Redistribution and use in source and binary forms", ""},
		{"GNU LESSER GENERAL PUBLIC LICENSE", ""},
		{"All rights reserved.", ""},
	}
	for _, tt := range tests {
		if got := licenceOf(tt.text); got != tt.want {
			t.Errorf("licenceOf(%q) = %q, want %q", tt.text, got, tt.want)
		}
	}
}
