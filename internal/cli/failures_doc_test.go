package cli

import (
	"cmp"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/synctest"

	"github.com/tidwall/gjson"

	"github.com/codexctl/codexctl/internal/emulator"
	"github.com/codexctl/codexctl/internal/freeport"
	"github.com/codexctl/codexctl/pkg/credentials"
)

// docs/failures.md is made by running into every failure of testdata/faults.txt and of
// troubles. -update writes it anew: go test ./internal/cli -run FailuresAreDocumented -update
func TestFailuresAreDocumented(t *testing.T) {
	if testing.Short() {
		t.Skip("a page needs all rows, and each is run elsewhere")
	}
	t.Parallel()
	startMetrics(t)
	path := filepath.Join("..", "..", "docs", "failures.md")
	var mu sync.Mutex
	var rows []failureRow
	t.Run("failures", func(t *testing.T) {
		add := func(name string, find func(*testing.T) failureRow) {
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				row := find(t)
				mu.Lock()
				defer mu.Unlock()
				rows = append(rows, row)
			})
		}
		for _, part := range []struct{ name, column, line, route string }{
			{"answers", "commands", "ask -m gpt-5.5 hi", "native"},
			{"renewal", "ask", "ask hi", "native"},
			{"browser", "auth login", "auth login --force", ""},
			{"device", "auth login-device", "auth login-device --force --wait 14m32s", ""},
		} {
			for _, row := range readFaults(t, part.name).rows {
				if row[part.column] != "0" {
					add(row["scene"], func(t *testing.T) failureRow { return row.fail(t, part.column, part.line, part.route) })
				}
			}
		}
		for _, x := range troubles() {
			add(x.name, x.fail)
		}
	})
	if t.Failed() {
		return
	}
	want := failuresPage(rows)
	if *update {
		if err := os.WriteFile(path, []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	got, err := os.ReadFile(path)
	if err != nil || string(got) != want {
		t.Errorf("docs/failures.md is out of date (%v): go test ./internal/cli -run FailuresAreDocumented -update", err)
	}
}

// failureRow is a line of docs/failures.md.
type failureRow struct {
	exit                int
	code, message, hint string
	server              string // status and error.code
	again               string
	scenes              []string // by name; a line to type if it is no scene
}

// fail runs into a scene, by a command and by a route of the server.
func (r faultRow) fail(t *testing.T, column, line, route string) (told failureRow) {
	t.Helper()
	told.again = map[string]string{"all": "yes", "2": "once, the login renewed"}[r["requests"]]
	if !strings.HasPrefix(r["scene"], "{") {
		told.scenes = []string{r["scene"]}
	}
	scene := r.scene(t)
	run := func(t *testing.T) {
		p, _ := newcomer(t, scene)
		begin := func() {
			p.scene(t, scene)
			p.keep(t, p.store(), credentials.LangChain, p.emulator.Login(emulator.LoginOptions{Expired: column == "ask"}))
		}
		begin()
		told.exit = p.run(strings.Fields(line + " --json")...)
		problem := gjson.GetBytes(p.out.Bytes(), "error")
		told.code, told.message, told.hint = problem.Get("code").Str, problem.Get("message").Str, problem.Get("hint").Str
		told.message = strings.ReplaceAll(told.message, p.Home, "~")
		if route != "" {
			begin()
			answer := p.visit(t, route)
			if told.server = strconv.Itoa(answer.Code); answer.Code != http.StatusOK {
				told.server = refusal(t, answer)
			}
		}
	}
	if strings.HasPrefix(line, "auth login ") {
		// The browser's way needs sockets. Where nobody comes, nobody is waited for.
		wait := "2m"
		if strings.HasPrefix(r[column], "7 ") {
			wait = "1s"
		}
		line += " --port " + freeport.For(t) + " --wait " + wait
		run(t)
		told.message = strings.ReplaceAll(told.message, "after 1s", "after 5m0s") // the usual time
	} else {
		synctest.Test(t, run)
		told.message = strings.ReplaceAll(told.message, "after 14m32s", "after 15m0s")
	}
	if cell := strings.TrimSpace(fmt.Sprintf("%d %s", told.exit, told.code)); cell != r[column] {
		t.Errorf("got %s, want %s", cell, r[column])
	}
	return told
}

func (x trouble) fail(t *testing.T) failureRow {
	t.Helper()
	got := x.meet(t, "")
	_, code, _ := strings.Cut(x.want, " ")
	told := failureRow{exit: got.exit, code: code, message: got.message, hint: got.hint, server: got.server}
	if got.again {
		told.again = "yes"
	}
	return told
}

// failureGroup is a chapter of docs/failures.md: what has one cause.
type failureGroup struct {
	title, about string
	codes        []string
}

func failureGroups() []failureGroup {
	return []failureGroup{
		{"Login", "Nobody is signed in, the login has run out, or the account may not do this. `codexctl auth status` says which login is used and how long it lasts.",
			[]string{"auth_required", "auth_expired", "auth_denied", "plan_required", "region_blocked", "cancelled"}},
		{"Usage limit", "`codexctl usage` shows how much is used and when it returns. `ask --wait-quota` waits for that.",
			[]string{"rate_limited", "quota_exhausted"}},
		{"Network", "The backend or the issuer was not reached, or something on the way answered in its place. `codexctl doctor` looks at names, certificates, proxies and the backend in turn.",
			[]string{"network"}},
		{"Trouble of the backend, and time", "It was reached, and failed, or took longer than it may.",
			[]string{"server_error", "timeout"}},
		{"An answer that is cut, incomplete or refused", "What had arrived is kept: on stdout, in `text` of the document, in the record of a batch.",
			[]string{"truncated", "incomplete", "refused", "schema_mismatch"}},
		{"A request that is not taken", "The same request will fail again. `--dry-run` shows what is sent.",
			[]string{"invalid_request", "model_not_available", "context_length_exceeded"}},
		{"On this machine", "The line, a file, a setting or an output is wrong, or somebody ended the program. The backend was not asked, or its answer could not be used. A reader of stdout that goes away is no failure: exit 0, and no message. SIGTERM ends with 143.",
			[]string{"usage", "session_not_found", "config", "port_in_use", "internal", "partial", "interrupted"}},
	}
}

// failuresPage is docs/failures.md.
func failuresPage(rows []failureRow) string {
	var b strings.Builder
	b.WriteString(`# When something fails

Made by running into every failure that the emulator can play, and into those of this machine; a test compares. Look for the
message that you saw: it stands on stderr behind ` + "`codexctl:`" + `, with what to do behind ` + "`hint:`" + `. With ` + "`--json`" + ` both are
in the ` + "`error`" + ` of the document, with its ` + "`code`" + `. What differs from case to case is written as ` + "`…`" + `, and the backend's own
words may be others.

- **exit**: the exit code and ` + "`error.code`" + `; ` + "`codexctl help exit-codes`" + ` lists them all. They are the same in every form of
  output. In a ` + "`batch`" + ` a failure stays with its record, and the run ends with 10; what would meet every record (exit 3 to 6
  for the most part) ends the run with its own code.
- **server**: the status and ` + "`error.code`" + ` of ` + "`codexctl serve`" + `, with the same message. Once a stream has begun, its last event
  is an error with that code in place of the status. Empty: not a matter of the server, or said on its own stderr.
- **again**: whether it has been tried again by itself before you saw it: "yes" is as often as ` + "`--retries`" + ` says, with pauses.
  Once some of the answer has arrived, nothing is tried again.
- **play it**: the scene of the emulator: ` + "`codexctl emulator exec --scene NAME -- codexctl ask hi`" + `. What begins with ` + "`token-`" + ` happens
  when a login is renewed (` + "`codexctl auth refresh`" + `), what begins with ` + "`login-`, `exchange-` or `device-`" + ` when one signs in
  (` + "`codexctl auth login --force`, `codexctl auth login-device --force`" + `).

`)
	groups := failureGroups()
	for _, g := range groups {
		fmt.Fprintf(&b, "- [%s](#%s)\n", g.title, anchor(g.title))
	}
	for _, g := range groups {
		fmt.Fprintf(&b, "\n## %s\n\n%s\n\n| message | exit | server | again | what to do | play it |\n|---|---|---|---|---|---|\n", g.title, g.about)
		for _, row := range merged(rows, g) {
			var scenes []string
			for _, name := range row.scenes {
				scenes = append(scenes, "`"+name+"`")
			}
			code := strconv.Itoa(row.exit) + " `" + row.code + "`"
			server := row.server
			if status, name, ok := strings.Cut(server, " "); ok {
				server = status + " `" + name + "`"
			}
			fmt.Fprintf(&b, "| %s | %s | %s | %s | %s | %s |\n", cell(row.message), code, server, cmp.Or(row.again, "no"), cell(row.hint), strings.Join(scenes, " "))
		}
	}
	return b.String()
}

func anchor(title string) string {
	return strings.ReplaceAll(strings.ReplaceAll(strings.ToLower(title), ",", ""), " ", "-")
}

// merged are the rows of a group, those that look the same as one, in order of what a
// reader sees.
func merged(rows []failureRow, g failureGroup) []failureRow {
	var out []failureRow
	for _, row := range rows {
		if !slices.Contains(g.codes, row.code) {
			continue
		}
		row.message, row.hint = masked(row.message), masked(row.hint)
		same := func(o failureRow) bool {
			return o.exit == row.exit && o.code == row.code && o.message == row.message && o.hint == row.hint && o.server == row.server && o.again == row.again
		}
		if at := slices.IndexFunc(out, same); at >= 0 {
			out[at].scenes = append(out[at].scenes, row.scenes...)
			slices.Sort(out[at].scenes)
			continue
		}
		out = append(out, row)
	}
	slices.SortFunc(out, func(a, b failureRow) int {
		return cmp.Or(cmp.Compare(a.exit, b.exit), cmp.Compare(a.message, b.message), cmp.Compare(a.hint, b.hint), cmp.Compare(a.server, b.server), cmp.Compare(a.again, b.again))
	})
	return out
}

// masked takes out of a message what is another each time.
func masked(text string) string {
	for _, m := range []struct{ pattern, with string }{
		{`resets at [0-9-]+ [0-9:]+ \S+`, "resets at …"},
		{`\[cf-ray [0-9A-Za-z-]+\]`, "[cf-ray …]"},
		{`rescue-[0-9a-z]+\.json`, "rescue-….json"},
		{`http://127\.0\.0\.1/oauth/`, "https://auth.openai.com/oauth/"},
		{`http://127\.0\.0\.1\b`, "…"},
		{`\b127\.0\.0\.1: `, "chatgpt.com: "},
	} {
		text = regexp.MustCompile(m.pattern).ReplaceAllString(text, m.with)
	}
	return text
}
