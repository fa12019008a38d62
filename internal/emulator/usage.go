package emulator

import (
	"net/http"
	"strconv"
	"time"
)

// usagePath is the endpoint that tells what is left of the allowance.
const usagePath = "/backend-api/wham/usage"

// limits is the state of an account's allowance, from which both the headers of
// an answer and the usage document are made.
type limits struct {
	plan               string
	primary, secondary window
	reached            bool
}

// window is one span of time with an allowance.
type window struct {
	usedPercent int
	length      time.Duration
	resetAfter  time.Duration
	resetAt     int64 // Unix seconds
}

// limits makes the state up. A scene that says the limit is reached says it here
// too.
func (x *exchange) limits(s Scene, who person) limits {
	l := limits{
		plan:      who.plan,
		primary:   window{usedPercent: 12, length: 5 * time.Hour, resetAfter: 9000 * time.Second},
		secondary: window{usedPercent: 40, length: 7 * 24 * time.Hour, resetAfter: 300_000 * time.Second},
	}
	if s.Fault == FaultUsageLimit || s.Fault == FaultHiddenUsageLimit {
		l.reached = true
		l.primary.usedPercent = 100
		l.primary.resetAfter = time.Duration(s.resetAfter()) * time.Second
	}
	if s.UsedPercent > 0 {
		l.primary.usedPercent = s.UsedPercent
		l.primary.resetAfter = time.Duration(s.resetAfter()) * time.Second
	}
	if x.returns.After(x.now) {
		l.primary.resetAfter = x.returns.Sub(x.now)
	}
	for _, w := range []*window{&l.primary, &l.secondary} {
		w.resetAt = x.now.Add(w.resetAfter).Unix()
	}
	return l
}

// allowance is the scene as it is now: whatever uses the allowance up is over once it
// has come back.
func (x *exchange) allowance(stage *stage, s Scene) Scene {
	if !s.AllowanceReturns {
		return s
	}
	x.returns = stage.returns(x.now)
	if x.now.Before(x.returns) {
		return s
	}
	s.UsedPercent, s.ResetAfterS = 0, 0
	if s.Fault == FaultUsageLimit || s.Fault == FaultHiddenUsageLimit {
		s.Fault = ""
	}
	return s
}

// headers renders the state as the backend does, with lower-case names and
// Python's booleans.
//
// Source: docs/protocol.md, rate-limit response headers.
func (l limits) headers() http.Header {
	h := http.Header{}
	// Set would turn x-codex into X-Codex: HTTP does not care, but readers of
	// recordings would see another spelling than life's.
	put := func(name, value string) { h[name] = []string{value} }
	put("x-codex-active-limit", "codex")
	put("x-codex-plan-type", l.plan)
	put("x-codex-credits-has-credits", "False")
	put("x-codex-credits-unlimited", "False")
	put("x-codex-credits-balance", "")
	put("x-codex-primary-over-secondary-limit-percent", "0")
	for _, named := range []struct {
		prefix string
		window window
	}{{"x-codex-primary-", l.primary}, {"x-codex-secondary-", l.secondary}} {
		put(named.prefix+"used-percent", strconv.Itoa(named.window.usedPercent))
		put(named.prefix+"window-minutes", strconv.Itoa(int(named.window.length.Minutes())))
		put(named.prefix+"reset-after-seconds", strconv.Itoa(int(named.window.resetAfter.Seconds())))
		put(named.prefix+"reset-at", strconv.FormatInt(named.window.resetAt, 10))
	}
	return h
}

// usageAnswer is the usage document.
//
// Source: docs/protocol.md, GET /wham/usage.
type usageAnswer struct {
	PlanType  string `json:"plan_type"`
	RateLimit struct {
		Allowed         bool        `json:"allowed"`
		LimitReached    bool        `json:"limit_reached"`
		PrimaryWindow   usageWindow `json:"primary_window"`
		SecondaryWindow usageWindow `json:"secondary_window"`
	} `json:"rate_limit"`
	Credits              usageCredits      `json:"credits"`
	SpendControl         *struct{}         `json:"spend_control"`          // null: none is set
	AdditionalRateLimits []struct{}        `json:"additional_rate_limits"` // none
	ReachedType          *usageReachedType `json:"rate_limit_reached_type"`
}

// usageWindow is a window in the usage document, where all lengths are seconds.
type usageWindow struct {
	UsedPercent        int   `json:"used_percent"`
	LimitWindowSeconds int   `json:"limit_window_seconds"`
	ResetAfterSeconds  int   `json:"reset_after_seconds"`
	ResetAt            int64 `json:"reset_at"` // Unix seconds
}

// usageCredits are credits bought on top; money is a decimal string.
type usageCredits struct {
	HasCredits          bool   `json:"has_credits"`
	Unlimited           bool   `json:"unlimited"`
	Balance             string `json:"balance"`
	ApproxLocalMessages [2]int `json:"approx_local_messages"`
	ApproxCloudMessages [2]int `json:"approx_cloud_messages"`
}

// usageReachedType says which limit was reached.
type usageReachedType struct {
	Type string `json:"type"`
}

// serveUsage answers GET /backend-api/wham/usage. It looks at the scene twice:
// a scene of /responses that has used up the allowance shows here as well, not as
// a fault but as the state it is.
func (x *exchange) serveUsage(endpoint string, who person) {
	scene, refused := x.prelude(endpoint, "", who)
	if refused != nil {
		refused.write(x.w)
		return
	}
	if stage, refused := x.stage(); refused == nil {
		scene.Fault = stage.peek().Fault
		scene = x.allowance(stage, scene)
	}
	if scene.UsageDocument != nil {
		writeJSON(x.w, scene.UsageDocument)
		return
	}
	l := x.limits(scene, who)
	answer := usageAnswer{PlanType: l.plan, AdditionalRateLimits: []struct{}{}, Credits: usageCredits{Balance: "0"}}
	answer.RateLimit.Allowed = !l.reached
	answer.RateLimit.LimitReached = l.reached
	answer.RateLimit.PrimaryWindow = l.primary.document()
	answer.RateLimit.SecondaryWindow = l.secondary.document()
	if l.reached {
		answer.ReachedType = &usageReachedType{"rate_limit_reached"}
	}
	writeJSON(x.w, answer)
}

func (w window) document() usageWindow {
	return usageWindow{
		UsedPercent:        w.usedPercent,
		LimitWindowSeconds: int(w.length.Seconds()),
		ResetAfterSeconds:  int(w.resetAfter.Seconds()),
		ResetAt:            w.resetAt,
	}
}
