package emulator

import (
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

func TestJournalKeepsWhatWasSentButNoSecret(t *testing.T) {
	const canary = "canary-4711-secret-value"
	e := start(t, Config{})
	login := e.Login(LoginOptions{})
	form := http.Header{"Content-Type": {"application/x-www-form-urlencoded"}}
	e.ask(t, prompt(t, said("my token is "+login.RefreshToken+", keep it")))
	e.get(t, call{method: "GET", path: usagePath + "?access_token=" + canary, bearer: canary, header: http.Header{
		"Cookie": {"s=" + canary}, "X-Api-Key": {canary}, "X-Copy": {"it was " + canary}, "Originator": {"me"}}})
	e.refresh(t, canary)
	e.refresh(t, login.RefreshToken)
	for _, body := range []string{
		"grant_type=refresh_token&client_id=x&refresh_token=" + canary,
		"grant_type=authorization_code&code=" + canary + "&code_verifier=" + canary,
		"%zz" + canary,
	} {
		e.get(t, call{method: "POST", path: "/oauth/token", body: body, header: form})
	}
	e.get(t, call{method: "POST", path: "/oauth/token", body: `{"refresh_token":"` + canary})
	e.get(t, call{method: "POST", path: "/oauth/revoke", body: `{"token":"` + canary + `","nested":[{"client_secret":"` + canary + `"}]}`})

	all := e.Journal()
	if len(all) != 9 {
		t.Fatalf("%d entries, want 9", len(all))
	}
	text := string(encode(all))
	for _, secret := range []string{canary, login.RefreshToken, login.AccessToken} {
		if strings.Contains(text, secret) {
			t.Errorf("the journal holds a secret: %s", text)
		}
	}
	byHTTP := e.get(t, call{method: "GET", path: "/__emulator/journal"})
	if strings.Contains(byHTTP.body, canary) || !strings.Contains(byHTTP.body, `"path":"/oauth/token"`) {
		t.Errorf("over HTTP: %s", byHTTP.body)
	}

	want := []Entry{
		{Seq: 3, Method: "POST", Path: "/oauth/token", Status: 400, Outcome: OutcomeDone,
			Body: encode(map[string]string{"client_id": knownClient, "grant_type": "refresh_token", "refresh_token": "***"})},
		{Seq: 5, Method: "POST", Path: "/oauth/token", Status: 401, Outcome: OutcomeDone,
			Body: encode(map[string]string{"client_id": "x", "grant_type": "refresh_token", "refresh_token": "***"})},
	}
	got := []Entry{all[2], all[4]}
	if diff := cmp.Diff(want, got, cmpopts.IgnoreFields(Entry{}, "Time", "Header", "BodyBytes")); diff != "" {
		t.Errorf("entries (-want +got):\n%s", diff)
	}
	second := all[1]
	if second.Header.Get("Authorization") != "Bearer ***" || second.Header.Get("Originator") != "me" ||
		second.Header.Get("X-Copy") != "it was ***" || second.Header.Get("Host") == "" || second.Status != 401 {
		t.Errorf("second entry %+v", second)
	}
	if !strings.Contains(string(all[0].Body), "my token is ***, keep it") {
		t.Errorf("the prompt was not kept: %s", all[0].Body)
	}
}

func TestJournalFilterAndClear(t *testing.T) {
	e := start(t, Config{})
	e.ask(t, prompt(t, ""))
	e.refresh(t, "rt_x")
	if got := e.Journal("/oauth/token"); len(got) != 1 || got[0].Path != "/oauth/token" {
		t.Errorf("filtered: %+v", got)
	}
	if got := e.get(t, call{method: "GET", path: "/__emulator/journal?path=/oauth/token"}); strings.Count(got.body, `"seq"`) != 1 {
		t.Errorf("filtered over HTTP: %s", got.body)
	}
	if got := e.get(t, call{method: "DELETE", path: "/__emulator/journal"}); got.status != 204 || len(e.Journal()) != 0 {
		t.Errorf("clear: %d, %d entries left", got.status, len(e.Journal()))
	}
	e.refresh(t, "rt_x")
	if got := e.Journal(); len(got) != 1 || got[0].Seq != 3 {
		t.Errorf("after clear: %+v", got)
	}
}

func TestJournalIsBounded(t *testing.T) {
	j := &journal{}
	r, _ := http.NewRequest("POST", "/x", nil)
	big := []byte(`"` + strings.Repeat("a", bodyKept/2) + `"`)
	for n := range uint64(40) {
		j.begin(n, start(t, Config{}).config.Now(), r, big)
	}
	if j.bytes > journalBytes || len(j.entries) >= 40 || len(j.entries) == 0 {
		t.Errorf("%d bytes in %d entries", j.bytes, len(j.entries))
	}
	if got := j.list(nil)[len(j.entries)-1].Seq; got != 39 {
		t.Errorf("newest is %d, want 39", got)
	}
	if e := j.begin(100, start(t, Config{}).config.Now(), r, []byte(`"`+strings.Repeat("a", bodyKept)+`"`)); e.Body != nil || e.BodyBytes != bodyKept+2 {
		t.Errorf("a long body was kept, or its length lost: %d", e.BodyBytes)
	}
}

func TestJournalOutcomes(t *testing.T) {
	e := start(t, Config{Scene: named(t, "cut-after-three-deltas")})
	e.ask(t, prompt(t, ""))
	if got := e.Journal()[0]; got.Outcome != OutcomeAborted || got.Status != 200 {
		t.Errorf("outcome %q, status %d", got.Outcome, got.Status)
	}
}
