package cli

import (
	"context"
	"encoding/json"
	"io"

	"github.com/codexctl/codexctl/internal/session"
	"github.com/codexctl/codexctl/internal/terminal"
)

// sessionsShowOptions are the flags of `sessions show`.
type sessionsShowOptions struct {
	text bool
}

func sessionsShowCommand() command {
	return command{
		name: "show", summary: "print a conversation", args: "[ID]",
		details:  "Without an id, the newest. Encrypted reasoning is in --json alone.",
		examples: []string{"codexctl sessions show", "codexctl sessions show work --text > work.txt", "codexctl sessions show --json --transform items"},
		result:   always(sessionsShowDocument{}),
		setup: func(inv *invocation) ([]flagSpec, action) {
			o := &sessionsShowOptions{}
			flags := []flagSpec{boolFlag("text", &o.text, "plain text, whatever stdout is")}
			return flags, func(ctx context.Context, args []string) error { return o.run(ctx, inv, args) }
		},
	}
}

// sessionsShowDocument is the JSON result of `sessions show`. Its items are as they were
// sent and received, one after the other.
type sessionsShowDocument struct {
	SchemaVersion int    `json:"schema_version"`
	Type          string `json:"type"`
	sessionDocument
	Instructions *string            `json:"instructions"`
	Exchanges    []exchangeDocument `json:"exchanges"`
	Items        []json.RawMessage  `json:"items"`
	Error        *errorDocument     `json:"error"`
}

func (o *sessionsShowOptions) run(ctx context.Context, inv *invocation, args []string) error {
	if o.text && inv.global.wantsDocument() {
		return usagef("--text and --json exclude each other")
	}
	kept, err := inv.openSessions(false)
	if err != nil {
		return err
	}
	found, err := kept.find(ctx, args)
	if err != nil {
		return err
	}
	sum, nodes, err := kept.store.Get(ctx, found.ID)
	if err != nil {
		return explainMissing(found.ID, err)
	}
	inv.warnOfHole(found.ID, nodes, "; its file: codexctl sessions path "+shellWord(found.ID))
	if inv.global.wantsDocument() {
		return inv.document(newSessionsShowDocument(sum, nodes))
	}
	palette := terminal.Palette{On: !o.text && terminal.Colour(inv.global.color, inv.env.Getenv, inv.out.terminal)}
	if !palette.On {
		_, err = io.WriteString(inv.out, transcript(nodes, palette))
		return err
	}
	return inv.out.styled(transcript(nodes, palette))
}

func newSessionsShowDocument(s session.Summary, nodes []session.Node) sessionsShowDocument {
	doc := sessionsShowDocument{
		SchemaVersion: 1, Type: "sessions show", sessionDocument: newSessionDocument(s),
		Instructions: stringOrNull(instructionsOf(nodes)), Exchanges: []exchangeDocument{}, Items: sessionItems(nodes),
	}
	for _, n := range nodes {
		doc.Exchanges = append(doc.Exchanges, exchangeDocument{
			ResponseID: n.ID, Model: stringOrNull(n.Model), CompletedAt: instant(n.At),
			Items: len(n.In) + len(n.Out), Usage: noteOf(n).Usage,
		})
	}
	return doc
}
