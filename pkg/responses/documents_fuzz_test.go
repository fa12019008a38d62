package responses

import (
	"net/http"
	"strings"
	"testing"
	"time"
)

// The document about the allowance is the backend's: whatever it says, percentages are
// numbers and windows have an end that is one.
func FuzzAllowance(f *testing.F) {
	f.Add([]byte(`{"plan_type":"plus","rate_limit":{"allowed":true,"primary_window":{"used_percent":12,"limit_window_seconds":18000,"reset_after_seconds":60,"reset_at":1790000000},"secondary_window":null},"credits":{"has_credits":true,"balance":"1"}}`))
	f.Add([]byte(`{"rate_limit":[],"additional_rate_limits":[{"limit_name":1,"rate_limit":{"primary_window":{"used_percent":1e300,"reset_at":-1e300}}}]}`))
	f.Add([]byte(`[`))
	f.Fuzz(func(t *testing.T, document []byte) {
		a := ReadAllowance(document, time.Unix(1_790_000_000, 0))
		for _, w := range a.Windows() {
			if w == nil {
				t.Errorf("%q has a window that is none", document)
			}
		}
	})
}

// So are the headers about it.
func FuzzRateLimits(f *testing.F) {
	f.Add("12.5", "300", "1790000000", "true")
	f.Add("NaN", "-1", "99999999999999999999", "")
	f.Add("1e999", "0x10", " 1", "TRUE")
	f.Fuzz(func(t *testing.T, used, minutes, reset, unlimited string) {
		h := http.Header{}
		for _, prefix := range []string{"x-codex-primary-", "x-codex-secondary-"} {
			h.Set(prefix+"used-percent", used)
			h.Set(prefix+"window-minutes", minutes)
			h.Set(prefix+"reset-at", reset)
			h.Set(prefix+"reset-after-seconds", reset)
		}
		h.Set("x-codex-credits-unlimited", unlimited)
		h.Set("x-codex-credits-has-credits", unlimited)
		limits := ReadRateLimits(h)
		for _, w := range limits.Windows() {
			if w.UsedPercent != w.UsedPercent {
				t.Errorf("%q is read as no number", used)
			}
		}
		_ = limits.Known()
		_ = limits.exhaustedUntil()
	})
}

// And the list of models: each entry is one, and keeps its bytes.
func FuzzModels(f *testing.F) {
	f.Add([]byte(`{"models":[{"slug":"gpt-5.5","visibility":"list"},{"id":"x","use_responses_lite":true},7,null]}`))
	f.Add([]byte(`{"models":{"slug":"x"}}`))
	f.Fuzz(func(t *testing.T, body []byte) {
		for _, m := range readModels(body) {
			if !strings.Contains(string(body), string(m.Entry)) {
				t.Errorf("%q has the entry %q", body, m.Entry)
			}
		}
	})
}
