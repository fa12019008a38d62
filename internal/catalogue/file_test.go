package catalogue

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/codexctl/codexctl/pkg/responses"
)

var (
	noon    = time.Date(2026, 10, 1, 12, 0, 0, 0, time.UTC)
	someone = Key{"https://chatgpt.com/backend-api/codex", "account-1", "0.169.0"}
)

// models is a list with entries as a backend sends them.
func models(slugs ...string) []responses.Model {
	var list []responses.Model
	for _, slug := range slugs {
		name, lite := strings.CutSuffix(slug, "!")
		list = append(list, responses.Model{
			Slug: name, Listed: true, Lite: lite,
			Entry: json.RawMessage(fmt.Sprintf(`{"slug":%q,"use_responses_lite":%v,"base_instructions":"a\nb"}`, name, lite)),
		})
	}
	return list
}

// backend is a catalogue that changes, and counts how it is asked.
type backend struct {
	mu    sync.Mutex
	list  []responses.Model
	etag  string
	err   error
	asked []string // the etags
}

func (b *backend) listIf(_ context.Context, etag string) ([]responses.Model, string, bool, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.asked = append(b.asked, etag)
	switch {
	case b.err != nil:
		return nil, "", false, b.err
	case etag != "" && etag == b.etag:
		return nil, "", true, nil
	}
	return b.list, b.etag, false, nil
}

// process is a catalogue as a new process has it.
func process(folder string, b *backend, now *time.Time) *Catalogue {
	return &Catalogue{
		ListIf: b.listIf, Folder: folder, Key: func() Key { return someone },
		Now: func() time.Time { return *now },
	}
}

func TestListOutlivesTheProcess(t *testing.T) {
	folder, now := filepath.Join(t.TempDir(), "cache", "codexctl"), noon
	b := &backend{list: models("plain", "light!"), etag: `W/"1"`}
	newer := models("newest")
	steps := []struct {
		name  string
		after time.Duration
		do    func()
		want  []responses.Model
		asked []string // so far
	}{
		{"the first process asks", 0, nil, b.list, []string{""}},
		{"the second does not", time.Minute, nil, b.list, []string{""}},
		{"after five minutes the list is confirmed", 4 * time.Minute, nil, b.list, []string{"", `W/"1"`}},
		{"which counts as fetched", 4 * time.Minute, nil, b.list, []string{"", `W/"1"`}},
		{"a changed list is taken", time.Hour, func() { b.list, b.etag = newer, `W/"2"` }, newer, []string{"", `W/"1"`, `W/"1"`}},
		{"a clock that was set back", -24 * time.Hour, nil, newer, []string{"", `W/"1"`, `W/"1"`, `W/"2"`}},
		{"an old list is better than none", 30 * time.Hour, func() { b.err = errors.New("unreachable") }, newer, []string{"", `W/"1"`, `W/"1"`, `W/"2"`, `W/"2"`}},
	}
	for _, step := range steps {
		t.Run(step.name, func(t *testing.T) {
			now = now.Add(step.after)
			if step.do != nil {
				step.do()
			}
			c := process(folder, b, &now)
			for range 2 { // the second time from memory
				got, err := c.Models(t.Context())
				if err != nil {
					t.Fatal(err)
				}
				if diff := cmp.Diff(step.want, got); diff != "" {
					t.Errorf("models (-want +got):\n%s", diff)
				}
				if b.err != nil {
					break // nothing that could be kept in memory
				}
			}
			if diff := cmp.Diff(step.asked, b.asked); diff != "" {
				t.Errorf("asked with (-want +got):\n%s", diff)
			}
		})
	}
	files := filesIn(t, folder)
	if len(files) != 1 || strings.Contains(files[0].Name(), someone.Account) {
		t.Fatalf("files %v", files)
	}
	for path, want := range map[string]os.FileMode{folder: 0o700, filepath.Join(folder, files[0].Name()): 0o600} {
		if info, err := os.Stat(path); err != nil || info.Mode().Perm() != want {
			t.Errorf("mode of %s: %v, %v; want %v", path, info.Mode(), err, want)
		}
	}
	data, err := os.ReadFile(filepath.Join(folder, files[0].Name()))
	if err != nil || strings.Contains(string(data), someone.Account) || strings.Contains(string(data), "chatgpt") {
		t.Errorf("the file tells whose it is: %s, %v", data, err)
	}
}

