package auth

import (
	"testing"

	"github.com/codexctl/codexctl/pkg/credentials"
)

func TestChallenge(t *testing.T) {
	// RFC 7636, appendix B.
	got := challenge(credentials.NewSecret("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"))
	diff(t, "row 13: challenge", "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM", got)
}

func TestRandomTexts(t *testing.T) {
	seen := map[string]bool{}
	for range 50 {
		verifier, state := newVerifier().Reveal(), newState()
		if len(verifier) != 86 || len(state) != 43 || seen[verifier] || seen[state] {
			t.Fatalf("verifier of %d and state of %d characters, or seen before", len(verifier), len(state))
		}
		seen[verifier], seen[state] = true, true
	}
}
