package cli

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// update writes docs/commands.md anew: go test ./internal/cli -run CommandsAreDocumented -update
var update = flag.Bool("update", false, "write docs/commands.md")

// docs/commands.md is made from the tree of commands.
func TestCommandsAreDocumented(t *testing.T) {
	path := filepath.Join("..", "..", "docs", "commands.md")
	want := commandReference()
	if *update {
		if err := os.WriteFile(path, []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	got, err := os.ReadFile(path)
	if err != nil || string(got) != want {
		t.Errorf("docs/commands.md is out of date (%v): go test ./internal/cli -run CommandsAreDocumented -update", err)
	}
}

func commandReference() string {
	var b strings.Builder
	b.WriteString(`# Commands

Made from the tree of commands that the program works by; a test compares. The same is shown by ` + "`codexctl help COMMAND`" + `
and ` + "`codexctl man COMMAND`" + `. What may be relied on in scripts: exit codes, names of flags, fields of JSON documents.

`)
	root := commands()
	for _, path := range commandPaths() {
		c, _ := root.find(path)
		name := strings.Join(append([]string{"codexctl"}, path...), " ")
		fmt.Fprintf(&b, "- [%s](#%s): %s\n", name, strings.ReplaceAll(name, " ", "-"), c.summary)
	}
	b.WriteString("- [Exit codes](#exit-codes)\n")
	for _, path := range commandPaths() {
		c, _ := root.find(path)
		referCommand(&b, c, path)
	}
	b.WriteString("\n## Exit codes\n\nThe same for every command and every form of output.\n\n| code | `error.code` | when |\n|---|---|---|\n")
	for _, row := range exitMeanings() {
		codes := ""
		if row.codes != "" {
			codes = "`" + strings.ReplaceAll(row.codes, ", ", "`, `") + "`"
		}
		fmt.Fprintf(&b, "| %d | %s | %s |\n", row.code, codes, cell(row.when))
	}
	return b.String()
}

func referCommand(b *strings.Builder, c command, path []string) {
	full := strings.Join(append([]string{"codexctl"}, path...), " ")
	fmt.Fprintf(b, "\n## %s\n\n%s.\n\n```text\n%s\n```\n", full, strings.ToUpper(c.summary[:1])+c.summary[1:], c.usageLine(full))
	referProse(b, c.details)
	if c.more != nil {
		referProse(b, c.more())
	}
	if len(c.examples) > 0 {
		fmt.Fprintf(b, "\nExamples:\n\n```sh\n%s\n```\n", strings.Join(c.examples, "\n"))
	}
	if len(path) == 0 {
		globals := defaultGlobals()
		b.WriteString("\nFlags of every command; they may stand before, between and after the arguments, and `--` ends them:\n")
		referFlags(b, "", globals.flags())
	}
	if c.setup != nil {
		if flags, _ := c.setup(&invocation{env: &Env{Getenv: func(string) string { return "" }}}); len(flags) > 0 {
			b.WriteString("\nFlags:\n")
			referFlags(b, strings.Join(path, " "), flags)
		}
	}
}

// referProse writes paragraphs; what is indented in them is laid out, and stays so.
func referProse(b *strings.Builder, text string) {
	if text == "" {
		return
	}
	laid := false
	b.WriteString("\n")
	for line := range strings.SplitSeq(text, "\n") {
		indented := strings.HasPrefix(line, "  ")
		switch {
		case indented && !laid:
			if !strings.HasSuffix(b.String(), "\n\n") {
				b.WriteString("\n")
			}
			b.WriteString("```text\n")
		case !indented && laid:
			b.WriteString("```\n")
			if line != "" {
				b.WriteString("\n")
			}
		}
		if laid = indented; !laid {
			line = strings.ReplaceAll(line, "<", "&lt;")
		}
		b.WriteString(line + "\n")
	}
	if laid {
		b.WriteString("```\n")
	}
}

func referFlags(b *strings.Builder, command string, flags []flagSpec) {
	b.WriteString("\n| flag | meaning | default | variables |\n|---|---|---|---|\n")
	for _, f := range flags {
		usage, fallback := f.usage, ""
		if front, back, ok := strings.Cut(usage, " (default"); ok {
			var rest string
			if fallback, rest, ok = strings.Cut(back, ")"); ok {
				usage, fallback = front+rest, strings.TrimLeft(fallback, ": ")
			}
		}
		from := ""
		if names := flagVariables(command, f.name); len(names) > 0 {
			from = "`" + strings.Join(names, "`, `") + "`"
		}
		fmt.Fprintf(b, "| `%s` | %s | %s | %s |\n", cell(f.spelled()), cell(usage), cell(fallback), from)
	}
}

func cell(text string) string {
	return strings.NewReplacer("|", `\|`, "<", "&lt;").Replace(text)
}

// README.md lists every command, and no other; the flags it names are there.
func TestReadmeListsTheCommands(t *testing.T) {
	text, err := os.ReadFile(filepath.Join("..", "..", "README.md"))
	if err != nil {
		t.Fatal(err)
	}
	_, table, _ := strings.Cut(string(text), "\n## Commands\n")
	table, _, _ = strings.Cut(table, "\n## ")
	code, root := regexp.MustCompile("`([^`]+)`"), commands()
	listed := make(map[string]bool)
	for line := range strings.SplitSeq(table, "\n") {
		cells := strings.Split(strings.ReplaceAll(line, `\|`, "/"), "|")
		if len(cells) != 4 || !strings.Contains(cells[1], "`") {
			continue
		}
		globals := defaultGlobals()
		flags := globals.flags()
		for _, entry := range code.FindAllStringSubmatch(cells[1], -1) {
			c, path := root, []string{}
			for _, word := range strings.Fields(entry[1]) {
				sub, ok := c.sub(word)
				if !ok {
					break
				}
				c, path = sub, append(path, word)
			}
			if c.setup == nil {
				t.Errorf("README.md: there is no command %q", entry[1])
				continue
			}
			listed[strings.Join(path, " ")] = true
			own, _ := c.setup(&invocation{env: &Env{Getenv: func(string) string { return "" }}})
			flags = append(flags, own...)
		}
		for _, entry := range code.FindAllStringSubmatch(line, -1) {
			for _, word := range strings.Fields(entry[1]) {
				if name, ok := strings.CutPrefix(word, "--"); ok && name != "" {
					if _, ok := lookup(flags, name); !ok {
						t.Errorf("README.md: none of the commands in %q has the flag %s", line, word)
					}
				}
			}
		}
	}
	for _, path := range commandPaths() {
		if c, _ := root.find(path); c.setup != nil && !listed[strings.Join(path, " ")] {
			t.Errorf("README.md does not list codexctl %s", strings.Join(path, " "))
		}
	}
}