func filesIn(t *testing.T, folder string) []os.DirEntry {
	t.Helper()
	entries, err := os.ReadDir(folder)
	if err != nil {
		t.Fatal(err)
	}
	return entries
}

func TestCachedAndKnownLiteAskNobody(t *testing.T) {
	folder, now := t.TempDir(), noon
	b := &backend{list: models("plain", "light!"), etag: "1"}
	if _, _, ok := process(folder, b, &now).Cached(); ok {
		t.Error("Cached without a file = true, want false")
	}
	if _, err := process(folder, b, &now).Models(t.Context()); err != nil {
		t.Fatal(err)
	}
	now = now.Add(20 * 24 * time.Hour)
	b.err = errors.New("nobody should ask")
	got, fetched, ok := process(folder, b, &now).Cached()
	if diff := cmp.Diff(b.list, got); diff != "" || !ok || !fetched.Equal(noon) {
		t.Errorf("cached %v, %v (-want +got):\n%s", fetched, ok, diff)
	}
	for model, want := range map[string]bool{"plain": false, "light": true, "new": false} {
		if got := process(folder, b, &now).KnownLite(model); got != want {
			t.Errorf("KnownLite(%q) = %v, want %v", model, got, want)
		}
	}
	if len(b.asked) != 1 {
		t.Errorf("asked %q, want once", b.asked)
	}
}

func TestConfirmAsksWithTheETag(t *testing.T) {
	folder, now := t.TempDir(), noon
	b := &backend{list: models("a"), etag: `W/"1"`}
	c := process(folder, b, &now)
	if c.Fresh() {
		t.Error("Fresh without a list = true, want false")
	}
	for range 3 {
		if got, err := c.Confirm(t.Context()); err != nil || len(got) != 1 {
			t.Fatalf("Confirm = %v, %v", got, err)
		}
		if !process(folder, b, &now).Fresh() {
			t.Error("Fresh after Confirm = false, want true")
		}
	}
	if diff := cmp.Diff([]string{"", `W/"1"`, `W/"1"`}, b.asked); diff != "" {
		t.Errorf("asked (-want +got):\n%s", diff)
	}
	now = now.Add(5 * time.Minute)
	if process(folder, b, &now).Fresh() {
		t.Error("Fresh after five minutes = true, want false")
	}
}

func TestRefreshTakesTheWholeList(t *testing.T) {
	folder, now := t.TempDir(), noon
	b := &backend{list: models("a"), etag: "1"}
	c := process(folder, b, &now)
	for range 2 {
		if got, err := c.Refresh(t.Context()); err != nil || len(got) != 1 {
			t.Fatal(got, err)
		}
	}
	b.err = errors.New("unreachable")
	if _, err := c.Refresh(t.Context()); !errors.Is(err, b.err) {
		t.Errorf("error = %v, want %v", err, b.err)
	}
	if diff := cmp.Diff([]string{"", "", ""}, b.asked); diff != "" {
		t.Errorf("asked with (-want +got):\n%s", diff)
	}
	if got, err := process(folder, b, &now).Models(t.Context()); err != nil || got[0].Slug != "a" {
		t.Errorf("after a failure: %v, %v; want what was known", got, err)
	}
}

func TestNothingIsKeptOfAnEmptyList(t *testing.T) {
	folder, now := t.TempDir(), noon
	b := &backend{list: models("a"), etag: "1"}
	if _, err := process(folder, b, &now).Models(t.Context()); err != nil {
		t.Fatal(err)
	}
	b.list, b.etag, now = nil, "2", now.Add(time.Hour)
	c := process(folder, b, &now)
	if got, err := c.Models(t.Context()); err != nil || len(got) != 0 {
		t.Errorf("models = %v, %v; want what the backend says", got, err)
	}
	if got, _, ok := c.Cached(); !ok || got[0].Slug != "a" {
		t.Errorf("cached = %v, want what was known", got)
	}
}

func TestAnAnswerThatMakesNoSense(t *testing.T) {
	c := &Catalogue{ListIf: func(context.Context, string) ([]responses.Model, string, bool, error) { return nil, "", true, nil }}
	if _, err := c.Models(t.Context()); !errors.Is(err, errUnasked) {
		t.Errorf("unchanged, of nothing: %v, want %v", err, errUnasked)
	}
}

