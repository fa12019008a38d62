package session

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

func fileNames(t testing.TB, dir string) []string {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, e := range entries {
		names = append(names, e.Name())
	}
	return names
}

func recordPath(dir, id string) string { return filepath.Join(dir, keyOf(id)+recordSuffix) }

func readFile(t testing.TB, path string) string {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

func writeFile(t testing.TB, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

func TestValidID(t *testing.T) {
	tests := []struct {
		id string
		ok bool
	}{
		{"a", true}, {"0", true}, {"A.b_c-9", true}, {strings.Repeat("x", 128), true}, {"V1", true}, {"v1.", true},
		{"", false}, {strings.Repeat("x", 129), false}, {".", false}, {"..", false}, {"../x", false}, {"_x", false},
		{"-x", false}, {"a/b", false}, {`a\b`, false}, {"a b", false}, {"ä", false}, {"a\x00", false}, {"a\n", false},
		{"v1", false}, {"responses", false}, {"chat", false}, {"models", false}, {"sessions", false}, {"usage", false},
	}
	for _, tt := range tests {
		err := ValidID(tt.id)
		if (err == nil) != tt.ok || err != nil && !errors.Is(err, ErrBadID) {
			t.Errorf("ValidID(%q) = %v, want ok %v", tt.id, err, tt.ok)
		}
	}
}

func TestFolderLooks(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "state", "sessions")
	now := (&clock{now: time.Date(2026, 6, 1, 12, 0, 0, 0, time.UTC)}).Now
	s := New(folder(t, dir), Config{Now: now})
	say(t, s, "talk", "r1")
	diff(t, "record", readFile(t, recordPath(dir, "talk")), strings.Join([]string{
		`{"schema_version":1,"type":"conversation","id":"talk","generated":false,"created":"2026-06-01T12:00:00Z"}`,
		`{"type":"exchange","moves":true,"id":"r1","model":"gpt-5.5","account":"acc","at":"2026-06-01T12:00:00Z","in":["in r1"],"out":["out r1"]}`,
		`{"brief":{"id":"talk","created":"2026-06-01T12:00:00Z","used":"2026-06-01T12:00:00Z","model":"gpt-5.5"},"lines":1}`, "",
	}, "\n"))
	diff(t, "files", fileNames(t, dir), []string{keyOf("talk") + recordSuffix, folderLock, indexName})
	if runtime.GOOS == "windows" {
		return
	}
	for _, name := range append(fileNames(t, dir), ".") {
		info, err := os.Stat(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		want := os.FileMode(0o600)
		if info.IsDir() {
			want = 0o700
		}
		if got := info.Mode().Perm(); got != want {
			t.Errorf("%s has mode %o, want %o", name, got, want)
		}
	}
}

func TestLockFilesLiveAsLongAsTheTurn(t *testing.T) {
	dir := t.TempDir()
	s := New(folder(t, dir), Config{})
	turn := begin(t, s, "talk")
	diff(t, "files", fileNames(t, dir), []string{keyOf("talk") + lockSuffix})
	turn.End()
	diff(t, "files", fileNames(t, dir), []string(nil))

	writeFile(t, filepath.Join(dir, keyOf("killed")+lockSuffix), "")
	if err := s.Sweep(t.Context()); err != nil {
		t.Fatal(err)
	}
	diff(t, "files after Sweep", fileNames(t, dir), []string(nil))
}

func TestDamagedRecords(t *testing.T) {
	const intruder = `{"type":"exchange","moves":true,"id":"r3","parent":"r2","in":[],"out":[],"at":"2026-06-01T12:00:00Z"}`
	lines := func(text string) []string { return strings.SplitAfter(text, "\n") }
	tests := []struct {
		name   string
		damage func(text string) string
		want   []string // the history before the next exchange
		count  int      // exchanges after it
	}{
		{"whole", func(s string) string { return s }, []string{"r1", "r2"}, 3},
		{"torn brief", func(s string) string { return s[:len(s)-20] }, []string{"r1", "r2"}, 3},
		{"brief without its end", func(s string) string { return s[:len(s)-1] }, []string{"r1", "r2"}, 3},
		{"torn exchange", func(s string) string { return strings.Join(lines(s)[:3], "") + lines(s)[3][:30] }, []string{"r1"}, 2},
		{"exchange without its end", func(s string) string {
			return strings.Join(lines(s)[:3], "") + strings.TrimSuffix(lines(s)[3], "\n")
		}, []string{"r1"}, 2},
		{"torn head", func(s string) string { return s[:30] }, []string{}, 1},
		{"empty file", func(string) string { return "" }, []string{}, 1},
		{"head is garbage", func(s string) string { return "\x00\xff\n" + strings.Join(lines(s)[1:], "") }, []string{"r1", "r2"}, 3},
		{"first exchange is garbage", func(s string) string {
			return lines(s)[0] + "garbage\n" + strings.Join(lines(s)[2:], "")
		}, []string{"r2"}, 3},
		{"JSON that is none of ours", func(s string) string {
			return strings.Replace(s, "\n", "\n[1]\n{}\nnull\n{\"type\":7}\n{\"type\":\"exchange\"}\n", 1)
		}, []string{"r1", "r2"}, 3},
		{"exchange without brief", func(s string) string { return s + intruder + "\n" }, []string{"r1", "r2", "r3"}, 4},
		{"a circle", func(s string) string {
			return strings.Replace(s, `"id":"r1",`, `"id":"r1","parent":"r2",`, 1)
		}, []string{"r1", "r2"}, 3},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			dir := t.TempDir()
			s := New(folder(t, dir), Config{})
			say(t, s, "talk", "r1", "r2")
			path := recordPath(dir, "talk")
			writeFile(t, path, tt.damage(readFile(t, path)))

			turn := begin(t, s, "talk")
			diff(t, "history", ids(turn.Nodes()), tt.want)
			add(t, turn, exchange("next", last(turn)))
			turn.End()
			if tt.name != "a circle" {
				diff(t, "history after the next exchange", history(t, s, "talk"), append(slices.Clone(tt.want), "next"))
			}
			list, err := s.List(t.Context())
			if err != nil || len(list) != 1 || list[0].ID != "talk" || list[0].Exchanges != tt.count {
				t.Errorf("list %+v, %v; want \"talk\" with %d exchanges", list, err, tt.count)
			}
		})
	}
}

