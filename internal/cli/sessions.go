package cli

import (
	"encoding/json"

	"github.com/codexctl/codexctl/internal/session"
)

func sessionsCommand() command {
	return command{
		name: "sessions", summary: "the conversations that ask has kept",
		details: "A conversation is kept for 30 days after its last exchange. To show and path\nan id may be given cut short, where no other begins so.",
		examples: []string{
			"codexctl sessions list",
			"codexctl sessions show",
			`codexctl ask --session work "and in French?"`,
			"codexctl sessions prune --older-than 7d",
		},
		subs: []command{
			sessionsListCommand(),
			sessionsShowCommand(),
			sessionsRemoveCommand(),
			sessionsPathCommand(),
			sessionsPruneCommand(),
		},
	}
}

// sessionDocument is a conversation in the JSON results.
type sessionDocument struct {
	ID        string  `json:"id"`
	Title     *string `json:"title"`
	Model     *string `json:"model"`
	Turns     int     `json:"turns"`
	CreatedAt *string `json:"created_at"`
	UsedAt    *string `json:"used_at"`
	ExpiresAt *string `json:"expires_at"`
}

func newSessionDocument(s session.Summary) sessionDocument {
	return sessionDocument{
		ID: s.ID, Title: stringOrNull(s.Title), Model: stringOrNull(s.Model), Turns: s.Exchanges,
		CreatedAt: instant(s.Created), UsedAt: instant(s.Used), ExpiresAt: instant(s.Expires),
	}
}

// exchangeDocument is one exchange of a conversation.
type exchangeDocument struct {
	ResponseID  string         `json:"response_id"`
	Model       *string        `json:"model"`
	CompletedAt *string        `json:"completed_at"`
	Items       int            `json:"items"` // how many of the items are its own
	Usage       *usageDocument `json:"usage"`
}

// sessionItems are the items of a history, in order; never nil.
func sessionItems(nodes []session.Node) []json.RawMessage {
	items := []json.RawMessage{}
	for _, node := range nodes {
		items = append(append(items, node.In...), node.Out...)
	}
	return items
}
