//go:build unix

package main

import (
	"bufio"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/tidwall/gjson"

	"github.com/codexctl/codexctl/internal/emulator"
	"github.com/codexctl/codexctl/pkg/credentials"
)

const hello = `{"model":"gpt-5.5","input":"hi"}`

// standIn is an emulator that listens, and a home with a login that it knows.
func standIn(t *testing.T) (*emulator.Emulator, string, string) {
	t.Helper()
	stand := emulator.New(emulator.Config{Seed: 1})
	server := httptest.NewServer(stand)
	t.Cleanup(server.Close)
	home := t.TempDir()
	if err := os.Mkdir(filepath.Join(home, ".langchain"), 0o700); err != nil {
		t.Fatal(err)
	}
	writeLogin(t, stand, credentials.LangChain, loginIn(home), emulator.LoginOptions{})
	return stand, server.URL, home
}

func loginIn(home string) string { return filepath.Join(home, ".langchain", "chatgpt-auth.json") }

// play makes the emulator answer in a way of that name.
func play(t *testing.T, stand *emulator.Emulator, name string) {
	t.Helper()
	scene, ok := emulator.NamedScene(name)
	if !ok {
		t.Fatalf("no scene is named %q", name)
	}
	if err := stand.SetScene(scene); err != nil {
		t.Fatal(err)
	}
}

// Contract: without a login every call is 401 with the command to run, and a login that
// appears is used without a restart.
func TestServeWaitsForALogin(t *testing.T) {
	t.Parallel()
	stand, url, home := standIn(t)
	removeFile(t, loginIn(home))
	s := serve(t, url, home)
	for _, path := range []string{"/v1/responses", "/v1/chat/completions"} {
		body := hello
		if strings.Contains(path, "chat") {
			body = `{"model":"gpt-5.5","messages":[{"role":"user","content":"hi"}]}`
		}
		status, answer := s.post(path, body)
		if status != http.StatusUnauthorized || !strings.Contains(answer, "No valid OpenAI credentials found") ||
			!strings.Contains(answer, "codexctl auth login") || !strings.Contains(answer, `"code":"auth_required"`) {
			t.Errorf("%s without a login: %d %s", path, status, answer)
		}
	}
	if n := len(stand.Journal("/backend-api/codex/responses")); n != 0 {
		t.Errorf("%d requests without a login, want 0", n)
	}
	s.logs("nobody is signed in yet")
	writeLogin(t, stand, credentials.LangChain, loginIn(home), emulator.LoginOptions{})
	if status, answer := s.post("/v1/responses", hello); status != http.StatusOK || outputText(answer) != "You said: hi" {
		t.Errorf("once signed in: %d %s", status, answer)
	}
	removeFile(t, loginIn(home))
	if status, answer := s.post("/v1/responses", hello); status != http.StatusUnauthorized {
		t.Errorf("once signed out: %d %s", status, answer)
	}
	writeLogin(t, stand, credentials.LangChain, loginIn(home), emulator.LoginOptions{Expired: true})
	if status, answer := s.post("/v1/responses", hello); status != http.StatusOK {
		t.Errorf("with a login that has to be renewed: %d %s", status, answer)
	}
	if n := len(stand.Journal("/oauth/token")); n != 1 {
		t.Errorf("%d renewals, want 1", n)
	}
}

// A login whose account id would break out of a header is an error, and nothing is sent.
func TestServeAccountIDCannotBreakOut(t *testing.T) {
	t.Parallel()
	stand, url, home := standIn(t)
	login := readFile(t, loginIn(home))
	id := `acc\r\nX-Injected: yes`
	data := strings.Replace(login, `"account_id":"`, `"account_id":"`+id, 1)
	if data == login {
		data = strings.Replace(login, `"account_id": "`, `"account_id": "`+id, 1)
	}
	if err := os.WriteFile(loginIn(home), []byte(data), 0o600); err != nil {
		t.Fatal(err)
	}
	s := serve(t, url, home)
	if status, answer := s.post("/v1/responses", hello); status < 400 {
		t.Errorf("answer: %d %s, want an error", status, answer)
	}
	for _, e := range stand.Journal() {
		if e.Header.Get("X-Injected") != "" {
			t.Errorf("the header was sent: %v", e.Header)
		}
	}
}

