package auth

import (
	"context"
	"errors"
	"fmt"
	"net/url"

	"github.com/codexctl/codexctl/pkg/credentials"
)

// renew replaces seen, the login that the caller found wanting. One renewal runs at
// a time; callers share its result.
func (s *Source) renew(ctx context.Context, seen credentials.Credential) (credentials.Credential, error) {
	fresh, err := s.air.board(ctx, func(ctx context.Context) (credentials.Credential, error) {
		return s.renewAlone(ctx, seen)
	})
	if err != nil {
		return credentials.Credential{}, fmt.Errorf("renew login: %w", err)
	}
	return fresh, nil
}

// renewAlone renews under the lock. ctx ends the wait for the lock, and nothing
// once the request is on its way.
func (s *Source) renewAlone(ctx context.Context, seen credentials.Credential) (credentials.Credential, error) {
	file, ok := s.Login.File()
	if !ok {
		return credentials.Credential{}, &NotRenewableError{Origin: s.Login.Origin, Reason: ReasonEnvironment}
	}
	release, err := s.exclude(ctx, file)
	if err != nil {
		return credentials.Credential{}, err
	}
	defer release()
	now, err := s.load(ctx, true)
	if err != nil {
		return credentials.Credential{}, err
	}
	if !now.AccessToken.Equal(seen.AccessToken) {
		return s.adopt(now), nil
	}
	if err := s.mayAsk(now); err != nil {
		return credentials.Credential{}, err
	}
	pending, err := file.Prepare(ctx)
	if err != nil {
		return credentials.Credential{}, err
	}
	defer pending.Abort()
	if err := context.Cause(ctx); err != nil {
		return credentials.Credential{}, err
	}
	return s.trade(context.WithoutCancel(ctx), file, pending, now)
}

// mayAsk finds the reasons for not asking the issuer at all.
func (s *Source) mayAsk(c credentials.Credential) error {
	if err := s.mayRenew(c); err != nil {
		return err
	}
	endpoint, err := url.Parse(s.Config.tokenURL())
	if err != nil {
		return fmt.Errorf("token endpoint: %w", err)
	}
	if err := checkHost(s.Login.Origin, c, endpoint); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.refused.token.Empty() && s.refused.token.Equal(c.RefreshToken) {
		return s.refused.err
	}
	return nil
}

// trade asks the issuer and stores what it gives.
func (s *Source) trade(ctx context.Context, file credentials.File, pending *credentials.Pending, old credentials.Credential) (credentials.Credential, error) {
	g, err := s.Config.refresh(ctx, old.RefreshToken)
	if err != nil {
		return s.notGranted(ctx, old, g, err)
	}
	fresh := s.merge(old, g)
	if !sameAccount(old, fresh) {
		return s.spent(old, fresh, ErrAccountChanged)
	}
	if err := pending.Commit(ctx, fresh); err != nil {
		return s.notStored(ctx, file, old, fresh, err)
	}
	s.keep(fresh, credentials.Stamp{})
	return s.adopt(fresh), nil
}

// notGranted deals with any answer but a token. A refusal may mean that somebody
// without our lock was faster, who has rotated the token or signed in anew; their
// result may be in the store by now.
func (s *Source) notGranted(ctx context.Context, old credentials.Credential, g grant, err error) (credentials.Credential, error) {
	if !g.refresh.Empty() && !g.refresh.Equal(old.RefreshToken) {
		// No access token, but a new refresh token: the old one is spent.
		half := old
		half.RefreshToken = g.refresh
		return s.spent(old, half, err)
	}
	if _, final := errors.AsType[*RefusedError](err); final {
		if now, again := s.load(ctx, true); again == nil && !now.SameTokens(old) {
			return s.adopt(now), nil
		}
		s.giveUpOn(old.RefreshToken, err)
	}
	return credentials.Credential{}, err
}

