package responses

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func items(texts ...string) []json.RawMessage {
	var list []json.RawMessage
	for _, text := range texts {
		list = append(list, json.RawMessage(text))
	}
	return list
}

func TestBodyHasWhatTheBackendAsksFor(t *testing.T) {
	const user = `{"type":"message","role":"user","content":[{"type":"input_text","text":"hi"}]}`
	const tail = `,"store":false,"stream":true}`
	quoted := string(quote(DefaultInstructions))
	tests := []struct {
		name    string
		request Request
		want    string
	}{
		{
			"instructions and the two flags are added",
			Request{Model: "m", Input: items(user)},
			`{"model":"m","instructions":` + quoted + `,"input":[` + user + `]` + tail,
		},
		{
			"own instructions stay",
			Request{Instructions: "Mine.", Input: items(user)},
			`{"instructions":"Mine.","input":[` + user + `]` + tail,
		},
		{
			"the flags cannot be had otherwise",
			Request{Instructions: "i", Input: items(user), Extra: map[string]json.RawMessage{"store": json.RawMessage(`true`), "stream": json.RawMessage(`false`)}},
			`{"instructions":"i","input":[` + user + `]` + tail,
		},
		{
			"system messages go behind the instructions, in order",
			Request{Instructions: "one", Input: items(
				`{"role":"system","content":"two"}`, user,
				`{"type":"message","role":"system","content":[{"type":"input_text","text":"thr"},{"type":"text","text":"ee"}]}`,
			)},
			`{"instructions":"one\n\ntwo\n\nthree","input":[` + user + `]` + tail,
		},
		{
			"a system message stands for the instructions",
			Request{Input: items(`{"role":"system","content":"Be kind."}`, user)},
			`{"instructions":"Be kind.","input":[` + user + `]` + tail,
		},
		{
			"developer messages stay where they are",
			Request{Instructions: "i", Input: items(`{"role":"developer","content":"d"}`, user)},
			`{"instructions":"i","input":[{"role":"developer","content":"d"},` + user + `]` + tail,
		},
		{
			"refused fields are left out, others are not",
			Request{Instructions: "i", Input: items(user), Extra: map[string]json.RawMessage{
				"temperature": json.RawMessage(`1`), "max_output_tokens": json.RawMessage(`9`), "tool_choice": json.RawMessage(`"auto"`),
			}},
			`{"instructions":"i","input":[` + user + `],"store":false,"stream":true,"tool_choice":"auto"}`,
		},
		{
			"angle brackets and ampersands are not escaped",
			Request{Instructions: "<a> & <b>", Input: items(string(UserText("1 < 2 & 3 > 2")))},
			`{"instructions":"<a> & <b>","input":[{"type":"message","role":"user","content":[{"type":"input_text","text":"1 < 2 & 3 > 2"}]}]` + tail,
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			before, _ := tt.request.MarshalJSON()
			got, err := tt.request.Body(false)
			if err != nil {
				t.Fatalf("error = %v, want none", err)
			}
			if diff := cmp.Diff(tt.want, string(got)); diff != "" {
				t.Errorf("body (-want +got):\n%s", diff)
			}
			if after, _ := tt.request.MarshalJSON(); string(before) != string(after) {
				t.Errorf("request after Body = %s, want it unchanged: %s", after, before)
			}
		})
	}
}

func TestBodyRefusesWhatTheBackendWould(t *testing.T) {
	tests := []struct {
		name, want string
		input      []json.RawMessage
	}{
		{"no input", "field input: want at least one item", nil},
		{"system messages only", "field input: want at least one item", items(`{"role":"system","content":"s"}`)},
		{"system message without text", "field input.1: want text in a system message", items(`{"role":"user"}`, `{"role":"system"}`)},
		{"system message with an image", "field input.0: want text in a system message, and its part 1 has none", items(`{"role":"system","content":[{"text":"a"},{"type":"input_image"}]}`)},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := Request{Input: tt.input}.Body(false)
			if !errors.Is(err, ErrBadRequest) || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("error = %v, want %v with %q", err, ErrBadRequest, tt.want)
			}
			c, trips := trips(refuses(500, `{}`))
			if _, err := c.Stream(t.Context(), Request{Input: tt.input}); !errors.Is(err, ErrBadRequest) || Attempts(err) != 0 || len(trips.at) != 0 {
				t.Errorf("Stream = %v after %d requests (said %d), want %v and none", err, len(trips.at), Attempts(err), ErrBadRequest)
			}
		})
	}
}

