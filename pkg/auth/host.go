package auth

import (
	"net/url"
	"strings"

	"github.com/codexctl/codexctl/pkg/credentials"
)

// checkHost refuses to let a login of the real issuer go to any host but the real
// ones. A login that the user named may go where the user says. All that a token
// tells of its issuer counts, an opaque access token's id token too, because the
// tokens of a login belong together.
func checkHost(origin credentials.Origin, c credentials.Credential, to *url.URL) error {
	if origin.Named || !issuedByOpenAI(c) || ownHost(to) {
		return nil
	}
	return &ForeignHostError{Host: to.Scheme + "://" + to.Host, Issuer: DefaultIssuer}
}

func issuedByOpenAI(c credentials.Credential) bool {
	access, _ := c.AccessClaims()
	id, _ := c.IDClaims()
	return isOpenAI(access.Issuer) || isOpenAI(id.Issuer)
}

func isOpenAI(issuer string) bool {
	return strings.EqualFold(strings.TrimRight(issuer, "/"), DefaultIssuer)
}

// ownHost reports whether u is on one of the two hosts, over TLS, at its own port.
func ownHost(u *url.URL) bool {
	host := strings.ToLower(u.Hostname())
	return u.Scheme == "https" && (u.Port() == "" || u.Port() == "443") &&
		(host == "chatgpt.com" || host == "auth.openai.com")
}
