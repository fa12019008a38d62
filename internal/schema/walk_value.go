package schema

import (
	"fmt"
	"math"
	"strings"
	"unicode/utf8"
)

// own judges what r asks of v itself.
func (w *walk) own(r *rule, v any) *Mismatch {
	if r.never {
		return w.mismatch(r.path, "nothing", describe(v))
	}
	if r.types != nil && !fitsType(r.types, v) {
		return w.mismatch(below(r.path, "type"), strings.Join(withArticles(r.types), " or "), describe(v))
	}
	if r.enum != nil && !r.enum[w.canonical(v)] {
		return w.mismatch(r.enumPath, "one of "+r.enumText, describe(v))
	}
	switch v := v.(type) {
	case float64:
		return w.number(r, v)
	case string:
		return w.text(r, v)
	case []any:
		if want := bounds(len(v), r.minItems, r.maxItems, "items"); want != "" {
			return w.mismatch(r.path, want, describe(v))
		}
	case bool, nil:
	default:
		return w.object(r, objectOf(v))
	}
	return nil
}

func (w *walk) number(r *rule, v float64) *Mismatch {
	failed := func(keyword, words string, limit float64) *Mismatch {
		return w.mismatch(below(r.path, keyword), "a number "+words+" "+formatNumber(limit), describe(v))
	}
	switch {
	case r.minimum != nil && v < *r.minimum:
		return failed("minimum", "not below", *r.minimum)
	case r.maximum != nil && v > *r.maximum:
		return failed("maximum", "not above", *r.maximum)
	case r.above != nil && v <= *r.above:
		return failed("exclusiveMinimum", "above", *r.above)
	case r.under != nil && v >= *r.under:
		return failed("exclusiveMaximum", "below", *r.under)
	case r.multipleOf != nil:
		if _, rest := math.Modf(v / *r.multipleOf); rest != 0 {
			return failed("multipleOf", "that is a multiple of", *r.multipleOf)
		}
	}
	return nil
}

func (w *walk) text(r *rule, v string) *Mismatch {
	if r.minLength != nil || r.maxLength != nil {
		w.spend(len(v) / 64)
		if want := bounds(utf8.RuneCountInString(v), r.minLength, r.maxLength, "characters"); want != "" {
			return w.mismatch(r.path, want, describe(v))
		}
	}
	if r.pattern != nil && !w.matches(r.pattern, v) {
		return w.mismatch(below(r.path, "pattern"), "a string like "+short(r.pattern.source, 120), describe(v))
	}
	return nil
}

func (w *walk) object(r *rule, o fields) *Mismatch {
	if want := bounds(o.size(), r.minProperties, r.maxProperties, "fields"); want != "" {
		return w.mismatch(r.path, want, fmt.Sprintf("an object of %d", o.size()))
	}
	return nil
}

func bounds(n int, least, most *int, unit string) string {
	switch {
	case least != nil && n < *least:
		return fmt.Sprintf("at least %d %s", *least, unit)
	case most != nil && n > *most:
		return fmt.Sprintf("at most %d %s", *most, unit)
	}
	return ""
}
