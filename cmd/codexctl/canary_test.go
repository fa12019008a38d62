//go:build unix

package main

import (
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/tidwall/gjson"

	"github.com/codexctl/codexctl/internal/emulator"
	"github.com/codexctl/codexctl/pkg/credentials"
)

// quality.md, Security: no secret anywhere but where asked for: not in the answers of a
// server, its log, its trace, nor in what a crash prints; and no question or answer in the
// log either. In every scene of the backend and of the token endpoint, on both routes.
func TestCanaryThroughAServer(t *testing.T) {
	t.Parallel()
	const key, question = "canary-key-of-the-server-0123456789", "canary-question-of-somebody"
	h := newHousehold(t)
	keyFile, access := filepath.Join(h.home, "key.txt"), filepath.Join(h.home, "access.log")
	if err := os.WriteFile(keyFile, []byte(key+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	secrets := map[string]string{key: "the key"} // their names
	learn := func() {
		text := present(h.own())
		for _, name := range []string{"access_token", "refresh_token", "id_token"} {
			if token := gjson.Get(text, name).Str; token != "" {
				secrets[token[len(token)*2/3:]] = name
			}
		}
	}
	h.keep(credentials.LangChain, h.own(), emulator.LoginOptions{})
	s := serve(t, h.url, h.home, "--api-key-file", keyFile, "--log-file", access, "-v", "--debug", "--retries", "0", "--idle-timeout", "100ms")
	leaks := func(where, text string) {
		t.Helper()
		for secret, name := range secrets {
			if strings.Contains(text, secret) {
				t.Errorf("%s has %s: %s", where, name, text)
			}
		}
	}
	asked := 0
	for _, info := range sampled(emulator.SceneNames()) {
		group, _, _ := strings.Cut(info.Name, "-")
		issuer := group == "token" && info.Name != "token-rate"
		switch {
		case group == "login", group == "exchange", group == "device", group == "revoke", group == "flood", group == "slow", info.Name == "oversized-event", info.Name == "token-slow":
			continue
		}
		play(t, h.emulator, info.Name)
		if issuer || asked == 0 {
			h.keep(credentials.LangChain, h.own(), emulator.LoginOptions{Expired: issuer})
		}
		learn()
		for path, body := range map[string]string{
			"/v1/responses":        `{"model":"gpt-5.5","store":false,"input":"` + question + `","stream":true}`,
			"/v1/chat/completions": `{"model":"gpt-5.5","messages":[{"role":"user","content":"` + question + `"}]}`,
		} {
			asked++
			_, answer := s.post(path, body, "Authorization", "Bearer "+key)
			leaks(info.Name+" "+path, answer)
			learn()
		}
		if issuer {
			play(t, h.emulator, "default")
			h.keep(credentials.LangChain, h.own(), emulator.LoginOptions{})
			learn()
		}
	}
	play(t, h.emulator, "default")
	for _, header := range [][]string{{}, {"Authorization", "Bearer wrong-canary-key-of-a-stranger"}, {"Authorization", "Bearer " + key, "Host", "x"}} {
		_, answer := s.post("/v1/responses", hello, header...)
		leaks("a refusal", answer)
		if strings.Contains(answer, "wrong-canary") {
			t.Errorf("a refusal quotes the key that it refuses: %s", answer)
		}
	}
	s.signal(syscall.SIGQUIT) // as a crash would, every goroutine tells where it is
	said, log := s.log.String(), present(access)
	leaks("stderr", said)
	leaks("the log", log)
	if strings.Contains(log, question) || strings.Contains(said, question) || strings.Contains(log+said, "wrong-canary") {
		t.Error("the log has what was asked, or a key")
	}
	if lines := strings.Count(log, "\n"); lines < asked || !strings.Contains(said, "goroutine 1 ") || !strings.Contains(said, "> POST ") || len(secrets) < 10 && !testing.Short() {
		t.Errorf("the canary is deaf: %d lines of log for %d requests, %d secrets", lines, asked, len(secrets))
	}
}
