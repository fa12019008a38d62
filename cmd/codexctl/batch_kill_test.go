//go:build unix

package main

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/tidwall/gjson"

	"github.com/codexctl/codexctl/internal/emulator"
	"github.com/codexctl/codexctl/pkg/credentials"
)

// batchSize is how many records are asked: fewer with -short, for the race detector makes
// each ten times as dear.
func batchSize() int {
	if testing.Short() {
		return 1000
	}
	return 10_000
}

// tap lets so many requests through; further ones wait until their client is gone. So a
// process never ends before it is killed, however slow this machine is.
type tap struct {
	next http.Handler

	mu      sync.Mutex
	left    int
	passed  int
	notices chan struct{} // closed when passed has reached wanted
	wanted  int
}

// open lets further requests through and returns what is closed after wanted of them.
func (p *tap) open(count, wanted int) <-chan struct{} {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.left, p.passed, p.wanted, p.notices = count, 0, wanted, make(chan struct{})
	return p.notices
}

func (p *tap) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if !p.pass() {
		// The server sees that a client is gone only once the body has been read.
		_, _ = bytes.NewBuffer(nil).ReadFrom(r.Body)
		<-r.Context().Done()
		return
	}
	p.next.ServeHTTP(w, r)
}

func (p *tap) pass() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.left == 0 {
		return false
	}
	p.left--
	if p.passed++; p.passed == p.wanted {
		close(p.notices)
	}
	return true
}

// quality.md, Reliability: 10,000 records, killed five times and gone on with: each is
// there once, and nothing is asked again whose record was written.
func TestBatchKilledAndResumed(t *testing.T) {
	t.Parallel()
	const kills, jobs = 5, 12
	size := batchSize()
	h := newHousehold(t)
	gate := &tap{next: h.emulator}
	server := httptest.NewServer(gate)
	t.Cleanup(server.Close)
	h.url = server.URL
	h.keep(credentials.LangChain, h.own(), emulator.LoginOptions{})
	in, out := filepath.Join(h.home, "in.jsonl"), filepath.Join(h.home, "out.jsonl")
	var records bytes.Buffer
	for i := range size {
		fmt.Fprintf(&records, `{"id":"id-%d","prompt":"question %d."}`+"\n", i, i)
	}
	if err := os.WriteFile(in, records.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	args := []string{"batch", in, "--resume", out, "-j", fmt.Sprint(jobs), "--retries", "0", "--timeout", "0"}

	random := rand.New(rand.NewPCG(uint64(time.Now().UnixNano()), 0)) // the moments are random anyway
	answered := map[string]uint64{}                                   // when the record was there: the last request by then
	for kill := range kills {
		through := 1 + random.IntN(2*(size-len(answered))/(kills+1))
		enough := gate.open(through, 1+random.IntN(through))
		command := h.command(args...)
		var said bytes.Buffer
		command.Stdout, command.Stderr = &said, &said
		if err := command.Start(); err != nil {
			t.Fatal(err)
		}
		ended := make(chan error, 1)
		go func() { ended <- command.Wait() }()
		select {
		case <-enough:
			time.Sleep(time.Duration(random.Int64N(int64(5 * time.Millisecond))))
		case err := <-ended:
			t.Fatalf("run %d ended before it was killed: %v: %s", kill, err, &said)
		}
		_ = command.Process.Kill()
		<-ended
		before := len(answered)
		noteAnswered(t, h, out, answered)
		t.Logf("run %d was killed with %d records written", kill, len(answered)-before)
	}
	gate.open(2*size, 0)
	if code, said := h.run(args...); code != 0 {
		t.Fatalf("the last run: exit %d: %s", code, said)
	}

	seen := map[string]bool{}
	for line := range strings.Lines(readFile(t, out)) {
		id := gjson.Get(line, "id").Str
		want := "You said: question " + strings.TrimPrefix(id, "id-") + "."
		if seen[id] || gjson.Get(line, "status").Str != "completed" || gjson.Get(line, "text").Str != want {
			t.Errorf("id %q is there before (%t), or its record is not right: %s", id, seen[id], line)
		}
		seen[id] = true
	}
	if len(seen) != size {
		t.Errorf("%d records, want %d", len(seen), size)
	}
	asked := h.emulator.Journal(endpoint("responses"))
	for _, entry := range asked {
		id := askedID(string(entry.Body))
		if last, ok := answered[id]; ok && entry.Seq > last {
			t.Errorf("%s was asked again, by request %d, when its record was there at request %d", id, entry.Seq, last)
		}
	}
	if len(asked) < size || len(asked) > size+kills*jobs {
		t.Errorf("%d requests for %d records, want at most %d more", len(asked), size, kills*jobs)
	}
	t.Logf("%d requests", len(asked))
}

// askedID is the id of the record that a request is about.
func askedID(body string) string {
	text := gjson.Get(body, "input.0.content.0.text").Str
	return "id-" + strings.TrimSuffix(strings.TrimPrefix(text, "question "), ".")
}

// noteAnswered notes the records that are whole in the output of a dead process.
func noteAnswered(t *testing.T, h *household, out string, answered map[string]uint64) {
	t.Helper()
	entries := h.emulator.Journal(endpoint("responses"))
	for line := range strings.Lines(present(out)) {
		id := gjson.Get(line, "id").Str
		if _, known := answered[id]; !known && strings.HasSuffix(line, "}\n") {
			answered[id] = entries[len(entries)-1].Seq
		}
	}
}
