package cli

import (
	"context"
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/codexctl/codexctl/internal/session"
)

// sessionsPruneOptions are the flags of `sessions prune`.
type sessionsPruneOptions struct {
	olderThan string
}

func sessionsPruneCommand() command {
	return command{
		name: "prune", summary: "remove conversations that nobody has used for long",
		details:  "That happens by itself once a day. What is in use stays.",
		examples: []string{"codexctl sessions prune", "codexctl sessions prune --older-than 7d"},
		result:   always(removedDocument{}),
		setup: func(inv *invocation) ([]flagSpec, action) {
			o := &sessionsPruneOptions{}
			flags := []flagSpec{stringFlag("older-than", "DUR", &o.olderThan, "how long it was not used, such as 12h or 7d (default 30d)")}
			return flags, func(ctx context.Context, _ []string) error { return o.run(ctx, inv) }
		},
	}
}

func (o *sessionsPruneOptions) run(ctx context.Context, inv *invocation) error {
	config := inv.sessionConfig()
	if o.olderThan != "" {
		age, err := parseAge(o.olderThan)
		if err != nil {
			return usagef("--older-than wants a time such as 12h or 7d, not %q", o.olderThan)
		}
		// What a person removes leaves nothing behind: its id is free at once.
		config.TTL, config.GeneratedTTL, config.EndedFor = age, age, 1
	}
	kept, err := inv.openSessions(false)
	if err != nil {
		return err
	}
	if kept.store == nil {
		return inv.showRemoved(ctx, kept, "sessions prune", nil)
	}
	before, err := kept.everything(ctx, inv)
	if err != nil {
		return err
	}
	if err := session.New(kept.folder, config).Sweep(ctx); err != nil {
		return err
	}
	after, err := kept.everything(ctx, inv)
	if err != nil {
		return err
	}
	return inv.showRemoved(ctx, kept, "sessions prune", missingFrom(after, before))
}

// everything is the ids of all records, those included whose time is over.
func (k *keptSessions) everything(ctx context.Context, inv *invocation) ([]string, error) {
	const ever = math.MaxInt64
	list, err := session.New(k.folder, session.Config{TTL: ever, GeneratedTTL: ever, Now: inv.env.Now}).List(ctx)
	var ids []string
	for _, sum := range list {
		ids = append(ids, sum.ID)
	}
	return ids, err
}

// missingFrom is what was there before and is not any more.
func missingFrom(now, before []string) []string {
	there := make(map[string]bool, len(now))
	for _, id := range now {
		there[id] = true
	}
	var gone []string
	for _, id := range before {
		if !there[id] {
			gone = append(gone, id)
		}
	}
	return gone
}

// parseAge reads a time that may be given in days. Zero is the shortest there is.
func parseAge(text string) (time.Duration, error) {
	age, err := time.ParseDuration(text)
	if days, ok := strings.CutSuffix(text, "d"); ok {
		var n uint64
		n, err = strconv.ParseUint(days, 10, 16)
		age = time.Duration(n) * 24 * time.Hour
	}
	switch {
	case err != nil:
		return 0, err
	case age < 0:
		return 0, fmt.Errorf("%s is negative", text)
	}
	return max(age, 1), nil
}
