package cli

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"slices"
	"time"

	"github.com/tidwall/gjson"

	"github.com/codexctl/codexctl/internal/session"
	"github.com/codexctl/codexctl/pkg/responses"
)

const (
	// turnNotice is how long the wait for a conversation's turn goes unmentioned.
	turnNotice = 2 * time.Second

	// keepTime bounds the writing of an exchange.
	keepTime = 10 * time.Second

	// titleLength is the length of a title, in characters.
	titleLength = 50

	// sessionHeader names the conversation to the backend (fact H-5).
	sessionHeader = "Session-Id"

	// includeReasoning asks for reasoning in a form that can be sent back (fact R-9).
	includeReasoning = "reasoning.encrypted_content"
)

// conversation is what an answer continues, and where it is kept. nil is neither.
type conversation struct {
	inv  *invocation
	kept *keptSessions
	id   string

	// turn is the right to add to it; nil keeps nothing.
	turn *session.Turn

	// nodes are the exchanges so far, oldest first; copied says that they are those of
	// another conversation, and not yet in this one.
	nodes  []session.Node
	copied bool

	history []json.RawMessage // the items that stand in front of the input
	plain   bool              // the backend has refused the reasoning in them
	added   bool              // the exchange is kept
}

// exchangeNote is what is kept of an exchange beside its items.
type exchangeNote struct {
	// Instructions are there if they are others than before.
	Instructions string         `json:"instructions,omitempty"`
	Usage        *usageDocument `json:"usage,omitempty"`

	// Plain says that the backend has refused the reasoning of the exchanges before.
	Plain bool `json:"plain,omitempty"`
}

func noteOf(n session.Node) (note exchangeNote) {
	_ = json.Unmarshal(n.Note, &note) // a program of another version may have kept something else
	return note
}

// begin waits for the conversation's turn. One that cannot be written to is read.
func (c *conversation) begin(ctx context.Context) error {
	notice := time.AfterFunc(turnNotice, func() {
		c.inv.talk.note("codexctl: waiting for another process to finish its turn in the conversation %s", c.id)
	})
	defer notice.Stop()
	turn, err := c.kept.store.Begin(ctx, c.id)
	switch {
	case err == nil:
		c.turn, c.nodes = turn, turn.Nodes()
		if turn.New() {
			c.inv.talk.detail("the conversation %s begins", c.id)
		} else {
			c.inv.warnOfHole(c.id, c.nodes, " and is not sent")
		}
		return nil
	case ctx.Err() != nil, errors.Is(err, session.ErrEnded), errors.Is(err, session.ErrBadID):
		return err
	}
	c.inv.talk.warn("the conversation is not kept: %v", plainPathError(err))
	return c.read(ctx, true)
}

// read reads the conversation and adds nothing to it.
func (c *conversation) read(ctx context.Context, mayBeNew bool) error {
	_, nodes, err := c.kept.store.Get(ctx, c.id)
	if mayBeNew && errors.Is(err, session.ErrNotFound) {
		return nil
	}
	if c.nodes = nodes; err == nil {
		c.inv.warnOfHole(c.id, nodes, " and is not sent")
	}
	return err
}

// warnOfHole says that a damaged file has lost what a conversation began with: its first
// exchange that can be read continues another. then says what comes of it.
func (inv *invocation) warnOfHole(id string, nodes []session.Node, then string) {
	switch {
	case len(nodes) == 0:
		inv.talk.warn("what was said in session %s cannot be read%s", id, then)
	case nodes[0].Parent != "":
		inv.talk.warn("what was said before %s in session %s cannot be read%s", localTime(nodes[0].At), id, then)
	}
}

// fork reads the conversation, to go on with it under a new id.
func (c *conversation) fork(ctx context.Context) error {
	if err := c.read(ctx, false); err != nil {
		return err
	}
	c.turn, c.copied = c.kept.store.Generate(), true
	c.id = c.turn.ID()
	return nil
}

// extend puts what was said before in front of a request. Its model and instructions
// count unless the line names others.
func (c *conversation) extend(ctx context.Context, r *responses.Request) {
	if c == nil {
		return
	}
	given := c.inv.given
	if len(c.nodes) > 0 {
		if model := c.nodes[len(c.nodes)-1].Model; model != "" && !given["model"] {
			r.Model = model
		}
		if text := instructionsOf(c.nodes); text != "" && !given["instructions"] && !given["instructions-file"] {
			r.Instructions = text
		}
	}
	if c.turn != nil && !slices.Contains(r.Include, includeReasoning) {
		r.Include = append(slices.Clone(r.Include), includeReasoning)
	}
	c.inv.conversation = backendName(c.id)
	r.PromptCacheKey = c.inv.conversation
	c.history = replay(c.nodes, r.Model, c.account(ctx))
	r.Input = slices.Concat(c.history, r.Input)
}

