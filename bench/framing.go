package main

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/tidwall/gjson"

	"github.com/codexctl/codexctl/bench/lab"
	"github.com/codexctl/codexctl/internal/sse"
	"github.com/codexctl/codexctl/pkg/responses"
)

// How quick reading in memory must be next to the usual way, and what an event may
// allocate.
const (
	framingOverScanner = 3.0
	decodingOverGJSON  = 0.9
	framingAllocs      = 0.1
	decodingAllocs     = 2.0
)

// measureFraming reads a stream that stands in memory: where its events end, and what
// type and delta they have. The rival checks neither that an event is JSON nor that the
// stream ends.
func measureFraming(_ context.Context, l *lab.Lab) ([]row, error) {
	repeat := 50_000
	if l.Quick {
		repeat = 100
	}
	flood, err := memoryStream([][]byte{floodFrame()}, repeat)
	if err != nil {
		return nil, err
	}
	recorded, err := recordedFrames()
	if err != nil {
		return nil, err
	}
	mixed, err := memoryStream(recorded, repeat/len(recorded)+1)
	if err != nil {
		return nil, err
	}
	var rows []row
	for _, s := range []struct {
		name   string
		stream []byte
	}{{"a flood of deltas", flood}, {"recorded events", mixed}} {
		framing, err := race(l, "framing, "+s.name, s.stream, contest{
			ours: frameOurs, theirs: frameScanner, rival: "bufio.Scanner",
			speed: bar{atLeast: framingOverScanner}, allocs: bar{atMost: framingAllocs},
		})
		if err != nil {
			return nil, err
		}
		decoding, err := race(l, "framing, type and delta, "+s.name, s.stream, contest{
			ours: decodeOurs, theirs: decodeGJSON, rival: "bufio.Scanner and gjson",
			speed: bar{atLeast: decodingOverGJSON}, allocs: bar{atMost: decodingAllocs},
		})
		if err != nil {
			return nil, err
		}
		rows = append(append(rows, framing...), decoding...)
	}
	return rows, nil
}

// reading is a way to read a stream. It hands what it finds to see, which is nil while
// the time is taken, and returns the number of events.
type reading func(stream []byte, see func(kind, text []byte)) (events int, err error)

// contest is two ways to read the same.
type contest struct {
	ours, theirs  reading
	rival         string
	speed, allocs bar
}

// race reads a stream both ways in turn, after seeing that both find the same in it.
func race(l *lab.Lab, what string, stream []byte, c contest) ([]row, error) {
	events, err := agree(stream, c.ours, c.theirs)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", what, err)
	}
	var speeds []float64
	var both [2][]time.Duration
	for range l.Times(30) {
		var took [2]time.Duration
		for i, read := range []reading{c.ours, c.theirs} {
			start := time.Now()
			n, err := read(stream, nil)
			took[i] = time.Since(start)
			if err != nil || n != events {
				return nil, fmt.Errorf("%s: %d events, want %d; %w", what, n, events, err)
			}
			both[i] = append(both[i], took[i])
		}
		speeds = append(speeds, float64(took[1])/float64(took[0]))
	}
	allocs := testing.AllocsPerRun(1, func() { _, _ = c.ours(stream, nil) }) / float64(events)
	each := func(d []time.Duration) string { return duration(lab.Median(d)/time.Duration(events)) + "/event" }
	return []row{
		{what: what, ours: each(both[0]), theirs: each(both[1]), rival: c.rival, value: lab.Median(speeds), unit: "×", bar: c.speed},
		{what: what, ours: short(allocs) + "/event", value: allocs, unit: "allocations", bar: c.allocs},
	}, nil
}

// agree reads a stream both ways and compares what they find, event by event.
func agree(stream []byte, ours, theirs reading) (events int, err error) {
	var found [2]bytes.Buffer
	var counts [2]int
	for i, read := range []reading{ours, theirs} {
		counts[i], err = read(stream, func(kind, text []byte) { fmt.Fprintf(&found[i], "%s %q\n", kind, text) })
		if err != nil {
			return 0, err
		}
	}
	if counts[0] != counts[1] || !bytes.Equal(found[0].Bytes(), found[1].Bytes()) {
		return 0, fmt.Errorf("the two readings differ: %d events and %d", counts[0], counts[1])
	}
	return counts[0], nil
}

