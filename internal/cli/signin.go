package cli

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/codexctl/codexctl/pkg/auth"
	"github.com/codexctl/codexctl/pkg/credentials"
)

// waitingPause is the time between two `waiting` lines.
const waitingPause = 5 * time.Second

// signIn is what both ways to sign in share: where the login goes, and how the
// person and the program are told.
type signIn struct {
	inv     *invocation
	replace *replaceOptions
	keeper  auth.Keeper
	config  auth.Config

	mu     sync.Mutex
	failed error // the first error of the line writer
}

// The lines of `auth login --jsonl` and `auth login-device --jsonl`, before `done` or
// `error`.
type (
	urlLine struct {
		Type string `json:"type"`
		URL  string `json:"url"`
	}
	codeLine struct {
		Type string `json:"type"`
		codeFields
	}
	waitingLine struct {
		Type     string `json:"type"`
		ElapsedS int64  `json:"elapsed_s"`
	}
)

func newSignIn(ctx context.Context, inv *invocation, replace *replaceOptions) (*signIn, error) {
	if err := inv.checkURL("issuer", inv.global.issuer); err != nil {
		return nil, err
	}
	format, err := parseFormat("format", replace.format)
	if err != nil {
		return nil, err
	}
	client, err := inv.httpClient(ctx)
	if err != nil {
		return nil, err
	}
	return &signIn{
		inv: inv, replace: replace, config: inv.authConfig(client),
		keeper: auth.Keeper{
			File: inv.locator().Target(), Format: format, Replace: true,
			Warn: func(err error) { inv.talk.warn("%v", err) },
		},
	}, nil
}

// begin makes sure, before anybody is asked to sign in, that a present login may be
// replaced and that the new one can be stored.
func (s *signIn) begin(ctx context.Context) error {
	if err := hasPlace(s.keeper.File); err != nil {
		return err
	}
	if err := s.replace.mayReplace(ctx, s.inv, s.keeper.File); err != nil {
		return err
	}
	for _, variable := range []string{credentials.VariableToken, credentials.VariableCodexToken} {
		if s.inv.env.Getenv(variable) != "" && s.inv.global.authFile == "" {
			s.inv.talk.warn("%s is set: it is used before the login that is stored now", variable)
		}
	}
	return s.keeper.Check(ctx)
}

// hasPlace refuses a store that lies nowhere.
func hasPlace(file credentials.File) error {
	if file.Path == "" {
		return &settingError{"HOME", errors.New("there is no home directory to store the login in; name a file: --auth-file FILE")}
	}
	return nil
}

// emit writes a line of --jsonl. It is safe for concurrent use.
func (s *signIn) emit(v any) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.inv.global.jsonl && s.failed == nil {
		s.failed = s.inv.line(v)
	}
}

// waiting says from time to time, for programs, that nothing has happened yet. The
// function it returns ends that.
func (s *signIn) waiting(ctx context.Context) (stop func()) {
	if !s.inv.global.jsonl {
		return func() {}
	}
	ctx, cancel := context.WithCancel(ctx)
	ended := make(chan struct{})
	start := s.inv.env.Now()
	go func() {
		defer close(ended)
		ticker := time.NewTicker(waitingPause)
		defer ticker.Stop()
		for {
			select {
			case <-ticker.C:
				s.emit(waitingLine{"waiting", int64(s.inv.env.Now().Sub(start) / time.Second)})
			case <-ctx.Done():
				return
			}
		}
	}()
	return func() {
		cancel()
		<-ended
	}
}

// conclude tells how it ended: with the login as `auth status` shows it, or with an
// error that Main shows.
func (s *signIn) conclude(ctx context.Context, err error) error {
	switch {
	case s.failed != nil:
		return s.failed
	case err != nil:
		return err
	}
	return s.inv.showStored(ctx, s.keeper.File, s.inv.commandName())
}

// showStored shows a login that has just been stored.
func (inv *invocation) showStored(ctx context.Context, file credentials.File, kind string) error {
	c, format, err := file.Read(ctx)
	if err != nil {
		return err
	}
	now := inv.env.Now()
	login := credentials.Selection{
		Origin:     credentials.Origin{Kind: credentials.KindFile, Path: file.Path, Format: format, Named: true, Renewable: true},
		Credential: c,
	}
	doc := offlineStatus(login, nil, now)
	switch doc.Type = kind; {
	case inv.global.jsonl:
		doc.Type = "done"
		return inv.line(doc)
	case inv.global.wantsDocument():
		return inv.document(doc)
	}
	inv.talk.say(fmt.Sprintf("Signed in as %s. The login is in %s.", cmp.Or(account(doc), "an unnamed account"), file.Path))
	return nil
}

// boundedWait bounds the wait for a person. 0 is no bound.
func boundedWait(ctx context.Context, wait time.Duration) (context.Context, context.CancelFunc) {
	if wait <= 0 {
		return context.WithCancel(ctx)
	}
	return context.WithTimeoutCause(ctx, wait, fmt.Errorf("%w after %s (--wait)", errNobodyCame, wait))
}