// Contract: SIGTERM drains, then the exit code is 0.
func TestServeDrains(t *testing.T) {
	t.Parallel()
	stand, url, home := standIn(t)
	play(t, stand, "slow-events")
	s := serve(t, url, home)
	lines := streamed(t, s)
	if first := <-lines; !strings.HasPrefix(first, "event:") && !strings.HasPrefix(first, "data:") {
		t.Fatalf("first line %q", first)
	}
	_ = s.cmd.Process.Signal(syscall.SIGTERM)
	var last string
	for line := range lines {
		if line != "" {
			last = line
		}
	}
	if !strings.Contains(last, `"response.completed"`) {
		t.Errorf("the running answer ended with %s, want it whole", last)
	}
	if code := s.ends(); code != 0 {
		t.Errorf("exit code %d, want 0\n%s", code, s.log)
	}
}

// What takes longer than --drain is told of the end.
func TestServeCutsWhatDoesNotEnd(t *testing.T) {
	t.Parallel()
	stand, url, home := standIn(t)
	play(t, stand, "stall-after-deltas")
	s := serve(t, url, home, "--drain", "200ms")
	lines := streamed(t, s)
	<-lines
	if code := s.signal(syscall.SIGTERM); code != 0 {
		t.Errorf("exit code %d, want 0\n%s", code, s.log)
	}
	var last string
	for line := range lines {
		if line != "" {
			last = line
		}
	}
	if !strings.Contains(last, `"server_ending"`) {
		t.Errorf("the stream ended with %q, want it told", last)
	}
}

// streamed gives the lines of a stream as they come. The first is there when the
// function returns' channel gives it.
func streamed(t *testing.T, s *serving) <-chan string {
	t.Helper()
	resp, err := s.send(t.Context(), "/v1/responses", `{"model":"gpt-5.5","input":"hi","stream":true}`)
	if err != nil {
		t.Fatal(err)
	}
	lines := make(chan string, 1000)
	go func() {
		defer close(lines)
		defer resp.Body.Close()
		scan := bufio.NewScanner(resp.Body)
		scan.Buffer(nil, 1<<20)
		for scan.Scan() {
			lines <- scan.Text()
		}
	}()
	return lines
}

// Contract: a conversation survives a kill -9; the last complete exchange is there.
func TestServeConversationSurvivesAKill(t *testing.T) {
	t.Parallel()
	stand, url, home := standIn(t)
	s := serve(t, url, home)
	s.says("al", "My name is Alice")
	play(t, stand, "stall-after-deltas")
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	resp, err := s.send(ctx, "/codex/al/responses", `{"model":"gpt-5.5","input":"half","stream":true}`)
	if err != nil {
		t.Fatal(err)
	}
	_, _ = resp.Body.Read(make([]byte, 10))
	s.signal(syscall.SIGKILL)
	resp.Body.Close()
	play(t, stand, "default")
	again := serve(t, url, home)
	if got := again.says("al", "What's my name?"); got != "Your name is Alice." {
		t.Errorf("after the kill: %q, want it to know Alice", got)
	}
}

// Contract: the guide's address. 127.0.0.1 and, where it exists, ::1.
func TestServeListensOnBothLoopbacks(t *testing.T) {
	t.Parallel()
	_, url, home := standIn(t)
	s := serve(t, url, home)
	_, port, _ := strings.Cut(strings.TrimPrefix(s.url, "http://"), ":")
	for _, host := range []string{"127.0.0.1", "::1"} {
		l, err := net.Listen("tcp", net.JoinHostPort(host, "0"))
		if err != nil {
			continue // a machine without it
		}
		_ = l.Close()
		resp, err := http.Get("http://" + net.JoinHostPort(host, port) + "/health/live")
		if err != nil {
			t.Errorf("%s: %v", host, err)
			continue
		}
		_ = resp.Body.Close()
	}
}

