package cli

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// parse sorts a line with the flags of a small tree, which has what the real one
// has: a command, a group, switches, values.
func parse(args ...string) (line, error) {
	var dummy struct {
		text    string
		on      bool
		several repeated
	}
	globals := []flagSpec{
		boolFlag("json", &dummy.on, ""), boolFlag("quiet,q", &dummy.on, ""), boolFlag("verbose,v", &dummy.on, ""),
		stringFlag("base-url", "URL", &dummy.text, ""), repeatedFlag("header,H", "'K: V'", &dummy.several, ""),
		boolFlag("help,h", &dummy.on, ""), boolFlag("version,V", &dummy.on, ""),
	}
	run := func(*invocation) ([]flagSpec, action) { return nil, nil }
	root := command{name: "codexctl", subs: []command{
		{name: "ask", args: "[PROMPT…]", setup: run},
		{name: "auth", subs: []command{{name: "status", setup: run}}},
	}}
	locals := func(path []string, _ command, _ bool) []flagSpec {
		if path[0] != "ask" {
			return nil
		}
		return []flagSpec{
			stringFlag("model,m", "NAME", &dummy.text, ""), boolFlag("usage,u", &dummy.on, ""),
			boolFlag("exact", &dummy.on, ""), stringFlag("instructions,i,s,system", "TEXT", &dummy.text, ""),
		}
	}
	return parseLine(root, globals, locals, args)
}

// onLine is what flags on the line come out as; each is written --name=value.
func onLine(flags ...string) []flagValue {
	var values []flagValue
	for _, f := range flags {
		name, value, _ := strings.Cut(strings.TrimPrefix(f, "--"), "=")
		values = append(values, flagValue{name, value})
	}
	return values
}

func TestParseLine(t *testing.T) {
	tests := []struct {
		name string
		args string
		want line
	}{
		{"flags before, between and after the words", "-q ask -m x why is --usage the sky blue", line{
			path: []string{"ask"}, global: onLine("--quiet=true"), local: onLine("--model=x", "--usage=true"),
			args: []string{"why", "is", "the", "sky", "blue"},
		}},
		{"a flag of the command may stand before its name", "-m x ask hi", line{
			path: []string{"ask"}, local: onLine("--model=x"), args: []string{"hi"},
		}},
		{"the value of a command's flag before the command is no command", "-m auth --system ask ask hi", line{
			path: []string{"ask"}, local: onLine("--model=auth", "--instructions=ask"), args: []string{"hi"},
		}},
		{"the value of a flag is no command", "--base-url ask ask hi", line{
			path: []string{"ask"}, global: onLine("--base-url=ask"), args: []string{"hi"},
		}},
		{"a word that names a command is a word once the command is known", "ask ask auth", line{
			path: []string{"ask"}, args: []string{"ask", "auth"},
		}},
		{"a group", "auth -v status --json", line{
			path: []string{"auth", "status"}, global: onLine("--verbose=true", "--json=true"),
		}},
		{"attached values and clusters", "ask -mx -uqv -H a:b -Hc:d", line{
			path: []string{"ask"}, global: onLine("--quiet=true", "--verbose=true", "--header=a:b", "--header=c:d"),
			local: onLine("--model=x", "--usage=true"),
		}},
		{"a cluster that ends with a value", "ask -um x hi", line{
			path: []string{"ask"}, local: onLine("--usage=true", "--model=x"), args: []string{"hi"},
		}},
		{"equals signs", "ask --model=a=b -m=c --exact=false", line{
			path: []string{"ask"}, local: onLine("--model=a=b", "--model=c", "--exact=false"),
		}},
		{"aliases become the name", "ask --system a -s b -i c", line{
			path: []string{"ask"}, local: onLine("--instructions=a", "--instructions=b", "--instructions=c"),
		}},
		{"a value may look like a flag", "ask -m --usage hi", line{
			path: []string{"ask"}, local: onLine("--model=--usage"), args: []string{"hi"},
		}},
		{"two dashes end the flags", "ask -u -- -m x -- y", line{
			path: []string{"ask"}, local: onLine("--usage=true"), args: []string{"-m", "x", "--", "y"}, dashed: true,
		}},
		{"a lone dash is a word", "ask - -u", line{
			path: []string{"ask"}, local: onLine("--usage=true"), args: []string{"-"},
		}},
		{"help anywhere", "ask why -h", line{path: []string{"ask"}, args: []string{"why"}, help: true}},
		{"help in a cluster", "ask -uh", line{path: []string{"ask"}, local: onLine("--usage=true"), help: true}},
		{"version", "-V", line{version: true}},
		{"nothing", "", line{}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := parse(strings.Fields(tt.args)...)
			if err != nil {
				t.Fatalf("error: %v", err)
			}
			got.given = nil
			if diff := cmp.Diff(tt.want, got, cmp.AllowUnexported(line{}, flagValue{})); diff != "" {
				t.Errorf("%q (-want +got):\n%s", tt.args, diff)
			}
		})
	}
}

