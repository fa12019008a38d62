package cli

import (
	"fmt"

	"github.com/codexctl/codexctl/pkg/responses"
)

// usageLine is what --usage says.
func usageLine(r *responses.Response, c call) string {
	line := "codexctl: "
	if u := r.Usage; u != nil {
		line += fmt.Sprintf("%d tokens in (%d cached), %d out (%d reasoning)",
			u.InputTokens, u.CachedInputTokens, u.OutputTokens, u.ReasoningTokens)
	} else {
		line += "no token count"
	}
	if !c.watch.first.IsZero() {
		line += fmt.Sprintf(", first text after %d ms", c.watch.first.Sub(c.watch.start).Milliseconds())
	}
	limits := responses.ReadRateLimits(c.header)
	for _, w := range []*responses.Window{limits.Primary, limits.Secondary} {
		if w != nil {
			line += fmt.Sprintf(", %s%% of %s used", trimFloat(w.UsedPercent), windowName(w.Minutes))
		}
	}
	return line
}

func trimFloat(f float64) string { return fmt.Sprintf("%.3g", f) }

func windowName(minutes int) string {
	switch {
	case minutes <= 0:
		return "a window"
	case minutes%(24*60) == 0:
		return fmt.Sprintf("%d d", minutes/(24*60))
	case minutes%60 == 0:
		return fmt.Sprintf("%d h", minutes/60)
	}
	return fmt.Sprintf("%d min", minutes)
}
