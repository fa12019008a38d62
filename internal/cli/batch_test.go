package cli

import (
	"fmt"
	"net/http"
	"path/filepath"
	"sync"
	"syscall"
	"testing"

	"github.com/tidwall/gjson"

	"github.com/codexctl/codexctl/internal/batch"
	"github.com/codexctl/codexctl/internal/emulator"
)

// oneAnswer answers the first request; the others hang until their context ends.
type oneAnswer struct {
	next http.RoundTripper

	mu      sync.Mutex
	asked   int
	hanging chan struct{} // closed when a second request is there
}

func (o *oneAnswer) RoundTrip(r *http.Request) (*http.Response, error) {
	o.mu.Lock()
	o.asked++
	number := o.asked
	o.mu.Unlock()
	switch number {
	case 1:
		<-o.hanging
		return o.next.RoundTrip(r)
	case 2:
		close(o.hanging)
	}
	<-r.Context().Done()
	return nil, r.Context().Err()
}

// goneReader is a stdout that nobody reads any more.
type goneReader struct{}

func (goneReader) Write([]byte) (int, error) { return 0, syscall.EPIPE }

// cli.md 4, row 0: the reader of stdout goes away; what is under way upstream is
// cancelled, nothing further is asked, and nothing is said.
func TestBatchWithoutAReader(t *testing.T) {
	p := newProgram(t)
	upstream := &oneAnswer{next: p.Transport, hanging: make(chan struct{})}
	p.Transport, p.Stdout = upstream, goneReader{}
	if code := p.run("batch", "--lines", p.batchOf(t, 50), "-j", "2"); code != 0 || p.talk.Len() != 0 {
		t.Errorf("exit %d, stderr %q; want 0 and nothing", code, &p.talk)
	}
	if upstream.asked > 3 {
		t.Errorf("%d requests, want no more than were under way", upstream.asked)
	}
}

// writes keeps what each call of Write brought.
type writes struct {
	mu    sync.Mutex
	texts []string
}

func (w *writes) Write(p []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.texts = append(w.texts, string(p))
	return len(p), nil
}

// cli.md 11, "killing it loses no finished record": each is one write, whole.
func TestBatchWritesEachRecordAtOnce(t *testing.T) {
	p := newProgram(t)
	out := &writes{}
	p.Stdout = out
	if code := p.run("batch", "--lines", p.batchOf(t, 20), "-j", "5"); code != 0 {
		t.Fatalf("exit %d: %s", code, &p.talk)
	}
	if len(out.texts) != 20 {
		t.Errorf("%d writes, want 20", len(out.texts))
	}
	for _, text := range out.texts {
		if text[len(text)-1] != '\n' || gjson.Get(text, "status").Str != "completed" {
			t.Errorf("not a whole record: %q", text)
		}
	}
}

// The login is renewed once for all items, however many are under way.
func TestBatchRenewsOnce(t *testing.T) {
	p := newProgram(t)
	delete(p.variables, "CODEXCTL_ACCESS_TOKEN")
	p.keep(t, p.store(), "langchain", p.emulator.Login(emulator.LoginOptions{Expired: true}))
	if code := p.run("batch", "--lines", p.batchOf(t, 64), "-j", "32"); code != 0 {
		t.Fatalf("exit %d: %s", code, &p.talk)
	}
	if n := p.asked("/oauth/token"); n != 1 {
		t.Errorf("%d renewals, want 1", n)
	}
}

func TestBatchErrorsHaveAMeaning(t *testing.T) {
	known := map[string]struct {
		err  error
		exit int
		code string
	}{
		"ErrInput":         {batch.ErrInput, 2, "usage"},
		"ErrInputChanged":  {batch.ErrInputChanged, 1, "internal"},
		"ErrLocked":        {batch.ErrLocked, 3, "config"},
		"ErrOutputExists":  {batch.ErrOutputExists, 2, "usage"},
		"ErrNotOutput":     {batch.ErrNotOutput, 2, "usage"},
		"ErrTooManyErrors": {batch.ErrTooManyErrors, 10, "partial"},
		"ErrOutput":        {batch.ErrOutput, 1, "internal"},
	}
	for _, name := range exportedErrors(t, filepath.Join("..", "batch")) {
		if _, ok := known[name]; !ok && name != "LineError" { // it says where, and what it stands in says what
			t.Errorf("batch.%s has no row here", name)
		}
	}
	for name, want := range known {
		got := meaning(&unfinishedError{fmt.Errorf("in.jsonl: %w", want.err), "go on"})
		if got.exit != want.exit || got.code != want.code {
			t.Errorf("batch.%s means %d %q, want %d %q", name, got.exit, got.code, want.exit, want.code)
		}
	}
}
