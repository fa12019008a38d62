package batch

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/iotest"
)

// seen is an item as a test compares it.
type seen struct {
	ID    ID
	Index int
	Line  int
	Data  string
}

func seenItems(t testing.TB, items []Item) []seen {
	t.Helper()
	list := []seen{}
	for _, item := range items {
		data, err := item.Data()
		if err != nil {
			t.Fatal(err)
		}
		list = append(list, seen{item.ID, item.Index, item.Line, string(data)})
	}
	return list
}

func number(text string) ID { return ID{Text: text, Number: true} }

func TestRead(t *testing.T) {
	tests := []struct {
		name  string
		input string
		lines bool
		want  []seen
	}{
		{"nothing", "", false, []seen{}},
		{"blank lines alone", "\n \r\n\t\n", true, []seen{}},
		{"a byte order mark alone", "\ufeff", true, []seen{}},
		{
			"records with a string, a number, null and no id",
			`{"id":"a","prompt":"x"}` + "\n" + `{"prompt":"y","id":12.50}` + "\n" + `{"id":null}` + "\n{}",
			false,
			[]seen{
				{ID{Text: "a"}, 0, 1, `{"id":"a","prompt":"x"}`},
				{number("12.50"), 1, 2, `{"prompt":"y","id":12.50}`},
				{number("3"), 2, 3, `{"id":null}`},
				{number("4"), 3, 4, `{}`},
			},
		},
		{
			"blank lines count, and are no items",
			"\n\n{}\n   \n{}\n", false,
			[]seen{{number("3"), 0, 3, `{}`}, {number("5"), 1, 5, `{}`}},
		},
		{
			"byte order mark and carriage returns",
			"\ufeff{}\r\n\r\n{\"id\":\"z\"}\r", false,
			[]seen{{number("1"), 0, 1, `{}`}, {ID{Text: "z"}, 1, 3, `{"id":"z"}`}},
		},
		{
			"an id is the field of the outer object, however it is spelled",
			`{"a":{"id":"no"},"\u0069d":"\u00e4"}`, false,
			[]seen{{ID{Text: "ä"}, 0, 1, `{"a":{"id":"no"},"\u0069d":"\u00e4"}`}},
		},
		{
			"lines are prompts, with their spaces",
			"one\r\n\n  two {\n", true,
			[]seen{{number("1"), 0, 1, "one"}, {number("3"), 1, 3, "  two {"}},
		},
		{
			"a byte order mark stands at the start alone",
			"a\n\ufeffb", true,
			[]seen{{number("1"), 0, 1, "a"}, {number("2"), 1, 2, "\ufeffb"}},
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			for _, r := range []io.Reader{strings.NewReader(tt.input), iotest.OneByteReader(strings.NewReader(tt.input))} {
				items, err := Read(r, Form{Lines: tt.lines})
				if err != nil {
					t.Fatal(err)
				}
				diff(t, "items", seenItems(t, items), tt.want)
				for _, item := range items {
					if item.Plain != tt.lines {
						t.Errorf("item %v: Plain is %v, want %v", item.ID, item.Plain, tt.lines)
					}
				}
			}
		})
	}
}

func TestReadRefuses(t *testing.T) {
	tests := []struct {
		name  string
		input string
		lines bool
		line  int
		want  string
	}{
		{"a torn last line", "{}\n{\"prompt\":\"x", false, 2, "not a whole JSON object"},
		{"an array", "\n[1]\n", false, 2, "not a whole JSON object"},
		{"two objects in one line", "{} {}", false, 1, "not a whole JSON object"},
		{"an object over several lines", "{\n}\n", false, 1, "not a whole JSON object"},
		{"text", "hello", false, 1, "not a whole JSON object"},
		{"Latin-1", "a\nb\xe4\n", true, 2, "the text is not UTF-8"},
		{"UTF-16", "\xff\xfeh\x00i\x00", true, 1, "the text is not UTF-8"},
		{"an id that is neither", "{}\n{\"id\":true}", false, 2, "neither a string nor a number"},
		{"an empty id", `{"id":""}`, false, 1, "the id is empty"},
		{"a long id", `{"id":"` + strings.Repeat("x", 1025) + `"}`, false, 1, "longer than 1024 bytes"},
		{"an id twice", "{\"id\":\"a\"}\n\n{\"id\":\"a\"}", false, 3, `the id "a" is that of line 1 already`},
		{"an id as number and as string", "{\"id\":7}\n{\"id\":\"7\"}", false, 2, `the id "7" is that of line 1 already`},
		{"an id that is another line's number", "{\"id\":\"2\"}\n{}", false, 2, `the id "2" is that of line 1 already`},
		{"a line over the limit", "a\n" + strings.Repeat("x", MaxLine+1), true, 2, "longer than 32 MiB"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			items, err := Read(strings.NewReader(tt.input), Form{Lines: tt.lines})
			wantErr(t, "Read", err, ErrInput)
			var at *LineError
			if !errors.As(err, &at) {
				t.Fatalf("got %v, want a *LineError in it", err)
			}
			if at.Line != tt.line || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("got line %d, %q; want line %d, %q", at.Line, err, tt.line, tt.want)
			}
			if items != nil {
				t.Errorf("got %d items with the error", len(items))
			}
		})
	}
}

