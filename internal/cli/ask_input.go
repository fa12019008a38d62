package cli

import (
	"context"
	"encoding/json"

	"github.com/codexctl/codexctl/pkg/responses"
)

// inputOptions are the flags of `ask` that go along with the prompt.
type inputOptions struct{}

func (o *inputOptions) flags() []flagSpec { return nil }

// fileFlags are those that may name stdin.
func (o *inputOptions) fileFlags() []fileFlag { return nil }

// attachments are what goes along with a prompt.
type attachments struct{}

// read reads and checks all that the flags name.
func (o *inputOptions) read(context.Context, *invocation) (attachments, error) {
	return attachments{}, nil
}

// message is the user's message.
func (attachments) message(prompt string) json.RawMessage { return responses.UserText(prompt) }
