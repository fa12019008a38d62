package schema

import (
	"encoding/json"
	"errors"
	flags "flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

func TestParseErrors(t *testing.T) {
	const known = "; known are str, int, float, bool"
	tests := []struct{ name, spec, want string }{
		{"nothing", " \n", "schema, line 1, column 1: empty"},
		{"separators alone", ",,", `schema, line 1, column 1: no fields: give JSON Schema, or fields such as "name, age int"`},
		{"an unknown type", "name, age integer", `schema, line 1, column 7: field "age": unknown type "integer"` + known},
		{"an unknown type on a line of its own", "name\n\n  age number: x", `schema, line 3, column 3: field "age": unknown type "number"` + known},
		{"types have no capitals", "a Int", `schema, line 1, column 1: field "a": unknown type "Int"` + known},
		{"a comma in a description", "a: x, y z", `schema, line 1, column 7: field "y": unknown type "z"` + known + "; descriptions with commas need one field a line"},
		{"a third word", "age int years", "schema, line 1, column 1: field \"age\": \"years\" is one word too many: a field is `name [type][: description]`"},
		{"no name", "a, : b", "schema, line 1, column 4: a name is missing before the colon; descriptions with commas need one field a line"},
		{"a name twice", "größe, b, größe int", `schema, line 1, column 11: field "größe": stands twice`},
		{"JSON that ends early", "{\"type\":\n", "schema, line 2, column 1: not JSON: unexpected end of JSON input"},
		{"JSON with a mistake", "{\n  \"ä\": x}", "schema, line 2, column 8: not JSON: invalid character 'x' looking for beginning of value"},
		{"JSON and more", `{} {}`, "schema, line 1, column 4: not JSON: invalid character '{' after top-level value"},
		{"a name twice in JSON", "{\"a\":1,\n\"a\":2}", `schema, line 2, column 3: the name "a" stands twice in one object`},
		{"a number beyond reason", `{"maximum":1e999}`, "schema, line 1, column 16: the number 1e999 is too large"},
		{"an array", " [1]", "schema, line 1, column 2: a schema is a JSON object, true, false, or the short form"},
		{"a string", `"a"`, "schema, line 1, column 1: a schema is a JSON object, true, false, or the short form"},
		{"not UTF-8", "a, \xff", "schema, line 1, column 4: not UTF-8"},
		{"too large", strings.Repeat("a", maxSpec+1), "schema, line 1, column 1: larger than 1048576 bytes"},
		{"too deep", strings.Repeat(`{"not":`, 200) + "true" + strings.Repeat("}", 200), "schema, line 1, column 897: more than 128 objects and arrays within each other"},
		{"too deep with arrays", `{"a":` + strings.Repeat(`[`, 200) + strings.Repeat("]", 200) + `}`, "schema, line 1, column 133: more than 128 objects and arrays within each other"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s, err := Parse(tt.spec)
			var spec *SpecError
			if s != nil || !errors.As(err, &spec) || !errors.Is(err, ErrInvalid) {
				t.Fatalf("got %v, %v; want a SpecError", s, err)
			}
			if errors.Is(err, ErrMismatch) {
				t.Error("a fault of the schema is no fault of an answer")
			}
			if diff := cmp.Diff(tt.want, err.Error()); diff != "" {
				t.Error(diff)
			}
		})
	}
}

var update = flags.Bool("update", false, "write the golden files")

