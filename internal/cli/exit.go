package cli

import (
	"context"
	"errors"
	"os"
	"syscall"

	"github.com/codexctl/codexctl/internal/batch"
	"github.com/codexctl/codexctl/internal/config"
	"github.com/codexctl/codexctl/internal/schema"
	"github.com/codexctl/codexctl/internal/session"
	"github.com/codexctl/codexctl/internal/terminal"
	"github.com/codexctl/codexctl/pkg/auth"
	"github.com/codexctl/codexctl/pkg/credentials"
	"github.com/codexctl/codexctl/pkg/responses"
)

// The exit codes, the same for every command and every output format.
const (
	exitOK          = 0
	exitFailure     = 1
	exitUsage       = 2
	exitConfig      = 3
	exitAuth        = 4
	exitLimited     = 5
	exitNetwork     = 6
	exitTimeout     = 7
	exitIncomplete  = 8
	exitMismatch    = 9
	exitPartial     = 10
	exitCancelled   = 11
	exitInterrupted = 130
	exitTerminated  = 143
)

// exitMeaning is one row of `help exit-codes`.
type exitMeaning struct {
	code  int
	codes string // the values of error.code
	when  string
}

func exitMeanings() []exitMeaning {
	return []exitMeaning{
		{exitOK, "", "success; also when the reader of stdout went away"},
		{exitFailure, "internal, server_error, invalid_request, model_not_available, context_length_exceeded", "anything not below, the backend's refusals and failures included"},
		{exitUsage, "usage, session_not_found", "bad flag, missing prompt, unreadable input, bad schema, stdin needed but absent"},
		{exitConfig, "config, port_in_use", "bad value in the configuration file or the environment, malformed credential file, directory not writable, port taken"},
		{exitAuth, "auth_required, auth_expired, auth_denied, plan_required, region_blocked", "not signed in, renewal refused, a 401 or 403 about the caller"},
		{exitLimited, "rate_limited, quota_exhausted", "too many requests, or the allowance is used up; resets_at says until when, if it is known"},
		{exitNetwork, "network", "DNS, TLS, proxy, connection refused or reset, a page of the edge network"},
		{exitTimeout, "timeout", "--timeout, --connect-timeout or --idle-timeout ran out, or a wait for a login"},
		{exitIncomplete, "incomplete, truncated, refused", "the answer is cut short, not whole, or a refusal; what had arrived is on stdout"},
		{exitMismatch, "schema_mismatch", "the answer does not fit --schema, or cannot be checked; its text is kept"},
		{exitPartial, "partial", "batch ended with failed records"},
		{exitCancelled, "cancelled", "declined in the browser or at a prompt"},
		{exitInterrupted, "interrupted", "SIGINT (Ctrl-C); a second one ends at once"},
		{exitTerminated, "interrupted", "SIGTERM"},
	}
}

// Errors of this package that are more than bad usage.
var (
	// errDeadline is --timeout.
	errDeadline = errors.New("timed out")

	// errNobodyCame is --wait.
	errNobodyCame = errors.New("nobody has signed in")

	// errCancelled is a no at a prompt.
	errCancelled = errors.New("cancelled")

	// errExpiresSoon is a token that outlives the command by too little.
	errExpiresSoon = errors.New("the access token expires")

	// errUnwell is what `doctor` ends with when a check fails.
	errUnwell = errors.New("checks failed")
)

// outcome is what an error means for whoever called: an exit code, the value of
// error.code, the words that troubleshooting guides know it by, and what to do.
type outcome struct {
	err  error
	exit int
	code string
	say  string // stands before the error's own text
	hint string
}

const (
	hintSignIn = "sign in: codexctl auth login; without a browser: codexctl auth login-device"
	hintRenew  = "sign in again: codexctl auth login"

	hintDebug  = "see where it fails: codexctl --debug auth status --check"
	hintDoctor = "find out where it fails: codexctl doctor"

	// What comes through a pipe is no file to repair; a bare token is the likely mistake.
	hintStdinLogin = "stdin wants one login as JSON, as `codexctl auth export` writes it; a bare token goes into CODEXCTL_ACCESS_TOKEN"

	// An expired login may be the official client's, which is renewed only on demand.
	hintExpired = "sign in again: codexctl auth login; or renew the official client's login: --renew-shared"
)