func TestLaterVersion(t *testing.T) {
	dir := t.TempDir()
	s := New(folder(t, dir), Config{})
	say(t, s, "talk", "r1")
	path := recordPath(dir, "talk")
	writeFile(t, path, strings.Replace(readFile(t, path), `"schema_version":1`, `"schema_version":2`, 1))
	_, err := s.Begin(t.Context(), "talk")
	if err == nil || !strings.Contains(err.Error(), "version 2") {
		t.Errorf("Begin: got error %v, want one that names the version", err)
	}
	if _, _, err := s.Get(t.Context(), "talk"); err == nil {
		t.Error("Get read it")
	}
}

func TestForeignFilesAreLeftAlone(t *testing.T) {
	dir := t.TempDir()
	for _, name := range []string{"notes.txt", "talk.jsonl", "talk.lock", strings.Repeat("z", 64) + recordSuffix} {
		writeFile(t, filepath.Join(dir, name), "mine\n")
	}
	if err := os.Mkdir(filepath.Join(dir, strings.Repeat("0", 64)+recordSuffix), 0o700); err != nil {
		t.Fatal(err)
	}
	writeFile(t, filepath.Join(dir, strings.Repeat("1", 64)+recordSuffix), "mine\n")
	before := fileNames(t, dir)
	s := New(folder(t, dir), Config{})
	if err := s.Sweep(t.Context()); err != nil {
		t.Fatal(err)
	}
	diff(t, "sessions", sessions(t, s), []string{})
	diff(t, "files", fileNames(t, dir), before)
}