func TestRequestNamesTheFieldsThatAreRefused(t *testing.T) {
	r := decode(t, `{"user":"u","temperature":1,"previous_response_id":"p","top_p":1,"tool_choice":"auto","stop":["x"],"n":1}`)
	want := []string{"n", "previous_response_id", "stop", "temperature", "top_p", "user"}
	if diff := cmp.Diff(want, r.Refused()); diff != "" {
		t.Errorf("refused (-want +got):\n%s", diff)
	}
}

func TestLiteBody(t *testing.T) {
	r := decode(t, `{
		"model":"m","instructions":"Be brief.","tools":[{"type":"function","name":"f"}],
		"reasoning":{"effort":"low","context":"auto"},"parallel_tool_calls":true,
		"input":[
			{"role":"system","content":"Be kind."},
			{"type":"message","role":"user","content":[{"type":"input_text","text":"see"},{"type":"input_image","image_url":"data:,a","detail":"high"},{"type":"input_image","detail":"low","image_url":"data:,b"}]},
			{"type":"function_call_output","call_id":"c","output":[{"type":"input_image","image_url":"data:,c","detail":"auto"}]},
			{"type":"function_call_output","call_id":"d","output":"{\"detail\":1}"}
		]}`)
	want := `{"model":"m","input":[` +
		`{"type":"additional_tools","role":"developer","tools":[{"type":"function","name":"f"}]},` +
		`{"type":"message","role":"developer","content":[{"type":"input_text","text":"Be brief.\n\nBe kind."}]},` +
		`{"type":"message","role":"user","content":[{"type":"input_text","text":"see"},{"type":"input_image","image_url":"data:,a"},{"type":"input_image","image_url":"data:,b"}]},` +
		`{"type":"function_call_output","call_id":"c","output":[{"type":"input_image","image_url":"data:,c"}]},` +
		`{"type":"function_call_output","call_id":"d","output":"{\"detail\":1}"}` +
		`],"reasoning":{"effort":"low","context":"all_turns"},"parallel_tool_calls":false,"store":false,"stream":true}`
	got, err := r.Body(true)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, string(got)); diff != "" {
		t.Errorf("body (-want +got):\n%s", diff)
	}
	if plain, _ := r.Body(false); !strings.Contains(string(plain), `"detail":"high"`) {
		t.Errorf("plain body after the Lite one = %s, want the images as they were", plain)
	}
}

func TestLiteBodyWithoutTools(t *testing.T) {
	got, err := Request{Input: items(`{"role":"user","content":"hi"}`)}.Body(true)
	want := `{"input":[{"type":"additional_tools","role":"developer","tools":[]},` + string(message("developer", "input_text", DefaultInstructions)) +
		`,{"role":"user","content":"hi"}],"reasoning":{"context":"all_turns"},"parallel_tool_calls":false,"store":false,"stream":true}`
	if err != nil || string(got) != want {
		t.Errorf("body = %s, %v, want %s", got, err, want)
	}
}

// catalogue is a Catalogue of one answer, and remembers what it was told.
type catalogue struct {
	lite    bool
	known   bool
	asked   []string
	learned []string
}

func (c *catalogue) NeedsLite(_ context.Context, model string) bool {
	c.asked = append(c.asked, model)
	return c.lite
}
func (c *catalogue) KnownLite(string) bool    { return c.known }
func (c *catalogue) LearnedLite(model string) { c.learned = append(c.learned, model) }

