package responses

import (
	"encoding/json"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

// view is all that an event tells of itself.
type view struct {
	Delta, Reasoning, Phase     string
	Index                       int
	Item, Response              string
	Terminal, HasText, IsAnswer bool
	Call                        ToolCall
	IsCall                      bool
}

func newEvent(data, frame []byte) (e Event, ok bool) {
	if !e.read(data, frame) {
		return Event{}, false
	}
	return e, true
}

func TestEventViews(t *testing.T) {
	tests := []struct {
		name, data string
		want       view
	}{
		{"text", `{"type":"response.output_text.delta","output_index":2,"delta":"a\nb"}`, view{Delta: "a\nb", Index: 2, HasText: true}},
		{"finished text", `{"type":"response.output_text.done","text":"a"}`, view{HasText: true}},
		{"refusal", `{"type":"response.refusal.delta","delta":"a"}`, view{Delta: "a"}},
		{"summary", `{"type":"response.reasoning_summary_text.delta","delta":"a"}`, view{Delta: "a", Reasoning: "a"}},
		{"thought", `{"type":"response.reasoning_text.delta","delta":"a"}`, view{Delta: "a", Reasoning: "a"}},
		{"delta of another kind", `{"type":"response.output_text.delta","delta":{"a":1}}`, view{HasText: true}},
		{"item begun", `{"type":"response.output_item.added","item":{"phase":"final_answer"}}`, view{Phase: "final_answer", Item: `{"phase":"final_answer"}`}},
		{"item finished", `{"type":"response.output_item.done","item":{"phase":"final_answer"}}`, view{Item: `{"phase":"final_answer"}`}},
		{
			"call begun", `{"type":"response.output_item.added","item":{"type":"function_call","name":"f"}}`,
			view{Item: `{"type":"function_call","name":"f"}`},
		},
		{
			"call finished", `{"type":"response.output_item.done","item":{"type":"function_call","call_id":"c","name":"f","arguments":"{}"}}`,
			view{Item: `{"type":"function_call","call_id":"c","name":"f","arguments":"{}"}`, Call: ToolCall{"c", "f", "{}", false}, IsCall: true},
		},
		{"created", `{"type":"response.created","response":{"id":"r"}}`, view{Response: `{"id":"r"}`, IsAnswer: true}},
		{"completed", `{"type":"response.completed"}`, view{Terminal: true, IsAnswer: true}},
		{"failed", `{"type":"response.failed"}`, view{Terminal: true, IsAnswer: true}},
		{"incomplete", `{"type":"response.incomplete"}`, view{Terminal: true, IsAnswer: true}},
		{"error", `{"type":"error"}`, view{}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			e := event(t, tt.data)
			got := view{
				Delta: e.Delta(), Reasoning: e.ReasoningDelta(), Phase: e.Phase(), Index: e.OutputIndex(), Item: string(e.Item()),
				Response: string(e.Response()), Terminal: e.Terminal(), HasText: e.HasText(), IsAnswer: e.IsResponse(),
			}
			got.Call, got.IsCall = e.ToolCall()
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("event (-want +got):\n%s", diff)
			}
		})
	}
}

func TestNewEventReadsTheTypeWhereverItStands(t *testing.T) {
	for data, want := range map[string]string{
		`{"type":"a.b","x":1}`:           "a.b",
		`{ "type" : "a" }`:               "a",
		`{"x":{"type":"no"},"type":"a"}`: "a",
		`{"type":"a\"b"}`:                `a"b`,
		`{"type":""}`:                    "",
	} {
		e, ok := newEvent([]byte(data), []byte("frame"))
		if diff := cmp.Diff(Event{Type: want, Data: []byte(data), Frame: []byte("frame")}, e, cmpopts.IgnoreUnexported(Event{})); !ok || diff != "" {
			t.Errorf("newEvent(%s): %v (-want +got):\n%s", data, ok, diff)
		}
	}
}

// Each character is given once, with the item that it belongs to.
func TestPieces(t *testing.T) {
	second := `{"type":"response.output_item.done","output_index":1,"item":{"type":"message","content":[{"type":"output_text","text":"b"},{"type":"refusal","refusal":"no"}]}}`
	var p Pieces
	var got []Piece
	for _, data := range append(hello, second) {
		p.Event(event(t, data), func(piece Piece) { got = append(got, piece) })
	}
	p.Item(2, json.RawMessage(`{"type":"message","content":[{"type":"output_text","text":"c"}]}`), func(piece Piece) { got = append(got, piece) })
	p.Item(3, json.RawMessage(`{"type":"function_call","content":[{"type":"output_text","text":"c"}]}`), func(Piece) { t.Error("a piece of a call") })
	want := []Piece{{"Hel", 0, false}, {"lo", 0, false}, {"b", 1, false}, {"no", 1, true}, {"c", 2, false}}
	if diff := cmp.Diff(want, got); diff != "" || p.Err() != nil {
		t.Errorf("error %v, pieces (-want +got):\n%s", p.Err(), diff)
	}
}
