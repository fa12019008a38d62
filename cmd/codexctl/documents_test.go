//go:build unix

package main

import (
	"flag"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/codexctl/codexctl/internal/emulator"
	"github.com/codexctl/codexctl/internal/freeport"
	"github.com/codexctl/codexctl/pkg/credentials"
)

// needsAccount stands above a block that cannot be run without an account of ChatGPT, or
// without a service that only its reader has.
const needsAccount = "<!-- needs an account -->"

// record writes the sessions of the documents anew from what the program prints.
var record = flag.Bool("record", false, "write the sessions of README.md and docs anew")

// Issue "ready for strangers": every code block in README and docs is executed by a test or
// marked as needing a real account.
func TestDocuments(t *testing.T) {
	needTool(t, "sh")
	folder := documentFolder(t)
	known := documentBlocks()
	var met []string
	var runs []func()
	for _, page := range documentPages(t) {
		for _, b := range readBlocks(t, page) {
			key := b.page + ": " + b.first()
			want, listed := known[key]
			if listed {
				met = append(met, key)
			}
			switch {
			case b.marked && listed:
				t.Errorf("%s is marked as one that needs an account, and documentBlocks says how to run it", key)
			case b.marked:
			case want.elsewhere != "":
				mustExist(t, key, want.elsewhere)
			default:
				runs = append(runs, func() {
					t.Run(strings.TrimSuffix(filepath.Base(b.page), ".md")+"/"+b.first(), func(t *testing.T) {
						t.Parallel()
						runBlock(t, b, want, folder)
					})
				})
			}
		}
	}
	for _, run := range sampled(runs) {
		run()
	}
	for key := range known {
		if !slices.Contains(met, key) {
			t.Errorf("documentBlocks has %q, which no document has", key)
		}
	}
}

// codeBlock is a block of code in a document.
type codeBlock struct {
	page     string // from the module's root
	language string // sh, console, python, go
	text     string
	marked   bool // see needsAccount
}

// first is the block's first line, by which it is known.
func (b codeBlock) first() string {
	line, _, _ := strings.Cut(b.text, "\n")
	return line
}

// documentPages is README.md, CONTRIBUTING.md and the pages of docs.
func documentPages(t *testing.T) []string {
	t.Helper()
	pages, err := filepath.Glob(filepath.Join("..", "..", "docs", "*.md"))
	if err != nil || len(pages) < 10 {
		t.Fatalf("docs has %d pages, %v", len(pages), err)
	}
	for i, page := range pages {
		pages[i] = "docs/" + filepath.Base(page)
	}
	return append(pages, "README.md", "CONTRIBUTING.md")
}

// readBlocks is the blocks of a page in the languages that are run. Those of the command
// reference are lists of examples, each of which stands for itself.
func readBlocks(t *testing.T, page string) []codeBlock {
	t.Helper()
	text := readFile(t, filepath.Join("..", "..", filepath.FromSlash(page)))
	var blocks []codeBlock
	fence := regexp.MustCompile("(?ms)^(" + needsAccount + "\n)?```(sh|console|python|go)\n(.*?)^```$")
	for _, m := range fence.FindAllStringSubmatch(text, -1) {
		block := codeBlock{page: page, language: m[2], text: m[3], marked: m[1] != ""}
		if page != "docs/commands.md" {
			blocks = append(blocks, block)
			continue
		}
		for line := range strings.Lines(block.text) {
			block.text = line
			blocks = append(blocks, block)
		}
	}
	if opened := len(regexp.MustCompile("(?m)^ *```(sh|console|python|go|bash|shell|shell-session)$").FindAllString(text, -1)); page != "docs/commands.md" && opened != len(blocks) {
		t.Errorf("%s has %d blocks of code and %d were read: begin them in the first column, in sh, console, python or go", page, opened, len(blocks))
	}
	return blocks
}

// mustExist checks that what runs a block is there: a test of this package or of e2e, or
// a line of the hosted checks.
func mustExist(t *testing.T, key, name string) {
	t.Helper()
	for _, pattern := range []string{"*_test.go", "../../e2e/*_test.go", "../../.ci/run", "../../.github/workflows/*.yml"} {
		files, err := filepath.Glob(pattern)
		if err != nil {
			t.Fatal(err)
		}
		for _, file := range files {
			text := readFile(t, file)
			line := "\nfunc " + name + "("
			switch filepath.Ext(file) {
			case "":
				line = "\n" + name
			case ".yml":
				line = "run: " + name
			}
			if strings.Contains(text, line) {
				return
			}
		}
	}
	t.Errorf("%s is run by %s, which is not there", key, name)
}

