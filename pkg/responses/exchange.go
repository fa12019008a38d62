package responses

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"net/http"
	"net/http/httptrace"
	"strings"
	"time"
)

const (
	firstDelay = 200 * time.Millisecond
	maxDelay   = 10 * time.Second
	// A longer Retry-After is not waited for: the caller is told at once.
	maxRetryAfter = 60 * time.Second
)

// exchange sends a body until an answer has begun, the retries are used up, or the
// failure is not one that a repetition mends. A 401 is repeated once, with a fresh
// identity, outside the count.
func (c *Client) exchange(ctx context.Context, body []byte, lite bool, attempts *int) (*Stream, error) {
	renewed := false
	for retries := 0; ; {
		if err := c.before(ctx); err != nil {
			return nil, err
		}
		req, err := c.NewRequest(ctx, body, lite)
		if err != nil {
			return nil, err
		}
		stream, err := c.once(req, attempts)
		if err == nil {
			return stream, nil
		}
		if !renewed && errors.Is(err, ErrUnauthorized) {
			renewed = true
			again, err := c.refused(req, err, *attempts)
			if err != nil {
				return nil, err
			}
			if again {
				continue
			}
		}
		delay, ok := retryDelay(err, retries)
		if !ok || retries >= c.Retries {
			return lastWord(stream, err)
		}
		if stream != nil {
			stream.Close()
		}
		if ctx.Err() != nil {
			return nil, context.Cause(ctx) // as if it had ended during the pause
		}
		retries++
		c.notify(Notice{Kind: NoticeRetry, Attempt: *attempts, Delay: delay, Err: err})
		if err := sleep(ctx, delay); err != nil {
			return nil, err
		}
	}
}

// before waits for the caller's leave to send a request.
func (c *Client) before(ctx context.Context) error {
	if c.Before == nil {
		return nil
	}
	return c.Before(ctx)
}

// refused tells the Authorizer of a 401 and says whether to try again.
func (c *Client) refused(req *http.Request, cause error, attempt int) (bool, error) {
	if c.Authorizer == nil {
		return false, nil
	}
	again, err := c.Authorizer.Refused(req)
	if err != nil {
		return false, &authorizeError{err}
	}
	if again {
		c.notify(Notice{Kind: NoticeRenewed, Attempt: attempt, Err: cause})
	}
	return again, nil
}

// lastWord is how a call ends that is not repeated: with the stream, if the failure
// came as events of one, so that the caller gets to see them.
func lastWord(stream *Stream, err error) (*Stream, error) {
	if stream == nil {
		return nil, err
	}
	stream.heldErr = err
	return stream, nil
}

// counted puts the number of attempts where it is asked for.
func counted(stream *Stream, err error, attempts int) (*Stream, error) {
	if err != nil {
		return nil, &attemptsError{err: err, attempts: attempts}
	}
	stream.attempts = attempts
	return stream, nil
}

// attemptsError carries how often a call was tried.
type attemptsError struct {
	err      error
	attempts int
}

func (e *attemptsError) Error() string { return e.err.Error() }
func (e *attemptsError) Unwrap() error { return e.err }

// Attempts is how many requests were made for a call that ended with err; 0 when it
// never came to one.
func Attempts(err error) int {
	var e *attemptsError
	if errors.As(err, &e) {
		return e.attempts
	}
	return 0
}

