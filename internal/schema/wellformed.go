package schema

import (
	"slices"
	"strings"
)

// wellFormed says whether the value of a keyword is what the keyword asks for; the
// schemas in it are looked at elsewhere.
//
// Source: the meta-schema of JSON Schema 2020-12, and of draft-07 for legacy schemas.
func (c *compiler) wellFormed(name string, v *node, path string) error {
	at := below(path, name)
	wants := func(what string) error { return c.fault(at, "%s wants %s, not %s", name, what, v.kind) }
	form := keywordShape(name, c.legacy)
	switch {
	case form == unknown, form == anything, form == schemaOne, form == schemaItems && v.kind != kindArray:
		return nil
	case form == refused:
		return c.fault(at, "%s is not supported: write the schema with $ref and $defs", name)
	case form == text && v.kind != kindText:
		return wants("a string")
	case form == flag && v.kind != kindBool:
		return wants("true or false")
	case form == number && v.kind != kindNumber:
		return wants("a number")
	case form == count && v.integer() == nil:
		return c.fault(at, "%s wants a whole number from 0", name)
	case form == values && v.kind != kindArray:
		return wants("an array")
	case (form == schemaMap || form == textsByName || form == dependency) && v.kind != kindObject:
		return wants("an object")
	case form == schemaList && (v.kind != kindArray || len(v.list) == 0):
		return c.fault(at, "%s wants an array with at least one schema", name)
	case form == schemaItems && !c.legacy: // and an array
		return c.fault(at, "items wants one schema; an array of them is called prefixItems")
	case form == texts:
		return c.textList(at, v)
	case form == textsByName, form == dependency:
		return c.textLists(at, v)
	case form == typeNames:
		return c.typeList(at, v)
	}
	return c.special(name, v, at)
}

// special is what single keywords ask for beyond their shape.
func (c *compiler) special(name string, v *node, at string) error {
	switch name {
	case "multipleOf":
		if f := v.float(); f == nil || *f <= 0 {
			return c.fault(at, "multipleOf wants a number above 0")
		}
	case "$schema":
		if !knownDraft(v.text) {
			return c.fault(at, "%q is not a version of JSON Schema that is known here; known is %s",
				short(v.text, 120), "https://json-schema.org/draft/2020-12/schema")
		}
	}
	return nil
}

func knownDraft(uri string) bool {
	uri = strings.TrimSuffix(uri, "#")
	_, draft, _ := strings.Cut(uri, "://json-schema.org/")
	switch draft {
	case "draft/2020-12/schema", "draft/2019-09/schema", "draft-07/schema", "draft-06/schema", "draft-04/schema", "schema":
		return true
	}
	return false
}

func (c *compiler) textLists(at string, v *node) error {
	for _, m := range v.members {
		if m.value.kind == kindArray || keywordShape(lastStep(at), false) == textsByName {
			if err := c.textList(below(at, m.name), m.value); err != nil {
				return err
			}
		}
	}
	return nil
}

func lastStep(path string) string { return path[strings.LastIndexByte(path, '/')+1:] }

func (c *compiler) textList(at string, v *node) error {
	if v.kind != kindArray {
		return c.fault(at, "this wants an array of strings, not %s", v.kind)
	}
	seen := map[string]bool{}
	for _, item := range v.list {
		if item.kind != kindText {
			return c.fault(at, "this wants strings alone, not %s", item.kind)
		}
		if seen[item.text] {
			return c.fault(at, "%q stands twice", short(item.text, 60))
		}
		seen[item.text] = true
	}
	return nil
}

func (c *compiler) typeList(at string, v *node) error {
	if v.kind != kindText && (v.kind != kindArray || len(v.list) == 0) {
		return c.fault(at, "type wants a type, or an array of types")
	}
	if v.kind == kindArray {
		if err := c.textList(at, v); err != nil {
			return err
		}
	}
	for _, name := range v.texts() {
		if !slices.Contains(typeList(), name) {
			return c.fault(at, "unknown type %q; known are %s", short(name, 60), strings.Join(typeList(), ", "))
		}
	}
	return nil
}

func typeList() []string {
	return []string{"string", "number", "integer", "boolean", "object", "array", "null"}
}
