package e2e

import (
	"bufio"
	"bytes"
	"encoding/json"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"testing"
)

// clientID is the public client of the official CLI, the only one that the emulator
// knows.
const clientID = "app_EMoamEEZ73f0CkXaXp7hrann"

// stand is a running `codexctl emulator start`.
type stand struct {
	url      string
	authFile string // of a login that it knows, in LangChain's form
}

// startEmulator runs an emulator until the test ends. scene is JSON.
func startEmulator(t *testing.T, scene string) stand {
	t.Helper()
	file := filepath.Join(t.TempDir(), "scene.json")
	if err := os.WriteFile(file, []byte(scene), 0o600); err != nil {
		t.Fatal(err)
	}
	p := newPerson(t)
	command := p.command(t, program, "emulator", "start", "--json", "--scene", file)
	var said bytes.Buffer
	command.Stderr = &said
	out, err := command.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = command.Process.Signal(os.Interrupt)
		_ = command.Wait() // its exit code is that of an interrupted program
	})
	line, err := bufio.NewReader(out).ReadBytes('\n')
	if err != nil {
		_ = command.Wait()
		t.Fatalf("read the emulator's first line: %v\n%s", err, said.String())
	}
	var document struct {
		URL      string `json:"url"`
		AuthFile string `json:"auth_file"`
	}
	if err := json.Unmarshal(line, &document); err != nil {
		t.Fatalf("the emulator's first line %q: %v", line, err)
	}
	return stand{document.URL, document.AuthFile}
}

// variables point codexctl at the emulator, but not at its login.
func (s stand) variables() []string {
	return []string{"CODEXCTL_BASE_URL=" + s.url + "/backend-api/codex", "CODEXCTL_ISSUER=" + s.url}
}

// seen is a request in the emulator's journal, without any secret.
type seen struct {
	Method string         `json:"method"`
	Path   string         `json:"path"`
	Status int            `json:"status"`
	Header http.Header    `json:"header"`
	Body   map[string]any `json:"body"`

	// Outcome is done, aborted or client_gone; empty while the answer is running.
	Outcome string `json:"outcome"`
}

// journal is the requests for one path, the oldest first.
func (s stand) journal(t *testing.T, path string) []seen {
	t.Helper()
	answer, err := http.Get(s.url + "/__emulator/journal?path=" + url.QueryEscape(path))
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	var journal struct {
		Entries []seen `json:"entries"`
	}
	if err := json.NewDecoder(answer.Body).Decode(&journal); err != nil {
		t.Fatal(err)
	}
	return journal.Entries
}

// approve types a user code at the page for devices, as a person would.
func (s stand) approve(t *testing.T, userCode string) {
	t.Helper()
	answer, err := http.PostForm(s.url+"/codex/device", url.Values{"user_code": {userCode}, "action": {"approve"}})
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	if answer.StatusCode != http.StatusOK {
		t.Fatalf("approve %s: HTTP %d, want 200", userCode, answer.StatusCode)
	}
}
