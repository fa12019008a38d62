package emulator

import (
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/tidwall/gjson"
)

func TestModels(t *testing.T) {
	e := start(t, Config{})
	bearer := e.Login(LoginOptions{}).AccessToken
	list := func(query string) reply {
		return e.get(t, call{method: "GET", path: modelsPath + query, bearer: bearer})
	}
	if got := list(""); got.status != 400 || gjson.Get(got.body, "detail.0.msg").String() != "Field required" || gjson.Get(got.body, "detail.0.loc").Raw != `["query","client_version"]` {
		t.Errorf("no version: %d %s", got.status, got.body)
	}
	for version, want := range map[string]int{"0.7.0": 0, "1.0": 0, "x": 0, "0.98.0": 2, "0.124.0": 3, "0.144.0": 7, "0.169.0": 8} {
		got := list("?client_version=" + version)
		if n := gjson.Get(got.body, "models.#").Int(); got.status != 200 || int(n) != want || !gjson.Get(got.body, "models").IsArray() {
			t.Errorf("version %s: %d with %d models, want %d", version, got.status, n, want)
		}
	}
	got := list("?client_version=0.169.0")
	if got.header.Get("ETag") != modelsETag {
		t.Errorf("ETag %q", got.header.Get("ETag"))
	}
	plain := gjson.Get(got.body, `models.#(slug=="gpt-5.5")`)
	if plain.Get("use_responses_lite").Bool() || plain.Get("visibility").String() != "list" || plain.Get("context_window").Int() != 272000 ||
		plain.Get("minimal_client_version").String() != "0.124.0" || plain.Get("supported_reasoning_levels.#").Int() != 4 {
		t.Errorf("gpt-5.5: %s", plain.Raw)
	}
	for _, slug := range []string{"gpt-5", "gpt-5-turbo", "gpt-3.5-turbo", "gpt-5.2-codex"} {
		if strings.Contains(got.body, `"slug":"`+slug+`"`) {
			t.Errorf("%s is listed", slug)
		}
	}
	var hidden []string
	gjson.Get(got.body, `models.#(visibility=="hide")#.slug`).ForEach(func(_, v gjson.Result) bool { hidden = append(hidden, v.String()); return true })
	if diff := cmp.Diff([]string{"gpt-daybreak-blue-latest", "codex-auto-review"}, hidden); diff != "" {
		t.Errorf("hidden (-want +got):\n%s", diff)
	}
}

func TestUsage(t *testing.T) {
	e := start(t, Config{})
	get := func() gjson.Result {
		return gjson.Parse(e.get(t, call{method: "GET", path: usagePath, bearer: e.Login(LoginOptions{Plan: "pro"}).AccessToken}).body)
	}
	if u := get(); u.Get("plan_type").String() != "pro" || !u.Get("rate_limit.allowed").Bool() ||
		u.Get("rate_limit.primary_window.limit_window_seconds").Int() != 18000 || u.Get("rate_limit.secondary_window.used_percent").Int() != 40 {
		t.Errorf("usage %s", u.Raw)
	}
	if err := e.SetScene(named(t, "usage-limit")); err != nil {
		t.Fatal(err)
	}
	if u := get(); u.Get("rate_limit.allowed").Bool() || !u.Get("rate_limit.limit_reached").Bool() || u.Get("rate_limit.primary_window.used_percent").Int() != 100 {
		t.Errorf("usage when used up %s", u.Raw)
	}
	if err := e.SetScene(named(t, "usage-limit-once")); err != nil {
		t.Fatal(err)
	}
	e.ask(t, prompt(t, ""))
	if u := get(); !u.Get("rate_limit.allowed").Bool() {
		t.Errorf("usage after the limit was met once %s", u.Raw)
	}
}

func TestRoutes(t *testing.T) {
	e := start(t, Config{})
	tests := []struct {
		method, path string
		header       http.Header
		status       int
	}{
		{"GET", "/", nil, 404},
		{"GET", "/backend-api/codex/other", nil, 404},
		{"GET", "/oauth/token", nil, 405},
		{"GET", responsesPath, nil, 405},
		{"POST", modelsPath, nil, 405},
		{"GET", responsesPath, http.Header{"Upgrade": {"websocket"}}, 426},
		{"GET", "/__emulator/nothing", nil, 404},
		{"GET", "/__emulator/scene", nil, 200},
		{"GET", "/__emulator/scenes", nil, 200},
		{"GET", "/__emulator/seed", nil, 200},
	}
	for _, tt := range tests {
		if got := e.get(t, call{method: tt.method, path: tt.path, header: tt.header}); got.status != tt.status {
			t.Errorf("%s %s: %d, want %d; %s", tt.method, tt.path, got.status, tt.status, got.body)
		}
	}
}

func TestGenericUserAgentsAreChallenged(t *testing.T) {
	e := start(t, Config{})
	for agent, want := range map[string]int{"": 403, "Go-http-client/2.0": 403, "node": 403, "OpenAI/Python 2.0": 403, "python-requests/2": 403,
		"curl/8.5.0": 200, "codexctl/1.0": 200} {
		got := e.get(t, call{method: "GET", path: usagePath, bearer: e.Login(LoginOptions{}).AccessToken, header: http.Header{"User-Agent": {agent}}})
		if got.status != want || want == 403 && (got.header.Get("cf-mitigated") != "challenge" || !strings.HasPrefix(got.body, "<!DOCTYPE html>")) {
			t.Errorf("agent %q: %d %v, want %d", agent, got.status, got.header, want)
		}
	}
}

func TestSceneOverHTTP(t *testing.T) {
	e := start(t, Config{})
	put := func(body string) reply {
		return e.get(t, call{method: "PUT", path: "/__emulator/scene", body: body})
	}
	if got := put(`{"name":"usage-limit"}`); got.status != 200 || e.Scene().Fault != FaultUsageLimit {
		t.Errorf("%d %s", got.status, got.body)
	}
	if got := put(`{"colour":"red"}`); got.status != 400 || !strings.Contains(got.body, "colour") || e.Scene().Fault != FaultUsageLimit {
		t.Errorf("%d %s", got.status, got.body)
	}
	if got := put(`{"text":"fixed"}`); got.status != 200 {
		t.Errorf("%d %s", got.status, got.body)
	}
	if got := text(events(t, e.ask(t, prompt(t, "")).body)); got != "fixed" {
		t.Errorf("text %q", got)
	}
}
