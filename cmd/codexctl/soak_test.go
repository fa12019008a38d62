//go:build unix

package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/tidwall/gjson"
)

// unruly is a backend that fails now and then, in every way that needs no scene of its
// own: before it answers, and at any byte of an answer.
type unruly struct {
	next http.Handler

	mu      sync.Mutex
	random  *rand.Rand
	trouble atomic.Int64
}

func (u *unruly) number(n int) int {
	u.mu.Lock()
	defer u.mu.Unlock()
	return u.random.IntN(n)
}

// ServeHTTP hands on, or fails.
func (u *unruly) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.URL.Path != endpoint("responses") {
		u.next.ServeHTTP(w, r)
		return
	}
	kind := u.number(40)
	if kind < 8 {
		u.trouble.Add(1)
	}
	switch kind {
	case 0, 1:
		status := []int{500, 502, 503, 429, 400, 403}[u.number(6)]
		_, _ = io.Copy(io.Discard, r.Body)
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(status)
		_, _ = io.WriteString(w, `{"error":{"message":"The backend is out of sorts.","code":"out_of_sorts"}}`)
	case 2: // gone before it has said anything
		panic(http.ErrAbortHandler)
	case 3: // gone before it has read what was asked
		if conn, _, err := http.NewResponseController(w).Hijack(); err == nil {
			_ = conn.Close()
		}
	case 4, 5:
		u.next.ServeHTTP(&cutWriter{ResponseWriter: w, left: u.number(6000)}, r)
	case 6: // silent in the middle, until the caller leaves or somebody gives up
		u.next.ServeHTTP(&cutWriter{ResponseWriter: w, left: u.number(3000), wait: func() {
			select {
			case <-r.Context().Done():
			case <-time.After(300 * time.Millisecond):
			}
		}}, r)
	case 7:
		time.Sleep(time.Duration(u.number(20)) * time.Millisecond)
		u.next.ServeHTTP(w, r)
	default:
		u.next.ServeHTTP(w, r)
	}
}

// cutWriter breaks the connection after so many bytes.
type cutWriter struct {
	http.ResponseWriter
	left int
	wait func()
}

// Write gives what is left.
func (c *cutWriter) Write(p []byte) (int, error) {
	if c.left -= len(p); c.left >= 0 {
		return c.ResponseWriter.Write(p)
	}
	_, _ = c.ResponseWriter.Write(p[:len(p)+c.left])
	_ = http.NewResponseController(c.ResponseWriter).Flush()
	if c.wait != nil {
		c.wait()
	}
	panic(http.ErrAbortHandler)
}

// Unwrap is for http.ResponseController.
func (c *cutWriter) Unwrap() http.ResponseWriter { return c.ResponseWriter }

// Flush is for handlers that ask for it by its type.
func (c *cutWriter) Flush() { _ = http.NewResponseController(c.ResponseWriter).Flush() }

// soaker is a caller of the server.
type soaker struct {
	t      *testing.T
	server *serving
	client *http.Client
	tally  *tally
}

// tally is how the calls ended.
type tally struct {
	mu sync.Mutex
	by map[string]int
}

func (l *tally) add(what string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.by[what]++
}

