package emulator

import (
	"net/url"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/tidwall/gjson"
)

// startDevice begins a device login.
func (e *Emulator) startDevice(t testing.TB) reply {
	t.Helper()
	return e.get(t, call{method: "POST", path: deviceStartPath, body: `{"client_id":"` + knownClient + `"}`})
}

// waitingDevice begins a device login and returns its two halves.
func (e *Emulator) waitingDevice(t testing.TB) (id, userCode string) {
	t.Helper()
	got := e.startDevice(t)
	id, userCode = gjson.Get(got.body, "device_auth_id").String(), gjson.Get(got.body, "user_code").String()
	if got.status != 200 || id == "" || len(userCode) != len("ABCD-12345") || userCode[4] != '-' {
		t.Fatalf("start: %d %s", got.status, got.body)
	}
	return id, userCode
}

// pollDevice asks once.
func (e *Emulator) pollDevice(t testing.TB, id, userCode string) reply {
	t.Helper()
	return e.get(t, call{method: "POST", path: devicePollPath, body: string(encode(deviceRequest{DeviceID: id, UserCode: userCode}))})
}

// tradeDevice trades the code of a poll's answer.
func (e *Emulator) tradeDevice(t testing.TB, polled reply, changes ...string) reply {
	t.Helper()
	grant := gjson.Parse(polled.body)
	return e.trade(t, grant.Get("authorization_code").String(), append([]string{
		"redirect_uri=http://127.0.0.1:8099/deviceauth/callback", "code_verifier=" + grant.Get("code_verifier").String()}, changes...)...)
}

func TestDeviceLoginByItself(t *testing.T) {
	e := start(t, Config{})
	got := e.startDevice(t)
	id, userCode := gjson.Get(got.body, "device_auth_id").String(), gjson.Get(got.body, "user_code").String()
	if want := `{"device_auth_id":"` + id + `","user_code":"` + userCode + `","interval":"5"}`; got.body != want {
		t.Errorf("start: %s, want %s", got.body, want)
	}
	pending := e.pollDevice(t, id, userCode)
	if pending.status != 403 || pending.code() != "deviceauth_authorization_pending" {
		t.Errorf("first poll: %d %s", pending.status, pending.body)
	}
	done := e.pollDevice(t, id, userCode)
	var keys []string
	gjson.Parse(done.body).ForEach(func(key, _ gjson.Result) bool { keys = append(keys, key.String()); return true })
	if diff := cmp.Diff([]string{"authorization_code", "code_challenge", "code_verifier"}, keys); done.status != 200 || diff != "" {
		t.Fatalf("second poll: %d; fields (-want +got):\n%s", done.status, diff)
	}
	verifier := gjson.Get(done.body, "code_verifier").String()
	if !verifierShaped(verifier) || challenge(verifier) != gjson.Get(done.body, "code_challenge").String() {
		t.Errorf("PKCE pair %s", done.body)
	}
	if got := e.pollDevice(t, id, userCode); got.status != 403 || got.code() != "deviceauth_authorization_unknown" {
		t.Errorf("poll after the grant: %d %s", got.status, got.body)
	}
	if got := e.tradeDevice(t, done, "redirect_uri="+testRedirect); got.status != 400 {
		t.Errorf("exchange with a browser's redirect: %d %s", got.status, got.body)
	}
	if got := e.tradeDevice(t, done, "code_verifier="+testVerifier); got.code() != "invalid_grant" {
		t.Errorf("exchange with our own verifier: %d %s", got.status, got.body)
	}
	tokens := e.tradeDevice(t, done)
	if tokens.status != 200 || gjson.Get(tokens.body, "refresh_token").String() == "" || gjson.Get(tokens.body, "scope").String() != defaultScope {
		t.Errorf("exchange: %d %s", tokens.status, tokens.body)
	}
}

func TestDeviceRedirectFollowsTheIssuersName(t *testing.T) {
	e := New(Config{Scene: named(t, "device-at-once"), Now: start(t, Config{}).config.Now})
	id, userCode := e.waitingDevice(t)
	if got := e.tradeDevice(t, e.pollDevice(t, id, userCode)); got.status != 200 {
		t.Errorf("%d %s", got.status, got.body)
	}
}

func TestDeviceStartSpellings(t *testing.T) {
	for scene, want := range map[string]string{
		"device-number-interval": "5", "device-no-interval": "", "device-usercode": `"5"`,
		"device-expires-in": `"5"`, "device-slow": `"30"`, "device-quick": `"1"`,
	} {
		got := start(t, Config{Scene: named(t, scene)}).startDevice(t)
		if interval := gjson.Get(got.body, "interval").Raw; got.status != 200 || interval != want {
			t.Errorf("%s: interval %s, want %s", scene, interval, want)
		}
		if old := gjson.Get(got.body, "usercode"); old.Exists() != (scene == "device-usercode") || old.Exists() == gjson.Get(got.body, "user_code").Exists() {
			t.Errorf("%s: %s", scene, got.body)
		}
		if lifetime := gjson.Get(got.body, "expires_in").Int(); (lifetime == 900) != (scene == "device-expires-in") {
			t.Errorf("%s: expires_in %d", scene, lifetime)
		}
	}
}

