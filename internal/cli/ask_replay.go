package cli

import (
	"encoding/json"
	"errors"
	"net/http"
	"slices"
	"strings"

	"github.com/tidwall/gjson"

	"github.com/codexctl/codexctl/internal/session"
	"github.com/codexctl/codexctl/pkg/responses"
)

// replay is a history in the form in which it is sent again. Reasoning is encrypted for
// the model and the account that it came from, and goes to no other; account is nil if
// it is not known. It is left out as well where the backend has refused it already.
func replay(nodes []session.Node, model string, account *string) []json.RawMessage {
	var items []json.RawMessage
	refused := lastPlain(nodes)
	for i, node := range nodes {
		foreign := i < refused || node.Model != model || account != nil && node.Account != *account
		for _, item := range slices.Concat(node.In, responses.Replay(node.Out)) {
			if !foreign || !responses.IsReasoning(item) {
				items = append(items, item)
			}
		}
	}
	return withOutputs(items)
}

// lastPlain is the index of the newest exchange whose history went without reasoning.
func lastPlain(nodes []session.Node) int {
	for i, node := range slices.Backward(nodes) {
		if noteOf(node).Plain {
			return i
		}
	}
	return 0
}

// noOutput stands for the output of a call that nobody has answered.
const noOutput = "No output was recorded for this call."

// callOutput is the item that answers a call.
type callOutput struct {
	Type   string `json:"type"`
	CallID string `json:"call_id"`
	Output string `json:"output"`
}

// withOutputs gives the calls of a history their outputs: the backend refuses an input
// with a call that has none.
func withOutputs(items []json.RawMessage) []json.RawMessage {
	answered := make(map[string]bool)
	for _, item := range items {
		if fields := gjson.GetManyBytes(item, "type", "call_id"); strings.HasSuffix(fields[0].Str, "_call_output") {
			answered[fields[1].Str] = true
		}
	}
	out := make([]json.RawMessage, 0, len(items))
	for _, item := range items {
		out = append(out, item)
		if call, ok := responses.ReadToolCall(item); ok && !answered[call.ID] {
			kind := gjson.GetBytes(item, "type").Str + "_output"
			output, _ := encode(callOutput{kind, call.ID, noOutput}) // three strings
			out = append(out, output)
		}
	}
	return out
}

// mend leaves the reasoning out of a history once the backend has refused it; see
// [call.mend].
func (c *conversation) mend(call *call) func(error) bool {
	if c == nil || !slices.ContainsFunc(c.history, responses.IsReasoning) {
		return nil
	}
	return func(err error) bool {
		if c.plain || !refusesReasoning(err) {
			return false
		}
		c.inv.talk.detail("the backend does not take the kept reasoning any more; asking without it")
		c.plain = true
		call.request.Input = slices.DeleteFunc(slices.Clone(call.request.Input), responses.IsReasoning)
		c.history = slices.DeleteFunc(slices.Clone(c.history), responses.IsReasoning)
		return true
	}
}

// refusesReasoning says whether the backend could not decrypt what it was sent.
//
// Source: fact E-9 in docs/protocol.md.
func refusesReasoning(err error) bool {
	var e *responses.APIError
	if !errors.As(err, &e) || errors.Is(err, responses.ErrModel) || e.Event == "" && e.Status != http.StatusBadRequest {
		return false
	}
	return strings.Contains(strings.ToLower(e.Message+" "+e.Param+" "+e.Code), "encrypted")
}
