package responses

import (
	"encoding/json"
	"math"
	"time"

	"github.com/tidwall/gjson"
)

// Allowance is the state of the account's allowance, as the usage endpoint tells it.
//
// Source: facts U-1 and U-2 in docs/protocol.md.
type Allowance struct {
	// RateLimits are the same as in the headers of an answer.
	RateLimits

	// Reached is true when the backend says that nothing more is answered for now.
	Reached bool

	// ReachedType says which limit that is, in the backend's words; empty when it does
	// not say.
	ReachedType string

	// Additional are limits of single models or features, in the backend's order.
	Additional []NamedLimits
}

// NamedLimits are limits beside those of the account.
type NamedLimits struct {
	// Name is the backend's.
	Name string

	// Primary is the short window, Secondary the long one; nil when absent.
	Primary, Secondary *Window
}

// ReadAllowance reads what [Client.Usage] returns; now is when that came. Whatever is
// missing, or cannot be read, counts as absent.
func ReadAllowance(document json.RawMessage, now time.Time) Allowance {
	d := gjson.ParseBytes(document)
	limit, credits := d.Get("rate_limit"), d.Get("credits")
	a := Allowance{
		RateLimits: RateLimits{
			Plan:             plain(d.Get("plan_type").String()),
			Primary:          usageWindow(limit.Get("primary_window"), now),
			Secondary:        usageWindow(limit.Get("secondary_window"), now),
			HasCredits:       boolOrNil(credits.Get("has_credits")),
			UnlimitedCredits: boolOrNil(credits.Get("unlimited")),
			CreditsBalance:   plain(credits.Get("balance").String()),
		},
		Reached:     limit.Get("limit_reached").Bool() || limit.Get("allowed").Type == gjson.False,
		ReachedType: plain(d.Get("rate_limit_reached_type.type").String()),
	}
	for _, extra := range d.Get("additional_rate_limits").Array() {
		a.Additional = append(a.Additional, NamedLimits{
			Name:      plain(extra.Get("limit_name").String()),
			Primary:   usageWindow(extra.Get("rate_limit.primary_window"), now),
			Secondary: usageWindow(extra.Get("rate_limit.secondary_window"), now),
		})
	}
	return a
}

// Windows are the account's windows that are there, the short one first.
func (l RateLimits) Windows() []*Window {
	var there []*Window
	for _, w := range []*Window{l.Primary, l.Secondary} {
		if w != nil {
			there = append(there, w)
		}
	}
	return there
}

// usageWindow reads a window of the usage document, whose lengths are seconds. One
// without a percentage is none.
func usageWindow(w gjson.Result, now time.Time) *Window {
	used := w.Get("used_percent")
	if used.Type != gjson.Number || math.IsInf(used.Num, 0) {
		return nil
	}
	window := &Window{UsedPercent: used.Num, ResetsAt: unixSeconds(w.Get("reset_at").Num)}
	if seconds := w.Get("limit_window_seconds").Num; seconds > 0 && seconds < math.MaxInt32 {
		window.Minutes = int(math.Ceil(seconds / 60))
	}
	if after := w.Get("reset_after_seconds"); window.ResetsAt.IsZero() && after.Type == gjson.Number {
		window.ResetsAt = unixSeconds(float64(now.Unix()) + after.Num)
	}
	return window
}

func boolOrNil(v gjson.Result) *bool {
	if !v.IsBool() {
		return nil
	}
	b := v.Bool()
	return &b
}