// ask makes call n, of a random form, and sees whether the answer is its own.
func (s *soaker) ask(n int, random *rand.Rand) {
	text := fmt.Sprintf("question %d of %d.", n, random.Uint32())
	stream, chat := random.IntN(2) == 0, random.IntN(2) == 0
	path, body := "/v1/responses", fmt.Sprintf(`{"model":"gpt-5.5","store":false,"input":%q,"stream":%t}`, text, stream)
	if chat {
		path, body = "/v1/chat/completions", fmt.Sprintf(`{"model":"gpt-5.5","messages":[{"role":"user","content":%q}],"stream":%t}`, text, stream)
	}
	ctx, cancel := context.WithTimeout(s.t.Context(), time.Minute)
	defer cancel()
	leaves := random.IntN(10) == 0
	if leaves {
		timer := time.AfterFunc(time.Duration(random.Int64N(int64(20*time.Millisecond))), cancel)
		defer timer.Stop()
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, s.server.url+path, strings.NewReader(body))
	if err != nil {
		s.t.Error(err)
		return
	}
	request.Header.Set("X-Request-Id", fmt.Sprintf("call-%d", n))
	response, err := s.client.Do(request)
	if err != nil {
		s.left(n, leaves, err)
		return
	}
	defer response.Body.Close()
	if id := response.Header.Get("X-Request-Id"); id != fmt.Sprintf("call-%d", n) {
		s.t.Errorf("call %d got the answer of %s", n, id)
	}
	if leaves && random.IntN(2) == 0 {
		_, _ = io.CopyN(io.Discard, response.Body, random.Int64N(2000))
		s.tally.add("left in the middle")
		return
	}
	answer, err := io.ReadAll(response.Body)
	s.own(n, text, string(answer))
	if err != nil {
		s.left(n, leaves, err)
		return
	}
	failed := response.StatusCode != http.StatusOK || strings.Contains(string(answer), `"error":{`) || strings.Contains(string(answer), `"type":"error"`)
	got := said(string(answer), stream, chat)
	switch {
	case failed && strings.HasPrefix("You said: "+text, got):
		s.tally.add("failed and said so")
	case got == "You said: "+text:
		s.tally.add("answered")
	default:
		s.t.Errorf("call %d (%s, stream %t): status %d, the text is %q, want %q: %s", n, path, stream, response.StatusCode, got, "You said: "+text, answer)
	}
}

// left deals with a call that has no answer: only a caller who leaves has none.
func (s *soaker) left(n int, leaves bool, err error) {
	if !leaves || !errors.Is(err, context.Canceled) {
		s.t.Errorf("call %d: %v", n, err)
	}
	s.tally.add("left")
}

// own makes sure that no other call's question is in an answer.
func (s *soaker) own(n int, text, answer string) {
	for _, found := range regexp.MustCompile(`question \d+ of \d+\.`).FindAllString(answer, -1) {
		if found != text {
			s.t.Errorf("call %d asked %q and reads of %q", n, text, found)
		}
	}
}

// said is the text of an answer in any of its four forms.
func said(answer string, stream, chat bool) string {
	var b strings.Builder
	switch {
	case stream:
		path := "delta"
		if chat {
			path = "choices.0.delta.content"
		}
		for line := range strings.Lines(answer) {
			data, ok := strings.CutPrefix(line, "data: ")
			if ok && (chat || gjson.Get(data, "type").Str == "response.output_text.delta") {
				b.WriteString(gjson.Get(data, path).Str)
			}
		}
	case chat:
		b.WriteString(gjson.Get(answer, "choices.0.message.content").Str)
	default:
		b.WriteString(outputText(answer))
	}
	return b.String()
}

// descriptors are the open files of a process; -1 where that cannot be seen.
func descriptors(pid int) int {
	list, err := os.ReadDir(filepath.Join("/proc", strconv.Itoa(pid), "fd"))
	if err != nil {
		return -1
	}
	return len(list)
}

// resident is how much memory a process holds, in KiB.
func resident(pid int) string {
	for line := range strings.Lines(present(filepath.Join("/proc", strconv.Itoa(pid), "status"))) {
		if value, ok := strings.CutPrefix(line, "VmRSS:"); ok {
			return strings.TrimSpace(value)
		}
	}
	return "unknown"
}

// goroutines ends a server by SIGQUIT, which makes a Go program tell of every goroutine.
// Those of the runtime come and go as it likes, and are not counted.
func (s *serving) goroutines() (int, string) {
	s.t.Helper()
	s.signal(syscall.SIGQUIT)
	var ours []string
	for block := range strings.SplitSeq(s.log.String(), "\n\n") {
		at := regexp.MustCompile(`(?m)^goroutine [1-9]\d* .*$`).FindStringIndex(block)
		settling := strings.Contains(block, "internal/cli.(*settler)") && !strings.Contains(block, "ServeHTTP(") // for a moment
		if at != nil && !settling && !strings.Contains(block, "created by runtime.") {
			ours = append(ours, block[at[0]:])
		}
	}
	return len(ours), strings.Join(ours, "\n\n")
}

