package sse

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	gosse "github.com/tmaxmax/go-sse"
)

// got is what a test compares: an event with its bytes copied.
type got struct {
	Name, Data string
	Ended      bool
}

func readAll(t testing.TB, src io.Reader, limit int) ([]got, error) {
	t.Helper()
	r := NewReader(src, limit)
	var events []got
	for {
		e, err := r.Next()
		if err != nil {
			if _, again := r.Next(); !errors.Is(again, err) && again.Error() != err.Error() {
				t.Errorf("second error = %v, want the first again: %v", again, err)
			}
			return events, err
		}
		events = append(events, got{string(e.Name), string(e.Data), e.Ended})
	}
}

func TestReaderFraming(t *testing.T) {
	tests := []struct {
		name   string
		stream string
		want   []got
	}{
		{"one event", "event: a\ndata: 1\n\n", []got{{"a", "1", true}}},
		{"no space after the colon", "data:1\n\n", []got{{"", "1", true}}},
		{"only one space is dropped", "data:  1\n\n", []got{{"", " 1", true}}},
		{"CRLF", "event: a\r\ndata: 1\r\n\r\ndata: 2\r\n\r\n", []got{{"a", "1", true}, {"", "2", true}}},
		{"bare CR", "event: a\rdata: 1\r\rdata: 2\r\r", []got{{"a", "1", true}, {"", "2", true}}},
		{"line ends mixed", "data: 1\r\n\ndata: 2\n\r\ndata: 3\r\n\rdata: 4\n\n", []got{{"", "1", true}, {"", "2", true}, {"", "3", true}, {"", "4", true}}},
		{"byte order mark", "\xEF\xBB\xBFdata: 1\n\n", []got{{"", "1", true}}},
		{"half a byte order mark is data of the line", "\xEF\xBBdata: 1\n\ndata: 2\n\n", []got{{"", "2", true}}},
		{"several data lines", "data: 1\ndata: 2\ndata:\n\n", []got{{"", "1\n2\n", true}}},
		{"several data lines, then one", "data: 1\ndata: 2\n\ndata: 3\n\n", []got{{"", "1\n2", true}, {"", "3", true}}},
		{"empty data", "data\n\ndata:\n\n", []got{{"", "", true}, {"", "", true}}},
		{"comments", ": hello\n\n:\ndata: 1\n: more\n\n", []got{{"", "1", true}}},
		{"event without data is passed over", "event: a\n\ndata: 1\n\n", []got{{"", "1", true}}},
		{"last event name wins", "event: a\nevent: b\ndata: 1\n\n", []got{{"b", "1", true}}},
		{"last event name wins, behind the data too", "event: a\ndata: 1\nevent: b\n\nevent: a\ndata: 2\n\n", []got{{"b", "1", true}, {"a", "2", true}}},
		{"events that begin alike", "event: a\ndata: 1\n\nevent: a\ndata: 2\n\nevent: a\nevent: b\ndata: 3\n\nevent: a\n\ndata: 4\n\n", []got{{"a", "1", true}, {"a", "2", true}, {"b", "3", true}, {"", "4", true}}},
		{"events that begin alike but for their line ends", "event: a\rdata: 1\r\revent: a\r\ndata: 2\r\n\r\nevent: a\ndata: 3\n\n", []got{{"a", "1", true}, {"a", "2", true}, {"a", "3", true}}},
		{"unknown fields", "id: 7\nretry: 5\nfoo: bar\ndata: 1\n\n", []got{{"", "1", true}}},
		{"field name is exact", "Data: 1\n data: 2\ndata : 3\ndata: 4\n\n", []got{{"", "4", true}}},
		{"many blank lines", "\n\n\ndata: 1\n\n\n\n\ndata: 2\n\n", []got{{"", "1", true}, {"", "2", true}}},
		{"last event without its blank line", "data: 1\n\ndata: 2\n", []got{{"", "1", true}, {"", "2", false}}},
		{"last event without its line end", "data: 1\n\ndata: 2", []got{{"", "1", true}, {"", "2", false}}},
		{"colons in the data", "data: a:b: c\n\n", []got{{"", "a:b: c", true}}},
		{"empty stream", "", nil},
		{"only a comment", ": ping\n\n", nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			for name, src := range map[string]io.Reader{
				"whole":             strings.NewReader(tt.stream),
				"one byte per read": iotest.OneByteReader(strings.NewReader(tt.stream)),
				"error with data":   iotest.DataErrReader(strings.NewReader(tt.stream)),
			} {
				events, err := readAll(t, src, 0)
				if !errors.Is(err, io.EOF) {
					t.Errorf("%s: error = %v, want EOF", name, err)
				}
				if diff := cmp.Diff(tt.want, events); diff != "" {
					t.Errorf("%s: events (-want +got):\n%s", name, diff)
				}
			}
		})
	}
}

