package cli

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/tidwall/gjson"

	"github.com/codexctl/codexctl/internal/emulator"
	"github.com/codexctl/codexctl/internal/freeport"
	"github.com/codexctl/codexctl/pkg/credentials"
)

// newcomer is a program without a login, and a person with a browser at its side.
func newcomer(t *testing.T, scene emulator.Scene) (*program, *emulator.Browser) {
	t.Helper()
	p := newProgram(t)
	delete(p.variables, "CODEXCTL_ACCESS_TOKEN")
	p.scene(t, scene)
	person := &emulator.Browser{Issuer: p.emulator.Transport()}
	p.Browse = func(_, address string) error { return person.Open(address) }
	return p, person
}

// scene bends the emulator. Tokens are granted for any port, since tests that run at
// the same time cannot share the two registered ones.
func (p *program) scene(t *testing.T, s emulator.Scene) {
	t.Helper()
	s.AnyPort = true
	if err := p.emulator.SetScene(s); err != nil {
		t.Fatal(err)
	}
}

func namedScene(t *testing.T, name string) emulator.Scene {
	t.Helper()
	s, ok := emulator.NamedScene(name)
	if !ok {
		t.Fatalf("no scene %q", name)
	}
	return s
}

func haveIPv6() bool {
	l, err := net.Listen("tcp6", "[::1]:0")
	if err == nil {
		l.Close()
	}
	return err == nil
}

// login runs `auth login` on a port of its own.
func (p *program) login(t *testing.T, args ...string) int {
	t.Helper()
	return p.loginOn(freeport.For(t), args...)
}

// loginOn runs `auth login` on a port. It waits for nobody for long, unless args say so.
func (p *program) loginOn(port string, args ...string) int {
	return p.run(slices.Concat([]string{"auth", "login", "--wait", "15s", "--port", port}, args)...)
}

// store is where this program keeps its login.
func (p *program) store() string { return filepath.Join(p.Home, ".langchain", "chatgpt-auth.json") }

func (p *program) officialStore() string { return filepath.Join(p.Home, ".codex", "auth.json") }

// keep writes a login of the emulator's to a file and returns its content.
func (p *program) keep(t *testing.T, path string, format credentials.Format, l emulator.Login) string {
	t.Helper()
	data := encoded(t, format, l)
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(data), 0o600); err != nil {
		t.Fatal(err)
	}
	return data
}

func encoded(t *testing.T, format credentials.Format, l emulator.Login) string {
	t.Helper()
	data, err := credentials.Encode(credentials.Credential{
		AccessToken:  credentials.NewSecret(l.AccessToken),
		RefreshToken: credentials.NewSecret(l.RefreshToken),
		IDToken:      credentials.NewSecret(l.IDToken),
		AccountID:    l.AccountID, UserID: l.UserID, Plan: l.Plan, ExpiresAt: l.ExpiresAt,
		LastRefresh: l.ExpiresAt.Add(-time.Hour),
	}, format)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

// content is a file's text; empty if there is none.
func content(t *testing.T, path string) string {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		t.Fatal(err)
	}
	return string(data)
}

// wants compares the exit code and looks for a line on stderr that begins so; an
// empty one is any.
func (p *program) wants(t *testing.T, got, want int, line string) {
	t.Helper()
	if got != want {
		t.Errorf("exit %d, want %d; stderr: %s", got, want, &p.talk)
	}
	if !strings.Contains("\n"+p.talk.String(), "\n"+line) {
		t.Errorf("stderr has no line that begins with %q: %s", line, &p.talk)
	}
}

// says looks for texts on stderr.
func (p *program) says(t *testing.T, texts ...string) {
	t.Helper()
	for _, text := range texts {
		if !strings.Contains(p.talk.String(), text) {
			t.Errorf("stderr has no %q: %s", text, &p.talk)
		}
	}
}

// unchanged compares a file with what it was.
func unchanged(t *testing.T, path, before string) {
	t.Helper()
	if now := content(t, path); now != before {
		t.Errorf("%s has %d bytes that differ from the %d before", path, len(now), len(before))
	}
}

// state asks `auth status`.
func (p *program) state(t *testing.T) string {
	t.Helper()
	p.run("auth", "status", "--json")
	if !gjson.ValidBytes(p.out.Bytes()) {
		t.Fatalf("auth status --json printed %q", &p.out)
	}
	return gjson.GetBytes(p.out.Bytes(), "state").Str
}

// asked counts the requests to a path.
func (p *program) asked(path string) int { return len(p.emulator.Journal(path)) }

// answers is a Confirm that always says the same, and the questions it was asked.
type answers struct {
	yes bool
	err error

	mu        sync.Mutex
	questions []string
}

func (a *answers) confirm(_ context.Context, question string) (bool, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.questions = append(a.questions, question)
	return a.yes, a.err
}

// comeBack signs in at the address and returns where the issuer sends the browser,
// without going there.
func (p *program) comeBack(address string) (*url.URL, error) {
	return follow(p.emulator.Transport(), address)
}

// printed is the address that the program has shown: the only line that is one.
func (p *program) printed(t *testing.T) string {
	t.Helper()
	var found []string
	for line := range strings.Lines(p.talk.String()) {
		if line = strings.TrimSuffix(line, "\n"); strings.HasPrefix(line, base+"/oauth/authorize?") {
			found = append(found, line)
		}
	}
	if len(found) != 1 {
		t.Fatalf("%d lines are an address, want 1: %s", len(found), &p.talk)
	}
	return found[0]
}

// lineTypes are the types of the lines of --jsonl, repeats once.
func (p *program) lineTypes(t *testing.T) string {
	t.Helper()
	var types []string
	for line := range strings.Lines(p.out.String()) {
		if !gjson.Valid(line) || !strings.HasSuffix(line, "\n") {
			t.Fatalf("not a line of JSON: %q", line)
		}
		types = append(types, gjson.Get(line, "type").Str)
	}
	return fmt.Sprint(slices.Compact(types))
}

// modes are the permission bits of a path and of its folder.
func modes(t *testing.T, path string) string {
	t.Helper()
	file, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	dir, err := os.Stat(filepath.Dir(path))
	if err != nil {
		t.Fatal(err)
	}
	return fmt.Sprintf("%o in %o", file.Mode().Perm(), dir.Mode().Perm())
}

// follow loads an address and returns where it redirects to.
func follow(transport http.RoundTripper, address string) (*url.URL, error) {
	client := http.Client{Transport: transport, CheckRedirect: func(*http.Request, []*http.Request) error {
		return http.ErrUseLastResponse
	}}
	response, err := client.Get(address)
	if err != nil {
		return nil, err
	}
	defer response.Body.Close()
	to, err := response.Location()
	if err != nil {
		return nil, errors.New("the sign-in page has not sent the browser back")
	}
	return to, nil
}
