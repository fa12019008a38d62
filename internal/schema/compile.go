package schema

import (
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

type compiler struct {
	legacy     bool
	base       string
	shown      func(string) string
	byPath     map[string]*rule
	anchors    map[string]*rule
	references []reference
	unchecked  []Fault
	tracks     bool // some rule asks what others have looked at
}

func compile(root *node, shown func(string) string) (*compiled, error) {
	c := &compiler{
		legacy: isLegacy(root), base: identity(root), shown: shown,
		byPath: map[string]*rule{}, anchors: map[string]*rule{},
	}
	top, err := c.schema(root, "")
	if err != nil {
		return nil, err
	}
	for _, r := range c.references {
		if r.from.ref, err = c.resolve(r); err != nil {
			return nil, err
		}
	}
	for _, r := range c.inOrder() {
		if err := c.circle(r); err != nil {
			return nil, err
		}
	}
	return &compiled{root: top, unchecked: c.unchecked, tracks: c.tracks}, nil
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
	alone := c.legacy && n.has("$ref") // draft-07, 8.3: what stands beside $ref is ignored
	for _, m := range n.members {
		if err := c.wellFormed(m.name, m.value, path); err != nil {
			return nil, err
		}
		children, err := c.children(m, path)
		if err != nil {
			return nil, err
		}
		if alone && m.name != "$ref" || unheard(m.name, c.legacy) {
			continue
		}
		if err := c.keyword(r, m, children); err != nil {
			return nil, err
		}
	}
	if items := n.get("items"); items != nil && items.kind == kindArray {
		r.items = r.rest
	}
	return r, nil
}

// unheard says whether the version of a schema does not know a keyword that the other does.
func unheard(keyword string, legacy bool) bool {
	switch keyword {
	case "prefixItems", "minContains", "maxContains", "dependentRequired", "dependentSchemas", "unevaluatedItems", "unevaluatedProperties":
		return legacy
	}
	return keywordShape(keyword, legacy) == unknown
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
	form := keywordShape(m.name, c.legacy)
	if failed != nil || form != schemaMap && form != dependency {
		return children, failed
	}
	named := slices.DeleteFunc(slices.Clone(m.value.members), func(m member) bool {
		return form == dependency && m.value.kind == kindArray
	})
	for i := range children {
		children[i].name = named[i].name
	}
	return children, nil
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
		r.enum = map[string]bool{}
		for _, option := range options {
			var v any
			_ = json.Unmarshal(option.bytes(), &v) // it was JSON when it was read
			r.enum[canonical(v)] = true
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
	case "additionalItems":
		r.rest = one
	case "contains":
		r.contains = one
	case "minContains":
		r.minContains = m.value.integer()
	case "maxContains":
		r.maxContains = m.value.integer()
	case "unevaluatedItems":
		r.otherItems, c.tracks = one, true
	case "unevaluatedProperties":
		r.otherMembers, c.tracks = one, true
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
	case "not":
		r.not = one
	case "dependentRequired", "dependentSchemas", "dependencies":
		r.depend(m.value, children)
	case "$ref":
		c.references = append(c.references, reference{r, m.value.text})
	case "$anchor", "$dynamicAnchor":
		return c.anchor(r, m.value.text)
	case "$id":
		return c.identifier(r, m.value.text)
	}
	return nil
}

// depend adds what the members of an object ask for beside them.
func (r *rule) depend(by *node, children []namedRule) {
	for _, m := range by.members {
		if m.value.kind == kindArray {
			r.dependents = append(r.dependents, dependent{name: m.name, required: m.value.texts()})
		}
	}
	for _, child := range children {
		r.dependents = append(r.dependents, dependent{name: child.name, rule: child.rule})
	}
}

func rulesOf(named []namedRule) []*rule {
	rules := make([]*rule, len(named))
	for i, n := range named {
		rules[i] = n.rule
	}
	return rules
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
