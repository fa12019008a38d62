package responses

import (
	"bytes"
	"encoding/json"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/tidwall/gjson"

	"github.com/codexctl/codexctl/internal/rawjson"
)

// deltaEvent is a delta as the backend lays it out.
const deltaEvent = `{"type":"response.output_text.delta","content_index":0,"delta":" word","item_id":"msg_0123456789abcdef","logprobs":[],"obfuscation":"a1B2c3","output_index":1,"sequence_number":42}`

// found is all that a scan notes, as text.
func found(data string) (map[string]string, bool) {
	var m members
	if !m.scan([]byte(data)) {
		return nil, false
	}
	all := make(map[string]string)
	for name, place := range map[string]member{
		"type": memberType, "delta": memberDelta, "output_index": memberOutputIndex, "content_index": memberContentIndex,
		"summary_index": memberSummaryIndex, "item": memberItem, "response": memberResponse,
	} {
		if value := m.value([]byte(data), place); value != nil {
			all[name] = string(value)
		}
	}
	return all, true
}

func TestScanFindsTheMembers(t *testing.T) {
	type all map[string]string
	usual := all{"type": `"response.output_text.delta"`, "content_index": "0", "delta": `" word"`, "output_index": "1"}
	tests := []struct {
		name, data string
		want       all
	}{
		{"the backend's layout", deltaEvent, usual},
		{"white space everywhere", strings.NewReplacer(":", "\t:\n ", ",", "\r\n , ", "{", " { ", "}", " } ").Replace(deltaEvent), usual},
		{"another order", `{"output_index":1,"delta":" word","content_index":0,"type":"response.output_text.delta"}`, usual},
		{"more behind the backend's layout", strings.TrimSuffix(deltaEvent, "}") + `,"item":{"a":[{}]}}`, all{
			"type": `"response.output_text.delta"`, "content_index": "0", "delta": `" word"`, "output_index": "1", "item": `{"a":[{}]}`,
		}},
		{"delta of no text", `{"type":"a","delta":{"delta":"x"}}`, all{"type": `"a"`, "delta": `{"delta":"x"}`}},
		{"all of them", `{"response":{"item":1},"item":[],"summary_index":-0,"delta":null}`, all{"response": `{"item":1}`, "item": "[]", "summary_index": "-0", "delta": "null"}},
		{"escapes in the names", `{"\u0074ype":"a","delt\u0061":"b"}`, all{"type": `"a"`, "delta": `"b"`}},
		{"a name that only ends alike", `{"xtype":"a","type\"":"b","typ":"c"}`, all{}},
		{"the first of one name counts", `{"type":"a","delta":"b","\u0064elta":"c","type":"d"}`, all{"type": `"a"`, "delta": `"b"`}},
		{"the first counts in the backend's layout too", `{"type":"a","delta":"b","output_index":1,"output_index":2}`, all{"type": `"a"`, "delta": `"b"`, "output_index": "1"}},
		{"names inside values", `{"a":{"type":"b"},"c":["type"],"d":"\"type\":1"}`, all{}},
		{"an object with nothing", " { } ", all{}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, ok := found(tt.data)
			if diff := cmp.Diff(map[string]string(tt.want), got); !ok || diff != "" {
				t.Errorf("%s: readable %v (-want +got):\n%s", tt.data, ok, diff)
			}
		})
	}
}

func TestScanAcceptsWhatTheStandardDoes(t *testing.T) {
	values := []string{
		"0", "-0", "1e5", "1E+5", "1e-5", "0.5", "-0.5e1", "123456789012345678901234567890", "true", "false", "null", `""`, "[]", "{}", "[ ]", "[1,2]", `{"a":1,"b":2}`,
		"01", "-", "-01", "+1", ".5", "1.", "1.e1", "1e", "1e+", "0x1", "1_0", "NaN", "Infinity", "tru", "truex", "nul", "True", "1 2", "[1,]", "[,]", "[1 2]", "[", "]", "[1}", "{1:2}", `{"a"}`, `{"a":}`, `{"a":1,}`, `{"a" 1}`, `{,}`,
		`"\""`, `"\\"`, `"\/\b\f\n\r\t"`, `"\u00e9"`, `"\uD83D\uDE00"`, `"\ud800"`, `"\udc00\ud800"`, `"\ud800\u0041"`, `"é"`, "\"\xff\"", "\"\xed\xa0\x80\"", "\"\x7f\"", "\"\u2028\"",
		`"\x"`, `"\u12"`, `"\u12g4"`, `"\u"`, `"\`, `"\"`, `'a'`, "\"\n\"", "\"\t\"", "\"\x00\"", "\"\x1f\"", "\x00", "\"12345678\x1f\"", "\"1234567", "\v1", "\u00a01", "/**/1",
	}
	for _, value := range values {
		for _, data := range []string{
			`{"a":` + value + `}`, `{"delta":` + value + `,"type":"a"}`, "{\n\"a\" : [" + value + " ] } ",
			`{"type":"a","delta":` + value + `,"output_index":` + value + `}`, `{"a":"` + value + `"}`, `{` + value + `:1}`, value,
		} {
			if _, ok := found(data); ok != (json.Valid([]byte(data)) && data[0] == '{') {
				t.Errorf("scan(%q) = %v, want what encoding/json says", data, ok)
			}
		}
	}
}

