package cli

import (
	"bytes"
	"context"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/codexctl/codexctl/internal/emulator"
)

// program is the whole program as a test runs it: no process, no socket, no clock
// but the test's.
type program struct {
	Env
	out, talk lockedBuffer
	visits    sync.WaitGroup // browsers that have been started
	runs      atomic.Int64   // commands, and requests to the server
	emulator  *emulator.Emulator
	variables map[string]string
}

const base = "http://127.0.0.1"

// newProgram is a program whose network is an emulator in memory, signed in by a
// variable.
func newProgram(t *testing.T) *program {
	t.Helper()
	p := &program{emulator: emulator.New(emulator.Config{Seed: 1, BaseURL: base})}
	p.variables = map[string]string{
		"CODEXCTL_BASE_URL":     base + "/backend-api/codex",
		"CODEXCTL_ISSUER":       base,
		"CODEXCTL_ACCESS_TOKEN": p.emulator.Login(emulator.LoginOptions{}).AccessToken,
	}
	p.Env = Env{
		Stdin: strings.NewReader(""), Stdout: &p.out, Stderr: &p.talk,
		Getenv:  func(name string) string { return p.variables[name] },
		Environ: func() []string { return nil },
		Home:    filepath.Join(t.TempDir(), "home"), Now: time.Now,
		Transport: p.emulator.Transport(),
	}
	return p
}

// run runs the program and returns its exit code.
func (p *program) run(args ...string) int {
	return p.runContext(context.Background(), args...)
}

func (p *program) runContext(ctx context.Context, args ...string) int {
	p.runs.Add(1)
	p.out.Reset()
	p.talk.Reset()
	code := Main(ctx, &p.Env, args)
	p.visits.Wait()
	return code
}

// lockedBuffer can be looked at while the program still writes.
type lockedBuffer struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (b *lockedBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.Write(p)
}

func (b *lockedBuffer) Bytes() []byte {
	b.mu.Lock()
	defer b.mu.Unlock()
	return bytes.Clone(b.buf.Bytes())
}

func (b *lockedBuffer) String() string { return string(b.Bytes()) }
func (b *lockedBuffer) Len() int       { return len(b.Bytes()) }

func (b *lockedBuffer) Reset() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.buf.Reset()
}

// sent is the body of the last request to the backend.
func (p *program) sent(t *testing.T) string {
	t.Helper()
	entries := p.emulator.Journal("/backend-api/codex/responses")
	if len(entries) == 0 {
		t.Fatal("nothing was sent")
	}
	return string(entries[len(entries)-1].Body)
}
