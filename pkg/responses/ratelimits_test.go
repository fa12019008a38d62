package responses

import (
	"net/http"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestReadRateLimits(t *testing.T) {
	yes, no := true, false
	tests := []struct {
		name  string
		in    map[string]string
		want  RateLimits
		known bool
	}{
		{"nothing", nil, RateLimits{}, false},
		{
			"all of it",
			map[string]string{
				"X-Codex-Plan-Type": "plus", "X-Codex-Primary-Used-Percent": "12.5", "X-Codex-Primary-Window-Minutes": "300", "X-Codex-Primary-Reset-At": "1788000000",
				"X-Codex-Secondary-Used-Percent": "104", "X-Codex-Secondary-Window-Minutes": "10080", "X-Codex-Secondary-Reset-At": "1788000001",
				"X-Codex-Credits-Has-Credits": "True", "X-Codex-Credits-Unlimited": "False", "X-Codex-Credits-Balance": "7.25",
			},
			RateLimits{
				Plan: "plus", Primary: &Window{12.5, 300, time.Unix(1788000000, 0).UTC()}, Secondary: &Window{104, 10080, time.Unix(1788000001, 0).UTC()},
				HasCredits: &yes, UnlimitedCredits: &no, CreditsBalance: "7.25",
			}, true,
		},
		{
			"empty values",
			map[string]string{
				"X-Codex-Plan-Type": "", "X-Codex-Primary-Used-Percent": "", "X-Codex-Primary-Window-Minutes": "", "X-Codex-Primary-Reset-At": "",
				"X-Codex-Credits-Has-Credits": "", "X-Codex-Credits-Unlimited": "", "X-Codex-Credits-Balance": "",
			},
			RateLimits{}, false,
		},
		{"flags as digits", map[string]string{"X-Codex-Credits-Has-Credits": "0", "X-Codex-Credits-Unlimited": "1"}, RateLimits{HasCredits: &no, UnlimitedCredits: &yes}, true},
		{"flags in capitals, with space", map[string]string{"X-Codex-Credits-Has-Credits": " TRUE "}, RateLimits{HasCredits: &yes}, true},
		{"flag that is no flag", map[string]string{"X-Codex-Credits-Has-Credits": "perhaps"}, RateLimits{}, false},
		{"a window of zeros is none", map[string]string{"X-Codex-Primary-Used-Percent": "0", "X-Codex-Primary-Window-Minutes": "0"}, RateLimits{}, false},
		{"nothing used of a window", map[string]string{"X-Codex-Primary-Used-Percent": "0", "X-Codex-Primary-Window-Minutes": "300"}, RateLimits{Primary: &Window{Minutes: 300}}, true},
		{"a window without its percentage is none", map[string]string{"X-Codex-Primary-Window-Minutes": "300"}, RateLimits{}, false},
		{"percentage is no number", map[string]string{"X-Codex-Primary-Used-Percent": "NaN", "X-Codex-Secondary-Used-Percent": "+Inf"}, RateLimits{}, false},
		{"end out of reach", map[string]string{"X-Codex-Primary-Used-Percent": "1", "X-Codex-Primary-Reset-At": "1e300"}, RateLimits{Primary: &Window{UsedPercent: 1}}, true},
		{"plan with control characters", map[string]string{"X-Codex-Plan-Type": "p\u009b31m"}, RateLimits{Plan: "p31m"}, true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			h := http.Header{}
			for name, value := range tt.in {
				h.Set(name, value)
			}
			got := ReadRateLimits(h)
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("limits (-want +got):\n%s", diff)
			}
			if got.Known() != tt.known {
				t.Errorf("Known = %v, want %v", got.Known(), tt.known)
			}
		})
	}
}
