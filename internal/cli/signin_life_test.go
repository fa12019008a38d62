package cli

import (
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/tidwall/gjson"

	"github.com/codexctl/codexctl/internal/emulator"
)

// clock is a clock that only the test moves.
type clock struct {
	mu  sync.Mutex
	now time.Time
}

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *clock) set(now time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = now
}

// Issue 3, "done when", row 1: none, login, valid, renewed early, renewed by another
// process, revoked elsewhere, a clear message, login again.
func TestWholeLifeOfALogin(t *testing.T) {
	t.Parallel()
	const lifetime = 2 * time.Hour
	moment := &clock{now: time.Date(2026, 6, 1, 12, 0, 0, 0, time.UTC)}
	p, person := newcomer(t, emulator.Scene{})
	p.emulator = emulator.New(emulator.Config{
		Seed: 7, BaseURL: base, Now: moment.Now, AccessLifetime: lifetime,
		Scene: emulator.Scene{AnyPort: true},
	})
	p.Transport, person.Issuer, p.Now = p.emulator.Transport(), p.emulator.Transport(), moment.Now
	const token, answer = "/oauth/token", "/backend-api/codex/responses"
	ask := func(want int) {
		t.Helper()
		p.emulator.ClearJournal()
		code := p.run("ask", "hi")
		p.wants(t, code, want, "")
		if want == 0 && p.out.String() != "You said: hi\n" {
			t.Errorf("the answer is %q", &p.out)
		}
	}
	counts := func(when string, tokens, answers int) {
		t.Helper()
		if got := p.asked(token); got != tokens {
			t.Errorf("%s: %d requests for a token, want %d", when, got, tokens)
		}
		if got := p.asked(answer); got != answers {
			t.Errorf("%s: %d requests for an answer, want %d", when, got, answers)
		}
	}
	wantState := func(want string) {
		t.Helper()
		if got := p.state(t); got != want {
			t.Errorf("state %q, want %q", got, want)
		}
	}

	// none
	wantState("signed_out")
	ask(4)
	p.wants(t, 4, 4, "codexctl: No valid OpenAI credentials found")
	counts("without a login", 0, 0)

	// login
	p.wants(t, p.login(t), 0, "Signed in as user@example.com (")
	if page, err := person.Wait(); err != nil || page.Status != http.StatusOK {
		t.Errorf("the browser ended at %d, %v", page.Status, err)
	}
	if got := modes(t, p.store()); got != "600 in 700" {
		t.Errorf("the store is %s, want 600 in 700", got)
	}
	first := content(t, p.store())
	expires := gjson.Get(first, "expires_at").Time()
	if want := moment.Now().Add(lifetime); !expires.Equal(want) {
		t.Fatalf("the login expires at %s, want %s", expires, want)
	}

	// valid: used as it is until five minutes before it expires
	wantState("valid")
	moment.set(expires.Add(-6 * time.Minute))
	ask(0)
	counts("six minutes before the end", 0, 1)
	unchanged(t, p.store(), first)

	// renewed early
	moment.set(expires.Add(-4 * time.Minute))
	ask(0)
	counts("four minutes before the end", 1, 1)
	second := content(t, p.store())
	for _, field := range []string{"access_token", "refresh_token", "expires_at"} {
		if gjson.Get(first, field).Str == gjson.Get(second, field).Str {
			t.Errorf("%s was not renewed", field)
		}
	}
	if gjson.Get(first, "account_id").Str != gjson.Get(second, "account_id").Str {
		t.Error("the account has changed")
	}
	wantState("valid")
	ask(0)
	counts("after the renewal", 0, 1)

	// renewed by another process: many find it expired, one renews
	moment.set(gjson.Get(second, "expires_at").Time().Add(time.Hour))
	wantState("refreshable")
	p.emulator.ClearJournal()
	others := make([]*program, 6)
	var all sync.WaitGroup
	for i := range others {
		other := &program{Env: p.Env, emulator: p.emulator, variables: p.variables}
		other.Stdout, other.Stderr = &other.out, &other.talk
		other.Stdin = strings.NewReader("")
		others[i] = other
		all.Go(func() {
			if code := other.run("ask", "hi"); code != 0 || other.out.String() != "You said: hi\n" {
				t.Errorf("process %d: exit %d, %q: %s", i, code, &other.out, &other.talk)
			}
		})
	}
	all.Wait()
	counts("six at once", 1, len(others))
	third := content(t, p.store())
	if third == second {
		t.Error("nobody has stored the renewed login")
	}
	ask(0)
	counts("after another's renewal", 0, 1)

	// revoked elsewhere
	if !p.emulator.Revoke(gjson.Get(third, "refresh_token").Str) {
		t.Fatal("the emulator does not know the token")
	}
	wantState("valid") // offline, nobody can know
	p.wants(t, p.run("auth", "status", "--check"), 4, "codexctl: ")

	// a clear message
	ask(4)
	p.says(t, "codexctl: Token refresh failed: ", "refresh_token_invalidated")
	p.wants(t, 4, 4, "hint: sign in again: codexctl auth login")
	counts("after the end", 1, 1)
	unchanged(t, p.store(), third)
	p.wants(t, p.run("auth", "refresh"), 4, "codexctl: Token refresh failed: ")
	p.says(t, "refresh_token_invalidated")
	unchanged(t, p.store(), third)

	// login again: the old one is in the way until it is replaced on purpose
	p.wants(t, p.login(t), 2, "hint: say yes with --force")
	unchanged(t, p.store(), third)
	p.wants(t, p.login(t, "--force"), 0, "Signed in as ")
	wantState("valid")
	ask(0)
	counts("signed in again", 0, 1)
	fourth := content(t, p.store())
	if gjson.Get(fourth, "refresh_token").Str == gjson.Get(third, "refresh_token").Str {
		t.Error("the old refresh token is still there")
	}

	// and forgotten
	p.wants(t, p.run("auth", "logout", "--revoke", "-y"), 0, "")
	wantState("signed_out")
	if p.asked("/oauth/revoke") != 1 {
		t.Error("the issuer was not told")
	}
}
