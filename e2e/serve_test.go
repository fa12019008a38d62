package e2e

import (
	"bufio"
	"bytes"
	"encoding/json"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"
)

// responsesPath is the backend's endpoint that answers.
const responsesPath = "/backend-api/codex/responses"

// bases are the addresses that clients are given, below the server's own.
var bases = []string{"/v1", "/codex", "/codex/v1"}

// server is a running `codexctl serve`, in front of an emulator.
type server struct {
	url      string
	upstream stand
}

// startServer runs an emulator in its usual scene, and a server that is signed in to it.
func startServer(t *testing.T, args ...string) server {
	t.Helper()
	s := startEmulator(t, `{}`)
	return s.serve(t, newPerson(t, s.variables()...).with("CODEXCTL_AUTH_FILE="+s.authFile), args...)
}

// serve runs `codexctl serve` on a free port until the test ends, as p.
func (s stand) serve(t *testing.T, p person, args ...string) server {
	t.Helper()
	command := p.endless(program, append([]string{"serve", "-p", "0", "--json"}, args...)...)
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
		if t.Failed() {
			t.Logf("the server's log ends with:\n%s", lastLines(said.String(), 30))
		}
	})
	line, err := bufio.NewReader(out).ReadBytes('\n')
	if err != nil {
		_ = command.Wait()
		t.Fatalf("read the server's first line: %v\n%s", err, said.String())
	}
	var document struct {
		URL string `json:"url"`
	}
	if err := json.Unmarshal(line, &document); err != nil || document.URL == "" {
		t.Fatalf("the server's first line %q: %v", line, err)
	}
	return server{document.URL, s}
}

// scene makes the emulator answer another way from now on. scene is JSON.
func (s stand) scene(t *testing.T, scene string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPut, s.url+"/__emulator/scene", strings.NewReader(scene))
	if err != nil {
		t.Fatal(err)
	}
	answer, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	if answer.StatusCode != http.StatusOK {
		t.Fatalf("scene %s: HTTP %d, want 200", scene, answer.StatusCode)
	}
}

// lastAsked is the last request that the backend got for an answer.
func (s stand) lastAsked(t *testing.T) seen {
	t.Helper()
	requests := s.journal(t, responsesPath)
	if len(requests) == 0 {
		t.Fatal("the backend was asked for nothing")
	}
	return requests[len(requests)-1]
}

// awaitAsked returns once the backend is giving an answer, or after a while.
func (s server) awaitAsked(t *testing.T) {
	for end := time.Now().Add(10 * time.Second); time.Now().Before(end); time.Sleep(20 * time.Millisecond) {
		if requests := s.upstream.journal(t, responsesPath); len(requests) > 0 && requests[0].Status != 0 {
			return
		}
	}
}

// outcome waits for the last request for an answer to end, and says how it did.
func (s stand) outcome(t *testing.T) string {
	t.Helper()
	for end := time.Now().Add(10 * time.Second); time.Now().Before(end); time.Sleep(20 * time.Millisecond) {
		if last := s.lastAsked(t); last.Outcome != "" {
			return last.Outcome
		}
	}
	return "still running"
}

// own checks that a request to the backend has our identity and nothing of the
// client's.
//
// proxy.md, Requests: "our own identity headers and the user's token; never the client's
// Authorization, User-Agent, cookies or x-stainless-*".
func (r seen) own(t *testing.T) {
	t.Helper()
	if got := r.Header.Get("User-Agent"); !strings.HasPrefix(got, "codexctl") {
		t.Errorf("the backend was asked by %q, want codexctl", got)
	}
	if got := r.Header.Get("Originator"); got != "codexctl" {
		t.Errorf("the originator is %q, want codexctl", got)
	}
	for name := range r.Header {
		if strings.HasPrefix(name, "X-Stainless-") || name == "Cookie" || name == "X-Api-Key" || strings.HasPrefix(name, "Openai-Project") {
			t.Errorf("the client's header %s has reached the backend", name)
		}
	}
	if r.Body["store"] != false || r.Body["stream"] != true {
		t.Errorf("store is %v and stream %v, want false and true", r.Body["store"], r.Body["stream"])
	}
}

// items are the input's, each as its type, role and text.
func (r seen) items() []string {
	list, _ := r.Body["input"].([]any)
	said := make([]string, len(list))
	for i, entry := range list {
		item, _ := entry.(map[string]any)
		kind, _ := item["type"].(string)
		if kind == "message" || kind == "" {
			kind, _ = item["role"].(string)
		}
		said[i] = kind
		for _, name := range []string{"content", "output", "arguments", "input"} {
			if text := wordsOf(item[name]); text != "" {
				said[i] += ": " + text
			}
		}
	}
	return said
}

// wordsOf is the text of a content: a string, or a list of parts.
func wordsOf(content any) string {
	switch content := content.(type) {
	case string:
		return content
	case []any:
		var texts []string
		for _, part := range content {
			fields, _ := part.(map[string]any)
			if text, ok := fields["text"].(string); ok {
				texts = append(texts, text)
				continue
			}
			kind, _ := fields["type"].(string)
			texts = append(texts, "["+kind+"]")
		}
		return strings.Join(texts, " ")
	}
	return ""
}
