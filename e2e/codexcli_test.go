package e2e

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
)

// codexVersion is the official Codex CLI that is run here, as npm numbers it. A newer
// one is a change of this line, and a look at what it does otherwise.
const codexVersion = "0.169.0"

// codexCLI is the path of the official CLI, which is installed once into the cache
// folder of whoever runs the tests.
func codexCLI(t *testing.T) string {
	t.Helper()
	path, err := installed()
	if err != nil {
		unavailable(t, "official Codex CLI", err)
	}
	return path
}

var installed = sync.OnceValues(func() (string, error) {
	at := func(dir string) string { return filepath.Join(dir, "node_modules", ".bin", "codex") }
	dir, err := npmFolder("codex-"+codexVersion, func(dir string) bool { return works(at(dir)) }, "@openai/codex@"+codexVersion)
	return at(dir), err
})

// works reports whether the CLI at path runs and is of the version wanted.
func works(path string) bool {
	said, err := exec.Command(path, "--version").Output()
	return err == nil && strings.TrimSpace(string(said)) == "codex-cli "+codexVersion
}

// official is the official CLI in the hands of somebody, with a home of its own.
type official struct {
	person
	path string // of the program
	dir  string // CODEX_HOME
}

// newOfficial installs the CLI for use with an emulator.
func newOfficial(t *testing.T, s stand) official {
	t.Helper()
	path := codexCLI(t)
	p := newPerson(t, s.variables()...)
	dir := filepath.Join(p.home, ".codex")
	if err := os.Mkdir(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	config := fmt.Sprintf(`model = "gpt-6-sol"
model_provider = "local"
chatgpt_base_url = "%[1]s/backend-api/"

[model_providers.local]
name = "local"
base_url = "%[1]s/backend-api/codex"
wire_api = "responses"
requires_openai_auth = true
request_max_retries = 0
stream_max_retries = 0
`, s.url)
	if err := os.WriteFile(filepath.Join(dir, "config.toml"), []byte(config), 0o600); err != nil {
		t.Fatal(err)
	}
	p = p.with("CODEX_HOME="+dir,
		"CODEX_REFRESH_TOKEN_URL_OVERRIDE="+s.url+"/oauth/token", "CODEX_REVOKE_TOKEN_URL_OVERRIDE="+s.url+"/oauth/revoke")
	return official{p, path, dir}
}

// authFile is where it keeps its login.
func (o official) authFile() string { return filepath.Join(o.dir, "auth.json") }

// login runs `codex login --device-auth` and approves its code at the emulator's page.
func (o official) login(t *testing.T, s stand) {
	t.Helper()
	command := o.command(t, o.path, "login", "--device-auth",
		"--experimental_issuer", s.url, "--experimental_client-id", clientID)
	watch := &codeWatch{found: make(chan string, 1)}
	var said strings.Builder
	command.Stdout, command.Stderr = watch, &said
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- command.Wait() }()
	select {
	case code := <-watch.found:
		s.approve(t, code)
	case err := <-ended:
		t.Fatalf("codex login ended before it showed a code: %v\n%s", err, said.String())
	}
	if err := <-ended; err != nil {
		t.Fatalf("codex login: %v\n%s", err, said.String())
	}
	if !strings.Contains(said.String(), "Successfully logged in") {
		t.Errorf("codex login said %q, want a success", said.String())
	}
}

// signedIn checks what `codex login status` says.
func (o official) signedIn(t *testing.T) {
	t.Helper()
	r := o.must(t, o.path, "login", "status")
	if !strings.Contains(r.said, "Logged in using ChatGPT") {
		t.Errorf("codex login status: stderr %q, want it to say: Logged in using ChatGPT", r.said)
	}
}

// exec makes it use its login, with a model of the emulator that it asks in Lite form:
// in the plain form it sends no instructions any more, which the emulator refuses.
func (o official) exec(t *testing.T) {
	t.Helper()
	if r := o.must(t, o.path, "exec", "--skip-git-repo-check", "--ephemeral", "ping"); r.out != "You said: ping\n" {
		t.Errorf("codex exec: stdout %q, want %q", r.out, "You said: ping\n")
	}
}
