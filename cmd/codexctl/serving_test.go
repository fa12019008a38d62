//go:build unix

package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/tidwall/gjson"
)

// serving is a running `codexctl serve`.
type serving struct {
	t    *testing.T
	url  string
	cmd  *exec.Cmd
	log  *lockedBuffer
	done chan error
}

// lockedBuffer is what a process says while a test reads it.
type lockedBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

// Write adds to it.
func (l *lockedBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

// String is what was said so far.
func (l *lockedBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

// logs waits until the server has said something on stderr.
func (s *serving) logs(text string) {
	s.t.Helper()
	for end := time.Now().Add(patience); !strings.Contains(s.log.String(), text); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(end) {
			s.t.Fatalf("the server does not say %q\n%s", text, s.log)
		}
	}
}

// serve starts a server in front of the emulator at stand, and waits until it listens.
// Everything that it stores lies in home.
func serve(t *testing.T, stand, home string, args ...string) *serving {
	t.Helper()
	cmd := codexctl(stand, append([]string{"serve", "-p", "0", "--json"}, args...)...)
	cmd.Env = append(cmd.Env, "HOME="+home, "XDG_STATE_HOME="+home+"/state", "XDG_CACHE_HOME="+home+"/cache")
	s := &serving{t: t, cmd: cmd, log: &lockedBuffer{}, done: make(chan error, 1)}
	cmd.Stderr = s.log
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	ready, err := bufio.NewReader(out).ReadBytes('\n')
	if err != nil {
		_ = cmd.Wait()
		t.Fatalf("serve %v did not come to listen: %v\n%s", args, err, s.log)
	}
	s.url = gjson.GetBytes(ready, "url").Str
	go func() { s.done <- cmd.Wait() }()
	t.Cleanup(func() {
		if cmd.ProcessState == nil {
			_ = cmd.Process.Kill()
			<-s.done
		}
	})
	return s
}

// signal sends one and waits for the end; the exit code.
func (s *serving) signal(sig syscall.Signal) int {
	s.t.Helper()
	_ = s.cmd.Process.Signal(sig)
	return s.ends()
}

// ends waits for the end; the exit code.
func (s *serving) ends() int {
	s.t.Helper()
	select {
	case <-s.done:
	case <-time.After(30 * time.Second):
		s.t.Fatalf("serve does not end\n%s", s.log)
	}
	return s.cmd.ProcessState.ExitCode()
}

// post sends a body and gives status and answer.
func (s *serving) post(path, body string, header ...string) (int, string) {
	s.t.Helper()
	resp, err := s.send(s.t.Context(), path, body, header...)
	if err != nil {
		s.t.Fatalf("POST %s: %v\n%s", path, err, s.log)
	}
	defer resp.Body.Close()
	data, err := io.ReadAll(resp.Body)
	if err != nil {
		s.t.Fatalf("POST %s: %v", path, err)
	}
	return resp.StatusCode, string(data)
}

func (s *serving) send(ctx context.Context, path, body string, header ...string) (*http.Response, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, s.url+path, strings.NewReader(body))
	if err != nil {
		return nil, err
	}
	for i := 0; i+1 < len(header); i += 2 {
		req.Header.Set(header[i], header[i+1])
	}
	return http.DefaultClient.Do(req)
}

// says asks within a conversation and gives the answer's text.
func (s *serving) says(session, text string) string {
	s.t.Helper()
	body, _ := json.Marshal(map[string]string{"model": "gpt-5.5", "input": text})
	status, answer := s.post("/codex/"+session+"/responses", string(body))
	if status != http.StatusOK {
		s.t.Fatalf("%s: %d %s\n%s", text, status, answer, s.log)
	}
	return outputText(answer)
}

// outputText is the text of a response object.
func outputText(response string) string {
	return gjson.Get(response, `output.#(type=="message").content.0.text`).Str
}

// removeFile removes a file that has to be there.
func removeFile(t *testing.T, path string) {
	t.Helper()
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
}
