package main

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/codexctl/codexctl/internal/session"
)

// sessionLife is how long what is made here is kept: longer than a measurement takes.
const sessionLife = 24 * time.Hour

// openStore opens a folder the way `ask` does, with the names that `serve` adds: the
// dearer of the two.
func openStore(dir string) (*session.Store, error) {
	folder, err := session.OpenFolder(dir)
	if err != nil {
		return nil, err
	}
	return session.New(folder, session.Config{TTL: sessionLife}), nil
}

// talk is a conversation that grows by exchanges of one kind.
type talk struct {
	turn  *session.Turn
	bytes int // of an answer's text
	count int
	last  string // the newest response
}

func beginTalk(ctx context.Context, store *session.Store, id string, bytes int) (*talk, error) {
	turn, err := store.Begin(ctx, id)
	if err != nil {
		return nil, err
	}
	return &talk{turn: turn, bytes: bytes}, nil
}

// add adds so many exchanges.
func (t *talk) add(ctx context.Context, n int) error {
	for range n {
		t.count++
		id := fmt.Sprintf("resp_%s_%06d", t.turn.ID(), t.count)
		question := fmt.Appendf(nil, `{"type":"message","role":"user","content":[{"type":"input_text","text":"question %06d"}]}`, t.count)
		answer := fmt.Appendf(nil, `{"type":"message","id":"msg_%s_%06d","role":"assistant","status":"completed","content":[{"type":"output_text","text":"%s","annotations":[]}]}`,
			t.turn.ID(), t.count, strings.Repeat("x", t.bytes))
		err := t.turn.Add(ctx, session.Node{
			ID: id, Parent: t.last, Model: "gpt-5.5", Title: "question",
			In: []json.RawMessage{question}, Out: []json.RawMessage{answer},
		})
		if err != nil {
			return err
		}
		t.last = id
	}
	return nil
}
