//go:build unix

package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
	"github.com/tidwall/gjson"

	"github.com/codexctl/codexctl/internal/emulator"
	"github.com/codexctl/codexctl/pkg/credentials"
)

// The scripts run the real program: this test binary, which is codexctl when it is
// called by that name.
func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"codexctl": main, "holdlock": holdLock, "linger": linger, "visit": visit})
}

func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Files:               scripts(t),
		RequireExplicitExec: true,
		RequireUniqueNames:  true,
		ContinueOnError:     true,
		Setup:               setUp,
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"scene":     scene,
			"login":     login,
			"exits":     exits,
			"jq":        jq,
			"requests":  requests,
			"journal":   journal,
			"unchanged": unchanged,

			"clear":    clearJournal,
			"each":     each,
			"edit":     edit,
			"envfrom":  envFrom,
			"fails":    fails,
			"has":      has,
			"keys":     keys,
			"nosecret": noSecret,
			"outcome":  outcome,
			"pick":     pick,
			"signal":   signalled,
			"sized":    sized,
			"socket":   onSocket,
			"stranger": stranger,

			"covered":   covered,
			"documents": documents,
			"untouched": untouched,

			"free":   free,
			"mode":   mode,
			"person": person,
			"port":   port,
		},
	})
}

// scripts are the files of all scripts. With -short each fourth is taken, and every one in
// which several things happen at once: they are what the race detector is for. Those
// about the largest inputs are left out, for they take minutes under it.
func scripts(t *testing.T) []string {
	t.Helper()
	all, err := filepath.Glob(filepath.Join("..", "..", "testdata", "scripts", "*.txtar"))
	if err != nil || len(all) == 0 {
		t.Fatalf("no script: %v", err)
	}
	if !testing.Short() {
		return all
	}
	together := regexp.MustCompile(`batch|session|signals|output_terminal|watch|wait|renewal|lock|leftovers`)
	meets := func(file string) bool { return together.MatchString(filepath.Base(file)) }
	large := regexp.MustCompile(`^(ask_attach|ask_files|stdin_limits)\.`)
	others := slices.DeleteFunc(slices.Clone(all), func(file string) bool { return meets(file) || large.MatchString(filepath.Base(file)) })
	return append(slices.DeleteFunc(all, func(file string) bool { return !meets(file) }), sampled(others)...)
}

// promptly keeps the race detector, where it is built in, from holding up the end of
// every process for a second.
const promptly = "atexit_sleep_ms=10"

// world is what one script has beside its files.
type world struct {
	emulator *emulator.Emulator
	server   *httptest.Server
}

func setUp(env *testscript.Env) error {
	w := &world{emulator: emulator.New(emulator.Config{Seed: 1})}
	w.server = httptest.NewServer(w.emulator)
	env.Defer(w.server.Close)
	env.Values["world"] = w
	home := filepath.Join(env.WorkDir, "home")
	for _, dir := range []string{home, filepath.Join(env.WorkDir, "tmp")} {
		if err := os.MkdirAll(dir, 0o700); err != nil {
			return err
		}
	}
	for name, value := range map[string]string{
		"HOME": home, "TMPDIR": filepath.Join(env.WorkDir, "tmp"),
		"EMULATOR":          w.server.URL,
		"EMULATOR_HOST":     strings.TrimPrefix(w.server.URL, "http://"),
		"CODEXCTL_BASE_URL": w.server.URL + "/backend-api/codex",
		"CODEXCTL_ISSUER":   w.server.URL,
		"RECORDINGS":        recordings(),
		"GORACE":            promptly,
	} {
		env.Setenv(name, value)
	}
	return nil
}

// recordings is the folder of recorded answers; empty when it is not there.
func recordings() string {
	dir, err := filepath.Abs(filepath.Join("..", "..", "..", "shared", "recordings"))
	if err != nil {
		return ""
	}
	if _, err := os.Stat(dir); err != nil {
		return ""
	}
	return dir
}

func worldOf(ts *testscript.TestScript) *world { return ts.Value("world").(*world) }

// scene NAME makes the emulator answer that way, and signs in at
// $WORK/auth.json unless CODEXCTL_AUTH_FILE is set already. A NAME that ends in
// .json is a file with a scene of its own. The journal begins anew.
func scene(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: scene NAME")
	}
	s, ok := emulator.NamedScene(args[0])
	if strings.HasSuffix(args[0], ".json") {
		var err error
		s, err = emulator.ParseScene([]byte(ts.ReadFile(args[0])))
		ts.Check(err)
	} else if !ok {
		ts.Fatalf("no scene %q", args[0])
	}
	ts.Check(worldOf(ts).emulator.SetScene(s))
	worldOf(ts).emulator.ClearJournal()
	if ts.Getenv("CODEXCTL_AUTH_FILE") == "" {
		login(ts, false, []string{"langchain", "auth.json"})
		ts.Setenv("CODEXCTL_AUTH_FILE", ts.MkAbs("auth.json"))
	}
}