// Contract: --unix PATH, 0600, Host not checked; a socket that was left behind is
// replaced, one that is in use is not, nor is a file.
func TestServeOnAUnixSocket(t *testing.T) {
	t.Parallel()
	_, url, home := standIn(t)
	dir, err := os.MkdirTemp("", "s") // the path of a socket must be short
	if err != nil {
		t.Fatal(err)
	}
	defer os.RemoveAll(dir)
	path := filepath.Join(dir, "s")
	start := func() *serving {
		cmd := codexctl(url, "serve", "--unix", path, "--json")
		cmd.Env = append(cmd.Env, "HOME="+home, "XDG_STATE_HOME="+home+"/state")
		s := &serving{t: t, cmd: cmd, log: &lockedBuffer{}, done: make(chan error, 1)}
		cmd.Stderr = s.log
		out, _ := cmd.StdoutPipe()
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		_, _ = bufio.NewReader(out).ReadBytes('\n')
		go func() { s.done <- cmd.Wait() }()
		return s
	}
	s := start()
	info, err := os.Stat(path)
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Fatalf("socket: %v, %v; want 0600\n%s", info, err, s.log)
	}
	client := &http.Client{Transport: &http.Transport{DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return (&net.Dialer{}).DialContext(ctx, "unix", path)
	}}}
	resp, err := client.Post("http://anything/v1/responses", "application/json", strings.NewReader(hello))
	if err != nil {
		t.Fatal(err)
	}
	data, _ := io.ReadAll(resp.Body)
	if resp.Body.Close(); outputText(string(data)) != "You said: hi" {
		t.Errorf("answer: %s", data)
	}
	if second := start(); second.ends() != 3 || !strings.Contains(second.log.String(), "--unix") {
		t.Errorf("second server: exit %d, want 3 naming --unix\n%s", second.cmd.ProcessState.ExitCode(), second.log)
	}
	s.signal(syscall.SIGKILL) // leaves the socket behind
	third := start()
	if code := third.signal(syscall.SIGTERM); code != 0 {
		t.Errorf("a socket left behind: exit %d\n%s", code, third.log)
	}
	if err := os.WriteFile(path, []byte("mine"), 0o600); err != nil {
		t.Fatal(err)
	}
	if fourth := start(); fourth.ends() != 2 || readFile(t, path) != "mine" {
		t.Errorf("a file in the place: exit %d, want 2 and the file as it was\n%s", fourth.cmd.ProcessState.ExitCode(), fourth.log)
	}
}

// serveEnds runs serve for what ends by itself.
func serveEnds(t *testing.T, url, home string, env []string, args ...string) (code int, out, said string) {
	t.Helper()
	cmd := codexctl(url, append([]string{"serve"}, args...)...)
	cmd.Env = append(append(cmd.Env, "HOME="+home, "XDG_STATE_HOME="+home+"/state"), env...)
	var stdout, stderr strings.Builder
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	defer context.AfterFunc(ctx, func() { _ = cmd.Process.Kill() })()
	if err := cmd.Run(); err != nil {
		if _, ok := errors.AsType[*exec.ExitError](err); !ok {
			t.Fatal(err)
		}
	}
	return cmd.ProcessState.ExitCode(), stdout.String(), stderr.String()
}