// runBlock runs a block in a home of its own, signed in, in a copy of the folder, with an
// emulator behind it.
func runBlock(t *testing.T, b codeBlock, want blockWant, folder string) {
	for _, tool := range append(want.needs, interpreter(b, want)) {
		needTool(t, tool)
	}
	h := newHousehold(t)
	if !want.signedOut {
		h.keep(credentials.LangChain, h.own(), emulator.LoginOptions{})
	}
	dir := t.TempDir()
	if err := os.CopyFS(dir, os.DirFS(folder)); err != nil {
		t.Fatal(err)
	}
	if err := h.emulator.SetScene(emulator.Scene{AnyPort: true, DeviceIntervalS: 1}); err != nil {
		t.Fatal(err)
	}
	port := freeport.For(t)
	if want.server {
		server := serve(t, h.url, h.home)
		port = server.url[strings.LastIndex(server.url, ":")+1:]
	}
	text := regexp.MustCompile(`(localhost|127\.0\.0\.1):8000`).ReplaceAllString(b.text, "${1}:"+port)
	var out lockedBuffer
	cmd := program(t, b, want, text)
	cmd.Dir, cmd.Stdout, cmd.Stderr = dir, &out, &out
	cmd.Env = append(codexctl(h.url).Env, "HOME="+h.home, "LANG=C.UTF-8", "NO_PROXY=*", "BROWSER=visit", "PAGER=cat",
		"PATH="+filepath.Join(dir, "bin")+string(filepath.ListSeparator)+os.Getenv("PATH"), "MANPATH="+filepath.Join(h.home, ".local/share/man"),
		"PYTHONPATH="+guideFolder(t), "PYTHONDONTWRITEBYTECODE=1", "CODEXCTL_ALLOW_HTTP=1",
		"CODEXCTL_AUTH_LOGIN_PORT="+freeport.For(t), "CODEXCTL_SERVE_PORT="+port,
		"GIT_CONFIG_GLOBAL="+filepath.Join(dir, "gitconfig"), "GIT_CONFIG_SYSTEM="+os.DevNull)
	// What the block leaves running ends with it.
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	all := func(signal syscall.Signal) { _ = syscall.Kill(-cmd.Process.Pid, signal) }
	defer time.AfterFunc(2*patience, func() { all(syscall.SIGKILL) }).Stop()
	if want.stays != "" {
		waitFor(t, &out, want.stays)
		all(syscall.SIGTERM)
		_ = cmd.Wait() // by the signal
		return
	}
	_ = cmd.Wait() // its code is looked at
	if got := cmd.ProcessState.ExitCode(); got != want.code {
		t.Fatalf("exit code %d, want %d\n%s\nprinted:\n%s", got, want.code, text, &out)
	}
	if !strings.Contains(out.String(), want.prints) {
		t.Errorf("%s\nprinted %q, want %q in it", text, &out, want.prints)
	}
	switch {
	case b.language != "console" || out.String() == b.text:
	case *record:
		recordSession(t, b, out.String())
	default:
		t.Errorf("%s\nprinted\n%s\nto write it anew: go test ./cmd/codexctl -run TestDocuments -record", text, &out)
	}
}

// interpreter is what the block is for.
func interpreter(b codeBlock, want blockWant) string {
	switch {
	case b.language == "python":
		return "python3"
	case b.language == "go":
		return "go"
	case want.shell != "":
		return want.shell
	}
	return "sh"
}

// program runs the block, every line of which must succeed.
func program(t *testing.T, b codeBlock, want blockWant, text string) *exec.Cmd {
	shell := interpreter(b, want)
	switch b.language {
	case "python":
		return exec.Command(shell, "-c", text+want.after)
	case "go":
		t.Fatal("a program in Go is run elsewhere: it is built in this module")
	case "console":
		return exec.Command(shell, "-c", want.before+"\n"+consoleScript(text))
	}
	return exec.Command(shell, "-ec", want.before+"\n"+text+want.after)
}

// consoleScript shows each command that a session types before it runs it, so that what
// is printed is the session.
func consoleScript(text string) string {
	var script strings.Builder
	for line := range strings.Lines(text) {
		if command, ok := strings.CutPrefix(line, "$ "); ok {
			script.WriteString("cat <<'=end='\n" + line + "=end=\n" + command)
		}
	}
	return script.String()
}

// recordSession writes what a session has printed into its document.
func recordSession(t *testing.T, b codeBlock, printed string) {
	t.Helper()
	path := filepath.Join("..", "..", filepath.FromSlash(b.page))
	page := strings.Replace(readFile(t, path), "```console\n"+b.text, "```console\n"+printed, 1)
	if err := os.WriteFile(path, []byte(page), 0o644); err != nil {
		t.Fatal(err)
	}
}

// waitFor waits until a text has been printed.
func waitFor(t *testing.T, out *lockedBuffer, text string) {
	t.Helper()
	for end := time.Now().Add(patience); !strings.Contains(out.String(), text); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(end) {
			t.Errorf("printed %q, want %q in it", out, text)
			return
		}
	}
}

// documentFolder is a folder with the files that the documents name, and stand-ins for
// programs of the reader's.
func documentFolder(t *testing.T) string {
	t.Helper()
	dir := recipeFolder(t)
	photo := readFile(t, filepath.Join(dir, "chart.png"))
	for name, text := range map[string]string{
		"answer.txt": "", "notes.txt": "A note.\n", "plan.md": "# Plan\n", "photo.jpg": photo, "report.pdf": "%PDF-1.4\n%%EOF\n", "test.log": "FAIL: a test\n",
		"body.json": `{"input":"hi"}`, "tool.json": `{"type":"function","name":"multiply","parameters":{"type":"object","properties":{"x":{"type":"integer"}},"required":["x"]}}`,
		"person.json":     `{"type":"object","properties":{"name":{"type":"string"}},"required":["name"],"additionalProperties":false}`,
		"questions.jsonl": `{"id":1,"prompt":"What is a monad?"}` + "\n", "words.txt": "tree\nhouse\n", "products.json": `{"sku":"a1","text":"Describe a chair."}` + "\n",
		"voice.wav": "RIFF$\x00\x00\x00WAVEfmt ", "key.txt": "sesame\n", "token.jwt": "eyJhbGciOiJub25lIn0.eyJzdWIiOiJhIn0.sig\n", "backup.json": `{"access_token":"a","refresh_token":"r","id_token":"i","expires_at":4102444800}`,
		"bin/generate-schema": "#!/bin/sh\ncat person.json\n", "bin/store-secret": "#!/bin/sh\ncat >/dev/null\n", "nightly.sh": "#!/bin/sh\n",
	} {
		path := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	runGit(t, dir, "update-ref", "refs/remotes/origin/main", "HEAD")
	return dir
}
