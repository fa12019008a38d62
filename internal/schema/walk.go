package schema

import (
	"fmt"
	"slices"
	"strings"
)

const (
	freeSteps    = 1 << 20 // steps that any check may take
	stepsPerByte = 16      // and more for each byte of the answer
	bytesPerStep = 256     // bytes of a message that may be copied in a step
	maxFrames    = 10_000  // rules within rules, which bounds the stack
)

// walk applies rules to a value as the library will, but never stops early, so that its
// steps bound the library's. Rules that it cannot judge it only counts.
type walk struct {
	left   int // steps
	frames int
	at     *step
}

// tooCostly says that there are no steps left; all results are void then.
func (w *walk) tooCostly() bool { return w.left < 0 }

func (w *walk) spend(n int) { w.left -= min(n, max(w.left, 0)+1) }

// apply is the first fault of v by r, or nil.
func (w *walk) apply(r *rule, v any) *Mismatch {
	w.spend(1)
	if w.frames++; w.frames > maxFrames {
		w.left = -1
	}
	defer func() { w.frames-- }()
	if w.tooCostly() {
		return nil
	}
	first := w.own(r, v)
	note := func(m *Mismatch) {
		if first == nil {
			first = m
		}
	}
	w.inPlace(r, v, note)
	switch v := v.(type) {
	case []any:
		w.items(r, v, note)
	case string, bool, float64, nil:
	default:
		o := objectOf(v)
		w.members(r, o, note)
		note(w.missing(r, o))
	}
	if first != nil {
		// The library copies the message at every rule on the way up, and adds to it.
		first.message += len("validating : ") + len(r.path)
		w.spend(first.message / bytesPerStep)
	}
	return first
}

func (w *walk) inPlace(r *rule, v any, note func(*Mismatch)) {
	if r.ref != nil {
		note(w.apply(r.ref, v))
	}
	for _, one := range r.allOf {
		note(w.apply(one, v))
	}
	if len(r.anyOf) > 0 {
		m, _ := w.any(r.anyOf, v)
		note(m)
	}
	if len(r.oneOf) > 0 {
		m, fitting := w.any(r.oneOf, v)
		if fitting > 1 {
			m = w.mismatch(below(r.path, "oneOf"), "exactly one of its forms", fmt.Sprintf("%s that fits %d of them", describe(v), fitting))
		}
		note(m)
	}
	if r.condition != nil {
		met := w.apply(r.condition, v) == nil
		for _, branch := range []*rule{r.then, r.otherwise} {
			if branch != nil {
				if m := w.apply(branch, v); met == (branch == r.then) {
					note(m)
				}
			}
		}
	}
	for _, one := range r.beside {
		w.apply(one, v)
	}
}

// any applies alternatives. The fault is that of the one which came furthest; one that
// began with the wrong type has not even begun.
func (w *walk) any(rules []*rule, v any) (closest *Mismatch, fitting int) {
	var types []string
	messages, furthest := 0, 0
	for _, one := range rules {
		m := w.apply(one, v)
		if m == nil {
			fitting++
			continue
		}
		messages += m.message
		if m.wrongType() && m.at == w.at && !slices.Contains(types, m.Want) {
			types = append(types, m.Want)
		}
		if reached := m.progress(); closest == nil || reached > furthest {
			closest, furthest = m, reached
		}
		w.spend(furthest / 16)
	}
	if fitting > 0 {
		return nil, fitting
	}
	closest.message = messages
	if len(types) > 0 && closest.wrongType() && closest.at == w.at {
		closest.Want = strings.Join(types, " or ")
	}
	return closest, 0
}

func (e *Mismatch) wrongType() bool { return strings.HasSuffix(e.Rule, "/type") }

// progress says how far a value came with a schema. A constant that differs says that
// another alternative is meant.
func (e *Mismatch) progress() int {
	switch {
	case strings.HasSuffix(e.Rule, "/const"):
		return -1
	case e.wrongType():
		return 2 * e.at.length()
	}
	return 2*e.at.length() + 1
}

func (w *walk) items(r *rule, list []any, note func(*Mismatch)) {
	here := w.at
	defer func() { w.at = here }()
	for i, item := range list {
		w.at = &step{here, "", i}
		switch {
		case i < len(r.prefix):
			note(w.apply(r.prefix[i], item))
		case r.items != nil:
			note(w.apply(r.items, item))
		}
		for _, one := range r.others {
			w.apply(one, item)
		}
		if w.tooCostly() {
			return
		}
	}
	if r.unique {
		w.spend(w.size(list)) // the library hashes it
	}
}

func (w *walk) members(r *rule, o fields, note func(*Mismatch)) {
	if len(r.properties)+len(r.patterns)+len(r.others) == 0 && r.additional == nil && r.names == nil {
		return
	}
	here := w.at
	defer func() { w.at = here }()
	known := map[string]bool{}
	for _, p := range r.properties {
		w.spend(1)
		if v, ok := o.get(p.name); ok {
			known[p.name] = true
			w.at = &step{here, p.name, -1}
			note(w.apply(p.rule, v))
		}
	}
	if len(r.patterns)+len(r.others) == 0 && r.names == nil && len(known) == o.size() {
		return
	}
	for _, name := range o.names() {
		if w.tooCostly() {
			return
		}
		v, _ := o.get(name)
		w.at = &step{here, name, -1}
		w.member(r, name, v, known[name], note)
	}
}

func (w *walk) member(r *rule, name string, v any, known bool, note func(*Mismatch)) {
	w.spend(1)
	for _, p := range r.patterns {
		if w.matches(p.pattern, name) {
			known = true
			note(w.apply(p.rule, v))
		}
	}
	if r.additional != nil && !known {
		if r.additional.never {
			note(w.mismatch(r.additional.path, "no such field"+w.listNames(r), describe(v)))
		} else {
			note(w.apply(r.additional, v))
		}
	}
	if r.names != nil {
		note(w.apply(r.names, name))
	}
	for _, one := range r.others {
		w.apply(one, v)
	}
}

// listNames is the names that a closed object may have, for a message.
func (w *walk) listNames(r *rule) string {
	if len(r.properties) == 0 || len(r.patterns) > 0 {
		return ""
	}
	names := make([]string, len(r.properties))
	for i, p := range r.properties {
		names[i] = p.name
	}
	return short(" (known are "+strings.Join(names, ", ")+")", 120)
}

func (w *walk) matches(p *pattern, s string) bool {
	w.spend(len(s) * p.cost / 64)
	return !w.tooCostly() && p.re.MatchString(s)
}

// size is the number of values in v, and costs as many steps at most.
func (w *walk) size(v any) int {
	w.spend(1)
	if w.tooCostly() {
		return 0
	}
	n := 1
	switch v := v.(type) {
	case []any:
		for _, item := range v {
			n += w.size(item)
		}
	case string:
		n += len(v) / 64
	case bool, float64, nil:
	default:
		for _, item := range objectOf(v).all() {
			n += w.size(item)
		}
	}
	return n
}

// printed is m for a fault whose message holds all of v.
func (w *walk) printed(m *Mismatch, v any) *Mismatch {
	const perValue = 8 // bytes, about
	n := w.size(v)
	w.spend(n)
	m.message += n * perValue
	return m
}

func (w *walk) mismatch(rulePath, want, got string) *Mismatch {
	return &Mismatch{Rule: "#" + rulePath, Want: want, Got: got, Offset: -1, at: w.at}
}
