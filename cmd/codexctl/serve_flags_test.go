//go:build unix

package main

import (
	"encoding/pem"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/codexctl/codexctl/internal/emulator"
	"github.com/codexctl/codexctl/pkg/credentials"
)

// proxy.md, Safety and Sessions; rulings.md, serve: --allow-host, --max-concurrent and
// --session-ttl do what they say.
func TestServeFlags(t *testing.T) {
	t.Parallel()
	h := newHousehold(t)
	h.keep(credentials.LangChain, h.own(), emulator.LoginOptions{})
	s := serve(t, h.url, h.home, "--allow-host", "box.lan", "--max-concurrent", "1", "--session-ttl", "1s")

	for host, want := range map[string]int{"box.lan": http.StatusOK, "rebound.example": http.StatusForbidden} {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, s.url+"/v1/models", nil)
		if err != nil {
			t.Fatal(err)
		}
		req.Host = host
		resp, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		if resp.Body.Close(); resp.StatusCode != want {
			t.Errorf("Host %s: status %d, want %d", host, resp.StatusCode, want)
		}
	}

	s.says("brief", "My name is Alice")
	if got := s.says("lasting", "What's my name?"); strings.Contains(got, "Alice") {
		t.Errorf("another conversation knows the name: %q", got)
	}
	time.Sleep(1500 * time.Millisecond)
	if status, answer := s.post("/codex/brief/responses", hello); status != http.StatusNotFound && status != http.StatusGone {
		t.Errorf("a conversation idle for longer than --session-ttl: %d %s", status, answer)
	}

	play(t, h.emulator, "stall-after-deltas")
	first, err := s.send(t.Context(), "/v1/responses", `{"model":"gpt-5.5","input":"hi","stream":true}`)
	if err != nil {
		t.Fatal(err)
	}
	defer first.Body.Close()
	if status, answer := s.post("/v1/responses", hello); status != http.StatusServiceUnavailable || !strings.Contains(answer, "server_busy") {
		t.Errorf("a second answer beside --max-concurrent 1: %d %s", status, answer)
	}
}

// cli.md 2: --ca-cert is added to the system's roots, and counts for the backend.
func TestCACert(t *testing.T) {
	t.Parallel()
	h := newHousehold(t)
	h.keep(credentials.LangChain, h.own(), emulator.LoginOptions{})
	server := httptest.NewTLSServer(h.emulator)
	t.Cleanup(server.Close)
	server.Config.ErrorLog = nil
	file := filepath.Join(h.home, "ca.pem")
	if err := os.WriteFile(file, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw}), 0o600); err != nil {
		t.Fatal(err)
	}
	ask := []string{"ask", "--base-url", server.URL + "/backend-api/codex", "--retries", "0", "hi"}
	if code, said := h.run(ask...); code != 6 {
		t.Errorf("a certificate of nobody: exit %d, want 6\n%s", code, said)
	}
	if code, said := h.run(append(ask, "--ca-cert", file)...); code != 0 || !strings.Contains(said, "You said: hi") {
		t.Errorf("--ca-cert: exit %d\n%s", code, said)
	}
}