// A CR or LF that ends a read must neither keep an event back nor make one up.
func TestReaderHandsOutAnEventAsSoonAsItsBlankLineIsThere(t *testing.T) {
	for _, end := range []string{"\n\n", "\r\n\r\n", "\r\r"} {
		t.Run(fmt.Sprintf("%q", end), func(t *testing.T) {
			from, to := io.Pipe()
			defer from.Close()
			go func() {
				_, _ = io.WriteString(to, "data: 1"+end)
				// Nothing more comes: a reader that waits for it hangs the test.
			}()
			r := NewReader(from, 0)
			e, err := r.Next()
			if err != nil || string(e.Data) != "1" {
				t.Errorf("Next = %q, %v, want 1", e.Data, err)
			}
		})
	}
}

func TestReaderFramesAreTheStream(t *testing.T) {
	stream := "event: a\ndata: 1\n\ndata: 2\r\ndata: 3\r\n\r\n: c\ndata: 4\n\ndata: 5"
	r := NewReader(iotest.OneByteReader(strings.NewReader(stream)), 0)
	var joined []byte
	for {
		e, err := r.Next()
		if err != nil {
			break
		}
		joined = append(joined, e.Frame...)
	}
	if string(joined) != stream {
		t.Errorf("frames = %q, want %q", joined, stream)
	}
}

func TestReaderLimit(t *testing.T) {
	small, big := "data: 1\n\n", "data: "+strings.Repeat("x", 100<<10)+"\n\n"
	for _, tt := range []struct {
		name  string
		limit int
		want  int
		err   error
	}{
		{"event of just the limit", len(big), 2, io.EOF},
		{"event one byte over", len(big) - 1, 1, ErrTooLong},
		{"event far over", 1000, 1, ErrTooLong},
	} {
		t.Run(tt.name, func(t *testing.T) {
			events, err := readAll(t, strings.NewReader(small+big), tt.limit)
			if len(events) != tt.want || !errors.Is(err, tt.err) {
				t.Errorf("%d events, error %v; want %d, %v", len(events), err, tt.want, tt.err)
			}
		})
	}
}

func TestReaderBrokenSource(t *testing.T) {
	broken := errors.New("connection reset")
	events, err := readAll(t, io.MultiReader(strings.NewReader("data: 1\n\ndata: {\"ha"), iotest.ErrReader(broken)), 0)
	if len(events) != 1 || !errors.Is(err, broken) {
		t.Errorf("events %v, error %v; want the whole event, then %v", events, err, broken)
	}
}

type stuck struct{}

func (stuck) Read([]byte) (int, error) { return 0, nil }

func TestReaderSourceWithoutProgress(t *testing.T) {
	if _, err := NewReader(stuck{}, 0).Next(); !errors.Is(err, io.ErrNoProgress) {
		t.Errorf("error = %v, want %v", err, io.ErrNoProgress)
	}
}

