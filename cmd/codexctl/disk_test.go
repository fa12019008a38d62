//go:build unix

package main

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/tidwall/gjson"

	"github.com/codexctl/codexctl/internal/emulator"
	"github.com/codexctl/codexctl/pkg/credentials"
)

// disk is a household with a small file system of its own, at home/disk, that is there
// while one of its scripts runs.
type disk struct {
	*household
	how []string // what gives a process a mount table of its own
}

// newDisk skips the test where nobody lets us mount anything.
func newDisk(t *testing.T) *disk {
	t.Helper()
	d := &disk{household: newHousehold(t)}
	if err := os.Mkdir(d.at(), 0o700); err != nil {
		t.Fatal(err)
	}
	for _, how := range [][]string{{"unshare", "-m"}, {"unshare", "-r", "-m"}} {
		words := append(how, "mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", d.at())
		if exec.Command(words[0], words[1:]...).Run() == nil {
			d.how = how
			return d
		}
	}
	t.Skip("no small file system: unshare(1) and mount(8) as root, or with user namespaces, are needed")
	return nil
}

func (d *disk) at() string { return filepath.Join(d.home, "disk") }

// ran is what one command of a script printed, and its exit code.
type ran struct {
	code       string
	out, stder string
}

// run runs a script of sh with the disk mounted, and gives what its commands printed: `try
// NAME COMMAND…` is one. `full` leaves no byte on the disk, `room SIZE` makes it larger, and
// `seal` lets nobody write.
func (d *disk) run(script string) map[string]ran {
	d.t.Helper()
	const begin = `set -u
try() { name=$1; shift; "$@" >"$RESULTS/$name.out" 2>"$RESULTS/$name.err" </dev/null; echo $? >"$RESULTS/$name.code"; }
full() { cat /dev/zero >disk/ballast 2>/dev/null; sync; cat /dev/zero >>disk/ballast 2>/dev/null || true; }
room() { mount -o "remount,size=$1" tmpfs disk; }
seal() { mount -o remount,ro tmpfs disk; }
mount -t tmpfs -o size=256k tmpfs disk || exit 99
`
	results := d.t.TempDir()
	words := append(d.how, "sh", "-c", begin+script)
	like := d.command()
	cmd := exec.Command(words[0], words[1:]...)
	cmd.Dir, cmd.Env = d.home, append(like.Env, "RESULTS="+results)
	if out, err := cmd.CombinedOutput(); err != nil {
		d.t.Fatalf("the script: %v: %s", err, out)
	}
	got := map[string]ran{}
	codes, _ := filepath.Glob(filepath.Join(results, "*.code"))
	for _, path := range codes {
		stem := strings.TrimSuffix(path, ".code")
		got[filepath.Base(stem)] = ran{strings.TrimSpace(readFile(d.t, path)), readFile(d.t, stem+".out"), readFile(d.t, stem+".err")}
	}
	return got
}

// want compares one command with what it should have done: says is on stderr, and so is a
// hint when something failed.
func (d *disk) want(got map[string]ran, name, code, out, says string) {
	d.t.Helper()
	r, ok := got[name]
	switch {
	case !ok:
		d.t.Errorf("%s was not run", name)
	case r.code != code || r.out != out || !strings.Contains(r.stder, says):
		d.t.Errorf("%s: exit %s with %q, want %s with %q, and %q on stderr: %s", name, r.code, r.out, code, out, says, r.stder)
	case code != "0" && strings.Count("\n"+r.stder, "\ncodexctl: ") == 0:
		d.t.Errorf("%s: nothing is said: %s", name, r.stder)
	}
}

