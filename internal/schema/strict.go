package schema

import (
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"
)

// Limits of strict mode.
//
// Source: the guide, "Objects have limitations on nesting depth and size", "Limitations
// on total string size", "Limitations on enum size".
const (
	strictProperties = 5000
	strictLevels     = 10
	strictCharacters = 120_000
	strictEnum       = 1000
	longEnum         = 250    // values, above which the next limit holds
	longEnumText     = 15_000 // characters
)

// Strict lists what strict mode would refuse in the schema as it is sent, in the order
// of the schema; none means that `strict: true` may be sent. Where the guide and
// recorded refusals leave a doubt it counts as a fault: without strict mode an answer
// is only less certain, with a refusal there is none. What a [Schema.Check] refuses is
// not found here.
//
// Schemas of the short form have no faults, within the limits.
func (s *Schema) Strict() []Fault {
	c := &strictness{shown: s.shown}
	c.schema(s.sent, "", 1)
	if c.properties > strictProperties {
		c.fault("", "%d properties; at most %d are allowed", c.properties, strictProperties)
	}
	if c.characters > strictCharacters {
		c.fault("", "%d characters in names, enum and const values; at most %d are allowed", c.characters, strictCharacters)
	}
	if c.enum > strictEnum {
		c.fault("", "%d enum values; at most %d are allowed", c.enum, strictEnum)
	}
	return c.faults
}

type strictness struct {
	shown      func(string) string
	faults     []Fault
	properties int
	characters int
	enum       int
}

func (c *strictness) fault(path, format string, args ...any) {
	c.faults = append(c.faults, Fault{c.shown(path), fmt.Sprintf(format, args...)})
}

// schema looks at one schema, at the given level of objects from 1.
func (c *strictness) schema(n *node, path string, level int) {
	if n.kind != kindObject {
		c.fault(path, "strict mode wants an object as a schema, not %s", n.kind)
		return
	}
	if path == "" && (!n.get("type").is("object") || n.has("anyOf")) {
		c.fault(path, "the top must have the type object, and no anyOf")
	}
	if ref := n.get("$ref"); ref != nil {
		c.reference(n, path)
	} else if !n.has("type") && !n.has("anyOf") {
		// Recorded refusal: "schema must have a 'type' key"; const and enum alone do not do.
		c.fault(path, "type is missing")
	}
	inside := level
	if isObject(n) {
		c.object(n, path)
		if inside++; level > strictLevels {
			c.fault(path, "an object on level %d; at most %d are allowed", level, strictLevels)
		}
	}
	if hasType(n, "array") && !n.has("items") {
		c.fault(path, "an array without items")
	}
	for _, m := range n.members {
		c.keyword(m, path, inside)
	}
}

func hasType(n *node, name string) bool {
	v := n.get("type")
	return v != nil && slices.Contains(v.texts(), name)
}

func isObject(n *node) bool { return hasType(n, "object") || n.has("properties") }

// reference: recorded refusal "$ref cannot have keywords {'description'}".
func (c *strictness) reference(n *node, path string) {
	for _, m := range n.members {
		if m.name != "$ref" {
			c.fault(path, "%s stands beside $ref; move it into what the reference means", m.name)
			return
		}
	}
}

// object: the guide, "All fields must be required" and "additionalProperties: false must
// always be set in objects".
func (c *strictness) object(n *node, path string) {
	if v := n.get("additionalProperties"); !v.isFalse() {
		c.fault(path, `"additionalProperties": false is missing`)
	}
	properties := n.get("properties")
	if properties == nil {
		properties = objectNode()
	}
	var required []string
	if v := n.get("required"); v != nil {
		required = v.texts()
	}
	demanded := map[string]bool{}
	for _, name := range required {
		demanded[name] = true
	}
	var missing []string
	for _, m := range properties.members {
		if !demanded[m.name] {
			missing = append(missing, m.name)
		}
		delete(demanded, m.name)
	}
	if len(missing) > 0 {
		c.fault(path, "not in required: %s (a field that may be absent gets the type null besides its own)",
			short(strings.Join(missing, ", "), 120))
	}
	for _, name := range required {
		if demanded[name] { // recorded refusal: "Extra required key 'a' supplied"
			c.fault(path, "required names %q, which is not in properties", name)
			return
		}
	}
}

func (c *strictness) keyword(m member, path string, level int) {
	at := below(path, m.name)
	if !strictKeyword(m.name) {
		c.fault(at, "%s is not allowed%s", m.name, instead(m.name))
		return
	}
	switch m.name {
	case "properties":
		c.properties += len(m.value.members)
		c.names(m.value)
	case "$defs", "definitions":
		c.names(m.value)
		level = 1
	case "enum":
		c.enumValues(m.value, at)
	case "const":
		c.characters += characters(m.value)
	case "format":
		if !slices.Contains(strictFormats(), m.value.text) {
			c.fault(at, "the format %q is not allowed; allowed are %s", short(m.value.text, 60), strings.Join(strictFormats(), ", "))
		}
	case "$schema", "$id":
		if path != "" {
			c.fault(at, "%s is allowed at the top alone", m.name)
		}
	case "additionalProperties":
		return // judged with the object
	}
	eachChild(path, m.name, m.value, false, func(at string, n *node) { c.schema(n, at, level) })
}

func (c *strictness) names(v *node) {
	for _, m := range v.members {
		c.characters += utf8.RuneCountInString(m.name)
	}
}

func (c *strictness) enumValues(v *node, at string) {
	total := 0
	for _, item := range v.list {
		total += characters(item)
	}
	c.enum += len(v.list)
	c.characters += total
	if len(v.list) > longEnum && total > longEnumText {
		c.fault(at, "%d characters in %d values; at most %d are allowed in more than %d values",
			total, len(v.list), longEnumText, longEnum)
	}
}

func characters(v *node) int {
	if v.kind != kindText {
		return 0
	}
	return utf8.RuneCountInString(v.text)
}

// strictKeyword is the keywords that strict mode takes: those that the guide names, and
// of the others those that OpenAI's own libraries send (title from Pydantic, $schema and
// $id at the top, $comment). Left out on purpose, with the refusal that was recorded:
// oneOf, allOf, uniqueItems, minLength, maxLength, default ("'default' is not permitted").
func strictKeyword(name string) bool {
	switch name {
	case "type", "properties", "required", "additionalProperties", "items", "anyOf", "enum", "const",
		"$ref", "$defs", "definitions", "description", "title", "$schema", "$id", "$comment",
		"pattern", "format", "multipleOf", "minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum",
		"minItems", "maxItems":
		return true
	}
	return false
}

// instead is a hint for keywords that have a substitute.
func instead(keyword string) string {
	switch keyword {
	case "oneOf":
		return "; use anyOf"
	case "allOf":
		return "; write what it comes to as one schema"
	case "minLength", "maxLength":
		return "; say it in the description, or with pattern"
	case "default":
		return "; say it in the description"
	case "patternProperties", "propertyNames":
		return "; use an array of objects with a name and a value"
	}
	return ""
}

// strictFormats is the formats that the guide names.
func strictFormats() []string {
	return []string{"date-time", "time", "date", "duration", "email", "hostname", "ipv4", "ipv6", "uuid"}
}
