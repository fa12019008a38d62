package cli

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// cli.md 11: `man`, generated from the command tree. Every page is one that readers take
// without a warning: mandoc's check, and groff's by way of man(1).
func TestManPagesAreInOrder(t *testing.T) {
	p := newProgram(t)
	dir := filepath.Join(t.TempDir(), "man1")
	if code := p.run("man", "--dir", dir); code != exitOK || p.out.Len() > 0 {
		t.Fatalf("exit %d, stdout %q, stderr %s", code, &p.out, &p.talk)
	}
	pages, err := filepath.Glob(filepath.Join(dir, "*"))
	if err != nil || len(pages) != len(commandPaths()) {
		t.Fatalf("%d pages for %d commands (%v)", len(pages), len(commandPaths()), err)
	}
	for _, page := range pages {
		text, err := os.ReadFile(page)
		if err != nil {
			t.Fatal(err)
		}
		for _, heading := range []string{"NAME", "SYNOPSIS", "DESCRIPTION", "OPTIONS", "EXIT STATUS", "SEE ALSO"} {
			if !bytes.Contains(text, []byte("\n.SH \""+heading+"\"\n")) {
				t.Errorf("%s has no section %s", filepath.Base(page), heading)
			}
		}
	}
	t.Run("mandoc", func(t *testing.T) {
		if _, err := exec.LookPath("mandoc"); err != nil {
			t.Skip("mandoc is not installed")
		}
		if out, err := exec.Command("mandoc", append([]string{"-Tlint", "-Wwarning"}, pages...)...).CombinedOutput(); err != nil {
			t.Errorf("%v: %s", err, out)
		}
	})
	t.Run("man", func(t *testing.T) {
		for _, tool := range []string{"man", "groff"} {
			if _, err := exec.LookPath(tool); err != nil {
				t.Skipf("%s is not installed", tool)
			}
		}
		for _, page := range pages {
			cmd := exec.Command("man", "--warnings=all", "-l", page)
			cmd.Env = append(os.Environ(), "MANWIDTH=80", "LC_ALL=C.UTF-8", "MAN_KEEP_FORMATTING=", "MANPAGER=cat")
			var warnings bytes.Buffer
			cmd.Stderr = &warnings
			out, err := cmd.Output()
			if err != nil || warnings.Len() > 0 {
				t.Errorf("%s: %v: %s", filepath.Base(page), err, &warnings)
			}
			if !bytes.Contains(out, []byte("EXIT STATUS")) {
				t.Errorf("%s: shown without its sections:\n%s", filepath.Base(page), out)
			}
		}
	})
}

// A page that is printed is the page that is written; it does not depend on what was
// given for other commands.
func TestManPrintsOnePage(t *testing.T) {
	p := newProgram(t)
	p.variables["SOURCE_DATE_EPOCH"] = "86400"
	if code := p.run("man", "auth", "login"); code != exitOK {
		t.Fatalf("exit %d: %s", code, &p.talk)
	}
	page := p.out.String()
	for _, want := range []string{
		".TH \"CODEXCTL\\-AUTH\\-LOGIN\" \"1\" \"1970-01-02\"", "\\fB\\-\\-no\\-browser\\fR\n", "codexctl\\-auth(1)", ".SH \"EXAMPLES\"\n",
	} {
		if readBuild().Date != nil && strings.HasPrefix(want, ".TH") {
			continue // a program that knows its date says that one
		}
		if !strings.Contains(page, want) {
			t.Errorf("the page lacks %q:\n%s", want, page)
		}
	}
	if code := p.run("man", "auth", "logn"); code != exitUsage || !strings.Contains(p.talk.String(), "hint: codexctl man auth login\n") {
		t.Errorf("an unknown command: exit %d, %s", code, &p.talk)
	}
	if code := p.run("man", "--dir", "", "ask"); code != exitUsage {
		t.Errorf("--dir with a command: exit %d", code)
	}
}

// After a failure the old page is there and nothing beside it.
func TestManDirThatCannotBeWritten(t *testing.T) {
	p := newProgram(t)
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if code := p.run("man", "--dir", filepath.Join(file, "man1")); code != exitConfig || !strings.Contains(p.talk.String(), "--dir") {
		t.Errorf("exit %d, %s; want 3 naming --dir", code, &p.talk)
	}
}

// Text that looks like a request, a font or a quote comes out as it went in.
func TestRoffKeepsText(t *testing.T) {
	if _, err := exec.LookPath("mandoc"); err != nil {
		t.Skip("mandoc is not installed")
	}
	lines := []string{".TH dot", "'quote' \"double\" `back` \\fB \\n", "--flag -x a-b ^ ~ \\", "..", "'"}
	r := &roff{}
	r.title("X", "2026-01-02", "x")
	r.section(`A "quoted" \ heading`)
	r.verbatim(lines)
	cmd := exec.Command("mandoc", "-Tascii", "-Owidth=100")
	cmd.Stdin = strings.NewReader(r.b.String())
	out, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range append(lines, `"quoted" \ `) {
		// Bold is written as a letter over itself.
		plain := strings.NewReplacer().Replace(string(out))
		for i := strings.Index(plain, "\b"); i > 0; i = strings.Index(plain, "\b") {
			plain = plain[:i-1] + plain[i+1:]
		}
		if !strings.Contains(plain, want) {
			t.Errorf("%q is not in\n%s", want, plain)
		}
	}
}
