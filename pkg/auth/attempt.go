package auth

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/codexctl/codexctl/pkg/credentials"
)

// signInScopes is what a login is asked for: LangChain's scopes. Without
// offline_access there is no refresh token. Source: fact B-1 in docs/protocol.md.
const signInScopes = "openid profile email offline_access"

// attempt is one run of a BrowserLogin.
type attempt struct {
	*BrowserLogin
	callback *callback
	verifier credentials.Secret
	redirect string
}

// address is where the person signs in.
func (a *attempt) address() string {
	query := url.Values{
		"response_type":              {"code"},
		"client_id":                  {a.Config.clientID()},
		"redirect_uri":               {a.redirect},
		"scope":                      {signInScopes},
		"code_challenge":             {challenge(a.verifier)},
		"code_challenge_method":      {"S256"},
		"state":                      {a.callback.state},
		"id_token_add_organizations": {"true"},
		"codex_cli_simplified_flow":  {"true"},
	}
	if a.Originator != "" {
		query.Set("originator", a.Originator)
	}
	return a.Config.issuer() + "/oauth/authorize?" + query.Encode()
}

// present tells the person where to go.
func (a *attempt) present() opening {
	address := a.address()
	if a.Show != nil {
		a.Show(address)
	}
	o := opening{failed: make(chan error, 1), done: make(chan struct{})}
	go func() {
		defer close(o.done)
		if a.Open == nil {
			return
		}
		if err := a.Open(address); err != nil {
			o.failed <- err
		}
	}()
	return o
}

// opening is a browser being started.
type opening struct {
	failed chan error
	done   chan struct{}
}

// wait gives Open the time to return. Some ways to start a browser return only when
// it is closed, which may be next week.
func (o opening) wait() {
	timer := time.NewTimer(farewell)
	defer timer.Stop()
	select {
	case <-o.done:
	case <-timer.C:
	}
}

// wait goes on until the sign-in is decided.
func (a *attempt) wait(ctx context.Context, broken, unopened <-chan error) (credentials.Credential, error) {
	lines := a.Paste
	for {
		select {
		case <-ctx.Done():
			return credentials.Credential{}, context.Cause(ctx)
		case err := <-broken:
			return credentials.Credential{}, fmt.Errorf("callback server: %w", err)
		case err := <-unopened:
			a.warn(fmt.Errorf("open browser: %w", err))
		case got := <-a.callback.answers:
			return a.accept(ctx, got)
		case line, more := <-lines:
			if !more {
				lines = nil
				continue
			}
			if strings.TrimSpace(line) == "" {
				continue
			}
			fresh, err := a.acceptLine(ctx, line)
			if errors.Is(err, errMistaken) {
				a.warn(err)
				continue
			}
			return fresh, err
		}
	}
}

// errMistaken is about a pasted line after which waiting goes on.
var errMistaken = errors.New("pasted text is not used")

// acceptLine is accept for a pasted line. A line that is no answer, and a code that
// the issuer does not take, are errMistaken: people paste all sorts of things.
func (a *attempt) acceptLine(ctx context.Context, line string) (credentials.Credential, error) {
	got, err := a.callback.paste(line)
	if err != nil {
		return credentials.Credential{}, fmt.Errorf("%w: %w", errMistaken, err)
	}
	fresh, err := a.accept(ctx, got)
	if errors.Is(err, ErrSignInFailed) && notTaken(err) {
		return credentials.Credential{}, fmt.Errorf("%w: %w", errMistaken, err)
	}
	return fresh, err
}

// notTaken reports whether the issuer itself has found fault with a request.
func notTaken(err error) bool {
	e, ok := errors.AsType[*EndpointError](err)
	return ok && !e.HTML && e.Status >= http.StatusBadRequest && e.Status < http.StatusInternalServerError
}

// accept makes a login of an answer and stores it.
func (a *attempt) accept(ctx context.Context, got answer) (credentials.Credential, error) {
	if got.denial != nil {
		return credentials.Credential{}, got.denial
	}
	fresh, err := a.Config.exchange(ctx, got.code, a.verifier, a.redirect)
	if err != nil {
		return credentials.Credential{}, err
	}
	return deliver(ctx, a.Store, fresh)
}

func (a *attempt) warn(err error) {
	if a.Warn != nil {
		a.Warn(err)
	}
}
