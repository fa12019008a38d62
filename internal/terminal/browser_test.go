package terminal

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
)

// A browser of the tests: it writes its arguments, one per line, to the file that its
// first one names.
const fakeBrowser = "#!/bin/sh\nout=$1; shift\nprintf '%s\\n' \"$@\" >\"$out\"\necho printed by the browser\n"

// cli.md 7: `--browser-command CMD` (`BROWSER`): the address stands for %s or follows.
func TestOpenBrowser(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("needs sh")
	}
	const address = "http://127.0.0.1:1/oauth/authorize?a=b&c=d%20e"
	dir := t.TempDir()
	program := filepath.Join(dir, "a browser")
	if err := os.WriteFile(program, []byte(fakeBrowser), 0o700); err != nil {
		t.Fatal(err)
	}
	tests := []struct {
		name, command string // OUT is the file to write, PROGRAM the browser
		want          string // its arguments
		err           string
	}{
		{"the address follows", `'PROGRAM' OUT`, address + "\n", ""},
		{"after other words", `'PROGRAM' OUT --new-window`, "--new-window\n" + address + "\n", ""},
		{"in its place", `'PROGRAM' OUT %s --quiet`, address + "\n--quiet\n", ""},
		{"inside a word", `'PROGRAM' OUT --app=%s`, "--app=" + address + "\n", ""},
		{"twice", `'PROGRAM' OUT %s %s`, address + "\n" + address + "\n", ""},
		{"quotes", `"PROGRAM" OUT "two words" %s`, "two words\n" + address + "\n", ""},
		{"no such program", `'PROGRAM'x OUT`, "", "run the browser command"},
		{"one that fails", `sh -c 'exit 3'`, "", "exit status 3"},
		{"quotes that do not end", `"PROGRAM OUT`, "", "cannot be read"},
		{"no word at all", ` `, "", "cannot be read"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			out := filepath.Join(t.TempDir(), "out")
			command := strings.NewReplacer("PROGRAM", program, "OUT", out).Replace(tt.command)
			err := OpenBrowser(command, address)
			if tt.err == "" && err != nil || tt.err != "" && (err == nil || !strings.Contains(err.Error(), tt.err)) {
				t.Errorf("error %v, want %q", err, tt.err)
			}
			if got, _ := os.ReadFile(out); string(got) != tt.want {
				t.Errorf("arguments %q, want %q", got, tt.want)
			}
		})
	}
}

// cli.md 5, "stdout is the answer and nothing else": what a browser prints goes to
// stderr, that of the system as well.
func TestWhatABrowserPrintsIsNoAnswer(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("the system's way is another")
	}
	dir := t.TempDir()
	const script = "#!/bin/sh\necho printed by the browser\n"
	if err := os.WriteFile(filepath.Join(dir, "xdg-open"), []byte(script), 0o700); err != nil {
		t.Fatal(err)
	}
	if os.Getenv("CODEXCTL_TEST_BROWSER") != "" {
		if err := OpenBrowser(strings.TrimSpace(os.Getenv("CODEXCTL_TEST_BROWSER")), "http://127.0.0.1:1/"); err != nil {
			t.Fatal(err)
		}
		return
	}
	for name, command := range map[string]string{"the system's": " ", "a command": "xdg-open"} {
		child := exec.Command(os.Args[0], "-test.run=^"+t.Name()+"$")
		child.Env = append(os.Environ(), "CODEXCTL_TEST_BROWSER="+command, "PATH="+dir+":"+os.Getenv("PATH"))
		var stdout, stderr bytes.Buffer
		child.Stdout, child.Stderr = &stdout, &stderr
		if err := child.Run(); err != nil {
			t.Fatalf("%s: %v: %s%s", name, err, &stdout, &stderr)
		}
		if strings.Contains(stdout.String(), "printed") || !strings.Contains(stderr.String(), "printed by the browser") {
			t.Errorf("%s: stdout %q, stderr %q", name, &stdout, &stderr)
		}
	}
}
