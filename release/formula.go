package main

import (
	_ "embed"
	"os"
	"path/filepath"
	"strings"
	"text/template"
)

//go:embed formula.rb.tmpl
var formulaTemplate string

// formulaPart is what the formula says of one system.
type formulaPart struct {
	System, Arch string // as Homebrew names them
	File, SHA256 string
}

// writeFormula writes a Homebrew formula for those targets that Homebrew knows.
func (r *release) writeFormula(targets []target) error {
	formula := struct {
		Version string
		Parts   []formulaPart
	}{Version: r.version.plain()}
	for _, t := range targets {
		part := formulaPart{File: r.archiveName(t)}
		switch t.system {
		case "darwin":
			part.System = "macos"
		case "linux":
			part.System = "linux"
		default:
			continue
		}
		part.Arch = map[string]string{"amd64": "intel", "arm64": "arm"}[t.arch]
		var err error
		if part.SHA256, err = sumOf(filepath.Join(r.out, part.File)); err != nil {
			return err
		}
		formula.Parts = append(formula.Parts, part)
	}
	page, err := template.New("formula").Parse(formulaTemplate)
	if err != nil {
		return err
	}
	var b strings.Builder
	if err := page.Execute(&b, formula); err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(r.out, "codexctl.rb"), []byte(b.String()), 0o644)
}
