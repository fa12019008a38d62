package proxy

import (
	"encoding/json"
	"net/http"
	"strings"

	"github.com/codexctl/codexctl/internal/chatcompat"
	"github.com/codexctl/codexctl/pkg/responses"
)

// chatCompletions answers on the addresses of the Chat Completions API.
func (x *exchange) chatCompletions() error {
	body, err := x.server.readBody(x.w, x.r)
	if err != nil {
		return err
	}
	if x.asIs() {
		return x.sendAsIs(body)
	}
	return x.chat(body, false)
}

// chat answers a request in the chat form. fresh says that a conversation begins
// without being named, as on the addresses of the Responses API.
func (x *exchange) chat(body []byte, fresh bool) error {
	store := true
	if err := readFlag("store", outlined(body).store, &store); err != nil {
		return err
	}
	named := x.r.PathValue("session") != "" || x.r.Header.Get("session_id") != ""
	plan, err := chatcompat.Parse(body, chatcompat.Options{
		Reasoning: x.reasoning(), Strict: x.strict(), Kept: named,
	})
	if err != nil {
		return err
	}
	var request responses.Request
	if err := request.UnmarshalJSON(plan.Body); err != nil {
		return err
	}
	plan.Body = nil // the request has it, and the plan lives as long as the answer
	chosen := x.choose(&request)
	x.line.model, x.line.stream, x.line.calls = request.Model, plan.Stream, plan.N
	x.line.dropped, x.line.notes = plan.Dropped, plan.Notes
	if plan.N > 1 && named {
		return errManyChoices
	}
	talk, err := x.converse(&request, wish{
		previous: responseID(plan.PreviousResponseID), store: store && plan.N == 1, fresh: fresh, full: plan.FullHistory,
	})
	if err != nil {
		return err
	}
	defer talk.end()
	if err := x.instruct(&request, false); err != nil {
		return err
	}
	x.told(plan.Emulated)
	a := ask{client: x.client(), request: request, chosen: chosen, summary: plan.AskedForSummary, talk: talk}
	if plan.N > 1 {
		return x.choices(a, plan)
	}
	return x.oneChoice(a, plan)
}

// responseID is the backend's name for an answer that a chat client names.
func responseID(id string) string {
	if rest, ok := strings.CutPrefix(id, "chatcmpl-"); ok {
		return "resp_" + rest
	}
	return id
}

// oneChoice answers with one choice.
func (x *exchange) oneChoice(a ask, plan *chatcompat.Plan) error {
	stream, err := x.open(x.ctx, a)
	if err != nil {
		return err
	}
	defer stream.Close()
	c := &chatChoice{x: x, choice: plan.Choice(x.head(), 0), talk: a.talk}
	if plan.Stream {
		return x.chatStream(c, stream, plan)
	}
	if err := c.gather(stream); err != nil {
		return err
	}
	c.keep()
	x.line.usage = c.choice.Usage()
	x.modelHeader(c.answer().Model)
	writeJSON(x.w, http.StatusOK, chatcompat.Completion(x.head(), []*chatcompat.Choice{c.choice}))
	return nil
}

// head is what the chunks of an answer share when the backend does not say it.
func (x *exchange) head() chatcompat.Head {
	return chatcompat.Head{Created: x.line.start.Unix()}
}

// chatChoice is one choice on its way.
type chatChoice struct {
	x      *exchange
	choice *chatcompat.Choice
	talk   *conversation
	tally
}

// gather takes a stream to its end, or to where the choice is cut.
func (c *chatChoice) gather(stream *responses.Stream) error {
	for event, err := range stream.Events() {
		if err != nil {
			if !chatcompat.Finishes(err) {
				return err
			}
			c.choice.End(nil, err)
			return c.choice.Err()
		}
		c.note(event)
		c.choice.Add(event)
		if c.choice.Cut() {
			break
		}
	}
	if err := c.choice.Err(); err != nil {
		return err
	}
	c.choice.End(nil, nil)
	return nil
}

// keep stores the exchange. Of a cut answer it keeps what the caller got to see.
func (c *chatChoice) keep() {
	answer := c.answer()
	out := answer.Output
	if c.choice.Cut() {
		out = []json.RawMessage{responses.AssistantText(c.choice.Text())}
	}
	c.x.keep(c.talk, answer.ID, answer.Model, out)
}
