package cli

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/codexctl/codexctl/pkg/responses"
)

// Main runs the program and returns its exit code. args do not hold its name. The
// context's cause tells why it ended: see [Interrupted].
func Main(ctx context.Context, env *Env, args []string) int {
	inv := &invocation{
		env: env, global: defaultGlobals(),
		given: make(map[string]bool), origin: make(map[string]found),
	}
	inv.openStreams()
	if len(args) > 0 && args[0] == completeWord {
		return inv.complete(ctx, args[1:])
	}
	return inv.finish(inv.run(ctx, args))
}

// openStreams sets up both streams by the options known so far.
func (inv *invocation) openStreams() {
	inv.out = newOutput(inv.env.Stdout, inv.env.StdoutTerminal)
	inv.talk = newTalk(inv.env, &inv.global)
}

func (inv *invocation) run(ctx context.Context, args []string) error {
	root, globals := commands(), inv.global.flags()
	var locals []flagSpec
	var act action
	flags := func(path []string, c command, chosen bool) []flagSpec {
		if !chosen {
			flags, _ := c.setup(&invocation{env: inv.env})
			return flags
		}
		inv.path = path
		locals, act = c.setup(inv)
		return locals
	}
	line, err := parseLine(root, globals, flags, args)
	inv.typed = line
	if err != nil {
		inv.path = line.path
		inv.guessOutput(args)
		return err
	}
	inv.given, inv.dashed = line.given, line.dashed
	inv.onLine = slices.Concat(line.global, line.local)
	switch {
	case line.help:
		inv.guessOutput(args)
		return inv.showHelp(root, line.path)
	case line.version:
		act, locals, inv.path = inv.showVersion, nil, []string{"version"}
		line.path, line.local = inv.path, nil
	case act == nil:
		inv.guessOutput(args)
		return inv.showHelp(root, line.path)
	}
	return inv.apply(ctx, line, globals, locals, act)
}

// guessOutput looks for the output that the arguments ask for, when they cannot be
// parsed or no command is run.
func (inv *invocation) guessOutput(args []string) {
	if end := slices.Index(args, "--"); end >= 0 {
		args = args[:end]
	}
	for _, arg := range args {
		switch {
		case arg == "--jsonl":
			inv.global.jsonl = true
		case arg == "--json":
			inv.global.json = true
		case arg == "--transform", strings.HasPrefix(arg, "--transform="):
			inv.global.transform = "." // nothing goes to stdout
		}
	}
}

// apply gives the flags their values, from the line, the environment and the
// configuration file, and runs the command.
func (inv *invocation) apply(ctx context.Context, l line, globals, locals []flagSpec, act action) error {
	if err := setFlags(globals, l.global); err != nil {
		return err
	}
	if err := setFlags(locals, l.local); err != nil {
		return err
	}
	err := inv.applySettings(ctx, globals, locals)
	if settled := inv.settle(); err == nil {
		err = settled
	}
	if err == nil && inv.verify != nil {
		err = inv.verify()
	}
	if inv.unsettled = err; err != nil && !(inv.forgives() && isConfigError(err)) {
		return err
	}
	if inv.given["timeout"] {
		// Given on the line it bounds the whole command, whatever the command is.
		var cancel context.CancelFunc
		ctx, cancel = inv.bounded(ctx)
		defer cancel()
	}
	return act(ctx, l.args)
}

// setFlags sets flags to what stood on the line. The error is about the first value that
// its flag does not take; the others are set, for --json may be behind it.
func setFlags(flags []flagSpec, values []flagValue) error {
	var first error
	for _, v := range values {
		// The line has only flags that there are.
		f, _ := lookup(flags, v.name)
		if err := f.set(v.value); err != nil && first == nil {
			first = usagef("flag --%s wants %s", f.name, f.wants())
		}
	}
	return first
}

// forgives says whether the command works in spite of settings that cannot be used: those
// by which people find out what is wrong with them.
func (inv *invocation) forgives() bool {
	return slices.Contains([]string{"config path", "doctor", "help"}, inv.commandName())
}

// readsNoFile says whether the command has no use for the configuration file, and so works
// whatever is wrong with it.
func (inv *invocation) readsNoFile() bool {
	return slices.Contains([]string{"version", "completion", "man"}, inv.commandName())
}

// settle checks the global options against each other, once all are known.
func (inv *invocation) settle() error {
	g := &inv.global
	inv.openStreams()
	switch g.color {
	case "auto", "always", "never":
	default:
		return inv.badSetting("color", fmt.Errorf("want auto, always or never, not %q", g.color))
	}
	switch {
	case g.json && g.jsonl:
		return usagef("--json and --jsonl exclude each other")
	case g.jsonl && g.transform != "":
		return usagef("--transform works on one document, not on --jsonl")
	case g.rawOutput && g.transform == "":
		return usagef("--raw-output goes with --transform")
	case g.retries < 0:
		return inv.badSetting("retries", fmt.Errorf("want 0 or more, not %d", g.retries))
	case g.originator != "" && g.noOriginator && inv.given["originator"]:
		return usagef("--originator and --no-originator exclude each other")
	case g.jsonl && !slices.Contains([]string{"ask", "respond", "auth login", "auth login-device"}, inv.commandName()):
		return usagef("%s has no events for --jsonl; use --json", inv.commandName())
	}
	return inv.settleValues()
}

// settleValues checks values by themselves: no negative time, and no empty text, which
// is a variable of a script that nobody has set.
func (inv *invocation) settleValues() error {
	g := &inv.global
	for name, limit := range map[string]time.Duration{
		"timeout": g.timeout, "connect-timeout": g.connectTimeout,
		"idle-timeout": g.idleTimeout, "stdin-timeout": g.stdinTimeout,
	} {
		if err := inv.verifyTime(name, limit); err != nil {
			return err
		}
	}
	if v := g.clientVersion; v != "" && !isClientVersion(v) {
		return inv.badSetting("client-version", fmt.Errorf("want a version of the Codex CLI such as %s, not %q", responses.DefaultClientVersion, v))
	}
	for name, value := range map[string]string{
		"transform": g.transform, "auth-file": g.authFile, "base-url": g.baseURL, "issuer": g.issuer,
		"originator": g.originator, "client-version": g.clientVersion, "ca-cert": g.caCert,
		"config": g.config,
	} {
		if inv.given[name] && value == "" {
			return usagef("--%s is empty; leave it out to do without", name)
		}
	}
	return nil
}
