package auth

import (
	"errors"
	"fmt"
	"strings"
)

// What can come of a sign-in. The present login, if there is one, is untouched by
// all of them.
var (
	// ErrDenied: the person, or somebody responsible for them, said no.
	ErrDenied = errors.New("sign-in was declined")

	// ErrNoEntitlement: the account's plan or workspace has no Codex.
	ErrNoEntitlement = errors.New("the workspace does not include Codex")

	// ErrSignInFailed: the issuer answered, and not with a login. What it said is a
	// [*SignInError] or an [*EndpointError] in the chain.
	ErrSignInFailed = errors.New("sign-in failed")

	// ErrPortInUse: no port for the browser's way back; see [PortError].
	ErrPortInUse = errors.New("callback port cannot be used")

	// ErrDeviceLoginOff: signing in with a code is switched off, in the security
	// settings of the person's ChatGPT account or by the administrator of their
	// workspace. Source: fact D-1 in docs/protocol.md.
	ErrDeviceLoginOff = errors.New("device code login is switched off in the ChatGPT security settings")

	// ErrDeviceCodeExpired: the code was not entered in time.
	ErrDeviceCodeExpired = errors.New("device code has expired")
)

// SignInError is the issuer's own word that there will be no login. It is an
// [ErrDenied], [ErrNoEntitlement], [ErrDeviceCodeExpired] or, for everything else,
// [ErrSignInFailed].
type SignInError struct {
	// Code is the issuer's, in lower case, such as "access_denied"; empty if it gave
	// none that can be shown.
	Code string

	// Description is the issuer's text, shortened, without anything secret.
	Description string
}

// Error says what happened and what the issuer said.
func (e *SignInError) Error() string {
	out := e.kind().Error()
	for _, part := range [...]string{e.Code, e.Description} {
		if part != "" {
			out += ": " + part
		}
	}
	return out
}

// Is tells the four meanings apart.
func (e *SignInError) Is(target error) bool { return target == e.kind() }

// kind goes by the code, and by the description where there is none. Source: fact
// B-7 in docs/protocol.md.
func (e *SignInError) kind() error {
	said := either(e.Code, strings.ToLower(e.Description))
	has := func(part string) bool { return strings.Contains(said, part) }
	switch {
	case strings.Contains(e.Code+strings.ToLower(e.Description), "missing_codex_entitlement"):
		return ErrNoEntitlement
	case has("denied"), has("declined"):
		return ErrDenied
	case has("expired"):
		return ErrDeviceCodeExpired
	}
	return ErrSignInFailed
}

// PortError says that the listener for the browser's way back could not be had.
type PortError struct {
	// Ports are those that were tried, in order.
	Ports []int

	// Err is why, for each port; nil if nobody knows.
	Err error
}

// Error names the ports.
func (e *PortError) Error() string {
	names := make([]string, len(e.Ports))
	for i, port := range e.Ports {
		names[i] = fmt.Sprint(port)
	}
	out := ErrPortInUse.Error() + ": " + strings.Join(names, ", ")
	if e.Err != nil {
		out += " (" + strings.ReplaceAll(e.Err.Error(), "\n", "; ") + ")"
	}
	return out
}

// Is makes it an ErrPortInUse.
func (e *PortError) Is(target error) bool { return target == ErrPortInUse }

// Unwrap returns Err.
func (e *PortError) Unwrap() error { return e.Err }
