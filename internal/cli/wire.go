package cli

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"strings"

	"golang.org/x/net/http/httpguts"

	"github.com/codexctl/codexctl/pkg/auth"
	"github.com/codexctl/codexctl/pkg/credentials"
	"github.com/codexctl/codexctl/pkg/responses"
)

// locator knows where logins lie for this invocation.
func (inv *invocation) locator() credentials.Locator {
	return credentials.Locator{
		Home: inv.env.Home, Getenv: inv.env.Getenv,
		AuthFile: inv.global.authFile, RenewShared: inv.global.renewShared,
	}
}

// signIn finds the login. What is odd about it is said on stderr.
func (inv *invocation) signIn(ctx context.Context, client *http.Client) (*auth.Source, error) {
	if err := inv.checkURL("issuer", inv.global.issuer); err != nil {
		return nil, err
	}
	source, err := inv.openLogin(ctx, client)
	if err != nil {
		return nil, err
	}
	source.NoRefresh = inv.global.noRefresh
	if source.RescueDir, err = inv.rescueDir(source.Login); err != nil {
		return nil, err
	}
	source.Warn = func(err error) { inv.talk.warn("%v", err) }
	inv.remark(source.Login)
	if err := inv.offerShared(ctx, &source.Login); err != nil {
		return nil, err
	}
	inv.source = source
	return source, nil
}

// openLogin finds the login. One that the configuration file names may not go wherever
// somebody says, as one may that is named for this call: the file is there all the time,
// and would do for a forgotten CODEXCTL_BASE_URL as well.
func (inv *invocation) openLogin(ctx context.Context, client *http.Client) (*auth.Source, error) {
	source, err := auth.Open(ctx, inv.locator(), inv.authConfig(client))
	if err != nil {
		return nil, err
	}
	if from, set := inv.origin["auth-file"]; set && from.variable == "" {
		source.Login.Named = false
	}
	return source, nil
}

// authConfig is how to reach the issuer.
func (inv *invocation) authConfig(client *http.Client) auth.Config {
	return auth.Config{
		Issuer: strings.TrimSuffix(inv.global.issuer, "/"), UserAgent: userAgent(),
		HTTPClient: client, Now: inv.env.Now,
	}
}

// remark says what is odd about the login in use, once.
func (inv *invocation) remark(login credentials.Selection) {
	if inv.remarked {
		return
	}
	inv.remarked = true
	for _, passed := range login.Passed {
		if errors.Is(passed.Err, credentials.ErrDead) {
			inv.talk.warn("%s; going on with %s", passed, login.Origin)
		}
	}
	inv.talk.detail("login: %s", login.Origin)
	if file, ok := login.File(); ok {
		for _, exposure := range file.Exposures() {
			inv.talk.warn("%s", exposure)
		}
	}
}

// offerShared asks a person whether to renew the official client's login, once it
// has run out. Without a person, or with --no-input, nothing is asked.
func (inv *invocation) offerShared(ctx context.Context, login *credentials.Selection) error {
	shared := login.Kind == credentials.KindFile && !login.Renewable && !login.Credential.RefreshToken.Empty()
	if !shared || inv.global.noRefresh || !inv.canAsk() || login.State(inv.env.Now()) != credentials.StateExpired {
		return nil
	}
	question := fmt.Sprintf("The login in %s belongs to the official Codex CLI and has run out. Renew it and write it back?", login.Path)
	if err := inv.agree(ctx, question); err != nil {
		return err
	}
	login.Renewable = true
	return nil
}

// rescueDir is where tokens go that cannot be stored. Without a place for state it is
// a fresh folder: one with a known name in a shared place could be somebody else's.
func (inv *invocation) rescueDir(login credentials.Selection) (string, error) {
	if dir := inv.stateDir(); dir != "" || !login.CanRenew() {
		return dir, nil
	}
	dir, err := os.MkdirTemp("", "codexctl-rescue-")
	if err != nil {
		return "", &settingError{"HOME", fmt.Errorf("it is not set, and there is no folder for temporary files: %w", plainPathError(err))}
	}
	inv.atEnd = append(inv.atEnd, func() { _ = os.Remove(dir) }) // stays if something is in it
	return dir, nil
}

// client is the way to the backend, signed in.
func (inv *invocation) client(ctx context.Context) (*responses.Client, error) {
	client, err := inv.unsigned()
	if err != nil {
		return nil, err
	}
	if client.HTTPClient, err = inv.httpClient(ctx); err != nil {
		return nil, err
	}
	if client.Authorizer, err = inv.signIn(ctx, client.HTTPClient); err != nil {
		return nil, err
	}
	client.Catalogue = inv.catalogue(client, inv.source.Account)
	return client, nil
}

// unsigned is a client that knows who we are and not yet who the person is.
func (inv *invocation) unsigned() (*responses.Client, error) {
	g := &inv.global
	if err := inv.checkURL("base-url", g.baseURL); err != nil {
		return nil, err
	}
	header, err := inv.headers()
	if err != nil {
		return nil, err
	}
	if _, given := header[sessionHeader]; !given && inv.conversation != "" {
		header.Set(sessionHeader, inv.conversation)
	}
	for flag, value := range map[string]string{"originator": g.originator, "client-version": g.clientVersion} {
		if !httpguts.ValidHeaderFieldValue(value) {
			return nil, inv.badSetting(flag, errors.New("it has a character that a header cannot hold"))
		}
	}
	client := &responses.Client{
		BaseURL: g.baseURL, Originator: g.originator, NoOriginator: g.noOriginator,
		UserAgent: userAgent(), ClientVersion: g.clientVersion, Header: header,
		Retries: g.retries, IdleTimeout: g.idleTimeout, Notify: inv.tell, Now: inv.env.Now,
	}
	if client.IdleTimeout == 0 {
		client.IdleTimeout = -1
	}
	return client, nil
}

// tell says on stderr what happens on the way to an answer.
func (inv *invocation) tell(n responses.Notice) {
	switch n.Kind {
	case responses.NoticeRetry:
		inv.talk.note("codexctl: %v; trying again in %s", n.Err, n.Delay.Round(1e8))
	case responses.NoticeRenewed:
		inv.talk.detail("the backend did not accept the token; trying once more with a fresh one")
	case responses.NoticeLite:
		inv.talk.detail("%s wants the Lite form of requests; sending it", n.Model)
	case responses.NoticeSkipped:
		inv.talk.warn("%v", n.Err)
	}
}

// headers reads -H 'Name: value' as curl does: 'Name:' removes a header. No error shows a
// value.
func (inv *invocation) headers() (http.Header, error) {
	header := make(http.Header)
	for i, line := range inv.global.headers {
		name, value, ok := strings.Cut(line, ":")
		name, value = strings.TrimSpace(name), strings.TrimSpace(value)
		switch {
		case !ok:
			return nil, inv.badItem("header", i, errors.New("want 'Name: value'"))
		case !httpguts.ValidHeaderFieldName(name):
			return nil, inv.badItem("header", i, errors.New("what stands before the colon is no name of a header"))
		case !httpguts.ValidHeaderFieldValue(value):
			return nil, inv.badItem("header", i, fmt.Errorf("the value of %s has a character that a header cannot hold", name))
		}
		name = http.CanonicalHeaderKey(name)
		if name == "Content-Length" || name == "Transfer-Encoding" {
			return nil, inv.badItem("header", i, fmt.Errorf("%s follows from the body and cannot be set", name))
		}
		if value == "" {
			header[name] = nil
			continue
		}
		header[name] = append(header[name], value)
	}
	return header, nil
}