func TestDeviceRefusals(t *testing.T) {
	e := start(t, Config{})
	form := func(path string) reply { return e.post(t, path, "client_id="+knownClient) }
	json := func(path, body string) reply { return e.get(t, call{method: "POST", path: path, body: body}) }
	id, userCode := e.waitingDevice(t)
	tests := []struct {
		name   string
		got    reply
		status int
		path   string // of the value that says why
		want   string
	}{
		{"start by form", form(deviceStartPath), 400, "detail.0.type", "model_attributes_type"},
		{"start without body", json(deviceStartPath, ""), 400, "detail.0.type", "model_attributes_type"},
		{"start with a list", json(deviceStartPath, "[]"), 400, "detail.0.loc", `["body"]`},
		{"start without client", json(deviceStartPath, "{}"), 400, "detail.0.loc", `["body","client_id"]`},
		{"start of another client", json(deviceStartPath, `{"client_id":"x"}`), 401, "error.code", "invalid_client"},
		{"poll by form", form(devicePollPath), 400, "detail.0.type", "model_attributes_type"},
		{"poll without id", json(devicePollPath, `{"user_code":"x"}`), 400, "detail.0.loc", `["body","device_auth_id"]`},
		{"poll without user code", json(devicePollPath, `{"device_auth_id":"x"}`), 400, "detail.0.loc", `["body","user_code"]`},
		{"poll of an unknown login", e.pollDevice(t, "x", userCode), 403, "error.code", "deviceauth_authorization_unknown"},
		{"poll with another user code", e.pollDevice(t, id, "ABCD-12345"), 403, "error.code", "deviceauth_authorization_unknown"},
		{"start by GET", e.get(t, call{method: "GET", path: deviceStartPath}), 405, "detail", "Method Not Allowed"},
		{"poll by GET", e.get(t, call{method: "GET", path: devicePollPath}), 405, "detail", "Method Not Allowed"},
	}
	for _, tt := range tests {
		if got := gjson.Get(tt.got.body, tt.path); tt.got.status != tt.status || got.String() != tt.want {
			t.Errorf("%s: %d %s, want %d and %s", tt.name, tt.got.status, tt.got.body, tt.status, tt.want)
		}
	}
}

func TestDeviceScenes(t *testing.T) {
	for scene, want := range map[string]int{"device-off": 404, "device-start-unavailable": 503} {
		if got := start(t, Config{Scene: named(t, scene)}).startDevice(t); got.status != want {
			t.Errorf("%s: %d %s, want %d", scene, got.status, got.body, want)
		}
	}
	if got := start(t, Config{Scene: named(t, "device-start-garbage")}).startDevice(t); got.status != 200 || gjson.Valid(got.body) {
		t.Errorf("device-start-garbage: %d %s", got.status, got.body)
	}
	tests := []struct {
		scene    string
		statuses [4]int // of the first four polls
		code     string // of the first poll
	}{
		{"default", [4]int{403, 200, 403, 403}, "deviceauth_authorization_pending"},
		{"device-at-once", [4]int{200, 403, 403, 403}, ""},
		{"device-three-polls", [4]int{403, 403, 403, 200}, "deviceauth_authorization_pending"},
		{"device-person", [4]int{403, 403, 403, 403}, "deviceauth_authorization_pending"},
		{"device-pending-404", [4]int{404, 200, 403, 403}, "deviceauth_authorization_pending"},
		{"device-pending-unreadable", [4]int{403, 200, 403, 403}, ""},
		{"device-pending-unknown", [4]int{403, 200, 403, 403}, "deviceauth_authorization_unknown"},
		{"device-expired", [4]int{403, 403, 403, 403}, "deviceauth_authorization_expired"},
		{"device-declined", [4]int{401, 401, 401, 401}, "authorization_declined"},
		{"device-rate-limited-once", [4]int{429, 403, 200, 403}, "rate_limit_exceeded"},
		{"device-server-error-once", [4]int{500, 403, 200, 403}, "internal_error"},
		{"device-server-error-always", [4]int{500, 500, 500, 500}, "internal_error"},
		{"device-unavailable-once", [4]int{503, 403, 200, 403}, ""},
		{"device-empty-grant", [4]int{200, 200, 200, 200}, ""},
	}
	for _, tt := range tests {
		t.Run(tt.scene, func(t *testing.T) {
			e := start(t, Config{Scene: named(t, tt.scene)})
			id, userCode := e.waitingDevice(t)
			var statuses [4]int
			for n := range statuses {
				got := e.pollDevice(t, id, userCode)
				statuses[n] = got.status
				if n == 0 && gjson.Valid(got.body) && got.code() != tt.code {
					t.Errorf("first poll %s, want %q", got.body, tt.code)
				}
				if tt.scene == "device-pending-unreadable" && n == 0 && gjson.Valid(got.body) {
					t.Errorf("readable: %s", got.body)
				}
			}
			if statuses != tt.statuses {
				t.Errorf("statuses %v, want %v", statuses, tt.statuses)
			}
		})
	}
}

