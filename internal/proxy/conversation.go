package proxy

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/tidwall/gjson"

	"github.com/codexctl/codexctl/internal/session"
	"github.com/codexctl/codexctl/pkg/responses"
)

// storeTime bounds how long an answer that is ready waits for the store.
const storeTime = 10 * time.Second

// conversation is what a request goes on with, and where its exchange is kept. The zero
// value goes on with nothing and keeps nothing.
type conversation struct {
	turn    *session.Turn
	keeps   bool
	parent  string            // the node that the exchange continues
	in      []json.RawMessage // the request's own items
	account string
	release context.CancelFunc

	plain []json.RawMessage // the input without the reasoning of others; nil if there is none
}

// wish is what a request asks of a conversation.
type wish struct {
	previous string // previous_response_id
	store    bool   // the exchange may be kept
	fresh    bool   // without any conversation, one begins
	full     bool   // the input is the caller's own whole history
}

// converse finds the conversation that a request belongs to and puts what came before
// in front of its input. The path wins over the header, the header over
// previous_response_id. The caller ends the conversation.
func (x *exchange) converse(r *responses.Request, w wish) (*conversation, error) {
	c := &conversation{in: itemsOnly(r.Input), release: func() {}}
	id := x.r.PathValue("session")
	if id == "" {
		id = x.r.Header.Get("session_id")
	}
	store := x.server.config.Sessions
	switch {
	case store == nil && x.r.PathValue("session") != "":
		return nil, errNoSessions
	case store == nil && w.previous != "":
		return nil, noResponse(w.previous)
	case store == nil:
		return c, nil
	}
	var err error
	switch {
	case id != "":
		c.turn, err = store.Begin(x.ctx, id)
	case w.previous != "":
		if c.turn, err = store.Follow(x.ctx, w.previous); errors.Is(err, session.ErrNoResponse) {
			err = noResponse(w.previous)
		}
	case w.fresh && w.store:
		c.turn = store.Generate()
	default:
		return c, nil
	}
	if err != nil {
		return nil, storeError(x.ctx, err)
	}
	c.keeps = w.store
	if c.turn.Generated() && c.turn.New() {
		x.begun = c.turn.ID()
	}
	x.line.session = c.turn.ID()
	x.w.Header().Set("X-Codexctl-Session", c.turn.ID())
	x.goOn(c, r, w.full && w.previous == "")
	x.watch(c)
	return c, nil
}

// goOn puts the conversation's history in front of the request's input.
func (x *exchange) goOn(c *conversation, r *responses.Request, replaces bool) {
	if login, err := x.server.config.Login(x.ctx); err == nil {
		c.account = login.Account
	}
	if r.PromptCacheKey == "" && !r.Bare {
		r.PromptCacheKey = cacheKey(c.turn.ID())
	}
	if !r.Bare && !slices.Contains(r.Include, includeReasoning) {
		r.Include = append(slices.Clone(r.Include), includeReasoning)
	}
	nodes := c.turn.Nodes()
	if replaces || len(nodes) == 0 {
		return
	}
	c.parent = nodes[len(nodes)-1].ID
	head, rest := headOf(r.Input)
	history, plain := slices.Clone(head), slices.Clone(head)
	thoughts := false
	for _, node := range nodes {
		foreign := node.Model != r.Model || node.Account != c.account
		for _, item := range slices.Concat(node.In, responses.Replay(node.Out)) {
			if !responses.IsReasoning(item) {
				history, plain = append(history, item), append(plain, item)
				continue
			}
			if !foreign {
				history, thoughts = append(history, item), true
			}
		}
	}
	if thoughts {
		c.plain = append(x.paired(plain, rest), rest...)
	}
	r.Input = append(x.paired(history, rest), rest...)
}

// headOf splits off what an input leads with and must go on leading with: the tools of
// the Lite form, and what it tells the model.
func headOf(input []json.RawMessage) (head, rest []json.RawMessage) {
	end := slices.IndexFunc(input, func(item json.RawMessage) bool {
		role := gjson.GetBytes(item, "role").Str
		return role != "developer" && role != "system"
	})
	if end < 0 {
		end = len(input)
	}
	return input[:end], input[end:]
}

// includeReasoning asks for reasoning in a form that can be sent back.
const includeReasoning = "reasoning.encrypted_content"

// watch ends the answer when the conversation's turn is lost.
func (x *exchange) watch(c *conversation) {
	lost := c.turn.Lost()
	if lost == nil {
		return
	}
	ctx, cancel := context.WithCancelCause(x.ctx)
	watched := make(chan struct{})
	go func() {
		defer close(watched)
		select {
		case <-lost:
			cancel(errTurnLost)
		case <-ctx.Done():
		}
	}()
	x.ctx = ctx
	c.release = func() { cancel(nil); <-watched }
}

// keep stores a finished exchange. The caller of the server must not see the end of its
// answer before: the next request may come at once.
func (x *exchange) keep(c *conversation, id, model string, out []json.RawMessage) {
	if c.turn == nil || !c.keeps || id == "" {
		return
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(x.ctx), storeTime)
	defer cancel()
	err := c.turn.Add(ctx, session.Node{
		ID: id, Parent: c.parent, In: c.in, Out: out, Model: model, Account: c.account, At: x.server.now(),
	})
	if err != nil {
		x.warn("the exchange is not kept", err)
	}
}

// end gives the conversation back.
func (c *conversation) end() {
	c.release()
	if c.turn != nil {
		c.turn.End()
	}
}

func noResponse(id string) error {
	return fmt.Errorf("previous_response_id %s: %w; it is not kept, or not any more", clip(id), session.ErrNoResponse)
}

// storeError tells the store's own failures from what is wrong with a request.
func storeError(ctx context.Context, err error) error {
	for _, known := range []error{session.ErrBadID, session.ErrEnded, session.ErrNotFound, session.ErrNoResponse} {
		if errors.Is(err, known) {
			return err
		}
	}
	if cause := context.Cause(ctx); cause != nil {
		return cause
	}
	return fmt.Errorf("%w: %w", errStore, err)
}

// cacheKey is a stable prompt_cache_key for a conversation that does not tell its id.
func cacheKey(id string) string {
	sum := sha256.Sum256([]byte(id))
	return hex.EncodeToString(sum[:16])
}

// itemsOnly leaves out what a request says to the model as its instructions: it is said
// anew by each request.
func itemsOnly(input []json.RawMessage) []json.RawMessage {
	kept := make([]json.RawMessage, 0, len(input))
	for _, item := range input {
		switch gjson.GetBytes(item, "role").Str {
		case "system", "developer":
			continue
		}
		kept = append(kept, item)
	}
	return kept
}

// fullHistory says whether an input holds what a model has said: then the caller keeps
// the history itself.
func fullHistory(input []json.RawMessage) bool {
	return slices.ContainsFunc(input, func(item json.RawMessage) bool {
		fields := gjson.GetManyBytes(item, "role", "type")
		return fields[0].Str == "assistant" || strings.HasSuffix(fields[1].Str, "_call")
	})
}
