package chatcompat

import (
	"fmt"

	"github.com/codexctl/codexctl/pkg/responses"
)

// FieldError is a request that cannot be translated because of one field. It wraps
// [responses.ErrBadRequest]; find it with a *FieldError and [errors.As].
type FieldError struct {
	// Field is the path of the field, such as messages.0.content.
	Field string

	// Want is what should be there, as the end of a sentence.
	Want string
}

// Error names the field and what it should hold.
func (e *FieldError) Error() string {
	return fmt.Sprintf("%v: field %s: want %s", responses.ErrBadRequest, e.Field, e.Want)
}

// Unwrap says that the request is to blame.
func (e *FieldError) Unwrap() error { return responses.ErrBadRequest }

func bad(field, want string) error { return &FieldError{field, want} }
