package emulator

import (
	"bytes"
	"errors"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/tidwall/gjson"
)

func named(t testing.TB, name string) Scene {
	t.Helper()
	s, known := NamedScene(name)
	if !known {
		t.Fatalf("no scene %q", name)
	}
	return s
}

func TestEveryNamedSceneIsValidAndFound(t *testing.T) {
	seen := map[string]bool{}
	for _, info := range SceneNames() {
		s := named(t, info.Name)
		if err := s.Validate(); err != nil {
			t.Errorf("%s: %v", info.Name, err)
		}
		if seen[info.Name] || info.About == "" {
			t.Errorf("%s: named twice or not explained", info.Name)
		}
		seen[info.Name] = true
	}
}

func TestParseScene(t *testing.T) {
	tests := []struct{ name, json, problem string }{
		{"by name", `{"name":"usage-limit"}`, ""},
		{"by name, then changed", `{"name":"usage-limit","times":2}`, ""},
		{"fields", `{"text":"x","event_delay_ms":5}`, ""},
		{"unknown field", `{"txt":"x"}`, `unknown field "txt"`},
		{"unknown name", `{"name":"nothing"}`, `"nothing"`},
		{"two answers", `{"text":"x","refusal":"y"}`, "only one of"},
		{"unknown fault", `{"fault":"x"}`, "fault"},
		{"unknown token fault", `{"token":"x"}`, "token"},
		{"unknown endpoint", `{"endpoint":"x"}`, "endpoint"},
		{"unknown lite", `{"lite":"x"}`, "lite"},
		{"unknown writes", `{"writes":"x"}`, "writes"},
		{"unknown line end", `{"line_end":"x"}`, "line_end"},
		{"unknown event names", `{"event_names":"x"}`, "event_names"},
		{"unknown cut", `{"cut":"x"}`, "cut"},
		{"unknown place", `{"cut":"end","cut_at":"x"}`, "cut_at"},
		{"cut without place", `{"cut":"end"}`, "need each other"},
		{"cut after no deltas", `{"cut":"end","cut_at":"after_deltas"}`, "cut_deltas"},
		{"unknown authorize fault", `{"authorize":"x"}`, "authorize"},
		{"unknown exchange fault", `{"exchange":"x"}`, "exchange"},
		{"exchange fault of a refresh token", `{"exchange":"reused"}`, "exchange"},
		{"unknown device fault", `{"device":"x"}`, "device"},
		{"unknown device start", `{"device_start":"x"}`, "device_start"},
		{"unknown device pending", `{"device_pending":"x"}`, "device_pending"},
		{"unknown device approval", `{"device_approval":"x"}`, "device_approval"},
		{"unknown revoke fault", `{"revoke":"garbage"}`, "revoke"},
		{"negative polls", `{"device_polls":-1}`, "device_polls"},
		{"end at head", `{"cut":"end","cut_at":"head"}`, "head"},
		{"negative", `{"times":-1}`, "times"},
		{"negative rate", `{"deltas_per_second":-1}`, "deltas_per_second"},
		{"error event without failure", `{"error_event":"before"}`, "failed"},
		{"unknown error event", `{"error_event":"x","failed":"x"}`, "error_event"},
		{"failed and incomplete", `{"failed":"x","incomplete":"y"}`, "exclude"},
		{"flood without size", `{"flood_deltas":1}`, "flood_bytes"},
		{"flood size without flood", `{"flood_bytes":1}`, "flood_deltas"},
		{"flood with oddities", `{"flood_deltas":1,"flood_bytes":1,"bom":true}`, "oddities"},
		{"flood too large", `{"flood_deltas":100000,"flood_bytes":100000}`, "flood_bare"},
		{"not JSON", `x`, "read scene"},
		{"two values", `{} {}`, "read scene"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := ParseScene([]byte(tt.json))
			if (err == nil) != (tt.problem == "") || err != nil && !strings.Contains(err.Error(), tt.problem) {
				t.Errorf("ParseScene(%s) = %v, want %q", tt.json, err, tt.problem)
			}
		})
	}
	if s, _ := ParseScene([]byte(`{"name":"usage-limit","times":2}`)); s.Fault != FaultUsageLimit || s.Times != 2 {
		t.Errorf("named and changed: %+v", s)
	}
}

