package schema

import (
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"regexp/syntax"
	"slices"
	"strconv"
	"strings"
)

// maxProgram is the most instructions that one pattern may compile to. It bounds the
// time of a match, which is instructions times characters.
const maxProgram = 10_000

// compiled is a schema made ready: the rules for our walk, and the library's form.
type compiled struct {
	root      *rule
	library   library
	unchecked []Fault
}

// rule is one schema within the schema.
type rule struct {
	path  string // JSON Pointer in what is sent
	never bool   // the schema `false`

	types    []string
	enum     []any // with const, which is an enum of one
	enumText string
	enumPath string

	minimum, maximum, above, under, multipleOf *float64

	minLength, maxLength, minItems, maxItems, minProperties, maxProperties *int

	pattern  *pattern
	required []string
	unique   bool

	properties []namedRule
	patterns   []patternRule
	additional *rule
	names      *rule
	prefix     []*rule
	items      *rule
	others     []*rule // for items or members, applied for the count alone

	ref                 *rule
	allOf, anyOf, oneOf []*rule
	condition           *rule
	then, otherwise     *rule
	beside              []*rule // for the same value, applied for the count alone

	visit int // 0 not yet, 1 on the way, 2 done: the search for circles
}

type namedRule struct {
	name string
	rule *rule
}

type patternRule struct {
	pattern *pattern
	rule    *rule
}

// pattern is a regular expression and the length of its program.
type pattern struct {
	source string
	re     *regexp.Regexp
	cost   int
}

type compiler struct {
	legacy     bool
	base       string
	shown      func(string) string
	byPath     map[string]*rule
	anchors    map[string]*rule
	references []reference
	both       map[string]bool // schemas with $defs and definitions
	unchecked  []Fault
}

type reference struct {
	from   *rule
	target string
}

func compile(root *node, shown func(string) string) (*compiled, error) {
	c := &compiler{
		legacy: isLegacy(root), base: identity(root), shown: shown,
		byPath: map[string]*rule{}, anchors: map[string]*rule{}, both: map[string]bool{},
	}
	top, err := c.schema(root, "")
	if err != nil {
		return nil, err
	}
	targets := map[string]string{}
	for _, r := range c.references {
		if r.from.ref, err = c.resolve(r); err != nil {
			return nil, err
		}
		targets[r.from.path] = r.from.ref.path
	}
	for _, r := range c.inOrder() {
		if err := c.circle(r); err != nil {
			return nil, err
		}
	}
	ready, err := c.library(root, targets)
	if err != nil {
		return nil, err
	}
	return &compiled{root: top, library: ready, unchecked: c.unchecked}, nil
}

func (c *compiler) fault(path, format string, args ...any) error {
	return &Fault{Path: c.shown(path), Reason: fmt.Sprintf(format, args...)}
}

// inOrder is all rules in the order of their places, so that the first fault is always
// the same one.
func (c *compiler) inOrder() []*rule {
	all := make([]*rule, 0, len(c.byPath))
	for _, r := range c.byPath {
		all = append(all, r)
	}
	slices.SortFunc(all, func(a, b *rule) int { return strings.Compare(a.path, b.path) })
	return all
}

func (c *compiler) schema(n *node, path string) (*rule, error) {
	r := &rule{path: path}
	c.byPath[path] = r
	switch n.kind {
	case kindBool:
		r.never = n.isFalse()
		return r, nil
	case kindObject:
	default:
		return nil, c.fault(path, "a schema is an object, true or false; this is %s", n.kind)
	}
	c.both[path] = n.has("$defs") && n.has("definitions")
	alone := c.legacy && n.has("$ref") // draft-07, 8.3: what stands beside $ref is ignored
	for _, m := range n.members {
		if err := c.wellFormed(m.name, m.value, path); err != nil {
			return nil, err
		}
		children, err := c.children(m, path)
		if err != nil {
			return nil, err
		}
		if alone && m.name != "$ref" {
			continue
		}
		if err := c.keyword(r, m, children); err != nil {
			return nil, err
		}
	}
	return r, nil
}

func (c *compiler) children(m member, path string) ([]namedRule, error) {
	var children []namedRule
	var failed error
	eachChild(path, m.name, m.value, c.legacy, func(at string, n *node) {
		if failed != nil {
			return
		}
		var child *rule
		if child, failed = c.schema(n, at); failed == nil {
			children = append(children, namedRule{rule: child})
		}
	})
	if failed == nil && m.value.kind == kindObject && len(children) == len(m.value.members) {
		for i := range children {
			children[i].name = m.value.members[i].name
		}
	}
	return children, failed
}

