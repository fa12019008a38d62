package cli

import (
	"context"
	"fmt"
	"io"
	"time"

	"github.com/codexctl/codexctl/internal/session"
)

func sessionsListCommand() command {
	return command{
		name: "list", summary: "what is kept, the newest first",
		examples: []string{"codexctl sessions list", "codexctl sessions list --json --transform items.0.id -r"},
		result:   always(sessionsListDocument{}),
		setup: func(inv *invocation) ([]flagSpec, action) {
			return nil, func(ctx context.Context, _ []string) error { return inv.listSessions(ctx) }
		},
	}
}

// sessionsListDocument is the JSON result of `sessions list`.
type sessionsListDocument struct {
	SchemaVersion int               `json:"schema_version"`
	Type          string            `json:"type"`
	Items         []sessionDocument `json:"items"`
	Error         *errorDocument    `json:"error"`
}

func (inv *invocation) listSessions(ctx context.Context) error {
	kept, err := inv.openSessions(false)
	if err != nil {
		return err
	}
	list, err := kept.list(ctx)
	if err != nil {
		return err
	}
	if inv.global.wantsDocument() {
		doc := sessionsListDocument{1, "sessions list", []sessionDocument{}, nil}
		for _, sum := range list {
			doc.Items = append(doc.Items, newSessionDocument(sum))
		}
		return inv.document(doc)
	}
	if len(list) == 0 {
		inv.talk.note("codexctl: nothing is kept in %s", kept.dir)
		return nil
	}
	return inv.table(func(w io.Writer) { sessionRows(w, list, inv.env.Now(), inv.out.terminal) })
}

// sessionRows is the table; for programs without its head.
func sessionRows(w io.Writer, list []session.Summary, now time.Time, head bool) {
	if head {
		fmt.Fprintln(w, "ID\tUSED\tTURNS\tMODEL\tBEGINS")
	}
	for _, s := range list {
		fmt.Fprintf(w, "%s\t%s ago\t%d\t%s\t%s\n", s.ID, roughly(max(0, now.Sub(s.Used))), s.Exchanges, oneLine(s.Model), oneLine(s.Title))
	}
}
