package proxy

import (
	"bytes"
	"encoding/json"
	"errors"
	"net/http"

	"github.com/tidwall/gjson"
	"github.com/tidwall/sjson"

	"github.com/codexctl/codexctl/pkg/responses"
)

// collect gathers a stream and answers with the response object.
func (x *exchange) collect(stream *responses.Stream, talk *conversation, limit int) error {
	var c responses.Collector
	cut := newCutter(limit)
	for event, err := range stream.Events() {
		if isIncomplete(err) {
			break
		}
		if err != nil {
			return err
		}
		if cut.over(event) {
			x.cut(talk, &cut.collector)
			return x.object(cut.response())
		}
		c.Add(event)
	}
	if err := c.Err(); err != nil && !errors.Is(err, responses.ErrRefused) {
		return err
	}
	r := c.Response()
	x.line.usage = r.Usage
	x.keep(talk, r.ID, r.Model, r.Output)
	x.modelHeader(r.Model)
	data, err := r.MarshalJSON()
	if err != nil {
		return err
	}
	return x.object(data)
}

// object answers with a response object that has every field that clients count on.
func (x *exchange) object(data []byte) error {
	writeJSON(x.w, http.StatusOK, complete(data))
	return nil
}

// modelHeader says which model has really answered.
func (x *exchange) modelHeader(model string) {
	if model == "" {
		model = x.line.model
	}
	if model = headerText(model); model != "" {
		x.line.model = model
		x.w.Header().Set("X-Codexctl-Model", model)
	}
}

// isIncomplete says whether the backend has ended the answer before its end: to the
// caller that is an answer, not a failure.
func isIncomplete(err error) bool {
	var e *responses.APIError
	return errors.As(err, &e) && e.Event == "response.incomplete"
}

// complete adds to a response object what the backend leaves out and the public API
// always has.
//
// Source: OpenAI API reference, "The response object".
func complete(object []byte) []byte {
	for _, field := range []struct{ name, value string }{
		{"object", `"response"`}, {"created_at", "0"}, {"error", "null"}, {"incomplete_details", "null"},
		{"instructions", "null"}, {"metadata", "{}"}, {"model", `""`}, {"parallel_tool_calls", "true"},
		{"temperature", "null"}, {"tool_choice", `"auto"`}, {"tools", "[]"}, {"top_p", "null"},
	} {
		object = withDefault(object, field.name, field.value)
	}
	if !gjson.GetBytes(object, "usage").IsObject() {
		return object
	}
	for _, counter := range []string{
		"input_tokens", "input_tokens_details.cached_tokens", "input_tokens_details.cache_write_tokens",
		"output_tokens", "output_tokens_details.reasoning_tokens", "total_tokens",
	} {
		object = withDefault(object, "usage."+counter, "0")
	}
	return object
}

// withDefault sets a field that is not there.
func withDefault(object []byte, path, value string) []byte {
	if gjson.GetBytes(object, path).Exists() {
		return object
	}
	out, err := sjson.SetRawBytes(object, path, []byte(value))
	if err != nil {
		return object
	}
	return out
}

func joinItems(items []json.RawMessage) []byte {
	return append(append([]byte{'['}, bytes.Join(rawItems(items), []byte{','})...), ']')
}

func rawItems(items []json.RawMessage) [][]byte {
	raw := make([][]byte, len(items))
	for i, item := range items {
		raw[i] = item
	}
	return raw
}
