//go:build unix

package main

import (
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/tidwall/gjson"

	"github.com/codexctl/codexctl/internal/emulator"
	"github.com/codexctl/codexctl/internal/freeport"
	"github.com/codexctl/codexctl/pkg/credentials"
)

// redisServer starts a real Redis or Valkey on a port of its own and gives its address.
func redisServer(t *testing.T) string {
	t.Helper()
	for _, name := range []string{"redis-server", "valkey-server"} {
		path, err := exec.LookPath(name)
		if err != nil {
			continue
		}
		port := freeport.For(t)
		dir, err := os.MkdirTemp("", "redis")
		if err != nil {
			t.Fatal(err)
		}
		var said lockedBuffer
		cmd := exec.Command(path, "--port", port, "--bind", "127.0.0.1", "--save", "", "--appendonly", "no", "--dir", dir)
		cmd.Stdout, cmd.Stderr = &said, &said
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() {
			_ = cmd.Process.Kill()
			_ = cmd.Wait()
			_ = os.RemoveAll(dir)
		})
		for end := time.Now().Add(10 * time.Second); time.Now().Before(end); time.Sleep(20 * time.Millisecond) {
			if conn, err := net.Dial("tcp", "127.0.0.1:"+port); err == nil {
				_ = conn.Close()
				return "redis://127.0.0.1:" + port + "/0"
			}
		}
		t.Fatalf("%s does not listen\n%s", name, said.String())
	}
	t.Skip("no redis-server or valkey-server on the PATH: apt-get install redis-server")
	return ""
}

// Contract, sessions: a conversation goes on across replicas, also when one of them is
// killed in the middle of an answer.
func TestServeReplicasShareConversations(t *testing.T) {
	t.Parallel()
	store := redisServer(t)
	stand, url, home := standIn(t)
	one := serve(t, url, home, "--session-store", store)
	two := serve(t, url, home, "--session-store", store)
	one.says("al", "My name is Alice")
	if got := two.says("al", "What's my name?"); got != "Your name is Alice." {
		t.Errorf("on the other replica: %q", got)
	}
	status, answer := one.post("/v1/responses", `{"model":"gpt-5.5","input":"My colour is blue"}`)
	id := gjson.Get(answer, "id").Str
	if status != http.StatusOK || id == "" {
		t.Fatalf("%d %s", status, answer)
	}
	_, answer = two.post("/v1/responses", `{"model":"gpt-5.5","input":"What's my colour?","previous_response_id":"`+id+`"}`)
	if got := outputText(answer); got != "Your colour is blue." {
		t.Errorf("previous_response_id on the other replica: %s", answer)
	}

	play(t, stand, "stall-after-deltas")
	resp, err := one.send(t.Context(), "/codex/al/responses", `{"model":"gpt-5.5","input":"half an answer","stream":true}`)
	if err != nil {
		t.Fatal(err)
	}
	_, _ = resp.Body.Read(make([]byte, 10))
	one.signal(syscall.SIGKILL)
	resp.Body.Close()
	play(t, stand, "default")
	start := time.Now()
	if got := two.says("al", "What's my name?"); got != "Your name is Alice." {
		t.Errorf("after the kill: %q", got)
	}
	if waited := time.Since(start); waited > time.Minute {
		t.Errorf("the turn of the killed replica was waited for %v, want its lease of 15 s at most", waited)
	}
}

