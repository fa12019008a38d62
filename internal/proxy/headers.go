package proxy

import (
	"net/http"
	"strings"
)

// passUp takes those of a caller's headers that the backend may see: the official
// client's ids and marks, and the trace. Everything else stays here, the caller's
// Authorization, User-Agent, originator and cookies above all.
//
// Source: fact H-4 in docs/protocol.md.
func passUp(from http.Header) http.Header {
	var up http.Header
	for name, values := range from {
		if !passesUp(name) {
			continue
		}
		if up == nil {
			up = make(http.Header)
		}
		up[name] = values
	}
	return up
}

func passesUp(name string) bool {
	switch name {
	case "Session-Id", "Thread-Id", "X-Client-Request-Id", "X-Openai-Subagent", "Traceparent", "X-Openai-Internal-Codex-Responses-Lite":
		return true
	case "X-Codexctl-As-Is", "X-Codexctl-Strict":
		return false
	}
	return strings.HasPrefix(name, "X-Codex-")
}

// passBack takes those of the backend's headers that a caller may see.
func passBack(to, from http.Header) {
	for name, values := range from {
		switch name {
		case "Openai-Model", "X-Models-Etag", "X-Request-Id", "X-Oai-Request-Id", "Retry-After", "Cf-Ray":
		default:
			if !strings.HasPrefix(name, "X-Codex-") {
				continue
			}
		}
		to[name] = values
	}
}

// streamHeaders are what every stream carries, although the backend names no type:
// clients insist on it, and proxies on the way must not gather the stream.
func streamHeaders(h http.Header) {
	h.Set("Content-Type", "text/event-stream")
	h.Set("Cache-Control", "no-cache")
	h.Set("X-Accel-Buffering", "no")
}

// withHeader lays more headers over a client's; the client's own win.
func withHeader(own, more http.Header) http.Header {
	if len(more) == 0 {
		return own
	}
	merged := more.Clone()
	for name, values := range own {
		merged[http.CanonicalHeaderKey(name)] = values
	}
	return merged
}
