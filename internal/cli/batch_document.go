package cli

import (
	"errors"
	"maps"
	"slices"
	"time"

	"github.com/codexctl/codexctl/internal/batch"
)

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
