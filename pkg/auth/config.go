package auth

import (
	"net/http"
	"strings"
	"time"
)

// What the zero Config stands for.
const (
	DefaultIssuer   = "https://auth.openai.com"
	DefaultClientID = "app_EMoamEEZ73f0CkXaXp7hrann"
)

// Config is who we are and whom we ask. The zero value works.
type Config struct {
	// Issuer is the base URL of all that the issuer offers; empty means [DefaultIssuer].
	Issuer string

	// ClientID is the OAuth client; empty means [DefaultClientID].
	ClientID string

	// UserAgent is sent to the issuer; empty means codexctl and the system. The edge
	// network refuses generic ones (fact H-4 in docs/protocol.md).
	UserAgent string

	// HTTPClient carries the transport. Its redirect policy, cookies and total
	// timeout are not used. Nil means a plain client.
	HTTPClient *http.Client

	// Now is the clock; nil means time.Now.
	Now func() time.Time
}

func (c Config) issuer() string {
	if c.Issuer == "" {
		return DefaultIssuer
	}
	return strings.TrimRight(c.Issuer, "/")
}

func (c Config) clientID() string {
	if c.ClientID == "" {
		return DefaultClientID
	}
	return c.ClientID
}

func (c Config) now() time.Time {
	now := c.Now
	if now == nil {
		now = time.Now
	}
	return now()
}

// client is the HTTP client for the issuer: a token never follows a redirect.
func (c Config) client() *http.Client {
	client := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error {
		return http.ErrUseLastResponse
	}}
	if c.HTTPClient != nil {
		client.Transport = c.HTTPClient.Transport
	}
	return client
}
