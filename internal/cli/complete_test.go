package cli

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/codexctl/codexctl/internal/catalogue"
	"github.com/codexctl/codexctl/internal/session"
	"github.com/codexctl/codexctl/pkg/credentials"
	"github.com/codexctl/codexctl/pkg/responses"
)

// typing is a program that is asked what may be typed: without a network.
func typing(t *testing.T) *program {
	t.Helper()
	p := newProgram(t)
	p.Transport = noNetwork{t}
	return p
}

type noNetwork struct{ t *testing.T }

func (n noNetwork) RoundTrip(r *http.Request) (*http.Response, error) {
	n.t.Errorf("completion asked %s", r.URL)
	return nil, errors.New("no network")
}

// offers is what may stand at the end of a line: the words, then what the shell adds.
func (p *program) offers(t *testing.T, words ...string) string {
	t.Helper()
	if code := p.run(append([]string{completeWord, "fish"}, words...)...); code != exitOK || p.talk.Len() > 0 {
		t.Errorf("%q: exit %d, stderr %q; want 0 and silence", words, code, &p.talk)
	}
	lines := strings.Split(strings.TrimSuffix(p.out.String(), "\n"), "\n")
	var found []string
	for _, line := range lines[1:] {
		word, _, _ := strings.Cut(line, "\t")
		found = append(found, word)
	}
	if head := strings.TrimSpace(lines[0]); head != "none" && !strings.HasPrefix(head, "none\t") {
		found = append(found, "+"+strings.ReplaceAll(head, "\t", ":"))
	}
	return strings.Join(found, " ")
}

// cli.md 1 and 11: `completion`. What may be typed at which place.
func TestComplete(t *testing.T) {
	p := typing(t)
	tests := []struct{ name, line, want string }{
		{"a command", "as|", "ask"},
		{"a group", "auth log|", "login login-device logout"},
		{"a group behind a flag", "auth -q stat|", "status"},
		{"behind a flag with a value", "--timeout 5m auth stat|", "status"},
		{"nothing like it", "zzz|", ""},
		{"below an unknown command", "zzz a|", ""},
		{"a long flag", "ask --verbos|", "--verbosity --verbose"},
		{"a flag in front of the command", "--verbos|", "--verbose"},
		{"a flag that was used", "ask --verbosity low --verbos|", "--verbose"},
		{"a repeatable one that was used", "ask --set a=1 --set|", "--set"},
		{"another name of a flag", "ask --sys|", "--system"},
		{"used by another name", "ask --system x --instructions|", "--instructions-file"},
		{"between words", "ask why --exa|", "--exact"},
		{"behind two dashes", "ask -- --exa|", ""},
		{"of an unknown flag", "ask --bogus --exa|", "--exact"},
		{"a value", "ask --color a|", "auto always"},
		{"a value behind an equals sign", "ask --color=n|", "--color=never"},
		{"a value in front of the command", "--color n|", "never"},
		{"a switch with a value", "ask --exact=|", "--exact=true --exact=false"},
		{"a level", "ask -e |", "none low medium high xhigh"},
		{"a summary", "ask --summary |", "auto concise detailed"},
		{"a form", "auth token --format |", "bare header json env"},
		{"what the description explains", "serve --instructions-mode |", "default append override"},
		{"a value in a cluster", "ask -ue l|", "low"},
		{"a value behind its letter", "ask -el|", "-elow"},
		{"a value in a cluster, attached", "ask -uel|", "-uelow"},
		{"a letter that wants a free text", "ask -i|", "-i"},
		{"a free text", "ask -i |", ""},
		{"a time", "ask --timeout |", ""},
		{"a path in a document is no file", "ask --transform |", ""},
		{"a file", "ask --auth-file |", "+files"},
		{"a file behind an equals sign", "respond --payload=x|", "+files:--payload="},
		{"a file behind an at", "respond --tool @x|", "+files:@"},
		{"a file behind an at and an equals sign", "respond --tool=@x|", "+files:--tool=@"},
		{"no file without the at", "respond --tool x|", ""},
		{"a folder", "emulator exec --replay |", "+folders"},
		{"a scene, or a file", "emulator start --scene cut-mid|", "cut-mid-event +files"},
		{"a program", "auth login --browser-command |", "+commands"},
		{"a program of its own", "emulator exec -- |", "+commands"},
		{"its line", "emulator exec -q -- ls -|", "+line:4"},
		{"two dashes", "emulator exec |", "--"},
		{"an argument that is a file", "auth import |", "+files"},
		{"which is one only", "auth import x |", ""},
		{"a command or a topic", "help exi|", "exit-codes"},
		{"a command to be helped with", "help emu|", "emulator"},
		{"a command of a group", "help auth logo|", "logout"},
		{"a page", "man e|", "emulator"},
		{"a shell", "completion |", "bash zsh fish powershell"},
		{"one shell is enough", "completion bash |", ""},
		{"a prompt", "ask hi |", ""},
		{"help on the line", "ask -h --exa|", "--exact"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			words := strings.Split(strings.TrimSuffix(tt.line, "|"), " ")
			if got := p.offers(t, words...); got != tt.want {
				t.Errorf("%s: %q, want %q", tt.line, got, tt.want)
			}
		})
	}
	t.Run("a lone dash", func(t *testing.T) {
		got := strings.Fields(p.offers(t, "ask", "-m", "x", "-"))
		for _, want := range []string{"-i", "--instructions", "-q", "--quiet", "--set"} {
			if !slices.Contains(got, want) {
				t.Errorf("%q lacks %s", got, want)
			}
		}
		if slices.Contains(got, "-m") || slices.Contains(got, "--model") {
			t.Errorf("%q has the model, which stands there already", got)
		}
	})
	t.Run("more letters of a cluster", func(t *testing.T) {
		got := strings.Fields(p.offers(t, "ask", "-u"))
		if !slices.Contains(got, "-u") || !slices.Contains(got, "-uq") || slices.Contains(got, "-uu") {
			t.Errorf("%q, want -u and -uq, and not the same letter again", got)
		}
	})
}