// instructionsOf are the newest instructions in a history; empty if it had none of its
// own.
func instructionsOf(nodes []session.Node) string {
	for _, node := range slices.Backward(nodes) {
		if text := noteOf(node).Instructions; text != "" {
			return text
		}
	}
	return ""
}

// backendName is what the backend is told of an id: the same at every turn, and not what
// the person has thought of.
func backendName(id string) string {
	sum := sha256.Sum256([]byte(id))
	return hex.EncodeToString(sum[:16])
}

// account is whose login is going to be used, as far as the files say; nil if it is not
// known. Nothing is looked up where there is no history.
func (c *conversation) account(ctx context.Context) *string {
	if len(c.nodes) == 0 {
		return nil
	}
	login, err := c.inv.findLogin(ctx)
	if err != nil {
		return nil // the call is going to say it
	}
	return &login.Credential.AccountID
}

// keep adds the exchange. That it cannot be kept is a warning: the answer is there.
func (c *conversation) keep(ctx context.Context, call *call, r *responses.Response) {
	if c == nil || c.turn == nil {
		return
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), keepTime)
	defer cancel()
	if err := c.add(ctx, c.node(call, r)); err != nil {
		c.inv.talk.warn("the conversation is not kept: %v", plainPathError(err))
		return
	}
	c.added = true
	if c.copied {
		c.inv.talk.note("codexctl: forked; go on with --session %s", c.id)
	}
	c.kept.tidy(ctx, c.inv)
}

// add stores an exchange; of a fork, first those that it begins with.
func (c *conversation) add(ctx context.Context, n session.Node) error {
	if c.copied {
		for _, before := range c.nodes {
			if err := c.turn.Add(ctx, before); err != nil {
				return err
			}
		}
	}
	return c.turn.Add(ctx, n)
}

// node is the exchange that has just been completed.
func (c *conversation) node(call *call, r *responses.Response) session.Node {
	n := session.Node{ID: r.ID, Out: r.Output, Model: call.request.Model}
	sent := call.request.Input
	// An input that --set has replaced is a history of its own.
	if len(sent) > len(c.history) && slices.EqualFunc(sent[:len(c.history)], c.history, sameItem) {
		sent = sent[len(c.history):]
		if len(c.nodes) > 0 {
			n.Parent = c.nodes[len(c.nodes)-1].ID
		}
	}
	n.In = itemsOnly(sent)
	if len(c.nodes) == 0 {
		n.Title = titleOf(n.In)
	}
	if source := c.inv.source; source != nil {
		n.Account = source.Login.Credential.AccountID
	}
	note := exchangeNote{Usage: newUsageDocument(r.Usage), Plain: c.plain}
	if text := call.request.Instructions; text != instructionsOf(c.nodes) {
		note.Instructions = text
	}
	n.Note, _ = encode(note) // it has nothing that cannot be encoded
	return n
}

func sameItem(a, b json.RawMessage) bool { return bytes.Equal(a, b) }

// itemsOnly leaves out what tells the model how to be: it is said anew at every turn.
func itemsOnly(input []json.RawMessage) []json.RawMessage {
	return slices.DeleteFunc(slices.Clone(input), func(item json.RawMessage) bool {
		fields := gjson.GetManyBytes(item, "role", "type")
		return fields[0].Str == "system" || fields[0].Str == "developer" || fields[1].Str == "additional_tools"
	})
}

// titleOf is how the first prompt begins, on one line.
func titleOf(items []json.RawMessage) string {
	for _, item := range items {
		if gjson.GetBytes(item, "role").Str != "user" {
			continue
		}
		title := []rune(oneLine(itemText(item)))
		if len(title) > titleLength {
			title = append(title[:titleLength-1], '…')
		}
		return string(title)
	}
	return ""
}

// keeping is the id under which the answer is going to be kept.
func (c *conversation) keeping() *string {
	if c == nil || c.turn == nil {
		return nil
	}
	return &c.id
}

// keptAs is the id under which the answer is kept; nil if it is not, as after an error.
func (c *conversation) keptAs() *string {
	if c == nil || !c.added {
		return nil
	}
	return &c.id
}

// end gives the turn back. Calling it again does nothing.
func (c *conversation) end() {
	if c != nil && c.turn != nil {
		c.turn.End()
	}
}
