package cli

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"sync"

	"github.com/codexctl/codexctl/internal/proxy"
	"github.com/codexctl/codexctl/pkg/auth"
	"github.com/codexctl/codexctl/pkg/credentials"
)

// standingLogin is the login of a process that outlives logins: it is looked for when it
// is needed, and again when it is gone. It is safe for concurrent use.
type standingLogin struct {
	inv    *invocation
	client *http.Client
	guard  auth.Guard
	warn   func(error)

	mu     sync.Mutex
	source *auth.Source
}

// Authorize signs a request with the login that is there now.
func (l *standingLogin) Authorize(req *http.Request) error {
	source, err := l.current(req.Context(), nil)
	if err != nil {
		return err
	}
	err = source.Authorize(req)
	if !errors.Is(err, auth.ErrLoginRequired) && !errors.Is(err, auth.ErrLoginExpired) {
		return err
	}
	// This one is of no use any more. There may be another by now.
	other, findErr := l.current(req.Context(), source)
	if findErr != nil || other == source {
		return err
	}
	return other.Authorize(req)
}

// Refused asks the login in use for a fresh token.
func (l *standingLogin) Refused(req *http.Request) (bool, error) {
	source, err := l.current(req.Context(), nil)
	if err != nil {
		return false, err
	}
	return source.Refused(req)
}

// current is the login in use, or what is found in the place of one that is useless. A
// place that is found again keeps its source: it remembers what was refused.
func (l *standingLogin) current(ctx context.Context, useless *auth.Source) (*auth.Source, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.source != nil && l.source != useless {
		return l.source, nil
	}
	found, err := l.inv.openLogin(ctx, l.client)
	if err != nil {
		return nil, err
	}
	if l.source != nil && found.Login.Path == l.source.Login.Path && found.Login.Variable == l.source.Login.Variable {
		return l.source, nil
	}
	if l.source != nil {
		l.warn(fmt.Errorf("%s is of no use any more; going on with %s", l.source.Login.Origin, found.Login.Origin))
	}
	found.NoRefresh, found.Guard, found.Warn = l.inv.global.noRefresh, l.guard, l.warn
	if found.RescueDir, err = l.inv.rescueDir(found.Login); err != nil {
		return nil, err
	}
	l.source = found
	return found, nil
}

// account is the id of the account that a request would be signed for now; empty when
// nobody is signed in.
func (l *standingLogin) account() string {
	source, err := l.current(context.Background(), nil)
	if err != nil {
		return ""
	}
	return source.Account()
}

// look says whose login is there, and whether it can be used. It renews nothing.
func (l *standingLogin) look(ctx context.Context) (proxy.Login, error) {
	now := l.inv.env.Now()
	login, err := l.inv.locator().Find(ctx, now)
	if err != nil {
		return proxy.Login{}, err
	}
	c := login.Credential
	if login.State(now) == credentials.StateExpired && !login.CanRenew() {
		return proxy.Login{}, fmt.Errorf("%w: %s", auth.ErrLoginExpired, login.Origin)
	}
	return proxy.Login{Account: c.AccountID, Plan: c.Plan, Expires: c.ExpiresAt}, nil
}
