package responses

import (
	"bytes"
	"errors"
	"io"
	"strings"
	"testing"
)

// chunks remembers each call of Write.
type chunks []string

func (c *chunks) Write(p []byte) (int, error) {
	*c = append(*c, string(p))
	return len(p), nil
}

func event(t testing.TB, data string) Event {
	t.Helper()
	e, ok := newEvent([]byte(data), []byte("data: "+data+"\n\n"))
	if !ok {
		t.Fatalf("no event: %s", data)
	}
	return e
}

func TestTextSinkWritesTheFirstTextAtOnceAndTheRestTogether(t *testing.T) {
	var out chunks
	sink := NewTextSink(&out)
	for _, e := range []string{evCreated, evHel, evLo, evLo} {
		if err := sink.Event(event(t, e), true); err != nil {
			t.Fatal(err)
		}
	}
	if err := sink.Event(event(t, evHel), false); err != nil {
		t.Fatal(err)
	}
	if got := strings.Join(out, "|"); got != "Hel|loloHel" || !sink.Wrote() {
		t.Errorf("writes = %s, want Hel|loloHel", got)
	}
	if err := sink.Finish(true); err != nil || strings.Join(out, "|") != "Hel|loloHel|\n" {
		t.Errorf("writes = %q, %v, want a newline at the end", out, err)
	}
}

func TestTextSinkWritesCallsAsLines(t *testing.T) {
	call := `{"type":"response.output_item.done","output_index":1,"item":{"type":"function_call",` + "\n" + `"name":"f","arguments":"{}"}}`
	var out bytes.Buffer
	sink := NewTextSink(&out)
	for _, e := range []string{evHel, call, strings.Replace(call, `"output_index":1`, `"output_index":2`, 1)} {
		if err := sink.Event(event(t, e), false); err != nil {
			t.Fatal(err)
		}
	}
	const line = `{"type":"function_call","name":"f","arguments":"{}"}` + "\n"
	if err := sink.Finish(true); err != nil || out.String() != "Hel\n"+line+line {
		t.Errorf("text = %q, %v, want the text and two lines", &out, err)
	}
}

// An answer that was collected first can be written item by item.
func TestTextSinkWritesFinishedItems(t *testing.T) {
	r, err := collect(hello...)
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	sink := NewTextSink(&out)
	for i, item := range append(r.Output, []byte(`{"type":"function_call","name":"f"}`)) {
		if err := sink.Item(i, item); err != nil {
			t.Fatal(err)
		}
	}
	if err := sink.Finish(true); err != nil || out.String() != "Hello\n{\"type\":\"function_call\",\"name\":\"f\"}\n" {
		t.Errorf("text = %q, %v, want the text and a line", &out, err)
	}
}

func TestTextSinkAddsANewlineOnlyWhereOneIsMissing(t *testing.T) {
	for _, tt := range []struct {
		name, delta, want string
		newline           bool
	}{
		{"missing", "a", "a\n", true},
		{"there", `a\n`, "a\n", true},
		{"not asked for", "a", "a", false},
		{"nothing written", "", "", true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var out bytes.Buffer
			sink := NewTextSink(&out)
			_ = sink.Event(event(t, strings.Replace(evHel, "Hel", tt.delta, 1)), true)
			if err := sink.Finish(tt.newline); err != nil || out.String() != tt.want {
				t.Errorf("text = %q, %v, want %q", &out, err, tt.want)
			}
		})
	}
}

// full is a writer without room.
type full struct{}

var errFull = errors.New("no space")

func (full) Write([]byte) (int, error) { return 0, errFull }

func TestSinksGiveTheWritersError(t *testing.T) {
	e := event(t, evHel)
	text := NewTextSink(full{})
	for name, err := range map[string]error{
		"text": text.Event(e, false), "text, at the end": text.Finish(true), "frames": NewFrameSink(full{}).Event(e), "lines": NewLineSink(full{}).Event(e),
	} {
		if !errors.Is(err, errFull) {
			t.Errorf("%s: error = %v, want %v", name, err, errFull)
		}
	}
}

func TestLineSinkPutsAnEventOnOneLine(t *testing.T) {
	for data, want := range map[string]string{
		`{"type":"a", "x": 1}`:       `{"type":"a", "x": 1}` + "\n",
		"{\"type\":\"a\",\n\"x\":1}": `{"type":"a","x":1}` + "\n",
	} {
		var out chunks
		if err := NewLineSink(&out).Event(event(t, data)); err != nil || len(out) != 1 || out[0] != want {
			t.Errorf("writes = %q, %v, want %q at once", out, err, want)
		}
	}
	// What cannot be read is not made worse.
	if got := compact([]byte("{\n")); string(got) != "{\n" {
		t.Errorf("compact = %q, want it unchanged", got)
	}
}

// The memory of the text sink does not grow with the answer.
func TestTextSinkAllocations(t *testing.T) {
	e := event(t, evHel)
	sink := NewTextSink(io.Discard)
	_ = sink.Event(e, true)
	if n := testing.AllocsPerRun(1000, func() { _ = sink.Event(e, true) }); n > 1 {
		t.Errorf("%.1f allocations per delta, want at most 1", n)
	}
}
