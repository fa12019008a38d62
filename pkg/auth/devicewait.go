package auth

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"time"

	"github.com/codexctl/codexctl/pkg/credentials"
	"github.com/tidwall/gjson"
)

const (
	// devicePending and deviceUnknown are the issuer's words for "not yet". The second
	// is also said of a code that never was; the deadline ends that wait.
	devicePending = "deviceauth_authorization_pending"
	deviceUnknown = "deviceauth_authorization_unknown"

	// maxBackoff is how long the pauses after polls that failed may grow, and
	// maxRetryAfter how long a pause the issuer may ask for.
	maxBackoff    = 30 * time.Second
	maxRetryAfter = time.Minute
)

// errNoHandle is about a DeviceCode that does not come from Start or DecodePending.
var errNoHandle = errors.New("device code was never started")

// Wait polls until the person has entered the code, stores the login and returns it.
// The first poll comes one interval after the call. Polls that meet a busy issuer or
// a broken connection are repeated, with growing pauses, until the code expires.
//
// The error is a [*SignInError], which is [ErrDenied], [ErrNoEntitlement] or
// [ErrDeviceCodeExpired]; a bare ErrDeviceCodeExpired; for any other answer
// [ErrSignInFailed] with an [*EndpointError]; a [*RedirectError]; a
// [*ForeignHostError] if the code was started with another issuer; Store's; the
// context's cause; or the transport's. After any error nothing was stored, unless
// Store did it.
func (l *DeviceLogin) Wait(ctx context.Context, code DeviceCode) (credentials.Credential, error) {
	fresh, err := l.wait(ctx, code)
	if err != nil {
		return credentials.Credential{}, fmt.Errorf("device login: %w", err)
	}
	return fresh, nil
}

func (l *DeviceLogin) wait(ctx context.Context, code DeviceCode) (credentials.Credential, error) {
	switch {
	case code.handle.Empty():
		return credentials.Credential{}, errNoHandle
	case code.issuer != l.Config.issuer():
		return credentials.Credential{}, &ForeignHostError{Host: l.Config.issuer(), Issuer: code.issuer}
	}
	got, err := l.poll(ctx, code)
	if err != nil {
		return credentials.Credential{}, err
	}
	fresh, err := l.Config.exchange(ctx, got.code, got.verifier, l.Config.issuer()+deviceRedirect)
	if err != nil {
		return credentials.Credential{}, err
	}
	return deliver(ctx, l.Store, fresh)
}

// ticket is what the issuer gives once the person has agreed.
type ticket struct{ code, verifier credentials.Secret }

// poll asks until there is a ticket or a final answer.
func (l *DeviceLogin) poll(ctx context.Context, code DeviceCode) (ticket, error) {
	ctx, cancel := context.WithTimeoutCause(ctx, code.Expires.Sub(l.Config.now()), ErrDeviceCodeExpired)
	defer cancel()
	usual := max(code.Interval, minPollInterval)
	pause := usual
	var trouble error // of the last poll
	for sleep(ctx, pause) == nil {
		got, err := l.ask(ctx, code)
		busy, passing := errors.AsType[*busyError](err)
		switch {
		case err == nil:
			return got, nil
		case ctx.Err() != nil: // this is what ended the request
		case errors.Is(err, errPending):
			trouble, pause = nil, usual
		case passing:
			if trouble == nil && l.Warn != nil {
				l.Warn(fmt.Errorf("device login goes on: %w", busy.err))
			}
			trouble = busy.err
			pause = max(min(2*pause, max(maxBackoff, usual)), busy.after)
		default:
			return ticket{}, err
		}
	}
	err := context.Cause(ctx)
	if trouble != nil && errors.Is(err, ErrDeviceCodeExpired) {
		// Only its text: what counts is that the time is up.
		err = fmt.Errorf("%w; the last answer: %s", err, trouble.Error())
	}
	return ticket{}, err
}

// What a poll can bring besides a ticket and a final answer.
var errPending = errors.New("not entered yet")

// busyError is a failure that will pass.
type busyError struct {
	err   error
	after time.Duration // what the issuer asked to wait
}

func (e *busyError) Error() string { return e.err.Error() }

// ask polls once. The error is errPending, a [*busyError], or final.
func (l *DeviceLogin) ask(ctx context.Context, code DeviceCode) (ticket, error) {
	ctx, cancel := context.WithTimeout(ctx, endpointTimeout)
	defer cancel()
	body, err := json.Marshal(struct {
		ID   string `json:"device_auth_id"`
		Code string `json:"user_code"`
	}{code.handle.Reveal(), code.UserCode})
	if err != nil {
		return ticket{}, err
	}
	r, err := l.Config.post(ctx, call{
		endpoint: deviceEndpoint, path: devicePollPath,
		contentType: typeJSON, body: string(body), secrets: []credentials.Secret{code.handle},
	})
	if err != nil {
		return ticket{}, &busyError{err: err}
	}
	return r.ticket(l.Config.now())
}

// ticket sorts the answer to a poll. 403 and 404 mean both "not yet" and "never".
// Source: fact D-4 in docs/protocol.md.
func (r reply) ticket(now time.Time) (ticket, error) {
	waits := r.status == http.StatusForbidden || r.status == http.StatusNotFound
	switch {
	case r.status == http.StatusTooManyRequests, r.status >= http.StatusInternalServerError, waits && r.isHTML():
		return ticket{}, &busyError{err: r.fault(), after: retryAfter(r.header, now)}
	case waits && r.undecided():
		return ticket{}, errPending
	}
	answer, err := r.object()
	if err != nil {
		return ticket{}, final(err)
	}
	got := ticket{code: secretField(answer, "authorization_code"), verifier: secretField(answer, "code_verifier")}
	switch {
	case got.code.Empty():
		return ticket{}, final(r.lacking("authorization code"))
	case got.verifier.Empty():
		return ticket{}, final(r.lacking("code verifier"))
	}
	return got, nil
}

// undecided reports whether a refusal says "not yet", or nothing at all.
func (r reply) undecided() bool {
	if !json.Valid(r.body) || !gjson.ParseBytes(r.body).IsObject() {
		return true
	}
	code, description := errorOf(r.body, r.call.secrets)
	return code == devicePending || code == deviceUnknown || (code == "" && description == "")
}

// final gives an answer that ends the sign-in its meaning.
func final(err error) error {
	e, ok := errors.AsType[*EndpointError](err)
	if !ok {
		return err
	}
	said := &SignInError{Code: e.Code, Description: e.Description}
	if e.HTML || errors.Is(said, ErrSignInFailed) {
		return fmt.Errorf("%w: %w", ErrSignInFailed, err)
	}
	return said
}

// retryAfter reads the header (RFC 9110, section 10.2.3), within bounds.
func retryAfter(header http.Header, now time.Time) time.Duration {
	value := header.Get("Retry-After")
	if seconds, err := strconv.Atoi(value); err == nil {
		return time.Duration(min(max(seconds, 0), int(maxRetryAfter/time.Second))) * time.Second
	}
	if at, err := http.ParseTime(value); err == nil {
		return min(max(at.Sub(now), 0), maxRetryAfter)
	}
	return 0
}

// sleep waits, or returns the context's cause.
func sleep(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return context.Cause(ctx)
	case <-timer.C:
		return context.Cause(ctx)
	}
}
