package config

import (
	"bytes"
	"errors"
	"strings"
	"testing"

	"github.com/pelletier/go-toml/v2"
	"github.com/pelletier/go-toml/v2/unstable"
)

func seeds(f *testing.F) {
	for _, text := range []string{
		"", "# a", "model = 'a'\n[serve]\nport = 1", "model_alias = {a = 'b'}", "[a.b]\nc.d = 1\n[a]\ne.f = [1, {g = 2}]",
		"[a.b.c]\n[a]\nb.x = 1", "a.b = 1\n[a.c]", "a = 1\na.b = 2", "[a]\n[a]", "a = {b = 1}\n[a.c]", "a = {b.c = 1, b.d = 2, b = 3}",
		"header = [\n'a',\n\"b\",\n]", "timeout = 20s", "[[serve]]", "x = \"\"\"\na\\\n  b\"\"\"", "a = 0x_1", "a = 1e999", "a = nan",
		"\xef\xbb\xbfa = 1", "a = '\xff'", "a = 2026-01-01", "[a]\r\nb = 1\r", "[fruit]\napple.color = 1\n[fruit.apple.taste]", "\"\" = 1\n'' = 2",
		"access_token = 'x'", "[auth.login]\nwait = '1s'", "[\"auth login\"]\nwait = '1s'", "a = \"\\u0000\"", "serve = {}\n[serve]",
	} {
		f.Add([]byte(text))
	}
}

// No file makes the parser panic. What it takes is TOML, what it calls no TOML is none,
// and every error names a line.
func FuzzParse(f *testing.F) {
	seeds(f)
	f.Fuzz(func(t *testing.T, data []byte) {
		values, err := parse("c.toml", data, known)
		decoded := toml.Unmarshal(bytes.TrimPrefix(data, []byte("\ufeff")), new(any))
		var e *Error
		switch {
		case err == nil:
			if decoded != nil {
				t.Errorf("it is taken, but go-toml says %v", decoded)
			}
			for at, v := range values {
				if v.Origin.Line < 1 || len(v.places) != len(v.Texts) {
					t.Errorf("%v: %+v", at, v)
				}
				for _, text := range v.Texts {
					if text == "" || strings.Contains(text, "\x00") {
						t.Errorf("%v: text %q", at, text)
					}
				}
			}
		case !errors.As(err, &e) || e.Line < 1 || e.Column < 1 || e.Line > bytes.Count(data, []byte("\n"))+1:
			t.Errorf("error %v names no line of the file", err)
		case e.syntax && decoded == nil:
			t.Errorf("go-toml takes it, but: %v", err)
		case strings.ContainsFunc(err.Error(), func(r rune) bool { return r < ' ' || r == 0x7f }):
			t.Errorf("the error has control characters: %q", err)
		}
	})
}

// What is defined twice is found as go-toml's decoder finds it.
func FuzzTables(f *testing.F) {
	seeds(f)
	f.Fuzz(func(t *testing.T, data []byte) {
		problem, comparable := definedTwice(data)
		if !comparable {
			return
		}
		decoded := toml.Unmarshal(data, new(any))
		if (problem != "") != (decoded != nil) {
			t.Errorf("we say %q, go-toml says %v", problem, decoded)
		}
	})
}

// Every file of three lines out of these is judged as go-toml's decoder judges it.
func TestTablesAgreeWithTheDecoder(t *testing.T) {
	lines := []string{
		"[a]", "[a.b]", "[a.b.c]", "[b]", "a = 1", "b = 1", "a.b = 1", "b.c = 1", "a.b.c = 1", "c.d.e = 1",
		"a = {b = 1}", "b = {c.d = 1, c.e = 2}", "b = {c = 1, c.d = 2}", "c = {}", "[b.c.d]",
	}
	wrong := 0
	for n := range len(lines) * len(lines) * len(lines) {
		var text strings.Builder
		for range 3 {
			text.WriteString(lines[n%len(lines)] + "\n")
			n /= len(lines)
		}
		data := []byte(text.String())
		problem, comparable := definedTwice(data)
		if !comparable {
			t.Fatalf("%q cannot be compared", data)
		}
		if decoded := toml.Unmarshal(data, new(any)); (problem != "") != (decoded != nil) {
			t.Errorf("%q: we say %q, go-toml says %v", data, problem, decoded)
			if wrong++; wrong == 10 {
				t.FailNow()
			}
		}
	}
}

// definedTwice passes a file through tables alone. Only files without lists of tables
// and without values that the decoder looks into can be compared.
func definedTwice(data []byte) (problem string, comparable bool) {
	var p unstable.Parser
	p.Reset(data)
	names, tables := &parser{data: data}, make(tables)
	var table []string
	for p.NextExpression() {
		node := p.Expression()
		switch node.Kind {
		case unstable.ArrayTable:
			return "", false
		case unstable.Table:
			table, _ = names.key(node.Key())
			problem = first(problem, tables.header(table))
		default:
			found, plain := keysTwice(tables, table, node)
			if !plain {
				return "", false
			}
			problem = first(problem, found)
		}
	}
	return problem, p.Error() == nil
}

func keysTwice(t tables, table []string, node *unstable.Node) (problem string, plain bool) {
	key, _ := (&parser{}).key(node.Key())
	problem = t.key(table, key)
	switch value := node.Value(); value.Kind {
	case unstable.String, unstable.Bool:
	case unstable.Integer:
		if _, problem := scalar(value); problem != "" {
			return "", false
		}
	case unstable.InlineTable:
		for it := value.Children(); it.Next(); {
			found, plain := keysTwice(t, append(table[:len(table):len(table)], key...), it.Node())
			if !plain {
				return "", false
			}
			problem = first(problem, found)
		}
	default:
		return "", false
	}
	return problem, true
}

func first(a, b string) string {
	if a != "" {
		return a
	}
	return b
}
