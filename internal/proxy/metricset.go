package proxy

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"
)

// metricSet is counters and histograms of times. They are there once something was
// counted. It is safe for concurrent use.
//
// Source: Prometheus, "Exposition formats", text-based format, version 0.0.4.
type metricSet struct {
	mu       sync.Mutex
	counters map[series]int64
	times    map[series]*histogram
}

// series is one line of figures: a metric, and its labels as they are written.
type series struct{ name, labels string }

// histogram is how many times fell into each of [timeBounds], and beyond.
type histogram struct {
	counts []int64
	sum    time.Duration
}

// timeBounds are the upper ends of the classes of a histogram.
func timeBounds() []time.Duration {
	return []time.Duration{
		10 * time.Millisecond, 25 * time.Millisecond, 50 * time.Millisecond, 100 * time.Millisecond, 250 * time.Millisecond,
		500 * time.Millisecond, time.Second, 2500 * time.Millisecond, 5 * time.Second, 10 * time.Second, 30 * time.Second,
		time.Minute, 2 * time.Minute, 5 * time.Minute, 10 * time.Minute,
	}
}

func newMetricSet() *metricSet {
	return &metricSet{counters: map[series]int64{}, times: map[series]*histogram{}}
}

func (s *metricSet) add(name, labels string, n int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.counters[series{name, labels}] += n
}

func (s *metricSet) observe(name, labels string, took time.Duration) {
	bounds := timeBounds()
	class, _ := slices.BinarySearch(bounds, took)
	s.mu.Lock()
	defer s.mu.Unlock()
	h := s.times[series{name, labels}]
	if h == nil {
		h = &histogram{counts: make([]int64, len(bounds)+1)}
		s.times[series{name, labels}] = h
	}
	h.counts[class]++
	h.sum += took
}

// appendTo writes all of them, in order.
func (s *metricSet) appendTo(b []byte) []byte {
	s.mu.Lock()
	defer s.mu.Unlock()
	last := ""
	for _, key := range inOrder(s.counters) {
		b, last = appendType(b, last, key.name, "counter")
		b = fmt.Appendf(b, "%s %d\n", key.with("", ""), s.counters[key])
	}
	for _, key := range inOrder(s.times) {
		b, last = appendType(b, last, key.name, "histogram")
		b = s.times[key].appendTo(b, key)
	}
	return b
}

// appendTo writes how many times were no longer than each bound.
func (h *histogram) appendTo(b []byte, key series) []byte {
	var all int64
	for i, bound := range timeBounds() {
		all += h.counts[i]
		b = fmt.Appendf(b, "%s %d\n", key.with("_bucket", fmt.Sprintf(`le="%g"`, bound.Seconds())), all)
	}
	all += h.counts[len(h.counts)-1]
	b = fmt.Appendf(b, "%s %d\n", key.with("_bucket", `le="+Inf"`), all)
	b = fmt.Appendf(b, "%s %g\n", key.with("_sum", ""), h.sum.Seconds())
	return fmt.Appendf(b, "%s %d\n", key.with("_count", ""), all)
}

func appendGauge(b []byte, name string, n int64) []byte {
	b, _ = appendType(b, "", name, "gauge")
	return fmt.Appendf(b, "%s %d\n", name, n)
}

// appendType says what a metric is, before the first of its lines.
func appendType(b []byte, last, name, kind string) (text []byte, now string) {
	if name == last {
		return b, name
	}
	return fmt.Appendf(b, "# TYPE %s %s\n", name, kind), name
}

// with is the series of that suffix, with one label more.
func (s series) with(suffix, label string) string {
	labels := strings.Trim(s.labels+","+label, ",")
	if labels == "" {
		return s.name + suffix
	}
	return s.name + suffix + "{" + labels + "}"
}

func inOrder[T any](all map[series]T) []series {
	return slices.SortedFunc(maps.Keys(all), func(a, b series) int {
		return strings.Compare(a.name+" "+a.labels, b.name+" "+b.labels)
	})
}