func TestFaults(t *testing.T) {
	tests := []struct {
		scene  string
		status int
		is     func(reply) bool
	}{
		{"unauthorized-always", 401, func(r reply) bool { return gjson.Get(r.body, "detail").String() == "Unauthorized" }},
		{"unauthorized-once", 401, func(r reply) bool {
			return gjson.Get(r.body, "error.code").String() == "token_expired" && gjson.Get(r.body, "status").Int() == 401
		}},
		{"forbidden-json", 403, func(r reply) bool { return gjson.Get(r.body, "detail").Exists() }},
		{"challenge-html", 403, func(r reply) bool { return r.header.Get("cf-mitigated") == "challenge" && r.header.Get("cf-ray") != "" }},
		{"region-block", 403, func(r reply) bool {
			return strings.Contains(r.body, "Cloudflare") && strings.Contains(r.body, "blocked")
		}},
		{"deactivated-workspace", 402, func(r reply) bool { return gjson.Get(r.body, "detail.code").String() == "deactivated_workspace" }},
		{"usage-limit", 429, func(r reply) bool {
			e := gjson.Get(r.body, "error")
			return e.Get("type").String() == "usage_limit_reached" && e.Get("plan_type").String() == "plus" &&
				e.Get("resets_in_seconds").Int() == 13872 && e.Get("resets_at").Int() == 1795248000+13872 &&
				r.header.Get("x-codex-primary-used-percent") == "100"
		}},
		{"usage-not-included", 429, func(r reply) bool { return gjson.Get(r.body, "error.type").String() == "usage_not_included" }},
		{"not-found-usage-limit", 404, func(r reply) bool { return gjson.Get(r.body, "error.code").String() == "usage_limit_reached" }},
		{"not-found-model", 404, func(r reply) bool { return gjson.Get(r.body, "detail").String() == "Model not found gpt-5.5" }},
		{"context-length", 400, func(r reply) bool { return gjson.Get(r.body, "error.code").String() == "context_length_exceeded" }},
		{"cyber-policy", 400, func(r reply) bool { return gjson.Get(r.body, "error.code").String() == "cyber_policy" }},
		{"rate-limited", 429, func(r reply) bool {
			return r.header.Get("Retry-After") == "" && gjson.Get(r.body, "error.type").String() != "usage_limit_reached"
		}},
		{"rate-limited-once", 429, func(r reply) bool { return r.header.Get("Retry-After") == "1" }},
		{"rate-limited-long", 429, func(r reply) bool { return r.header.Get("Retry-After") == "3600" }},
		{"request-timeout-once", 408, func(r reply) bool { return true }},
		{"server-error-always", 500, func(r reply) bool { return gjson.Get(r.body, "error.type").String() == "server_error" }},
		{"bad-gateway-html", 502, func(r reply) bool { return strings.HasPrefix(r.header.Get("Content-Type"), "text/html") }},
		{"gateway-timeout-html", 504, func(r reply) bool { return strings.HasPrefix(r.body, "<html>") }},
		{"overloaded", 503, func(r reply) bool { return gjson.Get(r.body, "error.code").String() == "server_is_overloaded" }},
		{"redirect", 302, func(r reply) bool {
			return strings.HasPrefix(r.header.Get("Location"), "https://elsewhere.example.com/")
		}},
	}
	for _, tt := range tests {
		t.Run(tt.scene, func(t *testing.T) {
			got := start(t, Config{Scene: named(t, tt.scene)}).ask(t, prompt(t, ""))
			if got.status != tt.status || !tt.is(got) {
				t.Errorf("status %d, want %d; headers %v; body %s", got.status, tt.status, got.header, got.body)
			}
		})
	}
}

func TestTroubleWearsOff(t *testing.T) {
	for _, info := range SceneNames() {
		s := named(t, info.Name)
		if s.Times == 0 || s.Token != "" || s.Authorize != "" || s.Exchange != "" || s.Device != "" {
			continue // the issuer's trouble
		}
		t.Run(info.Name, func(t *testing.T) {
			completes := func(e *Emulator) bool {
				got := e.ask(t, prompt(t, ""))
				return got.status == 200 && got.err == nil && strings.Contains(got.body, "event: response.completed\n")
			}
			e := start(t, Config{Scene: s})
			if completes(e) || !completes(e) || !completes(e) {
				t.Error("want trouble exactly once")
			}
			if err := e.SetScene(s); err != nil || completes(e) || !completes(e) {
				t.Error("want trouble once more after SetScene")
			}
		})
	}
}

