package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"time"

	"github.com/codexctl/codexctl/bench/lab"
)

const (
	batchItems = 10_000
	batchJobs  = 64

	// batchDelay is how long the backend lets every answer wait. Client and backend need
	// nearly a millisecond of a processor for an item, which has a row of its own, so two
	// processors need some 26 ms for 64 answers that come at the same moment: of 200 ms
	// little enough that what is missing to the ideal was waited for, and not computed.
	batchDelay = 200 * time.Millisecond

	batchOfIdeal = 0.9
)

// measureBatch is ten thousand questions, 64 at a time, next to a run that would lose no
// moment between an answer and the next question.
func measureBatch(ctx context.Context, l *lab.Lab) ([]row, error) {
	items := batchItems
	if l.Quick {
		items = 2 * batchJobs
	}
	b, err := l.Backend(ctx, fmt.Sprintf(`{"head_delay_ms":%d}`, batchDelay.Milliseconds()))
	if err != nil {
		return nil, err
	}
	defer b.Close()
	command, err := batchOf(l, b, items)
	if err != nil {
		return nil, err
	}
	var runs lab.Runs
	for range l.Times(2) {
		run, err := l.Once(ctx, command)
		if err != nil {
			return nil, err
		}
		runs = append(runs, run)
	}
	ideal := time.Duration(items) * batchDelay / batchJobs
	rows := []row{{
		what: fmt.Sprintf("batch: %d items, -j %d, %s each", items, batchJobs, duration(batchDelay)),
		ours: duration(runs.Wall()), theirs: duration(ideal), rival: "ideal",
		value: float64(ideal) / float64(runs.Wall()), unit: "of ideal", bar: bar{atLeast: batchOfIdeal},
	}}
	atOnce, err := batchAtOnce(ctx, l, b, command, items)
	return append(rows, atOnce...), err
}

// batchAtOnce is the same batch with a backend that answers at once: what an item costs.
func batchAtOnce(ctx context.Context, l *lab.Lab, b *lab.Backend, command lab.Command, items int) ([]row, error) {
	if err := b.SetScene(ctx, "{}"); err != nil {
		return nil, err
	}
	run, err := l.Once(ctx, command)
	if err != nil {
		return nil, err
	}
	peak, err := l.Peak(ctx, command)
	if err != nil {
		return nil, err
	}
	perItem := run.CPU / time.Duration(items)
	return []row{
		{
			what: "batch: no delay, processor time of an item", ours: duration(perItem),
			value: float64(items) / run.Wall.Seconds(), unit: "items/s",
		},
		{
			what: fmt.Sprintf("batch: memory of %d items", items), ours: mebibytes(peak),
			value: float64(peak) / (1 << 20), unit: "MiB",
		},
	}, nil
}

// batchOf is a batch of so many questions, each of its own.
func batchOf(l *lab.Lab, b *lab.Backend, items int) (lab.Command, error) {
	input, output := l.Path("questions.jsonl"), l.Path("answers.jsonl")
	var questions bytes.Buffer
	for i := range items {
		fmt.Fprintf(&questions, "{\"id\":%d,\"prompt\":\"question %d\"}\n", i+1, i+1)
	}
	if err := os.WriteFile(input, questions.Bytes(), 0o600); err != nil {
		return lab.Command{}, err
	}
	command := ours(l, b, "batch", input, "-j", fmt.Sprint(batchJobs), "-o", output)
	command.Check = func() error {
		if err := checkAnswers(output, items); err != nil {
			return err
		}
		return os.Remove(output) // the next run wants to write it
	}
	return command, nil
}

// checkAnswers wants every question answered once, and by its own answer.
func checkAnswers(path string, items int) error {
	data, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	answered := make(map[int]bool, items)
	for line := range bytes.Lines(data) {
		var record struct {
			ID     int    `json:"id"`
			Index  int    `json:"index"`
			Status string `json:"status"`
			Text   string `json:"text"`
		}
		if err := json.Unmarshal(line, &record); err != nil {
			return fmt.Errorf("record %s: %w", line, err)
		}
		want := fmt.Sprintf("You said: question %d", record.ID)
		if record.Status != "completed" || record.Text != want || record.ID < 1 || record.ID > items || answered[record.ID] {
			return fmt.Errorf("record %s: want each of %d items once, completed, with the text %q", line, items, want)
		}
		answered[record.ID] = true
	}
	if len(answered) != items {
		return fmt.Errorf("%d records, want %d", len(answered), items)
	}
	return nil
}
