package session

import (
	"cmp"
	"encoding/json"
	"fmt"
	"slices"
	"time"
)

// conversation is a record that has been read.
type conversation struct {
	brief
	nodes   map[string]Node
	pointer string // the node that the session is at; empty: none
}

// parse reads a record; nil means that there is none. What cannot be read is skipped:
// a conversation with a hole is better than none. The error is about a record of a
// later version, which only looks like holes.
func parse(id string, lines [][]byte, about []byte) (*conversation, error) {
	if len(lines) == 0 {
		return nil, nil
	}
	c := &conversation{brief: brief{ID: id}, nodes: map[string]Node{}}
	for _, line := range lines {
		if err := c.read(line); err != nil {
			return nil, err
		}
	}
	var b brief
	if json.Unmarshal(about, &b) == nil && b.ID != "" {
		c.brief = b
	}
	return c, nil
}

// anyLine is a line of either kind.
type anyLine struct {
	Schema    int       `json:"schema_version"`
	Generated bool      `json:"generated"`
	Created   time.Time `json:"created"`
	nodeLine
}

func (c *conversation) read(line []byte) error {
	var l anyLine
	err := json.Unmarshal(line, &l)
	switch {
	case l.Type == typeHead && l.Schema > schema:
		return fmt.Errorf("session record has version %d: this program reads up to %d", l.Schema, schema)
	case err != nil:
	case l.Type == typeHead:
		c.ID, c.Generated, c.Created = l.ID, l.Generated, l.Created
		c.Used = l.Created
	case l.Type == typeExchange && l.ID != "":
		c.add(l.node(), l.Moves)
	}
	return nil
}

// add puts in a node, and moves the pointer to it if it is told to.
func (c *conversation) add(n Node, moves bool) {
	c.nodes[n.ID] = n
	c.Model = n.Model
	if c.Title == "" {
		c.Title = n.Title
	}
	if n.At.After(c.Used) {
		c.Used = n.At
	}
	if moves {
		c.pointer = n.ID
	}
}

// path is the way from the beginning of the history to a node, oldest first. It ends
// early where a node is missing.
func (c *conversation) path(id string) []Node {
	var nodes []Node
	for n, ok := c.nodes[id]; ok && len(nodes) < len(c.nodes); n, ok = c.nodes[n.Parent] {
		nodes = append(nodes, n)
	}
	slices.Reverse(nodes)
	return nodes
}

// item is the output item with that id, of the newest node that has it; nil if there is
// none.
func (c *conversation) item(id string) json.RawMessage {
	var newest Node
	var found json.RawMessage
	for _, n := range c.nodes {
		if found != nil && cmp.Or(n.At.Compare(newest.At), cmp.Compare(n.ID, newest.ID)) < 0 {
			continue
		}
		for _, item := range n.Out {
			if itemID(item) == id {
				newest, found = n, item
				break
			}
		}
	}
	return found
}

func (c *conversation) has(id string) bool {
	_, ok := c.nodes[id]
	return ok
}
