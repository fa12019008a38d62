package proxy

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/tidwall/gjson"

	"github.com/codexctl/codexctl/internal/session"
	"github.com/codexctl/codexctl/pkg/responses"
)

// resolve puts items of earlier answers in the place of references to them: the backend
// keeps none that could be referred to (fact R-9 in docs/protocol.md), and clients that
// leave `store` alone count on it. A thought that is not kept is left out, with a note;
// anything else that is not kept is an error, since something that was said would be
// missing. thoughts says whether reasoning is among what came: it may be another model's,
// which the backend refuses.
func (x *exchange) resolve(r *responses.Request) (thoughts bool, err error) {
	if !slices.ContainsFunc(r.Input, isReference) {
		return false, nil
	}
	input := make([]json.RawMessage, 0, len(r.Input))
	lost := 0
	for i, item := range r.Input {
		if !isReference(item) {
			input = append(input, item)
			continue
		}
		id := gjson.GetBytes(item, "id").Str
		kept, err := x.kept(id)
		switch {
		case err == nil:
			input = append(input, responses.Replay([]json.RawMessage{kept})...)
			thoughts = thoughts || responses.IsReasoning(kept)
		case errors.Is(err, session.ErrNoItem) && strings.HasPrefix(id, "rs_"):
			lost++
		case errors.Is(err, session.ErrNoItem):
			return false, &responses.FieldError{Field: fmt.Sprintf("input.%d", i), Want: "the item itself: " + clip(id) + " is not kept here, or not any more"}
		default:
			return false, storeError(x.ctx, err)
		}
	}
	if lost > 0 {
		x.line.notes = append(x.line.notes, fmt.Sprintf("references to reasoning that is not kept, left out: %d", lost))
	}
	r.Input = input
	return thoughts, nil
}

// withoutReasoning is an input without what models have thought.
func withoutReasoning(input []json.RawMessage) []json.RawMessage {
	return slices.DeleteFunc(slices.Clone(input), responses.IsReasoning)
}

// kept is the item of that id in a kept conversation.
func (x *exchange) kept(id string) (json.RawMessage, error) {
	if x.server.config.Sessions == nil || id == "" {
		return nil, session.ErrNoItem
	}
	return x.server.config.Sessions.Item(x.ctx, id)
}

func isReference(item json.RawMessage) bool {
	return gjson.GetBytes(item, "type").Str == "item_reference"
}
