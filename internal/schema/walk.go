package schema

import (
	"fmt"
	"slices"
	"strings"
)

const (
	freeSteps    = 1 << 20 // steps that any check may take
	stepsPerByte = 16      // and more for each byte of the answer
	maxFrames    = 10_000  // rules within rules, which bounds the stack
)

// walk holds a value against rules and counts its steps, each of which takes a bounded
// time.
type walk struct {
	left   int // steps
	frames int
	at     *step

	// tracks is true if rules ask what others have looked at; seen is what they have, of
	// the value at hand. nil notes nothing.
	tracks bool
	seen   *seen
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
	outer := w.seen
	if w.tracks {
		w.seen = &seen{}
	}
	first := w.judge(r, v)
	if first == nil && w.tracks {
		w.spend(outer.add(w.seen))
	}
	w.seen = outer
	return first
}

func (w *walk) judge(r *rule, v any) *Mismatch {
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
		w.dependents(r, v, o, note)
		w.otherMembers(r, o, note)
	}
	return first
}

// below applies r to a value within the one at hand.
func (w *walk) below(to *step, r *rule, v any) *Mismatch {
	at, outer := w.at, w.seen
	w.at, w.seen = to, nil
	defer func() { w.at, w.seen = at, outer }()
	return w.apply(r, v)
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
	if r.not != nil && w.apply(r.not, v) == nil {
		note(w.mismatch(r.not.path, "nothing that fits #"+short(r.not.path, 120), describe(v)))
	}
	if r.condition != nil {
		branch := r.then
		if w.apply(r.condition, v) != nil {
			branch = r.otherwise
		}
		if branch != nil {
			note(w.apply(branch, v))
		}
	}
}

// any applies alternatives. The fault is that of the one which came furthest; one that
// began with the wrong type has not even begun.
func (w *walk) any(rules []*rule, v any) (closest *Mismatch, fitting int) {
	var types []string
	furthest := 0
	for _, one := range rules {
		m := w.apply(one, v)
		if m == nil {
			fitting++
			continue
		}
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
		w.spend(len(v) / 64)
	case bool, float64, nil:
	default:
		for name, item := range objectOf(v).all() {
			w.spend(len(name) / 64)
			n += w.size(item)
		}
	}
	return n
}

func (w *walk) mismatch(rulePath, want, got string) *Mismatch {
	return &Mismatch{Rule: "#" + rulePath, Want: want, Got: got, Offset: -1, at: w.at}
}