func TestReadTakesTheLongestLine(t *testing.T) {
	long := strings.Repeat("x", MaxLine)
	items, err := Read(strings.NewReader(long+"\r\nb"), Form{Lines: true})
	if err != nil {
		t.Fatal(err)
	}
	data, err := items[0].Data()
	if err != nil || string(data) != long || len(items) != 2 {
		t.Errorf("got %d items, the first of %d bytes, %v; want 2, %d", len(items), len(data), err, len(long))
	}
}

func TestLineReader(t *testing.T) {
	type line struct {
		Text   string
		Ended  bool
		Offset int64
	}
	tests := []struct {
		name, input string
		want        []line
		err         error
	}{
		{"nothing", "", nil, io.EOF},
		{"newline at the end or not", "ab\n\ncd", []line{{"ab", true, 3}, {"", true, 4}, {"cd", false, 6}}, io.EOF},
		{"as long as may be", "abcd\n", []line{{"abcd", true, 5}}, io.EOF},
		{"room for a carriage return", "abcd\r\n", []line{{"abcd\r", true, 6}}, io.EOF},
		{"longer", "a\nabcdef\n", []line{{"a", true, 2}}, errLong},
		{"far longer", "a\n" + strings.Repeat("x", 200_000) + "\n", []line{{"a", true, 2}}, errLong},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			lines := newLineReader(strings.NewReader(tt.input), 4)
			var got []line
			for {
				text, ended, err := lines.next()
				if err != nil {
					wantErr(t, "next", err, tt.err)
					break
				}
				got = append(got, line{string(text), ended, lines.offset})
			}
			diff(t, "lines", got, tt.want)
		})
	}
}

func TestReadAsksCheck(t *testing.T) {
	bad := errors.New("no prompt")
	var asked []string
	_, err := Read(strings.NewReader("a\n\nb\nc"), Form{Lines: true, Check: func(item Item) error {
		data, err := item.Data()
		if err != nil {
			return err
		}
		asked = append(asked, string(data))
		if string(data) == "b" {
			return bad
		}
		return nil
	}})
	wantErr(t, "Read", err, ErrInput)
	wantErr(t, "Read", err, bad)
	diff(t, "text", err.Error(), "the input cannot be used: line 3: no prompt")
	diff(t, "asked", asked, []string{"a", "b"})
}

func TestReadHandsOnErrors(t *testing.T) {
	broken := errors.New("broken pipe")
	_, err := Read(io.MultiReader(strings.NewReader("{}\n{"), iotest.ErrReader(broken)), Form{})
	wantErr(t, "Read", err, broken)
	if errors.Is(err, ErrInput) {
		t.Errorf("got %v, which blames the input", err)
	}
}

// largeFile is an input over the limit for memory, after a part that is read by
// somebody else.
func largeFile(t *testing.T) *os.File {
	t.Helper()
	path := filepath.Join(t.TempDir(), "in")
	line := append(bytes.Repeat([]byte("x"), 1<<20), "\r\n"...)
	data := []byte("skipped\n\ufefffirst\n\n")
	for range 70 {
		data = append(data, line...)
	}
	data = append(data, "last"...)
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
	file, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = file.Close() })
	if _, err := file.Seek(int64(len("skipped\n")), io.SeekStart); err != nil {
		t.Fatal(err)
	}
	return file
}

