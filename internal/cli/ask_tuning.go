package cli

import (
	"encoding/json"

	"github.com/codexctl/codexctl/pkg/responses"
)

// tuningOptions are the flags of `ask` that go to the model as they are: unknown
// values are the backend's to refuse.
type tuningOptions struct {
	effort, summary, verbosity, tier string
	webSearch                        bool
}

func (o *tuningOptions) flags() []flagSpec {
	return []flagSpec{
		stringFlag("effort,e", "LEVEL", &o.effort, "reasoning effort, such as low, medium, high"),
		stringFlag("summary", "KIND", &o.summary, "reasoning summary: auto, concise, detailed"),
		stringFlag("verbosity", "LEVEL", &o.verbosity, "length of the answer: low, medium, high"),
		stringFlag("tier", "NAME", &o.tier, "service tier, such as priority"),
		boolFlag("web-search", &o.webSearch, "let the model search the web"),
	}
}

// apply puts them into a request.
func (o *tuningOptions) apply(r *responses.Request) {
	r.Reasoning = responses.Reasoning{Effort: o.effort, Summary: o.summary}
	r.Text.Verbosity = o.verbosity
	r.ServiceTier = o.tier
	if o.webSearch {
		r.Tools = append(r.Tools, json.RawMessage(`{"type":"web_search"}`))
	}
}
