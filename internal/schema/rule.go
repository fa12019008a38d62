package schema

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
