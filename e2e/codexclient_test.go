package e2e

import (
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// codexClient is the official CLI as somebody has it who knows our server and nothing
// else: without a sign-in of its own.
func codexClient(t *testing.T, s server, model string) official {
	t.Helper()
	path := codexCLI(t)
	p := newPerson(t)
	dir := filepath.Join(p.home, ".codex")
	if err := os.Mkdir(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	config := fmt.Sprintf(`model = %q
model_provider = "x"

[model_providers.x]
name = "x"
base_url = "%s/codex"
wire_api = "responses"
env_key = "KEY"
supports_websockets = false
request_max_retries = 0
stream_max_retries = 0
`, model, s.url)
	if err := os.WriteFile(filepath.Join(dir, "config.toml"), []byte(config), 0o600); err != nil {
		t.Fatal(err)
	}
	return official{p.with("CODEX_HOME="+dir, "KEY=any-key"), path, dir}
}

// proxy.md, Safety: "Tools this must just work with, unmodified: … the official Codex CLI
// as a custom provider"; Requests: "The client's originator does not pass"; rulings,
// serve: "Nothing is added to a body already in Lite form, nor to one without instructions
// whose first item has role developer (the official CLI)".
func TestOfficialCLIAsAClient(t *testing.T) {
	codexCLI(t)
	s := startServer(t)
	tests := []struct {
		name, model, scene string
		want               string
		first              string // the first item of its input
	}{
		// In the plain form the emulator would call the first of its tools.
		{"plain form", plainModel, `{"text": "Hello there."}`, "Hello there.\n", "developer"},
		{"Lite form", "gpt-6-sol", `{}`, "You said: hi\n", "additional_tools"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s.upstream.scene(t, tt.scene)
			o := codexClient(t, s, tt.model)
			before := len(s.upstream.journal(t, responsesPath))
			r := o.must(t, o.path, "exec", "--skip-git-repo-check", "--ephemeral", "hi")
			if r.out != tt.want {
				t.Errorf("codex exec hi: stdout %q, want %q\nstderr: %s", r.out, tt.want, lastLines(r.said, 10))
			}
			if n := len(s.upstream.journal(t, responsesPath)) - before; n != 1 {
				t.Errorf("%d requests to the backend, want 1", n)
			}
			last := s.upstream.lastAsked(t)
			last.own(t)
			// The official client leaves with the terminal event, which may end the call to
			// the backend a moment before its own end.
			if last.Status != 200 || last.Body["model"] != tt.model {
				t.Errorf("the backend's answer: HTTP %d for %v, want 200 for %s", last.Status, last.Body["model"], tt.model)
			}
			if instructions, ok := last.Body["instructions"]; ok {
				t.Errorf("instructions were added: %v", instructions)
			}
			items := last.items()
			if len(items) < 2 || !strings.HasPrefix(items[0], tt.first) || items[len(items)-1] != "user: hi" {
				t.Errorf("the input is %.100q, want %s first and the prompt last", items, tt.first)
			}
			if n := strings.Count(strings.Join(items, "\n"), "You are Codex"); n != 1 {
				t.Errorf("its own prompt is there %d times, want once", n)
			}
			if strings.Count(strings.Join(items, "\n"), "user: hi") != 1 {
				t.Errorf("the prompt is there more than once: %.100q", items)
			}
			// rulings, serve: "Client headers that pass: session-id, thread-id,
			// x-client-request-id, x-codex-*, x-openai-internal-codex-responses-lite".
			for _, name := range []string{"Session-Id", "Thread-Id", "X-Client-Request-Id", "X-Codex-Turn-Metadata"} {
				if last.Header.Get(name) == "" {
					t.Errorf("its header %s has not reached the backend", name)
				}
			}
			if lite := last.Header.Get("X-Openai-Internal-Codex-Responses-Lite"); (lite == "true") != (tt.model != plainModel) {
				t.Errorf("the header of the Lite form is %q with %s", lite, tt.model)
			}
		})
	}
	t.Run("keeps nothing here", func(t *testing.T) {
		// proxy.md, Sessions: "The hyphenated session-id of the official CLI is passed
		// through and keeps nothing."
		answer, err := http.Get(s.url + "/codex/sessions")
		if err != nil {
			t.Fatal(err)
		}
		defer answer.Body.Close()
		var list struct {
			Data []any `json:"data"`
		}
		if err := json.NewDecoder(answer.Body).Decode(&list); err != nil || answer.StatusCode != http.StatusOK || len(list.Data) != 0 {
			t.Errorf("HTTP %d, conversations %v (%v); want none", answer.StatusCode, list.Data, err)
		}
	})
	t.Run("a used-up allowance", func(t *testing.T) {
		// proxy.md, Errors: "upstream status kept; … x-codex-*, retry-after … headers kept".
		// The official client reads the time of reset from the error.
		s.upstream.scene(t, `{"name": "usage-limit"}`)
		o := codexClient(t, s, plainModel)
		r := o.run(t, o.path, "exec", "--skip-git-repo-check", "--ephemeral", "hi")
		if r.code == 0 || !strings.Contains(r.said, "usage limit") {
			t.Errorf("codex exec: exit code %d, stderr %q; want a failure that tells about the usage limit", r.code, lastLines(r.said, 5))
		}
	})
	t.Run("a key", func(t *testing.T) {
		// proxy.md, Safety: "Authorization: Bearer …".
		s.upstream.scene(t, `{"text": "Hello there."}`)
		locked := s.upstream.serve(t, newPerson(t, s.upstream.variables()...).with("CODEXCTL_AUTH_FILE="+s.upstream.authFile, "CODEXCTL_SERVE_KEY=the-key"))
		o := codexClient(t, locked, plainModel)
		args := []string{"exec", "--skip-git-repo-check", "--ephemeral", "hi"}
		if r := o.run(t, o.path, args...); r.code == 0 || !strings.Contains(r.said, "401") {
			t.Errorf("with the wrong key: exit code %d, stderr %q; want a failure with 401", r.code, lastLines(r.said, 5))
		}
		if r := o.with("KEY=the-key").must(t, o.path, args...); r.out != "Hello there.\n" {
			t.Errorf("with the key: stdout %q, want %q", r.out, "Hello there.\n")
		}
	})
}