// TestSent compares what is sent, for --schema and --schema-multi, with golden files.
func TestSent(t *testing.T) {
	tests := []struct{ name, spec string }{
		{"short", "name, age int, height float, alive bool, bio str: a short biography: really"},
		{"short-lines", "\ufeff\r\n name: the person's name, in full\r\n\r\n\tage int:their age\r\n größe float:\r\n"},
		{"short-html", "a<b: <i>&</i>"},
		{"object", `{ "title": "A person", "type": "object", "properties": {"z": {"type": "number", "maximum": 1.50}, "a": {"enum": [1, null, "ü", false]}} }`},
		{"array", `{"$schema":"http://json-schema.org/draft-07/schema#","$id":"https://e.com/a.json","type":"array","items":{"$ref":"https://e.com/a.json#/definitions/a"},"definitions":{"a":{"type":"array","items":{"$ref":"#"}}}}`},
		{"string", `{"type":"string","minLength":3}`},
		{"nullable", `{"type":["object","null"],"properties":{"a":{"$ref":"#/properties/b"},"b":{"$ref":"#here"},"c":{"$anchor":"here"}}}`},
		{"union", `{"type":"object","anyOf":[{"$ref":"#/$defs/a"},{"$ref":"x.json"},{"not":{"$ref":"#/$defs/a"}}],"$defs":{"a":{"type":"object"}}}`},
		{"true", " true\n"},
		{"false", "false"},
		{"keywords-as-names", `{"type":"array","items":{"type":"object","properties":{"$ref":{"type":"string"},"$defs":{"type":"string"},"enum":{"const":{"$ref":"#"}}}}}`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := mustParse(t, tt.spec)
			got := string(s.JSON()) + "\n" + string(s.Multi().JSON()) + "\n"
			if again := string(s.Multi().Multi().JSON()); again != string(s.Multi().JSON()) {
				t.Errorf("Multi of Multi is %s", again)
			}
			file := filepath.Join("testdata", "sent", tt.name+".jsonl")
			if *update {
				if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
					t.Fatal(err)
				}
				if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(string(want), got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestName(t *testing.T) {
	for _, tt := range []struct{ title, want string }{
		{`"Person"`, "Person"},
		{`"My List, of things!"`, "My_List_of_things"},
		{`"größe"`, "gr_e"},
		{`"日本"`, "answer"},
		{`""`, "answer"},
		{`7`, "answer"},
		{`"` + strings.Repeat("x", 70) + `"`, strings.Repeat("x", 64)},
		{`"` + strings.Repeat("x", 63) + ` y"`, strings.Repeat("x", 63)},
	} {
		s := mustParse(t, `{"title":`+tt.title+`}`)
		if got := s.Name(); got != tt.want || s.Multi().Name() != tt.want {
			t.Errorf("title %s: got %q, want %q", tt.title, got, tt.want)
		}
	}
	if got := mustParse(t, "true").Name(); got != "answer" {
		t.Errorf("true: got %q", got)
	}
}

func TestUnwrap(t *testing.T) {
	list := mustParse(t, `{"type":"array"}`)
	for _, tt := range []struct {
		name         string
		s            *Schema
		answer, want string
		fails        string
	}{
		{name: "an object is the answer", s: mustParse(t, "a"), answer: ` {"a": "x"} `, want: `{"a": "x"}`},
		{name: "an array", s: list, answer: `{"value": [1, 2] }`, want: "[1, 2]"},
		{name: "many", s: list.Multi(), answer: `{"items":[[1],[2]]}`, want: "[[1],[2]]"},
		{name: "null", s: list, answer: `{"value":null}`, want: "null"},
		{name: "the part is missing", s: list, answer: `{"values":[]}`, fails: `the answer at .: want an object with "value", got {"values":[]}`},
		{name: "no object", s: list.Multi(), answer: `[1]`, fails: `the answer at .: want an object with "items", got [1]`},
		{name: "no JSON", s: list, answer: `I cannot`, fails: "the answer is not JSON: invalid character 'I' looking for beginning of value at byte 0"},
		{name: "cut off", s: list, answer: `{"value":[1`, fails: "the answer is not JSON: unexpected end of JSON input at byte 11"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got, err := tt.s.Unwrap([]byte(tt.answer))
			if string(got) != tt.want {
				t.Errorf("got %s, want %s", got, tt.want)
			}
			if (err != nil) != (tt.fails != "") || err != nil && (err.Error() != tt.fails || !errors.Is(err, ErrMismatch)) {
				t.Errorf("got %v, want %s", err, tt.fails)
			}
		})
	}
}

func TestCheck(t *testing.T) {
	tests := []struct{ name, spec, want string }{
		{"the short form", "name, age int", ""},
		{"true", "true", ""},
		{"nothing said", "{}", ""},
		{"members that are no keywords", `{"Type":7,"x-order":{"Required":1},"properties":{"Type":{"REQUIRED":3}}}`, ""},
		{"2019-09", `{"$schema":"https://json-schema.org/draft/2019-09/schema"}`, ""},
		{"draft-07 with lists of items", `{"$schema":"http://json-schema.org/draft-07/schema#","items":[{"type":"string"}],"additionalItems":false,"dependencies":{"a":["b"],"c":{"type":"object"}}}`, ""},
		{"draft-07 with an $id for an anchor", `{"$schema":"http://json-schema.org/draft-07/schema#","properties":{"a":{"$id":"#x"},"b":{"$ref":"#x"}}}`, ""},
		{"everything at once", everything, ""},
		{"a reference by name", `{"$id":"https://e.com/a","properties":{"a/b":{"$anchor":"x"},"c":{"$ref":"#x"},"d":{"$ref":"https://e.com/a#/properties/a~1b"},"e f%":{"$ref":"#/properties/e%20f%25/items","items":{}}}}`, ""},
		{"a list that refers to itself", `{"type":"object","properties":{"next":{"anyOf":[{"$ref":"#"},{"type":"null"}]}}}`, ""},
		{"a pattern of another engine", `{"pattern":"(?=a)b"}`, ""},
		{"both kinds of definitions", `{"type":"object","$defs":{},"definitions":{}}`, ""},

		{"a number for a schema", `{"properties":{"a":7}}`, "#/properties/a: a schema is an object, true or false; this is a number"},
		{"an unknown type", `{"items":{"type":"strin"}}`, `#/items/type: unknown type "strin"; known are string, number, integer, boolean, object, array, null`},
		{"no type", `{"type":[]}`, "#/type: type wants a type, or an array of types"},
		{"types twice", `{"type":["null","null"]}`, `#/type: "null" stands twice`},
		{"a type that is a number", `{"type":[1]}`, "#/type: this wants strings alone, not a number"},
		{"required as in draft-03", `{"properties":{"a":{"required":true}}}`, "#/properties/a/required: this wants an array of strings, not a boolean"},
		{"required twice", `{"required":["a","a"]}`, `#/required: "a" stands twice`},
		{"properties as a list", `{"properties":[]}`, "#/properties: properties wants an object, not an array"},
		{"a title that is null", `{"title":null}`, "#/title: title wants a string, not null"},
		{"a flag that is a string", `{"uniqueItems":"yes"}`, "#/uniqueItems: uniqueItems wants true or false, not a string"},
		{"a bound that is a flag, as in draft-04", `{"exclusiveMinimum":true}`, "#/exclusiveMinimum: exclusiveMinimum wants a number, not a boolean"},
		{"a length with a fraction", `{"minLength":1.5}`, "#/minLength: minLength wants a whole number from 0"},
		{"a length below zero", `{"maxLength":-1}`, "#/maxLength: maxLength wants a whole number from 0"},
		{"a multiple of nothing", `{"multipleOf":0}`, "#/multipleOf: multipleOf wants a number above 0"},
		{"an enum that is an object", `{"enum":{}}`, "#/enum: enum wants an array, not an object"},
		{"alternatives that are none", `{"anyOf":[]}`, "#/anyOf: anyOf wants an array with at least one schema"},
		{"a bad alternative", `{"anyOf":[{},[]]}`, "#/anyOf/1: a schema is an object, true or false; this is an array"},
		{"a list of items", `{"items":[{}]}`, "#/items: items wants one schema; an array of them is called prefixItems"},
		{"dependents that are no list", `{"dependentRequired":{"a":"b"}}`, "#/dependentRequired/a: this wants an array of strings, not a string"},
		{"a pattern with a mistake", `{"pattern":"a("}`, "#/pattern: error parsing regexp: missing closing ): `a(`"},
		{"a name pattern of another engine", `{"patternProperties":{"(?!a)":{}}}`, "#/patternProperties: error parsing regexp: invalid or unsupported Perl syntax: `(?!`"},
		{"a pattern without end", `{"pattern":"` + strings.Repeat("[a-z]{1000}", 11) + `"}`, "#/pattern: the pattern is too large: it comes to more than 10000 instructions"},
		{"a version that is not known", `{"$schema":"https://e.com/mine"}`, `#/$schema: "https://e.com/mine" is not a version of JSON Schema that is known here; known is https://json-schema.org/draft/2020-12/schema`},
		{"a reference to nothing", `{"$ref":"#/$defs/a"}`, `#/$ref: "#/$defs/a" leads nowhere: no schema stands there`},
		{"a reference to what is no schema", `{"properties":{"a":{"$ref":"#/properties"}}}`, `#/properties/a/$ref: "#/properties" leads nowhere: no schema stands there`},
		{"a reference to no anchor", `{"$ref":"#a"}`, `#/$ref: "#a" leads nowhere: no schema stands there`},
		{"a reference to the network", `{"items":{"$ref":"https://e.com/a.json"}}`, `#/items/$ref: "https://e.com/a.json" leads out of this schema, and nothing is fetched: copy what it means into $defs and write "#/$defs/name"`},
		{"a reference to a file", `{"$id":"a.json","items":{"$ref":"b.json"}}`, `#/items/$ref: "b.json" leads out of this schema, and nothing is fetched: copy what it means into $defs and write "#/$defs/name"`},
		{"a circle of one", `{"$ref":"#"}`, "#: leads back to itself without a step into the answer, so nothing could be checked"},
		{"a circle of many", `{"type":"object","$defs":{"a":{"not":{"$ref":"#/$defs/b"}},"b":{"if":{"$ref":"#/$defs/a"}}}}`, "#/$defs/a: leads back to itself without a step into the answer, so nothing could be checked"},
		{"an anchor twice", `{"properties":{"a":{"$anchor":"x"},"b":{"$anchor":"x"}}}`, `#/properties/b: the anchor "x" is taken already, at #/properties/a`},
		{"$id below the top", `{"items":{"$id":"https://e.com/b"}}`, `#/items: $id below the top is not supported: write references from the top, as in "#/$defs/name"`},
		{"$dynamicRef", `{"items":{"$dynamicRef":"#a"}}`, "#/items/$dynamicRef: $dynamicRef is not supported: write the schema with $ref and $defs"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := mustParse(t, tt.spec)
			for _, s := range []*Schema{s, s.Multi()} {
				err := s.Check()
				if tt.want == "" {
					if err != nil {
						t.Errorf("got %v, want nil", err)
					}
					continue
				}
				var f *Fault
				if !errors.As(err, &f) || !errors.Is(err, ErrInvalid) {
					t.Fatalf("got %v, want a Fault", err)
				}
				if diff := cmp.Diff("schema, "+tt.want, err.Error()); diff != "" {
					t.Error(diff)
				}
				if err := s.Validate([]byte("{}")); !errors.Is(err, ErrInvalid) {
					t.Errorf("Validate says %v", err)
				}
			}
		})
	}
}

// everything has each keyword once.
const everything = `{"$schema":"https://json-schema.org/draft/2020-12/schema","$id":"https://e.com/a","$comment":"c","title":"t",
"description":"d","default":null,"deprecated":false,"readOnly":true,"writeOnly":false,"examples":[1],"format":"f",
"contentEncoding":"e","contentMediaType":"m","contentSchema":true,"type":["object","array","string","number"],"enum":[{"a":1}],"const":{"a":1},
"multipleOf":2,"minimum":1,"maximum":2.0,"exclusiveMinimum":0,"exclusiveMaximum":3,"minLength":1,"maxLength":2,"pattern":"a",
"minItems":0,"maxItems":9,"minContains":1,"maxContains":2,"contains":{},"uniqueItems":true,"prefixItems":[{}],"items":{},
"unevaluatedItems":false,"minProperties":0,"maxProperties":4,"required":["a"],"dependentRequired":{"a":["b"]},
"dependentSchemas":{"a":{}},"properties":{"a":{"$anchor":"x"}},"patternProperties":{"^p":{}},"additionalProperties":{},
"propertyNames":{"minLength":1},"unevaluatedProperties":true,"allOf":[{}],"anyOf":[{}],"oneOf":[{}],"not":{"type":"null"},
"if":{},"then":{},"else":{},"$defs":{"d":{"$ref":"#x"}}}`

func TestUnchecked(t *testing.T) {
	s := mustParse(t, `{"type":"array","items":{"type":"string","pattern":"^(?!a)"}}`)
	got := s.Unchecked()
	want := []Fault{{"#/items/pattern", "this pattern cannot be checked here: error parsing regexp: invalid or unsupported Perl syntax: `(?!`"}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if err := s.Validate([]byte(`{"value":["abc"]}`)); err != nil {
		t.Errorf("a pattern that is not checked is still broken: %v", err)
	}
	if got := mustParse(t, `{"$ref":"#/a"}`).Unchecked(); got != nil {
		t.Errorf("got %v for what is no schema", got)
	}
}

func TestValidate(t *testing.T) {
	const person = "name, age int, height float, alive bool"
	const ok = `{"name":"A","age":1,"height":1,"alive":true}`
	shape := `{"anyOf":[{"type":"object","properties":{"kind":{"const":"circle"},"r":{"type":"number"}},"required":["kind","r"]},
		{"type":"object","properties":{"kind":{"const":"box"},"size":{"type":"object","properties":{"w":{"type":"number"}},"required":["w"]}},"required":["kind","size"]},
		{"type":"null"}]}`
	tests := []struct{ name, spec, answer, want string }{
		{"it fits", person, ok, ""},
		{"whole numbers may have a point", person, `{"name":"A","age":1.0,"height":1e3,"alive":true}`, ""},
		{"a string for an integer", person, `{"name":"A","age":"old","height":1,"alive":true}`, `the answer at .age: want an integer, got the string "old"`},
		{"a fraction for an integer", person, `{"name":"A","age":1.5,"height":1,"alive":true}`, "the answer at .age: want an integer, got the number 1.5"},
		{"null for a boolean", person, `{"name":"A","age":1,"height":1,"alive":null}`, "the answer at .alive: want a boolean, got null"},
		{"a field is missing", person, `{"name":"A"}`, `the answer at .: want the field "age", got none`},
		{"a field too many", "a", `{"a":"","b c":[1]}`, `the answer at .["b c"]: want no such field (known are a), got an array of 1`},
		{"an array", person, `[]`, "the answer at .: want an object, got an array of 0"},
		{"not JSON", person, `Sure! {"name":1}`, "the answer is not JSON: invalid character 'S' looking for beginning of value at byte 0"},
		{"JSON and more", "a", `{"a":""} `, ""},
		{"cut off", person, `{"name":"A`, "the answer is not JSON: unexpected end of JSON input at byte 10"},
		{"empty", person, "\n", "the answer is not JSON: nothing stands there at byte 0"},
		{"a number beyond floats", "a float", `{"a":1e999}`, "the answer is not JSON: a number too large to be read at byte 5"},
		{"in an array", `{"type":"array","items":{"type":"array","items":{"type":"boolean"}}}`, `{"value":[[true],[true,0]]}`, "the answer at .value[1][1]: want a boolean, got the number 0"},
		{"a long string is cut", `{"type":"array","maxItems":1,"items":{"maxLength":3}}`, `{"value":["` + strings.Repeat("ä", 90) + `"]}`, `the answer at .value[0]: want at most 3 characters, got the string "` + strings.Repeat("ä", 60) + `…"`},
		{"too many items", `{"type":"array","maxItems":1}`, `{"value":[1,2]}`, "the answer at .value: want at most 1 items, got an array of 2"},
		{"too few items", `{"type":"array","minItems":3}`, `{"value":[1,2]}`, "the answer at .value: want at least 3 items, got an array of 2"},
		{"an enum", `{"type":"object","properties":{"a":{"enum":["x","y"]}}}`, `{"a":"z"}`, `the answer at .a: want one of ["x","y"], got the string "z"`},
		{"a const", `{"type":"object","properties":{"a":{"const":null}}}`, `{"a":{}}`, "the answer at .a: want one of null, got an object"},
		{"bounds", `{"type":"object","additionalProperties":{"minimum":2,"exclusiveMaximum":1e20}}`, `{"a":1.25}`, "the answer at .a: want a number not below 2, got the number 1.25"},
		{"above", `{"type":"object","additionalProperties":{"maximum":2}}`, `{"a":3}`, "the answer at .a: want a number not above 2, got the number 3"},
		{"not above", `{"type":"object","additionalProperties":{"exclusiveMinimum":2}}`, `{"a":2}`, "the answer at .a: want a number above 2, got the number 2"},
		{"not under", `{"type":"object","additionalProperties":{"exclusiveMaximum":1e20}}`, `{"a":1e20}`, "the answer at .a: want a number below 1e+20, got the number 1e+20"},
		{"a multiple", `{"type":"object","additionalProperties":{"multipleOf":0.5}}`, `{"a":1.3}`, "the answer at .a: want a number that is a multiple of 0.5, got the number 1.3"},
		{"a pattern", `{"type":"object","properties":{"a":{"pattern":"^x"}}}`, `{"a":"y"}`, `the answer at .a: want a string like ^x, got the string "y"`},
		{"names by pattern", `{"type":"object","patternProperties":{"^x":{"type":"null"}},"additionalProperties":false}`, `{"x":null,"y":1}`, "the answer at .y: want no such field, got the number 1"},
		{"values by pattern", `{"type":"object","patternProperties":{"^x":{"type":"null"}}}`, `{"y":1,"x":1}`, "the answer at .x: want null, got the number 1"},
		{"names", `{"type":"object","propertyNames":{"maxLength":1}}`, `{"ab":1}`, `the answer at .ab: want at most 1 characters, got the string "ab"`},
		{"the number of fields", `{"type":"object","minProperties":1}`, `{}`, "the answer at .: want at least 1 fields, got an object of 0"},
		{"alternatives of types", `{"type":"object","properties":{"a":{"anyOf":[{"type":"string"},{"type":"null"},{"type":"null"}]}}}`, `{"a":1}`, "the answer at .a: want a string or null, got the number 1"},
		{"several types", `{"type":"object","properties":{"a":{"type":["string","null"]}}}`, `{"a":true}`, "the answer at .a: want a string or null, got true"},
		{"the alternative that came furthest", shape, `{"value":{"kind":"box","size":{"w":"wide"}}}`, `the answer at .value.size.w: want a number, got the string "wide"`},
		{"the alternative that began", shape, `{"value":{"kind":"box"}}`, `the answer at .value: want the field "size", got none`},
		{"two of one", `{"type":"object","properties":{"a":{"oneOf":[{"type":"integer"},{"minimum":2}]}}}`, `{"a":3}`, "the answer at .a: want exactly one of its forms, got the number 3 that fits 2 of them"},
		{"none of one", `{"type":"object","properties":{"a":{"oneOf":[{"type":"integer"},{"minimum":2}]}}}`, `{"a":1.5}`, "the answer at .a: want a number not below 2, got the number 1.5"},
		{"all of", `{"type":"object","allOf":[{"required":["a"]},{"required":["b"]}]}`, `{"a":1}`, `the answer at .: want the field "b", got none`},
		{"then", `{"type":"object","if":{"required":["a"]},"then":{"required":["b"]},"else":{"required":["c"]}}`, `{"a":1}`, `the answer at .: want the field "b", got none`},
		{"else", `{"type":"object","if":{"required":["a"]},"then":{"required":["b"]},"else":{"required":["c"]}}`, `{"b":1}`, `the answer at .: want the field "c", got none`},
		{"by reference", `{"type":"object","properties":{"next":{"anyOf":[{"$ref":"#"},{"type":"null"}]}},"required":["next"]}`, `{"next":{"next":{"next":7}}}`, "the answer at .next.next.next: want an object or null, got the number 7"},
		{"pairs", `{"type":"array","prefixItems":[{"type":"string"}],"items":{"type":"number"}}`, `{"value":["a","b"]}`, `the answer at .value[1]: want a number, got the string "b"`},
		{"pairs in draft-07", `{"$schema":"http://json-schema.org/draft-07/schema#","type":"array","items":[{"type":"string"}]}`, `{"value":[1]}`, "the answer at .value[0]: want a string, got the number 1"},
		{"beside a reference in draft-07", `{"$schema":"http://json-schema.org/draft-07/schema#","type":"object","properties":{"a":{"$ref":"#/definitions/a","type":"string"}},"definitions":{"a":{"type":"number"}}}`, `{"a":1}`, ""},
		{"nothing fits false", `false`, `{"value":1}`, "the answer at .value: want nothing, got the number 1"},
		{"everything fits true", `true`, `{"value":[{}]}`, ""},
		{"a name that is no word", `{"type":"object","properties":{"größe \"x\"":{"type":"null"}}}`, `{"größe \"x\"":1}`, `the answer at .["größe \"x\""]: want null, got the number 1`},
		{"what may not be", `{"type":"object","properties":{"a":{"not":{"type":"null"}}}}`, `{"a":null}`, "the answer at .a: want nothing that fits #/properties/a/not, got null"},
		{"an item twice", `{"type":"array","uniqueItems":true}`, `{"value":[1,2,1.0]}`, "the answer at .value[2]: want no item twice, got the same as item 0"},
		{"objects twice", `{"type":"array","uniqueItems":true}`, `{"value":[{"a":0,"b":[null]},{"b":[null],"a":-0.0}]}`, "the answer at .value[1]: want no item twice, got the same as item 0"},
		{"items that look alike", `{"type":"array","uniqueItems":true}`, `{"value":[1,"1",true,"true",null,"null",[],{},"[]","{}",["a,b"],["a","b"],[1,2],[12]]}`, ""},
		{"no item of a kind", `{"type":"array","contains":{"type":"null"}}`, `{"value":[1,2]}`, "the answer at .value: want at least 1 items that fit #/properties/value/contains, got 0 of 2"},
		{"too many of a kind", `{"type":"array","contains":{"type":"null"},"minContains":0,"maxContains":1}`, `{"value":[null,2,null]}`, "the answer at .value: want at most 1 items that fit #/properties/value/contains, got 2 of 3"},
		{"a field beside another", `{"type":"object","dependentRequired":{"a":["b"]}}`, `{"a":1}`, `the answer at .: want the field "b" beside "a", got none`},
		{"a shape beside a field", `{"type":"object","dependentSchemas":{"a":{"maxProperties":1}}}`, `{"a":1,"b":2}`, "the answer at .: want at most 1 fields, got an object of 2"},
		{"dependencies of draft-07", `{"$schema":"http://json-schema.org/draft-07/schema#","type":"object","dependencies":{"a":["b"],"b":{"maxProperties":2}}}`, `{"a":1,"b":2,"c":3}`, "the answer at .: want at most 2 fields, got an object of 3"},
		{"further items of draft-07", `{"$schema":"http://json-schema.org/draft-07/schema#","type":"array","items":[{}],"additionalItems":{"type":"null"}}`, `{"value":[1,2]}`, "the answer at .value[1]: want null, got the number 2"},
		{"what nothing has looked at", `{"type":"object","allOf":[{"properties":{"a":{}}}],"unevaluatedProperties":false}`, `{"a":1,"b":2}`, "the answer at .b: want no such field, got the number 2"},
		{"items that nothing has looked at", `{"type":"array","prefixItems":[true],"unevaluatedItems":{"type":"null"}}`, `{"value":[1,2]}`, "the answer at .value[1]: want null, got the number 2"},
		{"what is as it should be", `{"type":"object","properties":{"l":{"contains":{"const":1},"unevaluatedItems":true}},"dependentSchemas":{"l":{"required":["l"]}},"unevaluatedProperties":true}`, `{"l":[1,2],"m":{}}`, ""},
		{"a reference to the top of what was wrapped", `{"type":["array","null"],"items":{"$ref":"#"}}`, `{"value":[[],[null,[3]]]}`, "the answer at .value[1][1][0]: want an array or null, got the number 3"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := mustParse(t, tt.spec)
			if err := s.Check(); err != nil {
				t.Fatal(err)
			}
			err := s.Validate([]byte(tt.answer))
			if tt.want == "" {
				if err != nil {
					t.Errorf("got %v, want nil", err)
				}
				return
			}
			var m *Mismatch
			if !errors.As(err, &m) || !errors.Is(err, ErrMismatch) || errors.Is(err, ErrInvalid) {
				t.Fatalf("got %v, want a Mismatch", err)
			}
			if diff := cmp.Diff(tt.want, err.Error()); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// TestMismatch compares whole values, for --json.
func TestMismatch(t *testing.T) {
	s := mustParse(t, "name, age int").Multi()
	want := &Mismatch{Path: ".items[1].age", Rule: "#/properties/items/items/properties/age/type",
		Want: "an integer", Got: "null", Offset: -1}
	err := s.Validate([]byte(`{"items":[{"name":"a","age":1},{"name":"b","age":null}]}`))
	if diff := cmp.Diff(error(want), err, cmpopts.IgnoreUnexported(Mismatch{})); diff != "" {
		t.Error(diff)
	}
}

func TestStrict(t *testing.T) {
	object := func(properties, required string) string {
		return `{"type":"object","properties":{` + properties + `},"required":[` + required + `],"additionalProperties":false}`
	}
	a := func(schema string) string { return object(`"a":`+schema, `"a"`) }
	deep := func(levels int) string {
		s := `{"type":"string"}`
		for range levels {
			s = a(s)
		}
		return s
	}
	enum := func(n, length int) string {
		values := make([]string, n)
		for i := range values {
			values[i] = `"` + strings.Repeat("x", length) + `"`
		}
		return `{"type":"string","enum":[` + strings.Join(values, ",") + `]}`
	}
	tests := []struct {
		name, spec string
		want       []string
	}{
		{"the short form", "name, age int, größe float, b bool: x", nil},
		{"the guide's example", object(`"location":{"type":"string","description":"d"},"unit":{"type":["string","null"],"enum":["F","C"]}`, `"location","unit"`), nil},
		{"all that is allowed", a(`{"type":"array","title":"t","minItems":1,"maxItems":2,"items":{"anyOf":[{"type":"string","pattern":"a","format":"date"},{"type":"number","minimum":1,"maximum":2,"multipleOf":1,"exclusiveMinimum":0,"exclusiveMaximum":3},{"$ref":"#"}]}}`), nil},
		{"an array is put into an object", `{"type":"array","items":{"type":"string"}}`, nil},
		{"a union is put into an object", `{"anyOf":[{"type":"string"},{"type":"null"}]}`, nil},
		{"a reference at the top", `{"$ref":"#/$defs/a","$defs":{"a":` + a(`{"type":"null"}`) + `}}`, nil},
		{"an object with no fields", object("", ""), nil},
		{"ten levels", deep(10), nil},
		{"thousand values", a(enum(1000, 15)), nil},

		{"additionalProperties is missing", `{"type":"object","properties":{"a":{"type":"object","properties":{},"additionalProperties":true}},"required":["a"],"additionalProperties":false}`,
			[]string{`#/properties/a: "additionalProperties": false is missing`}},
		{"additionalProperties of a kind", a(`{"type":["object","null"],"additionalProperties":{"type":"string"}}`),
			[]string{`#/properties/a: "additionalProperties": false is missing`}},
		{"not all are required", object(`"a":{"type":"null"},"b":{"type":"null"},"c":{"type":"null"}`, `"b"`),
			[]string{"#: not in required: a, c (a field that may be absent gets the type null besides its own)"}},
		{"required is missing", `{"type":"object","properties":{"a":{"type":"null"}},"additionalProperties":false}`,
			[]string{"#: not in required: a (a field that may be absent gets the type null besides its own)"}},
		{"too many are required", object(`"a":{"type":"null"}`, `"a","b"`), []string{`#: required names "b", which is not in properties`}},
		{"no type", a(`{"enum":["x"]}`), []string{"#/properties/a: type is missing"}},
		{"anything", a(`{}`), []string{"#/properties/a: type is missing"}},
		{"a boolean schema", a(`true`), []string{"#/properties/a: strict mode wants an object as a schema, not a boolean"}},
		{"anything at the top", `true`, []string{"#: strict mode wants an object as a schema, not a boolean"}},
		{"an array of anything", `{"type":"array"}`, []string{"#: an array without items"}},
		{"words beside a reference", a(`{"$ref":"#","description":"d"}`), []string{"#/properties/a: description stands beside $ref; move it into what the reference means"}},
		{"keywords", a(`{"type":"string","minLength":1,"default":"a","x-mine":1}`), []string{
			"#/properties/a/minLength: minLength is not allowed; say it in the description, or with pattern",
			"#/properties/a/default: default is not allowed; say it in the description",
			"#/properties/a/x-mine: x-mine is not allowed"}},
		{"combinations", a(`{"type":"string","oneOf":[{}],"allOf":[{}],"not":{}}`), []string{
			"#/properties/a/oneOf: oneOf is not allowed; use anyOf",
			"#/properties/a/allOf: allOf is not allowed; write what it comes to as one schema",
			"#/properties/a/not: not is not allowed"}},
		{"names by pattern", a(`{"type":"object","patternProperties":{"^x":{"type":"string"}},"additionalProperties":false}`),
			[]string{"#/properties/a/patternProperties: patternProperties is not allowed; use an array of objects with a name and a value"}},
		{"a format", a(`{"type":"string","format":"uri"}`),
			[]string{`#/properties/a/format: the format "uri" is not allowed; allowed are date-time, time, date, duration, email, hostname, ipv4, ipv6, uuid`}},
		{"$schema below the top", a(`{"type":"string","$schema":"https://json-schema.org/draft/2020-12/schema"}`), []string{"#/properties/a/$schema: $schema is allowed at the top alone"}},
		{"in definitions and arrays", `{"type":"object","properties":{},"additionalProperties":false,"$defs":{"a/b":{"type":"array","items":{"anyOf":[{"type":"string","maxLength":1}]}}}}`,
			[]string{"#/$defs/a~1b/items/anyOf/0/maxLength: maxLength is not allowed; say it in the description, or with pattern"}},
		{"eleven levels", deep(11), []string{"#" + strings.Repeat("/properties/a", 10) + ": an object on level 11; at most 10 are allowed"}},
		{"one value too many", a(enum(1001, 14)), []string{"#: 1001 enum values; at most 1000 are allowed"}},
		{"long values", a(enum(251, 60)), []string{"#/properties/a/enum: 15060 characters in 251 values; at most 15000 are allowed in more than 250 values"}},
		{"many characters", a(`{"type":"string","const":"` + strings.Repeat("ü", 120_000) + `"}`), []string{"#: 120001 characters in names, enum and const values; at most 120000 are allowed"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := mustParse(t, tt.spec)
			if err := s.Check(); err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, f := range s.Strict() {
				got = append(got, f.Path+": "+f.Reason)
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
	var many strings.Builder
	for i := range 5001 {
		many.WriteString(",a" + strings.Repeat("b", i%20) + string(rune('a'+i%26)) + strings.Repeat("c", i/20))
	}
	got := mustParse(t, many.String()).Strict()
	if len(got) == 0 || got[0].Reason != "5001 properties; at most 5000 are allowed" {
		t.Errorf("got %v", got)
	}
}

// TestStrictSurvivesWrapping: what is strict stays strict with --schema-multi, and what
// fits one fits many.
func TestStrictSurvivesWrapping(t *testing.T) {
	for _, spec := range []string{"a, b int", `{"type":"array","items":{"type":"string"}}`, `{"$ref":"#/$defs/a","$defs":{"a":{"type":"string"}}}`} {
		if got := mustParse(t, spec).Multi().Strict(); got != nil {
			t.Errorf("%s: %v", spec, got)
		}
	}
}

func TestConcurrentUse(t *testing.T) {
	s := mustParse(t, "a int")
	t.Run("group", func(t *testing.T) {
		for range 8 {
			t.Run("", func(t *testing.T) {
				t.Parallel()
				if err := s.Validate([]byte(`{"a":1}`)); err != nil {
					t.Error(err)
				}
				s.JSON()
				s.Strict()
			})
		}
	})
}

func FuzzParse(f *testing.F) {
	for _, seed := range []string{"name, age int, bio: x", "a\nb float: c, d", "a b c", ":", "ü bool", `{"a":[1,{"b":null}]}`, "true", "{", "\ufeffa"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, spec string) {
		s, err := Parse(spec)
		if err != nil {
			if !errors.Is(err, ErrInvalid) {
				t.Fatalf("%v is no ErrInvalid", err)
			}
			return
		}
		if !json.Valid(s.JSON()) || !json.Valid(s.Multi().JSON()) {
			t.Fatalf("not JSON: %s", s.JSON())
		}
		again, err := Parse(string(s.JSON()))
		if err != nil || string(again.JSON()) != string(s.JSON()) {
			t.Fatalf("what is sent does not read as itself: %s, %v", s.JSON(), err)
		}
		faults := s.Strict()
		if trimmed := strings.TrimSpace(strings.TrimPrefix(spec, "\ufeff")); trimmed[0] != '{' && trimmed != "true" && trimmed != "false" {
			if err := s.Check(); err != nil {
				t.Fatalf("the short form is no schema: %v", err)
			}
			if len(faults) > 0 && len(spec) < 10_000 {
				t.Fatalf("the short form is not strict: %v", faults)
			}
		}
	})
}

func FuzzValidate(f *testing.F) {
	for _, schema := range []string{everything, "a, b int", `{"$ref":"#/$defs/a","$defs":{"a":{"items":{"$ref":"#"}}}}`,
		`{"anyOf":[{"type":"null"},{"properties":{"a":{"$ref":"#"}},"required":["a"]}]}`,
		`{"$schema":"http://json-schema.org/draft-07/schema#","items":[{"enum":[1]}],"dependencies":{"a":["b"]}}`,
		`{"oneOf":[{"const":1},{"pattern":"(a|b)+c"}],"not":{"multipleOf":3},"patternProperties":{"^a":false}}`} {
		for _, answer := range []string{`{"value":{"a":{"a":null}}}`, `{"a":"x","b":2}`, `{"value":[1,"abc",{"a":1}]}`, `{"value":1e300}`, "{"} {
			f.Add(schema, answer)
		}
	}
	f.Fuzz(func(t *testing.T, spec, answer string) {
		s, err := Parse(spec)
		if err != nil {
			return
		}
		for _, s := range []*Schema{s, s.Multi()} {
			checked := s.Check()
			s.Unchecked()
			err := s.Validate([]byte(answer))
			switch {
			case checked != nil && !errors.Is(err, ErrInvalid):
				t.Fatalf("Check says %v, Validate %v", checked, err)
			case checked == nil && err != nil && !errors.Is(err, ErrMismatch) && !errors.Is(err, ErrTooCostly):
				t.Fatalf("unexpected error %v", err)
			case err == nil:
				if _, err := s.Unwrap([]byte(answer)); err != nil {
					t.Fatalf("it fits, and cannot be unwrapped: %v", err)
				}
			}
			if few := 2000; len(spec) < few && len(answer) < few { // nothing bounds the oracle's work
				oracleOf(s).agree(t, s, answer)
			}
		}
	})
}
