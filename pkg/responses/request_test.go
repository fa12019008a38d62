package responses

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

func decode(t *testing.T, text string) Request {
	t.Helper()
	var r Request
	if err := json.Unmarshal([]byte(text), &r); err != nil {
		t.Fatalf("decode %s: %v", text, err)
	}
	return r
}

func TestRequestDecodes(t *testing.T) {
	got := decode(t, `{
		"model": "gpt-t", "instructions": "Be brief.", "input": [{"role":"user","content":"hi"}],
		"tools": [{"type":"function","name":"f"}],
		"reasoning": {"effort":"low","summary":"auto","context":"auto","later":1},
		"text": {"verbosity":"low","format":{"type":"json_object"},"later":[2]},
		"include": ["reasoning.encrypted_content"], "service_tier": "priority", "prompt_cache_key": "k",
		"tool_choice": "auto", "future": {"a": null}, "store": true, "stream": false
	}`)
	want := Request{
		Model: "gpt-t", Instructions: "Be brief.",
		Input:     []json.RawMessage{json.RawMessage(`{"role":"user","content":"hi"}`)},
		Tools:     []json.RawMessage{json.RawMessage(`{"type":"function","name":"f"}`)},
		Reasoning: Reasoning{Effort: "low", Summary: "auto", Context: "auto", Extra: map[string]json.RawMessage{"later": json.RawMessage(`1`)}},
		Text: Text{
			Verbosity: "low", Format: json.RawMessage(`{"type":"json_object"}`),
			Extra: map[string]json.RawMessage{"later": json.RawMessage(`[2]`)},
		},
		Include: []string{"reasoning.encrypted_content"}, ServiceTier: "priority", PromptCacheKey: "k",
		Extra: map[string]json.RawMessage{"tool_choice": json.RawMessage(`"auto"`), "future": json.RawMessage(`{"a": null}`)},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("request (-want +got):\n%s", diff)
	}
}

func TestRequestSurvivesARoundTrip(t *testing.T) {
	for _, text := range []string{
		`{"input":[]}`,
		`{"model":"m","input":[{"a":1}],"tools":[]}`,
		`{"input":[],"reasoning":{"effort":"low"},"text":{"verbosity":"low"},"include":["a","b"]}`,
		`{"input":[],"include":[]}`,
		`{"instructions":"a < b && c > d","input":[{"x":"é"}],"service_tier":"priority","prompt_cache_key":"k","alpha":1.50,"omega":null}`,
		`{"input":[],"reasoning":{"later":{"b":1}},"text":{"format":{"type":"text"},"later":true}}`,
	} {
		r := decode(t, text)
		got, err := r.MarshalJSON()
		if err != nil || string(got) != text {
			t.Errorf("round trip = %s, %v, want %s", got, err, text)
		}
		if diff := cmp.Diff(r, decode(t, string(got)), cmpopts.EquateEmpty()); diff != "" {
			t.Errorf("decoded again (-want +got):\n%s", diff)
		}
	}
}

func TestRequestTakesAStringAsOneMessageOfTheUser(t *testing.T) {
	got := decode(t, `{"input":"line 1\n\"quoted\""}`).Input
	want := []json.RawMessage{json.RawMessage(`{"type":"message","role":"user","content":[{"type":"input_text","text":"line 1\n\"quoted\""}]}`)}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("input (-want +got):\n%s", diff)
	}
}

func TestRequestTakesNullAsAbsent(t *testing.T) {
	got := decode(t, `{"model":null,"instructions":null,"input":null,"tools":null,"reasoning":null,"text":null,"include":null}`)
	if diff := cmp.Diff(Request{}, got, cmpopts.EquateEmpty()); diff != "" {
		t.Errorf("request (-want +got):\n%s", diff)
	}
}

func TestRequestNamesTheFieldThatIsWrong(t *testing.T) {
	tests := []struct{ name, text, want string }{
		{"model a number", `{"model":5}`, "field model: want a string"},
		{"instructions a list", `{"instructions":[]}`, "field instructions: want a string"},
		{"input a number", `{"input":5}`, "field input: want a string or a list of items"},
		{"input an object", `{"input":{}}`, "field input: want a string or a list of items"},
		{"tools an object", `{"tools":{}}`, "field tools: want a list"},
		{"include with a number", `{"include":[1]}`, "field include: want a list of strings"},
		{"reasoning a string", `{"reasoning":"high"}`, "field reasoning: want an object"},
		{"effort a number", `{"reasoning":{"effort":3}}`, "field reasoning.effort: want a string"},
		{"verbosity a list", `{"text":{"verbosity":[]}}`, "field text.verbosity: want a string"},
		{"first of two faults", `{"model":5,"tools":5}`, "field model: want a string"},
		{"not an object", `[]`, "not a JSON object"},
		{"null", `null`, "not a JSON object"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r := Request{Model: "before"}
			err := r.UnmarshalJSON([]byte(tt.text))
			if !errors.Is(err, ErrBadRequest) || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("error = %v, want %v with %q", err, ErrBadRequest, tt.want)
			}
			if r.Model != "before" {
				t.Errorf("model after the error = %q, want it unchanged", r.Model)
			}
		})
	}
}

func TestRequestRefusesWhatIsNotJSON(t *testing.T) {
	for _, text := range []string{``, `{`, `{"model":"m"} x`, "\xff"} {
		if err := new(Request).UnmarshalJSON([]byte(text)); !errors.Is(err, ErrBadRequest) {
			t.Errorf("decode %q = %v, want %v", text, err, ErrBadRequest)
		}
	}
}
