package auth

import (
	"errors"
	"fmt"
	"net/http"
	"strings"

	"github.com/codexctl/codexctl/pkg/credentials"
)

// What a caller acts on. A store that cannot be locked or written is
// [credentials.ErrLockTimeout] or [credentials.ErrNotWritable]; fresh tokens that
// could not be stored are a [*credentials.RescueError].
var (
	// ErrLoginRequired: there is no login.
	ErrLoginRequired = errors.New("not signed in")

	// ErrLoginExpired: the access token has run out and may not be renewed.
	ErrLoginExpired = errors.New("login has expired")

	// ErrNotRenewable: this login may not be renewed; see [NotRenewableError].
	ErrNotRenewable = errors.New("login cannot be renewed")

	// ErrRenewalRefused: the issuer refused for good; see [RefusedError].
	ErrRenewalRefused = errors.New("token refresh failed")

	// ErrForeignHost: the token does not belong to the host; see [ForeignHostError].
	ErrForeignHost = errors.New("login is not for this host")

	// ErrAccountChanged: the renewed tokens are of another account than the stored.
	ErrAccountChanged = errors.New("the renewed login is of another account")
)

// Reason is why a login may not be renewed.
type Reason string

// The reasons.
const (
	// ReasonNoRefreshToken: it has nothing to renew it with.
	ReasonNoRefreshToken Reason = "it has no refresh token"

	// ReasonEnvironment: it came from a variable.
	ReasonEnvironment Reason = "it came from the environment"

	// ReasonShared: it lies in the official CLI's own file.
	ReasonShared Reason = "it belongs to the official Codex CLI"

	// ReasonSwitchedOff: [Source.NoRefresh] is set.
	ReasonSwitchedOff Reason = "renewal is switched off"
)

// NotRenewableError says which login may not be renewed, and why.
type NotRenewableError struct {
	// Origin is where the login comes from.
	Origin credentials.Origin

	// Reason is why.
	Reason Reason
}

// Error names the login and the reason.
func (e *NotRenewableError) Error() string {
	return fmt.Sprintf("%s %s: %s", e.Origin, ErrNotRenewable, e.Reason)
}

// Is makes it an ErrNotRenewable.
func (e *NotRenewableError) Is(target error) bool { return target == ErrNotRenewable }

// RefusedError says that the issuer will not renew this login again.
type RefusedError struct {
	// Code is the issuer's, in lower case, such as "refresh_token_reused"; empty if
	// it gave none.
	Code string

	// Status is the HTTP status.
	Status int

	// Description is the issuer's text, shortened, without anything secret.
	Description string
}

// Error names the code or else the status.
func (e *RefusedError) Error() string {
	return ErrRenewalRefused.Error() + ": " + describe(e.Status, e.Code, e.Description)
}

// Is makes it an ErrRenewalRefused.
func (e *RefusedError) Is(target error) bool { return target == ErrRenewalRefused }

// EndpointError is an answer of the issuer that is neither what was asked for nor a
// final refusal. Asking later may help.
type EndpointError struct {
	// Endpoint is who answered, in words; empty for the token endpoint.
	Endpoint string

	// Status is the HTTP status.
	Status int

	// Code is the issuer's, in lower case; empty if it gave none.
	Code string

	// Description is the issuer's text, or what is wrong with the answer;
	// shortened, without anything secret.
	Description string

	// HTML is set if the answer is a web page: it came from a firewall or an edge
	// server and not from the issuer.
	HTML bool
}

// Error names status, code and description.
func (e *EndpointError) Error() string {
	return endpointName(e.Endpoint) + " answered " + describe(e.Status, e.Code, e.Description)
}

// RedirectError says that the issuer sent us elsewhere. Nothing went there.
type RedirectError struct {
	// Endpoint is who answered, in words; empty for the token endpoint.
	Endpoint string

	// Status is the HTTP status.
	Status int

	// Host is where the redirect pointed; empty if it did not say.
	Host string
}

// Error names the host.
func (e *RedirectError) Error() string {
	return fmt.Sprintf("%s answered %d, a redirect to %q that is not followed", endpointName(e.Endpoint), e.Status, e.Host)
}

// ForeignHostError says which host did not get the token.
type ForeignHostError struct {
	// Host is the scheme and the host of the request.
	Host string

	// Issuer is who issued the token; empty if it does not say.
	Issuer string
}

// Error names host and issuer.
func (e *ForeignHostError) Error() string {
	if e.Issuer == "" {
		return "a login that does not say who issued it is not sent to " + e.Host
	}
	return fmt.Sprintf("a login issued by %s is not sent to %s", e.Issuer, e.Host)
}

// Is makes it an ErrForeignHost.
func (e *ForeignHostError) Is(target error) bool { return target == ErrForeignHost }

func endpointName(endpoint string) string { return either(endpoint, "token endpoint") }

func describe(status int, code, description string) string {
	out := fmt.Sprintf("HTTP %d", status)
	if text := http.StatusText(status); text != "" {
		out += " " + text
	}
	if code != "" {
		out = code + " (" + out + ")"
	}
	if description = strings.TrimSpace(description); description != "" {
		out += ": " + description
	}
	return out
}
