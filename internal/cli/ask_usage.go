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
			line += fmt.Sprintf(", %s of %s used", percent(w.UsedPercent), windowName(w))
		}
	}
	return line
}
