package batch

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"testing/iotest"
)

func create(t testing.TB, path string) *File {
	t.Helper()
	f, err := Create(path)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

func resume(t testing.TB, path string) *File {
	t.Helper()
	f, err := Resume(path)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

func write(t testing.TB, f *File, lines ...string) {
	t.Helper()
	for _, line := range lines {
		if n, err := f.Write([]byte(line)); err != nil || n != len(line) {
			t.Fatalf("Write: %d, %v", n, err)
		}
	}
}

func fileNames(t testing.TB, dir string) []string {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	names := []string{}
	for _, entry := range entries {
		names = append(names, entry.Name())
	}
	return names
}

const (
	one      = `{"id":1,"index":0,"status":"completed","text":"a"}` + "\n"
	two      = `{"id":"two","index":1,"status":"completed"}` + "\n"
	badThree = `{"id":3,"index":2,"status":"failed","error":{"status":"completed"}}` + "\n"
	three    = `{"id":3,"index":2,"status":"completed"}` + "\n"
)

func TestCreate(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "out.jsonl")
	f := create(t, path)
	diff(t, "kept", f.Kept(), Kept{})
	write(t, f, one, two)
	diff(t, "while it is open", readFile(t, path), one+two)
	diff(t, "files while it is open", fileNames(t, dir), []string{"out.jsonl", "out.jsonl.lock"})
	closeAll(t, f, f)
	diff(t, "files", fileNames(t, dir), []string{"out.jsonl"})

	_, err := Create(path)
	wantErr(t, "Create over something", err, ErrOutputExists)
	diff(t, "content", readFile(t, path), one+two)
	diff(t, "files", fileNames(t, dir), []string{"out.jsonl"})

	if err := os.Truncate(path, 0); err != nil {
		t.Fatal(err)
	}
	closeAll(t, create(t, path))
}

func TestCreateOnADevice(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("there is no null device with a path")
	}
	for range 2 { // nobody is kept from it
		f := create(t, os.DevNull)
		defer closeAll(t, f)
		write(t, f, one)
	}
	_, err := Create(t.TempDir())
	if err == nil {
		t.Error("a directory was opened for writing")
	}
	_, err = Resume(os.DevNull)
	wantErr(t, "Resume", err, ErrNotOutput)
}

func TestCreateNowhere(t *testing.T) {
	path := filepath.Join(t.TempDir(), "missing", "out")
	_, err := Create(path)
	wantErr(t, "Create", err, fs.ErrNotExist)
	_, err = Resume(path)
	wantErr(t, "Resume", err, fs.ErrNotExist)
}

func TestLock(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "out.jsonl")
	link := filepath.Join(dir, "link")
	if err := os.Symlink("out.jsonl", link); err != nil {
		t.Skip(err)
	}
	f := create(t, link) // that leads to nothing yet
	write(t, f, one)
	for _, name := range []string{path, link} {
		_, err := Resume(name)
		wantErr(t, "Resume of what is being written", err, ErrLocked)
		_, err = Create(name)
		wantErr(t, "Create of what is being written", err, ErrLocked)
	}
	closeAll(t, f)
	diff(t, "content", readFile(t, path), one)
	closeAll(t, resume(t, path))
}