func TestLearnedOutlivesTheProcessForAWeek(t *testing.T) {
	folder, now := t.TempDir(), noon
	b := &backend{list: models("a", "b"), etag: "1"}
	process(folder, b, &now).LearnedLite("a") // before there is a list
	if _, err := process(folder, b, &now).Models(t.Context()); err != nil {
		t.Fatal(err)
	}
	now = now.Add(time.Hour)
	process(folder, b, &now).LearnedLite("b")
	for _, step := range []struct {
		at   time.Duration
		a, b bool
	}{{0, true, true}, {time.Hour, true, true}, {7 * 24 * time.Hour, false, true}, {7*24*time.Hour + time.Hour, false, false}, {-time.Hour, false, false}} {
		now = noon.Add(step.at)
		if step.at == 0 {
			now = noon.Add(time.Hour)
		}
		c := process(folder, b, &now)
		if c.KnownLite("a") != step.a || c.KnownLite("b") != step.b {
			t.Errorf("after %v: a %v, b %v; want %v, %v", step.at, c.KnownLite("a"), c.KnownLite("b"), step.a, step.b)
		}
	}
	if got, _, ok := process(folder, b, &now).Cached(); !ok || len(got) != 2 {
		t.Errorf("the list was lost when something was learned: %v", got)
	}
}

func TestListsOfOthersAreKeptApart(t *testing.T) {
	folder, now := t.TempDir(), noon
	for i, key := range []Key{
		someone,
		{someone.BaseURL, "account-2", someone.ClientVersion},
		{"http://localhost:1", someone.Account, someone.ClientVersion},
		{someone.BaseURL, someone.Account, "0.170.0"},
	} {
		b := &backend{list: models(fmt.Sprint("m", i))}
		c := process(folder, b, &now)
		c.Key = func() Key { return key }
		if got, err := c.Models(t.Context()); err != nil || got[0].Slug != b.list[0].Slug || len(b.asked) != 1 {
			t.Errorf("%v: %v, %v, asked %d times", key, got, err, len(b.asked))
		}
	}
	if files := filesIn(t, folder); len(files) != 4 {
		t.Errorf("%d files, want 4", len(files))
	}
}

func TestAnotherLoginHasAnotherList(t *testing.T) {
	folder, now, key := t.TempDir(), noon, someone
	b := &backend{list: models("a!")}
	c := process(folder, b, &now)
	c.Key = func() Key { return key }
	if _, err := c.Models(t.Context()); err != nil {
		t.Fatal(err)
	}
	key.Account = "account-2"
	if c.KnownLite("a") {
		t.Error("the list of another account is still believed")
	}
	c.ListIf = func(ctx context.Context, etag string) ([]responses.Model, string, bool, error) {
		defer func() { key.Account = "account-3" }()
		return b.listIf(ctx, etag)
	}
	if got, err := c.Models(t.Context()); err != nil || len(got) != 1 {
		t.Errorf("models = %v, %v", got, err)
	}
	if _, _, ok := c.Cached(); ok {
		t.Error("the third account was given the second's list")
	}
	key.Account = ""
	if _, err := c.Models(t.Context()); err != nil {
		t.Fatal(err)
	}
	if files := filesIn(t, folder); len(files) != 1 {
		t.Errorf("%d files, want the first account's alone", len(files))
	}
}

