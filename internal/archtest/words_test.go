package archtest

import (
	"bytes"
	"io/fs"
	"os"
	"path"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// The words are put together here, since this file is read like any other.
var (
	unfinished = regexp.MustCompile(`(?i)\b(` + strings.Join([]string{
		"to" + "do", "fix" + "me", "not " + "implemented", "coming " + "soon", "lorem " + "ipsum",
	}, "|") + `)`)

	// A path that begins at a developer's root: not part of a URL, of a relative path,
	// or of one that begins with a variable.
	machinePath = regexp.MustCompile(`(?:^|[^\w.~$})\]*/-]|file://)(/(?:work|root)/)`)
)

// proseKinds is the endings of files that people write. Data (JSON, recorded streams)
// is left out: what others have said in it is theirs.
var proseKinds = []string{
	".bash", ".cfg", ".css", ".fish", ".go", ".html", ".ini", ".js", ".md", ".mjs", ".mod", ".ps1",
	".py", ".sh", ".svg", ".tape", ".tmpl", ".toml", ".ts", ".txt", ".txtar", ".work", ".yaml", ".yml", ".zsh",
}

// checkWords finds words of unfinished work, and paths of one developer's machine, in
// every source and document below fsys, nested modules included.
func checkWords(fsys fs.FS) ([]finding, error) {
	var found []finding
	ignored := ignoredNames(fsys)
	err := fs.WalkDir(fsys, ".", func(name string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case name != "." && ignored(name):
			if entry.IsDir() {
				return fs.SkipDir
			}
			return nil
		case !entry.Type().IsRegular() || !isProse(name):
			return nil
		}
		text, err := fs.ReadFile(fsys, name)
		if err != nil {
			return err
		}
		if !bytes.Contains(text, []byte{0}) {
			found = append(found, checkLines(name, string(text))...)
		}
		return nil
	})
	return found, err
}

func checkLines(name, text string) []finding {
	var found []finding
	line := 0
	for s := range strings.Lines(text) {
		line++
		if word := unfinished.FindString(s); word != "" {
			found = append(found, finding{name, line, "says " + strings.ToLower(word),
				"finish it, or leave it out and open an issue; a limit is stated as a fact"})
		}
		if m := machinePath.FindStringSubmatch(s); m != nil {
			found = append(found, finding{name, line, "names a path below " + m[1],
				"use a path relative to the project, or $HOME"})
		}
	}
	return found
}

// isProse says whether people write and read the file. One without an ending is a
// script or a Makefile, except in testdata, where it is a fuzzing input.
func isProse(name string) bool {
	if ext := path.Ext(strings.TrimPrefix(path.Base(name), ".")); ext != "" {
		return slices.Contains(proseKinds, ext)
	}
	return !slices.Contains(strings.Split(name, "/"), "testdata")
}

// ignoredNames says what is not part of the project: git's own folder, other people's
// code, and what the plain lines of the root's .gitignore name.
func ignoredNames(fsys fs.FS) func(name string) bool {
	patterns := []string{".git", "vendor", "node_modules"}
	text, err := fs.ReadFile(fsys, ".gitignore")
	if err == nil {
		for line := range strings.Lines(string(text)) {
			line = strings.TrimSpace(line)
			if line != "" && !strings.HasPrefix(line, "#") && !strings.HasPrefix(line, "!") {
				patterns = append(patterns, strings.TrimSuffix(line, "/"))
			}
		}
	}
	return func(name string) bool {
		return slices.ContainsFunc(patterns, func(pattern string) bool {
			target := name
			if !strings.Contains(pattern, "/") { // git matches such a line at any depth
				target = path.Base(name)
			}
			match, _ := path.Match(strings.TrimPrefix(pattern, "/"), target)
			return match
		})
	}
}

func TestWords(t *testing.T) {
	found, err := checkWords(os.DirFS(moduleRoot))
	if err != nil {
		t.Fatal(err)
	}
	report(t, found)
}

func TestCheckWords(t *testing.T) {
	const (
		later = "TO" + "DO"
		mend  = "fix" + "me"
		here  = "/wo" + "rk/main"
		home  = "/ro" + "ot/go"
	)
	tests := []struct {
		name string
		tree map[string]string
		want []string
	}{
		{
			name: "clean",
			tree: map[string]string{
				"README.md":    "auto" + "docs, https://example.com" + here + ", $HOME" + home + ", .." + here + ", a" + here + "\n",
				"Makefile":     "all:\n\tgo test ./...\n",
				"pkg/a/a.go":   "package a\n\nconst s = http.StatusNotImplemented\n",
				"docs/root.md": "the root, the work\n",
			},
		},
		{
			name: "what is not ours to read",
			tree: map[string]string{
				".gitignore":                     "# made\n/dist/\nbin\n*.gen.md\n!bin\ne2e/out/\n",
				".git/COMMIT_EDITMSG":            later,
				"dist/notes.md":                  later,
				"e2e/bin/notes.md":               later,
				"e2e/out/notes.md":               later,
				"a.gen.md":                       later,
				"vendor/x/x.go":                  later,
				"e2e/node_modules/x/x.js":        later,
				"testdata/fuzz/FuzzA/0123":       later,
				"testdata/recorded.sse":          later,
				"testdata/recorded.json":         later,
				"codexctl":                       "\x7fELF\x00" + later,
				"pkg/a/testdata/picture.png":     later,
				"go.sum":                         later,
				"e2e/node_modules/.package.lock": later,
			},
		},
		{
			name: "unfinished",
			tree: map[string]string{
				"pkg/a/a.go":          "package a\n\n// " + later + ": more\nfunc F() { context." + "To" + "do() }\n",
				"docs/a.md":           "This is Not " + "Implemented.\nComing " + "soon: Lorem " + "ipsum.\n",
				"Makefile":            "# " + mend + "\n",
				"e2e/go.mod":          "module e2e // " + mend + "\n",
				"testdata/ask.txtar":  "# " + mend + "\n",
				".ci/run":             "#!/bin/sh\n# " + later + "\n",
				"docs/dist/inside.md": later,
				".gitignore":          "/dist/\n# " + later,
			},
			want: []string{
				".ci/run:2: says to" + "do",
				".gitignore:2: says to" + "do",
				"Makefile:1: says " + mend,
				"docs/a.md:1: says not " + "implemented",
				"docs/a.md:2: says coming " + "soon",
				"docs/dist/inside.md:1: says to" + "do",
				"e2e/go.mod:1: says " + mend,
				"pkg/a/a.go:3: says to" + "do",
				"pkg/a/a.go:4: says to" + "do",
				"testdata/ask.txtar:1: says " + mend,
			},
		},
		{
			name: "paths of one machine",
			tree: map[string]string{
				"README.md":        "cd " + here + "\n`" + home + "/bin`\nfile://" + home + "\n" + here + "\n",
				"scripts/build.sh": "X=" + home + "\nPATH=$PATH:" + home + "\n",
			},
			want: []string{
				"README.md:1: names a path below /wo" + "rk/",
				"README.md:2: names a path below /ro" + "ot/",
				"README.md:3: names a path below /ro" + "ot/",
				"README.md:4: names a path below /wo" + "rk/",
				"scripts/build.sh:1: names a path below /ro" + "ot/",
				"scripts/build.sh:2: names a path below /ro" + "ot/",
			},
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			found, err := checkWords(mapFS(tt.tree))
			if err != nil {
				t.Fatal(err)
			}
			compare(t, found, tt.want)
		})
	}
}