// What .. means behind a link is what the system says it means.
func TestDotsBehindALink(t *testing.T) {
	dir := t.TempDir()
	if err := os.MkdirAll(filepath.Join(dir, "real", "deep"), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(filepath.Join("real", "deep"), filepath.Join(dir, "folder")); err != nil {
		t.Skip(err)
	}
	f := create(t, dir+"/folder/../out.jsonl")
	write(t, f, one)
	closeAll(t, f)
	diff(t, "content", readFile(t, filepath.Join(dir, "real", "out.jsonl")), one)
}

// What a killed process leaves behind keeps nobody out.
func TestLockLeftBehind(t *testing.T) {
	path := writeFile(t, one+badThree)
	for _, name := range []string{path + ".lock", filepath.Join(filepath.Dir(path), ".file.jsonl.tmp")} {
		if err := os.WriteFile(name, []byte("left behind"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	closeAll(t, resume(t, path))
	diff(t, "content", readFile(t, path), one)
	diff(t, "files", fileNames(t, filepath.Dir(path)), []string{"file.jsonl"})
}

func TestLockIsTakenByOneAtATime(t *testing.T) {
	path := filepath.Join(t.TempDir(), "out")
	holders := make(chan int, 1)
	errs := make(chan error, 8)
	for range cap(errs) {
		go func() {
			for range 200 {
				lock, err := takeLock(path)
				if errors.Is(err, ErrLocked) {
					continue
				}
				if err != nil {
					errs <- err
					return
				}
				select {
				case holders <- 1:
					<-holders
				default:
					errs <- errors.New("two hold the lock")
					return
				}
				_ = (&File{lock: lock}).Close()
			}
			errs <- nil
		}()
	}
	for range cap(errs) {
		if err := <-errs; err != nil {
			t.Error(err)
		}
	}
}

func TestTooManyLinks(t *testing.T) {
	path := filepath.Join(t.TempDir(), "loop")
	if err := os.Symlink("loop", path); err != nil {
		t.Skip(err)
	}
	if _, err := Create(path); err == nil {
		t.Error("a symlink to itself was opened")
	}
}

func TestResume(t *testing.T) {
	tests := []struct {
		name   string
		before string
		after  string
		kept   Kept
		ids    []string
	}{
		{"an empty file", "", "", Kept{}, nil},
		{"whole", one + two, one + two, Kept{Completed: 2}, []string{"1", "two"}},
		{"a failed record", one + badThree + two, one + two, Kept{Completed: 2, Failed: 1}, []string{"1", "two"}},
		{"failed first, completed later", badThree + one + three, one + three, Kept{Completed: 2, Failed: 1}, []string{"1", "3"}},
		{"failed records alone", badThree + badThree, "", Kept{Failed: 2}, nil},
		{"completed twice", one + two + strings.Replace(one, `"a"`, `"b"`, 1), one + two, Kept{Completed: 2, Repeated: 1}, []string{"1", "two"}},
		{"the same id as number and as string", one + strings.Replace(one, `1`, `"1"`, 1), one, Kept{Completed: 1, Repeated: 1}, []string{"1"}},
		{"a torn last line", one + `{"id":"two","ind`, one, Kept{Completed: 1, Torn: 1}, []string{"1"}},
		{"torn after a byte", one + `{`, one, Kept{Completed: 1, Torn: 1}, []string{"1"}},
		{"torn alone", `{"id`, "", Kept{Torn: 1}, nil},
		{"the last newline alone is missing", one + strings.TrimSuffix(two, "\n"), one + two, Kept{Completed: 2}, []string{"1", "two"}},
		{"it is missing from a failed one", one + strings.TrimSuffix(badThree, "\n"), one, Kept{Completed: 1, Failed: 1}, []string{"1"}},
		{"torn, and another run appended", one + `{"id":"two","ind` + three + two, one + two, Kept{Completed: 2, Torn: 1}, []string{"1", "two"}},
		{"zeros of a power cut", one + "\x00\x00\x00", one, Kept{Completed: 1, Torn: 1}, []string{"1"}},
		{"blank lines and carriage returns", "\n" + strings.Replace(one, "\n", "\r\n", 1) + "  \n" + two, strings.Replace(one, "\n", "\r\n", 1) + two, Kept{Completed: 2}, []string{"1", "two"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			path := writeFile(t, tt.before)
			f := resume(t, path)
			diff(t, "content", readFile(t, path), tt.after)
			diff(t, "kept", f.Kept(), tt.kept)
			want := map[string]bool{}
			for _, id := range tt.ids {
				want[id] = true
			}
			diff(t, "answered", f.Answered(), want)
			write(t, f, badThree)
			closeAll(t, f)
			diff(t, "content after a record", readFile(t, path), tt.after+badThree)
			diff(t, "files", fileNames(t, filepath.Dir(path)), []string{"file.jsonl"})
		})
	}
}

// Wherever a kill cuts the file, what stood before the torn line is kept.
func TestResumeCutAnywhere(t *testing.T) {
	whole := one + badThree + two + three
	path := writeFile(t, "")
	for cut := range len(whole) + 1 {
		if err := os.WriteFile(path, []byte(whole[:cut]), 0o600); err != nil {
			t.Fatal(err)
		}
		f := resume(t, path)
		want := ""
		for line := range strings.Lines(whole) {
			rest := cut - strings.Index(whole, line)
			if line != badThree && rest >= len(line)-1 { // the newline itself may be missing
				want += line
			}
		}
		if got := readFile(t, path); got != want {
			t.Fatalf("cut at %d: got %q, want %q", cut, got, want)
		}
		closeAll(t, f)
	}
}

func TestResumeRefusesWhatIsNotOurs(t *testing.T) {
	tests := []struct {
		name, content string
		line          int
	}{
		{"the input", `{"id":"a","prompt":"x"}` + "\n", 1},
		{"the input, torn", `{"id":"a","prompt":"x"}` + "\n" + `{"id":"b`, 1},
		{"an input without ids", `{"prompt":"x"}`, 1},
		{"text", "Dear diary", 1},
		{"text behind a record", one + "\nDear diary\n", 3},
		{"a list", "[" + strings.TrimSpace(one) + "]", 1},
		{"an object over several lines", "{\n  \"id\": 1\n}\n", 2},
		{"an id that is none", `{"id":{},"status":"completed"}`, 1},
		{"a status that is none", `{"id":1,"status":200}`, 1},
		{"a byte order mark", "\ufeff" + one, 1},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			path := writeFile(t, tt.content)
			_, err := Resume(path)
			wantErr(t, "Resume", err, ErrNotOutput)
			var at *LineError
			if !errors.As(err, &at) || at.Line != tt.line {
				t.Errorf("got %v, want line %d", err, tt.line)
			}
			diff(t, "content", readFile(t, path), tt.content)
			diff(t, "files", fileNames(t, filepath.Dir(path)), []string{"file.jsonl"})
		})
	}
}

func TestResumeKeepsLinkAndMode(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("modes and links are different here")
	}
	path := writeFile(t, one+badThree)
	if err := os.Chmod(path, 0o640); err != nil {
		t.Fatal(err)
	}
	folder := t.TempDir()
	link := filepath.Join(folder, "link")
	if err := os.Symlink(path, link); err != nil {
		t.Fatal(err)
	}
	f := resume(t, link)
	write(t, f, two)
	closeAll(t, f)
	diff(t, "content", readFile(t, path), one+two)
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	diff(t, "mode", info.Mode(), fs.FileMode(0o640))
	if to, err := os.Readlink(link); err != nil || to != path {
		t.Errorf("the link leads to %q, %v; want %q", to, err, path)
	}
	diff(t, "files beside the link", fileNames(t, folder), []string{"link"})
}

// A file that needs no change is not replaced: it may be one that cannot be.
func TestResumeLeavesAWholeFile(t *testing.T) {
	path := writeFile(t, one+two)
	before, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	closeAll(t, resume(t, path))
	after, err := os.Stat(path)
	if err != nil || !os.SameFile(before, after) {
		t.Errorf("the file was replaced, %v", err)
	}
}

func TestResumeOfANewFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "out.jsonl")
	f := resume(t, path)
	write(t, f, one)
	closeAll(t, f)
	diff(t, "content", readFile(t, path), one)
}