func TestReaderBuffered(t *testing.T) {
	r := NewReader(strings.NewReader("data: 1\n\ndata: 2\n\ndata: 3"), 0)
	if r.Buffered() {
		t.Error("Buffered before the first read = true, want false")
	}
	for i, want := range []bool{true, false} {
		if _, err := r.Next(); err != nil {
			t.Fatal(err)
		}
		if r.Buffered() != want {
			t.Errorf("Buffered after event %d = %v, want %v", i+1, !want, want)
		}
	}
}

// An event is whole until the next one is asked for, whatever else is asked.
func TestReaderBufferedLeavesTheEventAlone(t *testing.T) {
	r := NewReader(strings.NewReader("event: a\ndata: 1\ndata: 2\n\nevent: b\ndata: 3\ndata: 4\n\n"), 0)
	e, err := r.Next()
	if err != nil || !r.Buffered() {
		t.Fatalf("Next = %v, Buffered = false, want an event and another", err)
	}
	if string(e.Name) != "a" || string(e.Data) != "1\n2" {
		t.Errorf("event = %q, %q, want a, 1 and 2", e.Name, e.Data)
	}
}

// A comment is no event: a writer that waited for it would wait for the network.
func TestReaderBufferedPassesOverComments(t *testing.T) {
	r := NewReader(strings.NewReader("data: 1\n\n: ping\n\n"), 0)
	if _, err := r.Next(); err != nil || r.Buffered() {
		t.Errorf("Buffered with a comment alone = %v, error %v; want false", r.Buffered(), err)
	}
}

// The reader's memory is one buffer, whatever the stream's length.
func TestReaderAllocations(t *testing.T) {
	stream := bytes.Repeat([]byte("event: response.output_text.delta\ndata: {\"type\":\"response.output_text.delta\",\"delta\":\"hi\"}\n\n"), 10_000)
	perRun := testing.AllocsPerRun(5, func() {
		r := NewReader(bytes.NewReader(stream), 0)
		for {
			if _, err := r.Next(); err != nil {
				return
			}
		}
	})
	if perEvent := perRun / 10_000; perEvent > 0.1 {
		t.Errorf("%.2f allocations per event, want at most 0.1", perEvent)
	}
}

// readKept keeps the first events until all of them are there, and then reads on.
func readKept(src io.Reader, kept int) []got {
	r := NewReader(src, 0)
	r.Keep(true)
	var first []Event
	var events []got
	for {
		if len(first) == kept && events == nil {
			events = append([]got{}, copied(first)...)
			r.Keep(false)
		}
		e, err := r.Next()
		switch {
		case err != nil && events == nil:
			return copied(first)
		case err != nil:
			return events
		case events == nil:
			first = append(first, e)
		default:
			events = append(events, copied([]Event{e})...)
		}
	}
}

func copied(events []Event) []got {
	var out []got
	for _, e := range events {
		out = append(out, got{string(e.Name), string(e.Data), e.Ended})
	}
	return out
}

// splits gives the stream in reads of random size.
type splits struct {
	rest []byte
	rand *rand.Rand
}

func (s *splits) Read(p []byte) (int, error) {
	if len(s.rest) == 0 {
		return 0, io.EOF
	}
	n := copy(p, s.rest[:min(1+s.rand.IntN(1500), len(s.rest))])
	s.rest = s.rest[n:]
	return n, nil
}

// What is kept stays as it was, also when it is more than the buffer ever holds.
func TestReaderKeepsMuch(t *testing.T) {
	var stream []byte
	for i := range 10_000 {
		stream = fmt.Appendf(stream, "event: e\ndata: number %d\ndata: of many\n\ndata: %[1]d\n\n", i)
	}
	want, _ := readAll(t, bytes.NewReader(stream), 0)
	for _, kept := range []int{1, 100, len(want)} {
		if diff := cmp.Diff(want, readKept(&splits{stream, rand.New(rand.NewPCG(1, 1))}, kept)); diff != "" {
			t.Errorf("the first %d kept (-want +got):\n%.500s", kept, diff)
		}
	}
}

