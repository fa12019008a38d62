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
	version := orDefault(c.ClientVersion, DefaultClientVersion)
	body, err := c.get(ctx, c.base()+"/models?client_version="+url.QueryEscape(version))
	if err != nil {
		return nil, err
	}
	if !gjson.ValidBytes(body) {
		return nil, fmt.Errorf("%w: the list of models is torn", ErrConnection)
	}
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
	return models, nil
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
	body, err := c.get(ctx, address)
	if err != nil {
		return nil, err
	}
	if !gjson.ValidBytes(body) {
		return nil, fmt.Errorf("%w: the usage document is torn", ErrConnection)
	}
	return body, nil
}

// get fetches a JSON document of the backend.
func (c *Client) get(ctx context.Context, address string) ([]byte, error) {
	for again := false; ; again = true {
		req, err := c.request(ctx, http.MethodGet, address, nil)
		if err != nil {
			return nil, err
		}
		body, err := c.fetch(req)
		if apiErr, ok := err.(*APIError); ok && apiErr.kind() == ErrUnauthorized && !again {
			if retry, err := c.refused(req, apiErr, 1); err != nil {
				return nil, err
			} else if retry {
				continue
			}
		}
		return body, err
	}
}

func (c *Client) fetch(req *http.Request) ([]byte, error) {
	if c.Authorizer != nil {
		if err := c.Authorizer.Authorize(req); err != nil {
			return nil, err
		}
	}
	req.Header.Set("Accept", "application/json")
	c.ApplyHeader(req)
	resp, err := c.httpClient().Do(req)
	if err != nil {
		return nil, connectError(req, err, context.Cause(req.Context()))
	}
	defer resp.Body.Close()
	if resp.StatusCode < 200 || resp.StatusCode > 299 {
		return nil, readError(resp, c.now())
	}
	body, err := io.ReadAll(io.LimitReader(resp.Body, catalogueLimit))
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrConnection, err)
	}
	if isHTML(resp.Header, body) {
		return nil, pageError(resp)
	}
	return body, nil
}