func frameOurs(stream []byte, see func(kind, text []byte)) (events int, err error) {
	r := sse.NewReader(bytes.NewReader(stream), 0)
	for {
		e, err := r.Next()
		if errors.Is(err, io.EOF) {
			return events, nil
		}
		if err != nil {
			return events, err
		}
		events++
		if see != nil {
			see(nil, e.Data)
		}
	}
}

func frameScanner(stream []byte, see func(kind, text []byte)) (events int, err error) {
	return scanFrames(stream, func(data []byte) {
		if see != nil {
			see(nil, data)
		}
	})
}

// scanFrames is what one writes with bufio.Scanner: the data lines up to a blank line,
// joined by LF.
func scanFrames(stream []byte, give func(data []byte)) (events int, err error) {
	lines := bufio.NewScanner(bytes.NewReader(stream))
	lines.Buffer(make([]byte, 0, 64<<10), sse.DefaultLimit)
	var data []byte
	some := false
	for lines.Scan() {
		line := lines.Bytes()
		if len(line) == 0 {
			if some {
				events++
				give(data)
			}
			data, some = data[:0], false
			continue
		}
		value, ok := bytes.CutPrefix(line, []byte("data:"))
		if !ok {
			continue
		}
		if some {
			data = append(data, '\n')
		}
		data, some = append(data, bytes.TrimPrefix(value, []byte(" "))...), true
	}
	return events, lines.Err()
}

// decodeOurs reads the stream as the answer to a call.
func decodeOurs(stream []byte, see func(kind, text []byte)) (events int, err error) {
	client := &responses.Client{HTTPClient: &http.Client{Transport: inMemory(stream)}}
	s, err := client.StreamBody(context.Background(), nil)
	if err != nil {
		return 0, err
	}
	defer s.Close()
	for e, err := range s.Events() {
		if err != nil {
			return events, err
		}
		events++
		delta := e.Delta()
		if see != nil {
			see([]byte(e.Type), []byte(delta))
		}
	}
	return events, nil
}

func decodeGJSON(stream []byte, see func(kind, text []byte)) (events int, err error) {
	return scanFrames(stream, func(data []byte) {
		kind, delta := gjson.GetBytes(data, "type").Str, gjson.GetBytes(data, "delta").Str
		if see != nil {
			see([]byte(kind), []byte(delta))
		}
	})
}

// inMemory is a transport whose every answer is this stream.
type inMemory []byte

func (m inMemory) RoundTrip(*http.Request) (*http.Response, error) {
	return &http.Response{StatusCode: http.StatusOK, Header: http.Header{}, Body: io.NopCloser(bytes.NewReader(m))}, nil
}

// floodFrame is a delta in the backend's form.
func floodFrame() []byte {
	return []byte("event: response.output_text.delta\n" + `data: {"type":"response.output_text.delta","content_index":0,"delta":" waves",` +
		`"item_id":"msg_0123456789abcdef0123456789abcdef0123456789abcdef01","logprobs":[],"obfuscation":"a1B2c3D4e5","output_index":0,"sequence_number":123}` + "\n\n")
}

// recordedFrames are the frames of recorded answers, where those are at hand, else of the
// answers that the tests have.
func recordedFrames() ([][]byte, error) {
	files, err := filepath.Glob("../shared/recordings/*.sse")
	if len(files) == 0 && err == nil {
		files, err = filepath.Glob("testdata/chat/*.sse")
	}
	if err != nil || len(files) == 0 {
		return nil, fmt.Errorf("no recorded answers; %w", err)
	}
	var frames [][]byte
	for _, file := range files {
		stream, err := os.ReadFile(file)
		if err != nil {
			return nil, err
		}
		for frame := range bytes.SplitAfterSeq(stream, []byte("\n\n")) {
			if len(frame) > 0 {
				frames = append(frames, frame)
			}
		}
	}
	return frames, nil
}

// memoryStream repeats frames, without those that end a stream, and ends it.
func memoryStream(frames [][]byte, times int) ([]byte, error) {
	var stream []byte
	for range times {
		for _, frame := range frames {
			switch gjson.GetBytes(frame[bytes.IndexByte(frame, '{'):], "type").Str {
			case "response.completed", "response.incomplete", "response.failed", "error":
			default:
				stream = append(stream, frame...)
			}
		}
	}
	if len(stream) == 0 {
		return nil, errors.New("a stream without events")
	}
	const end = `{"type":"response.completed","response":{"id":"resp_1","object":"response","status":"completed","output":[]}}`
	return append(stream, "event: response.completed\ndata: "+end+"\n\n"...), nil
}
