package schema

import (
	"fmt"
	"math"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
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

// step is the way to a value: the last step to it, and the way before. The whole answer
// is nil.
type step struct {
	before *step
	name   string
	index  int // -1 for a step by name
}

func (s *step) length() int {
	n := 0
	for ; s != nil; s = s.before {
		n++
	}
	return n
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

// own judges what r asks of v itself.
func (w *walk) own(r *rule, v any) *Mismatch {
	if r.never {
		return w.mismatch(r.path, "nothing", describe(v))
	}
	if r.types != nil && !fitsType(r.types, v) {
		return w.printed(w.mismatch(below(r.path, "type"), strings.Join(withArticles(r.types), " or "), describe(v)), v)
	}
	if r.enum != nil {
		w.spend(len(r.enum))
		if !slices.ContainsFunc(r.enum, func(option any) bool { return equal(option, v) }) {
			return w.printed(w.mismatch(r.enumPath, "one of "+r.enumText, describe(v)), v)
		}
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

// path spells a way as jq does.
func (s *step) path() string {
	way := make([]*step, 0, 16)
	for ; s != nil; s = s.before {
		way = append(way, s)
	}
	if len(way) == 0 {
		return "."
	}
	var b strings.Builder
	for _, s := range slices.Backward(way) {
		plain := s.index < 0 && plainName(s.name)
		if plain || b.Len() == 0 {
			b.WriteByte('.')
		}
		switch {
		case plain:
			b.WriteString(s.name)
		case s.index < 0:
			b.WriteString("[" + strconv.Quote(s.name) + "]")
		default:
			b.WriteString("[" + strconv.Itoa(s.index) + "]")
		}
	}
	return b.String()
}

func plainName(s string) bool {
	for i, r := range s {
		letter := r == '_' || r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z'
		if !letter && (i == 0 || r < '0' || r > '9') {
			return false
		}
	}
	return s != ""
}

func fitsType(types []string, v any) bool {
	got := typeOf(v)
	return slices.Contains(types, got) || got == "integer" && slices.Contains(types, "number")
}

func typeOf(v any) string {
	switch v := v.(type) {
	case nil:
		return "null"
	case bool:
		return "boolean"
	case string:
		return "string"
	case float64:
		if math.Trunc(v) == v {
			return "integer"
		}
		return "number"
	case []any:
		return "array"
	}
	return "object"
}

func withArticles(types []string) []string {
	words := make([]string, len(types))
	for i, t := range types {
		switch t {
		case "null":
			words[i] = t
		case "integer", "object", "array":
			words[i] = "an " + t
		default:
			words[i] = "a " + t
		}
	}
	return words
}

// describe says in words what v is.
func describe(v any) string {
	switch v := v.(type) {
	case nil:
		return "null"
	case bool:
		return strconv.FormatBool(v)
	case string:
		return "the string " + strconv.Quote(short(v, 60))
	case float64:
		return "the number " + formatNumber(v)
	case []any:
		return fmt.Sprintf("an array of %d", len(v))
	}
	return "an object"
}

func formatNumber(f float64) string {
	if math.Abs(f) < 1e15 && math.Trunc(f) == f {
		return strconv.FormatFloat(f, 'f', -1, 64)
	}
	return strconv.FormatFloat(f, 'g', -1, 64)
}

// fields reads the maps that encoding/json makes, and the library wants.
type fields struct{ v reflect.Value }

func objectOf(v any) fields { return fields{reflect.ValueOf(v)} }

func (o fields) size() int { return o.v.Len() }

func (o fields) get(name string) (any, bool) {
	v := o.v.MapIndex(reflect.ValueOf(name))
	if !v.IsValid() {
		return nil, false
	}
	return v.Interface(), true
}

// names is the names in order, so that the first fault is always the same one.
func (o fields) names() []string {
	names := make([]string, 0, o.v.Len())
	for _, key := range o.v.MapKeys() {
		names = append(names, key.String())
	}
	slices.Sort(names)
	return names
}

func (o fields) all() []any {
	all := make([]any, 0, o.v.Len())
	for _, v := range o.v.Seq2() {
		all = append(all, v.Interface())
	}
	return all
}