// quality.md, Reliability: disk full: clear error, right code, nothing lost. Of the store
// of the login, of ask -o, of the output of a batch, of conversations and of what is cached.
func TestFullDisk(t *testing.T) {
	t.Parallel()
	d := newDisk(t)
	old := filepath.Join(d.home, "old.json")
	d.keep(credentials.LangChain, old, emulator.LoginOptions{Expired: true})
	fresh := filepath.Join(d.home, "fresh.json")
	d.keep(credentials.LangChain, fresh, emulator.LoginOptions{})
	got := d.run(`
cp old.json disk/auth.json; echo "what was there" >disk/answer.txt
export CODEXCTL_AUTH_FILE=$PWD/fresh.json
XDG_STATE_HOME=$PWD/disk/state codexctl ask -q --session kept 'My name is Alice' >/dev/null
full
try expired codexctl ask --auth-file disk/auth.json hi
try unchanged cmp disk/auth.json old.json
try login sh -c 'codexctl auth login --with-token --auth-file disk/new.json <fresh.json'
try nothing ls disk
try import codexctl auth import --force fresh.json --auth-file disk/auth.json
try still cmp disk/auth.json old.json
try answer codexctl ask -o disk/answer.txt hi
try before cat disk/answer.txt
XDG_STATE_HOME=$PWD/disk/state try session codexctl ask --session kept hi
XDG_STATE_HOME=$PWD/disk/state try newsession codexctl ask --session another hi
XDG_CACHE_HOME=$PWD/disk/cache try models codexctl models --refresh -q
XDG_STATE_HOME=$PWD/disk/state try start codexctl auth login-device --start --force --auth-file new.json
room 512k
XDG_STATE_HOME=$PWD/disk/state try later codexctl ask --session kept "What's my name?"
try renews codexctl ask --auth-file disk/auth.json hi
`)
	d.want(got, "expired", "3", "", "disk/auth.json")
	d.want(got, "unchanged", "0", "", "")
	d.want(got, "login", "3", "", "disk/new.json")
	d.want(got, "nothing", "0", "answer.txt\nauth.json\nauth.json.lock\nballast\nnew.json.lock\nstate\n", "")
	d.want(got, "import", "3", "", "disk/auth.json")
	d.want(got, "still", "0", "", "")
	d.want(got, "answer", "3", "You said: hi\n", "answer.txt")
	d.want(got, "before", "0", "what was there\n", "")
	d.want(got, "session", "0", "You said: hi\n", "") // one line more may find room in the file's last page
	d.want(got, "newsession", "0", "You said: hi\n", "not kept")
	if r := got["models"]; r.code != "0" || !strings.Contains(r.out, "gpt-5.5") {
		t.Errorf("models: exit %s, %q: %s", r.code, r.out, r.stder)
	}
	d.want(got, "start", "3", "", "")
	d.want(got, "later", "0", "Your name is Alice.\n", "")
	d.want(got, "renews", "0", "You said: hi\n", "")
	if n := len(d.emulator.Journal("/oauth/token")); n != 1 {
		t.Errorf("%d token requests, want 1: none while there was no room", n)
	}
}

