package proxy

import (
	"strings"
	"testing"
	"time"
)

func TestMetricSet(t *testing.T) {
	s := newMetricSet()
	s.add("codexctl_b_total", `route="x",status="200"`, 2)
	s.add("codexctl_b_total", `route="a",status="200"`, 1)
	s.add("codexctl_b_total", `route="x",status="200"`, 3)
	s.add("codexctl_a_total", "", 1)
	for _, took := range []time.Duration{10 * time.Millisecond, 11 * time.Millisecond, time.Hour} {
		s.observe("codexctl_seconds", `route="x"`, took)
	}
	got := string(s.appendTo(appendGauge(nil, "codexctl_active", 7)))
	for _, want := range []string{
		"# TYPE codexctl_active gauge\ncodexctl_active 7\n# TYPE codexctl_a_total counter\ncodexctl_a_total 1\n# TYPE codexctl_b_total counter\n" +
			"codexctl_b_total{route=\"a\",status=\"200\"} 1\ncodexctl_b_total{route=\"x\",status=\"200\"} 5\n# TYPE codexctl_seconds histogram\n",
		"codexctl_seconds_bucket{route=\"x\",le=\"0.01\"} 1\ncodexctl_seconds_bucket{route=\"x\",le=\"0.025\"} 2\n",
		"codexctl_seconds_bucket{route=\"x\",le=\"600\"} 2\ncodexctl_seconds_bucket{route=\"x\",le=\"+Inf\"} 3\n" +
			"codexctl_seconds_sum{route=\"x\"} 3600.021\ncodexctl_seconds_count{route=\"x\"} 3\n",
	} {
		if !strings.Contains(got, want) {
			t.Errorf("got\n%s\nwant in it\n%s", got, want)
		}
	}
	if lines := strings.Count(got, "\n"); lines != 4+4+15+1+2 {
		t.Errorf("got %d lines:\n%s", lines, got)
	}
}
