package main

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/codexctl/codexctl/bench/lab"
)

// The page that keeps the figures about many callers; what stands between the marks is
// written.
const (
	scalingDocument = "docs/scaling.md"
	scalingMark     = "<!-- figures: written by `make bench-scaling` -->\n"
)

// scaling is all that is measured for the page.
type scaling struct {
	streams  []streamCost
	turns    []turnCost
	replicas []turnCost
	shared   turnCost // one conversation, asked by many at all replicas
	noRedis  error    // why the last two are missing
}

func measureScaling(ctx context.Context, l *lab.Lab) (*scaling, error) {
	s := &scaling{}
	var err error
	if s.streams, err = measureStreams(ctx, l); err != nil {
		return nil, fmt.Errorf("streams: %w", err)
	}
	if err := s.measureTurns(ctx, l); err != nil {
		return nil, fmt.Errorf("turns: %w", err)
	}
	return s, nil
}

// markdown is the figures as they stand on the page.
func (s *scaling) markdown() string {
	var b strings.Builder
	b.WriteString("### Streams\n\n")
	fmt.Fprintf(&b, "Answers of %d events, one every %s, begun over %s. Added is what the server adds to the time until the first text of an answer, next to asking the backend itself in the same way.\n\n",
		streamEvents(s.streams), duration(streamPace), duration(streamSpread))
	table := markdownTable(&b, "streams at a time", "memory", "memory of a stream", "processor time of an event", "one processor, used", "descriptors", "added, p50", "added, p99")
	for _, c := range s.streams {
		table(fmt.Sprint(c.streams), mebibytes(c.memory), c.memoryEach(), duration(c.perEvent), fmt.Sprintf("%.1f %%", 100*c.load),
			fmt.Sprint(c.descriptors), added(c, 0.5), added(c, 0.99))
	}
	b.WriteString("\n### Conversations\n\n")
	fmt.Fprintf(&b, "Turns one after the other on each of so many conversations at a time, as fast as they are answered; each answer and the length of each history is checked.\n\n")
	table = markdownTable(&b, "kept in", "servers", "conversations", "turns", "turns/s", "turn, p50", "turn, p99", "server's time of a turn", "Redis' time of a turn")
	for _, c := range append(append([]turnCost(nil), s.turns...), s.replicas...) {
		table(c.cells()...)
	}
	if s.noRedis == nil {
		fmt.Fprintf(&b, "\nOne conversation, asked by %d callers at %d servers, %d turns: each saw all turns before it. %s turns/s, p99 %s.\n",
			s.shared.callers, s.shared.servers, s.shared.turns, perSecond(s.shared.seen), duration(quantile(s.shared.seen.wholes, 0.99)))
	} else {
		fmt.Fprintf(&b, "\nWithout Redis: %v.\n", s.noRedis)
	}
	b.WriteString("\n### Sizes\n\n")
	s.sizes(&b)
	return b.String()
}

// added is what the server adds to a delay, to a tenth of a millisecond: the two sides of
// the difference are no better than that.
func added(c streamCost, of float64) string {
	return fmt.Sprintf("%.1f ms", float64(c.added(of))/float64(time.Millisecond))
}

// The installation sizes that are told, in streams at a time, and what one stream is
// taken to be: so many events a second, as models send text, one turn in so long.
const (
	assumedEvents = 50
	assumedTurn   = 30 * time.Second

	// busyShare is how much of a processor is planned for; the rest is for peaks.
	busyShare = 0.5
)

// sizes extrapolates from the measured cost of an event, a stream and a turn.
func (s *scaling) sizes(b *strings.Builder) {
	most := s.streams[len(s.streams)-1]
	fmt.Fprintf(b, "Extrapolated, not measured: a stream is taken for %d events a second and a turn of %s, and half of each processor is left free. Time of an event, memory of a stream: as with %d streams above, where each event comes alone, which is the dearest way. ",
		assumedEvents, duration(assumedTurn), most.streams)
	turn, kept := s.dearestTurn()
	fmt.Fprintf(b, "Time of a turn: %s.\n\n", kept)
	table := markdownTable(b, "streams at a time", "events/s", "processors for `serve`", "memory for `serve`", "descriptors", "turns/s", "processors for Redis")
	for _, streams := range []int{100, 1000, 5000, 10_000, 50_000} {
		events := float64(streams * assumedEvents)
		turns := float64(streams) / assumedTurn.Seconds()
		processors := (events*most.perEvent.Seconds() + turns*turn.perTurn.Seconds()) / busyShare
		memory := most.idle + int64(streams)*most.each()
		redis := "–"
		if turn.redisPerTurn > 0 {
			redis = fmt.Sprintf("%.2g", turns*turn.redisPerTurn.Seconds()/busyShare)
		}
		table(fmt.Sprint(streams), fmt.Sprintf("%.0f", events), fmt.Sprintf("%.1f", processors), mebibytes(memory),
			fmt.Sprint(2*streams), fmt.Sprintf("%.0f", turns), redis)
	}
}

// dearestTurn is the cost of a turn that the sizes are made of: with Redis if there is one.
func (s *scaling) dearestTurn() (turnCost, string) {
	if len(s.replicas) > 0 {
		c := s.replicas[len(s.replicas)-1]
		return c, fmt.Sprintf("as with Redis and %d servers", c.servers)
	}
	c := s.turns[len(s.turns)-1]
	return c, "as with the folder"
}

// markdownTable writes the head of a table and returns what writes its lines.
func markdownTable(b *strings.Builder, heads ...string) func(cells ...string) {
	line := func(cells ...string) { fmt.Fprintf(b, "| %s |\n", strings.Join(cells, " | ")) }
	line(heads...)
	b.WriteString(strings.Repeat("|---", len(heads)) + "|\n")
	return line
}