// A value whose name says that it is one of a few has a description that lists them, or
// completion has nothing to offer.
func TestChoicesAreListed(t *testing.T) {
	root, globals := commands(), defaultGlobals()
	flags := globals.flags()
	for _, path := range commandPaths() {
		if c, _ := root.find(path); c.setup != nil {
			own, _ := c.setup(&invocation{env: &Env{Getenv: func(string) string { return "" }}})
			flags = append(flags, own...)
		}
	}
	for _, f := range flags {
		if words := listedWords(f.usage); isChoice(f.value) && len(words) < 2 {
			t.Errorf("--%s %s: %q lists %q", f.name, f.value, f.usage, words)
		}
	}
}

// cli.md 11: "model names and sessions complete, without network".
func TestCompleteWhatIsKept(t *testing.T) {
	p := typing(t)
	cache, state := filepath.Join(t.TempDir(), "cache"), filepath.Join(t.TempDir(), "state")
	p.variables["XDG_CACHE_HOME"], p.variables["XDG_STATE_HOME"] = cache, state

	// Nothing is kept yet: the default model, and no folder is made by looking.
	if got := p.offers(t, "ask", "-m", ""); got != defaultModel {
		t.Errorf("models without a list: %q", got)
	}
	if got := p.offers(t, "ask", "--session", ""); got != "" {
		t.Errorf("sessions without any: %q", got)
	}
	for _, dir := range []string{cache, state} {
		if _, err := os.Stat(dir); err == nil {
			t.Errorf("looking has made %s", dir)
		}
	}

	locator := credentials.Locator{Home: p.Home, Getenv: p.Getenv}
	login, err := locator.Find(context.Background(), p.Now())
	if err != nil {
		t.Fatal(err)
	}
	keep := &catalogue.Catalogue{
		Folder: filepath.Join(cache, "codexctl"), Now: p.Now,
		Key: func() catalogue.Key {
			return catalogue.Key{BaseURL: p.variables["CODEXCTL_BASE_URL"], Account: login.Credential.AccountID, ClientVersion: responses.DefaultClientVersion}
		},
		List: func(context.Context) ([]responses.Model, error) {
			return []responses.Model{{Slug: "gpt-a", Listed: true, Entry: json.RawMessage(`{"slug":"gpt-a","visibility":"list","supported_reasoning_levels":[{"effort":"low"},{"effort":"mini"}]}`)}, {Slug: "gpt-b:large", Listed: true}, {Slug: "hidden"}, {Slug: "$(bad)\x1b", Listed: true}}, nil
		},
	}
	if _, err := keep.Models(context.Background()); err != nil {
		t.Fatal(err)
	}
	for line, want := range map[string]string{
		"ask -m ":                      "gpt-a gpt-b:large",
		"ask --model=gpt-b":            "--model=gpt-b:large",
		"ask -e ":                      "low mini",
		"ask -umgpt-a":                 "-umgpt-a",
		"serve --model-alias x=gpt-a":  "x=gpt-a",
		"serve --model-alias=x=gpt-a":  "--model-alias=x=gpt-a",
		"--client-version 9 ask -m ":   defaultModel,
		"ask --base-url http://x/ -m ": defaultModel,
	} {
		if got := p.offers(t, strings.Split(line, " ")...); got != want {
			t.Errorf("%s: %q, want %q", line, got, want)
		}
	}

	folder, err := session.OpenFolder(filepath.Join(state, "codexctl", "sessions"))
	if err != nil {
		t.Fatal(err)
	}
	store := session.New(folder, session.Config{Now: p.Now})
	defer store.Close()
	for _, id := range []string{"plan", "review"} {
		turn, err := store.Begin(context.Background(), id)
		if err != nil {
			t.Fatal(err)
		}
		if err := turn.Add(context.Background(), session.Node{ID: "resp_" + id, Model: "gpt-a"}); err != nil {
			t.Fatal(err)
		}
		turn.End()
	}
	c := &completer{inv: &invocation{env: &p.Env}, ctx: context.Background()}
	var s suggestions
	c.add(&s, flagSpec{name: "session", value: "NAME"}, "NAME", "rev")
	if len(s.words) != 1 || s.words[0].word != "review" || !strings.Contains(s.words[0].about, "gpt-a") {
		t.Errorf("sessions: %+v, want review with its model", s.words)
	}
}

