package cli

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/tidwall/gjson"

	"github.com/codexctl/codexctl/internal/emulator"
	"github.com/codexctl/codexctl/pkg/credentials"
)

const (
	responsesPath = "/backend-api/codex/responses"
	tokenPath     = "/oauth/token"

	// hangs is what no form may take: an answer has ten minutes. The clock is the test's.
	hangs = 11 * time.Minute
)

// quality.md, Reliability, "fault matrix": every scene × every way of asking, by the real
// program with its own settings (3 retries, 5 minutes of silence), on a clock that waits
// for nothing. testdata/faults.txt says what must happen.
func TestFaultsOfAnswers(t *testing.T) {
	t.Parallel()
	startMetrics(t)
	readFaults(t, "answers").check(t, func(t *testing.T, row faultRow) (got faultRow, runs int64) {
		scene := row.scene(t)
		// The full floods are for benchmarks and people; the way is the same with less.
		scene.FloodDeltas /= 100
		synctest.Test(t, func(t *testing.T) {
			a := &asker{t: t, scene: scene, requests: agreed{}, commands: agreed{}, batches: agreed{}, texts: agreed{}}
			a.program, _ = newcomer(t, scene)
			a.commandForms()
			a.batchForms()
			got = a.routeForms()
			got["requests"], got["commands"], got["batch"], got["text"] = a.requests.String(), a.commands.String(), a.batches.String(), a.texts.String()
			runs = a.runs.Load()
		})
		return got, runs
	})
}

// asker puts the same question in every form under one scene.
type asker struct {
	*program
	t     *testing.T
	scene emulator.Scene

	requests, commands, batches, texts agreed // by form

	problem gjson.Result // the error of the document of ask, and its line on stderr
	message string
}

// heavy says that an answer takes tens of megabytes, which a few forms do for.
func (a *asker) heavy() bool { return a.scene.EventBytes > 32<<20 }

// begin makes everything as it was: what happens once happens again.
func (a *asker) begin() {
	a.t.Helper()
	a.program.scene(a.t, a.scene)
	a.emulator.ClearJournal()
	a.keep(a.t, a.store(), credentials.LangChain, a.emulator.Login(emulator.LoginOptions{}))
}

// put runs a command in time and returns its exit code.
func (a *asker) put(line string) int {
	a.t.Helper()
	begin := time.Now()
	ctx, cancel := context.WithTimeout(a.t.Context(), time.Hour)
	defer cancel()
	code := a.runContext(ctx, strings.Fields(line)...)
	if took := time.Since(begin); took > hangs {
		a.t.Errorf("%s hangs: %s", line, took)
	}
	return code
}

// commandForms are `ask` and `respond`, as text, as a document and as events.
func (a *asker) commandForms() {
	for _, f := range []struct {
		line string
		text func(a *asker, line string) (string, bool)
	}{
		{"ask --json -m gpt-5.5 hi", (*asker).documentText}, // first: it tells the message
		{"ask -m gpt-5.5 hi", (*asker).plainText},
		{"ask --jsonl -m gpt-5.5 hi", (*asker).askEvents},
		{"respond -m gpt-5.5 hi", (*asker).plainText},
		{"respond --json -m gpt-5.5 hi", (*asker).responseText},
		{"respond --stream -m gpt-5.5 hi", (*asker).plainText},
		{"respond --stream --json -m gpt-5.5 hi", (*asker).backendEvents},
		{"respond --sse -m gpt-5.5 hi", (*asker).backendFrames},
	} {
		form, _, _ := strings.Cut(f.line, " -m ")
		if a.heavy() && !slices.Contains([]string{"ask", "ask --json", "respond --sse"}, form) {
			continue
		}
		a.begin()
		exit := a.put(f.line)
		if strings.HasPrefix(f.line, "ask --json ") {
			a.problem = gjson.GetBytes(a.out.Bytes(), "error")
		}
		a.commands[form] = a.outcome(form, exit)
		a.requests[form] = tries(a.asked(responsesPath))
		if text, whole := f.text(a, form); whole || a.scene.WrongDone && strings.Contains(text, "(and more") {
			a.texts[form] = a.kept(text)
		}
	}
}

