//go:build unix

package main

import (
	"bytes"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
	"github.com/tidwall/gjson"
	"golang.org/x/sys/unix"

	"github.com/codexctl/codexctl/internal/emulator"
	"github.com/codexctl/codexctl/pkg/credentials"
)

// The checks are those that other people's bugs have taught, 20 of them. A test that
// proves one, or a part of it, says so in a comment, on one line and spelled as here.
var checkNamed = regexp.MustCompile(`cli-tools\.md 7, check (\d+)\b`)

// Every check is named by a test or a script.
func TestEveryCheckHasATest(t *testing.T) {
	const checks = 20
	named := map[int]bool{}
	err := filepath.WalkDir(filepath.Join("..", ".."), func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || !strings.HasSuffix(path, "_test.go") && filepath.Ext(path) != ".txtar" {
			return err
		}
		data, err := os.ReadFile(path)
		for line := range strings.Lines(string(data)) {
			line = strings.TrimSpace(line)
			if !strings.HasPrefix(line, "//") && !strings.HasPrefix(line, "#") {
				continue
			}
			for _, match := range checkNamed.FindAllStringSubmatch(line, -1) {
				number, _ := strconv.Atoi(match[1])
				if number < 1 || number > checks {
					t.Errorf("%s names check %d, and there are %d", path, number, checks)
				}
				named[number] = true
			}
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	for number := 1; number <= checks; number++ {
		if !named[number] {
			t.Errorf("no test names check %d", number)
		}
	}
}

// cli-tools.md 7, check 6: a reader that sleeps between its reads gets all, down to the
// last byte (cli.md 5: the model's text, byte for byte). Stdout is a pipe of the least
// size, or a socket that never blocks, as Node has it.
func TestCheck06SlowReader(t *testing.T) {
	t.Parallel()
	stand := emulator.New(emulator.Config{Seed: 1, Scene: emulator.Scene{FloodDeltas: 2000, FloodBytes: 40}})
	server := httptest.NewServer(stand)
	t.Cleanup(server.Close)
	store := filepath.Join(t.TempDir(), "auth.json")
	writeLogin(t, stand, credentials.LangChain, store, emulator.LoginOptions{})
	whole, err := codexctl(server.URL, "--auth-file", store, "ask", "--exact", "hi").Output()
	if err != nil || len(whole) != 2000*40 || whole[len(whole)-1] != '\n' {
		t.Fatalf("%d bytes, %v", len(whole), err)
	}
	tests := []struct {
		args string
		text func(out string) string // what the answer is in the output
		last string                  // stands in the last line
	}{
		{"ask hi", func(out string) string { return out }, ""},
		{"ask --exact --no-stream hi", func(out string) string { return out }, ""},
		{"ask --json hi", func(out string) string { return gjson.Get(out, "text").Str }, `"error":null}`},
		{"ask --jsonl hi", func(out string) string { return gjson.Get(lastLine(out), "text").Str }, `"type":"done"`},
		{"respond --stream hi", func(out string) string { return out }, ""},
		{"respond --jsonl hi", deltas, `"type":"response.completed"`},
		{"respond --sse hi", deltas, `"type":"response.completed"`},
	}
	for kind, open := range map[string]func(*testing.T) (theirs, ours *os.File){"pipe": smallPipe, "socket": freeSocket} {
		for _, tt := range tests {
			t.Run(kind+" "+tt.args, func(t *testing.T) {
				t.Parallel()
				theirs, ours := open(t)
				defer ours.Close()
				cmd := codexctl(server.URL, append([]string{"--auth-file", store}, strings.Fields(tt.args)...)...)
				var talk bytes.Buffer
				cmd.Stdout, cmd.Stderr = theirs, &talk
				if err := cmd.Start(); err != nil {
					t.Fatal(err)
				}
				timer := time.AfterFunc(3*patience, func() { _ = cmd.Process.Kill() })
				defer timer.Stop()
				theirs.Close()
				out := readSleepily(t, ours)
				if err := cmd.Wait(); err != nil || talk.Len() > 0 {
					t.Errorf("%v: %s", err, &talk)
				}
				if got := tt.text(out); got != string(whole) {
					t.Errorf("%d bytes of the answer in %d, want %d", len(got), len(out), len(whole))
				}
				if end := lastLine(out); !strings.Contains(end, tt.last) {
					t.Errorf("the last line is %.80q, want %q in it", end, tt.last)
				}
			})
		}
	}
}

// readSleepily reads to the end, with a pause before each read.
func readSleepily(t *testing.T, from io.Reader) string {
	t.Helper()
	var all bytes.Buffer
	part := make([]byte, 8<<10)
	for {
		time.Sleep(time.Millisecond)
		n, err := from.Read(part)
		all.Write(part[:n])
		if err == io.EOF {
			return all.String()
		}
		if err != nil {
			t.Fatal(err)
		}
	}
}

func smallPipe(t *testing.T) (theirs, ours *os.File) {
	t.Helper()
	ours, theirs, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := shrink(theirs); err != nil {
		t.Fatal(err)
	}
	return theirs, ours
}

func freeSocket(t *testing.T) (theirs, ours *os.File) {
	t.Helper()
	pair, err := socketPair()
	if err != nil {
		t.Fatal(err)
	}
	for _, end := range pair {
		if err := unix.SetNonblock(end, true); err != nil {
			t.Fatal(err)
		}
	}
	if err := unix.SetsockoptInt(pair[0], unix.SOL_SOCKET, unix.SO_SNDBUF, 4096); err != nil {
		t.Fatal(err)
	}
	return os.NewFile(uintptr(pair[0]), "stdout"), os.NewFile(uintptr(pair[1]), "other end")
}

func lastLine(text string) string {
	lines := strings.Split(strings.TrimRight(text, "\n"), "\n")
	return lines[len(lines)-1]
}

// deltas is the text of all text deltas in lines of events or in raw frames.
func deltas(out string) string {
	var text strings.Builder
	for line := range strings.Lines(out) {
		event := gjson.Parse(strings.TrimPrefix(line, "data: "))
		if event.Get("type").Str == "response.output_text.delta" {
			text.WriteString(event.Get("delta").Str)
		}
	}
	return text.String()
}

// cli-tools.md 7, check 10: the issuer answers 401 because another process, one that
// knows nothing of our lock, has rotated the token meanwhile. Its login is adopted, and
// nothing is written or deleted (cli.md 3, Renewal).
func TestCheck10RotatedMeanwhile(t *testing.T) {
	t.Parallel()
	for _, format := range []credentials.Format{credentials.LangChain, credentials.Codex, credentials.Flat} {
		for _, state := range []emulator.RefreshState{emulator.RefreshUsed, emulator.RefreshInvalidated, emulator.RefreshExpired} {
			t.Run(fmt.Sprintf("%s, %s", format, state), func(t *testing.T) {
				t.Parallel()
				dir := t.TempDir()
				store := filepath.Join(dir, "auth.json")
				stand := emulator.New(emulator.Config{Seed: 1})
				theirs := ""
				server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
					if r.URL.Path == "/oauth/token" {
						writeLogin(t, stand, format, store, emulator.LoginOptions{})
						theirs = readFile(t, store)
					}
					stand.ServeHTTP(w, r)
				}))
				defer server.Close()
				writeLogin(t, stand, format, store, emulator.LoginOptions{Expired: true, Refresh: state})

				out, err := codexctl(server.URL, "--auth-file", store, "ask", "hi").CombinedOutput()
				if err != nil || string(out) != "You said: hi\n" {
					t.Errorf("%v: %s", err, out)
				}
				if n := len(stand.Journal("/oauth/token")); n != 1 {
					t.Errorf("%d token requests, want 1", n)
				}
				if got := readFile(t, store); got != theirs {
					t.Errorf("the store is\n%s\nwant what the other process wrote:\n%s", got, theirs)
				}
				if left := leftBeside(t, store); len(left) > 0 {
					t.Errorf("left beside the store: %q", left)
				}
			})
		}
	}
}