// The same for the output of a batch: the records that were written stay, and the rest is
// asked for when there is room again.
func TestBatchOnAFullDisk(t *testing.T) {
	t.Parallel()
	const records = 200
	d := newDisk(t)
	d.keep(credentials.LangChain, d.own(), emulator.LoginOptions{})
	var lines bytes.Buffer
	for i := range records {
		fmt.Fprintf(&lines, `{"id":"id-%d","prompt":"question %d. %s"}`+"\n", i, i, strings.Repeat("x", 3000))
	}
	if err := os.WriteFile(filepath.Join(d.home, "in.jsonl"), lines.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	got := d.run(`
try first codexctl batch in.jsonl -o disk/out.jsonl -j 4
cp disk/out.jsonl first.jsonl
room 4m
try rest codexctl batch in.jsonl --resume disk/out.jsonl -j 4
cp disk/out.jsonl out.jsonl
`)
	if r := got["first"]; r.code == "0" || r.code == "10" || !strings.Contains(r.stder, "out.jsonl") || !strings.Contains(r.stder, "no space") || !strings.Contains(r.stder, "hint: ") {
		t.Errorf("on the full disk: exit %s: %s", r.code, r.stder)
	}
	d.want(got, "rest", "0", "", "")
	written := 0
	for line := range strings.Lines(readFile(t, filepath.Join(d.home, "first.jsonl"))) {
		if strings.HasSuffix(line, "}\n") {
			written++
		}
	}
	seen := map[string]bool{}
	for line := range strings.Lines(readFile(t, filepath.Join(d.home, "out.jsonl"))) {
		id := gjson.Get(line, "id").Str
		if seen[id] || gjson.Get(line, "status").Str != "completed" || !strings.HasPrefix(gjson.Get(line, "text").Str, "You said: question "+strings.TrimPrefix(id, "id-")+". ") {
			t.Errorf("id %q is there before (%t), or its record is not right", id, seen[id])
		}
		seen[id] = true
	}
	if len(seen) != records || written == 0 || written == records {
		t.Errorf("%d records in the end, want %d; %d on the full disk, want some", len(seen), records, written)
	}
	if asked := len(d.emulator.Journal(endpoint("responses"))); asked > records+5 {
		t.Errorf("%d requests for %d records, of which %d were written before", asked, records, written)
	}
}

// quality.md, Reliability: a read-only file system. What only reads works, what cannot be
// kept is a warning, and what has to be written is refused before anything is spent.
func TestReadOnlyFileSystem(t *testing.T) {
	t.Parallel()
	d := newDisk(t)
	d.keep(credentials.LangChain, filepath.Join(d.home, "old.json"), emulator.LoginOptions{Expired: true})
	d.keep(credentials.LangChain, filepath.Join(d.home, "fresh.json"), emulator.LoginOptions{})
	got := d.run(`
cp old.json disk/old.json; cp fresh.json disk/fresh.json; echo hello >disk/in.txt
seal
try valid codexctl ask --auth-file disk/fresh.json hi
try expired codexctl ask --auth-file disk/old.json hi
try refresh codexctl auth refresh --auth-file disk/fresh.json
try logout codexctl auth logout -y --auth-file disk/fresh.json
try still cmp disk/fresh.json fresh.json
try login sh -c 'codexctl auth login --with-token --force --auth-file disk/old.json <fresh.json'
try browser codexctl auth login --force --auth-file disk/old.json --browser-command visit --wait 5s
export CODEXCTL_AUTH_FILE=$PWD/disk/fresh.json
try answer codexctl ask -o disk/answer.txt hi
try batch codexctl batch --lines disk/in.txt -o disk/out.jsonl
XDG_STATE_HOME=$PWD/disk/state try session codexctl ask --session kept hi
XDG_CACHE_HOME=$PWD/disk/cache try models codexctl models -q
XDG_STATE_HOME=$PWD/disk/state try start codexctl auth login-device --start --force --auth-file new.json
XDG_STATE_HOME=$PWD/disk/state try list codexctl sessions list
`)
	d.want(got, "valid", "0", "You said: hi\n", "")
	d.want(got, "expired", "3", "", "disk/old.json")
	d.want(got, "refresh", "3", "", "disk/fresh.json")
	d.want(got, "logout", "3", "", "disk/fresh.json")
	d.want(got, "still", "0", "", "")
	d.want(got, "login", "3", "", "disk/old.json")
	d.want(got, "browser", "3", "", "disk/old.json")
	d.want(got, "answer", "3", "", "answer.txt")
	d.want(got, "batch", "3", "", "out.jsonl")
	d.want(got, "session", "0", "You said: hi\n", "not kept")
	if r := got["models"]; r.code != "0" || !strings.Contains(r.out, "gpt-5.5") {
		t.Errorf("models: exit %s, %q: %s", r.code, r.out, r.stder)
	}
	d.want(got, "start", "3", "", "")
	d.want(got, "list", "0", "", "")
	if n := len(d.emulator.Journal("/oauth/token")); n != 0 {
		t.Errorf("%d token requests, want 0: nothing could have been stored", n)
	}
}
