package cli

import (
	"strings"
	"testing"
	"unicode/utf8"
)

// cli.md 5: what people read fits their terminal and has a head there; in a pipe each line
// is a row, however long.
func TestTablesFitTheTerminal(t *testing.T) {
	heads := map[string]string{
		"help exit-codes": "CODE ", "models": "MODEL ", "config show": "KEY ", "sessions list": "ID ", "doctor --offline": "codexctl ",
	}
	p := newProgram(t)
	p.variables["XDG_STATE_HOME"] = t.TempDir()
	p.Size = func() (int, int) { return 80, 24 }
	if code := p.run("ask", "--session", "long", strings.Repeat("words ", 50)); code != exitOK {
		t.Fatalf("exit %d: %s", code, &p.talk)
	}
	for line, head := range heads {
		p.StdoutTerminal = false
		p.run(strings.Fields(line)...)
		piped := p.out.String()
		p.StdoutTerminal = true
		p.variables["NO_COLOR"] = "1"
		p.run(strings.Fields(line)...)
		shown := p.out.String()
		if !strings.HasPrefix(shown, head) || line != "doctor --offline" && strings.HasPrefix(piped, head) {
			t.Errorf("%s: the head on a terminal %v, in a pipe %v", line, strings.HasPrefix(shown, head), strings.HasPrefix(piped, head))
		}
		for row := range strings.SplitSeq(shown, "\n") {
			// A path or an id is one word, and a remedy is there to be copied.
			if line != "config show" && line != "doctor --offline" && utf8.RuneCountInString(row) > 80 {
				t.Errorf("%s: %d columns: %s", line, utf8.RuneCountInString(row), row)
			}
		}
		// Nothing is cut away: the words are those of the pipe.
		if line == "help exit-codes" {
			want := len(strings.Fields(piped)) + 3
			if got := len(strings.Fields(shown)); got != want {
				t.Errorf("%s: %d words, want %d", line, got, want)
			}
		}
		if line != "config show" && line != "doctor --offline" && strings.Count(piped, "\n") >= strings.Count(shown, "\n")-1 {
			t.Errorf("%s: nothing was wrapped:\n%s", line, shown)
		}
	}
}

// cli.md 11: the rows of `doctor` are broken between words on a terminal.
func TestDoctorFitsTheTerminal(t *testing.T) {
	p := newProgram(t)
	p.variables["CODEXCTL_CONFIG"] = "/" + strings.Repeat("a folder with a long name ", 5) + "/config.toml"
	p.variables["NO_COLOR"] = "1"
	p.StdoutTerminal = true
	p.Size = func() (int, int) { return 70, 24 }
	p.run("doctor", "--offline")
	for line := range strings.SplitSeq(p.out.String(), "\n") {
		if utf8.RuneCountInString(line) > 70 && !strings.HasPrefix(line, " ") {
			t.Errorf("%d columns: %s", utf8.RuneCountInString(line), line)
		}
	}
}
