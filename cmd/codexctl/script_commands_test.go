//go:build unix

package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
	"github.com/tidwall/gjson"
	"github.com/tidwall/sjson"
)

// patience bounds the waits of the commands below; it is reached only by a failure.
const patience = time.Minute

// endpoint is the path that a short name stands for.
func endpoint(name string) string {
	switch name {
	case "responses", "models":
		return "/backend-api/codex/" + name
	case "token":
		return "/oauth/token"
	}
	return name
}

// document is one JSON document: a file's, stdout, or sent:PATH for the journal's
// last entry about a path.
func document(ts *testscript.TestScript, name string) string {
	var text string
	if path, sent := strings.CutPrefix(name, "sent:"); sent {
		entries := worldOf(ts).emulator.Journal(endpoint(path))
		if len(entries) == 0 {
			ts.Fatalf("no request for %s", path)
		}
		data, err := json.Marshal(entries[len(entries)-1])
		ts.Check(err)
		text = string(data)
	} else {
		text = ts.ReadFile(name)
	}
	if !gjson.Valid(text) {
		ts.Fatalf("not one JSON document: %q", text)
	}
	return text
}

// clear forgets the requests that the emulator has seen.
func clearJournal(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 0 {
		ts.Fatalf("usage: clear")
	}
	worldOf(ts).emulator.ClearJournal()
}

// each FILE PATH VALUES compares one value of every line of a JSONL file. VALUES has
// spaces between them; a value that repeats stands once.
func each(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 3 {
		ts.Fatalf("usage: each FILE PATH VALUES")
	}
	var got []string
	for line := range strings.Lines(ts.ReadFile(args[0])) {
		if !gjson.Valid(line) || !strings.HasSuffix(line, "\n") {
			ts.Fatalf("not a line of JSON: %q", line)
		}
		got = append(got, gjson.Get(line, args[1]).String())
	}
	if text := strings.Join(slices.Compact(got), " "); text != args[2] {
		ts.Fatalf("%s of the lines is %q, want %q", args[1], text, args[2])
	}
}

// edit FILE PATH VALUE sets one value of a JSON file; VALUE is JSON, else a string,
// and - takes the value out.
func edit(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 3 {
		ts.Fatalf("usage: edit FILE PATH VALUE")
	}
	text := ts.ReadFile(args[0])
	var err error
	switch {
	case args[2] == "-":
		text, err = sjson.Delete(text, args[1])
	case gjson.Valid(args[2]):
		text, err = sjson.SetRaw(text, args[1], args[2])
	default:
		text, err = sjson.Set(text, args[1], args[2])
	}
	ts.Check(err)
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), []byte(text), 0o600))
}

// envfrom NAME FILE PATH puts one value of a JSON document into a variable.
func envFrom(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 3 {
		ts.Fatalf("usage: envfrom NAME FILE PATH")
	}
	value := gjson.Get(document(ts, args[1]), args[2])
	if !value.Exists() {
		ts.Fatalf("%s has no %s", args[1], args[2])
	}
	ts.Setenv(args[0], value.String())
}

// fails CODE NAME codexctl ARG... runs a command twice, as it is and with --json. Both
// must end with CODE and tell people the same; the document must say CODE and NAME,
// and stderr must have its message and its hint. What the first run printed is in
// the files text.stdout and text.stderr.
func fails(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 4 || args[2] != "codexctl" {
		ts.Fatalf("usage: fails CODE NAME codexctl ARG...")
	}
	exits(ts, false, slices.Concat(args[:1], args[2:]))
	for _, name := range []string{"stdout", "stderr"} {
		ts.Check(os.WriteFile(ts.MkAbs("text."+name), []byte(ts.ReadFile(name)), 0o600))
	}
	if lines := strings.Count("\n"+ts.ReadFile("stderr"), "\ncodexctl: "); lines == 0 {
		ts.Fatalf("no message on stderr")
	}
	exits(ts, false, slices.Concat(args[:1], []string{"codexctl", "--json"}, args[3:]))
	problem := gjson.Get(document(ts, "stdout"), "error")
	for _, field := range []string{"code", "message", "http_status", "type", "param", "request_id", "retry_after_s", "resets_at", "exit_code", "hint"} {
		if !problem.Get(field).Exists() {
			ts.Fatalf("error has no field %s", field)
		}
	}
	if got := problem.Get("code").String() + " " + problem.Get("exit_code").Raw; got != args[1]+" "+args[0] {
		ts.Fatalf("error says %s, want %s %s", got, args[1], args[0])
	}
	wanted := []string{"codexctl: " + problem.Get("message").String()}
	if hint := problem.Get("hint"); hint.Type != gjson.Null {
		wanted = append(wanted, "hint: "+hint.String())
	}
	for _, line := range wanted {
		if strings.Count("\n"+ts.ReadFile("stderr"), "\n"+line+"\n") != 1 {
			ts.Fatalf("stderr has not once the line %q", line)
		}
	}
}

