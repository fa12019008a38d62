package cli

import (
	"context"
	"errors"
	"fmt"

	"github.com/codexctl/codexctl/internal/session"
)

// sessionOptions are the flags of `ask` about conversations.
type sessionOptions struct {
	newest bool     // --continue
	named  optional // --session
	fork   bool
	log    decision
	noLog  bool
}

func (o *sessionOptions) flags() []flagSpec {
	return []flagSpec{
		boolFlag("continue,c", &o.newest, "go on with the newest conversation"),
		optionalFlag("session", "NAME", &o.named, "go on with the conversation of that name, or begin it"),
		boolFlag("fork", &o.fork, "with -c or --session: go on under a new id, and leave the conversation as it is"),
		decisionFlag("log", &o.log, "keep the conversation (default auto: if stderr is a terminal and CI is unset)"),
		boolFlag("no-log,n", &o.noLog, "keep nothing; -c and --session go on all the same"),
	}
}

// goesOn says whether a conversation is named.
func (o *sessionOptions) goesOn() bool { return o.newest || o.named.given }

// check checks the flags against each other.
func (o *sessionOptions) check() error {
	switch {
	case o.newest && o.named.given:
		return usagef("--continue and --session exclude each other")
	case o.fork && !o.goesOn():
		return usagef("--fork goes with --continue or --session")
	case o.fork && o.noLog:
		return usagef("--fork begins a conversation, and --no-log keeps none")
	case o.named.given:
		if err := session.ValidID(o.named.text); err != nil {
			return fmt.Errorf("--session: %w", err)
		}
	}
	return nil
}

// keeps says whether the exchange is to be kept. --no-log has the last word, then what
// names a conversation, then the setting; without any, a person at a terminal decides.
func (o *sessionOptions) keeps(inv *invocation) bool {
	switch {
	case o.noLog:
		return false
	case o.goesOn():
		return true
	case o.log.made:
		return o.log.yes
	}
	return inv.env.StderrTerminal && !truthy(inv.env.Getenv("CI"))
}

// open finds the conversation, waits for its turn and reads it. dry changes nothing on
// the disk.
func (o *sessionOptions) open(ctx context.Context, inv *invocation, dry bool) (*conversation, error) {
	if err := o.check(); err != nil {
		return nil, err
	}
	keeps := o.keeps(inv) && !dry
	if !keeps && !o.goesOn() {
		return nil, nil
	}
	kept, err := o.store(inv, keeps)
	if err != nil || kept == nil {
		return nil, err
	}
	c := &conversation{inv: inv, kept: kept}
	if !o.goesOn() {
		c.turn = kept.store.Generate()
		c.id = c.turn.ID()
		return c, nil
	}
	if c.id, err = o.which(ctx, inv, kept); err != nil {
		return nil, err
	}
	switch {
	case o.fork && keeps:
		err = c.fork(ctx)
	case keeps:
		err = c.begin(ctx)
	default:
		err = c.read(ctx, !o.fork)
	}
	if err != nil {
		return nil, explainMissing(c.id, err)
	}
	return c, nil
}

// store opens the place of conversations; nil when there is none and none is needed. It
// is made only for what is to be kept, and that it cannot be made is no error.
func (o *sessionOptions) store(inv *invocation, keeps bool) (*keptSessions, error) {
	create := keeps && !o.newest && !o.fork
	kept, err := inv.openSessions(create)
	switch {
	case err != nil && create:
		inv.talk.warn("the conversation is not kept: %v", err)
		return nil, nil
	case err != nil:
		return nil, err
	case kept.store != nil:
		return kept, nil
	case o.newest:
		return nil, nothingKept(kept.dir)
	case o.fork:
		return nil, explainMissing(o.named.text, fmt.Errorf("session %s: %w", o.named.text, session.ErrNotFound))
	}
	return nil, nil
}

// which is the id of the conversation to go on with.
func (o *sessionOptions) which(ctx context.Context, inv *invocation, kept *keptSessions) (string, error) {
	if o.named.given {
		return o.named.text, nil
	}
	list, err := kept.list(ctx)
	switch {
	case err != nil:
		return "", err
	case len(list) == 0:
		return "", nothingKept(kept.dir)
	}
	inv.talk.detail("going on with %s", list[0].ID)
	return list[0].ID, nil
}

// nothingKept is --continue without a conversation.
func nothingKept(dir string) error {
	return &noSessionError{
		err:  fmt.Errorf("nothing is kept in %s: %w", dir, session.ErrNotFound),
		hint: `begin one: codexctl ask --session NAME "…"`,
	}
}

// noSessionError is a conversation that there is not, and what to do instead.
type noSessionError struct {
	err  error
	hint string
}

func (e *noSessionError) Error() string { return e.err.Error() }
func (e *noSessionError) Unwrap() error { return e.err }

// explainMissing adds to an error about a conversation what to do.
func explainMissing(id string, err error) error {
	switch {
	case errors.Is(err, session.ErrEnded):
		return &noSessionError{err, "it was idle for too long; begin it anew: codexctl sessions rm -y " + id}
	case errors.Is(err, session.ErrNotFound):
		return &noSessionError{err, "see what there is: codexctl sessions list"}
	}
	return err
}
