package emulator

import (
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
)

// codeLifetime is how long an authorization code lives: the longest that RFC 6749,
// section 4.1.2, recommends. The issuer's own is not known.
const codeLifetime = 10 * time.Minute

// defaultScope is what a sign-in grants that names no scopes.
const defaultScope = "openid profile email offline_access"

// code is one authorization code, bound to what it was asked for with. The client
// is not among it, as the issuer knows one only.
type code struct {
	redirect  string // byte for byte
	challenge string // of PKCE, by S256
	scope     string
	expires   time.Time
	session   *session // once it has been used
}

// codeState is why a code is worth nothing, or that it is good.
type codeState int

const (
	codeGood codeState = iota
	codeUnknown
	codeUsed
	codeExpired
	codeOtherRedirect
	codeOtherVerifier
	codeOtherPort // the redirect is none of the client's
)

// redemption is a code on its way to tokens.
type redemption struct {
	code, redirect, verifier string
	anyPort                  bool   // the client may have its callback anywhere
	plan                     string // of the person that signs in
	noAccount                bool   // who has no workspace
}

// newCode remembers c and returns its name.
func (i *issuer) newCode(c code) string {
	i.mu.Lock()
	defer i.mu.Unlock()
	return i.nameCode(c)
}

// nameCode is newCode for a caller that holds i.mu.
func (i *issuer) nameCode(c code) string {
	name := "ac_" + randomString(i.rng, 43) + "." + randomString(i.rng, 43)
	i.codes[name] = &c
	return name
}

// redeemCode trades a code, which dies in the same step, for the tokens of a new
// person. After any state but codeGood nothing has changed, with one exception: a
// code that comes twice ends the session of its first use (RFC 6749, section
// 4.1.2).
func (i *issuer) redeemCode(base string, r redemption, now time.Time) (tokens, codeState) {
	i.mu.Lock()
	defer i.mu.Unlock()
	c := i.codes[r.code]
	switch {
	case c == nil:
		return tokens{}, codeUnknown
	case c.session != nil:
		c.session.revoked = true
		return tokens{}, codeUsed
	case !now.Before(c.expires):
		return tokens{}, codeExpired
	case r.redirect != c.redirect:
		return tokens{}, codeOtherRedirect
	case !r.anyPort && !i.registered(c.redirect):
		return tokens{}, codeOtherPort
	case challenge(r.verifier) != c.challenge:
		return tokens{}, codeOtherVerifier
	}
	who := i.newPerson(r.plan)
	if r.noAccount {
		who.accountID = ""
	}
	c.session = &session{id: randomUUID(i.rng), person: who, scope: c.scope}
	return i.mint(base, c.session, now, i.lifetime), codeGood
}

// registered reports whether tokens are granted for the redirect. The public
// client has two loopback ports, as reported; a client of a test has them all (RFC
// 8252, section 7.3).
func (i *issuer) registered(redirect string) bool {
	port, loopback := callbackPort(redirect)
	return !loopback || i.clientID != publicClient || slices.Contains([]string{"1455", "1457"}, port)
}

// callbackPort returns the port of a redirect of the form
// http://localhost:PORT/auth/callback, and whether it has that form.
func callbackPort(redirect string) (string, bool) {
	parsed, err := url.Parse(redirect)
	if err != nil {
		return "", false
	}
	port, err := strconv.ParseUint(parsed.Port(), 10, 16)
	if err != nil || port == 0 {
		return "", false
	}
	return parsed.Port(), redirect == fmt.Sprintf("http://localhost:%d/auth/callback", port)
}

// challenge is the S256 challenge of a PKCE verifier (RFC 7636, section 4.2).
func challenge(verifier string) string {
	sum := sha256.Sum256([]byte(verifier))
	return base64.RawURLEncoding.EncodeToString(sum[:])
}

// verifierShaped reports whether s can be a PKCE verifier (RFC 7636, section 4.1).
func verifierShaped(s string) bool {
	return len(s) >= 43 && len(s) <= 128 && !strings.ContainsFunc(s, func(r rune) bool {
		return !letterOrDigit(r) && !strings.ContainsRune("-._~", r)
	})
}

// challengeShaped reports whether s can be an S256 challenge: a SHA-256 in
// base64url without padding.
func challengeShaped(s string) bool {
	sum, err := base64.RawURLEncoding.DecodeString(s)
	return err == nil && len(s) == 43 && len(sum) == sha256.Size
}

func letterOrDigit(r rune) bool {
	return r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9'
}
