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
	"slices"
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
	framingOverGJSON  = 3.0
	decodingOverGJSON = 0.9
	framingAllocs     = 0.1
	decodingAllocs    = 2.0
)

// measureFraming reads a stream that stands in memory: where its events end, and what
// type and delta they have. The rival checks neither that an event is JSON nor that the
// stream ends.
func measureFraming(_ context.Context, l *lab.Lab) ([]row, error) {
	// Short enough that a pass is seldom interrupted, and that both find it in the cache.
	repeat := 4_000
	if l.Quick {
		repeat = 100
	}
	flood, err := memoryStream([][]byte{floodFrame()}, repeat)
	if err != nil {
		return nil, err
	}
	recorded, err := recordedFrames(l.Root)
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
		framing, err := race(l, "framing, "+s.name, s.stream, contest[[]byte]{
			ours: frameOurs, theirs: scanAndLook, rival: "bufio.Scanner and gjson",
			speed: bar{atLeast: framingOverGJSON}, allocs: bar{atMost: framingAllocs},
		})
		if err != nil {
			return nil, err
		}
		alone, err := race(l, "framing, "+s.name, s.stream, contest[[]byte]{ours: frameOurs, theirs: scanFrames, rival: "bufio.Scanner alone"})
		if err != nil {
			return nil, err
		}
		decoding, err := race(l, "framing, type and delta, "+s.name, s.stream, contest[string]{
			ours: decodeOurs, theirs: decodeGJSON, rival: "bufio.Scanner and gjson",
			speed: bar{atLeast: decodingOverGJSON}, allocs: bar{atMost: decodingAllocs},
		})
		if err != nil {
			return nil, err
		}
		rows = slices.Concat(rows, framing, alone[:1], decoding)
	}
	return rows, nil
}

// reading is a way to read a stream. It hands to see what it finds in each event: name and
// data of its frame, as bytes, or type and delta of its data, as text.
type reading[T string | []byte] func(stream []byte, see func(a, b T)) error

// contest is two ways to read the same.
type contest[T string | []byte] struct {
	ours, theirs  reading[T]
	rival         string
	speed, allocs bar
}

// race reads a stream both ways in turn, after seeing that both find the same in it.
func race[T string | []byte](l *lab.Lab, what string, stream []byte, c contest[T]) ([]row, error) {
	events, err := agree(stream, c.ours, c.theirs)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", what, err)
	}
	var speeds []float64
	var both [2][]time.Duration
	for range l.Times(300) {
		var took [2]time.Duration
		for i, read := range []reading[T]{c.ours, c.theirs} {
			n := 0
			start := time.Now()
			err := read(stream, func(_, _ T) { n++ })
			took[i] = time.Since(start)
			if err != nil || n != events {
				return nil, fmt.Errorf("%s: %d events, want %d; %w", what, n, events, err)
			}
			both[i] = append(both[i], took[i])
		}
		speeds = append(speeds, float64(took[1])/float64(took[0]))
	}
	allocs := testing.AllocsPerRun(1, func() { _ = c.ours(stream, func(_, _ T) {}) }) / float64(events)
	each := func(d []time.Duration) string { return duration(lab.Median(d)/time.Duration(events)) + "/event" }
	return []row{
		{what: what, ours: each(both[0]), theirs: each(both[1]), rival: c.rival, value: lab.Median(speeds), unit: "×", bar: c.speed},
		{what: what, ours: short(allocs) + "/event", value: allocs, unit: "allocations", bar: c.allocs},
	}, nil
}

// agree reads a stream both ways and compares what they find, event by event.
func agree[T string | []byte](stream []byte, ours, theirs reading[T]) (events int, err error) {
	var found [2]bytes.Buffer
	var counts [2]int
	for i, read := range []reading[T]{ours, theirs} {
		err := read(stream, func(a, b T) {
			counts[i]++
			fmt.Fprintf(&found[i], "%q %q\n", a, b)
		})
		if err != nil {
			return 0, err
		}
	}
	if counts[0] != counts[1] || !bytes.Equal(found[0].Bytes(), found[1].Bytes()) {
		return 0, fmt.Errorf("the two readings differ: %d events and %d", counts[0], counts[1])
	}
	return counts[0], nil
}

