package proxy

import (
	"bytes"
	"strconv"
	"sync/atomic"
	"time"

	vm "github.com/VictoriaMetrics/metrics"
)

// metrics count what the server does, in the text form of Prometheus.
type metrics struct {
	set    *vm.Set
	active atomic.Int64 // requests that are being answered
}

func newMetrics() *metrics {
	m := &metrics{set: vm.NewSet()}
	m.set.NewGauge("codexctl_requests_active", func() float64 { return float64(m.active.Load()) })
	return m
}

// done counts a request that has ended. Labels have few values each: nothing that a
// caller chose is among them.
func (m *metrics) done(l *line, status int, took time.Duration) {
	route := l.route
	if route == "" {
		route = "none"
	}
	m.set.GetOrCreateCounter(`codexctl_requests_total{route="` + route + `",status="` + strconv.Itoa(status) + `"}`).Inc()
	m.set.GetOrCreateSummary(`codexctl_request_seconds{route="` + route + `"}`).Update(took.Seconds())
	if l.stream && !l.first.IsZero() {
		m.set.GetOrCreateSummary("codexctl_first_byte_seconds").Update(l.first.Sub(l.start).Seconds())
	}
	if l.attempts > l.calls {
		m.set.GetOrCreateCounter("codexctl_upstream_retries_total").Add(l.attempts - l.calls)
	}
	if u := l.usage; u != nil {
		for kind, n := range map[string]int64{"input": u.InputTokens, "cached": u.CachedInputTokens, "output": u.OutputTokens, "reasoning": u.ReasoningTokens} {
			m.set.GetOrCreateCounter(`codexctl_tokens_total{type="` + kind + `"}`).Add(int(n))
		}
	}
}

// tellMetrics answers GET /metrics.
func (x *exchange) tellMetrics() error {
	var b bytes.Buffer
	x.server.metrics.set.WritePrometheus(&b)
	writeProcess(&b)
	x.w.Header().Set("Content-Type", "text/plain; version=0.0.4; charset=utf-8")
	_, _ = x.w.Write(b.Bytes())
	return nil
}