func TestABrokenFileIsNone(t *testing.T) {
	good := func(t *testing.T) (folder, path string) {
		folder, now := t.TempDir(), noon
		if _, err := process(folder, &backend{list: models("old!"), etag: "1"}, &now).Models(t.Context()); err != nil {
			t.Fatal(err)
		}
		return folder, fileName(folder, someone)
	}
	edit := func(change func(string) string) func(*testing.T, string) {
		return func(t *testing.T, path string) {
			data, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(path, []byte(change(string(data))), 0o600); err != nil {
				t.Fatal(err)
			}
		}
	}
	tests := []struct {
		name  string
		spoil func(t *testing.T, path string)
	}{
		{"empty", edit(func(string) string { return "" })},
		{"cut in its first line", edit(func(s string) string { return s[:20] })},
		{"cut in an entry", edit(func(s string) string { return s[:len(s)-20] })},
		{"without its last byte", edit(func(s string) string { return s[:len(s)-1] })},
		{"with something behind it", edit(func(s string) string { return s + "{}\n" })},
		{"one letter changed", edit(func(s string) string { return strings.Replace(s, "instructions", "instructiomz", 1) })},
		{"of a later version", edit(func(s string) string { return strings.Replace(s, `"version":1`, `"version":2`, 1) })},
		{"of another program", edit(func(string) string { return `["models"]` })},
		{"models that are missing", edit(func(s string) string { return strings.Replace(s, `"models":[`, `"models":[{"slug":"x"},`, 1) })},
		{"a folder", func(t *testing.T, path string) {
			if err := errors.Join(os.Remove(path), os.Mkdir(path, 0o700)); err != nil {
				t.Fatal(err)
			}
		}},
		{"too large", func(t *testing.T, path string) {
			if err := os.Truncate(path, fileLimit+1); err != nil {
				t.Fatal(err)
			}
		}},
		{"a link to nothing", func(t *testing.T, path string) {
			if err := errors.Join(os.Remove(path), os.Symlink("nowhere", path)); err != nil {
				t.Fatal(err)
			}
		}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			folder, path := good(t)
			now := noon
			if !process(folder, &backend{}, &now).KnownLite("old") {
				t.Fatal("the file was not good before")
			}
			tt.spoil(t, path)
			b := &backend{list: models("new"), etag: "2"}
			c := process(folder, b, &now)
			if c.KnownLite("old") {
				t.Error("a broken file is believed")
			}
			if got, err := c.Models(t.Context()); err != nil || got[0].Slug != "new" {
				t.Errorf("models = %v, %v", got, err)
			}
			if diff := cmp.Diff([]string{""}, b.asked); diff != "" {
				t.Errorf("asked with (-want +got):\n%s", diff)
			}
			if got, _, ok := process(folder, b, &now).Cached(); tt.name != "a folder" && (!ok || got[0].Slug != "new") {
				t.Errorf("the broken file was not replaced: %v", got)
			}
			if files := filesIn(t, folder); len(files) != 1 {
				t.Errorf("%d files, want 1", len(files))
			}
		})
	}
}

func TestAFolderThatCannotBeWrittenHurtsNobody(t *testing.T) {
	blocked := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(blocked, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, folder := range []string{blocked, filepath.Join(blocked, "x"), "/proc/nowhere"} {
		now := noon
		b := &backend{list: models("a"), etag: "1"}
		c := process(folder, b, &now)
		c.LearnedLite("b")
		if got, err := c.Models(t.Context()); err != nil || len(got) != 1 || !c.KnownLite("b") {
			t.Errorf("%s: %v, %v", folder, got, err)
		}
	}
	// An entry that is not JSON cannot be kept either.
	now, folder := noon, t.TempDir()
	c := process(folder, &backend{list: []responses.Model{{Slug: "a", Entry: json.RawMessage("{\n")}}}, &now)
	if got, err := c.Models(t.Context()); err != nil || len(got) != 1 {
		t.Errorf("%v, %v", got, err)
	}
	if files := filesIn(t, folder); len(files) != 0 {
		t.Errorf("%d files, want none", len(files))
	}
}

func TestEntriesAreKeptAsTheyCame(t *testing.T) {
	folder, now := t.TempDir(), noon
	b := &backend{list: []responses.Model{
		{Slug: "spaced", Entry: json.RawMessage("{\n \"a\" : 1e2,\t\"b\":\"x y\\n<&>\u2028\" }")},
		{Slug: "", Listed: true},
		{Slug: "on one line", Entry: json.RawMessage(`{ "a": 1 }`)},
		{Slug: "line\nbreak", Lite: true, Entry: json.RawMessage(`12345678901234567890`)},
	}}
	if _, err := process(folder, b, &now).Models(t.Context()); err != nil {
		t.Fatal(err)
	}
	want := []responses.Model{
		{Slug: "spaced", Entry: json.RawMessage("{\"a\":1e2,\"b\":\"x y\\n<&>\u2028\"}")},
		b.list[1], b.list[2], b.list[3],
	}
	got, _, _ := process(folder, b, &now).Cached()
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("models (-want +got):\n%s", diff)
	}
}