func TestLiteIsTriedWhenTheModelAsksForIt(t *testing.T) {
	tests := []struct {
		name      string
		status    int
		body      string
		catalogue *catalogue
		want      bool
	}{
		{"reasoning context in the message", 400, `{"error":{"code":"unsupported_value","message":"reasoning.context must be all_turns"}}`, nil, true},
		{"reasoning context as the parameter", 400, `{"error":{"code":"unsupported_value","message":"wrong value","param":"reasoning.context"}}`, &catalogue{}, true},
		{"the header's name", 400, `{"detail":"Send X-OpenAI-Internal-Codex-Responses-Lite"}`, nil, true},
		{"another 400", 400, `{"detail":"Unsupported parameter: foo"}`, &catalogue{lite: true}, false},
		{"a model that has no Lite form", 400, `{"detail":"not supported when using X-OpenAI-Internal-Codex-Responses-Lite"}`, &catalogue{lite: true}, false},
		{"unknown model that is listed as Lite", 404, `{"detail":"Model not found gpt-t"}`, &catalogue{lite: true}, true},
		{"unknown model that is not listed as Lite", 404, `{"detail":"Model not found gpt-t"}`, &catalogue{}, false},
		{"unknown model without a catalogue", 404, `{"detail":"Model not found gpt-t"}`, nil, false},
		{"404 for another reason", 404, `{"detail":"Not Found"}`, &catalogue{lite: true}, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			b := serve(t, fails(tt.status, tt.body), says(hello...))
			c := b.client()
			if tt.catalogue != nil {
				c.Catalogue = tt.catalogue
			}
			var notices []NoticeKind
			c.Notify = func(n Notice) { notices = append(notices, n.Kind) }
			s, err := c.Stream(t.Context(), Request{Model: "gpt-t", Input: items(`{"role":"user","content":"hi"}`)})
			if !tt.want {
				if err == nil || Attempts(err) != 1 || len(b.got()) != 1 || len(notices) != 0 {
					t.Fatalf("error %v after %d requests (said %d), notices %v; want an error after 1", err, len(b.got()), Attempts(err), notices)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			defer s.Close()
			got := b.got()
			if s.Attempts() != 2 || len(got) != 2 {
				t.Fatalf("%d requests (said %d), want 2", len(got), s.Attempts())
			}
			if first, second := got[0].Header.Get(liteHeader), got[1].Header.Get(liteHeader); first != "" || second != "true" {
				t.Errorf("Lite header = %q, then %q, want none, then true", first, second)
			}
			if !strings.Contains(got[1].Body, `"additional_tools"`) || strings.Contains(got[0].Body, `"additional_tools"`) {
				t.Errorf("bodies = %s, then %s, want the second in the Lite form", got[0].Body, got[1].Body)
			}
			if diff := cmp.Diff([]NoticeKind{NoticeLite}, notices); diff != "" {
				t.Errorf("notices (-want +got):\n%s", diff)
			}
			if tt.catalogue != nil && !cmp.Equal(tt.catalogue.learned, []string{"gpt-t"}) {
				t.Errorf("catalogue learned %v, want gpt-t", tt.catalogue.learned)
			}
		})
	}
}

func TestLiteIsTriedOnce(t *testing.T) {
	b := serve(t, fails(http.StatusBadRequest, `{"error":{"param":"reasoning.context","message":"no"}}`))
	known := &catalogue{}
	c := b.client()
	c.Catalogue = known
	_, err := c.Stream(t.Context(), Request{Input: items(`{}`)})
	wantMeaning(t, err, ErrInvalid)
	if len(b.got()) != 2 || Attempts(err) != 2 || len(known.learned) != 0 {
		t.Errorf("%d requests (said %d), learned %v; want 2 and nothing learned", len(b.got()), Attempts(err), known.learned)
	}
}

// A plain model can refuse a value of reasoning.context itself: then its own words
// count, not those about the Lite form that it does not have.
func TestLiteRefusedShowsTheFirstRefusal(t *testing.T) {
	b := serve(t,
		fails(http.StatusBadRequest, `{"error":{"param":"reasoning.context","message":"Invalid value: 'bogus'."}}`),
		fails(http.StatusBadRequest, `{"detail":"This model is not supported when using X-OpenAI-Internal-Codex-Responses-Lite"}`))
	_, err := b.client().Stream(t.Context(), Request{Model: "gpt-5.5", Input: items(`{}`)})
	wantMeaning(t, err, ErrInvalid)
	if !strings.Contains(err.Error(), "bogus") || len(b.got()) != 2 {
		t.Errorf("error %v after %d requests, want the first refusal after 2", err, len(b.got()))
	}
}

func TestKnownLiteModelGetsTheLiteFormAtOnce(t *testing.T) {
	b := serve(t, says(hello...))
	c := b.client()
	c.Catalogue = &catalogue{known: true}
	s, err := c.Stream(t.Context(), Request{Model: "gpt-t", Input: items(`{"role":"user","content":"hi"}`)})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if got := b.got(); len(got) != 1 || got[0].Header.Get(liteHeader) != "true" || !strings.Contains(got[0].Body, `"additional_tools"`) {
		t.Errorf("requests = %v, want one in the Lite form", got)
	}
}

func TestKnownLiteModelThatHasNoLiteFormAnyMore(t *testing.T) {
	b := serve(t, fails(http.StatusBadRequest, `{"detail":"This model is not supported when using X-OpenAI-Internal-Codex-Responses-Lite"}`), says(hello...))
	c := b.client()
	c.Catalogue = &catalogue{known: true}
	s, err := c.Stream(t.Context(), Request{Model: "gpt-t", Input: items(`{"role":"user","content":"hi"}`)})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if got := b.got(); len(got) != 2 || got[1].Header.Get(liteHeader) != "" {
		t.Errorf("requests = %v, want the plain form after the refusal", got)
	}
}
