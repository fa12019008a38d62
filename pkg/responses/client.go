package responses

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"runtime"
	"strings"
	"time"
)

// DefaultBaseURL is where the backend is.
const DefaultBaseURL = "https://chatgpt.com/backend-api/codex"

// DefaultClientVersion is the `version` header: the backend grades what it offers by
// the version of the official client that the caller is compatible with (fact M-1).
const DefaultClientVersion = "0.169.0"

// DefaultOriginator is the name by which a caller identifies itself (fact H-1).
const DefaultOriginator = "codexctl"

// Authorizer puts an identity on requests. It must be safe for concurrent use.
type Authorizer interface {
	// Authorize adds the headers of the login to a request that is about to be sent.
	Authorize(*http.Request) error

	// Refused is told that the backend answered 401 to a request. It says whether
	// another try with a fresh identity makes sense.
	Refused(*http.Request) (retry bool, err error)
}

// Catalogue knows which models take the Lite form only.
type Catalogue interface {
	// NeedsLite says whether a model is listed as Lite. It may ask the backend.
	NeedsLite(ctx context.Context, model string) bool

	// KnownLite says the same from what is known without asking. Such a model gets the
	// Lite form at once.
	KnownLite(model string) bool

	// LearnedLite is told that a model answered to the Lite form after it had
	// refused the plain one.
	LearnedLite(model string)
}

// Client sends requests. Its fields are set before the first use; the zero value of
// each works. One client is enough for a program: it is safe for concurrent use, and its
// calls share the connections of HTTPClient.
type Client struct {
	// BaseURL is the backend's address without a final slash.
	BaseURL string

	// HTTPClient sends the requests. Redirects are not followed whatever it says.
	HTTPClient *http.Client

	// Authorizer signs requests; nil sends them unsigned.
	Authorizer Authorizer

	// Catalogue is asked when the backend does not find a model; nil is never asked.
	Catalogue Catalogue

	// Originator replaces DefaultOriginator, UserAgent and ClientVersion the headers
	// User-Agent and version. NoOriginator leaves the originator header out.
	Originator    string
	NoOriginator  bool
	UserAgent     string
	ClientVersion string

	// Header is added to every request and wins over all that this package and the
	// Authorizer set. A name with an empty list removes that header.
	Header http.Header

	// Retries is how often a failed call is repeated, before any output only.
	Retries int

	// IdleTimeout is the longest silence, from the last byte sent to the first
	// received and between two received. 0 is 5 minutes, negative is no limit.
	IdleTimeout time.Duration

	// Hold bounds how long the first events are held back while it is not clear yet
	// that the answer has begun, counted from the first of them. A failure after it is
	// an event of the stream, and not repeated. 0 is no bound.
	Hold time.Duration

	// Before is called before each request for an answer, the repeated ones included,
	// with the call's context. It may wait: so callers share a pace. An error ends the
	// call as it is, and nothing more is sent. nil lets every request go at once.
	Before func(context.Context) error

	// Notify is told what happens on the way; nil tells nobody. It is called from
	// the goroutine that called the client.
	Notify func(Notice)

	// Now is the clock, for dates in Retry-After. nil is time.Now.
	Now func() time.Time
}

const defaultIdleTimeout = 5 * time.Minute

// Stream sends a request and returns its answer once the answer has begun. A stream
// that is returned must be closed.
//
// The error is ErrBadRequest for a request that cannot be sent, an [*APIError] when
// the backend refuses or fails, ErrConnection, ErrTimeout or ErrTruncated when the
// connection does, the context's cause, or the Authorizer's or Before's own.
func (c *Client) Stream(ctx context.Context, r Request) (*Stream, error) {
	attempts := 0
	stream, err := c.stream(ctx, r, &attempts)
	return counted(stream, err, attempts)
}

// StreamBody is [Client.Stream] for a body that is sent as it is.
func (c *Client) StreamBody(ctx context.Context, body []byte) (*Stream, error) {
	attempts := 0
	stream, err := c.exchange(ctx, body, false, &attempts)
	return counted(stream, err, attempts)
}

