package cli

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"
	"unicode/utf8"

	"github.com/hinshun/vt10x"

	"github.com/codexctl/codexctl/internal/batch"
	"github.com/codexctl/codexctl/internal/emulator"
)

// onTerminal makes stderr a terminal of so many columns.
func (p *program) onTerminal(columns int) {
	p.StderrTerminal = true
	p.StderrWidth = func() int { return columns }
}

// showing is a progress of this program, two minutes into a run.
func (p *program) showing() *progress {
	inv := &invocation{env: &p.Env, global: defaultGlobals()}
	inv.openStreams()
	shown := newProgress(inv, &batch.Gate{Now: p.Now}, false)
	shown.sum = batch.Summary{
		Total: 1000, Completed: 240, Failed: 10, NotAttempted: 750,
		Started: p.Now().Add(-2 * time.Minute), Tokens: batch.Tokens{Output: 24_000},
	}
	shown.known = true
	return shown
}

// still is a clock that stands.
func still() time.Time { return time.Date(2030, 1, 1, 0, 0, 0, 0, time.UTC) }

func TestProgressLineFits(t *testing.T) {
	p := newProgram(t)
	p.Now = still
	p.onTerminal(100)
	shown := p.showing()
	want := "[#######.......................]  250/1000  10 failed  6 min left  2.1/s  200 tokens/s"
	if got := shown.line(99); got != want {
		t.Errorf("line = %q, want %q", got, want)
	}
	p.variables["LANG"] = "en_GB.UTF-8"
	if got := p.showing().line(99); !strings.HasPrefix(got, strings.Repeat("█", 7)+strings.Repeat("░", 23)+"  250/1000") {
		t.Errorf("line in UTF-8 = %q", got)
	}
	shown.gate.Shut(still().Add(11500 * time.Millisecond))
	for width := range 120 {
		got := shown.line(width)
		if utf8.RuneCountInString(got) > width {
			t.Errorf("line of %d columns = %q", width, got)
		}
		if width >= 40 && !strings.Contains(got, "waiting 12 s: rate limit") {
			t.Errorf("line of %d columns does not say why nothing happens: %q", width, got)
		}
	}
}

func TestProgressIsDrawnTenTimesASecondAtMost(t *testing.T) {
	p := newProgram(t)
	now := still()
	p.Now = func() time.Time { return now }
	p.onTerminal(80)
	shown := p.showing()
	for range 1000 {
		now = now.Add(time.Millisecond)
		shown.update(shown.sum)
	}
	if n := strings.Count(p.talk.String(), "\r"); n < 9 || n > 11 {
		t.Errorf("drawn %d times in a second, want 10", n)
	}
}

func TestProgressIsForPeopleAtATerminal(t *testing.T) {
	p := newProgram(t)
	if p.showing().bar {
		t.Error("a bar without a terminal")
	}
	p.onTerminal(80)
	if !p.showing().bar {
		t.Error("no bar on a terminal")
	}
	for name, value := range map[string]string{"CI": "1", "TERM": "dumb"} {
		p.variables[name] = value
		if p.showing().bar {
			t.Errorf("a bar with %s=%s", name, value)
		}
		delete(p.variables, name)
	}
	inv := &invocation{env: &p.Env, global: globalOptions{quiet: true, color: "auto"}}
	if newProgress(inv, &batch.Gate{}, false).bar {
		t.Error("a bar with --quiet")
	}
}

// Lines from elsewhere take the place of the bar, which stands below them again.
func TestProgressGivesWayToLines(t *testing.T) {
	p := newProgram(t)
	p.Now = still
	p.onTerminal(80)
	shown := p.showing()
	screen := vt10x.New(vt10x.WithSize(80, 6))
	shown.w = screen
	shown.tick()
	shown.aside(func() { _, _ = io.WriteString(screen, "a line\r\n") })
	if got := strings.TrimRight(screen.String(), " \n"); !strings.HasPrefix(got, "a line ") || !strings.Contains(got, "\n[") || strings.Count(got, "250/1000") != 1 {
		t.Errorf("screen = %q", got)
	}
	shown.known = false
	shown.aside(func() {})
	if got := strings.TrimRight(screen.String(), " \n"); got != "a line" {
		t.Errorf("screen at the end = %q", got)
	}
}

// Without a terminal there is a line every 30 s, and one for a pause of all.
func TestProgressWithoutATerminal(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newProgram(t)
		shown := p.showing()
		end := shown.begin()
		time.Sleep(29 * time.Second)
		if p.talk.Len() != 0 {
			t.Errorf("after 29 s: %q", &p.talk)
		}
		time.Sleep(2 * time.Second)
		synctest.Wait()
		if got := p.talk.String(); got != "codexctl: 250/1000, 10 failed, 7 min left, 1.7/s, 160 tokens/s\n" {
			t.Errorf("after 31 s: %q", got)
		}
		p.talk.Reset()
		until := time.Now().Add(12 * time.Second)
		shown.pause(until, errors.New("slow down"))
		shown.pause(until.Add(time.Millisecond), errors.New("slow down"))
		if got := p.talk.String(); got != "codexctl: slow down; all wait 12 s\n" {
			t.Errorf("pause: %q", got)
		}
		end()
		p.talk.Reset()
		time.Sleep(time.Minute)
		if p.talk.Len() != 0 {
			t.Errorf("after the end: %q", &p.talk)
		}
	})
}

