//go:build unix

package main

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/codexctl/codexctl/internal/emulator"
	"github.com/codexctl/codexctl/internal/freeport"
	"github.com/codexctl/codexctl/pkg/credentials"
)

// recipe is one entry of docs/recipes.md: its title and the lines to paste.
type recipe struct{ title, lines string }

// recipeOutcomes is what each recipe must print, in a piece, against the emulator; sent is
// what the last request to the backend must hold, if that is said.
func recipeOutcomes() map[string]struct{ prints, sent string } {
	return map[string]struct{ prints, sent string }{
		"A question":                               {prints: "You said: why is the sky blue?"},
		"What is wrong with this build?":           {prints: "hello.c:3: error", sent: "what went wrong"},
		"Which errors of this log matter?":         {prints: "You said:", sent: "restart the queue"},
		"Explain a picture":                        {prints: "what does this chart say?", sent: "data:image/png;base64,"},
		"Go on with a conversation":                {prints: "Your name is Alice.", sent: "My name is Alice"},
		"What would be sent?":                      {prints: "low"},
		"How large is it?":                         {prints: "total"},
		"Review what is about to be committed":     {prints: "+a new line", sent: "You review code. Name bugs only."},
		"Write the commit message":                 {prints: "You said: write a commit message, one line"},
		"What happened this week?":                 {prints: "the first commit"},
		"A value into a shell variable":            {prints: "It is ", sent: `"json_schema"`},
		"A table out of prose, for jq":             {prints: `"`, sent: "Ada"},
		"A gate in CI":                             {sent: "is this change safe?"},
		"Only the code":                            {sent: "a Makefile with one target"},
		"One question about each file, with xargs": {sent: "summarise in one sentence"},
		"A file of questions":                      {prints: "You said: What is a monad?"},
		"A long run that may be cut off":           {},
		"For the prompt of a shell":                {prints: "%"},
		"Only while there is enough left":          {prints: "You said: a question that can wait"},
		"The tokens as they come":                  {prints: "You said: tell me a story"},
		"The API as it is":                         {prints: `"name":"multiply"`},
		"A server for any OpenAI client":           {prints: "You said: hi"},
		"The login for another program":            {prints: "there is a token"},
		"Say what to do when nobody is signed in":  {prints: "You said: hi"},
	}
}

// TestRecipes runs every recipe as it stands, in a folder with the files that they name.
// Issue "what people use every day": twenty one-liners that run as they stand.
func TestRecipes(t *testing.T) {
	for _, tool := range []string{"sh", "git", "jq", "curl", "make", "xargs"} {
		needTool(t, tool)
	}
	recipes, wanted := readRecipes(t), recipeOutcomes()
	if len(recipes) < 20 || len(recipes) != len(wanted) {
		t.Errorf("docs/recipes.md has %d recipes, recipeOutcomes %d; want the same, and 20 or more", len(recipes), len(wanted))
	}
	for _, r := range sampled(recipes) {
		t.Run(r.title, func(t *testing.T) {
			t.Parallel()
			want, known := wanted[r.title]
			if !known {
				t.Fatal("recipeOutcomes does not say what it prints")
			}
			h := newHousehold(t)
			h.keep(credentials.LangChain, h.own(), emulator.LoginOptions{})
			dir := recipeFolder(t)
			var out, said bytes.Buffer
			cmd := exec.Command("sh", "-c", strings.ReplaceAll(r.lines, "8321", freeport.For(t)))
			cmd.Dir, cmd.Stdout, cmd.Stderr = dir, &out, &said
			cmd.Env = append(codexctl(h.url).Env, "HOME="+h.home, "LANG=C.UTF-8", "NO_PROXY=*",
				"GIT_CONFIG_GLOBAL="+filepath.Join(dir, "gitconfig"), "GIT_CONFIG_SYSTEM="+os.DevNull)
			if err := cmd.Run(); err != nil {
				t.Fatalf("%v\n%s%s", err, &out, &said)
			}
			if !strings.Contains(out.String(), want.prints) {
				t.Errorf("printed %q, want %q in it\nstderr: %s", &out, want.prints, &said)
			}
			if !utf8.Valid(out.Bytes()) {
				t.Errorf("printed no text: %q", &out)
			}
			calls := h.emulator.Journal("/backend-api/codex/responses")
			switch {
			case want.sent == "":
			case len(calls) == 0:
				t.Error("asked the backend nothing")
			case !strings.Contains(string(calls[len(calls)-1].Body), want.sent):
				t.Errorf("sent %s, want %q in it", calls[len(calls)-1].Body, want.sent)
			}
		})
	}
}

