package credentials

import (
	"errors"
	"io/fs"
	"strings"
)

// What can be wrong with a store, for errors.Is. A missing one is fs.ErrNotExist.
var (
	// ErrUnreadable: the store is there but cannot be read.
	ErrUnreadable = errors.New("cannot be read")

	// ErrMalformed: the store was read but is not a login in any known form.
	ErrMalformed = errors.New("is malformed")

	// ErrOtherLogin: the store is valid and holds another kind of login.
	ErrOtherLogin = errors.New("holds no ChatGPT login")

	// ErrNotWritable: the store, its folder or its lock cannot be written. Nothing
	// has been changed.
	ErrNotWritable = errors.New("cannot be written")

	// ErrChanged: somebody else wrote the store since it was prepared for writing.
	// Their content stands.
	ErrChanged = errors.New("was changed by another program")

	// ErrLockTimeout: another process held the store's lock for too long.
	ErrLockTimeout = errors.New("is locked by another process")

	// ErrNoLocking: the file system has no locks.
	ErrNoLocking = errors.New("lies on a file system without locks")

	// ErrDead: the login has expired and cannot be renewed.
	ErrDead = errors.New("login has expired and has no refresh token")

	// ErrNotFound: there is no login in any place that was looked at.
	ErrNotFound = errors.New("no ChatGPT login found")

	// ErrIncomplete: the login lacks something that the form to be written needs.
	ErrIncomplete = errors.New("login is incomplete")
)

// FileError is about one store. Its text names the store and the field, and never
// quotes what is in it.
type FileError struct {
	// Path is the store as given, or the name of an environment variable. Empty
	// for content that came from no file.
	Path string

	// Field is the key at fault, with its parents: "tokens.access_token". Empty if
	// it is not about one.
	Field string

	// Err wraps one of the sentinels above, or fs.ErrNotExist.
	Err error
}

// Error names store, field and fault.
func (e *FileError) Error() string {
	where := e.Path
	if where == "" {
		where = "credential"
	}
	if e.Field != "" {
		where += ": field " + e.Field
	}
	return where + " " + e.Err.Error()
}

// Unwrap returns Err.
func (e *FileError) Unwrap() error { return e.Err }

// OtherLoginError says that a store or variable holds a login of another kind,
// which this program cannot use.
type OtherLoginError struct {
	// Path is the store, or the name of an environment variable.
	Path string

	// Mode is the official CLI's name for the kind: "apikey",
	// "personalAccessToken", "agentIdentity", "bedrockApiKey", "headers". It is
	// "unknown" for a kind we have no name for, and empty if there is no login.
	Mode string
}

// Error names the store and the kind of login in it.
func (e *OtherLoginError) Error() string {
	msg := ErrOtherLogin.Error()
	if e.Mode != "" {
		msg += " (" + e.Mode + ")"
	}
	if e.Path == "" {
		return "credential " + msg
	}
	return e.Path + " " + msg
}

// Is makes it an ErrOtherLogin.
func (e *OtherLoginError) Is(target error) bool { return target == ErrOtherLogin }

// NotFoundError lists where no login was found.
type NotFoundError struct {
	// Missing are the stores that do not exist.
	Missing []string

	// Passed are the sources that exist and cannot be used.
	Passed []Passed
}

// Error lists the places.
func (e *NotFoundError) Error() string {
	notes := make([]string, 0, len(e.Missing)+len(e.Passed))
	for _, p := range e.Passed {
		notes = append(notes, p.String())
	}
	for _, path := range e.Missing {
		notes = append(notes, path+" does not exist")
	}
	if len(notes) == 0 {
		return ErrNotFound.Error()
	}
	return ErrNotFound.Error() + ": " + strings.Join(notes, "; ")
}

// Is makes it an ErrNotFound, and an fs.ErrNotExist if nothing was passed over.
func (e *NotFoundError) Is(target error) bool {
	return target == ErrNotFound || (target == fs.ErrNotExist && len(e.Passed) == 0)
}

// Unwrap returns why the sources that exist could not be used.
func (e *NotFoundError) Unwrap() []error {
	var out []error
	for _, p := range e.Passed {
		out = append(out, p.Err)
	}
	return out
}

// bare strips the operation and the path from an error of package os: the path is
// named once, by the FileError around it.
func bare(err error) error {
	if e, ok := errors.AsType[*fs.PathError](err); ok {
		return e.Err
	}
	return err
}
