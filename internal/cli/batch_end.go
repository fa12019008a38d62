package cli

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

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
		b.inv.talk.warn("%s has %s that answer no record of %s", b.options.resume, counted(sum.Foreign, "record"), inputName(b.input))
	}
	if err == nil && sum.Failed > 0 {
		err = fmt.Errorf("%d of %s %w", sum.Failed, counted(sum.Total, "record"), errPartial)
	}
	if err != nil && !errors.Is(err, batch.ErrInputChanged) {
		err = &unfinishedError{err, b.goOn(err)}
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

// goOn is the command that asks the rest, in the same way as this one.
func (b *batchRun) goOn(err error) string {
	input := b.input
	if strings.HasPrefix(input, "-") && input != "-" {
		input = "./" + input // no flag
	}
	say, file := "ask the rest", "FILE"
	if b.out != nil && b.out.CanSort() {
		file = shellWord(b.options.file())
	} else {
		say += ", if the records went to a FILE"
	}
	flags, left := b.sameFlags(err)
	if len(left) > 0 {
		say += ", and add again what is secret in " + strings.Join(left, ", ")
	}
	return say + ": " + strings.Join(append([]string{"codexctl", "batch", shellWord(input), "--resume", file}, flags...), " ")
}

// sameFlags are the flags of this run's line, as they are typed. Of those whose value is
// secret only the names are told, in left.
func (b *batchRun) sameFlags(err error) (words, left []string) {
	globals, locals := (&globalOptions{}).flags(), (&batchOptions{}).flags()
	for i, v := range b.inv.onLine {
		f, ok := lookup(locals, v.name)
		if !ok {
			f, _ = lookup(globals, v.name)
		}
		later := slices.ContainsFunc(b.inv.onLine[i+1:], func(w flagValue) bool { return w.name == v.name })
		switch {
		case v.name == "output", v.name == "resume", later && !f.isList():
		case v.name == "timeout" && errors.Is(err, errDeadline): // it was too short
		case maskedSetting(v.name, v.value) != v.value:
			if flag := "--" + v.name; !slices.Contains(left, flag) {
				left = append(left, flag)
			}
		case !f.isSwitch():
			words = append(words, "--"+v.name, shellWord(v.value))
		case v.value == "true":
			words = append(words, "--"+v.name)
		default:
			words = append(words, "--"+v.name+"="+shellWord(v.value))
		}
	}
	return words, left
}

// sayKept says what is there of an earlier run.
func (b *batchRun) sayKept(k batch.Kept) {
	if k == (batch.Kept{}) {
		return
	}
	line := fmt.Sprintf("codexctl: %s has %s", b.options.resume, counted(k.Completed, "completed record"))
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

// counted is a number with its noun.
func counted(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}
