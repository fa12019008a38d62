package credentials

import (
	"errors"
	"io/fs"
	"strings"
	"testing"
	"time"
)

var now = time.Date(2026, 6, 1, 0, 0, 0, 0, time.UTC)

const (
	alive      = `{"access_token":"alive","refresh_token":"r","expires_at":"2026-06-12T10:00:00Z"}`
	expiredOne = `{"access_token":"expired","refresh_token":"r","expires_at":"2026-05-01T10:00:00Z"}`
	deadOne    = `{"access_token":"dead","refresh_token":null,"expires_at":"2026-05-01T10:00:00Z"}`
	apiKey     = `{"auth_mode":"apikey","OPENAI_API_KEY":"sk-x"}`
)

// scene is a home folder and an environment.
type scene struct {
	langchain, codex, named string
	env                     map[string]string
	renewShared             bool
}

func (s scene) locator(t *testing.T) Locator {
	home := t.TempDir()
	l := Locator{Home: home, Getenv: func(name string) string { return s.env[name] }, RenewShared: s.renewShared}
	if s.langchain != "" {
		write(t, home+"/.langchain/chatgpt-auth.json", s.langchain)
	}
	if s.codex != "" {
		write(t, home+"/.codex/auth.json", s.codex)
	}
	if s.named != "" {
		l.AuthFile = home + "/named.json"
		write(t, l.AuthFile, s.named)
	}
	return l
}

// summary is a selection in comparable words, with the home folder left out.
type summary struct {
	From, Token string
	Format      Format
	Named       bool
	Renewable   bool
	State       State
	Passed      string
}

func summarize(l Locator, s Selection, err error) summary {
	short := func(text string) string { return strings.ReplaceAll(text, l.Home, "~") }
	var passed []string
	for _, p := range s.Passed {
		passed = append(passed, short(p.String()))
	}
	return summary{short(s.String()), s.Credential.AccessToken.Reveal(), s.Format, s.Named, s.Renewable, StateOf(s, err, now), strings.Join(passed, "; ")}
}

func TestFind(t *testing.T) {
	valid := claimsJWT("acc", now.Add(time.Hour))
	old := claimsJWT("acc", now.Add(-time.Hour))
	nested := `{"auth_mode":"chatgpt","tokens":{"access_token":"` + valid + `","refresh_token":"r"}}`
	nestedOld := `{"auth_mode":"chatgpt","tokens":{"access_token":"` + old + `","refresh_token":"r"}}`
	const own, official = "~/.langchain/chatgpt-auth.json", "~/.codex/auth.json"
	const deadNote = " login has expired and has no refresh token"
	tests := []struct {
		name  string
		scene scene
		want  summary
	}{
		{"named file beats everything", scene{named: alive, langchain: alive, env: map[string]string{VariableToken: "x"}},
			summary{"~/named.json", "alive", LangChain, true, true, StateValid, ""}},
		{"named official file may be renewed", scene{named: nestedOld},
			summary{"~/named.json", old, Codex, true, true, StateRefreshable, ""}},
		{"named dead file is never left", scene{named: deadOne, langchain: alive},
			summary{"~/named.json", "dead", LangChain, true, true, StateExpired, ""}},
		{"our variable first", scene{env: map[string]string{VariableToken: "at-x", VariableCodexToken: "at-y"}, langchain: alive},
			summary{VariableToken, "at-x", "", true, false, StateUnknown, ""}},
		{"official variable second", scene{env: map[string]string{VariableToken: "", VariableCodexToken: "at-y\n"}, langchain: alive},
			summary{VariableCodexToken, "at-y", "", true, false, StateUnknown, ""}},
		{"a dead variable is passed over", scene{env: map[string]string{VariableToken: old}, langchain: alive},
			summary{own, "alive", LangChain, false, true, StateValid, VariableToken + deadNote}},
		{"our own store before the official one", scene{langchain: alive, codex: nested},
			summary{own, "alive", LangChain, false, true, StateValid, ""}},
		{"our own expired store is still used", scene{langchain: expiredOne, codex: nested},
			summary{own, "expired", LangChain, false, true, StateRefreshable, ""}},
		{"a dead store is passed over", scene{langchain: deadOne, codex: nested},
			summary{official, valid, Codex, false, false, StateValid, own + deadNote}},
		{"an undecided file at our path is LangChain's", scene{langchain: `{"access_token":"t"}`},
			summary{own, "t", LangChain, false, true, StateUnknown, ""}},
		{"a nested file at our path is ours", scene{langchain: nestedOld},
			summary{own, old, Codex, false, true, StateRefreshable, ""}},
		{"the official file is somebody else's", scene{codex: nestedOld},
			summary{official, old, Codex, false, false, StateExpired, ""}},
		{"unless we are allowed", scene{codex: nestedOld, renewShared: true},
			summary{official, old, Codex, false, true, StateRefreshable, ""}},
		{"a flat file there is renewed", scene{codex: `{"access_token":"t","refresh_token":"r","expires_at":1}`},
			summary{official, "t", Flat, false, true, StateRefreshable, ""}},
		{"only dead ones: the first is shown", scene{langchain: deadOne, codex: `{"access_token":"t","expires_at":1}`},
			summary{own, "dead", LangChain, false, true, StateExpired, ""}},
		{"an API key before a dead store does not hide it", scene{langchain: apiKey, codex: `{"access_token":"t","expires_at":1}`},
			summary{official, "t", Flat, false, true, StateExpired, own + " holds no ChatGPT login (apikey)"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			l := tt.scene.locator(t)
			got, err := l.Find(t.Context(), now)
			if err != nil {
				t.Fatalf("Find error = %v, want none", err)
			}
			diff(t, "selection", tt.want, summarize(l, got, err))
		})
	}
}