func TestOldFilesAreSweptAway(t *testing.T) {
	folder, now := t.TempDir(), time.Now()
	age := map[string]time.Duration{
		"models-00.jsonl": 31 * 24 * time.Hour, "models-01.jsonl": 29 * 24 * time.Hour,
		"models-1.tmp": 2 * time.Hour, "models-2.tmp": time.Minute, "models-old.txt": 99 * 24 * time.Hour, "other.jsonl": 99 * 24 * time.Hour,
	}
	for name, age := range age {
		path := filepath.Join(folder, name)
		if err := errors.Join(os.WriteFile(path, nil, 0o600), os.Chtimes(path, now.Add(-age), now.Add(-age))); err != nil {
			t.Fatal(err)
		}
	}
	process(folder, &backend{}, &now).LearnedLite("a")
	var got []string
	for _, entry := range filesIn(t, folder) {
		got = append(got, entry.Name())
	}
	want := []string{"models-01.jsonl", "models-2.tmp", filepath.Base(fileName(folder, someone)), "models-old.txt", "other.jsonl"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("files (-want +got):\n%s", diff)
	}
}

func TestProcessesShareOneFile(t *testing.T) {
	folder, now := t.TempDir(), noon
	b := &backend{list: models("a", "b!"), etag: "1"}
	if _, err := process(folder, b, &now).Models(t.Context()); err != nil {
		t.Fatal(err)
	}
	var all sync.WaitGroup
	for i := range 16 {
		all.Go(func() {
			for j := range 20 {
				c := process(folder, b, &now)
				switch got, _, ok := c.Cached(); {
				case !ok || len(got) != 2:
					t.Errorf("a reader saw %v", got)
				case j%2 == 0:
					c.LearnedLite(fmt.Sprint("m", i))
				default:
					if _, err := c.Refresh(t.Context()); err != nil {
						t.Error(err)
					}
				}
			}
		})
	}
	all.Wait()
	if files := filesIn(t, folder); len(files) != 1 {
		t.Errorf("%d files, want 1", len(files))
	}
	c := process(folder, b, &now)
	if got, _, ok := c.Cached(); !ok || !c.KnownLite("b") || len(got) != 2 {
		t.Errorf("at the end %v, %v", got, ok)
	}
}

func TestAskersShareOneQuestion(t *testing.T) {
	asked, answer := make(chan struct{}, 10), make(chan error)
	c := &Catalogue{List: func(ctx context.Context) ([]responses.Model, error) {
		asked <- struct{}{}
		select {
		case err := <-answer:
			return models("a"), err
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}}
	leader, leave := context.WithCancelCause(t.Context())
	gone := errors.New("gone away")
	var led, followed, impatient sync.WaitGroup
	led.Go(func() {
		if _, err := c.Models(leader); !errors.Is(err, context.Canceled) {
			t.Errorf("leader: %v", err)
		}
	})
	<-asked
	if c.KnownLite("a") { // waits for nobody
		t.Error("KnownLite = true, want false")
	}
	for range 3 {
		followed.Go(func() {
			if got, err := c.Models(t.Context()); err != nil || len(got) != 1 {
				t.Errorf("follower: %v, %v", got, err)
			}
		})
	}
	quit, stop := context.WithCancelCause(t.Context())
	impatient.Go(func() {
		if _, err := c.Models(quit); !errors.Is(err, gone) {
			t.Errorf("impatient follower: %v, want %v", err, gone)
		}
	})
	time.Sleep(10 * time.Millisecond)
	stop(gone)
	impatient.Wait()
	leave(gone)
	led.Wait()
	<-asked // one of the followers leads now
	time.Sleep(10 * time.Millisecond)
	answer <- nil
	followed.Wait()
	if len(asked) != 0 {
		t.Errorf("asked %d times too often", len(asked))
	}
}

// large is a folder with a list of some 300 KB, as an account's may be.
func large(b *testing.B) (folder string, now *time.Time) {
	b.Helper()
	folder, now = b.TempDir(), new(noon)
	var list []responses.Model
	for i := range 10 {
		entry := fmt.Sprintf(`{"base_instructions":%q}`, strings.Repeat("words ", 5000))
		list = append(list, responses.Model{Slug: fmt.Sprint("m", i), Listed: true, Entry: json.RawMessage(entry)})
	}
	if _, err := process(folder, &backend{list: list}, now).Models(b.Context()); err != nil {
		b.Fatal(err)
	}
	return folder, now
}

// What a new process pays before its first request.
func BenchmarkKnownLite(b *testing.B) {
	folder, now := large(b)
	for b.Loop() {
		process(folder, &backend{}, now).KnownLite("m5")
	}
}

// What a new process pays when it has learned something new.
func BenchmarkLearnedLite(b *testing.B) {
	folder, now := large(b)
	for b.Loop() {
		process(folder, &backend{}, now).LearnedLite("new")
		*now = now.Add(learnedFor) // forget it
	}
}
