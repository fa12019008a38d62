package schema

import (
	"fmt"
	"strings"
)

// members judges an object by what r asks of its members.
func (w *walk) members(r *rule, o fields, note func(*Mismatch)) {
	if len(r.properties)+len(r.patterns) == 0 && r.additional == nil && r.names == nil {
		return
	}
	known := map[string]bool{}
	for _, p := range r.properties {
		w.spend(1)
		if v, ok := o.get(p.name); ok {
			known[p.name] = true
			w.seen.member(p.name)
			note(w.below(&step{w.at, p.name, -1}, p.rule, v))
		}
	}
	if len(r.patterns) == 0 && r.names == nil && len(known) == o.size() {
		return
	}
	for _, name := range o.names() {
		if w.tooCostly() {
			return
		}
		v, _ := o.get(name)
		w.member(r, name, v, known[name], note)
	}
}

func (w *walk) member(r *rule, name string, v any, known bool, note func(*Mismatch)) {
	w.spend(1)
	to := &step{w.at, name, -1}
	for _, p := range r.patterns {
		if w.matches(p.pattern, name) {
			known = true
			w.seen.member(name)
			note(w.below(to, p.rule, v))
		}
	}
	if r.additional != nil && !known {
		w.seen.member(name)
		note(w.further(to, r, r.additional, v))
	}
	if r.names != nil {
		note(w.below(to, r.names, name))
	}
}

// further judges a member that has no rule of its own.
func (w *walk) further(to *step, r, by *rule, v any) *Mismatch {
	m := w.below(to, by, v)
	if m != nil && by.never {
		m.Want = "no such field" + w.listNames(r)
	}
	return m
}

// listNames is the names that a closed object may have, for a message.
func (w *walk) listNames(r *rule) string {
	if len(r.properties) == 0 || len(r.patterns) > 0 {
		return ""
	}
	const enough = 120 // characters, and so names
	names := make([]string, min(len(r.properties), enough))
	for i := range names {
		names[i] = short(r.properties[i].name, enough)
	}
	w.spend(len(names))
	return short(" (known are "+strings.Join(names, ", ")+")", enough)
}

// missing is what lacks in an object. It is looked for last: what is there tells more.
func (w *walk) missing(r *rule, o fields) *Mismatch {
	w.spend(len(r.required))
	for _, name := range r.required {
		if _, ok := o.get(name); !ok {
			return w.mismatch(below(r.path, "required"), fmt.Sprintf("the field %q", name), "none")
		}
	}
	return nil
}

// dependents judges what is asked for because of a member that is there.
func (w *walk) dependents(r *rule, v any, o fields, note func(*Mismatch)) {
	for _, d := range r.dependents {
		w.spend(1 + len(d.required))
		if _, there := o.get(d.name); !there {
			continue
		}
		for _, name := range d.required {
			if _, ok := o.get(name); !ok {
				note(w.mismatch(r.path, fmt.Sprintf("the field %q beside %q", name, short(d.name, 60)), "none"))
			}
		}
		if d.rule != nil {
			note(w.apply(d.rule, v))
		}
	}
}

// otherMembers judges the members that no rule has looked at.
func (w *walk) otherMembers(r *rule, o fields, note func(*Mismatch)) {
	if r.otherMembers == nil {
		return
	}
	for _, name := range o.names() {
		if w.seen.members[name] || w.tooCostly() {
			continue
		}
		v, _ := o.get(name)
		note(w.further(&step{w.at, name, -1}, r, r.otherMembers, v))
		w.seen.member(name)
	}
}
