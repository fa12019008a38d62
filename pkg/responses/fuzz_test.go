package responses

import (
	"encoding/json"
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/tidwall/gjson"
)

// checkClean checks that every text of an error is fit for a terminal.
func checkClean(t testing.TB, err error) {
	t.Helper()
	texts := []string{err.Error()}
	var e *APIError
	if errors.As(err, &e) {
		texts = append(texts, e.Code, e.Type, e.Param, e.Message, e.Plan, e.RequestID, e.RayID, e.Location)
	}
	for _, text := range texts {
		if !utf8.ValidString(text) || strings.ContainsFunc(text, unicode.IsControl) || len(text) > 900 {
			t.Errorf("text = %q (%d bytes), want it valid, bounded and without control characters", text, len(text))
		}
	}
}

// fullDecode is newEvent by the book. It is false in the last value where the book
// leaves the choice: a repeated or a badly encoded type.
func fullDecode(data []byte) (kind string, ok, clear bool) {
	var fields map[string]json.RawMessage
	if err := json.Unmarshal(data, &fields); err != nil || fields == nil {
		return "", false, true
	}
	if !utf8.Valid(data) || strings.Contains(string(data), `\u`) {
		return "", false, false // one takes bad bytes and halves of pairs otherwise than the other
	}
	seen := 0
	gjson.ParseBytes(data).ForEach(func(key, _ gjson.Result) bool {
		if key.String() == "type" {
			seen++
		}
		return true
	})
	if seen > 1 {
		return "", false, false
	}
	raw := fields["type"]
	if len(raw) == 0 || raw[0] != '"' {
		return "", false, true
	}
	err := json.Unmarshal(raw, &kind)
	return kind, err == nil, true
}

func FuzzNewEvent(f *testing.F) {
	for _, e := range append(hello, evOverload, `{"delta":"x","type":"y"}`, `{ "type" : "a\"b" }`, `{"a":{"type":"z"}}`, `"{\"type\":\"x\"}"`, `[{"type":"x"}]`, `{"type":1}`, `{"type":"a"`, `null`, ``, `"{"`) {
		f.Add([]byte(e))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		e, ok := newEvent(data, data)
		kind, wantOK, clear := fullDecode(data)
		if clear && (ok != wantOK || e.Type != kind) {
			t.Errorf("newEvent(%q) = %q, %v, want %q, %v", data, e.Type, ok, kind, wantOK)
		}
		if !ok {
			return
		}
		// Reading on must not fail, whatever the fields are.
		_, _, _, _, _ = e.Delta(), e.OutputIndex(), e.Item(), e.Response(), e.Terminal()
		if failure := e.failure(); failure != nil {
			checkClean(t, failure)
		}
	})
}

func FuzzRequest(f *testing.F) {
	for _, s := range []string{
		`{"model":"m","input":"hi"}`, `{"input":[{"role":"system","content":"s"},{"role":"user","content":[{"type":"input_image","detail":"low"}]}],"store":true,"stream":false}`,
		`{"input":[{"output":[{"detail":1},{"detail":{"detail":2}}]},null,1,"x",["detail"]],"reasoning":{"a":1},"text":{"format":null}}`,
		`{"input":["{\"detail\":1}",{"content":"{\"detail\":1}"},{"content":["{\"detail\":1}"]}]}`, `{"tools":null,"temperature":1,"Store":true,"":1}`,
	} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		var r Request
		if err := r.UnmarshalJSON(data); err != nil {
			if !errors.Is(err, ErrBadRequest) {
				t.Errorf("error = %v, want %v", err, ErrBadRequest)
			}
			return
		}
		if out, _ := r.MarshalJSON(); !json.Valid(out) {
			t.Errorf("%q encodes to %q, want JSON", data, out)
		}
		for _, lite := range []bool{false, true} {
			body, err := r.Body(lite)
			if err != nil {
				if !errors.Is(err, ErrBadRequest) {
					t.Errorf("error = %v, want %v", err, ErrBadRequest)
				}
				continue
			}
			var fields struct {
				Store        *bool             `json:"store"`
				Stream       *bool             `json:"stream"`
				Instructions string            `json:"instructions"`
				Input        []json.RawMessage `json:"input"`
			}
			var names map[string]json.RawMessage
			if json.Unmarshal(body, &names) != nil || string(names["store"]) != "false" || string(names["stream"]) != "true" {
				t.Fatalf("body of %q = %q, want JSON with store false and stream true", data, body)
			}
			_ = json.Unmarshal(names["instructions"], &fields.Instructions)
			if err := json.Unmarshal(names["input"], &fields.Input); err != nil || len(fields.Input) == 0 || lite == (fields.Instructions != "") {
				t.Errorf("body of %q = %q, want input, and instructions unless Lite", data, body)
			}
		}
	})
}

