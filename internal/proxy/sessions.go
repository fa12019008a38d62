package proxy

import (
	"encoding/json"
	"net/http"
	"time"

	"github.com/codexctl/codexctl/internal/session"
)

// sessionDocument tells of one kept conversation.
type sessionDocument struct {
	Object    string `json:"object"` // session
	ID        string `json:"id"`
	Generated bool   `json:"generated"`
	Created   string `json:"created_at"` // RFC 3339, UTC, as the others
	Used      string `json:"used_at"`
	Expires   string `json:"expires_at"`
	Exchanges int    `json:"exchanges"`
	Model     string `json:"model"`

	// Items is the history, in one conversation alone.
	Items []json.RawMessage `json:"items,omitempty"`
}

func describe(s session.Summary) sessionDocument {
	instant := func(t time.Time) string { return t.UTC().Format(time.RFC3339) }
	return sessionDocument{
		Object: "session", ID: s.ID, Generated: s.Generated, Created: instant(s.Created), Used: instant(s.Used),
		Expires: instant(s.Expires), Exchanges: s.Exchanges, Model: s.Model,
	}
}

func (x *exchange) sessions() (*session.Store, error) {
	if x.server.config.Sessions == nil {
		return nil, errNoSessions
	}
	return x.server.config.Sessions, nil
}

// listSessions answers with the kept conversations, the last used first.
func (x *exchange) listSessions() error {
	store, err := x.sessions()
	if err != nil {
		return err
	}
	all, err := store.List(x.ctx)
	if err != nil {
		return storeError(x.ctx, err)
	}
	list := struct {
		Object string            `json:"object"`
		Data   []sessionDocument `json:"data"`
	}{"list", []sessionDocument{}}
	for _, s := range all {
		list.Data = append(list.Data, describe(s))
	}
	writeJSON(x.w, http.StatusOK, encode(list))
	return nil
}

// showSession answers with one conversation and its history.
func (x *exchange) showSession() error {
	store, err := x.sessions()
	if err != nil {
		return err
	}
	summary, nodes, err := store.Get(x.ctx, x.r.PathValue("session"))
	if err != nil {
		return storeError(x.ctx, err)
	}
	document := describe(summary)
	for _, node := range nodes {
		document.Items = append(append(document.Items, node.In...), node.Out...)
	}
	writeJSON(x.w, http.StatusOK, encode(document))
	return nil
}

// removeSession forgets a conversation. Its id is free at once.
func (x *exchange) removeSession() error {
	store, err := x.sessions()
	if err != nil {
		return err
	}
	id := x.r.PathValue("session")
	if err := store.Remove(x.ctx, id); err != nil {
		return storeError(x.ctx, err)
	}
	writeJSON(x.w, http.StatusOK, encode(struct {
		Object  string `json:"object"`
		ID      string `json:"id"`
		Deleted bool   `json:"deleted"`
	}{"session.deleted", id, true}))
	return nil
}