func TestPlantedSymlinks(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("symbolic links need rights on Windows")
	}
	tests := []struct {
		name string // of the link
		call func(*Store) error
	}{
		{keyOf("talk") + recordSuffix, func(s *Store) error {
			turn, err := s.Begin(context.Background(), "talk")
			if err == nil {
				turn.End()
			}
			return err
		}},
		{keyOf("talk") + recordSuffix, func(s *Store) error {
			_, err := s.backend.Append(context.Background(), keyOf("talk"), "", []string{"r1"}, []byte("{}"), []byte("{}"), []byte("{}"), 0)
			return err
		}},
		{keyOf("talk") + lockSuffix, func(s *Store) error {
			_, err := s.Begin(context.Background(), "talk")
			return err
		}},
		{keyOf("talk") + lockSuffix, func(s *Store) error {
			_, err := s.backend.TryLock(context.Background(), keyOf("talk"))
			return err
		}},
		{folderLock, func(s *Store) error {
			turn := s.Generate()
			defer turn.End()
			return turn.Add(context.Background(), exchange("r1", ""))
		}},
		{indexName, func(s *Store) error {
			turn := s.Generate()
			defer turn.End()
			return turn.Add(context.Background(), exchange("r1", ""))
		}},
		{indexName, func(s *Store) error {
			_, err := s.Follow(context.Background(), "r1")
			return err
		}},
		{indexName, func(s *Store) error {
			return s.backend.MarkEnded(context.Background(), keyOf("talk"), time.Now(), 0)
		}},
	}
	for _, tt := range tests {
		for _, exists := range []bool{true, false} {
			dir, victim := t.TempDir(), filepath.Join(t.TempDir(), "victim")
			if exists {
				writeFile(t, victim, "precious")
			}
			if err := os.Symlink(victim, filepath.Join(dir, tt.name)); err != nil {
				t.Fatal(err)
			}
			if err := tt.call(New(folder(t, dir), Config{})); err == nil {
				t.Errorf("%s: no error", tt.name)
			}
			data, err := os.ReadFile(victim)
			if exists && string(data) != "precious" || !exists && err == nil {
				t.Errorf("%s: the link was followed: %q, %v", tt.name, data, err)
			}
		}
	}
}

func TestFolderThatFails(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	writeFile(t, file, "")
	if _, err := OpenFolder(filepath.Join(file, "sub")); err == nil {
		t.Error("a folder below a file was opened")
	}
	dir := filepath.Join(t.TempDir(), "gone")
	s := New(folder(t, dir), Config{})
	say(t, s, "talk", "r1")
	turn := begin(t, s, "talk")
	if err := os.RemoveAll(dir); err != nil {
		t.Fatal(err)
	}
	for what, err := range map[string]error{
		"Add":    turn.Add(t.Context(), exchange("r2", "r1")),
		"Remove": s.Remove(t.Context(), "talk"),
		"Sweep":  s.Sweep(t.Context()),
	} {
		if err == nil {
			t.Errorf("%s without a folder: no error", what)
		}
	}
	if _, err := s.List(t.Context()); err == nil {
		t.Error("List without a folder: no error")
	}
	turn.End()
}