func TestSceneByHeader(t *testing.T) {
	e := start(t, Config{})
	bearer := e.Login(LoginOptions{}).AccessToken
	send := func(path, method, body, scene string) reply {
		return e.get(t, call{method: method, path: path, body: body, bearer: bearer, header: http.Header{SceneHeader: {scene}}})
	}
	if got := send(responsesPath, "POST", prompt(t, ""), "server-error-once"); got.status != 500 {
		t.Errorf("first request with header: %d, want 500", got.status)
	}
	if got := send(responsesPath, "POST", prompt(t, ""), "server-error-once"); got.status != 200 {
		t.Errorf("second request with header: %d, want 200", got.status)
	}
	if err := e.SetScene(Scene{}); err != nil {
		t.Fatal(err)
	}
	if got := send(responsesPath, "POST", prompt(t, ""), "server-error-once"); got.status != 500 {
		t.Errorf("with header after SetScene: %d, want 500 once more", got.status)
	}
	if got := send(responsesPath, "POST", prompt(t, ""), "no-such"); got.status != 400 || !strings.Contains(got.body, "no-such") {
		t.Errorf("unknown scene: %d %s", got.status, got.body)
	}
	if got := e.ask(t, prompt(t, "")); got.status != 200 {
		t.Errorf("request without header: %d, want 200", got.status)
	}
}

func TestEndpointsThatAFaultStrikes(t *testing.T) {
	for endpoint, want := range map[string][3]int{"": {500, 200, 200}, "responses": {500, 200, 200}, "models": {200, 500, 200}, "usage": {200, 200, 500}, "any": {500, 500, 500}} {
		e := start(t, Config{Scene: Scene{Endpoint: endpoint, Fault: FaultServerError}})
		bearer := e.Login(LoginOptions{}).AccessToken
		got := [3]int{
			e.ask(t, prompt(t, "")).status,
			e.get(t, call{method: "GET", path: modelsPath + "?client_version=0.169.0", bearer: bearer}).status,
			e.get(t, call{method: "GET", path: usagePath, bearer: bearer}).status,
		}
		if got != want {
			t.Errorf("endpoint %q: statuses %v, want %v", endpoint, got, want)
		}
	}
}

func TestInvalidFirstSceneIsReported(t *testing.T) {
	e := start(t, Config{Scene: Scene{Fault: "x"}})
	if got := e.ask(t, prompt(t, "")); got.status != 500 || !strings.Contains(got.body, "fault") {
		t.Errorf("got %d %s, want 500 naming the fault", got.status, got.body)
	}
	if err := e.SetScene(Scene{Fault: "x"}); err == nil {
		t.Error("SetScene took an invalid scene")
	}
}

func TestFailuresInsideTheStream(t *testing.T) {
	tests := []struct {
		scene string
		types []string
		code  string
	}{
		{"failed", []string{"response.created", "response.in_progress", "response.failed"}, "server_error"},
		{"failed-context-length", []string{"response.created", "response.in_progress", "response.failed"}, "context_length_exceeded"},
		{"failed-insufficient-quota", []string{"response.created", "response.in_progress", "response.failed"}, "insufficient_quota"},
		{"failed-usage-not-included", []string{"response.created", "response.in_progress", "response.failed"}, "usage_not_included"},
		{"failed-usage-limit", []string{"response.created", "response.in_progress", "response.failed"}, "usage_limit_reached"},
		{"failed-cyber-policy", []string{"response.created", "response.in_progress", "response.failed"}, "cyber_policy"},
		{"failed-bio-policy", []string{"response.created", "response.in_progress", "response.failed"}, "bio_policy"},
		{"failed-misalignment-policy", []string{"response.created", "response.in_progress", "response.failed"}, "misalignment_policy_violation"},
		{"failed-invalid-prompt", []string{"response.created", "response.in_progress", "response.failed"}, "invalid_prompt"},
		{"failed-slow-down", []string{"response.created", "response.in_progress", "response.failed"}, "slow_down"},
		{"failed-rate-limit", []string{"response.created", "response.in_progress", "response.failed"}, "rate_limit_exceeded"},
		{"overload-always", []string{"response.created", "response.in_progress", "error", "response.failed"}, "server_is_overloaded"},
		{"error-event-alone", []string{"response.created", "response.in_progress", "error"}, "server_is_overloaded"},
		{"failed-after-deltas", []string{"response.created", "response.in_progress", "response.output_item.added", "response.content_part.added", "response.output_text.delta", "response.failed"}, "server_error"},
	}
	for _, tt := range tests {
		t.Run(tt.scene, func(t *testing.T) {
			list := events(t, askIn(t, named(t, tt.scene), prompt(t, "")).body)
			if diff := cmp.Diff(tt.types, types(list)); diff != "" {
				t.Errorf("types (-want +got):\n%s", diff)
			}
			checkNumbers(t, list)
			end := list[len(list)-1].data
			failure := end.Get("response.error")
			if end.Get("type").String() == "error" {
				failure = end.Get("error")
			} else if end.Get("response.status").String() != "failed" {
				t.Errorf("status %s, want failed", end.Get("response.status"))
			}
			if failure.Get("code").String() != tt.code || failure.Get("message").String() == "" {
				t.Errorf("failure %s, want the code %s", failure.Raw, tt.code)
			}
		})
	}
	list := events(t, askIn(t, named(t, "failed-after-deltas"), prompt(t, "")).body)
	if text(list) != "Hel" {
		t.Errorf("text before the failure %q, want Hel", text(list))
	}
}

