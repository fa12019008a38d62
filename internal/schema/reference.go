package schema

import (
	"slices"
	"strings"
)

type reference struct {
	from   *rule
	target string
}

// resolve finds what a reference means.
func (c *compiler) resolve(r reference) (*rule, error) {
	at := below(r.from.path, "$ref")
	local := localReference(r.target, c.base)
	fragment, ok := strings.CutPrefix(local, "#")
	if !ok {
		return nil, c.fault(at, "%q leads out of this schema, and nothing is fetched: "+
			"copy what it means into $defs and write \"#/$defs/name\"", short(r.target, 120))
	}
	target, ok := c.anchors[fragment]
	if fragment == "" || fragment[0] == '/' {
		target, ok = c.byPath[fragment]
	}
	if !ok {
		shown := "#" + fragment
		if pointer := fragment == "" || fragment[0] == '/'; pointer {
			shown = c.shown(fragment)
		}
		return nil, c.fault(at, "%q leads nowhere: no schema stands there", short(shown, 120))
	}
	return target, nil
}

// circle refuses rules that lead back to themselves for the same value.
func (c *compiler) circle(r *rule) error {
	switch r.visit {
	case 1:
		return c.fault(r.path, "leads back to itself without a step into the answer, so nothing could be checked")
	case 2:
		return nil
	}
	r.visit = 1
	for _, next := range r.inPlace() {
		if err := c.circle(next); err != nil {
			return err
		}
	}
	r.visit = 2
	return nil
}

// inPlace is the rules that apply to the same value as r.
func (r *rule) inPlace() []*rule {
	all := slices.Concat(r.allOf, r.anyOf, r.oneOf)
	single := []*rule{r.ref, r.condition, r.then, r.otherwise, r.not}
	for _, d := range r.dependents {
		single = append(single, d.rule)
	}
	for _, one := range single {
		if one != nil {
			all = append(all, one)
		}
	}
	return all
}

func (c *compiler) anchor(r *rule, name string) error {
	if other, taken := c.anchors[name]; taken && other != r {
		return c.fault(r.path, "the anchor %q is taken already, at %s", name, c.shown(other.path))
	}
	c.anchors[name] = r
	return nil
}

func (c *compiler) identifier(r *rule, id string) error {
	if name, ok := strings.CutPrefix(id, "#"); ok && c.legacy && name != "" {
		return c.anchor(r, name) // draft-07, 8.2.3
	}
	if r.path != "" {
		return c.fault(r.path, "$id below the top is not supported: write references from the top, as in \"#/$defs/name\"")
	}
	return nil
}