// keyword puts a keyword that is well formed into the rule.
func (c *compiler) keyword(r *rule, m member, children []namedRule) error {
	var one *rule
	if len(children) > 0 {
		one = children[0].rule
	}
	switch m.name {
	case "type":
		r.types = m.value.texts()
	case "enum", "const":
		options := m.value.list
		if m.name == "const" {
			options = []*node{m.value}
		}
		for _, option := range options {
			var v any
			_ = json.Unmarshal(option.bytes(), &v) // it was JSON when it was read
			r.enum = append(r.enum, v)
		}
		r.enumPath = below(r.path, m.name)
		r.enumText = short(string(m.value.bytes()), 120)
	case "minimum":
		r.minimum = m.value.float()
	case "maximum":
		r.maximum = m.value.float()
	case "exclusiveMinimum":
		r.above = m.value.float()
	case "exclusiveMaximum":
		r.under = m.value.float()
	case "multipleOf":
		r.multipleOf = m.value.float()
	case "minLength":
		r.minLength = m.value.integer()
	case "maxLength":
		r.maxLength = m.value.integer()
	case "minItems":
		r.minItems = m.value.integer()
	case "maxItems":
		r.maxItems = m.value.integer()
	case "minProperties":
		r.minProperties = m.value.integer()
	case "maxProperties":
		r.maxProperties = m.value.integer()
	case "uniqueItems":
		r.unique = !m.value.isFalse()
	case "pattern":
		return c.pattern(r, m.value.text)
	case "patternProperties":
		return c.patternProperties(r, children)
	case "required":
		r.required = m.value.texts()
	case "properties":
		r.properties = children
	case "additionalProperties":
		r.additional = one
	case "propertyNames":
		r.names = one
	case "prefixItems":
		r.prefix = rulesOf(children)
	case "items":
		if m.value.kind == kindArray {
			r.prefix = rulesOf(children)
		} else {
			r.items = one
		}
	case "contains", "unevaluatedItems", "unevaluatedProperties", "additionalItems":
		r.others = append(r.others, one)
	case "allOf":
		r.allOf = rulesOf(children)
	case "anyOf":
		r.anyOf = rulesOf(children)
	case "oneOf":
		r.oneOf = rulesOf(children)
	case "if":
		r.condition = one
	case "then":
		r.then = one
	case "else":
		r.otherwise = one
	case "not", "dependentSchemas", "dependencies":
		r.beside = append(r.beside, rulesOf(children)...)
	case "$ref":
		c.references = append(c.references, reference{r, m.value.text})
	case "$anchor", "$dynamicAnchor":
		return c.anchor(r, m.value.text)
	case "$id":
		return c.identifier(r, m.value.text)
	}
	return nil
}

func rulesOf(named []namedRule) []*rule {
	rules := make([]*rule, len(named))
	for i, n := range named {
		rules[i] = n.rule
	}
	return rules
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

// pattern compiles the pattern of a rule, or notes that Go cannot.
func (c *compiler) pattern(r *rule, source string) error {
	p, err := newPattern(source)
	var bad *syntax.Error
	switch {
	case err == nil:
		r.pattern = p
	case errors.As(err, &bad) && foreign(bad.Code):
		c.unchecked = append(c.unchecked, Fault{Path: c.shown(below(r.path, "pattern")),
			Reason: "this pattern cannot be checked here: " + err.Error()})
	default:
		return c.fault(below(r.path, "pattern"), "%v", err)
	}
	return nil
}

func (c *compiler) patternProperties(r *rule, children []namedRule) error {
	for _, child := range children {
		p, err := newPattern(child.name)
		if err != nil {
			return c.fault(below(r.path, "patternProperties"), "%v", err)
		}
		r.patterns = append(r.patterns, patternRule{p, child.rule})
	}
	return nil
}

// foreign says whether an error of regexp may be about what other engines know.
func foreign(code syntax.ErrorCode) bool {
	switch code {
	case syntax.ErrInvalidPerlOp, syntax.ErrInvalidEscape, syntax.ErrInvalidNamedCapture,
		syntax.ErrInvalidRepeatSize, syntax.ErrInvalidCharRange:
		return true
	}
	return false
}

func newPattern(source string) (*pattern, error) {
	parsed, err := syntax.Parse(source, syntax.Perl)
	if err != nil {
		return nil, err
	}
	// The size is bounded before it is built: a repetition is not yet unrolled here.
	if size := programSize(parsed, maxProgram); size > maxProgram {
		return nil, fmt.Errorf("the pattern is too large: it comes to more than %d instructions", maxProgram)
	}
	re, err := regexp.Compile(source)
	if err != nil {
		return nil, err
	}
	return &pattern{source, re, programSize(parsed, maxProgram)}, nil
}

// programSize estimates the instructions of an expression, and stops above limit.
func programSize(e *syntax.Regexp, limit int) int {
	size := 1 + len(e.Rune)/2
	if e.Op == syntax.OpLiteral {
		size = 1 + len(e.Rune)
	}
	for _, sub := range e.Sub {
		if size += programSize(sub, limit); size > limit {
			return limit + 1
		}
	}
	if e.Op == syntax.OpRepeat {
		size *= max(1, e.Min, e.Max)
	}
	return min(size, limit+1)
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
	all := slices.Concat(r.allOf, r.anyOf, r.oneOf, r.beside)
	for _, one := range []*rule{r.ref, r.condition, r.then, r.otherwise} {
		if one != nil {
			all = append(all, one)
		}
	}
	return all
}

func (n *node) texts() []string {
	if n.kind == kindText {
		return []string{n.text}
	}
	all := make([]string, len(n.list))
	for i, item := range n.list {
		all[i] = item.text
	}
	return all
}

func (n *node) float() *float64 {
	f, err := strconv.ParseFloat(n.text, 64)
	if err != nil || n.kind != kindNumber {
		return nil
	}
	return &f
}

// integer is a whole number from 0 to what 32 bits hold, or nil.
func (n *node) integer() *int {
	f := n.float()
	if f == nil || *f < 0 || *f > 1<<31-1 || *f != float64(int(*f)) {
		return nil
	}
	i := int(*f)
	return &i
}