// batchOf writes prompts to a file.
func (p *program) batchOf(t *testing.T, lines int) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "prompts.txt")
	if err := os.WriteFile(path, []byte(strings.Repeat("hi\n", lines)), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// askedAt is when the requests came, counted from the first.
func (p *program) askedAt() []time.Duration {
	var at []time.Duration
	entries := p.emulator.Journal("/backend-api/codex/responses")
	for _, entry := range entries {
		at = append(at, entry.Time.Sub(entries[0].Time))
	}
	return at
}

// cli.md 11, "one shared back-off on 429": nobody asks while one has been told to wait.
func TestBatchPausesForAll(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newProgram(t)
		p.scene(t, emulator.Scene{Fault: emulator.FaultRateLimited, RetryAfterS: 30, Times: 1, HeadDelayMS: 1000})
		if code := p.run("batch", "--lines", p.batchOf(t, 40), "-j", "8"); code != 0 {
			t.Fatalf("exit %d: %s", code, &p.talk)
		}
		asked := p.askedAt()
		if len(asked) != 41 {
			t.Errorf("%d requests, want 41", len(asked))
		}
		early := 0
		for _, at := range asked {
			switch {
			case at <= time.Second:
				early++
			case at < 30*time.Second:
				t.Errorf("a request after %v", at)
			}
		}
		if early < 8 {
			t.Errorf("%d requests before the pause, want at least 8", early)
		}
		if got := strings.Count(p.talk.String(), "all wait 30 s\n"); got != 1 {
			t.Errorf("the pause is told of %d times, want once: %s", got, &p.talk)
		}
	})
}

// cli.md 11: --rpm, evenly spread, however many are asked at once.
func TestBatchKeepsToItsPace(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newProgram(t)
		p.scene(t, emulator.Scene{})
		if code := p.run("batch", "--lines", p.batchOf(t, 30), "-j", "8", "--rpm", "60"); code != 0 {
			t.Fatalf("exit %d: %s", code, &p.talk)
		}
		asked := p.askedAt()
		if len(asked) != 30 {
			t.Fatalf("%d requests, want 30", len(asked))
		}
		for i, at := range asked {
			if least := time.Duration(i)*time.Second - 10*time.Millisecond; at < least {
				t.Errorf("request %d after %v, want %v or later", i, at, least)
			}
		}
		if last := asked[29]; last > 31*time.Second {
			t.Errorf("the last request comes after %v", last)
		}
	})
}

// A reader of the records may write to the terminal too, so there are only whole lines.
func TestBatchIntoAPipeHasNoBar(t *testing.T) {
	for _, file := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			p := newProgram(t)
			p.onTerminal(80)
			p.StdoutPipe = true
			p.scene(t, emulator.Scene{HeadDelayMS: 20_000})
			args := []string{"batch", "--lines", p.batchOf(t, 5), "-j", "1"}
			if file {
				args = append(args, "-o", filepath.Join(t.TempDir(), "out.jsonl"))
			}
			if code := p.run(args...); code != 0 {
				t.Fatalf("exit %d: %s", code, &p.talk)
			}
			said := p.talk.String()
			if got := strings.Contains(said, "\r"); got != file {
				t.Errorf("into a file: %t; a bar: %t: %q", file, got, said)
			}
			if !file && strings.Count(said, "codexctl: 1/5, ") != 1 {
				t.Errorf("no line after 30 seconds: %q", said)
			}
		})
	}
}

// Bar and records share a screen when both streams are terminals.
func TestBatchOnATerminal(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newProgram(t)
		p.onTerminal(80)
		p.StdoutTerminal = true
		p.Stdout = p.Stderr // one screen
		p.scene(t, emulator.Scene{HeadDelayMS: 1000})
		if code := p.run("batch", "--lines", p.batchOf(t, 5), "-j", "1"); code != 0 {
			t.Fatalf("exit %d: %s", code, &p.talk)
		}
		screen := vt10x.New(vt10x.WithSize(2000, 12))
		_, _ = io.WriteString(screen, strings.ReplaceAll(p.talk.String(), "\n", "\r\n"))
		if drawn := strings.Count(p.talk.String(), "["+strings.Repeat("#", 6)); drawn == 0 {
			t.Errorf("no bar was drawn: %q", &p.talk)
		}
		for i, line := range strings.Split(strings.TrimRight(screen.String(), " \n"), "\n") {
			want := `{"id":`
			if i == 5 {
				want = "codexctl: 5 of 5 done"
			}
			if !strings.HasPrefix(line, want) || i > 5 {
				t.Errorf("line %d of the screen is %q", i, strings.TrimSpace(line))
			}
		}
	})
}
