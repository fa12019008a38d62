package proxy

import (
	"strconv"
	"sync/atomic"
	"time"
)

// metrics count what the server does, in the text form of Prometheus.
type metrics struct {
	set    *metricSet
	active atomic.Int64 // requests that are being answered
}

func newMetrics() *metrics { return &metrics{set: newMetricSet()} }

// done counts a request that has ended. Labels have few values each: nothing that a
// caller chose is among them.
func (m *metrics) done(l *line, status int, took time.Duration) {
	route := l.route
	if route == "" {
		route = "none"
	}
	byRoute := `route="` + route + `"`
	m.set.add("codexctl_requests_total", byRoute+`,status="`+strconv.Itoa(status)+`"`, 1)
	m.set.observe("codexctl_request_seconds", byRoute, took)
	if l.stream && !l.first.IsZero() {
		m.set.observe("codexctl_first_byte_seconds", "", l.first.Sub(l.start))
	}
	if l.attempts > l.calls {
		m.set.add("codexctl_upstream_retries_total", "", int64(l.attempts-l.calls))
	}
	if u := l.usage; u != nil {
		m.set.add("codexctl_tokens_total", `type="input"`, u.InputTokens)
		m.set.add("codexctl_tokens_total", `type="cached"`, u.CachedInputTokens)
		m.set.add("codexctl_tokens_total", `type="output"`, u.OutputTokens)
		m.set.add("codexctl_tokens_total", `type="reasoning"`, u.ReasoningTokens)
	}
}

// tellMetrics answers GET /metrics.
func (x *exchange) tellMetrics() error {
	m := x.server.metrics
	text := appendGauge(nil, "codexctl_requests_active", m.active.Load())
	x.w.Header().Set("Content-Type", "text/plain; version=0.0.4; charset=utf-8")
	_, _ = x.w.Write(m.set.appendTo(text))
	return nil
}
