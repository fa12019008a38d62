package cli

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/tidwall/gjson"

	"github.com/codexctl/codexctl/internal/session"
	"github.com/codexctl/codexctl/pkg/responses"
)

// sessionsAt is the folder of a program's conversations.
func (p *program) sessionsAt() string {
	return filepath.Join(p.Home, ".local", "state", "codexctl", "sessions")
}

// sessions is the program's conversations, as another process sees them.
func (p *program) sessions(t *testing.T) *session.Store {
	t.Helper()
	folder, err := session.OpenFolder(p.sessionsAt())
	if err != nil {
		t.Fatal(err)
	}
	return session.New(folder, (&invocation{env: &p.Env}).sessionConfig())
}

// mustRun runs the program, which must succeed, and returns its stdout.
func (p *program) mustRun(t *testing.T, args ...string) string {
	t.Helper()
	if code := p.run(args...); code != 0 {
		t.Fatalf("%q: exit %d: %s", args, code, &p.talk)
	}
	return p.out.String()
}

// cli.md 10: when an exchange is kept. The first column that says something decides.
func TestWhatIsKept(t *testing.T) {
	tests := []struct {
		name     string
		args     string
		log, ci  string
		terminal bool
		want     bool
	}{
		{"in a script", "", "", "", false, false},
		{"on a terminal", "", "", "", true, true},
		{"on a terminal of a CI job", "", "", "true", true, false},
		{"CI that says no", "", "", "false", true, true},
		{"the variable", "", "1", "", false, true},
		{"the variable, in a CI job", "", "true", "1", false, true},
		{"the variable says no", "", "0", "", true, false},
		{"the flag", "--log", "", "", false, true},
		{"the flag says no", "--log=false", "1", "", true, false},
		{"--no-log", "-n", "", "", true, false},
		{"--no-log and the variable", "--no-log", "1", "", true, false},
		{"a name", "--session a", "", "1", false, true},
		{"a name, and the variable says no", "--session a", "0", "", false, true},
		{"a name and --no-log", "--session a -n", "1", "", true, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			p := newProgram(t)
			p.variables["CODEXCTL_LOG"], p.variables["CI"], p.StderrTerminal = tt.log, tt.ci, tt.terminal
			doc := p.mustRun(t, append(strings.Fields(tt.args), "ask", "--json", "hi")...)
			if got := gjson.Get(doc, "session").Type == gjson.String; got != tt.want {
				t.Errorf("session is %s, want one: %t", gjson.Get(doc, "session").Raw, tt.want)
			}
			_, err := os.Stat(p.sessionsAt())
			if got := err == nil; got != tt.want {
				t.Errorf("the folder is there: %t, want %t", got, tt.want)
			}
			if got := strings.Contains(p.talk.String(), "conversations are kept in"); got != tt.want {
				t.Errorf("stderr says %q, want a word about it: %t", &p.talk, tt.want)
			}
			p.mustRun(t, append(strings.Fields(tt.args), "ask", "hi")...)
			if strings.Contains(p.talk.String(), "conversations are kept in") {
				t.Errorf("stderr says it again: %q", &p.talk)
			}
		})
	}
}

// A variable or a flag that is no yes and no no is a bad setting.
func TestBadLogSetting(t *testing.T) {
	p := newProgram(t)
	if code := p.run("ask", "--log=maybe", "hi"); code != exitUsage || !strings.Contains(p.talk.String(), "true or false") {
		t.Errorf("exit %d, %q", code, &p.talk)
	}
	p.variables["CODEXCTL_LOG"] = "maybe"
	if code := p.run("ask", "hi"); code != exitConfig || !strings.Contains(p.talk.String(), "CODEXCTL_LOG") {
		t.Errorf("exit %d, %q", code, &p.talk)
	}
}

// cli.md 10: kept for 30 days. What is idle for longer goes by itself, and using its id
// says what to do; rulings.md, Sessions: for 7 days.
func TestIdleConversationsEnd(t *testing.T) {
	p := newProgram(t)
	now := time.Now()
	p.Now = func() time.Time { return now }
	p.mustRun(t, "ask", "--session", "old", "hi")
	now = now.Add(29 * 24 * time.Hour)
	if got := gjson.Get(p.mustRun(t, "sessions", "list", "--json"), "items.#.id").Raw; got != `["old"]` {
		t.Errorf("after 29 days there is %s", got)
	}
	now = now.Add(2 * 24 * time.Hour)
	if got := gjson.Get(p.mustRun(t, "sessions", "list", "--json"), "items.#.id").Raw; got != `[]` {
		t.Errorf("after 31 days there is %s", got)
	}
	if code := p.run("ask", "-c", "hi"); code != exitUsage {
		t.Errorf("-c: exit %d, want %d", code, exitUsage)
	}
	if code := p.run("ask", "--session", "old", "hi"); code != exitUsage || !strings.Contains(p.talk.String(), "hint: it was idle for too long; begin it anew: codexctl sessions rm -y old") {
		t.Errorf("its id: exit %d, %q", code, &p.talk)
	}
	p.mustRun(t, "sessions", "rm", "-y", "old")
	if code := p.run("sessions", "show", "old"); code != exitUsage || strings.Contains(p.talk.String(), "idle") {
		t.Errorf("freed: exit %d, %q", code, &p.talk)
	}
}

