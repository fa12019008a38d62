package cli

import (
	"context"
	"encoding/json"

	"github.com/codexctl/codexctl/pkg/responses"
)

// structureOptions are the flags of `ask` about the shape of the answer.
type structureOptions struct{}

func (o *structureOptions) flags() []flagSpec { return nil }

// structure is the shape that an answer must have. nil is none.
type structure struct{}

// read reads the schema that the flags give, and checks it.
func (o *structureOptions) read(context.Context, *invocation, bool) (*structure, error) {
	return nil, nil
}

// shape asks the model for it.
func (s *structure) shape(*responses.Request) {}

// whole says whether the answer can only be looked at when it is complete.
func (s *structure) whole() bool { return false }

// check holds the answer's text against the shape, and returns its data.
func (s *structure) check(string) (json.RawMessage, error) { return nil, nil }