func TestFindErrors(t *testing.T) {
	agent := jwt(`{"iss":"` + agentIssuer + `","aud":"codex-app-server"}`)
	tests := []struct {
		name  string
		scene scene
		want  error
		state State
		text  string
	}{
		{"nothing anywhere", scene{}, ErrNotFound, StateSignedOut,
			"no ChatGPT login found: ~/.langchain/chatgpt-auth.json does not exist; ~/.codex/auth.json does not exist"},
		{"an API key is named", scene{codex: apiKey}, ErrNotFound, StateSignedOut,
			"no ChatGPT login found: ~/.codex/auth.json holds no ChatGPT login (apikey); ~/.langchain/chatgpt-auth.json does not exist"},
		{"malformed is not signed out", scene{langchain: `{"access_token":1}`, codex: alive}, ErrMalformed, StateInvalid,
			"~/.langchain/chatgpt-auth.json: field access_token is malformed: not a text"},
		{"named file with an API key", scene{named: apiKey, langchain: alive}, ErrOtherLogin, StateSignedOut,
			"~/named.json holds no ChatGPT login (apikey)"},
		{"agent identity in a variable", scene{env: map[string]string{VariableCodexToken: agent}, langchain: alive}, ErrOtherLogin, StateSignedOut,
			"CODEX_ACCESS_TOKEN holds no ChatGPT login (agentIdentity)"},
		{"variable with a blank inside", scene{env: map[string]string{VariableToken: "Bearer x"}}, ErrMalformed, StateInvalid,
			"CODEXCTL_ACCESS_TOKEN is malformed"},
		{"account variable with a blank inside", scene{env: map[string]string{VariableToken: "x", VariableAccount: "a b"}}, ErrMalformed, StateInvalid,
			"CODEXCTL_ACCOUNT_ID is malformed"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			l := tt.scene.locator(t)
			s, err := l.Find(t.Context(), now)
			if !errors.Is(err, tt.want) || strings.ReplaceAll(err.Error(), l.Home, "~") != tt.text || StateOf(s, err, now) != tt.state {
				t.Errorf("Find error = %v (%s), want %q (%s)", err, StateOf(s, err, now), tt.text, tt.state)
			}
		})
	}
	_, err := Locator{AuthFile: t.TempDir() + "/none"}.Find(t.Context(), now)
	if !errors.Is(err, ErrNotFound) || !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("named file that is missing: error = %v, want %v and %v", err, ErrNotFound, fs.ErrNotExist)
	}
	if _, err = (Locator{}).Find(t.Context(), now); !errors.Is(err, ErrNotFound) || err.Error() != "no ChatGPT login found" {
		t.Errorf("no home at all: error = %v, want %v", err, ErrNotFound)
	}
}

