//go:build unix

package main

import (
	"bytes"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/creack/pty"
)

// cli.md 1, `completion`, in the shells themselves: what a person types, and what stands
// on the line after the Tab.

// typedLine is a line as it is typed, with a Tab behind it, and the words that it then has.
type typedLine struct {
	name, typed string
	want        []string
}

func typedLines() []typedLine {
	return []typedLine{
		{"a command of a group", "codexctl auth stat", []string{"codexctl", "auth", "status"}},
		{"behind a flag", "codexctl auth -q stat", []string{"codexctl", "auth", "-q", "status"}},
		{"a flag", "codexctl ask why --exa", []string{"codexctl", "ask", "why", "--exact"}},
		{"a value", "codexctl ask --color al", []string{"codexctl", "ask", "--color", "always"}},
		{"a value behind an equals sign", "codexctl ask --color=al", []string{"codexctl", "ask", "--color=always"}},
		{"a value in quotes", `codexctl ask --color "al`, []string{"codexctl", "ask", "--color", "always"}},
		{"a value in a cluster", "codexctl ask -uelo", []string{"codexctl", "ask", "-uelow"}},
		{"a model", "codexctl ask -m gpt-5", []string{"codexctl", "ask", "-m", "gpt-5.5"}},
		{"a model behind two equals signs", "codexctl serve --model-alias=a=gpt-5", []string{"codexctl", "serve", "--model-alias=a=gpt-5.5"}},
		{"a topic", "codexctl help exit", []string{"codexctl", "help", "exit-codes"}},
		{"a file with a space", "codexctl respond --payload my", []string{"codexctl", "respond", "--payload", "my file.json"}},
		{"a file behind an equals sign", "codexctl respond --payload=my", []string{"codexctl", "respond", "--payload=my file.json"}},
		{"a file behind an at and an equals sign", "codexctl respond --tool=@my", []string{"codexctl", "respond", "--tool=@my file.json"}},
		{"a file behind an at", "codexctl respond --tool @my", []string{"codexctl", "respond", "--tool", "@my file.json"}},
		{"a folder", "codexctl emulator exec --replay fol", []string{"codexctl", "emulator", "exec", "--replay", "folder/"}},
		{"nothing", "codexctl ask --timeout zz", []string{"codexctl", "ask", "--timeout", "zz"}},
	}
}

// anotherProgram is a line whose words behind -- are completed by the shell.
func anotherProgram() typedLine {
	return typedLine{"another program's line", "codexctl emulator exec -- codexctl auth stat", []string{"codexctl", "emulator", "exec", "--", "codexctl", "auth", "status"}}
}

