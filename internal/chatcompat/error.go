package chatcompat

import "github.com/codexctl/codexctl/pkg/responses"

// FieldError is a request that cannot be translated because of one field. It wraps
// [responses.ErrBadRequest]; find it with a *FieldError and [errors.As].
type FieldError = responses.FieldError

func bad(field, want string) error { return &FieldError{Field: field, Want: want} }
