package cli

import (
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/tidwall/gjson"

	"github.com/codexctl/codexctl/internal/emulator"
	"github.com/codexctl/codexctl/internal/freeport"
	"github.com/codexctl/codexctl/pkg/credentials"
)

// told is an exit code with the error.code of the command's document. The same command in
// text says it on stderr, in one line, and leaves stdout empty.
func (p *program) told(t *testing.T, begin func(), line string) string {
	t.Helper()
	var cells [2]string
	message := ""
	for i, form := range []string{" --json", ""} {
		begin()
		exit := p.run(strings.Fields(line + form)...)
		lines, hints := p.errorLines()
		if exit == 0 {
			cells[i] = "0"
			if len(lines) > 0 {
				t.Errorf("%s%s: success, and the errors %q", line, form, lines)
			}
			continue
		}
		if len(lines) != 1 || hints > 1 {
			t.Errorf("%s%s: exit %d with %d errors and %d hints, want one error: %s", line, form, exit, len(lines), hints, &p.talk)
			continue
		}
		if form != "" {
			problem := gjson.GetBytes(p.out.Bytes(), "error")
			if !gjson.ValidBytes(p.out.Bytes()) || problem.Get("exit_code").Int() != int64(exit) {
				t.Errorf("%s%s: exit %d with the document %s", line, form, exit, &p.out)
			}
			cells[i], message = fmt.Sprintf("%d %s", exit, problem.Get("code").Str), lines[0]
			continue
		}
		cells[i] = strconv.Itoa(exit)
		if lines[0] != message {
			t.Errorf("%s: the error is %q, and with --json %q", line, lines[0], message)
		}
	}
	if front, _, _ := strings.Cut(cells[0], " "); front != cells[1] {
		t.Errorf("%s: exit %s, and with --json %s", line, cells[1], cells[0])
	}
	return cells[0]
}

// stored is what has become of the login in the store.
func (p *program) stored(t *testing.T, before string) string {
	t.Helper()
	switch now := content(t, p.store()); now {
	case "":
		return "none"
	case before:
		return "kept"
	}
	return "stored"
}

// anew is a beginning: the scene from its start, nothing in the journal, and a login in the
// store, as it stands there.
func (p *program) anew(t *testing.T, scene emulator.Scene, login emulator.LoginOptions) string {
	t.Helper()
	p.scene(t, scene)
	p.emulator.ClearJournal()
	return p.keep(t, p.store(), credentials.LangChain, p.emulator.Login(login))
}

// quality.md, Reliability, "fault matrix", the issuer's scenes: a login that has run out
// is renewed for every command, once, and a failure leaves it as it was.
func TestFaultsOfRenewal(t *testing.T) {
	t.Parallel()
	startMetrics(t)
	readFaults(t, "renewal").check(t, func(t *testing.T, row faultRow) (got faultRow, runs int64) {
		scene := row.scene(t)
		synctest.Test(t, func(t *testing.T) {
			p, _ := newcomer(t, scene)
			before := ""
			begin := func() { before = p.anew(t, scene, emulator.LoginOptions{Expired: true}) }
			requests, login := agreed{}, agreed{}
			got = faultRow{}
			for _, form := range []string{"ask", "auth refresh", "auth token", "batch", "native", "chat"} {
				switch form {
				case "native", "chat":
					begin()
					answer := p.visit(t, form)
					if got[form] = strconv.Itoa(answer.Code); answer.Code != http.StatusOK {
						got[form] = refusal(t, answer)
					}
				case "batch":
					begin()
					got[form] = strconv.Itoa(p.run("batch", "-j", "1", "--lines", p.lines(t, 3)))
				case "ask":
					got[form] = p.told(t, begin, "ask hi")
				default:
					got[form] = p.told(t, begin, form)
				}
				requests[form], login[form] = strconv.Itoa(p.asked(tokenPath)), p.stored(t, before)
			}
			if requests["batch"] == "2" && row["batch"] == "4" {
				// The first record lost the answer. The second reads the file again, finds nothing
				// new, and is told that the token is spent.
				delete(requests, "batch")
			}
			got["requests"], got["login"], runs = requests.String(), login.String(), p.runs.Load()
		})
		return got, runs
	})
}

