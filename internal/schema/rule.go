package schema

// compiled is a schema made ready.
type compiled struct {
	root      *rule
	unchecked []Fault
	tracks    bool // some rule asks what others have looked at
}

// rule is one schema within the schema.
type rule struct {
	path  string // JSON Pointer in what is sent
	never bool   // the schema `false`

	types    []string
	enum     map[string]bool // canonical forms; with const, which is an enum of one
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
	items      *rule // for all items that prefix has none for
	rest       *rule // additionalItems of draft-07: items, if prefix is there

	contains                 *rule
	minContains, maxContains *int

	otherItems, otherMembers *rule // for what no rule has looked at

	ref                 *rule
	allOf, anyOf, oneOf []*rule
	condition           *rule
	then, otherwise     *rule
	not                 *rule
	dependents          []dependent

	visit int // 0 not yet, 1 on the way, 2 done: the search for circles
}

type namedRule struct {
	name string
	rule *rule
}

// dependent is what an object must have, or be, if it has a member of that name.
type dependent struct {
	name     string
	required []string
	rule     *rule
}

type patternRule struct {
	pattern *pattern
	rule    *rule
}
