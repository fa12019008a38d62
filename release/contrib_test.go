package main

import (
	"encoding/xml"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// The shell functions work in bash and zsh: one explains a failure and keeps its
// status, one asks about a file, one wants something staged.
func TestShellFunctions(t *testing.T) {
	bin := t.TempDir()
	build := exec.Command("go", "build", "-tags", "urfave_cli_no_docs", "-o", bin, "./cmd/codexctl")
	build.Dir = ".."
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	functions, err := filepath.Abs("../contrib/shell/codexctl.sh")
	if err != nil {
		t.Fatal(err)
	}
	script := `. "` + functions + `"
explain sh -c 'echo broken; exit 7' 2>explained; echo "status $?"
grep -c . explained
echo 'the file' > notes.txt; about notes.txt what is this
git init -q . && commit-message; echo "status $?"
git add notes.txt && commit-message >message; echo "status $?"
grep -c . message
`
	for _, shell := range []string{"bash", "zsh"} {
		t.Run(shell, func(t *testing.T) {
			if _, err := exec.LookPath(shell); err != nil {
				t.Skipf("no %s here", shell)
			}
			cmd := exec.Command(filepath.Join(bin, "codexctl"), "emulator", "exec", "--", shell, "-c", script)
			cmd.Dir = t.TempDir()
			cmd.Env = []string{"PATH=" + bin + string(os.PathListSeparator) + os.Getenv("PATH"), "HOME=" + cmd.Dir}
			var stderr strings.Builder
			cmd.Stderr = &stderr
			out, err := cmd.Output()
			if err != nil {
				t.Fatalf("%v\n%s%s", err, out, &stderr)
			}
			lines := strings.Split(strings.TrimSpace(string(out)), "\n")
			if len(lines) < 6 || lines[0] != "broken" || lines[1] != "status 7" || lines[len(lines)-3] != "status 1" || lines[len(lines)-2] != "status 0" {
				t.Errorf("printed %q", lines)
			}
			if !strings.Contains(stderr.String(), "nothing is staged") {
				t.Errorf("stderr = %q, want that nothing is staged", stderr.String())
			}
		})
	}
}

// The launchd file is XML, and both service files start `serve`.
func TestServiceFiles(t *testing.T) {
	plist, err := os.Open("../contrib/launchd/codexctl.plist")
	if err != nil {
		t.Fatal(err)
	}
	defer plist.Close()
	decoder := xml.NewDecoder(plist)
	var words []string
	for {
		token, err := decoder.Token()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		if text, ok := token.(xml.CharData); ok {
			words = append(words, strings.Fields(string(text))...)
		}
	}
	if !strings.Contains(strings.Join(words, " "), "/codexctl serve --log-format json") {
		t.Errorf("the launchd file says %q", words)
	}
	unit, err := os.ReadFile("../contrib/systemd/codexctl.service")
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(unit), "\nExecStart=/usr/bin/codexctl serve --log-format json\n") {
		t.Errorf("the unit says %s", unit)
	}
	verify, err := exec.LookPath("systemd-analyze")
	if err != nil {
		t.Log("no systemd-analyze here: the unit is not verified")
		return
	}
	installed := filepath.Join(t.TempDir(), "codexctl.service")
	program, err := exec.LookPath("true")
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(installed, []byte(strings.ReplaceAll(string(unit), "/usr/bin/codexctl", program)), 0o600); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(verify, "--user", "--man=no", "verify", installed)
	cmd.Env = append(os.Environ(), "XDG_RUNTIME_DIR="+t.TempDir())
	if out, err := cmd.CombinedOutput(); err != nil || strings.Contains(string(out), installed) {
		t.Errorf("systemd-analyze verify: %v\n%s", err, out)
	}
}

// The container holds nothing but the program: it has no names to resolve, no other user, and
// no certificates but those that are copied in.
func TestContainerFile(t *testing.T) {
	data, err := os.ReadFile("../contrib/container/Containerfile")
	if err != nil {
		t.Fatal(err)
	}
	_, image, found := strings.Cut(string(data), "\nFROM scratch\n")
	if !found {
		t.Fatal("the last stage is not empty at its beginning")
	}
	for _, line := range []string{
		"USER 10001:10001", "ENV HOME=/home/codexctl", "VOLUME /home/codexctl",
		`CMD ["/usr/bin/codexctl", "serve", "--check", "http://127.0.0.1:8000"]`,
		"COPY --from=build /etc/ssl/certs/ca-certificates.crt /etc/ssl/certs/ca-certificates.crt",
	} {
		if !strings.Contains(image, line+"\n") {
			t.Errorf("the image lacks %s", line)
		}
	}
}