func TestRecordingsWhateverTheReads(t *testing.T) {
	files, _ := filepath.Glob("../../../shared/recordings/*.sse")
	if len(files) == 0 {
		t.Skip("the recordings are not beside this checkout")
	}
	for _, file := range files {
		stream, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		want, err := readAll(t, bytes.NewReader(stream), 0)
		if !errors.Is(err, io.EOF) || len(want) < 5 {
			t.Fatalf("%s: %d events, error %v", file, len(want), err)
		}
		one, _ := readAll(t, iotest.OneByteReader(bytes.NewReader(stream)), 0)
		if diff := cmp.Diff(want, one); diff != "" {
			t.Errorf("%s, one byte per read (-want +got):\n%s", file, diff)
		}
		for seed := range uint64(100) {
			parts, _ := readAll(t, &splits{stream, rand.New(rand.NewPCG(seed, 1))}, 0)
			if diff := cmp.Diff(want, parts); diff != "" {
				t.Fatalf("%s, split %d (-want +got):\n%s", file, seed, diff)
			}
			kept := readKept(&splits{stream, rand.New(rand.NewPCG(seed, 2))}, 20*int(seed))
			if diff := cmp.Diff(want, kept); diff != "" {
				t.Fatalf("%s, split %d with the first %d kept (-want +got):\n%s", file, seed, 20*seed, diff)
			}
		}
	}
}

// FuzzReader holds the reader against another implementation of the standard,
// and against itself with other read sizes.
func FuzzReader(f *testing.F) {
	for _, s := range []string{
		"event: a\ndata: 1\n\n", "data: 1\r\rdata: 2\r\n\r\n", "\xEF\xBB\xBFdata:1\n\n", "data: 1\ndata: 2\n\n: c\n\n", "data\n\n\r\n\ndata: 3", "data: 1\r",
	} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, stream []byte) {
		events, err := readAll(t, bytes.NewReader(stream), 0)
		if !errors.Is(err, io.EOF) {
			t.Fatalf("error = %v, want EOF", err)
		}
		slow, _ := readAll(t, iotest.OneByteReader(bytes.NewReader(stream)), 0)
		if diff := cmp.Diff(events, slow); diff != "" {
			t.Fatalf("one byte per read differs (-whole +slow):\n%s", diff)
		}
		if diff := cmp.Diff(events, readKept(iotest.OneByteReader(bytes.NewReader(stream)), len(stream)%4), cmpopts.EquateEmpty()); diff != "" {
			t.Fatalf("what is kept differs (-whole +kept):\n%s", diff)
		}
		if bytes.IndexByte(stream, 0) >= 0 {
			return // the other one has rules of its own about NUL
		}
		var whole []got
		for _, e := range events {
			if e.Ended && e.Data != "" {
				whole = append(whole, got{Data: e.Data})
			}
		}
		var other []got
		for e, err := range gosse.Read(bytes.NewReader(stream), &gosse.ReadConfig{MaxEventSize: 1 << 20}) {
			if err != nil {
				break
			}
			if e.Data != "" {
				other = append(other, got{Data: e.Data})
			}
		}
		// The other one hands out a last event without its blank line as well.
		if len(other) > len(whole) {
			other = other[:len(whole)]
		}
		if diff := cmp.Diff(other, whole, cmpopts.EquateEmpty()); diff != "" {
			t.Fatalf("%q: differs from the other reader (-other +ours):\n%s", stream, diff)
		}
	})
}

func BenchmarkReader(b *testing.B) {
	stream := bytes.Repeat([]byte("event: response.output_text.delta\ndata: {\"type\":\"response.output_text.delta\",\"content_index\":0,\"delta\":\"word \",\"item_id\":\"msg_0123456789abcdef0123456789abcdef\",\"logprobs\":[],\"obfuscation\":\"aB3dE5fG7hI9j\",\"output_index\":0,\"sequence_number\":123}\n\n"), 50_000)
	b.SetBytes(int64(len(stream)))
	b.ReportAllocs()
	for b.Loop() {
		r := NewReader(bytes.NewReader(stream), 0)
		for {
			if _, err := r.Next(); err != nil {
				break
			}
		}
	}
}