// has FILE PATH... checks that a JSON document has all these fields, null or not.
func has(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: has FILE PATH...")
	}
	text := document(ts, args[0])
	for _, path := range args[1:] {
		if !gjson.Get(text, path).Exists() {
			ts.Fatalf("%s has no field %s", args[0], path)
		}
	}
}

// keys FILE PATH NAMES compares the names in a JSON object, in their order.
func keys(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 3 {
		ts.Fatalf("usage: keys FILE PATH NAMES")
	}
	var names []string
	gjson.Get(document(ts, args[0]), args[1]).ForEach(func(name, _ gjson.Result) bool {
		names = append(names, name.String())
		return true
	})
	if got := strings.Join(names, " "); got != args[2] {
		ts.Fatalf("%s has the names %q, want %q", args[1], got, args[2])
	}
}

// nosecret LOGIN FILE... checks that no token of a stored login is in the files.
func noSecret(ts *testscript.TestScript, neg bool, args []string) {
	if len(args) < 2 {
		ts.Fatalf("usage: nosecret LOGIN FILE...")
	}
	stored := gjson.Parse(ts.ReadFile(args[0]))
	tokens := 0
	for _, name := range []string{"access_token", "refresh_token", "id_token"} {
		token := stored.Get(name).String() + stored.Get("tokens."+name).String()
		if token == "" {
			continue
		}
		tokens++
		// A token's first bytes are the same for all of a kind; its end is its own.
		tail := token[len(token)*2/3:]
		for _, file := range args[1:] {
			if strings.Contains(ts.ReadFile(file), tail) != neg {
				ts.Fatalf("the %s in %s: %t, want %t", name, file, !neg, neg)
			}
		}
	}
	if tokens == 0 {
		ts.Fatalf("%s holds no token", args[0])
	}
}

// outcome PATH WORD waits until the last request to a path has ended, and compares how:
// done, aborted, client_gone.
func outcome(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: outcome PATH WORD")
	}
	got := ""
	for end := time.Now().Add(patience); got == "" && time.Now().Before(end); time.Sleep(5 * time.Millisecond) {
		entries := worldOf(ts).emulator.Journal(endpoint(args[0]))
		if len(entries) == 0 {
			ts.Fatalf("no request for %s", args[0])
		}
		got = string(entries[len(entries)-1].Outcome)
	}
	if got != args[1] {
		ts.Fatalf("the request ended %q, want %q", got, args[1])
	}
}

// pick FILE PATH OUT writes one text of a JSON document to a file, as it is.
func pick(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 3 {
		ts.Fatalf("usage: pick FILE PATH OUT")
	}
	value := gjson.Get(document(ts, args[0]), args[1])
	if value.Type != gjson.String {
		ts.Fatalf("%s is no text: %s", args[1], value.Raw)
	}
	ts.Check(os.WriteFile(ts.MkAbs(args[2]), []byte(value.Str), 0o600))
}

// sized FILE BYTES writes a text of that length.
func sized(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: sized FILE BYTES")
	}
	length, err := strconv.Atoi(args[1])
	ts.Check(err)
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), bytes.Repeat([]byte("x"), length), 0o600))
}

// process is a command that a script starts by itself.
func process(ts *testscript.TestScript, words []string) *exec.Cmd {
	cmd := exec.Command(words[0], words[1:]...)
	cmd.Dir = ts.MkAbs(".")
	cmd.Env = environ(ts)
	cmd.Stderr = ts.Stderr()
	return cmd
}

// environ is the environment of the script.
func environ(ts *testscript.TestScript) []string {
	// There is no other way to all of the script's variables than to ask a command.
	ts.Check(ts.Exec("env", "-0"))
	return strings.Split(strings.TrimSuffix(ts.ReadFile("stdout"), "\x00"), "\x00")
}

