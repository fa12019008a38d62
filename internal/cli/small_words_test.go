package cli

import (
	"context"
	"os"
	"strings"
	"syscall"
	"testing"

	"github.com/tidwall/gjson"

	"github.com/codexctl/codexctl/internal/terminal"
)

// cli.md 2: what does not use the configuration file works whatever is wrong with it.
func TestBrokenFileStopsNobodyWhoDoesNotReadIt(t *testing.T) {
	p := newProgram(t)
	p.withFile(t, "nonsense [")
	for _, line := range []string{"version", "-V", "ask -V", "completion bash", "man", "man ask", "help", "help ask", "help exit-codes", "ask --help"} {
		if code := p.run(strings.Fields(line)...); code != exitOK || p.out.Len() == 0 || p.talk.Len() > 0 {
			t.Errorf("%s: exit %d, %s", line, code, &p.talk)
		}
	}
	for _, line := range []string{"ask hi", "models", "config show", "auth status"} {
		if code := p.run(strings.Fields(line)...); code != exitConfig {
			t.Errorf("%s: exit %d, want %d", line, code, exitConfig)
		}
	}
}

// rulings.md, hints: the next command to type is of the group that was named.
func TestUnknownCommandHint(t *testing.T) {
	p := newProgram(t)
	for _, c := range commands().subs {
		if c.setup != nil {
			continue
		}
		if code := p.run(c.name, "zzzzzzzz"); code != exitUsage || !strings.Contains(p.talk.String(), "hint: codexctl "+c.name+" --help\n") {
			t.Errorf("%s: exit %d, %s", c.name, code, &p.talk)
		}
	}
	for line, want := range map[string]string{"man zzzzzzzz": `there is no command "zzzzzzzz"`, "help zzzzzzzz": `there is no command or topic "zzzzzzzz"`} {
		p.run(strings.Fields(line)...)
		if !strings.Contains(p.talk.String(), want) {
			t.Errorf("%s: %s", line, &p.talk)
		}
	}
	// cli.md 3: every document has a type.
	p.run("frobnicate", "--json")
	if got := gjson.GetBytes(p.out.Bytes(), "type").Str; got != "codexctl" {
		t.Errorf("no command: the type is %q", got)
	}
}

// cli.md 4, row 130: Ctrl-C is told in the same words wherever it comes.
func TestInterruptedInPlainWords(t *testing.T) {
	p := newProgram(t)
	for signal, want := range map[os.Signal]string{os.Interrupt: "codexctl: interrupted\n", syscall.SIGTERM: "codexctl: terminated\n"} {
		ctx, cancel := context.WithCancelCause(context.Background())
		cancel(Interrupted(signal))
		p.runContext(ctx, "ask", "hi")
		if !strings.HasPrefix(p.talk.String(), want) {
			t.Errorf("%v: %s", signal, &p.talk)
		}
	}
	if got, want := terminal.ErrInterrupted.Error(), Interrupted(os.Interrupt).Error(); got != want {
		t.Errorf("at a prompt: %q, elsewhere %q", got, want)
	}
}

// cli.md 4: the table says what the contract says.
func TestExitCodesAreTheContracts(t *testing.T) {
	p := newProgram(t)
	p.run("help", "exit-codes", "--json")
	for code, words := range map[string]string{
		"2": "bad schema", "3": "configuration file", "5": "resets_at", "7": "wait for a login", "8": "refusal", "11": "in the browser",
	} {
		if when := gjson.GetBytes(p.out.Bytes(), "items.#(code=="+code+").when").Str; !strings.Contains(when, words) {
			t.Errorf("%s: %q lacks %q", code, when, words)
		}
	}
}
