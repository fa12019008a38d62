package cli

import (
	"context"
	"fmt"
)

func sessionsPathCommand() command {
	return command{
		name: "path", summary: "print where conversations lie, or the file of one", args: "[ID]",
		details:  "The folder is printed as well when there is nothing in it yet.",
		examples: []string{"codexctl sessions path", "codexctl sessions path work"},
		result:   always(sessionsPathDocument{}),
		setup: func(inv *invocation) ([]flagSpec, action) {
			return nil, inv.showSessionsPath
		},
	}
}

// sessionsPathDocument is the JSON result of `sessions path`.
type sessionsPathDocument struct {
	SchemaVersion int            `json:"schema_version"`
	Type          string         `json:"type"`
	Path          string         `json:"path"`
	ID            *string        `json:"id"`
	Error         *errorDocument `json:"error"`
}

func (inv *invocation) showSessionsPath(ctx context.Context, args []string) error {
	kept, err := inv.openSessions(false)
	if err != nil {
		return err
	}
	doc := sessionsPathDocument{SchemaVersion: 1, Type: "sessions path", Path: kept.dir}
	if len(args) > 0 {
		found, err := kept.find(ctx, args)
		if err != nil {
			return err
		}
		doc.Path, doc.ID = kept.folder.Path(found.ID), &found.ID
	}
	if inv.global.wantsDocument() {
		return inv.document(doc)
	}
	_, err = fmt.Fprintln(inv.out, doc.Path)
	return err
}