// once makes one request and reads its answer up to the first event that shows what
// becomes of it. A failure that came as events is returned together with its stream.
// It counts in attempts, unless there is no login to send the request with.
func (c *Client) once(req *http.Request, attempts *int) (*Stream, error) {
	if c.Authorizer != nil {
		if err := c.Authorizer.Authorize(req); err != nil {
			return nil, &authorizeError{err}
		}
	}
	c.ApplyHeader(req)
	*attempts++

	ctx, cancel := context.WithCancelCause(req.Context())
	idle := newIdleTimer(c.idleTimeout(), cancel)
	trace := &httptrace.ClientTrace{WroteRequest: func(httptrace.WroteRequestInfo) { idle.touch() }}
	resp, err := c.httpClient().Do(req.WithContext(httptrace.WithClientTrace(ctx, trace)))
	if err != nil {
		idle.stop()
		cause := context.Cause(ctx)
		cancel(nil)
		return nil, connectError(req, err, cause)
	}
	stream := newStream(ctx, c, resp, idle, cancel)
	if resp.StatusCode < 200 || resp.StatusCode > 299 {
		defer stream.Close()
		return nil, readError(resp, c.now())
	}
	if isHTML(resp.Header, nil) {
		defer stream.Close()
		return nil, pageError(resp)
	}
	if err := stream.begin(); err != nil {
		if len(stream.held) > 0 {
			return stream, err
		}
		stream.Close()
		return nil, err
	}
	return stream, nil
}

// authorizeError is the Authorizer's own: never a reason to try again.
type authorizeError struct{ err error }

func (e *authorizeError) Error() string { return e.err.Error() }
func (e *authorizeError) Unwrap() error { return e.err }

// connectError says what kept a request from an answer. cause is why the request's
// context ended, if it did.
func connectError(req *http.Request, err, cause error) error {
	if cause != nil {
		return cause
	}
	kind := ErrConnection
	var timeout net.Error
	if errors.As(err, &timeout) && timeout.Timeout() {
		kind = ErrTimeout
	}
	// The *url.Error around it repeats method and address.
	if inner := errors.Unwrap(err); inner != nil {
		err = inner
	}
	if text, _, ok := strings.Cut(err.Error(), "malformed MIME header"); ok {
		err = errors.New(text + "malformed MIME header") // what follows quotes the header
	}
	return &noAnswerError{fmt.Errorf("%w: %s: %w", kind, req.URL.Host, err)}
}

// errNoAnswer marks a failure before the status line: nothing of an answer is lost
// by asking again.
var errNoAnswer = errors.New("no answer")

type noAnswerError struct{ err error }

func (e *noAnswerError) Error() string        { return e.err.Error() }
func (e *noAnswerError) Unwrap() error        { return e.err }
func (e *noAnswerError) Is(target error) bool { return target == errNoAnswer }

// retryDelay says whether a failure may pass by itself, and how long to wait. It is
// asked only about failures before the first output.
func retryDelay(err error, retries int) (time.Duration, bool) {
	var own *authorizeError
	var permanent interface{ Permanent() bool }
	if errors.As(err, &own) || certificateFault(err) || errors.As(err, &permanent) && permanent.Permanent() {
		return 0, false
	}
	// The shift is bounded too, since it runs over after some thirty doublings.
	backoff := min(firstDelay<<min(retries, 10), maxDelay)
	backoff = time.Duration(float64(backoff) * (0.9 + 0.2*rand.Float64()))

	var e *APIError
	if !errors.As(err, &e) {
		return backoff, errors.Is(err, errNoAnswer)
	}
	if !transient(e) || e.RetryAfter > maxRetryAfter {
		return 0, false
	}
	return max(backoff, e.RetryAfter), true
}

// transient knows the failures of the backend that pass: its own, overload, and a
// rate limit that is no used-up allowance.
func transient(e *APIError) bool {
	switch e.kind() {
	case ErrRateLimited, ErrOverloaded:
		return true
	}
	switch e.Status {
	case http.StatusRequestTimeout, http.StatusInternalServerError, http.StatusBadGateway,
		http.StatusServiceUnavailable, http.StatusGatewayTimeout:
		return e.kind() == ErrServer || e.kind() == ErrInvalid
	}
	return false
}

func certificateFault(err error) bool {
	var invalid *tls.CertificateVerificationError
	var unknown x509.UnknownAuthorityError
	var name x509.HostnameError
	return errors.As(err, &invalid) || errors.As(err, &unknown) || errors.As(err, &name)
}

func sleep(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return context.Cause(ctx)
	case <-timer.C:
		return nil
	}
}