// outcome is an exit code with the error.code of the one error that was told on stderr.
func (a *asker) outcome(form string, exit int) string {
	a.t.Helper()
	lines, hints := a.errorLines()
	if exit == 0 {
		if len(lines) != 0 {
			a.t.Errorf("%s: success, and the errors %q", form, lines)
		}
		return "0"
	}
	if len(lines) != 1 || hints > 1 {
		a.t.Errorf("%s: exit %d with %d errors and %d hints, want one error: %s", form, exit, len(lines), hints, &a.talk)
		return strconv.Itoa(exit)
	}
	if a.message == "" {
		a.message = lines[0]
	}
	if lines[0] != a.message {
		a.t.Errorf("%s: the error is %q, and of ask --json %q", form, lines[0], a.message)
	}
	return fmt.Sprintf("%d %s", exit, a.problem.Get("code").Str)
}

// errorLines are the errors on stderr: no warnings, no news of another try, no sums.
func (p *program) errorLines() (lines []string, hints int) {
	news := regexp.MustCompile(`^warning: |^waiting for |; trying again in |; all wait | tokens in \(|^\d+/\d+, `)
	own := regexp.MustCompile(` \[cf-ray [0-9A-Za-z-]+\]|rescue-[0-9a-z]+\.json`) // the names of an answer and of a file
	for line := range strings.Lines(p.talk.String()) {
		line = strings.TrimSuffix(line, "\n")
		if strings.HasPrefix(line, "hint: ") {
			hints++
		}
		message, ours := strings.CutPrefix(line, "codexctl: ")
		if ours && !news.MatchString(message) {
			lines = append(lines, own.ReplaceAllString(message, ""))
		}
	}
	return lines, hints
}

// tries is a number of requests: all are as many as --retries allows.
func tries(n int) string {
	if n == defaultGlobals().retries+1 {
		return "all"
	}
	return strconv.Itoa(n)
}

// kept is a text as the table has it.
func (a *asker) kept(text string) string {
	switch {
	case a.scene.FloodDeltas > 0:
		return strconv.Itoa(len(strings.TrimSuffix(text, "\n"))) + " bytes"
	case a.scene.WrongDone && strings.HasPrefix(text, "You said: hi (and more"):
		return `"You said: hi"` // the finished text, of which the pieces are the beginning
	case text == "":
		return "-"
	}
	return strconv.QuoteToASCII(text)
}

func (a *asker) plainText(string) (string, bool) {
	return strings.TrimSuffix(a.out.String(), "\n"), true
}

func (a *asker) documentText(form string) (string, bool) {
	doc := gjson.ParseBytes(a.out.Bytes())
	if !gjson.ValidBytes(a.out.Bytes()) || doc.Get("type").Str != "ask" {
		a.t.Errorf("%s: no document: %s", form, &a.out)
	}
	return doc.Get("text").Str, true
}

// responseText is for `respond --json`, whose document is the Response, or the error
// alone if there was none.
func (a *asker) responseText(form string) (string, bool) {
	doc := gjson.ParseBytes(a.out.Bytes())
	if !gjson.ValidBytes(a.out.Bytes()) || doc.Get("error.code").Str != a.problem.Get("code").Str {
		a.t.Errorf("%s: no document with the error %s: %s", form, a.problem.Get("code"), &a.out)
	}
	return outputText(doc), true
}

// outputText is the text of a Response, or what a refusal says.
func outputText(response gjson.Result) string {
	var text strings.Builder
	for _, item := range response.Get("output").Array() {
		for _, part := range item.Get("content").Array() {
			text.WriteString(part.Get("text").Str + part.Get("refusal").Str)
		}
	}
	return text.String()
}

// askEvents are those of `ask --jsonl`: exactly one end, and it last.
func (a *asker) askEvents(form string) (string, bool) {
	var text strings.Builder
	var ends []string
	lines := strings.Split(strings.TrimSuffix(a.out.String(), "\n"), "\n")
	for _, line := range lines {
		switch event := gjson.Parse(line); event.Get("type").Str {
		case "text.delta":
			text.WriteString(event.Get("text").Str)
		case "done", "error":
			ends = append(ends, line)
		}
	}
	if len(ends) != 1 || ends[0] != lines[len(lines)-1] {
		a.t.Errorf("%s: the ends %q, want one, and it last", form, ends)
		return text.String(), true
	}
	if code := gjson.Get(ends[0], "error.code").Str; code != a.problem.Get("code").Str {
		a.t.Errorf("%s: ends with the code %q", form, code)
	}
	return text.String(), true
}

// backendEvents are those of `respond --stream --json`.
func (a *asker) backendEvents(form string) (string, bool) {
	var events []gjson.Result
	for line := range strings.Lines(a.out.String()) {
		if !gjson.Valid(line) {
			a.t.Errorf("%s: not a line of JSON: %q", form, line)
		}
		events = append(events, gjson.Parse(line))
	}
	return a.oneEnd(form, events, "error.code")
}

