package batch

import (
	"context"
	"errors"
	"io"
	"math/rand/v2"
	"slices"
	"strconv"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

// numbers is "1" to "n".
func numbers(n int) []string {
	list := []string{}
	for i := range n {
		list = append(list, strconv.Itoa(i+1))
	}
	return list
}

func sorted(ids []string) []string {
	ids = slices.Clone(ids)
	slices.SortFunc(ids, func(a, b string) int {
		x, _ := strconv.Atoi(a)
		y, _ := strconv.Atoi(b)
		return x - y
	})
	return ids
}

func diffSummary(t testing.TB, got, want Summary) {
	t.Helper()
	if want.FailedBy == nil {
		want.FailedBy = map[string]int{}
	}
	ignore := cmpopts.IgnoreFields(Summary{}, "Started", "Elapsed", "Work", "Longest")
	if d := cmp.Diff(want, got, ignore); d != "" {
		t.Errorf("summary (-want +got):\n%s", d)
	}
	if sum := got.Completed + got.Failed + got.Skipped + got.NotAttempted; sum != got.Total {
		t.Errorf("the parts of %+v add up to %d", got, sum)
	}
}

func TestRunWritesAsTheyCome(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var out lineWriter
		var last Summary
		calls := 0
		items := prompts(t, 4)
		sum, err := Run(t.Context(), Config{
			Items: items, Jobs: 3, Out: &out,
			Do: func(_ context.Context, item Item) Result {
				time.Sleep(time.Duration([]int{3, 2, 1, 3}[item.Index]) * time.Second)
				if item.Index == 1 {
					r := failed(item, "timeout")
					r.Tokens = Tokens{Input: 5}
					return r
				}
				r := done(item)
				r.Tokens = Tokens{Input: 10, Cached: 4, Output: 3, Reasoning: 1}
				return r
			},
			Progress: func(s Summary) { last = s; calls++ },
		})
		if err != nil {
			t.Fatal(err)
		}
		diff(t, "records", out.ids(t), []string{"3", "2", "1", "4"})
		want := Summary{
			Total: 4, Completed: 3, Failed: 1, FailedBy: map[string]int{"timeout": 1},
			Elapsed: 4 * time.Second, Work: 9 * time.Second, Longest: 3 * time.Second,
			Tokens: Tokens{35, 12, 9, 3},
		}
		want.Started = sum.Started
		diff(t, "summary", sum, want)
		diff(t, "last progress", last, want)
		diff(t, "calls of Progress", calls, 5)
	})
}

func TestRunOrdered(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const jobs, slow = 4, 300
		var out lineWriter
		most, running := 0, 0
		var finished atomic.Int64
		sum, err := Run(t.Context(), Config{
			Items: prompts(t, 1000), Jobs: jobs, Ordered: true, Out: &out,
			Do: func(_ context.Context, item Item) Result {
				d := time.Duration(rand.IntN(100)) * time.Millisecond
				if item.Index == slow {
					d = time.Hour
				}
				time.Sleep(d)
				if item.Index == slow {
					most = int(finished.Load())
				}
				finished.Add(1)
				return done(item)
			},
			Progress: func(s Summary) { running = max(running, s.Running) },
		})
		if err != nil {
			t.Fatal(err)
		}
		diff(t, "records", out.ids(t), numbers(1000))
		diffSummary(t, sum, Summary{Total: 1000, Completed: 1000})
		if behind := most - slow; behind < jobs || behind > ahead*jobs {
			t.Errorf("%d items were finished behind the slow one, want %d to %d", behind, jobs, ahead*jobs)
		}
		if running > jobs {
			t.Errorf("%d items were under way at once, want at most %d", running, jobs)
		}
	})
}

