package responses

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/codexctl/codexctl/internal/sse"
	"github.com/tidwall/gjson"
)

const benchDeltas = 50_000

// benchText keeps the compiler from leaving out what makes a text.
var benchText string

// longAnswer is a stream of many deltas, as long each as the backend's.
func longAnswer() []byte {
	var b strings.Builder
	b.WriteString(frames(evCreated, evProgress, evAdded))
	for i := range benchDeltas {
		b.WriteString(frames(fmt.Sprintf(`{"type":"response.output_text.delta","content_index":0,"delta":" word%02d","item_id":"msg_0123456789abcdef0123456789abcdef0123456789abcdef01","logprobs":[],"obfuscation":"a1B2c3D4e5","output_index":0,"sequence_number":%d}`, i%100, i)))
	}
	b.WriteString(frames(evCompleted))
	return []byte(b.String())
}

// BenchmarkDeltas reads type and delta of every event: ours, the usual way (which does
// not check that the data is JSON), and ours with the delta left as it came.
func BenchmarkDeltas(b *testing.B) {
	stream := longAnswer()
	run := func(name string, read func() int) {
		b.Run(name, func(b *testing.B) {
			b.SetBytes(int64(len(stream)))
			b.ReportAllocs()
			for b.Loop() {
				if n := read(); n != benchDeltas*len(" word00") {
					b.Fatalf("%d bytes of text, want %d", n, benchDeltas*len(" word00"))
				}
			}
		})
	}
	run("ours", func() (n int) {
		r := sse.NewReader(bytes.NewReader(stream), 0)
		for {
			frame, err := r.Next()
			if err != nil {
				return n
			}
			if e, ok := newEvent(frame.Data, frame.Frame); ok && e.Type == typeTextDelta {
				benchText = e.Delta()
				n += len(benchText)
			}
		}
	})
	run("scanner-and-gjson", func() (n int) {
		s := bufio.NewScanner(bytes.NewReader(stream))
		for s.Scan() {
			data, ok := bytes.CutPrefix(s.Bytes(), []byte("data: "))
			if ok && gjson.GetBytes(data, "type").Str == typeTextDelta {
				benchText = gjson.GetBytes(data, "delta").Str
				n += len(benchText)
			}
		}
		return n
	})
	run("ours-raw", func() (n int) {
		r := sse.NewReader(bytes.NewReader(stream), 0)
		for {
			frame, err := r.Next()
			if err != nil {
				return n
			}
			if e, ok := newEvent(frame.Data, frame.Frame); ok && e.Type == typeTextDelta {
				n += len(e.RawDelta()) - len(`""`)
			}
		}
	})
	run("framing-only", func() int {
		r := sse.NewReader(bytes.NewReader(stream), 0)
		for {
			if _, err := r.Next(); err != nil {
				return benchDeltas * len(" word00")
			}
		}
	})
}

// BenchmarkAnswer reads a long answer through the client.
func BenchmarkAnswer(b *testing.B) {
	stream := longAnswer()
	c, _ := trips(func(*http.Request) (*http.Response, error) {
		return &http.Response{StatusCode: 200, Header: http.Header{}, Body: io.NopCloser(bytes.NewReader(stream))}, nil
	})
	run := func(name string, read func(*Stream) error) {
		b.Run(name, func(b *testing.B) {
			b.SetBytes(int64(len(stream)))
			b.ReportAllocs()
			for b.Loop() {
				s, err := c.StreamBody(b.Context(), nil)
				if err == nil {
					err = read(s)
				}
				if err != nil {
					b.Fatal(err)
				}
				s.Close()
			}
		})
	}
	run("text", func(s *Stream) error {
		sink := NewTextSink(io.Discard)
		if err := through(s, func(e Event) error { return sink.Event(e, s.Buffered()) }); err != nil {
			return err
		}
		return sink.Finish(true)
	})
	run("collect", func(s *Stream) error { _, err := Collect(s); return err })
	run("frames", func(s *Stream) error { return through(s, NewFrameSink(io.Discard).Event) })
	run("lines", func(s *Stream) error { return through(s, NewLineSink(io.Discard).Event) })
	run("events", func(s *Stream) error { return through(s, func(Event) error { return nil }) })
}

// through is drain without a list of what went by.
func through(s *Stream, sink func(Event) error) error {
	for e, err := range s.Events() {
		if err == nil {
			err = sink(e)
		}
		if err != nil {
			return err
		}
	}
	return nil
}
