package emulator

import (
	"fmt"
	"math/rand/v2"
	"sync"
	"time"
)

// refreshPrefix begins every refresh token.
const refreshPrefix = "rt_"

// grantState is what has become of a refresh token.
type grantState int

const (
	grantLive grantState = iota
	grantUsed
	grantExpired
	grantInvalidated // signed out elsewhere, or revoked
)

// session is one sign-in: all tokens that descend from it die together.
type session struct {
	id      string
	person  person
	scope   string // separated by spaces
	revoked bool
}

// grant is one refresh token.
type grant struct {
	session *session
	state   grantState
}

// access is one access token.
type access struct {
	session *session
	expires time.Time
}

// tokens is a freshly minted set.
type tokens struct {
	access, refresh, identity string
	person                    person
	scope                     string
	expires                   time.Time
}

// issuer remembers every token, code and device login it made.
type issuer struct {
	clientID string
	lifetime time.Duration

	mu     sync.Mutex
	rng    *rand.Rand
	people int
	grants map[string]*grant
	live   map[string]*access
	codes  map[string]*code

	devices map[string]*device // by id
}

func newIssuer(config Config) *issuer {
	return &issuer{
		clientID: config.ClientID,
		lifetime: config.AccessLifetime,
		rng:      rand.New(rand.NewPCG(config.Seed, 0)), // requests count from 1
		grants:   make(map[string]*grant),
		live:     make(map[string]*access),
		codes:    make(map[string]*code),
		devices:  make(map[string]*device),
	}
}

// newPerson makes somebody up. The caller holds i.mu.
func (i *issuer) newPerson(plan string) person {
	i.people++
	email := "user@example.com"
	if i.people > 1 {
		email = fmt.Sprintf("user%d@example.com", i.people)
	}
	return person{
		email:     email,
		accountID: randomUUID(i.rng),
		userID:    "user-" + randomString(i.rng, 24),
		orgID:     "org-" + randomString(i.rng, 24),
		plan:      plan,
	}
}

// mint makes a set of tokens for s. The caller holds i.mu.
func (i *issuer) mint(base string, s *session, now time.Time, lifetime time.Duration) tokens {
	expires := now.Add(lifetime)
	issued := now
	if lifetime < 0 {
		issued = expires.Add(-i.lifetime) // an expired token was issued before it expired
	}
	common := newClaims(base, s.id, randomUUID(i.rng), s.person, issued, expires)
	set := tokens{
		access:   common.forAccess(i.clientID, s.scope).token(),
		identity: common.forIdentity(i.clientID, s.person).token(),
		refresh:  refreshPrefix + randomString(i.rng, 60),
		person:   s.person,
		scope:    s.scope,
		expires:  expires,
	}
	i.live[set.access] = &access{session: s, expires: expires}
	i.grants[set.refresh] = &grant{session: s}
	return set
}

// login signs somebody in.
func (i *issuer) login(base string, now time.Time, o LoginOptions) tokens {
	i.mu.Lock()
	defer i.mu.Unlock()
	p := i.newPerson(o.Plan)
	if o.Email != "" {
		p.email = o.Email
	}
	if o.AccountID != "" {
		p.accountID = o.AccountID
	}
	set := i.mint(base, &session{id: randomUUID(i.rng), person: p, scope: defaultScope}, now, o.Lifetime)
	i.grants[set.refresh].state = o.Refresh.state()
	return set
}

// redeem trades a refresh token, which dies in the same step, for a new set. If
// the token is not live it returns its state, with known telling whether it ever
// existed; nothing has changed then.
func (i *issuer) redeem(base, refresh string, now time.Time, other bool) (set tokens, state grantState, known bool) {
	i.mu.Lock()
	defer i.mu.Unlock()
	g := i.grants[refresh]
	if g == nil {
		return tokens{}, 0, false
	}
	if g.session.revoked {
		return tokens{}, grantInvalidated, true
	}
	if g.state != grantLive {
		return tokens{}, g.state, true
	}
	g.state = grantUsed
	s := g.session
	if other {
		s = &session{id: randomUUID(i.rng), person: i.newPerson(s.person.plan), scope: s.scope}
	}
	return i.mint(base, s, now, i.lifetime), grantLive, true
}

// revoke ends the sign-in that token belongs to, and reports whether there is one.
func (i *issuer) revoke(token string) bool {
	i.mu.Lock()
	defer i.mu.Unlock()
	if g := i.grants[token]; g != nil {
		g.session.revoked = true
	}
	if a := i.live[token]; a != nil {
		a.session.revoked = true
	}
	return i.grants[token] != nil || i.live[token] != nil
}

// bearerState is what the backend thinks of an access token.
type bearerState int

const (
	bearerUnknown bearerState = iota
	bearerLive
	bearerExpired
	bearerRevoked
)

// check tells whose token it is and whether it is still good.
func (i *issuer) check(token string, now time.Time) (person, bearerState) {
	i.mu.Lock()
	defer i.mu.Unlock()
	a := i.live[token]
	switch {
	case a == nil:
		return person{}, bearerUnknown
	case a.session.revoked:
		return a.session.person, bearerRevoked
	case !now.Before(a.expires):
		return a.session.person, bearerExpired
	}
	return a.session.person, bearerLive
}