// stream tries the plain form first, then the Lite form if the model asks for it. A
// request that has the Lite form already is sent in it.
func (c *Client) stream(ctx context.Context, r Request, attempts *int) (*Stream, error) {
	body, err := r.Body(false)
	if err != nil {
		return nil, err
	}
	if r.hasLiteForm() {
		return c.exchange(ctx, body, true, attempts)
	}
	if c.Catalogue != nil && c.Catalogue.KnownLite(r.Model) {
		stream, err := c.liteForm(ctx, r, attempts)
		if !knowsNoLite(err) {
			return stream, err
		}
	}
	stream, plainErr := c.exchange(ctx, body, false, attempts)
	if plainErr == nil || !c.wantsLite(ctx, r.Model, plainErr) {
		return stream, plainErr
	}
	c.notify(Notice{Kind: NoticeLite, Attempt: *attempts, Model: r.Model, Err: plainErr})
	stream, err = c.liteForm(ctx, r, attempts)
	switch {
	case err == nil && c.Catalogue != nil:
		c.Catalogue.LearnedLite(r.Model)
	case knowsNoLite(err):
		return nil, plainErr // the plain form was right, and something in it was wrong
	}
	return stream, err
}

// liteForm sends a request in the Lite form.
func (c *Client) liteForm(ctx context.Context, r Request, attempts *int) (*Stream, error) {
	body, err := r.Body(true)
	if err != nil {
		return nil, err
	}
	return c.exchange(ctx, body, true, attempts)
}

// wantsLite says whether a refusal calls for the Lite form (fact L-2).
func (c *Client) wantsLite(ctx context.Context, model string, err error) bool {
	if asksForLite(err) {
		return true
	}
	var e *APIError
	notFound := errors.As(err, &e) && e.Status == http.StatusNotFound && errors.Is(err, ErrModel)
	return notFound && c.Catalogue != nil && c.Catalogue.NeedsLite(ctx, model)
}

// NewRequest builds the request that [Client.Stream] sends, without the login's
// headers.
func (c *Client) NewRequest(ctx context.Context, body []byte, lite bool) (*http.Request, error) {
	req, err := c.request(ctx, http.MethodPost, c.base()+"/responses", bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	req.Header.Set("Accept", "text/event-stream")
	req.Header.Set("Content-Type", "application/json")
	if lite {
		req.Header.Set(liteHeader, "true")
	}
	return req, nil
}

// request builds a request with the headers that name us.
//
// Source: fact H-1 in docs/protocol.md.
func (c *Client) request(ctx context.Context, method, address string, body io.Reader) (*http.Request, error) {
	req, err := http.NewRequestWithContext(ctx, method, address, body)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrBadRequest, err)
	}
	if !c.NoOriginator {
		req.Header.Set("Originator", orDefault(c.Originator, DefaultOriginator))
	}
	req.Header.Set("User-Agent", orDefault(c.UserAgent, "codexctl ("+runtime.GOOS+"; "+runtime.GOARCH+")"))
	req.Header.Set("Version", orDefault(c.ClientVersion, DefaultClientVersion))
	return req, nil
}

// base is the backend's address without a final slash.
func (c *Client) base() string { return strings.TrimSuffix(orDefault(c.BaseURL, DefaultBaseURL), "/") }

// ApplyHeader lays the caller's own headers over a request's.
func (c *Client) ApplyHeader(req *http.Request) {
	for name, values := range c.Header {
		name = http.CanonicalHeaderKey(name)
		if len(values) > 0 {
			req.Header[name] = values
			if name == "Host" {
				req.Host = values[0] // net/http sends this one
			}
			continue
		}
		req.Header.Del(name)
		if name == "User-Agent" {
			req.Header.Set(name, "") // else net/http puts its own there
		}
	}
}

func orDefault(value, otherwise string) string {
	if value == "" {
		return otherwise
	}
	return value
}

func (c *Client) notify(n Notice) {
	if c.Notify != nil {
		c.Notify(n)
	}
}

func (c *Client) now() time.Time {
	clock := c.Now
	if clock == nil {
		clock = time.Now
	}
	return clock()
}

func (c *Client) idleTimeout() time.Duration {
	switch {
	case c.IdleTimeout < 0:
		return 0
	case c.IdleTimeout == 0:
		return defaultIdleTimeout
	}
	return c.IdleTimeout
}

// httpClient is the given client, kept from following redirects: a bearer token
// must not travel to where an answer points.
func (c *Client) httpClient() *http.Client {
	var out http.Client
	if c.HTTPClient != nil {
		out = *c.HTTPClient
	}
	out.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	return &out
}
