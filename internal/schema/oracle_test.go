package schema

import (
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/jsonschema-go/jsonschema"
)

// oracle is a schema as google/jsonschema-go reads it, another reader of the same
// standard, whose verdicts ours must be. nil has no verdict.
type oracle struct{ resolved *jsonschema.Resolved }

// oracleOf hands on what bears on a verdict and nothing else: the oracle takes "Type"
// for "type", and trips over members that are no keywords.
func oracleOf(s *Schema) *oracle {
	resolved, err := guarded(func() (*jsonschema.Resolved, error) { return resolve(s) })
	if err != nil {
		return nil
	}
	return &oracle{resolved}
}

// guarded makes an error of a panic: the oracle asserts what it takes for granted.
func guarded[T any](f func() (T, error)) (result T, err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("the oracle gave up: %v", r)
		}
	}()
	return f()
}

func resolve(s *Schema) (*jsonschema.Resolved, error) {
	root := s.sent
	c := &compiler{legacy: isLegacy(root), base: identity(root), shown: s.shown, byPath: map[string]*rule{}, anchors: map[string]*rule{}}
	if _, err := c.schema(root, ""); err != nil {
		return nil, err
	}
	targets := map[string]string{}
	for _, r := range c.references {
		to, err := c.resolve(r)
		if err != nil {
			return nil, err
		}
		targets[r.from.path] = to.path
	}
	skipped := map[string]bool{}
	for _, f := range s.Unchecked() {
		skipped[f.Path] = true
	}
	plain := mapSchema(root, "", func(path, keyword string, v *node) *node {
		switch keyword {
		case "$schema", "$id", "$anchor", "$dynamicAnchor", "$comment", "title", "description", "default",
			"examples", "format", "contentEncoding", "contentMediaType", "deprecated", "readOnly", "writeOnly":
			return nil
		case "pattern":
			if skipped[s.shown(below(path, keyword))] {
				return nil
			}
		case "$ref":
			return textNode("#" + (&url.URL{Path: targets[path]}).EscapedPath())
		}
		if unheard(keyword, c.legacy) {
			return nil
		}
		return v
	})
	if c.legacy && plain.kind == kindObject {
		plain.add("$schema", textNode("http://json-schema.org/draft-07/schema#"))
	}
	var schema jsonschema.Schema
	if err := json.Unmarshal(plain.bytes(), &schema); err != nil {
		return nil, err
	}
	return schema.Resolve(nil)
}

// agree holds our verdict on an answer against the oracle's. told is false if one of the
// two has none.
func (o *oracle) agree(t *testing.T, s *Schema, answer string) (told, fits bool) {
	t.Helper()
	ours := s.Validate([]byte(answer))
	var v any
	if o == nil || errors.Is(ours, ErrInvalid) || errors.Is(ours, ErrTooCostly) || json.Unmarshal([]byte(answer), &v) != nil {
		return false, false
	}
	theirs, err := guarded(func() (error, error) { return o.resolved.Validate(v), nil })
	if err != nil {
		return false, false
	}
	if (ours == nil) != (theirs == nil) {
		t.Errorf("schema %s\nanswer %s\nours:   %v\ntheirs: %v", s.JSON(), answer, ours, theirs)
	}
	return true, ours == nil
}

// inside is an answer in the form that a schema is sent in.
func inside(s *Schema, answer json.RawMessage) string {
	if s.field == "" {
		return string(answer)
	}
	return fmt.Sprintf(`{"%s":%s}`, s.field, answer)
}

// TestSuite runs the official test suite of JSON Schema, as far as the oracle's module
// brings it along.
//
// Source: github.com/json-schema-org/JSON-Schema-Test-Suite.
func TestSuite(t *testing.T) {
	out, err := exec.Command("go", "list", "-m", "-f", "{{.Dir}}", "github.com/google/jsonschema-go").Output()
	if err != nil {
		t.Skipf("no module cache: %v", err)
	}
	data := filepath.Join(strings.TrimSpace(string(out)), "jsonschema", "testdata")
	for draft, least := range map[string]int{"draft2020-12": 900, "draft7": 600} {
		t.Run(draft, func(t *testing.T) {
			files, err := filepath.Glob(filepath.Join(data, draft, "*.json"))
			if err != nil || len(files) == 0 {
				t.Skipf("the module has no suite: %v", err)
			}
			judged := 0
			for _, file := range files {
				judged += suiteFile(t, file, draft == "draft7")
			}
			if judged < least {
				t.Errorf("%d cases were judged, want %d or more", judged, least)
			}
		})
	}
}

// suiteGroup is a schema of the suite, with its cases.
type suiteGroup struct {
	Description string          `json:"description"`
	Schema      json.RawMessage `json:"schema"`
	Tests       []struct {
		Description string          `json:"description"`
		Data        json.RawMessage `json:"data"`
		Valid       bool            `json:"valid"`
	} `json:"tests"`
}

// suiteFile returns how many cases it has judged. The others have schemas that
// [Schema.Check] refuses.
func suiteFile(t *testing.T, file string, legacy bool) (judged int) {
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var groups []suiteGroup
	if err := json.Unmarshal(data, &groups); err != nil {
		t.Fatal(err)
	}
	for _, g := range groups {
		spec := string(g.Schema)
		if legacy && !strings.Contains(spec, `"$schema"`) {
			if !strings.HasPrefix(spec, "{") || spec == "{}" {
				continue // the same in all versions
			}
			spec = `{"$schema":"http://json-schema.org/draft-07/schema#",` + spec[1:]
		}
		s, err := Parse(spec)
		if err != nil || s.Check() != nil {
			continue
		}
		other := oracleOf(s)
		for _, c := range g.Tests {
			judged++
			if err := s.Validate([]byte(inside(s, c.Data))); (err == nil) != c.Valid {
				t.Errorf("%s: %s: %s: got %v, want valid %v", filepath.Base(file), g.Description, c.Description, err, c.Valid)
			}
			other.agree(t, s, inside(s, c.Data))
		}
	}
	return judged
}

