package responses

import (
	"math"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// RateLimits is how much of the account's allowance is used up.
//
// Source: fact Q-1 in docs/protocol.md.
type RateLimits struct {
	// Plan is the account's plan; empty when the backend does not say.
	Plan string

	// Primary is the short window, Secondary the long one; nil when absent.
	Primary, Secondary *Window

	// HasCredits and UnlimitedCredits are nil when the backend does not say.
	HasCredits, UnlimitedCredits *bool

	// CreditsBalance is a decimal number as the backend spells it.
	CreditsBalance string
}

// Window is one window of the allowance.
type Window struct {
	// UsedPercent is 0 to 100; it can be more.
	UsedPercent float64

	// Minutes is the window's length: 300 is five hours, 10080 a week. 0 is unknown.
	Minutes int

	// ResetsAt is when the window starts anew; zero is unknown.
	ResetsAt time.Time
}

// ReadRateLimits reads the x-codex-* headers of an answer. It is the zero value when
// there are none. Headers that cannot be read count as absent.
func ReadRateLimits(h http.Header) RateLimits {
	return RateLimits{
		Plan:             plain(h.Get("X-Codex-Plan-Type")),
		Primary:          readWindow(h, "X-Codex-Primary-"),
		Secondary:        readWindow(h, "X-Codex-Secondary-"),
		HasCredits:       readBool(h.Get("X-Codex-Credits-Has-Credits")),
		UnlimitedCredits: readBool(h.Get("X-Codex-Credits-Unlimited")),
		CreditsBalance:   plain(h.Get("X-Codex-Credits-Balance")),
	}
}

// Known says whether the answer told anything.
func (l RateLimits) Known() bool {
	return l.Plan != "" || l.Primary != nil || l.Secondary != nil || l.HasCredits != nil
}

// readWindow reads one window. It counts as present when its percentage can be read
// and anything of it is not zero.
func readWindow(h http.Header, prefix string) *Window {
	used, err := strconv.ParseFloat(strings.TrimSpace(h.Get(prefix+"Used-Percent")), 64)
	if err != nil || math.IsNaN(used) || math.IsInf(used, 0) {
		return nil
	}
	minutes, _ := strconv.Atoi(strings.TrimSpace(h.Get(prefix + "Window-Minutes")))
	w := &Window{UsedPercent: used, Minutes: minutes}
	if at, err := strconv.ParseFloat(strings.TrimSpace(h.Get(prefix+"Reset-At")), 64); err == nil {
		w.ResetsAt = unixSeconds(at)
	}
	if w.UsedPercent == 0 && w.Minutes == 0 && w.ResetsAt.IsZero() {
		return nil
	}
	return w
}

// readBool reads true, false, 1 and 0 in any case: the backend sends True and False.
func readBool(s string) *bool {
	b, err := strconv.ParseBool(strings.ToLower(strings.TrimSpace(s)))
	if err != nil {
		return nil
	}
	return &b
}

// exhaustedUntil is when the last full window is reset; zero when none is full or
// its end is unknown.
func (l RateLimits) exhaustedUntil() time.Time {
	var until time.Time
	for _, w := range []*Window{l.Primary, l.Secondary} {
		if w != nil && w.UsedPercent >= 100 && w.ResetsAt.After(until) {
			until = w.ResetsAt
		}
	}
	return until
}
