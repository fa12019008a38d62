package cli

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"sync/atomic"
	"time"
)

// connectLimit bounds the time until a connection can be used: looking the name up,
// connecting, a proxy's answer and TLS together. 0 is no bound.
type connectLimit struct {
	next  http.RoundTripper
	limit time.Duration
	proxy func(*http.Request) (*url.URL, error)
}

// RoundTrip sends the request once there is a connection for it.
func (c *connectLimit) RoundTrip(req *http.Request) (*http.Response, error) {
	if c.limit <= 0 {
		return c.next.RoundTrip(req)
	}
	late := &connectTimeout{c.limit}
	// The context must live as long as the answer's body; it ends with the request's own.
	ctx, cancel := context.WithCancelCause(req.Context())
	timer := time.AfterFunc(c.limit, func() { cancel(late) })
	var connected atomic.Bool
	trace := &httptrace.ClientTrace{GotConn: func(httptrace.GotConnInfo) {
		connected.Store(true)
		timer.Stop()
	}}
	resp, err := c.next.RoundTrip(req.WithContext(httptrace.WithClientTrace(ctx, trace)))
	timer.Stop()
	if err == nil {
		return resp, nil
	}
	defer cancel(nil)
	if errors.Is(context.Cause(ctx), late) && req.Context().Err() == nil {
		return nil, late
	}
	if address, _ := c.proxy(req); address != nil && !connected.Load() {
		// What a proxy says wrong would else be blamed on the backend.
		return nil, fmt.Errorf("through the proxy %s: %w", address.Host, err)
	}
	return nil, err
}

// connectTimeout is --connect-timeout.
type connectTimeout struct{ limit time.Duration }

func (e *connectTimeout) Error() string {
	return fmt.Sprintf("no connection after %s (--connect-timeout)", e.limit)
}

// Timeout makes it a net.Error that is one, with Temporary.
func (e *connectTimeout) Timeout() bool { return true }

// Temporary is part of net.Error.
func (e *connectTimeout) Temporary() bool { return true }

// proxyError is a proxy that does not let us through. Asking again does not help.
type proxyError struct{ status string }

func (e *proxyError) Error() string { return "the proxy answers " + e.status }

// Permanent tells callers not to try again.
func (e *proxyError) Permanent() bool { return true }

// proxyAnswer looks at a proxy's answer to CONNECT.
func proxyAnswer(_ context.Context, _ *url.URL, _ *http.Request, answer *http.Response) error {
	if answer.StatusCode == http.StatusOK {
		return nil
	}
	return &proxyError{answer.Status}
}
