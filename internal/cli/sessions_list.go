package cli

import (
	"context"
	"strconv"
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
	return inv.grid(sessionGrid(list, inv.env.Now()))
}

func sessionGrid(list []session.Summary, now time.Time) grid {
	table := grid{head: []string{"ID", "USED", "TURNS", "MODEL", "BEGINS"}, wraps: []int{4}}
	for _, s := range list {
		used := roughly(max(0, now.Sub(s.Used))) + " ago"
		table.rows = append(table.rows, []string{s.ID, used, strconv.Itoa(s.Exchanges), oneLine(s.Model), oneLine(s.Title)})
	}
	return table
}