func TestIncomplete(t *testing.T) {
	for scene, reason := range map[string]string{"incomplete-max-tokens": "max_output_tokens", "incomplete-content-filter": "content_filter"} {
		list := events(t, askIn(t, named(t, scene), prompt(t, "")).body)
		end := last(t, list, "response.incomplete").Get("response")
		if end.Get("status").String() != "incomplete" || end.Get("incomplete_details.reason").String() != reason || end.Get("completed_at").Type != gjson.Null {
			t.Errorf("%s: %s", scene, end.Raw)
		}
		if status := last(t, list, "response.output_item.done").Get("item.status").String(); status != "incomplete" {
			t.Errorf("%s: item status %s", scene, status)
		}
	}
}

func TestCuts(t *testing.T) {
	tests := []struct {
		scene  string
		text   string
		frames int // complete ones
		err    error
	}{
		{"cut-after-three-deltas", "Hel", 7, io.ErrUnexpectedEOF},
		{"cut-before-headers", "", 0, io.EOF},
		{"cut-before-first-event", "", 0, io.ErrUnexpectedEOF},
		{"cut-after-created", "", 1, io.ErrUnexpectedEOF},
		{"end-before-first-event", "", 0, nil},
		{"end-after-deltas", "Hel", 7, nil},
	}
	for _, tt := range tests {
		t.Run(tt.scene, func(t *testing.T) {
			e := start(t, Config{Scene: named(t, tt.scene)})
			got := e.ask(t, prompt(t, ""))
			if !errors.Is(got.err, tt.err) {
				t.Fatalf("err = %v, want %v", got.err, tt.err)
			}
			list := events(t, got.body)
			if len(list) != tt.frames || text(list) != tt.text {
				t.Errorf("%d frames with text %q, want %d with %q", len(list), text(list), tt.frames, tt.text)
			}
		})
	}
	t.Run("cut-mid-event", func(t *testing.T) {
		got := start(t, Config{Scene: named(t, "cut-mid-event")}).ask(t, prompt(t, ""))
		whole := got.body[:strings.LastIndex(got.body, "\n\n")+2]
		if !errors.Is(got.err, io.ErrUnexpectedEOF) || text(events(t, whole)) != "Hel" || len(got.body) <= len(whole) {
			t.Errorf("err %v, tail %q", got.err, got.body[len(whole):])
		}
	})
	t.Run("end-without-terminal", func(t *testing.T) {
		list := events(t, askIn(t, named(t, "end-without-terminal"), prompt(t, "")).body)
		if end := list[len(list)-1].name; end != "response.output_item.done" {
			t.Errorf("last event %s", end)
		}
	})
}