// outcomes is the table from errors to their meaning. The first row whose error is
// in the chain counts, so what is closest to the cause stands first.
func outcomes() []outcome {
	return []outcome{
		{err: errDeadline, exit: exitTimeout, code: "timeout", hint: "allow more time: --timeout 30m"},
		{err: errNobodyCame, exit: exitTimeout, code: "timeout", hint: "allow more time: --wait 30m"},
		{err: errCancelled, exit: exitCancelled, code: "cancelled"},
		{err: terminal.ErrInterrupted, exit: exitInterrupted, code: "interrupted"},

		{err: errPartial, exit: exitPartial, code: "partial"},
		{err: batch.ErrTooManyErrors, exit: exitPartial, code: "partial"},
		{err: batch.ErrInputChanged, exit: exitFailure, code: "internal", hint: "leave the input as it is while it is being asked, and begin anew"},
		{err: batch.ErrInput, exit: exitUsage, code: "usage"},
		{err: batch.ErrOutputExists, exit: exitUsage, code: "usage", hint: "go on with it: --resume FILE, or name another"},
		{err: batch.ErrNotOutput, exit: exitUsage, code: "usage", hint: "name a file that batch has written: --resume FILE"},
		{err: batch.ErrLocked, exit: exitConfig, code: "config", hint: "wait for the other run, or end it"},
		{err: batch.ErrOutput, exit: exitFailure, code: "internal", hint: "make room for the output"},

		{err: auth.ErrDenied, exit: exitCancelled, code: "cancelled", hint: "try again: codexctl auth login"},
		{err: auth.ErrNoEntitlement, exit: exitAuth, code: "plan_required", say: "ChatGPT plan does not include Codex", hint: "ask the administrator of the workspace, or sign in with another account: codexctl auth login"},
		{err: auth.ErrDeviceLoginOff, exit: exitAuth, code: "auth_denied", hint: "switch it on in ChatGPT under Settings, Security, or sign in with a browser: codexctl auth login --no-browser"},
		{err: auth.ErrDeviceCodeExpired, exit: exitTimeout, code: "timeout", hint: "get a new code: codexctl auth login-device"},
		{err: auth.ErrPortInUse, exit: exitConfig, code: "port_in_use", hint: "end the program that has the port, name another with --port N, or do without: codexctl auth login-device"},

		{err: credentials.ErrMalformed, exit: exitConfig, code: "config", hint: "repair the file, or replace it: codexctl auth login --force"},
		{err: credentials.ErrUnreadable, exit: exitConfig, code: "config", hint: "make the file readable for you, or name another: --auth-file FILE"},
		{err: credentials.ErrNotWritable, exit: exitConfig, code: "config", hint: "make the directory writable, or name another file: --auth-file FILE"},
		{err: credentials.ErrChanged, exit: exitConfig, code: "config", hint: "run the command again: another program wrote the file meanwhile"},
		{err: credentials.ErrNoLocking, exit: exitConfig, code: "config", hint: "keep the credential file on a local file system: --auth-file FILE"},
		{err: credentials.ErrLockTimeout, exit: exitTimeout, code: "timeout", hint: "end the process that holds the lock, then try again"},
		{err: credentials.ErrIncomplete, exit: exitConfig, code: "config", hint: hintRenew},
		{err: credentials.ErrDead, exit: exitAuth, code: "auth_expired", hint: hintRenew},
		{err: credentials.ErrNotJWT, exit: exitUsage, code: "usage"},
		{err: auth.ErrSignInFailed, exit: exitAuth, code: "auth_denied", hint: "try again: codexctl auth login"},
		{err: auth.ErrForeignHost, exit: exitConfig, code: "config", hint: "name the login yourself if you trust that host: --auth-file FILE"},
		{err: auth.ErrRenewalRefused, exit: exitAuth, code: "auth_expired", say: "Token refresh failed", hint: hintRenew},
		{err: auth.ErrAccountChanged, exit: exitAuth, code: "auth_expired", say: "Token refresh failed", hint: hintRenew},
		{err: auth.ErrLoginExpired, exit: exitAuth, code: "auth_expired", hint: hintExpired},
		{err: auth.ErrNotRenewable, exit: exitAuth, code: "auth_expired", hint: hintExpired},
		{err: session.ErrEnded, exit: exitUsage, code: "session_not_found", say: "Session not found", hint: "go on under another id"},
		{err: session.ErrNotFound, exit: exitUsage, code: "session_not_found", say: "Session not found", hint: "go on under another id"},
		{err: session.ErrBadID, exit: exitUsage, code: "usage"},
		{err: session.ErrNoResponse, exit: exitUsage, code: "session_not_found"},
		{err: session.ErrNoItem, exit: exitUsage, code: "session_not_found"},
		{err: session.ErrLost, exit: exitFailure, code: "internal", hint: "ask again: another process has the conversation now"},
		{err: errUnwell, exit: exitFailure, code: "internal", hint: "do what stands below the failing rows, then look again: codexctl doctor"},
		{err: errNoWindow, exit: exitFailure, code: "server_error", hint: "see what the backend says: codexctl usage --json"},
		{err: schema.ErrMismatch, exit: exitMismatch, code: "schema_mismatch", hint: "ask again, say in the prompt what is missing, or let the schema allow more"},
		{err: schema.ErrTooCostly, exit: exitMismatch, code: "schema_mismatch", hint: "make the schema simpler: fewer alternatives and shorter patterns"},
		{err: errUnhealthy, exit: exitFailure, code: "server_error"},
		{err: errExpiresSoon, exit: exitAuth, code: "auth_expired", hint: hintRenew},
		{err: credentials.ErrOtherLogin, exit: exitAuth, code: "auth_required", say: "No ChatGPT OAuth token found", hint: hintSignIn},
		{err: auth.ErrLoginRequired, exit: exitAuth, code: "auth_required", say: "No valid OpenAI credentials found", hint: hintSignIn},
		{err: credentials.ErrNotFound, exit: exitAuth, code: "auth_required", say: "No valid OpenAI credentials found", hint: hintSignIn},

		{err: responses.ErrPlan, exit: exitAuth, code: "plan_required", hint: "see what the account has: codexctl auth status"},
		{err: responses.ErrRegion, exit: exitAuth, code: "region_blocked"},
		{err: responses.ErrUnauthorized, exit: exitAuth, code: "auth_denied", hint: hintRenew},
		{err: responses.ErrForbidden, exit: exitAuth, code: "auth_denied", hint: "see which account is used: codexctl auth status"},
		{err: responses.ErrQuota, exit: exitLimited, code: "quota_exhausted", hint: "wait for the reset, or ask a smaller model: --model NAME"},
		{err: responses.ErrRateLimited, exit: exitLimited, code: "rate_limited", hint: "wait a moment, or allow more tries: --retries 8"},
		{err: responses.ErrModel, exit: exitFailure, code: "model_not_available", hint: "choose another: --model NAME"},
		{err: responses.ErrClientVersion, exit: exitFailure, code: "model_not_available", hint: "declare a newer version: --client-version V"},
		{err: responses.ErrContextLength, exit: exitFailure, code: "context_length_exceeded", hint: "send less text, or ask a model with a larger window: --model NAME"},
		{err: responses.ErrOverloaded, exit: exitFailure, code: "server_error", hint: "try again later, or ask another model: --model NAME"},
		{err: responses.ErrBlocked, exit: exitNetwork, code: "network", hint: hintDoctor + "; proxies, VPNs and server addresses are often blocked"},
		{err: responses.ErrRedirect, exit: exitNetwork, code: "network", hint: "check the address: --base-url URL"},
		{err: responses.ErrTruncated, exit: exitIncomplete, code: "truncated", hint: "the answer above is cut short; try again"},
		{err: responses.ErrIncomplete, exit: exitIncomplete, code: "incomplete", hint: "the answer above is not whole; ask for less at a time"},
		{err: responses.ErrRefused, exit: exitIncomplete, code: "refused", hint: "put the request in other words"},
		{err: responses.ErrTimeout, exit: exitTimeout, code: "timeout", hint: "try again, or allow longer silence: --idle-timeout 10m"},
		{err: responses.ErrConnection, exit: exitNetwork, code: "network", hint: hintDoctor},
		{err: responses.ErrServer, exit: exitFailure, code: "server_error", hint: "try again later"},
		{err: responses.ErrInvalid, exit: exitFailure, code: "invalid_request", hint: "see what is sent: add --dry-run"},
		{err: responses.ErrBadRequest, exit: exitUsage, code: "usage"},
	}
}