// TestVerdicts composes schemas and answers out of small parts, so that each keyword
// meets every other, and compares verdicts.
func TestVerdicts(t *testing.T) {
	told, fitting, seeds := 0, 0, uint64(4000)
	if testing.Short() {
		seeds = 400 // nothing is concurrent here
	}
	for seed := range seeds {
		g := &composer{rand.New(rand.NewPCG(seed, 1)), seed%4 == 0}
		s, err := Parse(g.root())
		if err != nil {
			t.Fatal(err)
		}
		other := oracleOf(s)
		for range 8 {
			compared, fits := other.agree(t, s, inside(s, json.RawMessage(g.value(3))))
			if compared {
				told++
			}
			if fits {
				fitting++
			}
		}
	}
	if told < 5*int(seeds) || fitting < told/20 || fitting > told*19/20 {
		t.Errorf("%d verdicts were compared, %d of them good: the schemas are no test", told, fitting)
	}
}

// composer makes schemas and answers that have much in common.
type composer struct {
	*rand.Rand
	legacy bool
}

func (g *composer) pick(of ...string) string { return of[g.IntN(len(of))] }

func (g *composer) name() string { return g.pick("a", "b", "c", "ab") }

func (g *composer) value(depth int) string {
	if depth == 0 {
		return g.pick("null", "true", "0", "1", "2", "1.5", "-0.0", `"a"`, `"ab"`, `""`)
	}
	switch g.IntN(5) {
	case 0:
		return g.value(0)
	case 1, 2:
		items := make([]string, g.IntN(4))
		for i := range items {
			items[i] = g.value(depth - 1)
		}
		return "[" + strings.Join(items, ",") + "]"
	}
	var members []string
	for _, name := range []string{"a", "b", "c", "ab"} {
		if g.IntN(2) == 0 {
			members = append(members, fmt.Sprintf("%q:%s", name, g.value(depth-1)))
		}
	}
	return "{" + strings.Join(members, ",") + "}"
}

func (g *composer) root() string {
	rest := strings.TrimPrefix(g.object(3), "{")
	if rest != "}" {
		rest = "," + rest
	}
	start := `{"$defs":{"d":` + g.schema(1) + `}`
	if g.legacy {
		start = `{"$schema":"http://json-schema.org/draft-07/schema#","definitions":{"d":` + g.schema(1) + `}`
	}
	return start + rest
}

func (g *composer) schema(depth int) string {
	if depth == 0 || g.IntN(8) == 0 {
		return g.pick("true", "false", "{}", `{"type":"integer"}`, `{"type":["string","null"]}`, `{"type":"object"}`, `{"const":1}`, `{"enum":["a",null,{"a":1}]}`)
	}
	return g.object(depth)
}

func (g *composer) object(depth int) string {
	members := map[string]string{}
	for range 1 + g.IntN(3) {
		keyword, value := g.keyword(depth - 1)
		members[keyword] = value
	}
	var b strings.Builder
	for keyword, value := range members {
		fmt.Fprintf(&b, ",%q:%s", keyword, value)
	}
	return "{" + strings.TrimPrefix(b.String(), ",") + "}"
}

func (g *composer) keyword(depth int) (name, value string) {
	one := func() string { return g.schema(depth) }
	list := func() string { return "[" + one() + "," + one() + "]" }
	byName := func() string { return fmt.Sprintf(`{%q:%s,"c":%s}`, g.pick("a", "b", "ab"), one(), one()) }
	small := fmt.Sprint(g.IntN(3))
	switch g.IntN(22) {
	case 0, 1:
		return "properties", byName()
	case 2:
		return "additionalProperties", one()
	case 3:
		return "patternProperties", `{"^a":` + one() + `}`
	case 4:
		return "propertyNames", g.pick(`{"maxLength":1}`, `{"pattern":"^a"}`, "true")
	case 5:
		return "required", fmt.Sprintf("[%q]", g.name())
	case 6:
		return g.pick("minProperties", "maxProperties", "minItems", "maxItems", "minLength", "maxLength"), small
	case 7:
		return g.pick("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum"), small
	case 8:
		return "multipleOf", g.pick("1", "0.5", "2")
	case 9:
		return "items", one()
	case 10:
		if g.legacy {
			return "items", list()
		}
		return "prefixItems", list()
	case 11:
		return "uniqueItems", g.pick("true", "false")
	case 12:
		return "contains", one()
	case 13:
		return g.pick("minContains", "maxContains"), small
	case 14:
		return g.pick("allOf", "anyOf", "oneOf"), list()
	case 15:
		return g.pick("allOf", "anyOf", "oneOf"), list()
	case 16:
		return "not", one()
	case 17:
		return g.pick("if", "then", "else"), one()
	case 18:
		return "$ref", g.pick(`"#/$defs/d"`, `"#/definitions/d"`)
	case 19:
		if g.legacy {
			return "dependencies", g.pick(`{"a":["b"],"b":`+one()+`}`, byName())
		}
		return "dependentSchemas", byName()
	case 20:
		if g.legacy {
			return "additionalItems", one()
		}
		return g.pick("unevaluatedItems", "unevaluatedProperties"), one()
	}
	return g.pick("unevaluatedItems", "unevaluatedProperties"), g.pick("false", `{"type":"integer"}`)
}