func FuzzErrorBody(f *testing.F) {
	for _, s := range []string{
		`{"detail":"x"}`, `{"error":{"message":"m","code":"c","resets_at":1e99,"plan_type":"p"}}`, `{"detail":[{"loc":["a",1],"msg":"m"},1]}`, `{"detail":{"code":1}}`, `{"error":"a"}`,
		"<html>", "a\x1b\u009b\xff", `{"error":{"message":"try again in 99999999999999999999s"}}`, `"{"`, `[]`, ``,
	} {
		f.Add(400, []byte(s), "application/json", "5")
	}
	f.Fuzz(func(t *testing.T, status int, body []byte, kind, after string) {
		h := http.Header{"Content-Type": {kind}, "Retry-After": {after}, "Cf-Ray": {kind}, "X-Request-Id": {after}, "Location": {kind}}
		resp := &http.Response{StatusCode: status, Header: h, Body: http.NoBody}
		checkClean(t, readError(resp, time.Unix(1e9, 0)))
		e := &APIError{Status: status}
		e.fill(body)
		checkClean(t, e)
		if e.RetryAfter < 0 || e.RetryAfter > 366*24*time.Hour || e.ResetsAt.Year() > 9999 || e.Kind() == nil {
			t.Errorf("%q: wait %v, until %v, kind %v; want them within reason", body, e.RetryAfter, e.ResetsAt, e.Kind())
		}
	})
}

// FuzzCollector gives the collector and the text sink events in any order.
func FuzzCollector(f *testing.F) {
	f.Add([]byte(strings.Join(hello, "\n")))
	f.Add([]byte(strings.Join([]string{evItemDone, evHel, evTextDone, evAdded, evCompleted, evCompleted}, "\n")))
	f.Add([]byte(`{"type":"response.output_item.added","item":5}` + "\n" + evHel))
	f.Add([]byte(`{"type":"response.refusal.delta","output_index":-3,"content_index":-1,"delta":"x"}` + "\n" + `{"type":"response.completed","response":5}`))
	f.Add([]byte(`{"type":"response.output_text.delta","output_index":9,"content_index":99999999999,"delta":"x"}`))
	f.Add([]byte(`{"type":"response.output_item.added","item":{"content":7,"summary":"s","arguments":[]}}` + "\n" + evHel))
	f.Fuzz(func(t *testing.T, lines []byte) {
		var c Collector
		sink := NewTextSink(discard{})
		for line := range strings.Lines(string(lines)) {
			if e, ok := newEvent([]byte(strings.TrimSuffix(line, "\n")), nil); ok {
				c.Add(e)
				_ = sink.Event(e, true)
			}
		}
		_, _ = sink.Finish(true), c.Err()
		r := c.Response()
		_, _, _, _ = r.Text(), r.Refusal(), r.Reasoning(), r.ToolCalls()
		if out, err := r.MarshalJSON(); err != nil || !json.Valid(out) {
			t.Errorf("%q gives %q, %v, want JSON", lines, out, err)
		}
	})
}

type discard struct{}

func (discard) Write(p []byte) (int, error) { return len(p), nil }
