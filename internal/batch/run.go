package batch

import (
	"context"
	"fmt"
	"io"
	"maps"
	"sync"
	"time"
)

// DefaultJobs is how many items are under way at once when nobody says.
const DefaultJobs = 4

// ahead bounds how many items per job an ordered run may be ahead of the oldest one
// that is not finished.
const ahead = 16

// Result is what became of an item.
type Result struct {
	// Record is the line to write, one JSON object without a newline; [Resume] wants
	// its first field to be "id" and a field "status". An item without a record counts
	// as not attempted: so ends one that was broken off and is to be asked again.
	Record []byte

	// Code is why the item failed; empty for one that is completed.
	Code string

	// Fatal is an error that no other item would escape: no further one is begun.
	Fatal error

	// Tokens is what the answer has cost.
	Tokens Tokens
}

// Config is what [Run] works on.
type Config struct {
	// Items is the input, as [Read] returns it.
	Items []Item

	// Answered is the ids that are not asked, by their text, as [File.Answered]
	// returns them.
	Answered map[string]bool

	// Jobs is how many items are under way at once; below 1 it is [DefaultJobs].
	Jobs int

	// Ordered writes the records in the order of the items, and not as they come.
	Ordered bool

	// MaxErrors is how many failed items end the run; 0 is no limit.
	MaxErrors int

	// Gate is asked for the turn of each item; nil lets all begin at once.
	Gate *Gate

	// Do answers an item. It is called from several goroutines at once, and returns
	// soon when its context ends.
	Do func(context.Context, Item) Result

	// Out takes the records, one call of Write for each, newline included.
	Out io.Writer

	// Progress is told how far the run has come, after each item and at the end, from
	// the goroutine that called Run; nil is not told.
	Progress func(Summary)

	// Now is the clock; nil is time.Now.
	Now func() time.Time
}

// Run asks all items that are not answered yet, and writes their records.
//
// It returns when no item is under way any more. When the context ends, no further
// item is begun, those under way see the end of theirs, and what they return is still
// written. The error is nil when nothing stopped the run, failed items or not, or when
// all are completed; else it is what stopped it first: [ErrTooManyErrors], a Fatal of
// Do, [ErrOutput], or the context's cause. The summary is good with an error too.
func Run(ctx context.Context, c Config) (Summary, error) {
	c.Now = clock(c.Now)
	if c.Jobs < 1 {
		c.Jobs = DefaultJobs
	}
	if c.Gate == nil {
		c.Gate = &Gate{}
	}
	// Two heights of stopping: begin ends when no further item may start, work when
	// those under way have nowhere to put their answers.
	work, abort := context.WithCancelCause(ctx)
	defer abort(nil)
	begin, stop := context.WithCancelCause(work)
	defer stop(nil)

	r := &run{Config: c, stop: stop, abort: abort}
	r.plan()
	r.jobs(begin, work)
	r.report()
	if r.sum.NotAttempted == 0 && r.sum.Failed == 0 {
		return r.sum, nil
	}
	return r.sum, context.Cause(begin)
}

// run is a Run under way. What changes is for the goroutine that called Run alone.
type run struct {
	Config
	stop, abort context.CancelCauseFunc

	queue   []Item
	written int            // of queue, in an ordered run
	early   map[int]Result // finished before those that come first
	failed  int            // written or not
	broken  bool           // nothing can be written any more
	sum     Summary
}

// finished is an item with its result.
type finished struct {
	place  int // in queue
	took   time.Duration
	result Result
}

// plan sorts out what is answered already.
func (r *run) plan() {
	r.early = make(map[int]Result)
	r.queue = make([]Item, 0, len(r.Items))
	for _, item := range r.Items {
		if !r.Answered[item.ID.Text] {
			r.queue = append(r.queue, item)
		}
	}
	r.sum = Summary{
		Total: len(r.Items), Skipped: len(r.Items) - len(r.queue), NotAttempted: len(r.queue),
		Started: r.Now(), FailedBy: make(map[string]int),
	}
	r.sum.Foreign = len(r.Answered) - r.sum.Skipped
}

// jobs starts the workers, gives them items, takes their results and waits for them.
func (r *run) jobs(begin, work context.Context) {
	count := min(r.Jobs, len(r.queue))
	places := make(chan int)
	results := make(chan finished, count)
	var workers sync.WaitGroup
	defer workers.Wait()
	defer close(places)
	for range count {
		workers.Go(func() {
			for place := range places {
				results <- r.attempt(begin, work, place)
			}
		})
	}
	for next := 0; ; {
		give, stopped := places, begin.Done()
		if next == len(r.queue) || begin.Err() != nil || r.Ordered && next-r.written >= ahead*count {
			give = nil
		}
		if begin.Err() != nil || next == len(r.queue) {
			stopped = nil
			if r.sum.Running == 0 {
				return
			}
		}
		select {
		case give <- next:
			next++
			r.sum.Running++
		case done := <-results:
			r.sum.Running--
			r.take(done)
			r.report()
		case <-stopped:
		}
	}
}

// attempt answers one item, unless the run has stopped when its turn comes.
func (r *run) attempt(begin, work context.Context, place int) finished {
	done := finished{place: place}
	if r.Gate.Wait(begin) != nil {
		return done
	}
	start := r.Now()
	done.result = r.Do(withTicket(work), r.queue[place])
	done.took = r.Now().Sub(start)
	return done
}

// take counts a result and writes what can be written.
func (r *run) take(done finished) {
	r.sum.Work += done.took
	r.sum.Longest = max(r.sum.Longest, done.took)
	r.sum.Tokens.add(done.result.Tokens)
	if done.result.Code != "" {
		r.failed++
	}
	switch {
	case done.result.Fatal != nil:
		r.stop(done.result.Fatal)
	case r.MaxErrors > 0 && r.failed >= r.MaxErrors:
		r.stop(fmt.Errorf("%w: %d", ErrTooManyErrors, r.failed))
	}
	if !r.Ordered {
		r.record(done.result)
		return
	}
	for r.early[done.place] = done.result; ; r.written++ {
		first, ok := r.early[r.written]
		if !ok {
			return
		}
		delete(r.early, r.written)
		r.record(first)
	}
}

// record writes a record and counts it.
func (r *run) record(result Result) {
	if len(result.Record) == 0 || r.broken {
		return
	}
	line := append(result.Record[:len(result.Record):len(result.Record)], '\n')
	if _, err := r.Out.Write(line); err != nil {
		r.broken = true
		r.abort(fmt.Errorf("%w: %w", ErrOutput, err))
		return
	}
	r.sum.NotAttempted--
	if result.Code == "" {
		r.sum.Completed++
		return
	}
	r.sum.Failed++
	r.sum.FailedBy[result.Code]++
}

func (r *run) report() {
	r.sum.Elapsed = r.Now().Sub(r.sum.Started)
	if r.Progress != nil {
		sum := r.sum
		sum.FailedBy = maps.Clone(sum.FailedBy)
		r.Progress(sum)
	}
}
