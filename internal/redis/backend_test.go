package redis

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func diff(t *testing.T, what string, got, want any) {
	t.Helper()
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("%s (-want +got):\n%s", what, d)
	}
}

// add appends a line that begins the record if it has to, with more names if need be.
func add(t *testing.T, b *Backend, key, token, name string, life time.Duration, more ...string) bool {
	t.Helper()
	names := append([]string{name}, more...)
	stored, err := b.Append(t.Context(), key, token, names, []byte("head"), []byte("line "+name), []byte("brief "+name), life)
	if err != nil {
		t.Fatal(err)
	}
	return stored
}

// listed is what Each says: "key lines brief".
func listed(t *testing.T, b *Backend) []string {
	t.Helper()
	list := []string{}
	err := b.Each(t.Context(), func(key string, lines int, brief []byte) error {
		list = append(list, fmt.Sprintf("%s %d %s", key, lines, brief))
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return list
}

func TestRecords(t *testing.T) {
	s := connect(t, "redis://"+startServer(t))
	b, apart := s.Backend("a:"), s.Backend("b:")
	lines, brief, err := b.Load(t.Context(), "k")
	if lines != nil || brief != nil || err != nil {
		t.Errorf("Load of nothing: %q, %q, %v", lines, brief, err)
	}
	if stored, err := b.Append(t.Context(), "k", "", []string{"r0"}, nil, []byte("line"), []byte("brief"), time.Minute); stored || err != nil {
		t.Errorf("Append without head to nothing: %v, %v", stored, err)
	}
	add(t, b, "k", "", "r1", time.Minute)
	if stored, err := b.Append(t.Context(), "k", "", []string{"r2", "item:a", "item:b\n"}, nil, []byte("line r2"), []byte("brief r2"), time.Hour); !stored || err != nil {
		t.Errorf("Append: %v, %v", stored, err)
	}
	lines, brief, err = b.Load(t.Context(), "k")
	if err != nil {
		t.Fatal(err)
	}
	diff(t, "lines", lines, [][]byte{[]byte("head"), []byte("line r1"), []byte("line r2")})
	diff(t, "brief", string(brief), "brief r2")
	diff(t, "list", listed(t, b), []string{"k 2 brief r2"})
	diff(t, "list of another prefix", listed(t, apart), []string{})
	for _, key := range []string{"a:record:k", "a:brief:k"} {
		if ms := do(t, s, "PTTL", key).(int64); ms <= 59*60_000 || ms > 60*60_000 {
			t.Errorf("%s lives for %d ms, want an hour", key, ms)
		}
	}
	for name, want := range map[string]string{"r0": "", "r1": "k", "r2": "k", "item:a": "k", "item:b\n": "k", "item:c": ""} {
		got, err := b.Named(t.Context(), name)
		if got != want || err != nil {
			t.Errorf("%s leads to %q, %v; want %q", name, got, err, want)
		}
	}
	for _, want := range []bool{true, false} {
		if existed, err := b.Remove(t.Context(), "k"); existed != want || err != nil {
			t.Errorf("Remove: %v, %v; want %v", existed, err, want)
		}
	}
	diff(t, "list after Remove", listed(t, b), []string{})
}

func TestRecordsVanish(t *testing.T) {
	s := connect(t, "redis://"+startServer(t))
	b := s.Backend("a:")
	add(t, b, "short", "", "r1", time.Millisecond)
	add(t, b, "long", "", "r2", time.Hour)
	time.Sleep(20 * time.Millisecond)
	diff(t, "list", listed(t, b), []string{"long 1 brief r2"})
	diff(t, "listed keys", do(t, s, "SCARD", "a:records"), any(int64(1)))
	broken := errors.New("broken")
	wantErr(t, "Each", b.Each(t.Context(), func(string, int, []byte) error { return broken }), broken)
}

func TestLongListing(t *testing.T) {
	b := connect(t, "redis://"+startServer(t)).Backend("a:")
	for i := range 2*listBatch + 5 {
		add(t, b, "k"+strconv.Itoa(i), "", "r"+strconv.Itoa(i), time.Hour)
	}
	if n := len(listed(t, b)); n != 2*listBatch+5 {
		t.Errorf("%d records are listed, want %d", n, 2*listBatch+5)
	}
}

func TestMarks(t *testing.T) {
	b := connect(t, "redis://"+startServer(t)).Backend("a:")
	until := time.Date(2026, 6, 1, 12, 0, 0, int(time.Millisecond), time.UTC)
	mark := func(until time.Time, life time.Duration) {
		t.Helper()
		if err := b.MarkEnded(t.Context(), "k", until, life); err != nil {
			t.Fatal(err)
		}
	}
	want := func(what string, want time.Time) {
		t.Helper()
		if got, err := b.Ended(t.Context(), "k"); !got.Equal(want) || err != nil {
			t.Errorf("%s: %v, %v; want %v", what, got, err, want)
		}
	}
	want("no mark", time.Time{})
	mark(until, time.Hour)
	want("marked", until)
	mark(time.Time{}, 0)
	want("forgotten", time.Time{})
	mark(until, time.Millisecond)
	time.Sleep(20 * time.Millisecond)
	want("past", time.Time{})
}

func TestTidyDropsNamesOfRecordsThatAreGone(t *testing.T) {
	s := connect(t, "redis://"+startServer(t))
	b := s.Backend("a:")
	for i := range tidyFrom {
		add(t, b, "gone", "", "g"+strconv.Itoa(i), time.Hour)
	}
	add(t, b, "kept", "", "r1", time.Hour)
	tidy := func() int64 {
		t.Helper()
		if err := b.Tidy(t.Context(), time.Time{}); err != nil {
			t.Fatal(err)
		}
		return do(t, s, "HLEN", "a:names").(int64)
	}
	if n := tidy(); n != tidyFrom+1 {
		t.Errorf("%d names while all records are there, want %d", n, tidyFrom+1)
	}
	if _, err := b.Remove(t.Context(), "gone"); err != nil {
		t.Fatal(err)
	}
	if n := tidy(); n != 1 {
		t.Errorf("%d names, want 1", n)
	}
	if key, err := b.Named(t.Context(), "r1"); key != "kept" || err != nil {
		t.Errorf("r1 leads to %q, %v; want \"kept\"", key, err)
	}
	// A record that has begun again since it was listed keeps its names.
	add(t, b, "gone", "", "g0", time.Hour)
	if err := b.dropName(t.Context(), "g0", "gone"); err != nil {
		t.Fatal(err)
	}
	if key, _ := b.Named(t.Context(), "g0"); key != "gone" {
		t.Error("the name of a record that is there was dropped")
	}
}

// How many names a record has makes no difference: what counts is how many are of no use.
func TestTidyWithManyNamesPerRecord(t *testing.T) {
	const records, namesOf = 100, 65
	s := connect(t, "redis://"+startServer(t))
	b := s.Backend("a:")
	for i := range records {
		var items []string
		for j := range namesOf - 1 {
			items = append(items, fmt.Sprintf("item:%d-%d", i, j))
		}
		add(t, b, "k"+strconv.Itoa(i), "", "r"+strconv.Itoa(i), time.Hour, items...)
	}
	removed := 0
	for _, tt := range []struct{ gone, want int }{
		{0, records * namesOf},
		{25, records * namesOf}, // so far off the half that the sample cannot err
		{75, 25 * namesOf},
		{100, 0},
	} {
		for ; removed < tt.gone; removed++ {
			if _, err := b.Remove(t.Context(), "k"+strconv.Itoa(removed)); err != nil {
				t.Fatal(err)
			}
		}
		if err := b.Tidy(t.Context(), time.Time{}); err != nil {
			t.Fatal(err)
		}
		if n := do(t, s, "HLEN", "a:names"); n != int64(tt.want) {
			t.Errorf("%d of %d records are gone: %d names, want %d", tt.gone, records, n, tt.want)
		}
		want := ""
		if tt.gone < records {
			want = "k99"
		}
		if key, err := b.Named(t.Context(), "item:99-63"); key != want || err != nil {
			t.Errorf("item:99-63 leads to %q, %v; want %q", key, err, want)
		}
	}
}

// A writer whose lock is gone makes no name lead anywhere.
func TestRefusedAppendLeavesNoNames(t *testing.T) {
	b := connect(t, "redis://"+startServer(t)).Backend("a:")
	if add(t, b, "k", "token of nobody", "r1", time.Hour, "item:a") {
		t.Error("it was stored")
	}
	for _, name := range []string{"r1", "item:a"} {
		if key, err := b.Named(t.Context(), name); key != "" || err != nil {
			t.Errorf("%s leads to %q, %v; want nothing", name, key, err)
		}
	}
}

func TestServerGoesAway(t *testing.T) {
	s := connect(t, "redis://"+startServer(t))
	b := s.Backend("a:")
	_ = s.Close()
	ctx := context.Background()
	calls := map[string]func() error{
		"Lock":    func() error { _, _, _, err := b.Lock(ctx, "k"); return err },
		"TryLock": func() error { _, err := b.TryLock(ctx, "k"); return err },
		"Load":    func() error { _, _, err := b.Load(ctx, "k"); return err },
		"Append":  func() error { _, err := b.Append(ctx, "k", "", []string{"n"}, nil, nil, nil, 0); return err },
		"Remove":  func() error { _, err := b.Remove(ctx, "k"); return err },
		"Each":    func() error { return b.Each(ctx, nil) },
		"Named":   func() error { _, err := b.Named(ctx, "n"); return err },
		"Mark":    func() error { return b.MarkEnded(ctx, "k", time.Now(), 1) },
		"Unmark":  func() error { return b.MarkEnded(ctx, "k", time.Time{}, 0) },
		"Ended":   func() error { _, err := b.Ended(ctx, "k"); return err },
		"Tidy":    func() error { return b.Tidy(ctx, time.Time{}) },
		"Guard":   func() error { _, err := s.Guard().Lock(ctx, "path"); return err },
	}
	for name, call := range calls {
		if err := call(); err == nil {
			t.Errorf("%s without a server: no error", name)
		}
	}
	wantErr(t, "Close", b.Close(), nil)
}