func TestStallsLastUntilTheClientLeaves(t *testing.T) {
	for scene, frames := range map[string]int{"stall-before-headers": -1, "stall-before-first-event": 0, "stall-after-created": 1, "stall-after-deltas": 7} {
		t.Run(scene, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				e := start(t, Config{Scene: named(t, scene), Now: time.Now})
				ctx, cancel := contextWithTimeout(t, time.Hour)
				defer cancel()
				began := time.Now()
				response, err := e.do(ctx, call{method: "POST", path: responsesPath, body: prompt(t, ""), bearer: e.Login(LoginOptions{}).AccessToken})
				var body []byte
				if err == nil {
					body, err = io.ReadAll(response.Body)
					_ = response.Body.Close()
				}
				if err == nil || time.Since(began) != time.Hour {
					t.Fatalf("ended with %v after %v, want an error after 1h", err, time.Since(began))
				}
				if got := len(events(t, string(body))); frames >= 0 && got != frames || frames < 0 && response != nil {
					t.Errorf("%d frames, want %d", got, frames)
				}
				synctest.Wait()
				if outcome := e.Journal()[0].Outcome; outcome != OutcomeClientGone {
					t.Errorf("outcome %q, want %q", outcome, OutcomeClientGone)
				}
			})
		})
	}
}

func TestPace(t *testing.T) {
	tests := []struct {
		scene Scene
		want  time.Duration
	}{
		{Scene{HeadDelayMS: 2000}, 2 * time.Second},
		{Scene{FirstDelayMS: 2000}, 2 * time.Second},
		{Scene{Deltas: []string{"a", "b"}, EventDelayMS: 100}, 900 * time.Millisecond}, // before 9 of 10 events
		{Scene{Deltas: []string{"a", "b", "c"}, DeltasPerSecond: 2}, 1500 * time.Millisecond},
	}
	for _, tt := range tests {
		synctest.Test(t, func(t *testing.T) {
			began := time.Now()
			askIn(t, tt.scene, prompt(t, ""))
			if got := time.Since(began); got != tt.want {
				t.Errorf("%+v took %v, want %v", tt.scene, got, tt.want)
			}
		})
	}
}

func TestOddEvents(t *testing.T) {
	ask := func(t *testing.T, name string) []event {
		return events(t, askIn(t, named(t, name), prompt(t, "")).body)
	}
	t.Run("wrong-done-text", func(t *testing.T) {
		list := ask(t, "wrong-done-text")
		if done := last(t, list, "response.output_text.done").Get("text").String(); done == text(list) || text(list) == "" {
			t.Errorf("done %q, deltas %q", done, text(list))
		}
		checkNumbers(t, list)
	})
	t.Run("no-deltas", func(t *testing.T) {
		list := ask(t, "no-deltas")
		if text(list) != "" || last(t, list, "response.output_text.done").Get("text").String() != "You said: hi" {
			t.Errorf("types %v", types(list))
		}
		checkNumbers(t, list)
	})
	t.Run("no-item-done", func(t *testing.T) {
		list := ask(t, "no-item-done")
		if slices.Contains(types(list), "response.output_item.done") || text(list) != "You said: hi" {
			t.Errorf("types %v", types(list))
		}
		checkNumbers(t, list)
	})
	t.Run("unknown-events", func(t *testing.T) {
		list := ask(t, "unknown-events")
		if list[0].name != "codex.rate_limits" || !slices.Contains(types(list), "response.emulator_novelty") {
			t.Errorf("types %v", types(list))
		}
		checkNumbers(t, list)
	})
	t.Run("unknown-fields", func(t *testing.T) {
		for _, e := range ask(t, "unknown-fields") {
			if !e.data.Get("emulator_novelty").Exists() {
				t.Errorf("%s has no unknown field", e.name)
			}
		}
	})
	t.Run("shuffled-fields", func(t *testing.T) {
		list := ask(t, "shuffled-fields")
		elsewhere := 0
		for _, e := range list {
			if !strings.HasPrefix(e.data.Raw, `{"type":`) {
				elsewhere++
			}
		}
		if elsewhere == 0 || text(list) != "You said: hi" {
			t.Errorf("type is first in all %d events", len(list))
		}
	})
	t.Run("several-messages", func(t *testing.T) {
		list := ask(t, "several-messages")
		var phases []string
		for _, e := range list {
			if e.name == "response.output_item.done" {
				phases = append(phases, e.data.Get("item.phase").String())
			}
		}
		if diff := cmp.Diff([]string{"commentary", "final_answer"}, phases); diff != "" {
			t.Error(diff)
		}
		if last(t, list, "response.output_item.done").Get("output_index").Int() != 1 {
			t.Error("second message has no index 1")
		}
	})
	t.Run("refusal", func(t *testing.T) {
		list := ask(t, "refusal")
		if got := last(t, list, "response.refusal.done").Get("refusal").String(); got != "I cannot help with that." {
			t.Errorf("refusal %q", got)
		}
		if kind := last(t, list, "response.content_part.done").Get("part.type").String(); kind != "refusal" {
			t.Errorf("part type %q", kind)
		}
		checkNumbers(t, list)
	})
	t.Run("control-characters", func(t *testing.T) {
		if got := text(ask(t, "control-characters")); !strings.Contains(got, "\x1b[31m") || !strings.Contains(got, "\u009b") {
			t.Errorf("text %q", got)
		}
	})
	t.Run("unicode", func(t *testing.T) {
		if got := text(ask(t, "unicode")); !strings.Contains(got, "👩‍👩‍👧") {
			t.Errorf("text %q", got)
		}
	})
	t.Run("large-event", func(t *testing.T) {
		for _, e := range ask(t, "large-event") {
			if e.name == "response.output_text.delta" {
				if len(e.data.Raw) != 2<<20 {
					t.Errorf("first delta has %d bytes, want 2 MiB", len(e.data.Raw))
				}
				break
			}
		}
	})
	t.Run("empty-answer", func(t *testing.T) {
		if diff := cmp.Diff([]string{"response.created", "response.in_progress", "response.completed"}, types(ask(t, "empty-answer"))); diff != "" {
			t.Error(diff)
		}
	})
}

