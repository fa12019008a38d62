package auth

import (
	"net/http"
	"strings"

	"github.com/codexctl/codexctl/pkg/credentials"
)

// The headers that carry an identity to the backend.
const (
	headerAuthorization = "Authorization"
	headerAccount       = "ChatGPT-Account-Id"
	headerFedRAMP       = "X-OpenAI-Fedramp"
	bearer              = "Bearer "
)

// Authorize puts the login on req, renewing it first if needed. The account header
// is left out when the account is not known.
//
// The error is a [*ForeignHostError] if the login must not go to req's host, or
// what [Source.Credential] says with req's context; req is then unchanged.
func (s *Source) Authorize(req *http.Request) error {
	c, err := s.Credential(req.Context())
	if err != nil {
		return err
	}
	if err := checkHost(s.Login.Origin, c, req.URL); err != nil {
		return err
	}
	if req.Header == nil {
		req.Header = make(http.Header)
	}
	identity := s.identity(c)
	req.Header.Set(headerAuthorization, identity.authorization.Reveal())
	setOrDelete(req.Header, headerAccount, c.AccountID)
	setOrDelete(req.Header, headerFedRAMP, identity.fedRAMP)
	return nil
}

// Refused is to be called when the backend has answered req with 401. It reports
// whether the request should be made once more, after another Authorize: because
// the store holds a newer token by now, or because the token was renewed. A login
// that cannot be renewed is no error here; the backend's answer says it better.
//
// The error is what reading the store or [Source.Renew] says, or the cause of the
// request's context.
func (s *Source) Refused(req *http.Request) (retry bool, err error) {
	token, ok := strings.CutPrefix(req.Header.Get(headerAuthorization), bearer)
	if !ok || token == "" {
		return false, nil
	}
	sent := credentials.NewSecret(token)
	c, err := s.load(req.Context(), true)
	if err != nil {
		return false, err
	}
	if !c.AccessToken.Equal(sent) {
		return true, nil
	}
	if s.mayRenew(c) != nil {
		return false, nil
	}
	fresh, err := s.renew(req.Context(), c)
	if err != nil {
		return false, err
	}
	return !fresh.AccessToken.Equal(sent), nil
}

func setOrDelete(header http.Header, name, value string) {
	if value == "" {
		header.Del(name)
		return
	}
	header.Set(name, value)
}

// identity is what the last login's tokens say in headers.
type identity struct {
	access, id    credentials.Secret
	authorization credentials.Secret
	fedRAMP       string // empty when there is none
}

// identity reads the tokens once, not for each request, all of which share the text.
func (s *Source) identity(c credentials.Credential) identity {
	s.mu.Lock()
	known := s.last
	s.mu.Unlock()
	if known.access.Equal(c.AccessToken) && known.id.Equal(c.IDToken) {
		return known
	}
	known = identity{
		access: c.AccessToken, id: c.IDToken,
		authorization: credentials.NewSecret(bearer + c.AccessToken.Reveal()), fedRAMP: fedRAMP(c),
	}
	s.mu.Lock()
	s.last = known
	s.mu.Unlock()
	return known
}

func fedRAMP(c credentials.Credential) string {
	access, _ := c.AccessClaims()
	id, _ := c.IDClaims()
	if access.FedRAMP || id.FedRAMP {
		return "true"
	}
	return ""
}
