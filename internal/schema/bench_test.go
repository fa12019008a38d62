package schema

import (
	"errors"
	"fmt"
	"strings"
	"testing"
)

// bigAnswer is about n bytes of what `name, age int, tags` and --schema-multi ask for.
func bigAnswer(n int) []byte {
	item := `{"name":"Somebody with a name","age":42,"bio":"` + strings.Repeat("word ", 20) + `"}`
	return []byte(`{"items":[` + strings.Repeat(item+",", n/len(item)) + item + `]}`)
}

func TestLargeAnswer(t *testing.T) {
	s := mustParse(t, "name, age int, bio").Multi()
	answer := bigAnswer(1 << 20)
	if err := s.Validate(answer); err != nil {
		t.Error(err)
	}
	wrong := []byte(strings.TrimSuffix(string(answer), "]}") + `,{"name":"a","age":"old","bio":""}]}`)
	var m *Mismatch
	if err := s.Validate(wrong); !errors.As(err, &m) || !strings.HasSuffix(m.Path, "].age") {
		t.Errorf("got %v, want a fault at an age", err)
	}
}

// TestHostile holds schemas and answers whose check would take for ever if nothing bounded it.
func TestHostile(t *testing.T) {
	doubling := `{"type":"object","$defs":{"a0":{"type":"string"}`
	for i := 1; i <= 60; i++ {
		doubling += fmt.Sprintf(`,"a%d":{"allOf":[{"$ref":"#/$defs/a%d"},{"$ref":"#/$defs/a%d"}]}`, i, i-1, i-1)
	}
	doubling += `},"properties":{"a":{"$ref":"#/$defs/a60"}}}`
	chain := `{"type":"object","$defs":{"a0":{}`
	for i := 1; i <= 12_000; i++ {
		chain += fmt.Sprintf(`,"a%d":{"$ref":"#/$defs/a%d"}`, i, i-1)
	}
	chain += `},"properties":{"a":{"$ref":"#/$defs/a12000"}}}`
	tree := `{"type":"object","properties":{"a":{"$ref":"#"}},"allOf":[{"properties":{"a":{"$ref":"#"}}},{"properties":{"a":{"$ref":"#"}}}]}`
	list := `{"type":"object","properties":{"value":{"$ref":"#/$defs/l"}},"$defs":{"l":{"anyOf":[{"type":"string"},{"type":"array","items":{"$ref":"#/$defs/l"}}]}}}`
	deep := func(n int) string { return strings.Repeat(`{"a":`, n) + "1" + strings.Repeat("}", n) }
	tests := []struct {
		name, schema, answer string
		want                 error
	}{
		{"two to the sixtieth branches", doubling, `{"a":"x"}`, ErrTooCostly},
		{"a chain of references", chain, `{"a":"x"}`, ErrTooCostly},
		{"branches at every level of the answer", tree, deep(200), ErrTooCostly},
		{"an answer as deep as JSON may be", `{"type":"object","properties":{"a":{"$ref":"#"}}}`, deep(9000), ErrTooCostly},
		{"an answer that is deep", `{"type":"object","properties":{"a":{"$ref":"#"}}}`, deep(1000), ErrMismatch},
		{"an answer that is deeper", `{"type":"object","properties":{"a":{"$ref":"#"}}}`, deep(4000), ErrMismatch},
		{"an answer deeper than JSON may be", `{"type":"object"}`, deep(20_000), ErrMismatch},
		{"deep lists in alternatives", list, `{"value":` + strings.Repeat("[", 300) + strings.Repeat("]", 300) + `}`, nil},
		{"wide and deep lists in alternatives", list,
			`{"value":` + strings.Repeat(`["`+strings.Repeat("x", 1000)+`",`, 2000) + "1" + strings.Repeat("]", 2000) + `}`, ErrMismatch},
		{"what rules have looked at, many times over",
			`{"type":"object","properties":{"a":{"$ref":"#/$defs/a5"}},"$defs":{"a0":{"items":{"type":"null"},"unevaluatedItems":false}` + tenfold(5) + `}}`,
			`{"a":[null` + strings.Repeat(",null", 1<<12) + `]}`, ErrTooCostly},
		{"a long string among many values", `{"type":"object","properties":{"a":{"anyOf":[{"enum":["x"]}` + strings.Repeat(`,{"enum":["x"]}`, 1<<11) + `]}}}`,
			`{"a":"` + strings.Repeat("x", 1<<18) + `"}`, ErrTooCostly},
		{"a pattern of many steps", `{"type":"object","properties":{"a":{"pattern":"(a*)*(b|a){900}c$"}}}`,
			`{"a":"` + strings.Repeat("a", 1<<20) + `"}`, ErrTooCostly},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := mustParse(t, tt.schema)
			if err := s.Check(); err != nil {
				t.Fatal(err)
			}
			if err := s.Validate([]byte(tt.answer)); !errors.Is(err, tt.want) {
				t.Errorf("got %.300v, want %v", err, tt.want)
			}
		})
	}
}

// tenfold is definitions a1 to an, each of which is ten times the one before.
func tenfold(n int) string {
	var b strings.Builder
	for i := 1; i <= n; i++ {
		one := fmt.Sprintf(`{"$ref":"#/$defs/a%d"}`, i-1)
		fmt.Fprintf(&b, `,"a%d":{"allOf":[%s]}`, i, one+strings.Repeat(","+one, 9))
	}
	return b.String()
}

func TestLargeSchema(t *testing.T) {
	var fields strings.Builder
	for i := 0; fields.Len() < maxSpec-1000; i++ {
		fmt.Fprintf(&fields, `,"field_%d":{"type":["string","null"],"description":"about this"}`, i)
	}
	for name, spec := range map[string]string{
		"wide": `{"type":"object","properties":{"a":{}` + fields.String() + `}}`,
		"deep": strings.Repeat(`{"type":"object","properties":{"a":`, 60) + `{"enum":["` + strings.Repeat("x", maxSpec/2) + `"]}` + strings.Repeat(`}}`, 60),
	} {
		t.Run(name, func(t *testing.T) {
			s := mustParse(t, spec)
			if err := s.Check(); err != nil {
				t.Fatalf("%.200v", err)
			}
			s.Strict()
			if err := s.Validate([]byte(`{"a":{}}`)); err != nil && !errors.Is(err, ErrMismatch) {
				t.Errorf("%.200v", err)
			}
		})
	}
}

func mustParse(t testing.TB, spec string) *Schema {
	t.Helper()
	s, err := Parse(spec)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func BenchmarkParseShort(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		s := mustParse(b, "name, age int, bio: a short biography")
		s.JSON()
		s.Strict()
	}
}

func BenchmarkCheck(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		if err := mustParse(b, "name, age int, bio: a short biography").Check(); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkValidate(b *testing.B) {
	s := mustParse(b, "name, age int, bio").Multi()
	answer := bigAnswer(1 << 20)
	b.SetBytes(int64(len(answer)))
	b.ReportAllocs()
	for b.Loop() {
		if err := s.Validate(answer); err != nil {
			b.Fatal(err)
		}
	}
}
