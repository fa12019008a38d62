package auth

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"

	"github.com/codexctl/codexctl/pkg/credentials"
)

// Sizes in random bytes. Source: fact B-4 in docs/protocol.md.
const (
	verifierBytes = 64
	stateBytes    = 32
)

// newVerifier makes a code verifier (RFC 7636, section 4.1) of 86 characters.
func newVerifier() credentials.Secret { return credentials.NewSecret(randomText(verifierBytes)) }

// newState makes the text by which a callback proves that it belongs to this
// sign-in, of 43 characters.
func newState() string { return randomText(stateBytes) }

// challenge is the method S256 of RFC 7636, section 4.2.
func challenge(verifier credentials.Secret) string {
	sum := sha256.Sum256([]byte(verifier.Reveal()))
	return base64.RawURLEncoding.EncodeToString(sum[:])
}

// randomText is n random bytes in base64url.
func randomText(n int) string {
	b := make([]byte, n)
	_, _ = rand.Read(b) // never fails, says its documentation
	return base64.RawURLEncoding.EncodeToString(b)
}