// listed is one line of a list: a command and the code that it must end with.
type listed struct {
	code string
	args []string
}

// list reads the lines CODE ARG... of a file. A variable counts in it; # begins a
// comment.
func list(ts *testscript.TestScript, name string) []listed {
	var all []listed
	for line := range strings.Lines(ts.ReadFile(name)) {
		words := strings.Fields(os.Expand(line, ts.Getenv))
		if len(words) > 1 && words[0] != "#" {
			all = append(all, listed{words[0], words[1:]})
		}
	}
	if len(all) == 0 {
		ts.Fatalf("%s lists nothing", name)
	}
	return all
}

// untouched LIST runs every command of a list with a pipe for stdin whose writer does
// not close it: silent first, then with bytes in it, which must be there afterwards.
func untouched(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: untouched LIST")
	}
	for _, run := range list(ts, args[0]) {
		for _, text := range []string{"", "not for this command"} {
			ts.Logf("codexctl %q with %q in the pipe", run.args, text)
			theirs, ours, err := os.Pipe()
			ts.Check(err)
			_, err = ours.WriteString(text)
			ts.Check(err)
			cmd := process(ts, append([]string{"codexctl"}, run.args...))
			cmd.Stdin, cmd.Stdout = theirs, ts.Stdout()
			ts.Check(cmd.Start())
			ends(ts, cmd, run.code)
			ts.Check(ours.Close())
			left, err := io.ReadAll(theirs)
			ts.Check(err)
			ts.Check(theirs.Close())
			if string(left) != text {
				ts.Fatalf("the command has read its stdin: %q is left of %q", left, text)
			}
		}
	}
}