// The sweep comes once a day, with an exchange that is kept.
func TestDailySweep(t *testing.T) {
	p := newProgram(t)
	begun := time.Now().Add(-31 * 24 * time.Hour)
	for i, at := range []time.Time{begun, begun.Add(2 * 24 * time.Hour)} {
		config := (&invocation{env: &p.Env}).sessionConfig()
		config.Now = func() time.Time { return at }
		folder, err := session.OpenFolder(p.sessionsAt())
		if err != nil {
			t.Fatal(err)
		}
		turn := session.New(folder, config).Generate()
		if err := turn.Add(t.Context(), session.Node{ID: fmt.Sprint("r", i)}); err != nil {
			t.Fatal(err)
		}
		turn.End()
	}
	records := func() int {
		all, err := filepath.Glob(filepath.Join(p.sessionsAt(), "*.jsonl"))
		if err != nil {
			t.Fatal(err)
		}
		n := 0
		for _, path := range all {
			if len(filepath.Base(path)) > 64 {
				n++
			}
		}
		return n
	}
	p.mustRun(t, "ask", "--session", "new", "hi")
	if got := records(); got != 2 {
		t.Errorf("%d records, want 2: one was idle for 31 days", got)
	}
	mark := filepath.Join(p.sessionsAt(), sweepMark)
	before, err := os.Stat(mark)
	if err != nil {
		t.Fatal(err)
	}
	p.mustRun(t, "ask", "--session", "new", "again")
	if after, err := os.Stat(mark); err != nil || !after.ModTime().Equal(before.ModTime()) {
		t.Errorf("swept again on the same day: %v", err)
	}
}

// cli.md 10: a turn is waited for, with a notice after 2 s, and --timeout ends that.
func TestWaitForTheTurn(t *testing.T) {
	t.Parallel()
	p := newProgram(t)
	turn, err := p.sessions(t).Begin(t.Context(), "busy")
	if err != nil {
		t.Fatal(err)
	}
	defer turn.End()
	if code := p.run("ask", "--session", "busy", "--timeout", "2500ms", "hi"); code != exitTimeout {
		t.Errorf("exit %d, want %d", code, exitTimeout)
	}
	if !strings.Contains(p.talk.String(), "waiting for another process to finish its turn in the conversation busy") {
		t.Errorf("stderr: %q", &p.talk)
	}
	if n := len(p.emulator.Journal()); n != 0 {
		t.Errorf("%d requests without the turn", n)
	}
	// What only reads does not wait.
	p.mustRun(t, "ask", "--session", "busy", "-n", "hi")
	p.mustRun(t, "ask", "--session", "busy", "--dry-run", "hi")
	turn.End()
	p.mustRun(t, "ask", "--session", "busy", "hi")
}

// quality.md: a conversation of 1,000 turns goes on at a cost that grows with its length
// and not with its square: one request, one read of the record, and an append that is
// as long as that of a short one.
func TestALongConversation(t *testing.T) {
	const turns = 1000
	p := newProgram(t)
	grown := func(id string) int64 {
		path := strings.TrimSpace(p.mustRun(t, "sessions", "path", id))
		size := func() int64 {
			info, err := os.Stat(path)
			if err != nil {
				t.Fatal(err)
			}
			return info.Size()
		}
		before := size()
		kept, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		p.emulator.ClearJournal()
		p.mustRun(t, "ask", "--session", id, "next")
		if n := len(p.emulator.Journal("/backend-api/codex/responses")); n != 1 {
			t.Errorf("%s: %d requests, want 1", id, n)
		}
		now, err := os.ReadFile(path)
		if err != nil || !bytes.HasPrefix(now, kept) {
			t.Errorf("%s: the record was written anew: %v", id, err)
		}
		return size() - before
	}
	s := p.sessions(t)
	for id, n := range map[string]int{"short": 1, "half": turns / 2, "long": turns} {
		turn, err := s.Begin(t.Context(), id)
		if err != nil {
			t.Fatal(err)
		}
		parent := ""
		for i := range n {
			node := session.Node{
				ID: fmt.Sprintf("%s_%d", id, i), Parent: parent, Model: "gpt-5.5", Title: "begin",
				In:  []json.RawMessage{responses.UserText("My name is Alice. " + strings.Repeat("word ", 50))},
				Out: []json.RawMessage{responses.AssistantText(strings.Repeat("word ", 100))},
			}
			if err := turn.Add(t.Context(), node); err != nil {
				t.Fatal(err)
			}
			parent = node.ID
		}
		turn.End()
	}
	short, long := grown("short"), grown("long")
	if long > short+200 {
		t.Errorf("a turn adds %d bytes to a long conversation, %d to a short one", long, short)
	}
	if got := gjson.Get(p.mustRun(t, "ask", "--session", "long", "--json", "What's my name?"), "text").Str; got != "Your name is Alice." {
		t.Errorf("the answer is %q", got)
	}
	half := bytesRead(t, func() { p.mustRun(t, "ask", "--session", "half", "-n", "--dry-run", "next") })
	whole := bytesRead(t, func() { p.mustRun(t, "ask", "--session", "long", "-n", "--dry-run", "next") })
	if half > 0 && whole > 3*half {
		t.Errorf("%d bytes are read of %d turns, %d of half as many", whole, turns, half)
	}
	// `sessions list` reads no record whole.
	if read := bytesRead(t, func() { p.mustRun(t, "sessions", "list") }); read > 64<<10 {
		t.Errorf("sessions list reads %d bytes", read)
	}
}

