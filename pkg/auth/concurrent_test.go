package auth

import (
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/codexctl/codexctl/pkg/credentials"
)

// Source's contract: it may be used by several goroutines. All methods at once, while the
// login is renewed, and what is stored at the end is the last token that was given out.
func TestSourceIsUsedByManyAtOnce(t *testing.T) {
	i := newIssuer(t, grants)
	path := stored(t, time.Hour)
	s := source(t, path, i.URL)
	var wait sync.WaitGroup
	for range 8 {
		wait.Go(func() {
			req := refusedRequest(t, "")
			if err := s.Authorize(req); err != nil || !strings.HasPrefix(req.Header.Get("Authorization"), "Bearer ey") {
				t.Errorf("Authorize: %v, want a token", err)
			}
		})
		wait.Go(func() {
			if c, err := s.Credential(t.Context()); err != nil || c.AccountID != "acc" {
				t.Errorf("Credential: account %q, %v, want acc", c.AccountID, err)
			}
		})
		wait.Go(func() {
			if got := s.Account(); got != "acc" {
				t.Errorf("Account = %q, want acc", got)
			}
		})
		wait.Go(func() {
			if retry, err := s.Refused(refusedRequest(t, "older")); !retry || err != nil {
				t.Errorf("Refused = %t, %v, want true, nil", retry, err)
			}
		})
		wait.Go(func() {
			if _, err := s.Renew(t.Context()); err != nil {
				t.Errorf("Renew: %v", err)
			}
		})
	}
	wait.Wait()
	c, _, err := credentials.File{Path: path}.Read(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if n := i.count(); n < 1 || n > 8 || !c.AccessToken.Equal(credentials.NewSecret(freshToken(n))) {
		t.Errorf("%d requests for 8 renewals, and the stored token is not that of the last one", n)
	}
}
