package proxy

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"

	"github.com/codexctl/codexctl/pkg/responses"
)

// ask is one question to the backend.
type ask struct {
	client  *responses.Client
	request responses.Request
	chosen  bool // the caller has named the model
	summary bool // reasoning.summary is our wish
	talk    *conversation
}

// client is the server's, with what passes of the caller's headers.
func (x *exchange) client() *responses.Client {
	client := *x.server.config.Client
	client.Header = withHeader(client.Header, passUp(x.r.Header))
	client.Notify = func(n responses.Notice) {
		if n.Kind == responses.NoticeSkipped {
			x.warn("an event cannot be read", n.Err)
		}
	}
	return &client
}

// open begins an answer. A refusal that names what we ourselves have added is met with
// one more try without it; a default model that the account does not have, with the
// first that it has.
func (x *exchange) open(ctx context.Context, a ask) (*responses.Stream, error) {
	stream, err := x.try(ctx, a)
	switch {
	case err == nil:
		return stream, nil
	case a.summary && names(err, "summary"):
		a.request.Reasoning.Summary = ""
		return x.try(ctx, a)
	case a.talk.plain != nil && names(err, "encrypted"):
		a.request.Input, a.talk.plain = a.talk.plain, nil
		return x.try(ctx, a)
	case errors.Is(err, responses.ErrModel):
		return x.otherModel(ctx, a, err)
	}
	return nil, err
}

// names says whether the backend refuses a request in words that hold one.
func names(err error, word string) bool {
	var e *responses.APIError
	return errors.As(err, &e) && e.Status == http.StatusBadRequest && !errors.Is(err, responses.ErrModel) &&
		strings.Contains(strings.ToLower(e.Message+" "+e.Param+" "+e.Code), word)
}

// otherModel explains a refused model with those that the account has.
func (x *exchange) otherModel(ctx context.Context, a ask, refused error) (*responses.Stream, error) {
	models, err := x.listed(ctx)
	if err != nil {
		return nil, refused
	}
	if a.chosen || len(models) == 0 || models[0] == a.request.Model {
		return nil, &modelError{refused, a.request.Model, models}
	}
	x.warn("the default model is not available; asking "+models[0], refused)
	a.request.Model = models[0]
	stream, err := x.try(ctx, a)
	if errors.Is(err, responses.ErrModel) {
		return nil, &modelError{err, a.request.Model, models}
	}
	return stream, err
}

// try makes one call and notes what it took.
func (x *exchange) try(ctx context.Context, a ask) (*responses.Stream, error) {
	stream, err := a.client.Stream(ctx, a.request)
	x.noting.Lock()
	defer x.noting.Unlock()
	if err != nil {
		x.line.attempts += responses.Attempts(err)
		return nil, err
	}
	x.opened(stream)
	return stream, nil
}

// opened notes what is known once an answer has begun, and passes its headers on.
func (x *exchange) opened(stream *responses.Stream) {
	x.line.attempts += stream.Attempts()
	x.line.upstream = stream.RequestID()
	passBack(x.w.Header(), stream.Header())
}

// listed are the names of the models that the account is offered.
func (x *exchange) listed(ctx context.Context) ([]string, error) {
	models, err := x.server.config.Models(ctx)
	if err != nil {
		return nil, err
	}
	var slugs []string
	for _, m := range models {
		if m.Listed {
			slugs = append(slugs, m.Slug)
		}
	}
	return slugs, nil
}

// modelError is a refused model, with those that the account has and the way to have
// one asked for another.
type modelError struct {
	err    error
	name   string
	models []string
}

func (e *modelError) Error() string {
	text := fmt.Sprintf("%v: %s", responses.ErrModel, headerText(e.name))
	if len(e.models) == 0 {
		return text + "; the account's list is empty, so the client version may be too old (codexctl serve --client-version V)"
	}
	return text + "; this account has: " + strings.Join(e.models, ", ") +
		" (codexctl serve --model-alias OLD=NEW asks another by an old name)"
}

func (e *modelError) Unwrap() error { return e.err }

// choose settles which model is asked.
func (x *exchange) choose(r *responses.Request) (chosen bool) {
	if to, ok := x.server.config.Aliases[r.Model]; ok {
		r.Model = to
	}
	if r.Model != "" {
		return true
	}
	r.Model = x.server.config.DefaultModel
	return false
}

// instruct settles what the model is told beside the input. A request of the official
// client, which leads with a developer message, speaks for itself.
func (x *exchange) instruct(r *responses.Request, official bool) error {
	if r.Instructions == "" && official && leadsWithDeveloper(r) {
		r.Bare = true
		return nil
	}
	if err := r.LiftSystem(); err != nil {
		return err
	}
	own := x.server.config.Instructions
	if own == "" {
		return nil
	}
	switch {
	case r.Instructions == "" || x.server.config.Mode == ModeOverride:
		r.Instructions = own
	case x.server.config.Mode == ModeAppend:
		r.Instructions += "\n\n" + own
	}
	return nil
}

// refuses names the fields of a request that are dropped; in strict mode that is an
// error.
func (x *exchange) refuses(r *responses.Request) ([]string, error) {
	var dropped []string
	for _, name := range r.Refused() {
		if string(r.Extra[name]) != "null" { // else nothing was asked for
			dropped = append(dropped, name)
		}
		delete(r.Extra, name)
	}
	if len(dropped) > 0 && x.strict() {
		return nil, refusedField(dropped[0])
	}
	return dropped, nil
}