// backendFrames are those of `respond --sse`.
func (a *asker) backendFrames(form string) (string, bool) {
	return a.oneEnd(form, framesOf(a.out.String()).events(), "error.code")
}

// oneEnd finds the event that ends a stream: there is one, and it is the last. Ours has
// an error at that path; an error event of the backend's own may come before the end. The
// text is whole if it came in deltas.
func (a *asker) oneEnd(form string, events []gjson.Result, ours string) (text string, whole bool) {
	var b strings.Builder
	var ends, codes []string
	last := ""
	for _, e := range events {
		last = e.Raw
		switch e.Get("type").Str {
		case "response.output_text.delta", "response.refusal.delta":
			b.WriteString(e.Get("delta").Str)
		case "response.completed", "response.incomplete", "response.failed":
			ends = append(ends, e.Raw)
		case "error":
			if e.Get("schema_version").Exists() || ours == "code" {
				ends, codes = append(ends, e.Raw), append(codes, e.Get(ours).Str)
			}
		}
	}
	if len(ends) != 1 || last != ends[0] {
		a.t.Errorf("%s: the ends %q, want one, and it last", form, ends)
	}
	if ours == "error.code" && len(codes) == 1 && codes[0] != a.problem.Get("code").Str {
		a.t.Errorf("%s: ends with the code %q", form, codes[0])
	}
	return b.String(), !a.scene.NoDeltas
}

// batchForms are a batch of one record and one of three.
func (a *asker) batchForms() {
	for _, n := range []int{1, 3} {
		if a.heavy() && n > 1 {
			continue
		}
		a.begin()
		form := fmt.Sprintf("batch of %d", n)
		exit := a.put("batch --lines -m gpt-5.5 " + a.lines(a.t, n))
		a.batches[form] = strconv.Itoa(exit)
		if lines, hints := a.errorLines(); exit == 0 && len(lines) > 0 || exit != 0 && (len(lines) != 1 || hints != 1) {
			a.t.Errorf("%s: exit %d with %d errors and %d hints, want one of each: %s", form, exit, len(lines), hints, &a.talk)
		}
		a.records(form, n, exit)
	}
}

// lines is a file with so many prompts.
func (p *program) lines(t *testing.T, n int) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "prompts.txt")
	if err := os.WriteFile(file, []byte(strings.Repeat("hi\n", n)), 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

// records checks what was written, and how much was asked for it: a failure that would
// meet every record ends the batch, any other is a record.
func (a *asker) records(form string, n, exit int) {
	code := a.problem.Get("code").Str
	failed, asked := 0, a.asked(responsesPath)
	lines := slices.Collect(strings.Lines(a.out.String()))
	for _, line := range lines {
		if !gjson.Valid(line) || gjson.Get(line, "type").Str != "ask" {
			a.t.Errorf("%s: not a record: %q", form, line)
		}
		if got := gjson.Get(line, "error.code").Str; got != "" {
			failed++
			if got != code {
				a.t.Errorf("%s: a record has the code %q, want %q", form, got, code)
			}
			if gjson.Get(line, "error.exit_code").Int() != a.problem.Get("exit_code").Int() {
				a.t.Errorf("%s: a record has the exit code of another: %s", form, line)
			}
		}
		if n == 1 {
			a.texts[form] = a.kept(gjson.Get(line, "text").Str)
		}
	}
	stopped := exit != 0 && exit != exitPartial
	if (failed > 0) != (exit == exitPartial) || !stopped && len(lines) != n {
		a.t.Errorf("%s: exit %d with %d records, %d of them failed", form, exit, len(lines), failed)
	}
	switch {
	case n == 1:
		a.requests[form] = tries(asked)
	case stopped: // others were under way
	case a.scene.Times > 0:
		if first := a.asks(); asked != first+n-1 {
			a.t.Errorf("%s: %d requests, want %d for one record and one for each other", form, asked, first)
		}
	default:
		if each := a.asks(); asked != each*n {
			a.t.Errorf("%s: %d requests, want %d for each of %d", form, asked, each, n)
		}
	}
}

// asks is how many requests one record needs.
func (a *asker) asks() int {
	if n := a.requests["batch of 1"]; n != "all" {
		asks, _ := strconv.Atoi(n)
		return asks
	}
	return defaultGlobals().retries + 1
}