// shellPlace is a folder with files to complete, and an environment in which nothing of
// the machine's shells shows.
func shellPlace(t *testing.T) (dir string, environment []string) {
	t.Helper()
	dir = t.TempDir()
	for _, sub := range []string{"folder", "home"} {
		if err := os.Mkdir(filepath.Join(dir, sub), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.WriteFile(filepath.Join(dir, "my file.json"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	home := filepath.Join(dir, "home")
	return dir, []string{
		"PATH=" + os.Getenv("PATH"), "HOME=" + home, "XDG_CONFIG_HOME=" + home, "XDG_DATA_HOME=" + filepath.Join(home, "data"),
		"XDG_CACHE_HOME=" + home, "XDG_STATE_HOME=" + home, "TMPDIR=" + home, "GORACE=" + promptly,
		"TERM=dumb", "LC_ALL=C.UTF-8", "PS1=$ ", "INPUTRC=/dev/null", "ZDOTDIR=" + home,
	}
}

// script is what `completion` prints, in a file.
func script(t *testing.T, dir, shell, name string) string {
	t.Helper()
	text, err := exec.Command("codexctl", "completion", shell).Output()
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(dir, name)
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, text, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// keyboard is an interactive shell on a pseudo-terminal.
type keyboard struct {
	t      *testing.T
	master *os.File

	mu  sync.Mutex
	out bytes.Buffer
}

func startShell(t *testing.T, dir string, environment []string, name string, args ...string) *keyboard {
	t.Helper()
	cmd := exec.Command(name, args...)
	cmd.Dir, cmd.Env = dir, environment
	master, slave, err := pty.Open()
	if err != nil {
		t.Skipf("no pseudo-terminal: %v", err)
	}
	if err := pty.Setsize(slave, &pty.Winsize{Rows: 50, Cols: 400}); err != nil {
		t.Fatal(err)
	}
	cmd.Stdin, cmd.Stdout, cmd.Stderr = slave, slave, slave
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Setctty: true, Ctty: 0}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	slave.Close()
	k := &keyboard{t: t, master: master}
	var reading sync.WaitGroup
	reading.Go(func() {
		buf := make([]byte, 4096)
		for {
			n, err := master.Read(buf)
			k.mu.Lock()
			k.out.Write(buf[:n])
			k.mu.Unlock()
			if err != nil {
				return
			}
		}
	})
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
		master.Close()
		reading.Wait()
	})
	return k
}

// types types text; await waits until the shell has written something behind it.
func (k *keyboard) types(text string) {
	k.t.Helper()
	if _, err := io.WriteString(k.master, text); err != nil {
		k.t.Fatal(err)
	}
}

func (k *keyboard) await(text string) string {
	k.t.Helper()
	for end := time.Now().Add(patience); time.Now().Before(end); time.Sleep(5 * time.Millisecond) {
		k.mu.Lock()
		seen := k.out.String()
		k.mu.Unlock()
		if strings.Contains(seen, text) {
			return seen
		}
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	k.t.Fatalf("the shell does not write %q; it wrote %q", text, k.out.String())
	return ""
}

// runs runs a line and waits for its end.
func (k *keyboard) runs(line string) {
	k.t.Helper()
	k.types(line + "; printf '%s-%s\\n' rea dy\r")
	k.await("rea-dy")
	k.forget()
}

func (k *keyboard) forget() {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.out.Reset()
}

// complete types a line and a Tab, and has the shell itself say what words the line has
// then: Control-A goes to its beginning, Control-E to its end.
func (k *keyboard) complete(line typedLine) {
	k.t.Helper()
	k.forget()
	k.types(line.typed + "\t\x01printf '<%s>' \x05 END\r")
	seen := k.await("<END>")
	_, words, _ := strings.Cut(seen, "<codexctl>")
	words, _, _ = strings.Cut("<codexctl>"+words, "<END>")
	words = strings.ReplaceAll(words, "/>", ">") // zsh takes the slash of a folder away again
	if want := "<" + strings.Join(line.want, "><") + ">"; words != strings.ReplaceAll(want, "/>", ">") {
		k.t.Errorf("%s: %s and a Tab is %s, want %s; the shell wrote %q", line.name, line.typed, words, want, seen)
	}
	for _, problem := range []string{"error", "not found", "codexctl: "} {
		if strings.Contains(seen, problem) {
			k.t.Errorf("%s: the shell wrote %q", line.name, seen)
		}
	}
}

func TestCompletionInBash(t *testing.T) {
	t.Parallel()
	needTool(t, "bash")
	t.Run("alone", func(t *testing.T) {
		dir, environment := shellPlace(t)
		k := startShell(t, dir, environment, "bash", "--norc", "--noprofile", "-i")
		k.runs(". " + script(t, dir, "bash", "home/codexctl.bash"))
		for _, line := range sampled(typedLines()) {
			k.complete(line)
		}
		// The words of a redirected line go where it says.
		k.types("codexctl ask hi > my\t\x01printf '<%s>' \r")
		for end := time.Now().Add(patience); ; time.Sleep(5 * time.Millisecond) {
			if got, _ := os.ReadFile(filepath.Join(dir, "my file.json")); string(got) == "<codexctl><ask><hi>" {
				break
			} else if time.Now().After(end) {
				t.Fatalf("a redirection: the file holds %q", got)
			}
		}
	})
	t.Run("with the package bash-completion, which finds the script", func(t *testing.T) {
		const library = "/usr/share/bash-completion/bash_completion"
		if _, err := os.Stat(library); err != nil {
			t.Skip("the package bash-completion is not installed")
		}
		dir, environment := shellPlace(t)
		script(t, dir, "bash", "home/data/bash-completion/completions/codexctl")
		k := startShell(t, dir, environment, "bash", "--norc", "--noprofile", "-i")
		k.runs(". " + library)
		for _, line := range append(sampled(typedLines()), anotherProgram()) {
			k.complete(line)
		}
	})
	t.Run("parsed", func(t *testing.T) {
		dir, _ := shellPlace(t)
		if out, err := exec.Command("bash", "-n", script(t, dir, "bash", "s")).CombinedOutput(); err != nil || len(out) > 0 {
			t.Errorf("%v: %s", err, out)
		}
	})
}

func TestCompletionInZsh(t *testing.T) {
	t.Parallel()
	needTool(t, "zsh")
	for _, how := range []string{"evaluated", "in a folder of fpath"} {
		t.Run(how, func(t *testing.T) {
			dir, environment := shellPlace(t)
			path := script(t, dir, "zsh", "home/functions/_codexctl")
			k := startShell(t, dir, environment, "zsh", "-f", "-i")
			setup := "bindkey -e; autoload -Uz compinit; "
			if how == "evaluated" {
				k.runs(setup + "compinit -u -D; . " + path)
			} else {
				k.runs("fpath=(" + filepath.Dir(path) + " $fpath); " + setup + "compinit -u -D")
			}
			for _, line := range append(sampled(typedLines()), anotherProgram()) {
				k.complete(line)
			}
			// What a suggestion is about stands beside it.
			k.forget()
			k.types("codexctl auth log\t\t")
			k.await("forget the login")
		})
	}
}

// fish tells what it would offer without a terminal.
func TestCompletionInFish(t *testing.T) {
	t.Parallel()
	needTool(t, "fish")
	dir, environment := shellPlace(t)
	script(t, dir, "fish", "home/fish/completions/codexctl.fish")
	offers := func(line string) []string {
		t.Helper()
		cmd := exec.Command("fish", "-c", `complete -C "$argv[1]"`, line)
		cmd.Dir, cmd.Env = dir, environment
		var problems bytes.Buffer
		cmd.Stderr = &problems
		out, err := cmd.Output()
		if err != nil || problems.Len() > 0 {
			t.Errorf("%s: %v: %s", line, err, &problems)
		}
		return strings.Split(strings.TrimSpace(string(out)), "\n")
	}
	for _, line := range append(sampled(typedLines()), anotherProgram()) {
		t.Run(line.name, func(t *testing.T) {
			got := offers(line.typed)
			last := line.want[len(line.want)-1]
			if line.name == "nothing" {
				last = ""
			}
			word, _, _ := strings.Cut(got[0], "\t")
			if word = strings.ReplaceAll(word, `\ `, " "); len(got) != 1 || word != last {
				t.Errorf("%s: fish offers %q, want %q", line.typed, got, last)
			}
		})
	}
	t.Run("what a suggestion is about", func(t *testing.T) {
		if got := strings.Join(offers("codexctl auth logo"), "|"); got != "logout\tforget the login" {
			t.Errorf("fish offers %q", got)
		}
	})
	t.Run("behind a space", func(t *testing.T) {
		if got := offers("codexctl auth "); len(got) < 5 {
			t.Errorf("fish offers %q, want all commands of the group", got)
		}
	})
}