func TestScanWantsOneObjectAndNoMore(t *testing.T) {
	for _, data := range []string{"", " ", "null", "1", `"{\"type\":\"a\"}"`, `[{"type":"a"}]`, "\xEF\xBB\xBF{}", "{}\x00", "{} {}", "{},", "{}x", "x{}", deltaEvent + "}", deltaEvent + ","} {
		if _, ok := found(data); ok {
			t.Errorf("scan(%q) = true, want false", data)
		}
	}
}

func TestScanBoundsTheDepth(t *testing.T) {
	for _, pair := range []string{"[]", `{"a":}`} {
		in, out := pair[:len(pair)-1], pair[len(pair)-1:]
		for _, tt := range []struct {
			depth int
			want  bool
		}{{rawjson.MaxDepth, true}, {rawjson.MaxDepth + 1, false}, {1 << 21, false}} {
			nested := strings.Repeat(in, tt.depth-1) + "1" + strings.Repeat(out, tt.depth-1)
			data := `{"item":` + nested + `,"type":"a"}`
			if _, ok := found(data); ok != tt.want || tt.depth < 1<<20 && json.Valid([]byte(data)) != tt.want {
				t.Errorf("%d times %s: scan = %v, want %v as encoding/json", tt.depth, pair, ok, tt.want)
			}
		}
		if _, ok := found(`{"item":` + strings.Repeat(in, 8<<20)); ok {
			t.Errorf("%s never closed: scan = true, want false", pair)
		}
	}
}

// An event that is cut anywhere cannot be read; one with a byte exchanged is read if
// encoding/json reads it.
func checkTorn(t *testing.T, event string) {
	t.Helper()
	for cut := range len(event) {
		if _, ok := found(event[:cut]); ok {
			t.Errorf("scan(%q) = true, want false", event[:cut])
		}
		for _, c := range []byte{'"', '\\', 0, '}', '{', '0', ' ', 0xff} {
			torn := []byte(event)
			torn[cut] = c
			if _, ok := found(string(torn)); ok != (json.Valid(torn) && bytes.HasPrefix(bytes.TrimSpace(torn), []byte("{"))) {
				t.Errorf("scan(%q) = %v, want what encoding/json says", torn, ok)
			}
		}
	}
}

func TestScanOfTornEvents(t *testing.T) {
	checkTorn(t, deltaEvent)
	checkTorn(t, ` {"type":"response.output_text.done", "text":"a\n\u00e9","item":{"a":[1.5e3,true,null]}}`)
}

func TestScanOfTornRecordedEvents(t *testing.T) {
	for _, line := range data(recordings(t)["test_codex_stream.0.sse"]) {
		checkTorn(t, line)
	}
}