func TestBackendErrorsAreTold(t *testing.T) {
	broken := errors.New("broken")
	calls := []struct {
		name string
		fail func(*failing)
		call func(*Store) error
	}{
		{"Begin", func(f *failing) { f.lock = broken }, func(s *Store) error { _, err := s.Begin(context.Background(), "talk"); return err }},
		{"Begin", func(f *failing) { f.load = broken }, func(s *Store) error { _, err := s.Begin(context.Background(), "talk"); return err }},
		{"Begin", func(f *failing) { f.ended = broken }, func(s *Store) error { _, err := s.Begin(context.Background(), "talk"); return err }},
		{"Get", func(f *failing) { f.load = broken }, func(s *Store) error { _, _, err := s.Get(context.Background(), "talk"); return err }},
		{"Follow", func(f *failing) { f.named = broken }, func(s *Store) error { _, err := s.Follow(context.Background(), "r1"); return err }},
		{"Follow", func(f *failing) { f.load = broken }, func(s *Store) error { _, err := s.Follow(context.Background(), "r1"); return err }},
		{"Item", func(f *failing) { f.named = broken }, func(s *Store) error { _, err := s.Item(context.Background(), "msg_1"); return err }},
		{"Item", func(f *failing) { f.load = broken }, func(s *Store) error { _, err := s.Item(context.Background(), "msg_1"); return err }},
		{"Item", func(f *failing) { f.ended = broken }, func(s *Store) error { _, err := s.Item(context.Background(), "msg_1"); return err }},
		{"Add", func(f *failing) { f.append = broken }, func(s *Store) error {
			turn := s.Generate()
			defer turn.End()
			return turn.Add(context.Background(), exchange("r2", ""))
		}},
		{"Remove", func(f *failing) { f.remove = broken }, func(s *Store) error { return s.Remove(context.Background(), "talk") }},
		{"Remove", func(f *failing) { f.ended = broken }, func(s *Store) error { return s.Remove(context.Background(), "talk") }},
		{"Sweep", func(f *failing) { f.lock = broken }, func(s *Store) error { return s.Sweep(context.Background()) }},
		{"Sweep", func(f *failing) { f.mark = broken }, func(s *Store) error { return s.Sweep(context.Background()) }},
		{"Sweep", func(f *failing) { f.remove = broken }, func(s *Store) error { return s.Sweep(context.Background()) }},
		{"idle Begin", func(f *failing) { f.mark = broken }, func(s *Store) error { _, err := s.Begin(context.Background(), "idle"); return err }},
	}
	for _, tt := range calls {
		backend := &failing{Folder: folder(t, t.TempDir())}
		now := &clock{now: time.Date(2026, 6, 1, 12, 0, 0, 0, time.UTC)}
		s := New(backend, Config{Now: now.Now})
		say(t, s, "idle", "r0")
		now.pass(24 * time.Hour)
		answer(t, s, "talk", "r1", "msg_1")
		tt.fail(backend)
		wantErr(t, tt.name, tt.call(s), broken)
	}
}

// failing is a folder of which some methods fail.
type failing struct {
	*Folder
	lock, load, append, remove, named, mark, ended error
}

func (f *failing) Lock(ctx context.Context, key string) (string, <-chan struct{}, func(), error) {
	if f.lock != nil {
		return "", nil, nil, f.lock
	}
	return f.Folder.Lock(ctx, key)
}

func (f *failing) TryLock(ctx context.Context, key string) (func(), error) {
	if f.lock != nil {
		return nil, f.lock
	}
	return f.Folder.TryLock(ctx, key)
}

func (f *failing) Load(ctx context.Context, key string) ([][]byte, []byte, error) {
	if f.load != nil {
		return nil, nil, f.load
	}
	return f.Folder.Load(ctx, key)
}

func (f *failing) Append(ctx context.Context, key, token string, names []string, head, line, brief []byte, life time.Duration) (bool, error) {
	if f.append != nil {
		return false, f.append
	}
	return f.Folder.Append(ctx, key, token, names, head, line, brief, life)
}

func (f *failing) Remove(ctx context.Context, key string) (bool, error) {
	if f.remove != nil {
		return false, f.remove
	}
	return f.Folder.Remove(ctx, key)
}

func (f *failing) Named(ctx context.Context, name string) (string, error) {
	if f.named != nil {
		return "", f.named
	}
	return f.Folder.Named(ctx, name)
}

func (f *failing) MarkEnded(ctx context.Context, key string, until time.Time, life time.Duration) error {
	if f.mark != nil {
		return f.mark
	}
	return f.Folder.MarkEnded(ctx, key, until, life)
}

