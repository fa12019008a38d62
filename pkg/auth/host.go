package auth

import (
	"net/url"
	"strings"

	"github.com/codexctl/codexctl/pkg/credentials"
)

// checkHost refuses to let a login of the real issuer go to any host but the real
// ones. One that does not say who issued it counts as the real issuer's. A login that
// the user named may go where the user says. All that a token tells of its issuer
// counts, an opaque access token's id token too, because the tokens of a login belong
// together.
func checkHost(origin credentials.Origin, c credentials.Credential, to *url.URL) error {
	if origin.Named || ownHost(to) {
		return nil
	}
	access, _ := c.AccessClaims()
	id, _ := c.IDClaims()
	refused := &ForeignHostError{Host: to.Scheme + "://" + to.Host}
	switch {
	case isOpenAI(access.Issuer), isOpenAI(id.Issuer):
		refused.Issuer = DefaultIssuer
		return refused
	case access.Issuer == "" && id.Issuer == "":
		return refused
	}
	return nil
}

func isOpenAI(issuer string) bool {
	return strings.EqualFold(strings.TrimRight(issuer, "/"), DefaultIssuer)
}

// ownHost reports whether u is on one of the two hosts, over TLS, at its own port. It
// knows their plain spellings only: no final dot, and no letter outside ASCII, some of
// which (U+0130) become an ASCII one here and another host's name in the resolver.
func ownHost(u *url.URL) bool {
	if u.Scheme != "https" || !visible(u.Host) {
		return false
	}
	host := strings.TrimSuffix(strings.ToLower(u.Host), ":443")
	return host == "chatgpt.com" || host == "auth.openai.com"
}