// TestRecipeOfAGate gets a no for an answer: its code must be that of no failure.
func TestRecipeOfAGate(t *testing.T) {
	for _, tool := range []string{"sh", "git"} {
		needTool(t, tool)
	}
	h := newHousehold(t)
	h.keep(credentials.LangChain, h.own(), emulator.LoginOptions{})
	for _, r := range readRecipes(t) {
		if r.title != "A gate in CI" {
			continue
		}
		for text, want := range map[string]int{`{"safe":true}`: 0, `{"safe":false}`: 100} {
			if err := h.emulator.SetScene(emulator.Scene{AnyPort: true, Text: text}); err != nil {
				t.Fatal(err)
			}
			cmd := exec.Command("sh", "-c", r.lines)
			cmd.Dir, cmd.Env = recipeFolder(t), append(codexctl(h.url).Env, "HOME="+h.home)
			out, _ := cmd.CombinedOutput()
			if got := cmd.ProcessState.ExitCode(); got != want {
				t.Errorf("for %s it ended with %d, want %d\n%s", text, got, want, out)
			}
		}
		return
	}
	t.Error("docs/recipes.md has no such recipe")
}

func readRecipes(t *testing.T) []recipe {
	t.Helper()
	page := readFile(t, filepath.Join("..", "..", "docs", "recipes.md"))
	var all []recipe
	for _, m := range regexp.MustCompile("(?ms)^### ([^\n]+)\n(.*?)^```sh\n(.*?)^```$").FindAllStringSubmatch(page, -1) {
		all = append(all, recipe{m[1], m[3]})
	}
	if titles := strings.Count(page, "\n### "); titles != len(all) {
		t.Fatalf("docs/recipes.md has %d titles and %d recipes", titles, len(all))
	}
	return all
}

// recipeFolder is a folder with a git repository and the files that the recipes name.
func recipeFolder(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range map[string]string{
		"gitconfig":     "[user]\nname = A\nemail = a@example.com\n[init]\ndefaultBranch = main\n",
		"Makefile":      "all:\n\t@echo 'hello.c:3: error: expected a semicolon'\n",
		"app.log":       "12:00 error: queue full\n",
		"runbook.md":    "# Runbook\n\nIf the queue is full, restart the queue.\n",
		"notes.md":      "# Notes\n\nAda was born in 1815.\n",
		"questions.txt": "What is a monad?\nWhat is a functor?\n",
		"chart.png":     "\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR\x00\x00\x00\x01\x00\x00\x00\x01\x08\x06\x00\x00\x00\x1f\x15\xc4\x89\x00\x00\x00\rIDATx\x9cc\xf8\xff\xff?\x00\x05\xfe\x02\xfe\xa75\x81\x84\x00\x00\x00\x00IEND\xaeB`\x82",
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for _, args := range [][]string{
		{"init", "-q"}, {"add", "notes.md"}, {"commit", "-q", "-m", "the first commit"},
	} {
		runGit(t, dir, args...)
	}
	if err := os.WriteFile(filepath.Join(dir, "notes.md"), []byte("# Notes\n\nAda was born in 1815.\na new line\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	runGit(t, dir, "add", "notes.md")
	return dir
}

func runGit(t *testing.T, dir string, args ...string) {
	t.Helper()
	cmd := exec.Command("git", args...)
	cmd.Dir = dir
	cmd.Env = []string{"PATH=" + os.Getenv("PATH"), "GIT_CONFIG_GLOBAL=" + filepath.Join(dir, "gitconfig"), "GIT_CONFIG_SYSTEM=" + os.DevNull}
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("git %s: %v\n%s", strings.Join(args, " "), err, out)
	}
}
