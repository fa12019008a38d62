//go:build unix

package main

import (
	"net/http"
	"syscall"
	"testing"

	"github.com/codexctl/codexctl/internal/emulator"
	"github.com/codexctl/codexctl/pkg/credentials"
)

// rulings.md, Models: what was learned of a model is kept by account, for the next server
// too, and a server whose login becomes another account's knows nothing of it.
func TestServeKeepsWhatItLearnsOfModels(t *testing.T) {
	t.Parallel()
	stand, url, home := standIn(t)
	const light = `{"model":"gpt-5.6-luna","input":"hi"}`
	asks := func(s *serving, when string, want int) {
		t.Helper()
		stand.ClearJournal()
		if status, answer := s.post("/v1/responses", light); status != http.StatusOK {
			t.Errorf("%s: %d %s", when, status, answer)
		}
		if n := len(stand.Journal("/backend-api/codex/responses")); n != want {
			t.Errorf("%s: %d requests, want %d", when, n, want)
		}
	}
	first := serve(t, url, home)
	asks(first, "a model that nobody knows", 2)
	asks(first, "the same again", 1)
	first.signal(syscall.SIGTERM)
	second := serve(t, url, home)
	asks(second, "another server", 1)
	other := emulator.LoginOptions{AccountID: "11111111-2222-4333-8444-555555555555"}
	writeLogin(t, stand, credentials.LangChain, loginIn(home), other)
	if status, answer := second.post("/v1/responses", hello); status != http.StatusOK {
		t.Errorf("another account: %d %s", status, answer)
	}
	asks(second, "another account, once it was seen", 2)
}
