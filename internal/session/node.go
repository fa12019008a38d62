package session

import (
	"bytes"
	"encoding/json"
	"fmt"
	"time"
	"unicode/utf8"
)

// Node is one completed exchange.
type Node struct {
	// ID is the response's id.
	ID string

	// Parent is the ID of the node it continues; empty: the beginning of a history.
	Parent string

	// In are the items that were sent, Out those that were answered. Each is one JSON
	// value and is kept as it is but for white space.
	In, Out []json.RawMessage

	// Model is who answered, and Account for which account; encrypted reasoning is
	// bound to both.
	Model, Account string

	// At is when the exchange was completed; Add puts in the present if it is zero.
	At time.Time

	// Note is what else the caller wants to know again: one JSON value, kept as the items
	// are; nil if there is none.
	Note json.RawMessage

	// Title is what a listing shall call the conversation. The first one that is not
	// empty counts, and of it at most [MaxTitle] bytes.
	Title string
}

// MaxTitle is the length of a title that is kept, in bytes: it stands in the brief, which
// is read without the rest.
const MaxTitle = 160

// schema is the version of the lines below. A record with a higher one is not read.
const schema = 1

// What a line is.
const (
	typeHead     = "conversation"
	typeExchange = "exchange"
)

// headLine is the first line of a record.
type headLine struct {
	Schema    int       `json:"schema_version"`
	Type      string    `json:"type"`
	ID        string    `json:"id"`
	Generated bool      `json:"generated"`
	Created   time.Time `json:"created"`
}

// nodeLine is each of the others.
type nodeLine struct {
	Type    string            `json:"type"`
	Moves   bool              `json:"moves,omitempty"` // whether the pointer moved here
	ID      string            `json:"id"`
	Parent  string            `json:"parent,omitempty"`
	Model   string            `json:"model,omitempty"`
	Account string            `json:"account,omitempty"`
	At      time.Time         `json:"at"`
	In      []json.RawMessage `json:"in"`
	Out     []json.RawMessage `json:"out"`
	Note    json.RawMessage   `json:"note,omitempty"`
	Title   string            `json:"title,omitempty"`
}

func (l nodeLine) node() Node {
	return Node{l.ID, l.Parent, l.In, l.Out, l.Model, l.Account, l.At, l.Note, l.Title}
}

// brief is what is said about a conversation in a listing.
type brief struct {
	ID        string    `json:"id"`
	Generated bool      `json:"generated,omitempty"`
	Created   time.Time `json:"created"`
	Used      time.Time `json:"used"`
	Model     string    `json:"model,omitempty"`
	Title     string    `json:"title,omitempty"`
}

// clipTitle is a title of at most MaxTitle bytes, cut between two characters.
func clipTitle(title string) string {
	if len(title) <= MaxTitle {
		return title
	}
	end := MaxTitle
	for !utf8.RuneStart(title[end]) {
		end--
	}
	return title[:end]
}

// encode is v as one line without its end. Unlike json.Marshal it leaves <, > and &
// as they are: items go back as they came.
func encode(v any) ([]byte, error) {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		return nil, fmt.Errorf("encode session line: %w", err)
	}
	return bytes.TrimSuffix(b.Bytes(), []byte("\n")), nil
}
