package responses

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"

	"github.com/tidwall/gjson"
)

// Model is an entry of the account's catalogue, as far as this package uses it.
//
// Source: facts M-1 to M-3 in docs/protocol.md.
type Model struct {
	// Slug is the name that requests use.
	Slug string

	// Listed is true for a model that is meant to be chosen by people.
	Listed bool

	// Lite is true for a model that takes the Lite form of a request.
	Lite bool

	// Entry is the whole entry as it came, a JSON object.
	Entry json.RawMessage
}

const catalogueLimit = 16 << 20

// Models asks for the account's catalogue, in the backend's order. An empty list
// means that the backend does not know the client version, not that there are no
// models. It makes one request, or two if the first is refused with 401.
func (c *Client) Models(ctx context.Context) ([]Model, error) {
	models, _, _, err := c.ModelsIf(ctx, "")
	return models, err
}

// ModelsIf is [Client.Models] for a caller who has a list already: etag is what came with
// it. notModified says that this list is still the present one; fresh is the ETag of a new
// one, empty when it has none.
//
// Source: RFC 9110, section 13.1.2; fact M-5 in docs/protocol.md.
func (c *Client) ModelsIf(ctx context.Context, etag string) (models []Model, fresh string, notModified bool, err error) {
	version := orDefault(c.ClientVersion, DefaultClientVersion)
	got, err := c.get(ctx, c.base()+"/models?client_version="+url.QueryEscape(version), etag)
	if err != nil || got.unchanged {
		return nil, etag, err == nil, err
	}
	if !gjson.ValidBytes(got.body) {
		return nil, "", false, fmt.Errorf("%w: the list of models is torn", ErrConnection)
	}
	return readModels(got.body), got.etag, false, nil
}

func readModels(body []byte) []Model {
	var models []Model
	for _, entry := range gjson.GetBytes(body, "models").Array() {
		slug := entry.Get("slug").Str
		if slug == "" {
			slug = entry.Get("id").Str
		}
		models = append(models, Model{
			Slug:   slug,
			Listed: entry.Get("visibility").Str == "list",
			Lite:   entry.Get("use_responses_lite").Bool(),
			Entry:  json.RawMessage(entry.Raw),
		})
	}
	return models
}

// Usage asks for the state of the account's allowance: the backend's own JSON document.
// It makes one request, or two if the first is refused with 401.
//
// Source: fact U-1 in docs/protocol.md.
func (c *Client) Usage(ctx context.Context) (json.RawMessage, error) {
	address, found := strings.CutSuffix(c.base(), "/codex")
	if found {
		address += "/wham/usage"
	} else {
		address += "/api/codex/usage"
	}
	got, err := c.get(ctx, address, "")
	if err != nil {
		return nil, err
	}
	if !gjson.ValidBytes(got.body) {
		return nil, fmt.Errorf("%w: the usage document is torn", ErrConnection)
	}
	return got.body, nil
}

// document is a JSON document of the backend.
type document struct {
	body      []byte
	etag      string
	unchanged bool // the caller's is still the present one
}

// get fetches a JSON document of the backend, unless the caller's own, which came with
// etag, is still the present one.
func (c *Client) get(ctx context.Context, address, etag string) (document, error) {
	for again := false; ; again = true {
		req, err := c.request(ctx, http.MethodGet, address, nil)
		if err != nil {
			return document{}, err
		}
		if etag != "" {
			req.Header.Set("If-None-Match", etag)
		}
		got, err := c.fetch(req)
		if apiErr, ok := err.(*APIError); ok && apiErr.kind() == ErrUnauthorized && !again {
			if retry, err := c.refused(req, apiErr, 1); err != nil {
				return document{}, err
			} else if retry {
				continue
			}
		}
		return got, err
	}
}

func (c *Client) fetch(req *http.Request) (document, error) {
	conditional := req.Header.Get("If-None-Match") != ""
	if c.Authorizer != nil {
		if err := c.Authorizer.Authorize(req); err != nil {
			return document{}, err
		}
	}
	req.Header.Set("Accept", "application/json")
	c.ApplyHeader(req)
	resp, err := c.httpClient().Do(req)
	if err != nil {
		return document{}, connectError(req, err, context.Cause(req.Context()))
	}
	defer resp.Body.Close()
	switch {
	case conditional && resp.StatusCode == http.StatusNotModified:
		return document{unchanged: true}, nil
	case resp.StatusCode < 200 || resp.StatusCode > 299:
		return document{}, readError(resp, c.now())
	}
	body, err := io.ReadAll(io.LimitReader(resp.Body, catalogueLimit))
	if err != nil {
		return document{}, fmt.Errorf("%w: %w", ErrConnection, err)
	}
	if isHTML(resp.Header, body) {
		return document{}, pageError(resp)
	}
	return document{body: body, etag: resp.Header.Get("ETag")}, nil
}
