package cli

import (
	"context"
	"io"
	"os"
	"path/filepath"
	"strings"
)

// manOptions are the flags of `man`.
type manOptions struct{ dir string }

func manCommand() command {
	return command{
		name: "man", summary: "print a page for man(1), or write all of them", args: "[COMMAND…]",
		details: `The page is made from the command tree of this program, in the language of man(1): pipe
it to a reader. --dir is for packagers: it writes codexctl.1 and one page for each command.`,
		examples: []string{
			"codexctl man | man -l -",
			"codexctl man auth login | man -l -",
			"codexctl man --dir ~/.local/share/man/man1",
		},
		result: always(manDocument{}),
		setup: func(inv *invocation) ([]flagSpec, action) {
			o := &manOptions{}
			flags := []flagSpec{stringFlag("dir", "DIR", &o.dir, "write all pages into this folder instead, and make it if it is missing")}
			return flags, func(_ context.Context, args []string) error { return o.run(inv, args) }
		},
	}
}

// manDocument is the JSON result of `man`.
type manDocument struct {
	SchemaVersion int               `json:"schema_version"`
	Type          string            `json:"type"`
	Items         []manPageDocument `json:"items"`
	Error         *errorDocument    `json:"error"`
}

// manPageDocument is one page. Path is where it was written, and null if it was not; Text
// is null if it was.
type manPageDocument struct {
	Name    string  `json:"name"`
	Section int     `json:"section"`
	Path    *string `json:"path"`
	Text    *string `json:"text"`
}

func (o *manOptions) run(inv *invocation, args []string) error {
	doc := manDocument{SchemaVersion: 1, Type: "man", Items: []manPageDocument{}}
	switch {
	case inv.given["dir"] && len(args) > 0:
		return usagef("--dir writes all pages; name no command with it")
	case inv.given["dir"] && o.dir == "":
		return usagef("--dir is empty; leave it out to print one page")
	case inv.given["dir"]:
		var err error
		if doc.Items, err = inv.writeManPages(o.dir); err != nil {
			return err
		}
	default:
		page, ok := inv.manPage(args)
		if !ok {
			return unknownHelp("man", args)
		}
		doc.Items = append(doc.Items, manPageDocument{Name: pageName(args), Section: 1, Text: &page})
	}
	switch {
	case inv.global.wantsDocument():
		return inv.document(doc)
	case inv.given["dir"]:
		for _, item := range doc.Items {
			inv.talk.detail("wrote %s", *item.Path)
		}
		return nil
	}
	_, err := io.WriteString(inv.out, *doc.Items[0].Text)
	return err
}

// writeManPages writes every page. Whoever reads one meanwhile sees the old one or the
// new one. The error is a settingError.
func (inv *invocation) writeManPages(dir string) ([]manPageDocument, error) {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, &settingError{"--dir", plainPathError(err)}
	}
	var written []manPageDocument
	for _, path := range commandPaths() {
		text, _ := inv.manPage(path)
		name := pageName(path)
		file := filepath.Join(dir, name+".1")
		if err := replaceFile(file, text); err != nil {
			return nil, &settingError{"--dir", plainPathError(err)}
		}
		written = append(written, manPageDocument{Name: name, Section: 1, Path: &file})
	}
	return written, nil
}

// replaceFile puts a text that anybody may read in the place of a file.
func replaceFile(path, text string) error {
	temp, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+".*")
	if err != nil {
		return err
	}
	_, err = temp.WriteString(text)
	if err == nil {
		err = temp.Chmod(0o644)
	}
	if closeErr := temp.Close(); err == nil {
		err = closeErr
	}
	if err == nil {
		err = os.Rename(temp.Name(), path)
	}
	if err != nil {
		_ = os.Remove(temp.Name())
	}
	return err
}

// commandPaths is the path of every command and group, the program's own first.
func commandPaths() [][]string {
	var all [][]string
	var walk func(command, []string)
	walk = func(c command, path []string) {
		all = append(all, path)
		for _, sub := range c.subs {
			walk(sub, append(path[:len(path):len(path)], sub.name))
		}
	}
	walk(commands(), nil)
	return all
}

// pageName is what a command's page is called.
func pageName(path []string) string {
	return strings.Join(append([]string{"codexctl"}, path...), "-")
}
