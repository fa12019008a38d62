package cli

import (
	"context"
	"errors"

	"github.com/codexctl/codexctl/pkg/credentials"
)

// stdinLoginError is a login on stdin that cannot be taken.
type stdinLoginError struct{ err error }

func (e *stdinLoginError) Error() string { return e.err.Error() }
func (e *stdinLoginError) Unwrap() error { return e.err }

// readLogin takes a login from stdin, which has to be there.
func (inv *invocation) readLogin(ctx context.Context, ambiguous credentials.Format) (credentials.Credential, credentials.Format, error) {
	text, _, err := inv.readStdin(ctx, stdinRequest{required: true})
	if err != nil {
		return credentials.Credential{}, "", err
	}
	c, format, err := credentials.Decode([]byte(text), ambiguous)
	if err != nil {
		return c, format, &stdinLoginError{fromStdin(err)}
	}
	return c, format, nil
}

// fromStdin says in an error about a login where it came from.
func fromStdin(err error) error {
	var field *credentials.FileError
	var other *credentials.OtherLoginError
	switch {
	case errors.As(err, &field):
		return &credentials.FileError{Path: "stdin", Field: field.Field, Err: field.Err}
	case errors.As(err, &other):
		return &credentials.OtherLoginError{Path: "stdin", Mode: other.Mode}
	}
	return err
}