// calm waits until a process has no more open files than it had.
func calm(t *testing.T, pid, want int) int {
	t.Helper()
	got := descriptors(pid)
	for end := time.Now().Add(patience); got > want && time.Now().Before(end); time.Sleep(20 * time.Millisecond) {
		got = descriptors(pid)
	}
	return got
}

// quality.md, Reliability, soak: proxied requests with random aborts of callers and faults
// of the backend. Each answer is its caller's own, and in the end the server has the files
// and goroutines that it had. The figure is 100,000, a tenth of them under the race detector:
//
//	CODEXCTL_TEST_SOAK=100000 go test -timeout 1h ./cmd/codexctl -run Soak -v
//	CODEXCTL_TEST_SOAK=10000 go test -race -timeout 1h ./cmd/codexctl -run Soak -v
func TestServeSoak(t *testing.T) {
	t.Parallel()
	if runtime.GOOS != "linux" {
		t.Skip("needs /proc")
	}
	calls, seed := figure(t, "CODEXCTL_TEST_SOAK", 1000), uint64(time.Now().UnixNano())
	stand, _, home := standIn(t)
	backend := &unruly{next: stand, random: rand.New(rand.NewPCG(seed, 0))}
	behind := httptest.NewUnstartedServer(backend)
	behind.Config.ErrorLog = nil
	behind.Start()
	defer behind.Close()

	network := &http.Transport{MaxIdleConnsPerHost: 64}
	client := &http.Client{Transport: network}
	begin := func() (s *serving, files int) {
		s = serve(t, behind.URL, home, "--no-store", "--retries", "1", "--log-file", filepath.Join(home, "access.log"))
		warm := &soaker{t, s, client, &tally{by: map[string]int{}}}
		for n := range 20 {
			warm.ask(-1-n, rand.New(rand.NewPCG(seed, uint64(n))))
		}
		network.CloseIdleConnections()
		behind.CloseClientConnections()
		for last := -1; last != files; { // until nothing closes any more
			last = files
			time.Sleep(200 * time.Millisecond)
			files = descriptors(s.cmd.Process.Pid)
		}
		return s, files
	}
	fresh, _ := begin()
	few, _ := fresh.goroutines()

	s, files := begin()
	pid := s.cmd.Process.Pid
	memory := resident(pid)
	ends := &tally{by: map[string]int{}}
	var numbers atomic.Int64
	var callers sync.WaitGroup
	start := time.Now()
	for worker := range 48 {
		callers.Go(func() {
			random := rand.New(rand.NewPCG(seed, uint64(worker)))
			for n := int(numbers.Add(1)); n <= calls && !t.Failed(); n = int(numbers.Add(1)) {
				(&soaker{t, s, client, ends}).ask(n, random)
			}
		})
	}
	callers.Wait()
	took := time.Since(start)
	later := resident(pid)
	network.CloseIdleConnections()
	behind.CloseClientConnections()
	left := calm(t, pid, files)
	time.Sleep(300 * time.Millisecond) // a goroutine outlives its connection by a moment
	if left > files {
		t.Errorf("%d open files in the end, %d at the start", left, files)
	}
	many, dump := s.goroutines()
	if few == 0 || many > few {
		t.Errorf("%d goroutines in the end, %d in a server that had twenty calls:\n%s", many, few, dump)
	}
	if report := raceReport(s.log.String()); report != "" {
		t.Errorf("the race detector says: %s", report)
	}
	for _, kind := range []string{"answered", "failed and said so", "left"} {
		if ends.by[kind] == 0 {
			t.Errorf("no call was %s: %v", kind, ends.by)
		}
	}
	lines := bytes.Count([]byte(present(filepath.Join(home, "access.log"))), []byte("\n"))
	t.Logf("seed %d: %d calls in %v: %v; %d faults of the backend; %d lines in the log", seed, calls, took.Round(time.Millisecond), ends.by, backend.trouble.Load(), lines)
	t.Logf("open files %d, then %d; goroutines %d, then %d; resident %s, then %s", files, left, few, many, memory, later)
}

// raceReport is what the race detector has said, if it has.
func raceReport(said string) string {
	if at := strings.Index(said, "WARNING: DATA RACE"); at >= 0 {
		return said[at:]
	}
	return ""
}
