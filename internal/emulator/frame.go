package emulator

import (
	"bytes"
	"encoding/json"
	"math/rand/v2"

	"github.com/tidwall/gjson"
)

// frameEncoder renders frames in the event-stream format, with the scene's
// oddities.
//
// Source: WHATWG HTML, section 9.2.5, for what is allowed; the plain form is that
// of the recordings.
type frameEncoder struct {
	scene Scene
	rng   *rand.Rand
}

// encode renders one frame; first and last say where in the stream it stands.
func (e frameEncoder) encode(f frame, first, last bool) []byte {
	if f.verbatim != nil {
		return f.verbatim
	}
	var out bytes.Buffer
	if first && e.scene.BOM {
		out.WriteString("\ufeff")
	}
	if e.scene.Comments {
		out.WriteString(": keep-alive\n")
	}
	switch name := f.name; e.scene.EventNames {
	case EventNamesNone:
	case EventNamesFalse:
		out.WriteString("event: " + contradiction(name) + "\n")
	default:
		out.WriteString("event: " + name + "\n")
	}
	for line := range bytes.Lines(e.data(f)) {
		out.WriteString("data: ")
		out.Write(bytes.TrimSuffix(line, []byte("\n")))
		out.WriteByte('\n')
	}
	if !last || !e.scene.Unterminated {
		out.WriteByte('\n')
	}
	switch e.scene.LineEnd {
	case LineEndCRLF:
		return bytes.ReplaceAll(out.Bytes(), []byte("\n"), []byte("\r\n"))
	case LineEndCR:
		return bytes.ReplaceAll(out.Bytes(), []byte("\n"), []byte("\r"))
	}
	return out.Bytes()
}

// data renders the JSON of a frame, on several lines if the scene wants that.
func (e frameEncoder) data(f frame) []byte {
	data := f.data
	if f.kind == frameGarbage {
		return data
	}
	if e.scene.UnknownFields {
		data = append(bytes.TrimSuffix(data, []byte("}")), `,"emulator_novelty":{"nested":[1,null,"two"]}}`...)
	}
	if e.scene.ShuffleFields {
		data = e.shuffled(data)
	}
	if e.scene.MultiLine {
		var spread bytes.Buffer
		if json.Indent(&spread, data, "", "") == nil {
			data = spread.Bytes()
		}
	}
	return data
}

// shuffled puts the top-level fields of an object in random order.
func (e frameEncoder) shuffled(data []byte) []byte {
	var fields []string
	gjson.ParseBytes(data).ForEach(func(key, value gjson.Result) bool {
		fields = append(fields, key.Raw+":"+value.Raw)
		return true
	})
	e.rng.Shuffle(len(fields), func(i, j int) { fields[i], fields[j] = fields[j], fields[i] })
	out := []byte{'{'}
	for n, field := range fields {
		if n > 0 {
			out = append(out, ',')
		}
		out = append(out, field...)
	}
	return append(out, '}')
}

// contradiction is a type that the data surely does not have.
func contradiction(name string) string {
	if name == "response.completed" {
		return "response.output_text.delta"
	}
	return "response.completed"
}