func TestParseLineRefuses(t *testing.T) {
	tests := []struct {
		name, args, message, hint string
	}{
		{"an unknown command, and suggests the nearest", "aks hi", `codexctl has no command "aks"`, "codexctl ask"},
		{"words without a command, and suggests ask", "hello", `codexctl has no command "hello"`, `codexctl ask "hello"`},
		{"an unknown command of a group", "auth stats", `codexctl auth has no command "stats"`, "codexctl auth status"},
		{"the guide's name for signing in", "auth login-openai", `codexctl auth has no command "login-openai"`, "codexctl auth login"},
		{"an unknown flag, and suggests the nearest", "ask --modle x", "unknown flag --modle for ask", "codexctl ask --model"},
		{"an unknown flag", "ask --frobnicate", "unknown flag --frobnicate for ask", ""},
		{"an unknown letter", "ask -z", "unknown flag -z for ask", ""},
		{"a long flag with one dash", "ask -model x", "flag -model: a long flag has two dashes: --model", ""},
		{"a flag without its value", "ask --model", "flag --model wants a value: --model NAME", ""},
		{"a letter without its value", "ask -um", "flag -m wants a value: -m NAME", ""},
		{"words for a command that takes none", "auth status now", `auth status takes no arguments, not "now"`, ""},
		{"a flag without its command", "--model x", "unknown flag --model", ""},
		{"a flag of another command", "--model x auth status", "unknown flag --model for auth status", ""},
		{"an unknown command before its flags", "config codex --enable", `codexctl has no command "config"`, "codexctl ask (nothing has to be enabled)"},
		{"an unknown command with --help", "bogus --help", `codexctl has no command "bogus"`, `codexctl ask "bogus"`},
		{"a prompt that begins with a number", "ask -5", "unknown flag -5 for ask", `codexctl ask -- "…"`},
		{"a letter beyond ASCII", "ask -é", "unknown flag -é for ask", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := parse(strings.Fields(tt.args)...)
			var usage *usageError
			if err == nil || !asUsage(err, &usage) {
				t.Fatalf("%q: error = %v, want a usage error", tt.args, err)
			}
			if usage.message != tt.message || usage.hint != tt.hint {
				t.Errorf("%q: %q, hint %q; want %q, hint %q", tt.args, usage.message, usage.hint, tt.message, tt.hint)
			}
		})
	}
}

func asUsage(err error, to **usageError) bool {
	usage, ok := errors.AsType[*usageError](err)
	*to = usage
	return ok
}

// Whatever is typed: no panic, and no word is lost or made up.
func FuzzParseLine(f *testing.F) {
	for _, s := range []string{"ask -m x hi", "-q ask -- -u", "auth status --json", "ask -uqm=x -", "--base-url= ask", "ask -H 'a: b'"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		args := strings.Fields(s)
		got, err := parse(args...)
		if err != nil {
			return
		}
		for _, word := range slices.Concat(got.args, got.path) {
			if !slices.Contains(args, word) {
				t.Errorf("%q: the word %q was made up", args, word)
			}
		}
		for _, flag := range slices.Concat(got.global, got.local) {
			if !got.given[flag.name] || !strings.Contains(s, flag.value) && flag.value != "true" {
				t.Errorf("%q: the flag %q was made up", args, flag)
			}
		}
	})
}
