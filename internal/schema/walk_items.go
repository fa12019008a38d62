package schema

import (
	"cmp"
	"fmt"
)

// items judges an array by what r asks of its items.
func (w *walk) items(r *rule, list []any, note func(*Mismatch)) {
	fitting := 0
	for i, item := range list {
		to := &step{w.at, "", i}
		one := r.items
		if i < len(r.prefix) {
			one = r.prefix[i]
		}
		if one != nil {
			note(w.below(to, one, item))
			w.seen.item(i)
		}
		if r.contains != nil && w.below(to, r.contains, item) == nil {
			fitting++
			w.seen.item(i)
		}
		if w.tooCostly() {
			return
		}
	}
	note(w.contained(r, fitting, len(list)))
	note(w.repeated(r, list))
	if r.otherItems == nil {
		return
	}
	for i, item := range list {
		if !w.seen.items[i] && !w.tooCostly() {
			note(w.below(&step{w.at, "", i}, r.otherItems, item))
			w.seen.item(i)
		}
	}
}

// contained judges how many items fit the rule for some.
func (w *walk) contained(r *rule, fitting, all int) *Mismatch {
	if r.contains == nil {
		return nil
	}
	one := 1
	if want := bounds(fitting, cmp.Or(r.minContains, &one), r.maxContains, "items"); want != "" {
		return w.mismatch(r.contains.path, want+" that fit #"+short(r.contains.path, 120), fmt.Sprintf("%d of %d", fitting, all))
	}
	return nil
}

// repeated is the first item that stands in the array already.
func (w *walk) repeated(r *rule, list []any) *Mismatch {
	if !r.unique {
		return nil
	}
	places := make(map[string]int, len(list))
	for i, item := range list {
		form := w.canonical(item)
		if w.tooCostly() {
			return nil
		}
		if first, stands := places[form]; stands {
			m := w.mismatch(below(r.path, "uniqueItems"), "no item twice", fmt.Sprintf("the same as item %d", first))
			m.at = &step{w.at, "", i}
			return m
		}
		places[form] = i
	}
	return nil
}