func TestRunJobs(t *testing.T) {
	for jobs, want := range map[int]int64{0: DefaultJobs, -1: DefaultJobs, 1: 1, 7: 7, 100: 20} {
		synctest.Test(t, func(t *testing.T) {
			var now, most atomic.Int64
			_, err := Run(t.Context(), Config{
				Items: prompts(t, 20), Jobs: jobs, Out: io.Discard,
				Do: func(_ context.Context, item Item) Result {
					n := now.Add(1)
					defer now.Add(-1)
					for m := most.Load(); n > m && !most.CompareAndSwap(m, n); m = most.Load() {
					}
					time.Sleep(time.Second)
					return done(item)
				},
			})
			if err != nil || most.Load() != want {
				t.Errorf("jobs %d: %d at once, %v; want %d", jobs, most.Load(), err, want)
			}
		})
	}
}

func TestRunSkipsWhatIsAnswered(t *testing.T) {
	var out lineWriter
	sum, err := Run(t.Context(), Config{
		Items: prompts(t, 5), Jobs: 1, Out: &out, Do: doDone,
		Answered: map[string]bool{"2": true, "5": true, "x": true},
	})
	if err != nil {
		t.Fatal(err)
	}
	diff(t, "records", out.ids(t), []string{"1", "3", "4"})
	diffSummary(t, sum, Summary{Total: 5, Completed: 3, Skipped: 2, Foreign: 1})
}

func TestRunOfAnEmptyList(t *testing.T) {
	for _, answered := range []map[string]bool{nil, {"1": true}} {
		items := prompts(t, len(answered))
		calls := 0
		sum, err := Run(t.Context(), Config{Items: items, Answered: answered, Progress: func(Summary) { calls++ }})
		if err != nil || calls != 1 {
			t.Errorf("got %v, %d calls of Progress; want nil, 1", err, calls)
		}
		diffSummary(t, sum, Summary{Total: len(items), Skipped: len(items)})
	}
}

func TestRunStopsAfterTooManyErrors(t *testing.T) {
	for _, ordered := range []bool{false, true} {
		var out lineWriter
		sum, err := Run(t.Context(), Config{
			Items: prompts(t, 10), Jobs: 1, Ordered: ordered, MaxErrors: 2, Out: &out,
			Do: func(_ context.Context, item Item) Result {
				if item.Index%2 == 1 {
					return failed(item, []string{"network", "timeout"}[item.Index/2])
				}
				return done(item)
			},
		})
		wantErr(t, "Run", err, ErrTooManyErrors)
		diff(t, "text", err.Error(), "too many records have failed: 2")
		// The worker may have been given one more before the second failure was seen.
		if n := len(out.writes); n != 4 && n != 5 {
			t.Errorf("%d records, want 4 or 5", n)
		}
		if sum.Failed != 2 || sum.FailedBy["network"] != 1 || sum.FailedBy["timeout"] != 1 {
			t.Errorf("summary %+v", sum)
		}
	}
}

// In an ordered run a slow item must not hide the failures behind it.
func TestRunCountsErrorsOutOfOrder(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var out lineWriter
		sum, err := Run(t.Context(), Config{
			Items: prompts(t, 100), Jobs: 2, Ordered: true, MaxErrors: 3, Out: &out,
			Do: func(_ context.Context, item Item) Result {
				if item.Index == 0 {
					time.Sleep(time.Hour)
					return done(item)
				}
				time.Sleep(time.Second)
				return failed(item, "network")
			},
		})
		wantErr(t, "Run", err, ErrTooManyErrors)
		if n := len(out.writes); n != 4 && n != 5 {
			t.Errorf("%d records, want 4 or 5", n)
		}
		diff(t, "order", out.ids(t), numbers(len(out.writes)))
		if sum.Completed != 1 {
			t.Errorf("summary %+v, want the slow one completed", sum)
		}
	})
}

