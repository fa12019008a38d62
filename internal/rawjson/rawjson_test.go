package rawjson

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

// seeds are values of every kind, sound and not.
func seeds() []string {
	return []string{
		``, ` `, `{}`, `[]`, `null`, `"a"`, ` {"a" : [1, -2.5e+3, true] , "b":{"c":null}} `, `{"a":1,"a":2}`, `{"\u0061\n":"\ud83d\ude00"}`,
		`{"a":1}{"b":2}`, `{"a":1,}`, `[1,]`, `{"a"}`, `{"a":01}`, `[1.]`, `"\x"`, "\"\n\"", `{"a":tru}`, `[`, `{"a":1`, "\"\xff\"", "{\"\xff\":1}", "\xEF\xBB\xBF{}",
		strings.Repeat("[", MaxDepth) + strings.Repeat("]", MaxDepth), strings.Repeat("[", MaxDepth+1) + strings.Repeat("]", MaxDepth+1),
		strings.Repeat(`{"a":`, MaxDepth) + "1" + strings.Repeat("}", MaxDepth), strings.Repeat(`{"a":`, MaxDepth+1) + "1" + strings.Repeat("}", MaxDepth+1),
		`{"a":1]`, `{"a":1 "b":2}`, `[1}`, `[1 2]`, `{"a":{"b":1]}`, `[[1}]`,
	}
}

// check holds a text against encoding/json.
func check(t *testing.T, text string) {
	t.Helper()
	data := []byte(text)
	value := Value(data)
	if want := json.Valid(data); (value != nil) != want {
		t.Fatalf("sound = %v, want %v, for %.200q", value != nil, want, text)
	}
	if object := Object(data); object != nil != (len(value) > 0 && value[0] == '{') {
		t.Fatalf("object = %v for %.200q", object != nil, text)
	}
	if value == nil {
		return
	}
	if want := bytes.Trim(data, " \t\r\n"); !bytes.Equal(value, want) {
		t.Fatalf("value %.200q, want %.200q", value, want)
	}
	if !utf8.Valid(data) {
		return // encoding/json would change the names
	}
	switch value[0] {
	case '{':
		var want map[string]json.RawMessage
		if err := json.Unmarshal(value, &want); err != nil {
			t.Fatal(err)
		}
		got := make(map[string]json.RawMessage)
		for name, part := range Members(value) {
			got[string(name)] = part
		}
		if diff := cmp.Diff(got, Object(data)); diff != "" {
			t.Fatalf("object of %.200q (-members +object):\n%s", text, diff)
		}
		if diff := cmp.Diff(want, got); diff != "" && !strings.Contains(text, `\u`) { // half a pair of surrogates is read as gjson does
			t.Fatalf("members of %.200q (-want +got):\n%s", text, diff)
		}
	case '[':
		var want, got []json.RawMessage
		if err := json.Unmarshal(value, &want); err != nil {
			t.Fatal(err)
		}
		for part := range Elements(value) {
			got = append(got, part)
		}
		if diff := cmp.Diff(want, got, cmpopts.EquateEmpty()); diff != "" {
			t.Fatalf("elements of %.200q (-want +got):\n%s", text, diff)
		}
	}
}

func TestAsEncodingJSON(t *testing.T) {
	for _, text := range seeds() {
		check(t, text)
	}
}

// Nothing is read outside of what was given, wherever a text is torn.
func TestTorn(t *testing.T) {
	const text = ` {"a":[1,-2.5e+3,true,false,null,"\u00e9\n"],"b":{"c":"d"}} `
	for end := range len(text) {
		check(t, text[:end])
		check(t, text[end:])
		var names []string
		for name, value := range Members([]byte(strings.TrimSpace(text[:end]))) {
			names = append(names, string(name)+string(value))
		}
		if len(names) > 2 {
			t.Errorf("members of %q: %q", text[:end], names)
		}
	}
}

func TestMember(t *testing.T) {
	object := []byte(`{"a":1,"b":{"a":2},"a":3,"\u0063":[]}`)
	for name, want := range map[string]string{"a": "1", "b": `{"a":2}`, "c": "[]", "d": ""} {
		if got := string(Member(object, name)); got != want {
			t.Errorf("member %s = %q, want %q", name, got, want)
		}
	}
}

// To append to one value of an object must not write into the next.
func TestObjectValuesEndWhereTheyEnd(t *testing.T) {
	data := []byte(`{"a":1,"b":2}`)
	object := Object(data)
	_ = append(object["a"], "00000"...)
	if string(data) != `{"a":1,"b":2}` || string(object["b"]) != "2" {
		t.Errorf("data %s, b %s: what was appended to a went into them", data, object["b"])
	}
}

// FuzzAsEncodingJSON holds what is sound, and its parts, against encoding/json.
func FuzzAsEncodingJSON(f *testing.F) {
	for _, text := range seeds() {
		if len(text) < MaxDepth {
			f.Add(text)
		}
	}
	f.Fuzz(func(t *testing.T, text string) { check(t, text) })
}

func BenchmarkValue(b *testing.B) {
	item := `{"type":"message","role":"user","content":[{"type":"input_text","text":"` + strings.Repeat(`Some \"words\" of a question.\n`, 60) + `"}]},`
	data := []byte("[" + strings.TrimSuffix(strings.Repeat(item, 500), ",") + "]")
	b.Run("ours", func(b *testing.B) {
		b.SetBytes(int64(len(data)))
		for b.Loop() {
			if Value(data) == nil {
				b.Fatal("not sound")
			}
		}
	})
	b.Run("encoding/json", func(b *testing.B) {
		b.SetBytes(int64(len(data)))
		for b.Loop() {
			if !json.Valid(data) {
				b.Fatal("not sound")
			}
		}
	})
}
