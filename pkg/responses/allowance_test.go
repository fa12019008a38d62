package responses

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// docs/protocol.md, U-1 and U-2: seconds, whole percentages, and everything but the
// plan may be null.
func TestReadAllowance(t *testing.T) {
	yes, no := true, false
	now := time.Unix(1788000000, 0)
	tests := []struct {
		name, in string
		want     Allowance
	}{
		{
			"all of it",
			`{"plan_type":"plus","rate_limit":{"allowed":true,"limit_reached":false,
				"primary_window":{"used_percent":12,"limit_window_seconds":18000,"reset_after_seconds":9,"reset_at":1788000007},
				"secondary_window":{"used_percent":104,"limit_window_seconds":604740,"reset_after_seconds":60}},
			  "credits":{"has_credits":true,"unlimited":false,"balance":"7.25"},
			  "additional_rate_limits":[{"limit_name":"GPT-X","rate_limit":null},{"limit_name":"GPT-Y","rate_limit":{"primary_window":{"used_percent":1}}}]}`,
			Allowance{
				RateLimits: RateLimits{
					Plan: "plus", Primary: &Window{12, 300, time.Unix(1788000007, 0).UTC()}, Secondary: &Window{104, 10079, time.Unix(1788000060, 0).UTC()},
					HasCredits: &yes, UnlimitedCredits: &no, CreditsBalance: "7.25",
				},
				Additional: []NamedLimits{{Name: "GPT-X"}, {Name: "GPT-Y", Primary: &Window{UsedPercent: 1}}},
			},
		},
		{"nulls", `{"plan_type":"pro","rate_limit":null,"credits":null,"additional_rate_limits":null,"rate_limit_reached_type":null}`, Allowance{RateLimits: RateLimits{Plan: "pro"}}},
		{"one window", `{"rate_limit":{"primary_window":null,"secondary_window":{"used_percent":0}}}`, Allowance{RateLimits: RateLimits{Secondary: &Window{}}}},
		{"reached", `{"rate_limit":{"limit_reached":true},"rate_limit_reached_type":{"type":"workspace_member_credits_depleted"}}`, Allowance{Reached: true, ReachedType: "workspace_member_credits_depleted"}},
		{"not allowed", `{"rate_limit":{"allowed":false}}`, Allowance{Reached: true}},
		{"a percentage that is a text", `{"rate_limit":{"primary_window":{"used_percent":"12"}}}`, Allowance{}},
		{"a plan with control characters", `{"plan_type":"p\u009b31m"}`, Allowance{RateLimits: RateLimits{Plan: "p31m"}}},
		{"no object", `[1]`, Allowance{}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if diff := cmp.Diff(tt.want, ReadAllowance(json.RawMessage(tt.in), now)); diff != "" {
				t.Errorf("allowance (-want +got):\n%s", diff)
			}
		})
	}
}