func (f *failing) Ended(ctx context.Context, key string) (time.Time, error) {
	if f.ended != nil {
		return time.Time{}, f.ended
	}
	return f.Folder.Ended(ctx, key)
}

func TestIndexIsCompacted(t *testing.T) {
	dir := t.TempDir()
	now := &clock{now: time.Date(2026, 6, 1, 12, 0, 0, 0, time.UTC)}
	s := New(folder(t, dir), Config{Now: now.Now})
	other := New(folder(t, dir), Config{Now: now.Now})
	say(t, s, "kept", "k1", "k2")
	for i := range 400 {
		turn := s.Generate()
		add(t, turn, exchange(fmt.Sprintf("g%d-1", i), ""))
		add(t, turn, exchange(fmt.Sprintf("g%d-2", i), ""))
		turn.End()
	}
	// Read it in the other process before it is written anew.
	turn, err := other.Follow(t.Context(), "g0-1")
	if err != nil {
		t.Fatal(err)
	}
	turn.End()
	path := filepath.Join(dir, indexName)
	size := func() int { return strings.Count(readFile(t, path), "\n") }

	now.pass(time.Hour)
	if err := s.Sweep(t.Context()); err != nil {
		t.Fatal(err)
	}
	// The head, two names, and the marks of the 400.
	if n := size(); n != 403 {
		t.Errorf("the index has %d lines, want 403", n)
	}
	_, err = other.Follow(t.Context(), "g0-1")
	wantErr(t, "Follow in the other process", err, ErrNoResponse)
	_, err = other.Begin(t.Context(), turn.ID())
	wantErr(t, "Begin in the other process", err, ErrEnded)
	for _, s := range []*Store{s, other} {
		turn, err := s.Follow(t.Context(), "k1")
		if err != nil {
			t.Fatal(err)
		}
		turn.End()
	}
	diff(t, "files", fileNames(t, dir), []string{keyOf("kept") + recordSuffix, folderLock, indexName})
}

func TestDamagedIndex(t *testing.T) {
	for name, damage := range map[string]func(string) string{
		"torn":           func(s string) string { return s[:len(s)-10] },
		"torn first":     func(s string) string { return s[:10] },
		"empty":          func(string) string { return "" },
		"garbage inside": func(s string) string { return strings.Replace(s, "\n", "\ngarbage\n[]\n", 1) },
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			s := New(folder(t, dir), Config{})
			say(t, s, "talk", "r1", "r2")
			path := filepath.Join(dir, indexName)
			writeFile(t, path, damage(readFile(t, path)))
			say(t, s, "talk", "r3")
			for _, s := range []*Store{s, New(folder(t, dir), Config{})} {
				turn, err := s.Follow(t.Context(), "r3")
				if err != nil {
					t.Fatal(err)
				}
				diff(t, "history", ids(turn.Nodes()), []string{"r1", "r2", "r3"})
				turn.End()
			}
		})
	}
}

// What List needs does not grow with the conversation.
func TestListReadsNoWholeRecord(t *testing.T) {
	dir := t.TempDir()
	s := New(folder(t, dir), Config{})
	for i := range 4 {
		turn := begin(t, s, "talk")
		n := exchange(fmt.Sprintf("r%d", i), last(turn))
		n.Out = append(n.Out, item(strings.Repeat("x", 1<<20)))
		add(t, turn, n)
		turn.End()
	}
	// Only the last 1 KiB of the file is left readable as what it was.
	path := recordPath(dir, "talk")
	data := []byte(readFile(t, path))
	copy(data, bytes.Repeat([]byte("?"), len(data)-tailSize))
	writeFile(t, path, string(data))
	list, err := s.List(t.Context())
	if err != nil || len(list) != 1 || list[0].Exchanges != 4 {
		t.Errorf("list %+v, %v; want one session with 4 exchanges", list, err)
	}
}