// tokenLike finds what has the form of a secret: a JWT, the issuer's tokens and keys.
func tokenLike(text string) string {
	return regexp.MustCompile(`eyJ[\w-]{8,}(\.[\w-]+)?|\b(rt[_.]|at-|sk-)[\w-]{12,}|(?i:bearer )\S+`).FindString(text)
}

// documents LIST runs every command of a list with --json: stdout must be one document
// that tells the failure by its code, and no output may hold what looks like a token.
// With ! each document must hold one. The same line with a flag that is not there gives
// the same fields, unless the document is the API's or a child's.
func documents(ts *testscript.TestScript, neg bool, args []string) {
	if len(args) != 1 {
		ts.Fatalf("usage: documents LIST")
	}
	for _, run := range list(ts, args[0]) {
		ts.Logf("codexctl --json %q", run.args)
		exits(ts, false, append([]string{run.code, "codexctl", "--json"}, run.args...))
		text := document(ts, "stdout")
		if !strings.HasPrefix(text, "{") || !strings.HasSuffix(text, "}\n") {
			ts.Fatalf("not one object and a newline: %q", text)
		}
		problem := gjson.Get(text, "error")
		if failed := run.code != "0"; failed != (problem.Type == gjson.JSON) ||
			failed && (problem.Get("code").Str == "" || problem.Get("exit_code").Raw != run.code) {
			ts.Fatalf("exit %s and error %s", run.code, problem.Raw)
		}
		if found := tokenLike(text); (found == "") == neg {
			ts.Fatalf("what looks like a token: %q, want one: %t", found, neg)
		}
		if gjson.Get(text, "schema_version").Exists() && !slices.Contains(run.args, "--") {
			sameFields(ts, run.args, text)
		}
		if found := tokenLike(ts.ReadFile("stderr")); found != "" {
			ts.Fatalf("what looks like a token on stderr: %q", found)
		}
	}
}

// sameFields checks that a command has the same fields, of the same kinds where they are
// lists, when not even its line can be read.
func sameFields(ts *testscript.TestScript, args []string, known string) {
	exits(ts, false, slices.Concat([]string{"2", "codexctl", "--json"}, args, []string{"--no-such-flag"}))
	unknown := document(ts, "stdout")
	if got, want := fields(unknown), fields(known); !slices.Equal(got, want) {
		ts.Fatalf("with --no-such-flag the fields are %q, want %q", got, want)
	}
	if got, want := gjson.Get(unknown, "type").Str, gjson.Get(known, "type").Str; got != want {
		ts.Fatalf("with --no-such-flag the type is %q, want %q", got, want)
	}
	gjson.Parse(known).ForEach(func(name, value gjson.Result) bool {
		if got := gjson.Get(unknown, name.Str); value.IsArray() != got.IsArray() {
			ts.Fatalf("with --no-such-flag %s is %s, and otherwise %s", name, got.Raw, value.Raw)
		}
		return true
	})
}

// fields are the names of the fields of an object, in order.
func fields(object string) []string {
	var names []string
	gjson.Parse(object).ForEach(func(name, _ gjson.Result) bool {
		names = append(names, name.Str)
		return true
	})
	return names
}

// covered LIST... checks that each command of the program stands in one of the lists.
func covered(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) == 0 {
		ts.Fatalf("usage: covered LIST...")
	}
	var lines []string
	for _, name := range args {
		for _, run := range list(ts, name) {
			lines = append(lines, strings.Join(run.args, " ")+" ")
		}
	}
	for _, name := range commandNames(ts, nil) {
		if !slices.ContainsFunc(lines, func(line string) bool { return strings.HasPrefix(line, name+" ") }) {
			ts.Fatalf("no list has the command %q", name)
		}
	}
}

// commandNames are all commands below a path, as help shows them.
func commandNames(ts *testscript.TestScript, path []string) []string {
	ts.Check(ts.Exec("codexctl", append([]string{"help"}, path...)...))
	_, section, isGroup := strings.Cut(ts.ReadFile("stdout"), "\nCommands\n")
	if !isGroup {
		return []string{strings.Join(path, " ")}
	}
	section, _, _ = strings.Cut(section, "\n\n")
	var names []string
	for line := range strings.Lines(section) {
		if strings.HasPrefix(line, "   ") {
			continue // goes on with what is said of the command above
		}
		names = append(names, commandNames(ts, append(slices.Clone(path), strings.Fields(line)[0]))...)
	}
	return names
}
