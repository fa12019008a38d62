package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/codexctl/codexctl/internal/session"
)

// sessionsRemoveOptions are the flags of `sessions rm`.
type sessionsRemoveOptions struct {
	all, yes bool
}

func sessionsRemoveCommand() command {
	return command{
		name: "rm", summary: "remove conversations", args: "[ID…]",
		details:  "Asks first. Wants whole ids; if one is not there, none is removed.",
		examples: []string{"codexctl sessions rm work", "codexctl sessions rm --all -y"},
		result:   always(removedDocument{}),
		setup: func(inv *invocation) ([]flagSpec, action) {
			o := &sessionsRemoveOptions{}
			flags := []flagSpec{
				boolFlag("all", &o.all, "remove every conversation"),
				boolFlag("yes,y", &o.yes, "do not ask"),
			}
			return flags, func(ctx context.Context, args []string) error { return o.run(ctx, inv, args) }
		},
	}
}

// removedDocument is the JSON result of `sessions rm` and `sessions prune`.
type removedDocument struct {
	SchemaVersion int              `json:"schema_version"`
	Type          string           `json:"type"`
	Items         []removedSession `json:"items"` // what was removed
	Kept          int              `json:"kept"`  // how many there are now
	Error         *errorDocument   `json:"error"`
}

type removedSession struct {
	ID string `json:"id"`
}

func (o *sessionsRemoveOptions) run(ctx context.Context, inv *invocation, args []string) error {
	switch {
	case o.all && len(args) > 0:
		return usagef("--all and ids exclude each other")
	case !o.all && len(args) == 0:
		return &usageError{message: "which conversation?", hint: "name it, or all of them: codexctl sessions rm --all"}
	}
	kept, err := inv.openSessions(false)
	if err != nil {
		return err
	}
	ids, err := o.which(ctx, kept, args)
	if err != nil {
		return err
	}
	if !o.yes {
		if err := inv.mustAgree(ctx, removeQuestion(ids), "-y"); err != nil {
			return err
		}
	}
	for _, id := range ids {
		// Somebody else may have removed it meanwhile.
		if err := kept.store.Remove(ctx, id); err != nil && !errors.Is(err, session.ErrNotFound) {
			return err
		}
	}
	return inv.showRemoved(ctx, kept, "sessions rm", ids)
}

// which finds all that is to be removed, each once. The id of a conversation that has
// ended counts: to remove it makes it free again.
func (o *sessionsRemoveOptions) which(ctx context.Context, kept *keptSessions, words []string) ([]string, error) {
	list, err := kept.list(ctx)
	if err != nil {
		return nil, err
	}
	var ids []string
	if o.all {
		for _, sum := range list {
			ids = append(ids, sum.ID)
		}
		if len(ids) == 0 {
			return nil, nothingKept(kept.dir)
		}
		return ids, nil
	}
	seen := make(map[string]bool)
	for _, word := range words {
		sum, err := kept.exact(ctx, list, word)
		switch {
		case errors.Is(err, session.ErrEnded):
			sum.ID = word
		case err != nil:
			return nil, err
		}
		if !seen[sum.ID] {
			seen[sum.ID], ids = true, append(ids, sum.ID)
		}
	}
	return ids, nil
}

func removeQuestion(ids []string) string {
	if len(ids) <= 3 {
		return "Remove " + strings.Join(ids, ", ") + "?"
	}
	return fmt.Sprintf("Remove %d conversations?", len(ids))
}

// showRemoved says what was removed.
func (inv *invocation) showRemoved(ctx context.Context, kept *keptSessions, kind string, ids []string) error {
	left, err := kept.list(ctx)
	if err != nil {
		return err
	}
	if inv.global.wantsDocument() {
		doc := removedDocument{1, kind, []removedSession{}, len(left), nil}
		for _, id := range ids {
			doc.Items = append(doc.Items, removedSession{id})
		}
		return inv.document(doc)
	}
	for _, id := range ids {
		if _, err := io.WriteString(inv.out, id+"\n"); err != nil {
			return err
		}
	}
	inv.talk.note("codexctl: %d removed, %d kept", len(ids), len(left))
	return nil
}
