package emulator

import (
	"testing"
	"time"

	"github.com/tidwall/gjson"
)

// The allowance of such a scene comes back at one instant, in the usage document and for
// answers alike.
func TestAllowanceReturns(t *testing.T) {
	now := time.Unix(1788000000, 500)
	e := start(t, Config{Now: func() time.Time { return now }})
	bearer := e.Login(LoginOptions{}).AccessToken
	usage := func() gjson.Result {
		return gjson.Get(e.get(t, call{method: "GET", path: usagePath, bearer: bearer}).body, "rate_limit")
	}
	if err := e.SetScene(Scene{Fault: FaultUsageLimit, ResetAfterS: 5, AllowanceReturns: true}); err != nil {
		t.Fatal(err)
	}
	const reset = 1788000006 // seconds are rounded up
	for _, after := range []time.Duration{0, 3 * time.Second} {
		now = now.Add(after)
		if u := usage(); u.Get("primary_window.reset_at").Int() != reset || u.Get("primary_window.used_percent").Int() != 100 {
			t.Errorf("usage at %v: %s", now, u.Raw)
		}
		if r := e.ask(t, prompt(t, "")); r.status != 429 || gjson.Get(r.body, "error.resets_at").Int() != reset {
			t.Errorf("answer at %v: %d %s", now, r.status, r.body)
		}
	}
	now = time.Unix(reset, 0)
	if u := usage(); !u.Get("allowed").Bool() || u.Get("primary_window.used_percent").Int() != 12 {
		t.Errorf("usage after the reset: %s", u.Raw)
	}
	if r := e.ask(t, prompt(t, "")); r.status != 200 {
		t.Errorf("answer after the reset: %d %s", r.status, r.body)
	}
}

func TestUsageOfAScene(t *testing.T) {
	e := start(t, Config{Scene: Scene{UsedPercent: 90, ResetAfterS: 60}})
	if got := e.ask(t, prompt(t, "")).header["X-Codex-Primary-Used-Percent"]; len(got) != 1 || got[0] != "90" {
		t.Errorf("the header says %q, want 90", got)
	}
	if err := e.SetScene(Scene{UsageDocument: []byte(`{"plan_type":"odd"}`)}); err != nil {
		t.Fatal(err)
	}
	got := e.get(t, call{method: "GET", path: usagePath, bearer: e.Login(LoginOptions{}).AccessToken}).body
	if got != `{"plan_type":"odd"}` {
		t.Errorf("usage %s", got)
	}
}