// meaning finds what an error means.
func meaning(err error) outcome {
	var usage *usageError
	var setting *settingError
	var file *config.Error
	var transform *transformError
	var signal interrupted
	var endpoint *auth.EndpointError
	var redirect *auth.RedirectError
	var port *portError
	var place *placeError
	var proxy *proxyError
	var rescued *credentials.RescueError
	var quota *quotaError
	switch {
	case errors.As(err, &rescued) && !errors.Is(err, auth.ErrAccountChanged):
		return outcome{exit: exitConfig, code: "config", hint: "make the store writable, then move the saved login to its place"}
	case errors.As(err, &quota):
		return outcome{exit: exitLimited, code: "quota_exhausted", hint: quota.hint}
	case errors.As(err, &place):
		return outcome{exit: exitConfig, code: "config", hint: "write elsewhere: --output FILE"}
	case errors.As(err, &port):
		return outcome{exit: exitConfig, code: "port_in_use", hint: "choose another: " + port.flag}
	case errors.As(err, &signal):
		return outcome{exit: SignalExit(signal.signal), code: "interrupted"}
	case errors.As(err, &usage):
		return outcome{exit: exitUsage, code: "usage", hint: usage.hint}
	case errors.As(err, &file):
		return outcome{exit: exitConfig, code: "config"} // its hint needs to know the line: see hint
	case errors.As(err, &setting):
		return outcome{exit: exitConfig, code: "config", hint: "correct or unset " + setting.origin}
	case errors.As(err, &transform):
		return outcome{exit: exitFailure, code: "internal", hint: "see the whole result: --json"}
	case errors.As(err, &endpoint):
		return endpointOutcome(err, endpoint)
	case errors.As(err, &proxy):
		return outcome{exit: exitNetwork, code: "network", hint: "check the proxy: HTTPS_PROXY, ALL_PROXY, NO_PROXY"}
	case errors.As(err, &redirect):
		return outcome{exit: exitNetwork, code: "network", hint: "check the address: --issuer URL"}
	}
	for _, row := range outcomes() {
		if errors.Is(err, row.err) {
			return row
		}
	}
	if errors.Is(err, context.Canceled) {
		return outcome{exit: exitInterrupted, code: "interrupted"}
	}
	return networkOutcome(err)
}

// endpointOutcome is about an answer of the issuer that is no final refusal.
func endpointOutcome(err error, e *auth.EndpointError) outcome {
	out := outcome{exit: exitFailure, code: "server_error", say: "Token refresh failed", hint: "the login is untouched; try again later"}
	if errors.Is(err, auth.ErrSignInFailed) {
		out.say, out.hint = "", "try again: codexctl auth login"
		if e.Status >= 400 && e.Status < 500 && e.Status != 429 {
			out.exit, out.code = exitAuth, "auth_denied"
		}
	}
	switch {
	case e.HTML:
		out.exit, out.code = exitNetwork, "network"
	case e.Code == "unsupported_country_region_territory":
		return outcome{exit: exitAuth, code: "region_blocked", say: "Not available in your region"}
	case e.Status == 429:
		out.exit, out.code = exitLimited, "rate_limited"
	}
	return out
}

// SignalExit is the exit code for a program that a signal has ended.
func SignalExit(s os.Signal) int {
	if s == syscall.SIGTERM {
		return exitTerminated
	}
	return exitInterrupted
}
