package cli

import (
	"flag"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/codexctl/codexctl/internal/config"
)

// updateSettings writes the tables of docs/configuration.md anew.
var updateSettings = flag.Bool("update-settings", false, "write the tables of docs/configuration.md")

// cli.md 2: "`help environment` lists all, generated"; so does the document.
func TestSettingsAreDocumented(t *testing.T) {
	path := filepath.Join("..", "..", "docs", "configuration.md")
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	settings, variables := settingsTables()
	want := between(t, string(data), "settings", settings)
	want = between(t, want, "variables", variables)
	if *updateSettings {
		if err := os.WriteFile(path, []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if want != string(data) && !*updateSettings {
		t.Error("docs/configuration.md is out of date: go test ./internal/cli -run TestSettingsAreDocumented -update-settings")
	}
}

// between puts a text between two marks of a document.
func between(t *testing.T, text, name, inside string) string {
	t.Helper()
	begin, end := "<!-- "+name+" -->\n", "<!-- end of "+name+" -->"
	before, rest, ok := strings.Cut(text, begin)
	_, after, closed := strings.Cut(rest, end)
	if !ok || !closed {
		t.Fatalf("docs/configuration.md has no place for %s", name)
	}
	return before + begin + inside + end + after
}

func settingsTables() (settings, variables string) {
	code := func(words ...string) string {
		if len(words) == 0 || words[0] == "" {
			return ""
		}
		return "`" + strings.Join(words, "`, `") + "`"
	}
	settings = "| key | flag | variable | default | meaning |\n|---|---|---|---|---|\n"
	variables = "| variable | meaning |\n|---|---|\n"
	for _, row := range environmentRows(&Env{}) {
		about := strings.ReplaceAll(row.About, "|", `\|`)
		if row.Flag == nil {
			variables += fmt.Sprintf("| %s | %s |\n", code(row.Variables...), about)
			continue
		}
		settings += fmt.Sprintf("| %s | %s | %s | %s | %s |\n", code(orEmpty(row.Key)), code(*row.Flag), code(row.Variables...), code(orEmpty(row.Default)), about)
	}
	return settings, variables
}

// Every variable that the code reads by its name is in `help environment`.
func TestHelpEnvironmentKnowsEveryVariable(t *testing.T) {
	var known []string
	for _, row := range environmentRows(&Env{}) {
		known = append(known, row.Variables...)
	}
	read := readVariables(t)
	if len(read) < 10 || read["XDG_STATE_HOME"] == "" || read["CODEX_HOME"] == "" {
		t.Fatalf("the search does not find what is there: %v", read)
	}
	for name, where := range read {
		if !slices.Contains(known, name) {
			t.Errorf("%s reads %s, which `help environment` does not have: see otherVariables", where, name)
		}
	}
}

// readVariables are the texts that look like names of variables and are handed to a
// function that reads one, or are constants whose names say so.
func readVariables(t *testing.T) map[string]string {
	t.Helper()
	read := make(map[string]string)
	note := func(e ast.Expr, where string) {
		literal, ok := e.(*ast.BasicLit)
		if !ok || literal.Kind != token.STRING {
			return
		}
		if name, err := strconv.Unquote(literal.Value); err == nil && name == strings.ToUpper(name) && name != "" {
			read[name] = where
		}
	}
	for _, root := range []string{"..", filepath.Join("..", "..", "pkg"), filepath.Join("..", "..", "cmd")} {
		err := filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
			if err != nil || entry.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
				return err
			}
			file, err := parser.ParseFile(token.NewFileSet(), path, nil, 0)
			if err != nil {
				return err
			}
			ast.Inspect(file, func(n ast.Node) bool {
				switch n := n.(type) {
				case *ast.CallExpr:
					if slices.Contains([]string{"Getenv", "getenv", "LookupEnv", "get", "forced"}, callee(n)) && len(n.Args) == 1 {
						note(n.Args[0], path)
					}
				case *ast.ValueSpec:
					for i, name := range n.Names {
						if strings.HasPrefix(name.Name, "Variable") && i < len(n.Values) {
							note(n.Values[i], path)
						}
					}
				}
				return true
			})
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	return read
}

func callee(call *ast.CallExpr) string {
	switch f := call.Fun.(type) {
	case *ast.Ident:
		return f.Name
	case *ast.SelectorExpr:
		return f.Sel.Name
	}
	return ""
}

// What cannot be meant for longer than one call is no setting.
func TestOneShotFlagsAreNoSettings(t *testing.T) {
	for _, name := range []string{
		" json", " jsonl", " transform", " raw-output", " help", " version", "ask dry-run", "ask set", "respond payload",
		"respond stream", "auth login force", "auth logout revoke", "serve check", "serve print-env", "emulator start seed", "doctor offline",
	} {
		at := strings.LastIndex(name, " ")
		if s, ok := settingOf(name[:at], name[at+1:]); ok {
			t.Errorf("%s is a setting: %+v", name, s)
		}
	}
}

// A name of a variable or a key is that of one setting.
func TestSettingsHaveNamesOfTheirOwn(t *testing.T) {
	variables, keys := make(map[string]string), make(map[string]string)
	for _, l := range allSettings(&Env{}) {
		who := l.command + " --" + l.flag.name
		if l.shared {
			who = "--" + l.flag.name
		}
		for _, name := range append(slices.Clone(l.variables), "key "+l.name()) {
			if other, taken := variables[name]; taken && other != who && name != "key " {
				t.Errorf("%s is of %s and of %s", name, other, who)
			}
			variables[name] = who
		}
		if l.key == "" {
			continue
		}
		// The table of a command and a key at the top cannot have the same name.
		if _, isCommand := commands().sub(l.key); isCommand && l.shared {
			t.Errorf("the key %s has the name of a command's table", l.key)
		}
		if other, taken := keys[l.name()]; taken && other != who {
			t.Errorf("the key %s is of %s and of %s", l.name(), other, who)
		}
		keys[l.name()] = who
	}
}

// A flag that is a switch and takes a text as well, as `render` is: the file may give
// either.
func TestASwitchThatTakesAText(t *testing.T) {
	for text, want := range map[string]string{`true`: "true", `"glow -"`: "glow -", `false`: "false"} {
		path := filepath.Join(t.TempDir(), "config.toml")
		if err := os.WriteFile(path, []byte("render = "+text+"\nlog = true\n"), 0o600); err != nil {
			t.Fatal(err)
		}
		var render optional
		var log bool
		flags := []flagSpec{optionalFlag("render", "", &render, "render"), boolFlag("log", &log, "log")}
		inv := &invocation{
			env: &Env{Getenv: func(string) string { return "" }}, path: []string{"ask"},
			given: make(map[string]bool), origin: make(map[string]found),
		}
		var err error
		if inv.file, err = config.Load(path, config.Options{Sections: func() []config.Section { return configSections(settingsAmong("ask", flags)) }}); err != nil {
			t.Fatal(err)
		}
		for _, l := range settingsAmong("ask", flags) {
			value, ok := inv.fromFile(l)
			if !ok {
				t.Fatalf("the file has no %s", l.key)
			}
			if err := value.giveTo(l.flag); err != nil {
				t.Fatal(err)
			}
		}
		if render.text != want || !render.given || !log {
			t.Errorf("render = %s: got %+v, log %v", text, render, log)
		}
	}
}
