package cli

import (
	"fmt"
	"strings"
)

// aliasOptions is --model-alias, for every command that has it.
type aliasOptions struct{ aliases repeated }

func (o *aliasOptions) aliasFlag() flagSpec {
	return repeatedFlag("model-alias", "OLD=NEW", &o.aliases, "ask NEW where OLD is named (repeat)")
}

// checkAliases wants two names each.
func (o *aliasOptions) checkAliases(inv *invocation) error {
	for i, alias := range o.aliases {
		if from, to, ok := strings.Cut(alias, "="); !ok || from == "" || to == "" {
			return inv.badItem("model-alias", i, fmt.Errorf("want OLD=NEW, not %q", alias))
		}
	}
	return nil
}

// modelAliases are the names that stand for others. A name is looked up once: an alias
// does not lead to another one.
func (o *aliasOptions) modelAliases() map[string]string {
	aliases := make(map[string]string, len(o.aliases))
	for _, alias := range o.aliases {
		from, to, _ := strings.Cut(alias, "=")
		aliases[from] = to
	}
	return aliases
}