// Nothing is said, and the exit is 0, whatever is wrong: it would be said into the middle
// of what is being typed.
func TestCompleteIsSilent(t *testing.T) {
	p := typing(t)
	p.variables["CODEXCTL_TIMEOUT"] = "soon"
	p.variables["CODEXCTL_COLOR"] = "loud"
	p.variables["CODEXCTL_AUTH_FILE"] = filepath.Join(t.TempDir(), "none.json")
	if got := p.offers(t, "ask", "--timeout", "never", "-m", ""); got != defaultModel {
		t.Errorf("with bad settings: %q", got)
	}
	for _, args := range [][]string{{}, {"fish"}, {"bash"}, {"bash", ""}, {"tcsh", "a"}, {"zsh", "-"}, {"bash", "codexctl ask '"}, {"powershell", "="}} {
		if code := p.run(append([]string{completeWord}, args...)...); code != exitOK || p.talk.Len() > 0 {
			t.Errorf("%q: exit %d, stderr %q", args, code, &p.talk)
		}
	}
}

// The line of bash: words, quotes, what bash splits off, and redirections.
func TestReadBashLine(t *testing.T) {
	const breaks = " \t\n\"'@><=;|&(:"
	tests := []struct {
		line string
		want bashLine
	}{
		{"codexctl ", bashLine{words: []string{""}}},
		{"codexctl ask -m gp", bashLine{words: []string{"ask", "-m", "gp"}}},
		{"codexctl ask --color=al", bashLine{words: []string{"ask", "--color=al"}, cut: "--color="}},
		{"codexctl ask -m a:b", bashLine{words: []string{"ask", "-m", "a:b"}, cut: "a:"}},
		{`codexctl ask --color="al`, bashLine{words: []string{"ask", "--color=al"}, cut: "--color="}},
		{`codexctl ask 'a b' "c \"d" e\ f `, bashLine{words: []string{"ask", "a b", `c "d`, "e f", ""}}},
		{`codexctl ask "a=b`, bashLine{words: []string{"ask", "a=b"}}},
		{`codexctl ask '' x`, bashLine{words: []string{"ask", "", "x"}}},
		{"codexctl ask hi > out", bashLine{words: []string{"ask", "hi", "out"}, redirected: true}},
		{"codexctl ask hi 2>err -", bashLine{words: []string{"ask", "hi", "-"}}},
		{"codexctl respond --tool @fi", bashLine{words: []string{"respond", "--tool", "@fi"}}},
		{"codexctl respond --tool=@fi", bashLine{words: []string{"respond", "--tool=@fi"}, cut: "--tool="}},
	}
	for _, tt := range tests {
		if diff := cmp.Diff(tt.want, readBashLine(tt.line, breaks), cmp.AllowUnexported(bashLine{})); diff != "" {
			t.Errorf("%q (-want +got):\n%s", tt.line, diff)
		}
	}
}

// The script of PowerShell cannot be run here: this is about its form alone. It asks for
// what the program answers, quotes nothing by evaluating it, and its brackets close.
func TestPowerShellScript(t *testing.T) {
	for _, want := range []string{"Register-ArgumentCompleter -Native -CommandName codexctl", completeWord + " powershell @words \"=$wordToComplete\"", "CompletionResult]::new("} {
		if !strings.Contains(powershellScript, want) {
			t.Errorf("the script lacks %q", want)
		}
	}
	if strings.Contains(powershellScript, "Invoke-Expression") {
		t.Error("the script evaluates what it is given")
	}
	var open []rune
	for _, char := range powershellScript {
		switch char {
		case '(', '{', '[':
			open = append(open, char)
		case ')', '}', ']':
			if len(open) == 0 || open[len(open)-1] != map[rune]rune{')': '(', '}': '{', ']': '['}[char] {
				t.Fatalf("a %c too many", char)
			}
			open = open[:len(open)-1]
		}
	}
	if len(open) > 0 {
		t.Errorf("%q stay open", string(open))
	}
	p := typing(t)
	p.run(completeWord, "powershell", "ask", "--color", "=")
	if got := p.out.String(); !strings.HasPrefix(got, "none\nauto\n") {
		t.Errorf("behind a space: %q", got)
	}
}

// cli.md 1: `completion bash|zsh|fish|powershell`.
func TestCompletionCommand(t *testing.T) {
	p := newProgram(t)
	for _, shell := range shells() {
		if code := p.run("completion", shell); code != exitOK || !strings.Contains(p.out.String(), completeWord+" "+shell) {
			t.Errorf("%s: exit %d, %q", shell, code, &p.out)
		}
	}
	if code := p.run("completion", "zhs"); code != exitUsage || !strings.Contains(p.talk.String(), "hint: codexctl completion zsh\n") || p.out.Len() > 0 {
		t.Errorf("zhs: exit %d, %s", code, &p.talk)
	}
	if code := p.run("completion"); code != exitUsage {
		t.Errorf("without a shell: exit %d", code)
	}
}
