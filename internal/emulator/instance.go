package emulator

import (
	"encoding/json"
	"math"
	"strconv"
	"strings"

	"github.com/tidwall/gjson"
)

// instance makes a JSON value that fits a schema, the same one each time.
//
// It knows type, properties, required, items, prefixItems, minItems, enum, const,
// the first branch of anyOf and oneOf, allOf, $ref inside the schema, and the
// bounds of numbers and lengths of strings. It ignores format and pattern.
func instance(schema gjson.Result) json.RawMessage {
	g := generator{root: schema, left: 10_000}
	return g.value(schema, "", 0)
}

// generator holds the root, where references lead, and how many more values it
// may make: a schema that requires itself twice has no end.
type generator struct {
	root gjson.Result
	left int
}

// Schemas may contain themselves: from the first depth on only required
// properties are made, from the second on nothing but null.
const (
	depthRequired = 6
	depthNull     = 40
)

// value makes a value for the property of the given name, at a depth.
func (g *generator) value(schema gjson.Result, name string, depth int) json.RawMessage {
	if g.left--; g.left < 0 || depth > depthNull {
		return json.RawMessage("null")
	}
	if v := schema.Get("const"); v.Exists() {
		return json.RawMessage(v.Raw)
	}
	if v := schema.Get("enum.0"); v.Exists() {
		return json.RawMessage(v.Raw)
	}
	if ref := schema.Get("$ref"); ref.Exists() {
		return g.value(g.resolve(ref.String()), name, depth+1)
	}
	for _, branch := range []string{"anyOf.0", "oneOf.0"} {
		if v := schema.Get(branch); v.Exists() {
			return g.value(v, name, depth+1)
		}
	}
	kind := schemaKind(schema)
	if parts := schema.Get("allOf").Array(); len(parts) > 0 && (kind == "" || kind == "object") {
		return g.object(append(parts, schema), depth)
	}
	switch kind {
	case "object":
		return g.object([]gjson.Result{schema}, depth)
	case "array":
		return g.array(schema, name, depth)
	case "string":
		return encode(exampleString(schema, name))
	case "integer", "number":
		return json.RawMessage(exampleNumber(schema, kind == "integer"))
	case "boolean":
		return json.RawMessage("true")
	}
	return json.RawMessage("null")
}

// schemaKind is the type of a schema: the first that is not null if it lists
// several, and what its keywords imply if it names none.
func schemaKind(schema gjson.Result) string {
	declared := schema.Get("type")
	if declared.IsArray() {
		for _, one := range declared.Array() {
			if one.String() != "null" {
				return one.String()
			}
		}
		return "null"
	}
	switch {
	case declared.Exists():
		return declared.String()
	case schema.Get("properties").Exists():
		return "object"
	case schema.Get("items").Exists():
		return "array"
	}
	return ""
}

// resolve follows a reference of the form #/a/b inside the root.
func (g *generator) resolve(ref string) gjson.Result {
	place := g.root
	path, inside := strings.CutPrefix(ref, "#")
	if !inside {
		return gjson.Result{}
	}
	for _, step := range strings.Split(strings.TrimPrefix(path, "/"), "/") {
		if step == "" {
			continue
		}
		step = strings.NewReplacer("~1", "/", "~0", "~").Replace(step) // RFC 6901, section 4
		place = place.Get(gjson.Escape(step))
	}
	return place
}

// object makes an object with the properties of all the schemas, in their order.
func (g *generator) object(schemas []gjson.Result, depth int) json.RawMessage {
	required := make(map[string]bool)
	for n, schema := range schemas {
		if ref := schema.Get("$ref"); ref.Exists() {
			schemas[n] = g.resolve(ref.String())
		}
		for _, name := range schemas[n].Get("required").Array() {
			required[name.String()] = true
		}
	}
	made := make(map[string]bool)
	out := []byte{'{'}
	for _, schema := range schemas {
		schema.Get("properties").ForEach(func(key, sub gjson.Result) bool {
			name := key.String()
			if made[name] || depth >= depthRequired && !required[name] {
				return true
			}
			if len(made) > 0 {
				out = append(out, ',')
			}
			made[name] = true
			out = append(out, encode(name)...)
			out = append(out, ':')
			out = append(out, g.value(sub, name, depth+1)...)
			return true
		})
	}
	return append(out, '}')
}

// array makes as many elements as the schema wants at least, and one if it does
// not mind.
func (g *generator) array(schema gjson.Result, name string, depth int) json.RawMessage {
	prefix := schema.Get("prefixItems").Array()
	count := max(int(schema.Get("minItems").Int()), len(prefix), 1)
	if most := schema.Get("maxItems"); most.Exists() {
		count = min(count, int(most.Int()))
	}
	if depth >= depthRequired {
		count = int(schema.Get("minItems").Int())
	}
	count = min(count, 1000)
	out := []byte{'['}
	for n := range count {
		if n > 0 {
			out = append(out, ',')
		}
		element := schema.Get("items")
		if n < len(prefix) {
			element = prefix[n]
		}
		out = append(out, g.value(element, name, depth+1)...)
	}
	return append(out, ']')
}

// exampleString names the property it stands for, within the wanted length.
func exampleString(schema gjson.Result, name string) string {
	text := strings.TrimSpace("example " + strings.ReplaceAll(name, "_", " "))
	if least := min(int(schema.Get("minLength").Int()), 100_000); len([]rune(text)) < least {
		text += strings.Repeat("x", least-len([]rune(text)))
	}
	if most := schema.Get("maxLength"); most.Exists() {
		if runes := []rune(text); len(runes) > int(most.Int()) {
			text = string(runes[:max(0, int(most.Int()))])
		}
	}
	return text
}

// exampleNumber makes a number within the bounds: 1 if it may be.
func exampleNumber(schema gjson.Result, whole bool) string {
	n := 1.0
	if most := schema.Get("maximum"); most.Exists() {
		n = math.Min(n, most.Float())
	}
	if below := schema.Get("exclusiveMaximum"); below.Type == gjson.Number && n >= below.Float() {
		n = below.Float() - 1
	}
	if least := schema.Get("minimum"); least.Exists() {
		n = math.Max(n, least.Float())
	}
	if above := schema.Get("exclusiveMinimum"); above.Type == gjson.Number && n <= above.Float() {
		n = above.Float() + 1
		if below := schema.Get("exclusiveMaximum"); !whole && below.Exists() && n >= below.Float() {
			n = (above.Float() + below.Float()) / 2
		}
	}
	if step := schema.Get("multipleOf").Float(); step > 0 {
		n = math.Ceil(n/step) * step
	} else if whole {
		n = math.Ceil(n)
	}
	return strconv.FormatFloat(n, 'f', -1, 64)
}