func TestOddBytes(t *testing.T) {
	plain := askIn(t, Scene{}, prompt(t, "")).body
	tests := []struct {
		scene string
		want  string
	}{
		{"byte-writes", plain},
		{"one-write", plain},
		{"crlf", strings.ReplaceAll(plain, "\n", "\r\n")},
		{"cr", strings.ReplaceAll(plain, "\n", "\r")},
		{"bom", "\ufeff" + plain},
		{"comments", strings.ReplaceAll(plain, "event: ", ": keep-alive\nevent: ")},
		{"unterminated-last-event", strings.TrimSuffix(plain, "\n")},
	}
	for _, tt := range tests {
		t.Run(tt.scene, func(t *testing.T) {
			if diff := cmp.Diff(tt.want, askIn(t, named(t, tt.scene), prompt(t, "")).body); diff != "" {
				t.Errorf("bytes (-want +got):\n%s", diff)
			}
		})
	}
	t.Run("random-chunks", func(t *testing.T) {
		// The borders come from the same source as the ids, so only the shape is
		// comparable; the ids are drawn first and equal.
		if got := askIn(t, named(t, "random-chunks"), prompt(t, "")).body; got != plain {
			t.Error("the chunks do not add up to the plain stream")
		}
	})
	t.Run("no-event-names", func(t *testing.T) {
		if got := askIn(t, named(t, "no-event-names"), prompt(t, "")).body; strings.Contains(got, "event: ") {
			t.Errorf("there is an event line: %.100s", got)
		}
	})
	t.Run("contradicting-event-names", func(t *testing.T) {
		for _, e := range events(t, askIn(t, named(t, "contradicting-event-names"), prompt(t, "")).body) {
			if e.name == e.data.Get("type").String() {
				t.Errorf("%s is true", e.name)
			}
		}
	})
	t.Run("multi-line-data", func(t *testing.T) {
		got := askIn(t, named(t, "multi-line-data"), prompt(t, "")).body
		var rejoined []string
		for block := range strings.SplitSeq(strings.TrimSuffix(got, "\n\n"), "\n\n") {
			lines := strings.Split(block, "\ndata: ")
			if len(lines) < 3 {
				t.Fatalf("one data line: %q", block)
			}
			rejoined = append(rejoined, strings.Join(lines[1:], "\n"))
		}
		if n := len(events(t, plain)); len(rejoined) != n || !gjson.Valid(rejoined[0]) {
			t.Errorf("%d events, want %d; %.100s", len(rejoined), n, rejoined[0])
		}
	})
	t.Run("garbage-event", func(t *testing.T) {
		got := askIn(t, named(t, "garbage-event"), prompt(t, "")).body
		garbage := "event: response.output_text.delta\ndata: {\"type\":\"response.output_text.delta\",\"delta\":\"brok\n\n"
		if strings.Count(got, garbage) != 1 || strings.Replace(got, garbage, "", 1) != plain {
			t.Error("want the plain stream with one garbage event")
		}
	})
}

