package cli

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/codexctl/codexctl/internal/proxy"
	"github.com/codexctl/codexctl/internal/redis"
	"github.com/codexctl/codexctl/internal/session"
)

// sweepEvery is how often idle conversations are looked for.
const sweepEvery = 10 * time.Minute

// listAge is how old the list of models may be, as in the official client.
const listAge = 5 * time.Minute

// redisPrefix leads the keys of this program in a server that others may use as well.
const redisPrefix = "codexctl:serve:"

// config wires the server. finish gives back what it holds.
func (o *serveOptions) config(ctx context.Context, inv *invocation, key string, logger *slog.Logger) (proxy.Config, func(), error) {
	none := func() {}
	instructions, err := o.readInstructions(ctx, inv)
	if err != nil {
		return proxy.Config{}, none, err
	}
	client, err := inv.unsigned()
	if err != nil {
		return proxy.Config{}, none, err
	}
	if err := inv.checkURL("issuer", inv.global.issuer); err != nil {
		return proxy.Config{}, none, err
	}
	if client.HTTPClient, err = inv.httpClient(ctx); err != nil {
		return proxy.Config{}, none, err
	}
	client.Notify = nil
	login := &standingLogin{inv: inv, client: client.HTTPClient, warn: func(err error) { logger.Warn("login", slog.String("cause", err.Error())) }}
	client.Authorizer = login
	list := inv.catalogue(client, login.account)
	list.MaxAge = listAge
	client.Catalogue = list
	store, closeStore, err := o.sessions(ctx, inv, login)
	if err != nil {
		return proxy.Config{}, none, err
	}
	finish := none
	if store != nil {
		stop := sweep(store, logger)
		finish = func() { stop(); closeStore() }
	}
	model := o.model.text
	if model == "" {
		model = defaultModel
	}
	codex, v1 := o.reasonings()
	return proxy.Config{
		Client: client, Login: login.look, Models: list.Models, DefaultModel: model, Sessions: store,
		Explain: inv.explainToCaller, Key: key, Hosts: o.hosts(), AnyHost: o.unix != "", Origins: o.origins,
		Instructions: instructions, Mode: o.mode(), ChatReasoning: codex, V1Reasoning: v1, Strict: o.strict,
		Aliases: o.modelAliases(), MaxConcurrent: o.maxConcurrent, Timeout: inv.global.timeout,
		Log: logger, Version: readBuild().Version, Now: inv.env.Now,
	}, finish, nil
}

// readInstructions are the server's own; empty when it has none.
func (o *serveOptions) readInstructions(ctx context.Context, inv *invocation) (string, error) {
	if o.instructionsFile == "" {
		return "", nil
	}
	text, err := inv.readFile(ctx, "instructions-file", o.instructionsFile)
	if err != nil {
		return "", inv.blame("instructions-file", err)
	}
	if blank(text) {
		return "", inv.blame("instructions-file", usagef("--instructions-file %s: the file is empty", o.instructionsFile))
	}
	return strings.TrimSpace(text), nil
}

// hosts are the names that the server answers to: those that were listed, and the one
// that it was told to listen on.
func (o *serveOptions) hosts() []string {
	hosts := append([]string(nil), o.allowHosts...)
	switch o.host {
	case "", "0.0.0.0", "::":
		return hosts
	}
	return append(hosts, o.host)
}

// sessions is where conversations are kept; nil keeps none. A shared store guards the
// renewal of the login as well, since its other users have the same.
func (o *serveOptions) sessions(ctx context.Context, inv *invocation, login *standingLogin) (*session.Store, func(), error) {
	if o.noStore {
		return nil, nil, nil
	}
	config := session.Config{TTL: o.sessionTTL, Now: inv.env.Now}
	if o.sessionStore != "" {
		server, err := redis.Open(ctx, o.sessionStore)
		if err != nil {
			return nil, nil, inv.badSetting("session-store", err)
		}
		login.guard = server.Guard()
		store := session.New(server.Backend(redisPrefix), config)
		return store, func() { _ = store.Close(); _ = server.Close() }, nil
	}
	dir := inv.stateDir()
	if dir == "" {
		return nil, nil, &settingError{"HOME", errors.New("it is not set, so there is no place for conversations; do without them: --no-store")}
	}
	folder, err := session.OpenFolder(filepath.Join(dir, "serve"))
	if err != nil {
		return nil, nil, &settingError{"XDG_STATE_HOME", fmt.Errorf("%w; do without conversations: --no-store", plainPathError(err))}
	}
	store := session.New(folder, config)
	return store, func() { _ = store.Close() }, nil
}

// sweep ends idle conversations now and then, until stop.
func sweep(store *session.Store, logger *slog.Logger) (stop func()) {
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() {
		defer close(done)
		ticker := time.NewTicker(sweepEvery)
		defer ticker.Stop()
		for {
			if err := store.Sweep(ctx); err != nil && ctx.Err() == nil {
				logger.Warn("idle conversations cannot be ended", slog.String("cause", err.Error()))
			}
			select {
			case <-ctx.Done():
				return
			case <-ticker.C:
			}
		}
	}()
	return func() { cancel(); <-done }
}

// logger writes the access log.
func (o *serveOptions) logger(inv *invocation) (*slog.Logger, func(), error) {
	to, finish := inv.env.Stderr, func() {}
	if o.logFile != "" {
		file, err := os.OpenFile(o.logFile, os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o600)
		if err != nil {
			return nil, nil, inv.blame("log-file", usagef("--log-file: %v", plainPathError(err)))
		}
		to, finish = file, func() { _ = file.Close() }
	}
	options := &slog.HandlerOptions{Level: slog.LevelInfo}
	switch {
	case inv.global.debug || inv.global.verbose:
		options.Level = slog.LevelDebug
	case inv.global.quiet && o.logFile == "":
		options.Level = slog.LevelError
	}
	if o.logFormat == "json" {
		return slog.New(slog.NewJSONHandler(to, options)), finish, nil
	}
	return slog.New(slog.NewTextHandler(to, options)), finish, nil
}

// explainToCaller puts an error into the words of the command line.
func (inv *invocation) explainToCaller(err error) proxy.Problem {
	told := inv.explain(err)
	hint := ""
	if told.Hint != nil {
		hint = *told.Hint
	}
	return proxy.Problem{Code: told.Code, Message: told.Message, Hint: hint}
}