// login FORMAT FILE [WORD...] writes a login that the emulator knows. A WORD is
// expired (the access token has run out), real (it names the real issuer, and the
// emulator does not know it), norefresh (there is no refresh token), plan=NAME,
// account=ID, lifetime=DURATION, or what becomes of its refresh token: used,
// invalidated, over.
func login(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: login FORMAT FILE [WORD...]")
	}
	var options emulator.LoginOptions
	issuer, renewable := worldOf(ts).emulator, true
	for _, word := range args[2:] {
		name, value, _ := strings.Cut(word, "=")
		switch name {
		case "expired":
			options.Expired = true
		case "real":
			issuer = emulator.New(emulator.Config{BaseURL: "https://auth.openai.com", Seed: 2})
		case "norefresh":
			renewable = false
		case "plan":
			options.Plan = value
		case "account":
			options.AccountID = value
		case "lifetime":
			lifetime, err := time.ParseDuration(value)
			ts.Check(err)
			options.Lifetime = lifetime
		case "over":
			options.Refresh = emulator.RefreshExpired
		case "used", "invalidated":
			options.Refresh = emulator.RefreshState(name)
		default:
			ts.Fatalf("login: no word %q", word)
		}
	}
	l := issuer.Login(options)
	if !renewable {
		l.RefreshToken = ""
	}
	data, err := credentials.Encode(credentials.Credential{
		AccessToken:  credentials.NewSecret(l.AccessToken),
		RefreshToken: credentials.NewSecret(l.RefreshToken),
		IDToken:      credentials.NewSecret(l.IDToken),
		AccountID:    l.AccountID, UserID: l.UserID, Plan: l.Plan, ExpiresAt: l.ExpiresAt,
		LastRefresh: l.ExpiresAt.Add(-time.Hour),
	}, credentials.Format(args[0]))
	ts.Check(err)
	path := ts.MkAbs(args[1])
	ts.Check(os.MkdirAll(filepath.Dir(path), 0o700))
	ts.Check(os.WriteFile(path, data, 0o600))
}

// exits CODE COMMAND [ARG...] runs a command that must end with that code.
func exits(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: exits CODE COMMAND [ARG...]")
	}
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	err = ts.Exec(args[1], args[2:]...)
	got := 0
	var exit *exec.ExitError
	switch {
	case errors.As(err, &exit):
		got = exit.ExitCode()
	case err != nil:
		ts.Fatalf("%v", err)
	}
	if got != want {
		ts.Fatalf("exit code %d, want %d", got, want)
	}
}

// jq FILE PATH VALUE compares one value of a JSON document, at a GJSON path: with
// its JSON text, or with a string's own text. VALUE - means that there is none.
// FILE may be stdout, or sent:PATH for the last request to a path. With ! the value
// must differ.
func jq(ts *testscript.TestScript, neg bool, args []string) {
	if len(args) != 3 {
		ts.Fatalf("usage: jq FILE PATH VALUE")
	}
	value := gjson.Get(document(ts, args[0]), args[1])
	got := value.Raw
	switch {
	case !value.Exists():
		got = "-"
	case value.Type == gjson.String:
		got = value.Str
	}
	if (got == args[2]) == neg {
		ts.Fatalf("%s is %s, want %s", args[1], got, map[bool]string{false: args[2], true: "something else"}[neg])
	}
}

// requests PATH COUNT checks how many requests the emulator got for a path since the
// last scene or clear. PATH may be responses, models or token.
func requests(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: requests PATH COUNT")
	}
	got := len(worldOf(ts).emulator.Journal(endpoint(args[0])))
	if strconv.Itoa(got) != args[1] {
		ts.Fatalf("%d requests for %s, want %s", got, args[0], args[1])
	}
}

// journal FILE writes what the emulator saw, one request per line, oldest first.
func journal(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: journal FILE")
	}
	var b bytes.Buffer
	for _, entry := range worldOf(ts).emulator.Journal() {
		line, err := json.Marshal(entry)
		ts.Check(err)
		b.Write(append(line, '\n'))
	}
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), b.Bytes(), 0o600))
}

// unchanged FILE checks that nobody has changed a file since `cp FILE FILE.before`.
func unchanged(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: unchanged FILE")
	}
	if before, now := ts.ReadFile(args[0]+".before"), ts.ReadFile(args[0]); before != now {
		ts.Fatalf("%s was changed: %s", args[0], strings.TrimSpace(fmt.Sprintf("%d bytes before, %d now", len(before), len(now))))
	}
}