// spent keeps tokens that must not go into the store where they can be found.
func (s *Source) spent(old, fresh credentials.Credential, cause error) (credentials.Credential, error) {
	err := credentials.Rescue(s.RescueDir, fresh, cause)
	s.giveUpOn(old.RefreshToken, err)
	return credentials.Credential{}, err
}

// notStored deals with a store that could not be written although there was room.
// If somebody signed in meanwhile, theirs is the newer login and stays. Otherwise
// fresh is the only copy, and this process goes on with it.
func (s *Source) notStored(ctx context.Context, file credentials.File, old, fresh credentials.Credential, cause error) (credentials.Credential, error) {
	if errors.Is(cause, credentials.ErrChanged) {
		stored, _, err := file.Read(ctx)
		if err == nil && !stored.AccessToken.Equal(old.AccessToken) {
			s.warn(credentials.Rescue(s.RescueDir, fresh, cause))
			return s.adopt(s.keep(stored, credentials.Stamp{})), nil
		}
	}
	err := credentials.Rescue(s.RescueDir, fresh, cause)
	s.mu.Lock()
	s.unsaved = unsaved{instead: s.storedToken(old), login: fresh}
	s.current = fresh
	s.mu.Unlock()
	s.adopt(fresh)
	return fresh, err
}

// storedToken is the access token that the store holds under old, which may itself
// be a login that could not be saved.
func (s *Source) storedToken(old credentials.Credential) credentials.Secret {
	if !s.unsaved.instead.Empty() && s.unsaved.login.AccessToken.Equal(old.AccessToken) {
		return s.unsaved.instead
	}
	return old.AccessToken
}

// adopt marks c as just obtained.
func (s *Source) adopt(c credentials.Credential) credentials.Credential {
	now := s.Config.now()
	s.mu.Lock()
	defer s.mu.Unlock()
	s.got = obtained{token: c.AccessToken, at: now}
	return c
}

// giveUpOn makes later tries with the same refresh token fail at once. A new login
// in the store has another one.
func (s *Source) giveUpOn(token credentials.Secret, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.refused = refused{token: token, err: err}
}

// merge puts a grant over the old login. What the grant does not bring stays.
func (s *Source) merge(old credentials.Credential, g grant) credentials.Credential {
	fresh := old
	fresh.AccessToken = g.access
	if !g.refresh.Empty() {
		fresh.RefreshToken = g.refresh
	}
	if !g.id.Empty() {
		fresh.IDToken = g.id
	}
	access, _ := fresh.AccessClaims()
	id, _ := credentials.DecodeClaims(g.id)
	fresh.AccountID = either(old.AccountID, access.AccountID, id.AccountID)
	fresh.UserID = either(access.UserID, id.UserID, old.UserID)
	fresh.Plan = either(access.Plan, id.Plan, old.Plan)
	fresh.LastRefresh = s.Config.now()
	fresh.ExpiresAt = access.ExpiresAt
	// Our own clock plus the lifetime is right even if our clock is wrong. The
	// official form has no place for it: there the claim alone counts.
	if g.lifetime > 0 && s.Login.Format != credentials.Codex {
		fresh.ExpiresAt = s.Config.now().Add(g.lifetime)
	}
	return fresh
}

// sameAccount compares the account in the fresh tokens with the stored id and with
// the old tokens' own: other programs have been seen to store something else there.
// What is not known does not differ.
func sameAccount(old, fresh credentials.Credential) bool {
	is := claimedAccount(fresh)
	was := claimedAccount(old)
	return is == "" || is == old.AccountID || is == was || (old.AccountID == "" && was == "")
}

// claimedAccount is the account that the tokens themselves name.
func claimedAccount(c credentials.Credential) string {
	access, _ := c.AccessClaims()
	id, _ := c.IDClaims()
	return either(access.AccountID, id.AccountID)
}

// either returns the first text that is not empty.
func either(texts ...string) string {
	for _, text := range texts {
		if text != "" {
			return text
		}
	}
	return ""
}
