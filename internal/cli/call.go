package cli

import (
	"context"
	"errors"
	"net/http"
	"strings"

	"github.com/codexctl/codexctl/internal/catalogue"
	"github.com/codexctl/codexctl/pkg/responses"
)

// defaultModel is asked when nobody names one.
const defaultModel = "gpt-5.5"

// call is one question to the backend: what is sent, who looks at the events, and
// what is known when it is over.
type call struct {
	inv    *invocation
	client *responses.Client

	// request is what is sent; body replaces it as it is.
	request responses.Request
	body    []byte

	// alias is the model's name before --model-alias replaced it; empty if it did not.
	alias string

	// modelGiven is true when somebody chose the model.
	modelGiven bool

	// opened is called once with the answer's header, event for each event: more
	// says that another one is there already.
	opened func(http.Header) error
	event  func(e responses.Event, more bool) error

	// mend is asked about a refusal: whether the request is different now, so that it is
	// worth another try. nil changes nothing.
	mend func(error) bool

	// refusedToo calls opened for a refusal as well.
	refusedToo bool

	watch     *stopwatch
	header    http.Header
	requestID string
	attempts  int
}

// run sends the request and hands on the events. The error is the first of the
// sink's, the stream's and the client's.
func (c *call) run(ctx context.Context) error {
	stream, err := c.open(ctx)
	if err != nil {
		c.attempts += responses.Attempts(err)
		var api *responses.APIError
		if errors.As(err, &api) {
			c.requestID = api.RequestID
			if c.opened != nil && api.Header != nil && c.refusedToo {
				_ = c.opened(api.Header) // the refusal is what is told
			}
		}
		return err
	}
	defer stream.Close()
	c.header, c.requestID = stream.Header(), stream.RequestID()
	c.attempts += stream.Attempts()
	if c.opened != nil {
		if err := c.opened(c.header); err != nil {
			return err
		}
	}
	for event, err := range stream.Events() {
		if err != nil {
			return err
		}
		if event.HasText() {
			c.watch.token()
		}
		if err := c.event(event, stream.Buffered()); err != nil {
			return err
		}
	}
	return nil
}

// open begins the answer. A model that the account does not have is explained with
// those it has; if nobody chose it, the first of them is asked instead, once.
func (c *call) open(ctx context.Context) (*responses.Stream, error) {
	if c.body != nil {
		return c.client.StreamBody(ctx, c.body)
	}
	stream, err := c.ask(ctx)
	if !errors.Is(err, responses.ErrModel) {
		return stream, err
	}
	models, listErr := c.models(ctx)
	if listErr != nil {
		c.inv.talk.detail("the account's models cannot be listed: %v", listErr)
		return nil, err
	}
	if c.modelGiven || len(models) == 0 || models[0] == c.request.Model {
		return nil, &modelError{err, models}
	}
	c.inv.talk.warn("%s is not available to this account; asking %s", c.request.Model, models[0])
	c.attempts += responses.Attempts(err)
	c.request.Model = models[0]
	return c.ask(ctx)
}

// ask sends the request, and once more if what was refused about it can be mended.
func (c *call) ask(ctx context.Context) (*responses.Stream, error) {
	stream, err := c.client.Stream(ctx, c.request)
	if err == nil || c.mend == nil || !c.mend(err) {
		return stream, err
	}
	c.attempts += responses.Attempts(err)
	return c.client.Stream(ctx, c.request)
}

// rename replaces a model's name that stands for another one.
func (c *call) rename(aliases map[string]string) {
	if to, ok := aliases[c.request.Model]; ok {
		c.alias, c.request.Model = c.request.Model, to
	}
}

// requestedModel is the name that was asked for; the one that answers may differ.
func (c *call) requestedModel() string {
	if c.alias != "" {
		return c.alias
	}
	return c.request.Model
}

func (c *call) models(ctx context.Context) ([]string, error) {
	known, ok := c.client.Catalogue.(*catalogue.Catalogue)
	if !ok {
		return nil, errors.New("no catalogue")
	}
	models, err := known.Models(ctx)
	return catalogue.Slugs(models), err
}

// modelError is a refused model, with those that the account has.
type modelError struct {
	err    error
	models []string
}

func (e *modelError) Error() string {
	if len(e.models) == 0 {
		return e.err.Error() + "; the account's list is empty, so the client version may be too old (--client-version V)"
	}
	return e.err.Error() + "; this account has: " + strings.Join(e.models, ", ")
}

func (e *modelError) Unwrap() error { return e.err }
