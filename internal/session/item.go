package session

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"strings"
)

// Which output items can be found; see [Store.Item].
const (
	maxItemID    = 128 // bytes
	maxItemNames = 64  // per node
)

// Item is the output item with that id, from any conversation that has not ended, those
// of abandoned histories included. It waits for no turn, and is no use of the
// conversation. It costs one name lookup and one read of that conversation.
//
// An item's id is the string "id" at its top level, of 1 to 128 bytes. Of each node the
// first 64 items that have one can be found; the rest, and what was added by a version
// without Item, cannot. If an id was added more than once, its newest conversation
// counts, even when that one is gone, and in it the newest node.
//
// The error wraps [ErrNoItem] if there is no such item; otherwise it is the backend's.
func (s *Store) Item(ctx context.Context, id string) (json.RawMessage, error) {
	if !findable(id) {
		return nil, ErrNoItem
	}
	key, err := s.backend.Named(ctx, itemPrefix+id)
	if err != nil {
		return nil, fmt.Errorf("find item: %w", err)
	}
	if key == "" {
		return nil, ErrNoItem
	}
	c, state, err := s.look(ctx, "", key)
	if err != nil {
		return nil, err
	}
	if state != stateLive || c.ID == "" {
		return nil, ErrNoItem
	}
	if item := c.item(id); item != nil {
		return item, nil
	}
	return nil, ErrNoItem
}

// How names begin. Names without such a beginning are response ids.
const (
	itemPrefix     = "item:"
	responsePrefix = "response:"
)

// names are what lead to a node: its own name, and those of its first output items that
// have an id; none in a store without names.
func (s *Store) names(n Node) []string {
	if s.config.Nameless {
		return nil
	}
	list := []string{responseName(n.ID)}
	for _, item := range n.Out {
		if len(list) > maxItemNames {
			break
		}
		if id := itemID(item); findable(id) {
			list = append(list, itemPrefix+id)
		}
	}
	return list
}

// responseName is the response's id, which gets a prefix only if it could be taken for
// a name that has one.
func responseName(id string) string {
	if strings.HasPrefix(id, itemPrefix) || strings.HasPrefix(id, responsePrefix) {
		return responsePrefix + id
	}
	return id
}

func findable(id string) bool { return id != "" && len(id) <= maxItemID }

// itemID is the id of an item; empty if it has none. It reads no further than the id:
// an item can have megabytes, and json.Unmarshal would go through them twice, and take
// "ID" for "id".
func itemID(item json.RawMessage) string {
	if !bytes.HasPrefix(bytes.TrimLeft(item, " \t\r\n"), []byte("{")) {
		return "" // a long string, say, would be read to its end
	}
	d := json.NewDecoder(bytes.NewReader(item))
	if _, err := d.Token(); err != nil {
		return ""
	}
	for d.More() {
		name, err := d.Token()
		if err != nil {
			return ""
		}
		if name == "id" {
			value, _ := d.Token()
			id, _ := value.(string)
			return id
		}
		if d.Decode(&unread{}) != nil {
			return ""
		}
	}
	return ""
}

// unread is a JSON value that is of no interest.
type unread struct{}

func (*unread) UnmarshalJSON([]byte) error { return nil }