// bytesRead is how many bytes this process reads meanwhile; 0 where that is not known.
func bytesRead(t *testing.T, do func()) (n int64) {
	t.Helper()
	count := func() (n int64) {
		text, err := os.ReadFile("/proc/self/io")
		if err != nil {
			return 0
		}
		_, _ = fmt.Sscanf(string(text), "rchar: %d", &n)
		return n
	}
	before := count()
	do()
	return count() - before
}

// cli.md 10: a transcript on a terminal has no character that steers it but our own.
func TestTranscriptOnATerminal(t *testing.T) {
	p := newProgram(t)
	p.scene(t, namedScene(t, "control-characters"))
	p.mustRun(t, "ask", "--session", "a", "--summary", "auto", "hi")
	p.variables["TERM"] = "xterm"
	p.StdoutTerminal = true
	shown := p.mustRun(t, "sessions", "show")
	for _, want := range []string{"\x1b[1m[user]\x1b[", "\x1b[1m[assistant]\x1b[", "\x1b[2m**Thinking"} {
		if !strings.Contains(shown, want) {
			t.Errorf("no %q in %q", want, shown)
		}
	}
	if strings.Contains(shown, "\x1b[31m") || strings.ContainsAny(shown, "\a\b\r") {
		t.Errorf("steering characters in %q", shown)
	}
	if plain := p.mustRun(t, "sessions", "show", "--text"); strings.Contains(plain, "\x1b") || !strings.Contains(plain, "[reasoning]") {
		t.Errorf("--text prints %q", plain)
	}
	if list := p.mustRun(t, "sessions", "list"); !strings.HasPrefix(list, "ID ") {
		t.Errorf("the list has no head: %q", list)
	}
}

func TestTitles(t *testing.T) {
	for prompt, want := range map[string]string{
		"hi":                       "hi",
		"  two\n\nlines\t\x1b[31m": "two lines [31m",
		strings.Repeat("é", 50):    strings.Repeat("é", 50),
		strings.Repeat("世", 51):    strings.Repeat("世", 49) + "…",
	} {
		if got := titleOf([]json.RawMessage{responses.AssistantText("no"), responses.UserText(prompt)}); got != want {
			t.Errorf("%q: got %q, want %q", prompt, got, want)
		}
	}
}

func TestParseAge(t *testing.T) {
	for text, want := range map[string]time.Duration{
		"12h": 12 * time.Hour, "7d": 7 * 24 * time.Hour, "0": 1, "0d": 1, "1h30m": 90 * time.Minute,
		"-1h": 0, "-1d": 0, "d": 0, "": 0, "1.5d": 0, "99999999d": 0, "week": 0,
	} {
		got, err := parseAge(text)
		if got != want || (err == nil) != (want > 0) {
			t.Errorf("%q: got %s, %v, want %s", text, got, err, want)
		}
	}
}

// While the prompt is awaited the turn is free for others, and what they have said
// counts.
func TestNoTurnIsHeldDuringStdin(t *testing.T) {
	p := newProgram(t)
	s := p.sessions(t)
	p.StdinKind = StdinPipe
	p.Stdin = readerFunc(func([]byte) (int, error) {
		ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
		defer cancel()
		turn, err := s.Begin(ctx, "a")
		if err != nil {
			t.Errorf("the turn is held while stdin is read: %v", err)
			return 0, io.EOF
		}
		defer turn.End()
		node := session.Node{ID: "r", Model: "gpt-5.2", In: []json.RawMessage{responses.UserText("My name is Alice")}}
		if err := turn.Add(ctx, node); err != nil {
			t.Error(err)
		}
		return 0, io.EOF
	})
	if got := p.mustRun(t, "ask", "--session", "a", "What's my name?"); got != "Your name is Alice.\n" {
		t.Errorf("the answer is %q", got)
	}
	if got := gjson.Get(p.sent(t), "model").Str; got != "gpt-5.2" {
		t.Errorf("%s was asked", got)
	}
}

type readerFunc func([]byte) (int, error)

func (f readerFunc) Read(p []byte) (int, error) { return f(p) }