// A place where the new file cannot be written leaves the old one as it was.
func TestResumeCannotRewrite(t *testing.T) {
	path := writeFile(t, one+badThree)
	inTheWay := filepath.Join(filepath.Dir(path), ".file.jsonl.tmp", "x")
	if err := os.MkdirAll(inTheWay, 0o700); err != nil {
		t.Fatal(err)
	}
	if _, err := Resume(path); err == nil {
		t.Error("the file was resumed")
	}
	diff(t, "content", readFile(t, path), one+badThree)
}

func TestReplaceFails(t *testing.T) {
	kept := &survey{spans: []span{{0, int64(len(one))}}, size: int64(len(one))}
	t.Run("while reading", func(t *testing.T) {
		path := writeFile(t, one)
		file, err := os.Open(path)
		if err != nil {
			t.Fatal(err)
		}
		closeAll(t, file)
		f := &File{file: file}
		wantErr(t, "replace", f.replace(path, kept), fs.ErrClosed)
		diff(t, "files", fileNames(t, filepath.Dir(path)), []string{"file.jsonl"})
	})
	t.Run("while renaming", func(t *testing.T) {
		path := writeFile(t, one)
		file, err := os.Open(path)
		if err != nil {
			t.Fatal(err)
		}
		target := filepath.Join(t.TempDir(), "folder")
		if err := os.MkdirAll(filepath.Join(target, "x"), 0o700); err != nil {
			t.Fatal(err)
		}
		f := &File{file: file}
		if err := f.replace(target, kept); err == nil {
			t.Error("a folder was replaced")
		}
		diff(t, "files", fileNames(t, filepath.Dir(target)), []string{"folder"})
		closeAll(t, f)
	})
}