// An event whose maker did not scan it tells the same.
func TestEventsMadeByOthers(t *testing.T) {
	const data = `{"type":"response.output_text.delta","content_index":3,"delta":"a\n","item":{"a":1},"output_index":2,"response":[],"summary_index":4}`
	read := event(t, data)
	for name, e := range map[string]Event{
		"read": read, "copied": {Type: read.Type, Data: bytes.Clone(read.Data), members: read.members}, "literal": {Type: typeTextDelta, Data: []byte(data)},
		"other data put in": {Type: read.Type, Data: []byte(" " + data), members: read.members},
	} {
		got := []string{e.Delta(), string(e.RawDelta()), strconv.Itoa(e.OutputIndex()), strconv.Itoa(e.contentIndex()), strconv.Itoa(e.summaryIndex()), string(e.Item()), string(e.Response())}
		if diff := cmp.Diff([]string{"a\n", `"a\n"`, "2", "3", "4", `{"a":1}`, "[]"}, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
	for name, e := range map[string]Event{
		"zero": {}, "no JSON": {Data: []byte("data")}, "no members": {Data: []byte("{}")},
		"data changed in place": {Data: []byte(strings.Repeat("\\", len(data))), members: members{size: uint32(len(data)), from: [memberCount]uint32{1, 0, 3, 4, 5, 6, 7}}},
	} {
		if e.Delta() != "" || e.RawDelta() != nil || e.OutputIndex() != 0 || e.Item() != nil || e.Response() != nil {
			t.Errorf("%s: %q, %d, %s, %s; want nothing", name, e.Delta(), e.OutputIndex(), e.Item(), e.Response())
		}
	}
}

// What Item and Response give outlives the event, and growing it harms nobody.
func TestItemAndResponseAreCopies(t *testing.T) {
	e := event(t, `{"type":"a","item":{"a":1},"response":{"b":2}}`)
	item, response := e.Item(), e.Response()
	clear(e.Data)
	if string(item) != `{"a":1}` || string(response) != `{"b":2}` {
		t.Errorf("item %s, response %s; want them unharmed", item, response)
	}
}

func TestIntegerReadsAsBefore(t *testing.T) {
	for _, value := range []string{"", "0", "7", "-7", "123456789", "1234567890", "99999999999999999999", "-0", "1e3", "1.9", `"12"`, `"x"`, "true", "null", "[1]", `{"a":1}`} {
		if got, want := integer([]byte(value)), int(gjson.Parse(value).Int()); got != want {
			t.Errorf("integer(%s) = %d, want %d", value, got, want)
		}
	}
}

// Reading a delta costs its text and nothing else.
func TestEventAllocations(t *testing.T) {
	data := []byte(deltaEvent)
	escaped := bytes.Replace(data, []byte(" word"), []byte(`\n\u00e9`), 1)
	length := 0
	for name, tt := range map[string]struct {
		most float64
		read func()
	}{
		"type and raw delta": {0, func() { e, _ := newEvent(data, nil); length += len(e.Type) + len(e.RawDelta()) + e.OutputIndex() }},
		"delta":              {1, func() { e, _ := newEvent(data, nil); benchText = e.Delta() }},
		"escaped delta":      {2, func() { e, _ := newEvent(escaped, nil); benchText = e.Delta() }},
	} {
		if got := testing.AllocsPerRun(100, tt.read); got > tt.most {
			t.Errorf("%s: %v allocations, want at most %v", name, got, tt.most)
		}
	}
	var p Pieces
	keep := func(piece Piece) { benchText = piece.Text }
	for name, data := range map[string][]byte{"piece": data, "escaped piece": escaped} {
		if got := testing.AllocsPerRun(100, func() { e, _ := newEvent(data, nil); p.Event(e, keep) }); got > 1 {
			t.Errorf("%s: %v allocations, want at most 1", name, got)
		}
	}
}

// same compares an event with gjson, which read the events before.
func same(t *testing.T, data []byte) {
	t.Helper()
	e, ok := newEvent(data, nil)
	kind := gjson.GetBytes(data, "type")
	object := bytes.HasPrefix(bytes.TrimLeft(data, " \t\r\n"), []byte("{"))
	if want := json.Valid(data) && object && kind.Type == gjson.String; ok != want {
		t.Fatalf("newEvent(%q) = %v, want %v", data, ok, want)
	}
	if want := gjson.ValidBytes(data) && object && kind.Type == gjson.String; ok != want && bytes.Count(data, []byte("{"))+bytes.Count(data, []byte("[")) < rawjson.MaxDepth {
		t.Fatalf("newEvent(%q) = %v, want %v as gjson", data, ok, want)
	}
	if !ok {
		return
	}
	get := func(name string) gjson.Result { return gjson.GetBytes(data, name) }
	type view struct {
		Type, Delta, RawDelta, Item, Response string
		Output, Content, Summary              int
	}
	got := view{e.Type, e.Delta(), string(e.RawDelta()), string(e.Item()), string(e.Response()), e.OutputIndex(), e.contentIndex(), e.summaryIndex()}
	want := view{
		kind.Str, get("delta").Str, get("delta").Raw, get("item").Raw, get("response").Raw,
		int(get("output_index").Int()), int(get("content_index").Int()), int(get("summary_index").Int()),
	}
	if get("delta").Type != gjson.String {
		want.RawDelta = ""
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Fatalf("%q (-gjson +ours):\n%s", data, diff)
	}
}

func TestRecordedEventsReadAsWithGJSON(t *testing.T) {
	for _, stream := range recordings(t) {
		for _, line := range data(stream) {
			same(t, []byte(line))
		}
	}
}

// FuzzScan holds the scan against encoding/json and gjson.
func FuzzScan(f *testing.F) {
	for _, s := range append(hello, deltaEvent, `{"\u0074ype":"\ud83d\ude00\ud800\u0041\ud800x","delta":"\"\\\/\b\f\n\r\t"}`, ` { "type" : "a" , "output_index" : -1.5e3 , "item" : [ { } , [ ] , null , true , false ] } `,
		`{"type":"a","delta":"b","output_index":01}`, `{"type":"a","delta":"b","sequence_number":1,"summary_index":2}`, `{"type":"a","delta":"b","delta":"c","output_index":"12","content_index":true}`,
		"{\"type\":\"a\xff\",\"delta\":\"\x01\"}", `{"type":"a","response":{"a":{"b":[1,2]}}}`, "\xEF\xBB\xBF{}", `{"type":"a"}x`,
	) {
		f.Add([]byte(s))
	}
	f.Fuzz(same)
}
