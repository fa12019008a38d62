package chatcompat

import (
	"strings"
	"testing"

	"github.com/codexctl/codexctl/pkg/responses"
)

const realDelta = `{"type":"response.output_text.delta","content_index":0,"delta":" answer","item_id":"msg_0396a0de570e04cb016a0e8cab2dc08199a7a5fd6aefe48867","logprobs":[],"obfuscation":"QqHh6sgNal80fRX","output_index":1,"sequence_number":13}`

func benchmarkDelta(b *testing.B, request string, delta responses.Event) {
	c := plan(b, request, Options{}).Choice(someHead(), 0)
	buf := c.Chunks(nil, event(created))
	buf = c.Chunks(buf, event(callAdded(1, "f")))
	b.ReportAllocs()
	b.SetBytes(int64(len(delta.Data)))
	for b.Loop() {
		buf = c.Chunks(buf[:0], delta)
	}
}

func BenchmarkTextDelta(b *testing.B) { benchmarkDelta(b, someRequest, event(realDelta)) }

func BenchmarkTextDeltaNotASCII(b *testing.B) {
	benchmarkDelta(b, someRequest, event(strings.Replace(realDelta, " answer", ` antwört\n`, 1)))
}

func BenchmarkTextDeltaWithCap(b *testing.B) {
	benchmarkDelta(b, withField("max_tokens", "1000000000"), event(realDelta))
}

func BenchmarkTextDeltaWithStop(b *testing.B) {
	benchmarkDelta(b, withField("stop", `["\n\nHuman:","END"]`), event(realDelta))
}

func BenchmarkSummaryDelta(b *testing.B) {
	benchmarkDelta(b, someRequest, event(strings.Replace(realDelta, "output_text", "reasoning_summary_text", 1)))
}

func BenchmarkArgumentsDelta(b *testing.B) {
	benchmarkDelta(b, someRequest, event(strings.Replace(realDelta, "output_text", "function_call_arguments", 1)))
}

func BenchmarkUnknownEvent(b *testing.B) {
	benchmarkDelta(b, someRequest, event(strings.Replace(realDelta, "output_text", "novelty", 1)))
}

func BenchmarkParse(b *testing.B) {
	var body strings.Builder
	body.WriteString(`{"model":"gpt-5.5","stream":true,"messages":[{"role":"system","content":"Be terse."}`)
	for range 50 {
		body.WriteString(`,{"role":"user","content":"` + strings.Repeat("What is this? ", 40) + `"},{"role":"assistant","content":"` + strings.Repeat("An answer. ", 60) + `"}`)
	}
	body.WriteString(`]}`)
	data := []byte(body.String())
	b.ReportAllocs()
	b.SetBytes(int64(len(data)))
	for b.Loop() {
		if _, err := Parse(data, Options{}); err != nil {
			b.Fatal(err)
		}
	}
}