func TestSurveyHandsOnErrors(t *testing.T) {
	broken := errors.New("input/output error")
	_, err := newSurvey(io.MultiReader(strings.NewReader(one), iotest.ErrReader(broken)), maxRecord)
	wantErr(t, "newSurvey", err, broken)
}

func TestSurveyRefusesEndlessLines(t *testing.T) {
	_, err := newSurvey(io.MultiReader(strings.NewReader(one), endless{}), 1<<20)
	wantErr(t, "newSurvey", err, ErrNotOutput)
}

type endless struct{}

func (endless) Read(p []byte) (int, error) { return len(p), nil }

// A batch, its resumption, and a third run that has nothing left to do.
func TestRunAndResume(t *testing.T) {
	path := filepath.Join(t.TempDir(), "out.jsonl")
	items := prompts(t, 6)
	var asked []string
	run := func(do func(Item) Result) Summary {
		t.Helper()
		f := resume(t, path)
		sum, err := Run(t.Context(), Config{
			Items: items, Answered: f.Answered(), Jobs: 1, Out: f,
			Do: func(_ context.Context, item Item) Result {
				asked = append(asked, item.ID.Text)
				return do(item)
			},
		})
		if err != nil {
			t.Fatal(err)
		}
		closeAll(t, f)
		return sum
	}
	sum := run(func(item Item) Result {
		if item.Index%2 == 0 {
			return failed(item, "network")
		}
		return done(item)
	})
	diffSummary(t, sum, Summary{Total: 6, Completed: 3, Failed: 3, FailedBy: map[string]int{"network": 3}})
	sum = run(done)
	diffSummary(t, sum, Summary{Total: 6, Completed: 3, Skipped: 3})
	sum = run(done)
	diffSummary(t, sum, Summary{Total: 6, Skipped: 6})
	diff(t, "asked", asked, append(numbers(6), "1", "3", "5"))
	if n := strings.Count(readFile(t, path), "\n"); n != 6 {
		t.Errorf("%d records, want 6", n)
	}
}

// Whatever is resumed either is refused and left alone, or becomes a file of whole
// records with each id once, which is not changed by resuming again.
func FuzzResume(f *testing.F) {
	for _, seed := range []string{
		"", "\n", one, one + two, one + badThree + one, one + `{"id":"two"`, strings.TrimSuffix(one, "\n"),
		one + "\x00\x00", `{"id":1}`, "\ufeff" + one, "x", one + `{"id` + one + two, "{\r\n" + one,
	} {
		f.Add([]byte(seed))
	}
	dir := f.TempDir()
	f.Fuzz(func(t *testing.T, content []byte) {
		path := filepath.Join(dir, "out")
		if err := os.WriteFile(path, content, 0o600); err != nil {
			t.Fatal(err)
		}
		out, err := Resume(path)
		if err != nil {
			wantErr(t, "Resume", err, ErrNotOutput)
			if readFile(t, path) != string(content) {
				t.Fatalf("%q was refused, and changed", content)
			}
			return
		}
		write(t, out, three)
		closeAll(t, out)
		after := readFile(t, path)
		if !strings.HasSuffix(after, three) {
			t.Fatalf("%q became %q", content, after)
		}
		kept := strings.TrimSuffix(after, three)
		if n := strings.Count(kept, "\n"); n != out.Kept().Completed || n != len(out.Answered()) {
			t.Fatalf("%d lines are kept, want %d: %q", n, out.Kept().Completed, kept)
		}
		for line := range strings.Lines(kept) {
			if !strings.HasSuffix(line, "\n") || !strings.Contains(string(content)+"\n", line) {
				t.Fatalf("%q is not a line of %q", line, content)
			}
		}
		again := resume(t, path)
		closeAll(t, again)
		if !out.Answered()["3"] && readFile(t, path) != after {
			t.Fatalf("%q became %q, and then %q", content, after, readFile(t, path))
		}
	})
}