func TestReadLargeFile(t *testing.T) {
	file := largeFile(t)
	items, err := Read(file, Form{Lines: true})
	if err != nil {
		t.Fatal(err)
	}
	diff(t, "number of items", len(items), 72)
	for i, want := range map[int]string{0: "first", 1: strings.Repeat("x", 1<<20), 70: strings.Repeat("x", 1<<20), 71: "last"} {
		if items[i].data != nil {
			t.Errorf("item %d is kept in memory", i)
		}
		data, err := items[i].Data()
		if err != nil || string(data) != want {
			t.Errorf("item %d has %d bytes, %v; want %d", i, len(data), err, len(want))
		}
	}

	if _, err := file.WriteAt([]byte("y"), 100); err != nil {
		t.Fatal(err)
	}
	if err := file.Truncate(1 << 20 * 20); err != nil {
		t.Fatal(err)
	}
	for _, i := range []int{1, 71} {
		_, err := items[i].Data()
		wantErr(t, "Data of a changed file", err, ErrInputChanged)
	}
	if err := file.Close(); err != nil {
		t.Fatal(err)
	}
	_, err = items[0].Data()
	wantErr(t, "Data of a closed file", err, os.ErrClosed)
}

// Standard input may be a file too.
func TestReadSmallFile(t *testing.T) {
	file, err := os.Open(writeFile(t, "a\nb"))
	if err != nil {
		t.Fatal(err)
	}
	items, err := Read(file, Form{Lines: true})
	if err != nil {
		t.Fatal(err)
	}
	closeAll(t, file)
	diff(t, "items", seenItems(t, items), []seen{{number("1"), 0, 1, "a"}, {number("2"), 1, 2, "b"}})
}

func TestReadBoundsMemory(t *testing.T) {
	in := reading{form: Form{Lines: true}, seen: map[string]int{}, room: 3}
	if err := in.add([]byte("abc"), 1, 0); err != nil {
		t.Fatal(err)
	}
	err := in.add([]byte("d"), 2, 4)
	wantErr(t, "add", err, ErrInput)
}

func TestIDKeepsItsForm(t *testing.T) {
	for _, want := range []string{`"7"`, `7`, `1.50`, `-1e3`, `"ä\n"`} {
		id, given, err := readID([]byte(`{"id":` + want + `}`))
		if err != nil || !given {
			t.Fatalf("readID(%s): %v, %v", want, given, err)
		}
		got, err := json.Marshal(id)
		if err != nil || string(got) != want {
			t.Errorf("got %s, %v; want %s", got, err, want)
		}
	}
}

func FuzzRead(f *testing.F) {
	for _, seed := range []string{
		"", "\n", "{}", "{}\n{}", "\ufeff{}\r\n\r\n{\"id\":1}\n", "{\"id\":\"a\"}\n{\"id\":\"a\"}", "{\"id\":", "a\nb", "\xff\xfe", "{\"id\":null}\r",
	} {
		f.Add([]byte(seed), true)
		f.Add([]byte(seed), false)
	}
	f.Fuzz(func(t *testing.T, input []byte, plain bool) {
		items, err := Read(bytes.NewReader(input), Form{Lines: plain})
		slow, slowErr := Read(iotest.OneByteReader(bytes.NewReader(input)), Form{Lines: plain})
		if (err == nil) != (slowErr == nil) {
			t.Fatalf("%v at once, %v byte by byte", err, slowErr)
		}
		if err != nil {
			var at *LineError
			if !errors.As(err, &at) || at.Line < 1 || at.Line > bytes.Count(input, []byte("\n"))+1 {
				t.Fatalf("no line, or a wrong one, in %v", err)
			}
			return
		}
		diff(t, "byte by byte", seenItems(t, slow), seenItems(t, items))
		physical := bytes.Split(bytes.TrimPrefix(input, []byte("\ufeff")), []byte("\n"))
		used := map[int]bool{}
		ids := map[string]bool{}
		for i, item := range items {
			data, _ := item.Data()
			if item.Index != i || ids[item.ID.Text] || used[item.Line] {
				t.Fatalf("item %+v out of place", item)
			}
			ids[item.ID.Text], used[item.Line] = true, true
			if want := bytes.TrimSuffix(physical[item.Line-1], []byte("\r")); !bytes.Equal(data, want) {
				t.Fatalf("line %d: got %q, want %q", item.Line, data, want)
			}
			if !plain && !json.Valid(data) {
				t.Fatalf("%q is not JSON", data)
			}
			if id, err := json.Marshal(item.ID); err != nil || !json.Valid(id) {
				t.Fatalf("id %q, %v", id, err)
			}
		}
		for i, line := range physical {
			if blank := len(bytes.TrimSpace(line)) == 0; blank == used[i+1] {
				t.Fatalf("line %d is blank: %v, used: %v", i+1, blank, used[i+1])
			}
		}
	})
}