func TestWritesAreAsSmallAsTheSceneSays(t *testing.T) {
	plain := askIn(t, Scene{}, prompt(t, "")).body
	for scene, check := range map[string]func(sizes []int) bool{
		"default":       func(s []int) bool { return len(s) == strings.Count(plain, "\n\n") },
		"byte-writes":   func(s []int) bool { return slices.Max(s) == 1 },
		"one-write":     func(s []int) bool { return len(s) == 1 },
		"random-chunks": func(s []int) bool { return slices.Max(s) <= 97 && len(s) > len(plain)/97 },
	} {
		e := start(t, Config{Scene: named(t, scene)})
		w := &sizes{header: http.Header{}}
		r, _ := http.NewRequest("POST", "http://localhost"+responsesPath, strings.NewReader(prompt(t, "")))
		r.Header = http.Header{"Content-Type": {"application/json"}, "User-Agent": {"x/1"}, "Authorization": {"Bearer " + e.Login(LoginOptions{}).AccessToken}}
		e.ServeHTTP(w, r)
		if !check(w.list) {
			t.Errorf("%s: sizes %v", scene, w.list)
		}
	}
}

// sizes is a ResponseWriter that notes the size of each write.
type sizes struct {
	header http.Header
	list   []int
	bytes.Buffer
}

func (s *sizes) Header() http.Header { return s.header }
func (s *sizes) WriteHeader(int)     {}
func (s *sizes) Flush()              {}
func (s *sizes) Write(p []byte) (int, error) {
	s.list = append(s.list, len(p))
	return s.Buffer.Write(p)
}

func TestFlood(t *testing.T) {
	for _, bare := range []bool{false, true} {
		list := events(t, askIn(t, Scene{FloodDeltas: 5000, FloodBytes: 10, FloodBare: bare}, prompt(t, "")).body)
		checkNumbers(t, list)
		want := strings.Repeat("xxxxxxxxx\n", 5000)
		if text(list) != want {
			t.Fatalf("bare %v: text of %d bytes, want %d", bare, len(text(list)), len(want))
		}
		if bare { // nothing at the end says what the text was
			if item := last(t, list, "response.output_item.done").Get("item.content.#").Int(); item != 0 {
				t.Errorf("bare: the finished item has %d parts, want none", item)
			}
			continue
		}
		if done := last(t, list, "response.output_text.done").Get("text").String(); done != want {
			t.Errorf("done text of %d bytes, want %d", len(done), len(want))
		}
	}
}

func TestOversizedEvent(t *testing.T) {
	got := askIn(t, named(t, "oversized-event"), prompt(t, ""))
	if len(got.body) < 40<<20 || !strings.HasSuffix(got.body, "}\n\n") {
		t.Errorf("%d bytes, want more than 40 MiB", len(got.body))
	}
}

func BenchmarkFlood(b *testing.B) {
	e := start(b, Config{Scene: Scene{FloodDeltas: 50_000, FloodBytes: 20, FloodBare: true}})
	bearer, body := e.Login(LoginOptions{}).AccessToken, prompt(b, "")
	for b.Loop() {
		response, err := e.do(b.Context(), call{method: "POST", path: responsesPath, body: body, bearer: bearer})
		if err != nil {
			b.Fatal(err)
		}
		n, _ := io.Copy(io.Discard, response.Body)
		_ = response.Body.Close()
		b.SetBytes(n)
	}
}

func BenchmarkShortAnswer(b *testing.B) {
	e := start(b, Config{})
	bearer, body := e.Login(LoginOptions{}).AccessToken, prompt(b, "")
	for b.Loop() {
		response, err := e.do(b.Context(), call{method: "POST", path: responsesPath, body: body, bearer: bearer})
		if err != nil {
			b.Fatal(err)
		}
		_, _ = io.Copy(io.Discard, response.Body)
		_ = response.Body.Close()
	}
}

// A clock that is wrong shows in every answer, also in those that are refusals.
func TestClockScenes(t *testing.T) {
	clock := time.Date(2026, 11, 21, 8, 0, 0, 0, time.UTC)
	for name, want := range map[string]string{
		"default":      "",
		"clock-ahead":  "Sat, 21 Nov 2026 09:00:00 GMT",
		"clock-behind": "Sat, 21 Nov 2026 07:00:00 GMT",
	} {
		e := New(Config{Now: func() time.Time { return clock }, Scene: named(t, name)})
		for _, path := range []string{modelsPath, "/nowhere"} {
			if got := e.get(t, call{method: http.MethodGet, path: path}).header.Get("Date"); got != want {
				t.Errorf("%s %s: Date %q, want %q", name, path, got, want)
			}
		}
	}
}
