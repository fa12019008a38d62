package proxy

import (
	"encoding/json"
	"net/http"

	"github.com/tidwall/sjson"
)

// models answers with the account's models: `data` is OpenAI's list of those that are
// meant to be chosen, `models` the backend's own entries, which the official client
// reads.
//
// Source: OpenAI API reference, "List models"; fact M-3 in docs/protocol.md.
func (x *exchange) models() error {
	models, err := x.server.config.Models(x.ctx)
	if err != nil {
		return err
	}
	list := struct {
		Object string            `json:"object"`
		Data   []json.RawMessage `json:"data"`
		Models []json.RawMessage `json:"models"`
	}{"list", []json.RawMessage{}, []json.RawMessage{}}
	for _, m := range models {
		list.Models = append(list.Models, m.Entry)
		if m.Listed {
			list.Data = append(list.Data, card(m.Slug, nil))
		}
	}
	writeJSON(x.w, http.StatusOK, encode(list))
	return nil
}

// model answers with one model, listed or not, with the backend's own fields.
func (x *exchange) model() error {
	models, err := x.server.config.Models(x.ctx)
	if err != nil {
		return err
	}
	name := x.r.PathValue("model")
	if to, ok := x.server.config.Aliases[name]; ok {
		name = to
	}
	var slugs []string
	for _, m := range models {
		if m.Slug == name {
			writeJSON(x.w, http.StatusOK, card(m.Slug, m.Entry))
			return nil
		}
		if m.Listed {
			slugs = append(slugs, m.Slug)
		}
	}
	return &modelError{errNoModel, name, slugs}
}

// card is a model in OpenAI's form, laid over the backend's entry. When it was made is
// not known, and 0.
func card(slug string, entry json.RawMessage) json.RawMessage {
	if len(entry) == 0 {
		entry = json.RawMessage("{}")
	}
	for _, field := range []struct{ name, value string }{
		{"id", string(encode(slug))}, {"object", `"model"`}, {"created", "0"}, {"owned_by", `"openai"`},
	} {
		if out, err := sjson.SetRawBytes(entry, field.name, []byte(field.value)); err == nil {
			entry = out
		}
	}
	return entry
}

// usage answers with the account's allowance, as the backend tells it.
func (x *exchange) usage() error {
	usage, err := x.client().Usage(x.ctx)
	if err != nil {
		return err
	}
	writeJSON(x.w, http.StatusOK, usage)
	return nil
}
