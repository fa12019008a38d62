package cli

import (
	"context"

	"github.com/codexctl/codexctl/pkg/responses"
)

// sessionOptions are the flags of `ask` about conversations.
type sessionOptions struct{}

func (o *sessionOptions) flags() []flagSpec { return nil }

// conversation is what an answer continues, and where it is kept. nil is neither.
type conversation struct{}

// open waits for the conversation's turn and reads it.
func (o *sessionOptions) open(context.Context, *invocation) (*conversation, error) { return nil, nil }

// extend puts what was said before in front of a request.
func (c *conversation) extend(*responses.Request, *askOptions) {}

// keep adds the exchange.
func (c *conversation) keep(context.Context, *call, *responses.Response) error { return nil }

// end gives the turn back. Calling it again does nothing.
func (c *conversation) end() {}