// ends waits for a command and compares its exit code.
func ends(ts *testscript.TestScript, cmd *exec.Cmd, want string) {
	timer := time.AfterFunc(patience, func() { _ = cmd.Process.Kill() })
	defer timer.Stop()
	err := cmd.Wait()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		ts.Fatalf("%v", err)
	}
	if got := strconv.Itoa(cmd.ProcessState.ExitCode()); got != want {
		ts.Fatalf("exit code %s, want %s", got, want)
	}
}

// signal CODE NAMES AFTER COMMAND [ARG...] runs a command, sends it signals and
// compares its exit code. NAMES are INT and TERM with commas between them; AFTER is
// the text on stdout to wait for before the first, or requests:PATH for a request
// that the emulator got.
func signalled(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 4 {
		ts.Fatalf("usage: signal CODE NAMES AFTER COMMAND [ARG...]")
	}
	cmd := process(ts, args[3:])
	stdout := &watched{out: ts.Stdout()}
	cmd.Stdout = stdout
	ts.Check(cmd.Start())
	happened := func() bool { return strings.Contains(stdout.String(), args[2]) }
	if path, ok := strings.CutPrefix(args[2], "requests:"); ok {
		happened = func() bool { return len(worldOf(ts).emulator.Journal(endpoint(path))) > 0 }
	}
	for end := time.Now().Add(patience); !happened() && time.Now().Before(end); {
		time.Sleep(5 * time.Millisecond)
	}
	for i, name := range strings.Split(args[1], ",") {
		if i > 0 {
			time.Sleep(100 * time.Millisecond) // two at once are one
		}
		number := syscall.SIGINT
		if name == "TERM" {
			number = syscall.SIGTERM
		}
		_ = cmd.Process.Signal(number) // one that has ended already fails by its code
	}
	ends(ts, cmd, args[0])
}

// stranger CODE codexctl ARG... runs the program as somebody who may not write to the
// script's folder: root, which permissions do not stop, becomes another user.
func stranger(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 || args[1] != "codexctl" {
		ts.Fatalf("usage: stranger CODE codexctl ARG...")
	}
	cmd := process(ts, args[1:])
	cmd.Stdout = ts.Stdout()
	if os.Getuid() == 0 {
		const nobody = 65534
		work := ts.MkAbs(".")
		program := filepath.Join(work, "codexctl")
		// By another process: a program that this one has open for writing cannot be
		// started, and whatever is started here at that moment would hold it open.
		ts.Check(exec.Command("cp", cmd.Path, program).Run())
		for dir := work; strings.HasPrefix(dir, os.TempDir()+"/"); dir = filepath.Dir(dir) {
			ts.Check(os.Chmod(dir, 0o755))
		}
		ts.Check(filepath.WalkDir(work, func(path string, _ fs.DirEntry, err error) error {
			return errors.Join(err, os.Lchown(path, nobody, nobody))
		}))
		cmd.Path = program
		cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: nobody, Gid: nobody}}
	}
	ts.Check(cmd.Start())
	ends(ts, cmd, args[0])
}

// watched lets one goroutine look at what another writes.
type watched struct {
	mu   sync.Mutex
	text bytes.Buffer
	out  io.Writer
}

func (w *watched) Write(p []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.text.Write(p)
	return w.out.Write(p)
}

func (w *watched) String() string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.text.String()
}

// socket CODE DATA COMMAND [ARG...] runs a command whose stdin is a socket, as Node
// gives it to its children, and compares its exit code. DATA is what comes out of the
// socket before it is closed; with - it stays open and silent.
func onSocket(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 3 {
		ts.Fatalf("usage: socket CODE DATA COMMAND [ARG...]")
	}
	pair, err := socketPair()
	ts.Check(err)
	theirs, ours := os.NewFile(uintptr(pair[0]), "stdin"), os.NewFile(uintptr(pair[1]), "other end")
	defer ours.Close()
	cmd := process(ts, args[2:])
	cmd.Stdin, cmd.Stdout = theirs, ts.Stdout()
	ts.Check(cmd.Start())
	theirs.Close()
	if args[1] != "-" {
		_, err = ours.WriteString(args[1])
		ts.Check(err)
		ours.Close()
	}
	ends(ts, cmd, args[0])
}