// Contract, sessions: requests on one session are serialised across replicas, and each
// sees all that completed before.
func TestServeReplicasKeepOrder(t *testing.T) {
	t.Parallel()
	const each = 25
	store := redisServer(t)
	stand, url, home := standIn(t)
	replicas := []*serving{serve(t, url, home, "--session-store", store), serve(t, url, home, "--session-store", store)}
	var all sync.WaitGroup
	for r, replica := range replicas {
		for n := range each {
			all.Go(func() {
				body, _ := json.Marshal(map[string]string{"model": "gpt-5.5", "input": fmt.Sprintf("word %d-%d", r, n)})
				if status, answer := replica.post("/codex/crowd/responses", string(body)); status != http.StatusOK {
					t.Errorf("%d %s", status, answer)
				}
			})
		}
	}
	all.Wait()
	seen := map[int]bool{}
	for _, e := range stand.Journal("/backend-api/codex/responses") {
		users, previous := 0, ""
		gjson.GetBytes(e.Body, "input").ForEach(func(_, item gjson.Result) bool {
			text := item.Get("content.0.text").Str
			switch item.Get("role").Str {
			case "user":
				users++
				previous = text
			case "assistant":
				if text != "You said: "+previous {
					t.Errorf("request %d: %q is answered by %q", e.Seq, previous, text)
				}
			}
			return true
		})
		if seen[users] {
			t.Errorf("two requests had %d turns: they did not see each other", users)
		}
		seen[users] = true
	}
	if len(seen) != 2*each || !seen[2*each] {
		t.Errorf("%d lengths of history, want 1 to %d, each once", len(seen), 2*each)
	}
}

// Contract: N replicas with one expired login spend one refresh token once; with the lock
// of the folder that they share, and with the guard in Redis as well.
// CODEXCTL_TEST_ROUNDS=20 go test ./cmd/codexctl -run RenewOnce
func TestServeReplicasRenewOnce(t *testing.T) {
	t.Parallel()
	t.Run("folder", func(t *testing.T) { replicasRenewOnce(t) })
	t.Run("redis", func(t *testing.T) { replicasRenewOnce(t, "--session-store", redisServer(t)) })
}

func replicasRenewOnce(t *testing.T, args ...string) {
	const replicas, callers = 4, 5
	stand, url, home := standIn(t)
	var servers []*serving
	for range replicas {
		servers = append(servers, serve(t, url, home, args...))
	}
	for round := range figure(t, "CODEXCTL_TEST_ROUNDS", 2) {
		// Another login each time, under servers that run: as after signing in anew.
		writeLogin(t, stand, credentials.LangChain, loginIn(home), emulator.LoginOptions{Expired: true})
		before := len(stand.Journal("/oauth/token"))
		var all sync.WaitGroup
		for _, s := range servers {
			for range callers {
				all.Go(func() {
					if status, answer := s.post("/v1/responses", `{"model":"gpt-5.5","input":"hi","store":false}`); status != http.StatusOK {
						t.Errorf("round %d: %d %s", round, status, answer)
					}
				})
			}
		}
		all.Wait()
		if n := len(stand.Journal("/oauth/token")) - before; n != 1 {
			t.Errorf("round %d: %d renewals, want 1", round, n)
		}
	}
}

// A store that goes away is told to those who need it, and is no matter to the others.
func TestServeWithoutItsStore(t *testing.T) {
	t.Parallel()
	store := redisServer(t)
	_, url, home := standIn(t)
	s := serve(t, url, home, "--session-store", store)
	s.says("al", "My name is Alice")
	stopRedis(t, store)
	status, answer := s.post("/codex/al/responses", hello)
	if status != http.StatusServiceUnavailable || !strings.Contains(answer, "session_store_failed") {
		t.Errorf("within a conversation: %d %s", status, answer)
	}
	if status, answer := s.post("/v1/responses", `{"model":"gpt-5.5","input":"hi","store":false}`); status != http.StatusOK {
		t.Errorf("without one: %d %s", status, answer)
	}
	if status, answer := s.post("/v1/responses", hello); status != http.StatusOK {
		t.Errorf("one that would be kept: %d %s", status, answer)
	}
	s.logs("not kept")
}

// stopRedis ends the server at an address.
func stopRedis(t *testing.T, address string) {
	t.Helper()
	host, _, _ := strings.Cut(strings.TrimPrefix(address, "redis://"), "/")
	conn, err := net.Dial("tcp", host)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	fmt.Fprint(conn, "SHUTDOWN NOSAVE\r\n")
	_, _ = conn.Read(make([]byte, 1)) // ends with the server
}
