package cli

import "github.com/codexctl/codexctl/pkg/responses"

type rateLimitsDocument struct {
	Plan      *string         `json:"plan"`
	Primary   *windowDocument `json:"primary"`
	Secondary *windowDocument `json:"secondary"`
}

type windowDocument struct {
	UsedPercent   float64 `json:"used_percent"`
	WindowMinutes *int    `json:"window_minutes"`
	ResetsAt      *string `json:"resets_at"`
}

func newRateLimitsDocument(l responses.RateLimits) *rateLimitsDocument {
	if !l.Known() {
		return nil
	}
	return &rateLimitsDocument{stringOrNull(l.Plan), newWindowDocument(l.Primary), newWindowDocument(l.Secondary)}
}

func newWindowDocument(w *responses.Window) *windowDocument {
	if w == nil {
		return nil
	}
	doc := &windowDocument{UsedPercent: w.UsedPercent, ResetsAt: instant(w.ResetsAt)}
	if w.Minutes > 0 {
		doc.WindowMinutes = &w.Minutes
	}
	return doc
}