func TestRunEndsOnFatal(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		fatal := errors.New("not signed in")
		var out lineWriter
		cut := 0
		sum, err := Run(t.Context(), Config{
			Items: prompts(t, 10), Jobs: 3, Out: &out,
			Do: func(ctx context.Context, item Item) Result {
				time.Sleep(time.Duration(item.Index+1) * time.Second)
				if ctx.Err() != nil {
					cut++
				}
				if item.Index == 0 {
					r := failed(item, "auth_required")
					r.Fatal = fatal
					return r
				}
				return done(item)
			},
		})
		wantErr(t, "Run", err, fatal)
		diff(t, "records: those under way are finished", out.ids(t), []string{"1", "2", "3"})
		diff(t, "items that saw their context end", cut, 0)
		diffSummary(t, sum, Summary{Total: 10, Completed: 2, Failed: 1, FailedBy: map[string]int{"auth_required": 1}, NotAttempted: 7})
	})
}

// What the last item says counts as well, and so does the first of two reasons.
func TestRunFatalAtTheEnd(t *testing.T) {
	fatal := errors.New("allowance used up")
	_, err := Run(t.Context(), Config{
		Items: prompts(t, 1), Out: io.Discard, MaxErrors: 1,
		Do: func(_ context.Context, item Item) Result {
			r := failed(item, "quota_exhausted")
			r.Fatal = fatal
			return r
		},
	})
	wantErr(t, "Run", err, fatal)
}

func TestRunEndsWithItsContext(t *testing.T) {
	for _, ordered := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			why := errors.New("SIGINT")
			ctx, cancel := context.WithCancelCause(t.Context())
			time.AfterFunc(90*time.Second, func() { cancel(why) })
			var out lineWriter
			sum, err := Run(ctx, Config{
				Items: prompts(t, 10), Jobs: 2, Ordered: ordered, Out: &out,
				Do: func(ctx context.Context, item Item) Result {
					if item.Index == 3 {
						time.Sleep(2 * time.Minute) // all but there: it is finished
						return done(item)
					}
					if sleep(ctx, time.Minute) != nil {
						return Result{}
					}
					return done(item)
				},
			})
			wantErr(t, "Run", err, why)
			diff(t, "records", sorted(out.ids(t)), []string{"1", "2", "4"})
			diffSummary(t, sum, Summary{Total: 10, Completed: 3, NotAttempted: 7})
		})
	}
}

func TestRunWithAnEndedContext(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	sum, err := Run(ctx, Config{Items: prompts(t, 3), Do: func(context.Context, Item) Result {
		t.Error("an item was begun")
		return Result{}
	}})
	wantErr(t, "Run", err, context.Canceled)
	diffSummary(t, sum, Summary{Total: 3, NotAttempted: 3})
}

// failingWriter fails once, after n writes.
type failingWriter struct {
	lineWriter
	n      int
	failed bool
}

func (w *failingWriter) Write(p []byte) (int, error) {
	if len(w.writes) == w.n && !w.failed {
		w.failed = true
		return 0, io.ErrShortWrite
	}
	return w.lineWriter.Write(p)
}

func TestRunEndsWhenItCannotWrite(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		out := failingWriter{n: 1}
		sum, err := Run(t.Context(), Config{
			Items: prompts(t, 100), Jobs: 3, Out: &out,
			Do: func(ctx context.Context, item Item) Result {
				if item.Index < 2 {
					time.Sleep(time.Duration(item.Index) * time.Second)
					return done(item)
				}
				<-ctx.Done()
				return failed(item, "cancelled")
			},
		})
		wantErr(t, "Run", err, ErrOutput)
		wantErr(t, "Run", err, io.ErrShortWrite)
		diff(t, "records", out.ids(t), []string{"1"})
		diffSummary(t, sum, Summary{Total: 100, Completed: 1, NotAttempted: 99})
	})
}

func TestRunWaitsAtTheGate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := &Gate{RPM: 60}
		start := time.Now()
		begun := make([]time.Duration, 5)
		sum, err := Run(t.Context(), Config{
			Items: prompts(t, 5), Jobs: 5, Gate: g, Out: io.Discard,
			Do: func(ctx context.Context, item Item) Result {
				begun[item.Index] = time.Since(start)
				// As the client does it, before each request.
				if err := g.Wait(ctx); err != nil {
					t.Error(err)
				}
				return done(item)
			},
		})
		if err != nil {
			t.Fatal(err)
		}
		slices.Sort(begun)
		diff(t, "begun", begun, seconds(0, 1, 2, 3, 4))
		diff(t, "time of work", sum.Work, time.Duration(0))
	})
}

