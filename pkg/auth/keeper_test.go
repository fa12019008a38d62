package auth

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/codexctl/codexctl/pkg/credentials"
	"github.com/tidwall/gjson"
)

func TestKeeperKeepsTheForm(t *testing.T) {
	const (
		langchain = `{"access_token":"old","account_id":"acc-old","expires_at":"2026-01-01T00:00:00+00:00","refresh_token":"rt-old","user_id":"u","x":1}`
		codex     = `{"auth_mode":"chatgpt","OPENAI_API_KEY":null,"tokens":{"access_token":"old","refresh_token":"rt-old","account_id":"acc-old"},"x":1}`
		flat      = `{"access_token":"old","expires_at":1767225600,"x":1}`
		apiKey    = `{"auth_mode":"apikey","OPENAI_API_KEY":"sk"}`
		official  = credentials.Codex
	)
	tests := []struct {
		name    string
		before  string // empty: no store
		keeper  Keeper
		format  credentials.Format
		unknown bool // what is not ours stays
		err     error
	}{
		{"a new one is LangChain's", "", Keeper{}, credentials.LangChain, false, nil},
		{"a new one in the Codex home", "", Keeper{File: credentials.File{Format: official}}, official, false, nil},
		{"a new one as asked", "", Keeper{Format: credentials.Flat, File: credentials.File{Format: official}}, credentials.Flat, false, nil},
		{"LangChain's", langchain, Keeper{}, credentials.LangChain, true, nil},
		{"the official", codex, Keeper{}, official, true, nil},
		{"the guide's", flat, Keeper{}, credentials.Flat, true, nil},
		{"the form it has, asked for", codex, Keeper{Format: official}, official, true, nil},
		{"another form", codex, Keeper{Format: credentials.LangChain}, credentials.LangChain, false, nil},
		{"another kind of login", apiKey, Keeper{}, "", false, credentials.ErrOtherLogin},
		{"another kind of login, replaced", apiKey, Keeper{Replace: true, File: credentials.File{Format: official}}, official, false, nil},
		{"malformed", `{"access_token":1}`, Keeper{}, "", false, credentials.ErrMalformed},
		{"malformed, replaced", `{"access_token":1}`, Keeper{Replace: true}, credentials.LangChain, false, nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			k := tt.keeper
			k.File.Path = filepath.Join(t.TempDir(), "new", "auth.json")
			if tt.before != "" {
				if err := os.Mkdir(filepath.Dir(k.File.Path), 0o700); err != nil {
					t.Fatal(err)
				}
				write(t, k.File.Path, tt.before)
			}
			if err := k.Check(t.Context()); !errors.Is(err, tt.err) {
				t.Fatalf("Check = %v, want %v", err, tt.err)
			}
			if got, _ := os.ReadFile(k.File.Path); string(got) != tt.before {
				t.Fatalf("Check has changed the store to %q", got)
			}
			if err := k.Store(wantLogin()); !errors.Is(err, tt.err) {
				t.Fatalf("Store = %v, want %v", err, tt.err)
			}
			only(t, k.File.Path)
			if tt.err != nil {
				diff(t, "store", tt.before, read(t, k.File.Path))
				return
			}
			got, format, err := credentials.File{Path: k.File.Path}.Read(t.Context())
			if err != nil || format != tt.format || !got.SameTokens(wantLogin()) {
				t.Errorf("store holds %v as %s, %v, want the login as %s", got, format, err, tt.format)
			}
			if text := read(t, k.File.Path); gjson.Get(text, "x").Exists() != tt.unknown || strings.Contains(text, "old") {
				t.Errorf("store %s", text)
			}
			for path, mode := range map[string]os.FileMode{k.File.Path: 0o600, filepath.Dir(k.File.Path): 0o700} {
				if info, err := os.Stat(path); err != nil || info.Mode().Perm() != mode {
					t.Errorf("%s: %v, %v, want mode %v", path, info.Mode(), err, mode)
				}
			}
		})
	}
}

func TestKeeperThatCannotStore(t *testing.T) {
	incomplete := wantLogin()
	incomplete.IDToken = credentials.Secret{}
	k := keeperAt(t)
	k.File.Format = credentials.Codex
	if err := k.Store(incomplete); !errors.Is(err, credentials.ErrIncomplete) {
		t.Errorf("Store = %v, want %v", err, credentials.ErrIncomplete)
	}
	if _, err := os.Stat(k.File.Path); !os.IsNotExist(err) {
		t.Errorf("store: %v, want none", err)
	}
	only(t, k.File.Path)

	blocked := Keeper{File: credentials.File{Path: filepath.Join(storedAs(t, "{}"), "auth.json")}}
	for _, err := range []error{blocked.Store(wantLogin()), blocked.Check(t.Context())} {
		if !errors.Is(err, credentials.ErrNotWritable) {
			t.Errorf("error %v, want %v", err, credentials.ErrNotWritable)
		}
	}
}

func TestKeeperWaitsForTheLock(t *testing.T) {
	k := keeperAt(t)
	lock, err := k.File.Lock(t.Context(), 0)
	if err != nil {
		t.Fatal(err)
	}
	time.AfterFunc(100*time.Millisecond, lock.Unlock)
	began := time.Now()
	if err := k.Store(wantLogin()); err != nil || time.Since(began) < 100*time.Millisecond {
		t.Errorf("Store = %v after %v, want none after the lock was free", err, time.Since(began))
	}
}

// A sign-in that fails, in whatever way, leaves the login that was there.
func TestAFailedSignInLeavesTheOldLogin(t *testing.T) {
	for name, visits := range map[string]func(*signIn) []string{
		"denied":  func(s *signIn) []string { return []string{"error", "access_denied", "state", s.state()} },
		"refused": func(s *signIn) []string { return []string{"code", "bad", "state", s.state()} },
		"left":    func(s *signIn) []string { s.cancel(); return nil },
	} {
		t.Run(name, func(t *testing.T) {
			i := newSigner(t)
			i.on("/oauth/token", say(400, `{"error":"invalid_grant"}`))
			path := stored(t, time.Hour)
			before := read(t, path)
			keeper := Keeper{File: credentials.File{Path: path}}
			s := begin(t, BrowserLogin{Config: Config{Issuer: i.URL}, Store: keeper.Store})
			if params := visits(s); params != nil {
				visit(t, "GET", s.back(params...))
			}
			if _, err := s.end(); err == nil {
				t.Error("no error")
			}
			diff(t, "store", before, read(t, path))
		})
	}
}

func TestALoginThatWasStoredIsUsableAndRenewable(t *testing.T) {
	i := newSigner(t)
	keeper := keeperAt(t)
	s := begin(t, BrowserLogin{Config: Config{Issuer: i.URL}, Store: keeper.Store})
	visit(t, "GET", s.back("code", canaryCode, "state", s.state())).wants(t, 200)
	if _, err := s.end(); err != nil {
		t.Fatal(err)
	}
	source := source(t, keeper.File.Path, i.URL)
	c, err := source.Credential(t.Context())
	if err != nil || !c.SameTokens(wantLogin()) {
		t.Errorf("Credential = %v, %v", c, err)
	}
	i.on("/oauth/token", say(200, fmt.Sprintf(`{"access_token":%q,"refresh_token":"r2"}`, token("from-id", clock().Add(time.Hour), "x"))))
	if _, err := source.Renew(t.Context()); err != nil {
		t.Errorf("Renew: %v", err)
	}
}
