package cli

import (
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"
)

// tracer is --debug: one line per request, one per answer, no secret in either.
type tracer struct {
	next http.RoundTripper
	talk *talk
	now  func() time.Time
}

// RoundTrip sends the request and tells of it.
func (t *tracer) RoundTrip(req *http.Request) (*http.Response, error) {
	start := t.now()
	t.talk.trace("> %s %s%s", req.Method, bareURL(req.URL), shownHeaders(req.Header))
	resp, err := t.next.RoundTrip(req)
	took := t.now().Sub(start).Round(time.Millisecond)
	if err != nil {
		t.talk.trace("< failed after %s: %v", took, err)
		return nil, err
	}
	t.talk.trace("< %s after %s%s", resp.Status, took, shownHeaders(resp.Header))
	return resp, nil
}

// bareURL is an address without user, query and fragment: any of them can hold a
// secret.
func bareURL(u *url.URL) string {
	return (&url.URL{Scheme: u.Scheme, Host: u.Host, Path: u.Path}).String()
}

// shownHeaders lists headers by an allow-list; of the others only the names.
func shownHeaders(h http.Header) string {
	var b strings.Builder
	for _, name := range slices.Sorted(maps.Keys(h)) {
		value := "…"
		if harmless(name) {
			value = strings.Join(h[name], ", ")
		}
		fmt.Fprintf(&b, "\n    %s: %s", strings.ToLower(name), value)
	}
	return b.String()
}

// harmless knows the headers whose values name neither a person nor a secret.
func harmless(name string) bool {
	switch http.CanonicalHeaderKey(name) {
	case "Accept", "Content-Type", "Content-Length", "Originator", "User-Agent", "Version",
		"Date", "Retry-After", "Openai-Model", "X-Request-Id", "X-Oai-Request-Id", "Cf-Ray",
		"X-Openai-Internal-Codex-Responses-Lite", "X-Models-Etag", "Server", "Cf-Mitigated":
		return true
	}
	return strings.HasPrefix(http.CanonicalHeaderKey(name), "X-Codex-")
}