// A repeat takes a turn of its own, and its pause holds up everybody.
func TestRunSharesThePause(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := &Gate{}
		start := time.Now()
		var during atomic.Int64
		_, err := Run(t.Context(), Config{
			Items: prompts(t, 40), Jobs: 4, Gate: g, Out: io.Discard,
			Do: func(ctx context.Context, item Item) Result {
				if at := time.Since(start); at > time.Second && at < 31*time.Second {
					during.Add(1)
				}
				time.Sleep(time.Second)
				if item.Index == 0 {
					g.Shut(time.Now().Add(30 * time.Second))
					if err := g.Wait(ctx); err != nil { // its ticket is worth nothing now
						t.Error(err)
					}
					if at := time.Since(start); at < 31*time.Second {
						t.Errorf("the repeat came after %v", at)
					}
				}
				return done(item)
			},
		})
		if err != nil {
			t.Fatal(err)
		}
		diff(t, "items begun during the pause", during.Load(), int64(0))
	})
}

// A stop reaches those who wait for their turn.
func TestRunStopsAtTheGate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := &Gate{RPM: 1}
		start := time.Now()
		sum, err := Run(t.Context(), Config{
			Items: prompts(t, 10), Jobs: 10, Gate: g, MaxErrors: 1, Out: io.Discard,
			Do: func(_ context.Context, item Item) Result {
				time.Sleep(time.Second)
				return failed(item, "network")
			},
		})
		wantErr(t, "Run", err, ErrTooManyErrors)
		diff(t, "time", time.Since(start), time.Second)
		diffSummary(t, sum, Summary{Total: 10, Failed: 1, FailedBy: map[string]int{"network": 1}, NotAttempted: 9})
	})
}

func TestProgressKeepsItsMap(t *testing.T) {
	var all []Summary
	_, err := Run(t.Context(), Config{
		Items: prompts(t, 3), Jobs: 1, Out: io.Discard, Progress: func(s Summary) { all = append(all, s) },
		Do: func(_ context.Context, item Item) Result { return failed(item, "x") },
	})
	if err != nil {
		t.Fatal(err)
	}
	for i, s := range all {
		if want := min(i+1, 3); s.Failed != want || s.FailedBy["x"] != want {
			t.Errorf("progress %d: %+v", i, s)
		}
	}
}

func TestRunLeavesTheRecordAlone(t *testing.T) {
	shared := []byte(`{"id":1}` + "!!!")
	var out lineWriter
	_, err := Run(t.Context(), Config{
		Items: prompts(t, 1), Out: &out,
		Do: func(context.Context, Item) Result { return Result{Record: shared[:8]} },
	})
	if err != nil {
		t.Fatal(err)
	}
	diff(t, "writes", out.writes, []string{`{"id":1}` + "\n"})
	diff(t, "memory behind the record", string(shared), `{"id":1}!!!`)
}

// BenchmarkRun says how much of the ideal time a run takes: items × latency / jobs.
func BenchmarkRun(b *testing.B) {
	const count, jobs, latency = 10_000, 64, 20 * time.Millisecond
	for _, ordered := range []bool{false, true} {
		b.Run("ordered="+strconv.FormatBool(ordered), func(b *testing.B) {
			items := prompts(b, count)
			ideal := float64(count) / jobs * float64(latency)
			for b.Loop() {
				_, err := Run(b.Context(), Config{
					Items: items, Jobs: jobs, Ordered: ordered, Gate: &Gate{}, Out: io.Discard,
					Progress: func(Summary) {},
					Do: func(_ context.Context, item Item) Result {
						time.Sleep(latency)
						return done(item)
					},
				})
				if err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(100*ideal/(float64(b.Elapsed())/float64(b.N)), "%ideal")
		})
	}
}