func TestFindWithVariables(t *testing.T) {
	home, moved := t.TempDir(), t.TempDir()
	write(t, home+"/.codex/auth.json", alive)
	env := map[string]string{VariableCodexHome: moved}
	l := Locator{Home: home, Getenv: func(name string) string { return env[name] }}
	if _, err := l.Find(t.Context(), now); !errors.Is(err, ErrNotFound) {
		t.Errorf("CODEX_HOME is the only official folder: error = %v, want %v", err, ErrNotFound)
	}
	write(t, moved+"/auth.json", expiredOne)
	if s, err := l.Find(t.Context(), now); err != nil || s.Path != moved+"/auth.json" {
		t.Errorf("Find = %q, %v, want the file in CODEX_HOME", s.Path, err)
	}
	env[VariableToken], env[VariableAccount] = claimsJWT("claimed", expiry), "given"
	s, err := l.Find(t.Context(), now)
	if err != nil || s.Credential.AccountID != "given" || s.Credential.Plan != "plus" || !s.Credential.ExpiresAt.Equal(expiry.Truncate(time.Second)) {
		t.Errorf("Find = %+v, %v, want the given account and the claims", s.Credential, err)
	}
	env[VariableAccount] = ""
	if s, err = l.Find(t.Context(), now); err != nil || s.Credential.AccountID != "claimed" {
		t.Errorf("account = %q, %v, want the claim", s.Credential.AccountID, err)
	}
	if _, ok := s.File(); ok {
		t.Errorf("a variable has a file, want none")
	}
}

func TestNextNamesTheFollowingLogin(t *testing.T) {
	for name, tt := range map[string]struct {
		scene scene
		want  string
	}{
		"a good one":               {scene{langchain: expiredOne, codex: alive}, "/.codex/auth.json"},
		"a dead one is none":       {scene{langchain: expiredOne, codex: deadOne}, ""},
		"a malformed one is none":  {scene{langchain: expiredOne, codex: `{"access_token":1}`}, ""},
		"none after a named file":  {scene{named: expiredOne, codex: alive}, ""},
		"variable, then the store": {scene{env: map[string]string{VariableToken: "x"}, langchain: alive}, "/.langchain/chatgpt-auth.json"},
	} {
		l := tt.scene.locator(t)
		s, err := l.Find(t.Context(), now)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		next, ok := s.Next(t.Context(), now)
		if got := strings.TrimPrefix(next.Path, l.Home); got != tt.want || ok != (tt.want != "") {
			t.Errorf("%s: Next = %q, %t, want %q", name, got, ok, tt.want)
		}
	}
}

func TestTargetOfSigningIn(t *testing.T) {
	for path, want := range map[string]Format{
		"": LangChain, "/h/.langchain/chatgpt-auth.json": LangChain, "/h/.codex/./auth.json": Codex, "/elsewhere/auth.json": "",
	} {
		got := Locator{Home: "/h", AuthFile: path}.Target()
		if got.Format != want || (path != "" && got.Path != path) {
			t.Errorf("Target of %q = %+v, want form %q", path, got, want)
		}
	}
}

func TestStates(t *testing.T) {
	usable := []State{}
	for _, s := range []State{StateValid, StateRefreshable, StateUnknown, StateExpired, StateSignedOut, StateInvalid} {
		if s.Usable() {
			usable = append(usable, s)
		}
	}
	diff(t, "usable states", []State{StateValid, StateRefreshable, StateUnknown}, usable)
	diff(t, "state of nothing", StateSignedOut, Selection{}.State(now))
}
