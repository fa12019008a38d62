package auth

import (
	"fmt"
	"net/http"
	"sync"
	"testing"
	"time"

	"github.com/codexctl/codexctl/pkg/credentials"
)

// jumpingClock is a clock that somebody sets.
type jumpingClock struct {
	mu sync.Mutex
	at time.Time
}

func (c *jumpingClock) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.at
}

func (c *jumpingClock) set(at time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.at = at
}

// hourly answers with tokens that end an hour after the true time, or, with a life, after
// so many seconds.
func hourly(form credentials.Format, life time.Duration) func(http.ResponseWriter, int) {
	return func(w http.ResponseWriter, n int) {
		replies(http.StatusOK, fmt.Sprintf(`{"access_token":%q,"refresh_token":"rt-%d","expires_in":%d}`,
			token("acc", clock().Add(life), fmt.Sprintf("%s-%d", form, n)), n, int(life/time.Second)))(w, n)
	}
}

// storedForm is a store of a form whose token ends in ttl.
func storedForm(t *testing.T, form credentials.Format, ttl time.Duration) string {
	t.Helper()
	if form != credentials.Codex {
		return stored(t, ttl)
	}
	access := token("acc", clock().Add(ttl), "old")
	return storedAs(t, fmt.Sprintf(`{"OPENAI_API_KEY":null,"tokens":{"id_token":%q,"access_token":%q,"refresh_token":"rt-old","account_id":"acc"},"last_refresh":%q}`,
		access, access, clock().Add(ttl-time.Hour).Format(time.RFC3339)))
}

// Issue 7: clock jumps back and forth: expiry must not renew in a storm. The requests to
// the token endpoint are counted, of many calls at each moment, in both forms of a store:
// one keeps our own clock's idea of the end, the other has the issuer's alone.
func TestAClockThatJumpsCausesNoStorm(t *testing.T) {
	const year, life = 365 * 24 * time.Hour, time.Hour
	back := func(n int, jumps ...time.Duration) []time.Duration {
		var all []time.Duration
		for range n {
			all = append(all, jumps...)
		}
		return all
	}
	tests := []struct {
		name  string
		ttl   time.Duration
		life  time.Duration
		jumps []time.Duration // from the true time
		most  map[credentials.Format]int
	}{
		{"stands a year ahead", life, life, back(50, year), map[credentials.Format]int{credentials.LangChain: 1, credentials.Codex: 1}},
		{"to a year ahead and back, again and again", life, life, back(50, 0, year), map[credentials.Format]int{credentials.LangChain: 1, credentials.Codex: 1}},
		{"a year behind", life, life, back(50, -year), map[credentials.Format]int{}},
		{"a year behind and ahead", life, life, back(50, -year, year, 0), map[credentials.Format]int{credentials.LangChain: 1, credentials.Codex: 1}},
		{"trembles around the moment of renewal", 5 * time.Minute, life, back(50, -time.Second, 0, time.Second), map[credentials.Format]int{credentials.LangChain: 1, credentials.Codex: 1}},
		{"trembles around the expiry", 0, life, back(50, -time.Second, 0, time.Second), map[credentials.Format]int{credentials.LangChain: 1, credentials.Codex: 1}},
		{"tokens of a minute, all asked for within it", -time.Hour, time.Minute, back(50, 0, time.Second, 50*time.Second), map[credentials.Format]int{credentials.LangChain: 1, credentials.Codex: 1}},
		{"tokens of a minute, and a clock a year ahead", -time.Hour, time.Minute, back(50, year), map[credentials.Format]int{credentials.LangChain: 1, credentials.Codex: 1}},
		{"tokens that are over when they come", -time.Hour, -time.Minute, back(50, 0, time.Second), map[credentials.Format]int{credentials.LangChain: 1, credentials.Codex: 1}},
	}
	for _, tt := range tests {
		for _, form := range []credentials.Format{credentials.LangChain, credentials.Codex} {
			t.Run(fmt.Sprintf("%s, %s", tt.name, form), func(t *testing.T) {
				i := newIssuer(t, hourly(form, tt.life))
				s := source(t, storedForm(t, form, tt.ttl), i.URL)
				now := &jumpingClock{at: clock()}
				s.Config.Now = now.now
				for at, jump := range tt.jumps {
					now.set(clock().Add(jump))
					var callers sync.WaitGroup
					for range 4 {
						callers.Go(func() {
							if _, err := s.Credential(t.Context()); err != nil {
								t.Errorf("step %d: %v", at, err)
							}
						})
					}
					callers.Wait()
				}
				if got, want := i.count(), tt.most[form]; got != want {
					t.Errorf("%d token requests in %d calls, want %d", got, 4*len(tt.jumps), want)
				}
			})
		}
	}
}

// rulings.md, Renewing: a refresh whose answer is unknown is never repeated before
// re-reading. The issuer has rotated the token and its answer is lost; meanwhile another
// process has stored a new login, and the next call takes that instead of asking again.
func TestALostAnswerIsNotAskedForAgainBeforeTheStoreIsRead(t *testing.T) {
	lost := func(w http.ResponseWriter, _ int) {
		conn, _, err := http.NewResponseController(w).Hijack()
		if err == nil {
			_ = conn.Close()
		}
	}
	i := newIssuer(t, lost)
	path := stored(t, -time.Hour)
	s := source(t, path, i.URL)
	var callers sync.WaitGroup
	failed := make(chan error, 20)
	for range 20 {
		callers.Go(func() {
			_, err := s.Credential(t.Context())
			failed <- err
		})
	}
	callers.Wait()
	close(failed)
	for err := range failed {
		if err == nil {
			t.Error("a call succeeded without a token")
		}
	}
	// Callers that came late may have found the flight landed, and then read the store
	// first; but no call asks twice.
	before := i.count()
	if before == 0 || before > 20 {
		t.Fatalf("%d token requests for 20 calls", before)
	}
	if _, err := s.Credential(t.Context()); err == nil || i.count() != before+1 {
		t.Errorf("one call more made %d requests, %v; want 1 and an error", i.count()-before, err)
	}
	before = i.count()
	write(t, path, read(t, stored(t, time.Hour)))
	for range 3 {
		if _, err := s.Credential(t.Context()); err != nil {
			t.Error(err)
		}
	}
	if i.count() != before {
		t.Errorf("%d token requests although the store has a new login, want 0", i.count()-before)
	}
}
