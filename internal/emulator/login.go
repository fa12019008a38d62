package emulator

import "time"

// RefreshState is what the issuer is to think of a login's refresh token.
type RefreshState string

// The states of a refresh token; the empty one is live.
const (
	RefreshLive        RefreshState = ""
	RefreshUsed        RefreshState = "used"
	RefreshExpired     RefreshState = "expired"
	RefreshInvalidated RefreshState = "invalidated"
)

// state translates the exported name; an unknown one counts as invalidated.
func (s RefreshState) state() grantState {
	switch s {
	case RefreshLive:
		return grantLive
	case RefreshUsed:
		return grantUsed
	case RefreshExpired:
		return grantExpired
	}
	return grantInvalidated
}

// LoginOptions bends a login. The zero value is a fresh "plus" login.
type LoginOptions struct {
	Plan      string // the chatgpt_plan_type claim; if empty, "plus"
	Email     string // if empty, made up at example.com
	AccountID string // if empty, made up

	// Lifetime is how long the access token lives; if zero, Config.AccessLifetime.
	Lifetime time.Duration

	// Expired makes an access token that expired an hour ago.
	Expired bool

	// Refresh is what the issuer answers when the refresh token is used.
	Refresh RefreshState
}

// Login is a person signed in, with tokens that the issuer and the backend know.
type Login struct {
	AccessToken  string // a JWT
	RefreshToken string // opaque, single use
	IDToken      string // a JWT
	AccountID    string
	UserID       string
	Email        string
	Plan         string

	// ExpiresAt is the end of the access token on the emulator's clock, in whole
	// seconds, as in its "exp" claim.
	ExpiresAt time.Time
}

// Login signs a new person in without any browser.
func (e *Emulator) Login(o LoginOptions) Login {
	if o.Plan == "" {
		o.Plan = "plus"
	}
	if o.Lifetime == 0 {
		o.Lifetime = e.config.AccessLifetime
	}
	if o.Expired {
		o.Lifetime = -time.Hour
	}
	base := e.config.BaseURL
	if base == "" {
		base = "http://127.0.0.1"
	}
	// Claims carry whole seconds; ours must expire when they say.
	set := e.issuer.login(base, e.config.Now().Truncate(time.Second), o)
	return Login{
		AccessToken:  set.access,
		RefreshToken: set.refresh,
		IDToken:      set.identity,
		AccountID:    set.person.accountID,
		UserID:       set.person.userID,
		Email:        set.person.email,
		Plan:         set.person.plan,
		ExpiresAt:    set.expires.UTC(),
	}
}