func TestFileLockIsTheOneThatHasTheName(t *testing.T) {
	path := filepath.Join(t.TempDir(), "lock")
	var wg sync.WaitGroup
	var inside, count atomic.Int32
	for range 8 {
		wg.Go(func() {
			for range 100 {
				l, err := lockFile(context.Background(), path)
				if err != nil {
					t.Error(err)
					return
				}
				if inside.Add(1) != 1 {
					t.Error("two hold the lock")
				}
				runtime.Gosched()
				count.Add(1)
				inside.Add(-1)
				l.remove()
			}
		})
	}
	wg.Wait()
	if n := count.Load(); n != 800 {
		t.Errorf("%d turns, want 800", n)
	}
}

func TestQueues(t *testing.T) {
	var q queues
	if err := q.enter(t.Context(), "a"); err != nil {
		t.Fatal(err)
	}
	if q.tryEnter("a") {
		t.Error("two were let through")
	}
	if !q.tryEnter("b") {
		t.Error("unrelated keys wait for each other")
	}
	q.leave("b")
	ctx, cancel := context.WithCancel(t.Context())
	first, second := make(chan error), make(chan error)
	waiting := func(n int) {
		for {
			q.mu.Lock()
			got := len(q.keys["a"])
			q.mu.Unlock()
			if got == n {
				return
			}
			time.Sleep(time.Millisecond)
		}
	}
	go func() { first <- q.enter(ctx, "a") }()
	waiting(1)
	go func() { second <- q.enter(t.Context(), "a") }()
	waiting(2)
	cancel()
	wantErr(t, "the first", <-first, context.Canceled)
	q.leave("a")
	wantErr(t, "the second", <-second, nil)
	// Who is let through just when it gives up passes it on.
	turn := make(chan struct{})
	q.abandon("a", turn)
	if len(q.keys) != 0 {
		t.Errorf("somebody is still let through: %v", q.keys)
	}
}

// Whatever is in a file: reading it does no harm, and what is appended is read with all
// that was read before.
func FuzzRecord(f *testing.F) {
	dir := f.TempDir()
	s := New(folder(f, dir), Config{})
	say(f, s, "talk", "r1", "r2")
	whole := readFile(f, recordPath(dir, "talk"))
	f.Add([]byte(whole))
	f.Add([]byte(whole[:len(whole)-1]))
	f.Add([]byte(whole[:len(whole)-len(whole)/3]))
	f.Add([]byte("{\"brief\":{}}\n{\"type\":\"exchange\",\"id\":\"a\",\"parent\":\"a\",\"moves\":true}\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		read := func(data []byte) (*conversation, briefLine, error) {
			lines, last := splitRecord(data)
			c, err := parse("talk", lines, last.Brief)
			if c == nil {
				c = &conversation{}
			}
			return c, last, err
		}
		before, _, err := read(data)
		if err != nil {
			return // of a later version
		}
		before.path(before.pointer)
		end, err := endOf(data[max(0, len(data)-tailSize):], func() ([]byte, error) { return data, nil })
		if err != nil {
			t.Fatal(err)
		}
		text, err := end.continued([]byte(`{"type":"conversation","id":"talk"}`),
			[]byte(`{"type":"exchange","moves":true,"id":"fuzz-next"}`), []byte(`{"id":"fuzzed"}`))
		if err != nil {
			t.Fatal(err)
		}
		after, last, err := read(append(slices.Clip(data), text...))
		if err != nil {
			t.Fatal(err)
		}
		if after.pointer != "fuzz-next" || after.ID != "fuzzed" || last.Lines != end.lines+1 {
			t.Errorf("pointer %q, id %q, %d lines; want the new exchange, the new brief, and %d", after.pointer, after.ID, last.Lines, end.lines+1)
		}
		for id := range before.nodes {
			if !after.has(id) {
				t.Errorf("node %q is lost", id)
			}
		}
	})
}