func frameOurs(stream []byte, see func(name, data []byte)) error {
	r := sse.NewReader(bytes.NewReader(stream), 0)
	for {
		e, err := r.Next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		see(e.Name, e.Data)
	}
}

// scanFrames is what one writes with bufio.Scanner to read a stream as the standard says:
// fields up to a blank line, of which the data lines are joined by LF. What a scanner
// hands out is gone with the next line, so it has to be copied.
func scanFrames(stream []byte, see func(name, data []byte)) error {
	lines := bufio.NewScanner(bytes.NewReader(stream))
	lines.Buffer(make([]byte, 0, 64<<10), sse.DefaultLimit)
	lines.Split(scanLine)
	var name, data []byte
	for lines.Scan() {
		line := lines.Bytes()
		if len(line) == 0 {
			if len(data) > 0 {
				see(name, data[:len(data)-1])
			}
			name, data = name[:0], data[:0]
			continue
		}
		field, value, _ := bytes.Cut(line, []byte(":"))
		value = bytes.TrimPrefix(value, []byte(" "))
		switch string(field) {
		case "event":
			name = append(name[:0], value...)
		case "data":
			data = append(append(data, value...), '\n')
		}
	}
	return lines.Err()
}

// scanLine is bufio.ScanLines for lines that end with LF, CR or CRLF.
func scanLine(data []byte, atEOF bool) (advance int, token []byte, err error) {
	end := bytes.IndexByte(data, '\n')
	line := data
	if end >= 0 {
		line = data[:end]
	}
	switch cr := bytes.IndexByte(line, '\r'); {
	case cr >= 0 && cr+1 < len(data) && data[cr+1] == '\n':
		return cr + 2, data[:cr], nil
	case cr >= 0 && (cr+1 < len(data) || atEOF):
		return cr + 1, data[:cr], nil
	case cr >= 0:
		return 0, nil, nil // the LF of this CRLF may be still to come
	case end >= 0:
		return end + 1, line, nil
	case atEOF && len(data) > 0:
		return len(data), data, nil
	}
	return 0, nil, nil
}

// decodeOurs reads the stream as the answer to a call.
func decodeOurs(stream []byte, see func(kind, delta string)) error {
	client := &responses.Client{HTTPClient: &http.Client{Transport: inMemory(stream)}}
	s, err := client.StreamBody(context.Background(), nil)
	if err != nil {
		return err
	}
	defer s.Close()
	for e, err := range s.Events() {
		if err != nil {
			return err
		}
		see(e.Type, e.Delta())
	}
	return nil
}

func decodeGJSON(stream []byte, see func(kind, delta string)) error {
	return scanFrames(stream, func(_, data []byte) {
		see(gjson.GetBytes(data, "type").Str, gjson.GetBytes(data, "delta").Str)
	})
}

// scanAndLook reads like scanFrames, and looks for type and delta in the data of each
// event, as one has to who goes by the data.
func scanAndLook(stream []byte, see func(name, data []byte)) error {
	found := 0
	err := scanFrames(stream, func(name, data []byte) {
		found += len(gjson.GetBytes(data, "type").Str) + len(gjson.GetBytes(data, "delta").Str)
		see(name, data)
	})
	if found == 0 {
		return errors.Join(err, errors.New("no event has a type"))
	}
	return err
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
func recordedFrames(root string) ([][]byte, error) {
	files, err := filepath.Glob(filepath.Join(root, "../shared/recordings/*.sse"))
	if len(files) == 0 && err == nil {
		files, err = filepath.Glob(filepath.Join(root, "testdata/chat/*.sse"))
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