// Signing in with a browser, which needs sockets and so the real clock. A code is traded
// after a login on a device in the same way.
func TestFaultsOfSigningIn(t *testing.T) {
	t.Parallel()
	readFaults(t, "browser").check(t, func(t *testing.T, row faultRow) (got faultRow, runs int64) {
		scene := row.scene(t)
		scene.ExchangeDelayMS /= 10
		requests, login := agreed{}, agreed{}
		got = faultRow{"auth login-device": "-"}
		p, person := newcomer(t, scene)
		before := ""
		begin := func() { before = p.anew(t, scene, emulator.LoginOptions{}) }
		wait := "2m"
		if strings.HasPrefix(row["auth login"], "7 ") {
			wait = "1s" // nobody comes in any case
		}
		got["auth login"] = p.told(t, begin, "auth login --force --port "+freeport.For(t)+" --wait "+wait)
		runs = p.runs.Load()
		_, _ = person.Wait() // its end is no matter: the login is
		requests["auth login"], login["auth login"] = strconv.Itoa(p.asked(tokenPath)), p.stored(t, before)
		if strings.HasPrefix(row["scene"], "exchange-") {
			synctest.Test(t, func(t *testing.T) {
				p, _ = newcomer(t, scene)
				got["auth login-device"] = p.told(t, begin, "auth login-device --force --wait 14m32s")
				requests["auth login-device"], login["auth login-device"] = strconv.Itoa(p.asked(tokenPath)), p.stored(t, before)
				runs += p.runs.Load()
			})
		}
		got["requests"], got["login"] = requests.String(), login.String()
		return got, runs
	})
}

// cli.md 7, `auth login-device`. The wait ends between two polls, and before the code does.
func TestFaultsOfDeviceLogins(t *testing.T) {
	t.Parallel()
	readFaults(t, "device").check(t, func(t *testing.T, row faultRow) (got faultRow, runs int64) {
		scene := row.scene(t)
		synctest.Test(t, func(t *testing.T) {
			p, _ := newcomer(t, scene)
			before := ""
			begin := func() { before = p.anew(t, scene, emulator.LoginOptions{}) }
			got = faultRow{"auth login-device": p.told(t, begin, "auth login-device --force --wait 14m32s")}
			got["polls"], got["login"] = strconv.Itoa(p.asked(devicePolls)), p.stored(t, before)
			if p.asked(devicePolls) > 20 {
				got["polls"] = "many"
			}
			runs = p.runs.Load()
		})
		return got, runs
	})
}

// cli.md 7, `auth logout --revoke`: the login is forgotten here whatever the issuer says.
func TestFaultsOfSigningOut(t *testing.T) {
	t.Parallel()
	readFaults(t, "sign-out").check(t, func(t *testing.T, row faultRow) (got faultRow, runs int64) {
		scene := row.scene(t)
		synctest.Test(t, func(t *testing.T) {
			p, _ := newcomer(t, scene)
			before := ""
			begin := func() { before = p.anew(t, scene, emulator.LoginOptions{}) }
			got = faultRow{"auth logout --revoke": p.told(t, begin, "auth logout --revoke -y")}
			got["requests"], got["login"] = strconv.Itoa(p.asked("/oauth/revoke")), p.stored(t, before)
			runs = p.runs.Load()
		})
		return got, runs
	})
}

// The commands that ask the backend about itself. All its answers have the same trouble;
// nothing is repeated but a 401.
func TestFaultsOfQuestions(t *testing.T) {
	t.Parallel()
	readFaults(t, "questions").check(t, func(t *testing.T, row faultRow) (got faultRow, runs int64) {
		scene := row.scene(t)
		synctest.Test(t, func(t *testing.T) {
			p, _ := newcomer(t, scene)
			begin := func() { p.anew(t, scene, emulator.LoginOptions{}) }
			requests := agreed{}
			got = faultRow{}
			for form, line := range map[string]string{"models": "models --refresh", "usage": "usage", "auth status --check": "auth status --check"} {
				got[form] = p.told(t, begin, line)
				requests[form] = strconv.Itoa(p.asked("/backend-api/codex/models") + p.asked("/backend-api/wham/usage"))
			}
			got["requests"], runs = requests.String(), p.runs.Load()
		})
		return got, runs
	})
}
