package cli

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/codexctl/codexctl/internal/batch"
)

// errPartial is a batch that came to its end with failed records.
var errPartial = errors.New("failed")

// unfinishedError ends a batch that another run can go on with.
type unfinishedError struct {
	err  error
	hint string // how to go on
}

func (e *unfinishedError) Error() string { return e.err.Error() }
func (e *unfinishedError) Unwrap() error { return e.err }

// conclude says how the batch ended.
func (b *batchRun) conclude(sum batch.Summary, err error) error {
	if errors.Is(err, errReaderGone) {
		return err
	}
	if sum.Foreign > 0 {
		b.inv.talk.warn("%s has %s that answer no record of %s", b.options.resume, count(sum.Foreign, "record"), inputName(b.input))
	}
	if err == nil && sum.Failed > 0 {
		err = fmt.Errorf("%d of %s %w", sum.Failed, count(sum.Total, "record"), errPartial)
	}
	if err != nil && !errors.Is(err, batch.ErrInputChanged) {
		err = &unfinishedError{err, b.goOn()}
	}
	b.inv.talk.note("codexctl: %s", summaryLine(sum))
	if !b.inv.global.wantsDocument() || err != nil && b.inv.global.transform != "" {
		return err
	}
	if writeErr := b.inv.document(b.document(sum, err)); writeErr != nil {
		return writeErr
	}
	if err != nil {
		return &reported{err}
	}
	return nil
}

// goOn is the command that asks the rest.
func (b *batchRun) goOn() string {
	words := []string{"codexctl", "batch", shellWord(b.input)}
	if b.options.lines {
		words = append(words, "--lines")
	}
	if file := b.options.file(); file != "" {
		return "ask the rest: " + strings.Join(append(words, "--resume", shellWord(file)), " ")
	}
	return "ask the rest, if the records went to a FILE: " + strings.Join(append(words, "--resume", "FILE"), " ")
}

// sayKept says what is there of an earlier run.
func (b *batchRun) sayKept(k batch.Kept) {
	if k == (batch.Kept{}) {
		return
	}
	line := fmt.Sprintf("codexctl: %s has %s", b.options.resume, count(k.Completed, "completed record"))
	for _, dropped := range []struct {
		n    int
		what string
	}{{k.Failed, "not completed"}, {k.Torn, "torn"}, {k.Repeated, "repeated"}} {
		if dropped.n > 0 {
			line += fmt.Sprintf(", %d %s (dropped)", dropped.n, dropped.what)
		}
	}
	b.inv.talk.note("%s", line)
}

// summaryLine is the last line for people.
func summaryLine(s batch.Summary) string {
	parts := []string{fmt.Sprintf("%d of %d done", s.Completed, s.Total)}
	if s.Failed > 0 {
		parts = append(parts, fmt.Sprintf("%d failed (%s)", s.Failed, failedCodes(s)))
	}
	if s.Skipped > 0 {
		parts = append(parts, fmt.Sprintf("%d done before", s.Skipped))
	}
	if s.NotAttempted > 0 {
		parts = append(parts, fmt.Sprintf("%d left", s.NotAttempted))
	}
	t := s.Tokens
	return fmt.Sprintf("%s; %d tokens in (%d cached), %d out (%d reasoning); %s",
		strings.Join(parts, ", "), t.Input, t.Cached, t.Output, t.Reasoning, took(s.Elapsed))
}

func failedCodes(s batch.Summary) string {
	var codes []string
	for _, code := range slices.Sorted(maps.Keys(s.FailedBy)) {
		codes = append(codes, fmt.Sprintf("%d %s", s.FailedBy[code], code))
	}
	return strings.Join(codes, ", ")
}

// count is a number with its noun.
func count(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}

// batchResult is what `batch --json` prints.
type batchResult struct {
	SchemaVersion int                 `json:"schema_version"`
	Type          string              `json:"type"`
	Status        string              `json:"status"` // completed, partial, stopped
	Input         string              `json:"input"`
	Output        string              `json:"output"`
	Total         int                 `json:"total"`
	Completed     int                 `json:"completed"`
	Failed        int                 `json:"failed"`
	Skipped       int                 `json:"skipped"`
	NotAttempted  int                 `json:"not_attempted"`
	Foreign       int                 `json:"foreign"`
	FailedBy      failedByDocument    `json:"failed_by"`
	Usage         usageDocument       `json:"usage"`
	Timing        batchTimingDocument `json:"timing"`
	Warnings      []string            `json:"warnings"`
	Error         *errorDocument      `json:"error"`
}

type failedByDocument struct {
	Items []failedCode `json:"items"`
}

type failedCode struct {
	Code  string `json:"code"`
	Count int    `json:"count"`
}

// batchTimingDocument says how long it took: mean_ms and longest_ms are those of one
// record, with its repetitions.
type batchTimingDocument struct {
	StartedAt  string `json:"started_at"`
	DurationMS int64  `json:"duration_ms"`
	MeanMS     *int64 `json:"mean_ms"`
	LongestMS  *int64 `json:"longest_ms"`
}

func (b *batchRun) document(s batch.Summary, err error) batchResult {
	doc := batchResult{
		SchemaVersion: 1, Type: "batch", Status: "completed", Input: b.input, Output: b.options.file(),
		Total: s.Total, Completed: s.Completed, Failed: s.Failed, Skipped: s.Skipped,
		NotAttempted: s.NotAttempted, Foreign: s.Foreign,
		FailedBy: failedByDocument{[]failedCode{}},
		Usage: usageDocument{
			s.Tokens.Input, s.Tokens.Cached, s.Tokens.Output, s.Tokens.Reasoning, s.Tokens.Input + s.Tokens.Output,
		},
		Timing: batchTimingDocument{
			StartedAt: s.Started.UTC().Format(time.RFC3339Nano), DurationMS: s.Elapsed.Milliseconds(),
		},
		Warnings: b.inv.talk.warnings(),
	}
	for _, code := range slices.Sorted(maps.Keys(s.FailedBy)) {
		doc.FailedBy.Items = append(doc.FailedBy.Items, failedCode{code, s.FailedBy[code]})
	}
	if tried := s.Completed + s.Failed; tried > 0 {
		mean, longest := s.Work.Milliseconds()/int64(tried), s.Longest.Milliseconds()
		doc.Timing.MeanMS, doc.Timing.LongestMS = &mean, &longest
	}
	if err != nil {
		doc.Error = b.inv.explain(err)
		doc.Status = "stopped"
		if errors.Is(err, errPartial) {
			doc.Status = "partial"
		}
	}
	return doc
}