func TestDeviceNeedsItsPerson(t *testing.T) {
	e := start(t, Config{Scene: named(t, "device-person")})
	id, userCode := e.waitingDevice(t)
	other, otherCode := e.waitingDevice(t)
	if e.Approve("NONE-00000") || e.Deny("") {
		t.Error("decided about a device that does not wait")
	}
	if !e.Approve(" " + strings.ToLower(userCode)) {
		t.Error("the code in lower case is not known")
	}
	if e.Approve(userCode) || e.Deny(userCode) {
		t.Error("decided twice")
	}
	if got := e.pollDevice(t, id, userCode); got.status != 200 || e.tradeDevice(t, got).status != 200 {
		t.Errorf("approved: %d %s", got.status, got.body)
	}
	if !e.Deny(otherCode) {
		t.Error("cannot deny")
	}
	for range 2 {
		if got := e.pollDevice(t, other, otherCode); got.status != 401 || got.code() != "authorization_declined" {
			t.Errorf("denied: %d %s", got.status, got.body)
		}
	}
}

func TestDevicePage(t *testing.T) {
	e := start(t, Config{Scene: named(t, "device-person")})
	page := e.get(t, call{method: "GET", path: devicePagePath + "?user_code=" + url.QueryEscape(`"><script>`)})
	if page.status != 200 || !strings.HasPrefix(page.header.Get("Content-Type"), "text/html") || !strings.Contains(page.body, `name="user_code"`) || strings.Contains(page.body, "<script>") {
		t.Errorf("%d %s", page.status, page.body)
	}
	id, userCode := e.waitingDevice(t)
	decide := func(userCode, action string) int {
		return e.post(t, devicePagePath, url.Values{"user_code": {userCode}, "action": {action}}.Encode()).status
	}
	for _, tt := range []struct {
		userCode, action string
		status           int
	}{
		{"NONE-00000", "approve", 400}, {userCode, "", 400}, {userCode, "other", 400},
		{userCode, "approve", 200}, {userCode, "approve", 400},
	} {
		if got := decide(tt.userCode, tt.action); got != tt.status {
			t.Errorf("%s %q: %d, want %d", tt.userCode, tt.action, got, tt.status)
		}
	}
	if got := e.pollDevice(t, id, userCode); got.status != 200 {
		t.Errorf("approved at the page: %d %s", got.status, got.body)
	}
	id, userCode = e.waitingDevice(t)
	if got := decide(userCode, "deny"); got != 200 || e.pollDevice(t, id, userCode).status != 401 {
		t.Errorf("denied at the page: %d", got)
	}
	if got := e.post(t, devicePagePath, "%zz").status; got != 400 {
		t.Errorf("broken form: %d", got)
	}
	if got := e.get(t, call{method: "PUT", path: devicePagePath}).status; got != 405 {
		t.Errorf("PUT: %d", got)
	}
}

func TestDeviceLoginExpires(t *testing.T) {
	clock := time.Date(2026, 11, 21, 8, 0, 0, 0, time.UTC)
	e := start(t, Config{Scene: named(t, "device-person"), Now: func() time.Time { return clock }})
	id, userCode := e.waitingDevice(t)
	clock = clock.Add(15*time.Minute - time.Second)
	if got := e.pollDevice(t, id, userCode); got.code() != "deviceauth_authorization_pending" {
		t.Errorf("a second before the end: %d %s", got.status, got.body)
	}
	clock = clock.Add(time.Second)
	if got := e.pollDevice(t, id, userCode); got.status != 403 || got.code() != "deviceauth_authorization_expired" {
		t.Errorf("at the end: %d %s", got.status, got.body)
	}
	if e.Approve(userCode) {
		t.Error("approved after its end")
	}
}

func TestSignInScenesInTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := start(t, Config{Scene: named(t, "exchange-slow"), Now: time.Now})
		code := back(t, e.authorize(t)).Get("code")
		began := time.Now()
		if got := e.trade(t, code); got.status != 200 || time.Since(began) != 3*time.Second {
			t.Errorf("exchange: %d after %v, want 200 after 3s", got.status, time.Since(began))
		}
		if err := e.SetScene(named(t, "revoke-slow")); err != nil {
			t.Fatal(err)
		}
		began = time.Now()
		if got := e.get(t, call{method: "POST", path: "/oauth/revoke", body: `{"token":"x"}`}); got.status != 200 || time.Since(began) != 15*time.Second {
			t.Errorf("revocation: %d after %v, want 200 after 15s", got.status, time.Since(began))
		}
	})
}