// Contract, Safety and flags: what serve refuses, and what it prints and ends.
func TestServeThatEndsByItself(t *testing.T) {
	t.Parallel()
	_, url, home := standIn(t)
	busy, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer busy.Close()
	_, port, _ := net.SplitHostPort(busy.Addr().String())
	key := filepath.Join(home, "key")
	empty := filepath.Join(home, "empty")
	for path, text := range map[string]string{key: "sesame\n", empty: "\n"} {
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	running := serve(t, url, home)
	tests := []struct {
		name string
		env  []string
		args []string
		code int
		out  string // exact when it is not empty
		said string
	}{
		{"a busy port names the flag", nil, []string{"-p", port}, 3, "", "-p 0"},
		{"beyond this machine a key is needed", nil, []string{"--host", "0.0.0.0", "-p", "0"}, 2, "", "a key is needed"},
		{"an empty key is none", nil, []string{"--api-key-file", empty}, 2, "", "the file is empty"},
		{"a key file that is not there", nil, []string{"--api-key-file", home + "/none"}, 2, "", "--api-key-file"},
		{"a key with a line break", []string{"CODEXCTL_SERVE_KEY=a\nb"}, nil, 3, "", "CODEXCTL_SERVE_KEY"},
		{"exports", nil, []string{"--print-env"}, 0, "export OPENAI_BASE_URL='http://127.0.0.1:8000/v1'\nexport OPENAI_API_KEY='not-needed'\n", ""},
		{"exports with the key", nil, []string{"--print-env", "--api-key-file", key, "-p", "81"}, 0, "export OPENAI_BASE_URL='http://127.0.0.1:81/v1'\nexport OPENAI_API_KEY='sesame'\n", ""},
		{"exports as JSON", nil, []string{"--print-env", "--json"}, 2, "", "--print-env"},
		{"exports of an unknown port", nil, []string{"--print-env", "-p", "0"}, 2, "", "-p 0"},
		{"a server that is well", nil, []string{"--check", running.url}, 0, "", ""},
		{"a server that is not there", nil, []string{"--check", "http://127.0.0.1:1"}, 6, "", "127.0.0.1:1"},
		{"an address without a server", nil, []string{"--check", running.url + "/nowhere"}, 1, "", "HTTP 404"},
		{"no address", nil, []string{"--check", "localhost:8000"}, 2, "", "--check"},
		{"a bad mode", nil, []string{"--instructions-mode", "mix"}, 2, "", "default, append or override"},
		{"a mode without instructions", nil, []string{"--instructions-mode", "append"}, 2, "", "--instructions-file"},
		{"a bad way of reasoning", nil, []string{"--reasoning", "loud"}, 2, "", "tags, field or off"},
		{"a bad form of log", nil, []string{"--log-format", "xml"}, 2, "", "text or json"},
		{"a bad alias", nil, []string{"--model-alias", "x"}, 2, "", "OLD=NEW"},
		{"a bad origin", nil, []string{"--cors", "example.com"}, 2, "", "https://app.example"},
		{"socket and port", nil, []string{"--unix", "/tmp/x", "-p", "1"}, 2, "", "--unix excludes"},
		{"a port out of range", nil, []string{"-p", "65536"}, 2, "", "65535"},
		{"no lines of events", nil, []string{"--jsonl"}, 2, "", "--json"},
		{"an argument", nil, []string{"now"}, 2, "", "no arguments"},
		{"a store that is no address", nil, []string{"--session-store", "files"}, 2, "", "--session-store"},
		{"a store that is not there", nil, []string{"--session-store", "redis://user:sesame@127.0.0.1:1/0"}, 2, "", "127.0.0.1:1"},
		{"a host from the environment needs a key", []string{"CODEXCTL_SERVE_HOST=0.0.0.0"}, nil, 3, "", "CODEXCTL_SERVE_HOST"},
		{"the same from the environment", []string{"CODEXCTL_SESSION_STORE=redis://127.0.0.1:1/0"}, nil, 3, "", "CODEXCTL_SESSION_STORE"},
		{"a store and none", nil, []string{"--session-store", "redis://127.0.0.1:1/0", "--no-store"}, 2, "", "exclude each other"},
		{"no place for conversations", []string{"HOME=", "XDG_STATE_HOME="}, nil, 3, "", "--no-store"},
		{"instructions that are not there", nil, []string{"--instructions-file", home + "/none"}, 2, "", "--instructions-file"},
		{"a log that cannot be written", nil, []string{"--log-file", home}, 2, "", "--log-file"},
		{"a base address in the clear", []string{"CODEXCTL_BASE_URL=http://example.com"}, nil, 3, "", "plain http"},
	}
	for _, tt := range sampled(tests) {
		t.Run(tt.name, func(t *testing.T) {
			code, out, said := serveEnds(t, url, home, tt.env, tt.args...)
			if code != tt.code || !strings.Contains(said, tt.said) || tt.out != "" && out != tt.out {
				t.Errorf("exit %d\nstdout: %s\nstderr: %s\nwant exit %d, stdout %q, stderr with %q", code, out, said, tt.code, tt.out, tt.said)
			}
			if strings.Contains(said, "sesame") {
				t.Errorf("stderr tells a secret: %s", said)
			}
		})
	}
}

// Contract, Safety: the key; the log has neither bodies nor secrets.
func TestServeWithAKeyAndALog(t *testing.T) {
	t.Parallel()
	_, url, home := standIn(t)
	log := filepath.Join(home, "access.log")
	key := filepath.Join(home, "key")
	if err := os.WriteFile(key, []byte("sesame-of-the-server"), 0o600); err != nil {
		t.Fatal(err)
	}
	s := serve(t, url, home, "--api-key-file", key, "--log-file", log, "--log-format", "json")
	const secret = `{"model":"gpt-5.5","input":"the secret of the caller"}`
	if status, answer := s.post("/v1/responses", secret); status != http.StatusUnauthorized || !strings.Contains(answer, "invalid_api_key") {
		t.Errorf("without the key: %d %s", status, answer)
	}
	if status, answer := s.post("/v1/responses?key=sesame-of-the-server", secret, "Authorization", "Bearer sesame-of-the-server"); status != http.StatusOK {
		t.Errorf("with the key: %d %s", status, answer)
	}
	if code := s.signal(syscall.SIGTERM); code != 0 {
		t.Errorf("exit code %d", code)
	}
	written := readFile(t, log)
	if lines := strings.Count(written, "\n"); lines < 2 || !strings.Contains(written, `"status":401`) || !strings.Contains(written, `"error":"invalid_api_key"`) || !strings.Contains(written, `"status":200`) {
		t.Errorf("log:\n%s", written)
	}
	login := readFile(t, loginIn(home))
	for _, secret := range []string{
		"sesame", "secret of the caller", gjson.Get(login, "access_token").Str, gjson.Get(login, "refresh_token").Str,
	} {
		if secret == "" || strings.Contains(written, secret) {
			t.Errorf("the log holds a secret of %d bytes", len(secret))
		}
	}
}
