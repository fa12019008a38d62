package proxy

import (
	"context"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/tidwall/gjson"

	"github.com/codexctl/codexctl/internal/emulator"
	"github.com/codexctl/codexctl/pkg/responses"
)

const (
	modelsPath = "/backend-api/codex/models"
	usagePath  = "/backend-api/wham/usage"
)

// upstreamModels is the list as the backend itself gives it.
func (s *stand) upstreamModels() []responses.Model {
	s.t.Helper()
	models, err := s.server.config.Client.Models(s.t.Context())
	if err != nil {
		s.t.Fatal(err)
	}
	s.emulator.ClearJournal()
	return models
}

// proxy.md, Routes: GET …/models under /codex, /codex/v1, /v1 has "OpenAI list shape plus
// the catalogue's own fields (the official CLI reads `models`)". Only models that are
// meant to be chosen are in `data`; `models` has all, as the backend wrote them.
func TestModels(t *testing.T) {
	s := newStand(t, nil)
	upstream := s.upstreamModels()
	var listed, all []string
	for _, m := range upstream {
		all = append(all, string(m.Entry))
		if m.Listed {
			listed = append(listed, m.Slug)
		}
	}
	if len(listed) == len(all) || len(listed) == 0 {
		t.Fatalf("the emulator lists %d of %d models: nothing is shown by that", len(listed), len(all))
	}
	for _, path := range []string{"/codex/models", "/codex/v1/models", "/v1/models"} {
		for _, query := range []string{"", "?client_version=0.169.0"} {
			status, header, body := s.get(path + query)
			if status != http.StatusOK || header.Get("Content-Type") != "application/json" || gjson.Get(body, "object").Str != "list" {
				t.Fatalf("%s: got %d %s", path, status, clipped(body))
			}
			var got []string
			for _, card := range gjson.Get(body, "data").Array() {
				got = append(got, card.Get("id").Str)
				// rulings.md, serve: created: 0, owned_by: "openai" for models.
				if card.Get("object").Raw != `"model"` || card.Get("created").Raw != "0" || card.Get("owned_by").Raw != `"openai"` {
					t.Errorf("%s: card: %s", path, card.Raw)
				}
			}
			if !slices.Equal(got, listed) {
				t.Errorf("%s: data: got %q, want %q", path, got, listed)
			}
			var entries []string
			for _, entry := range gjson.Get(body, "models").Array() {
				entries = append(entries, entry.Raw)
			}
			if !slices.Equal(entries, all) {
				t.Errorf("%s: models: got %d entries, want the backend's %d as they are", path, len(entries), len(all))
			}
		}
	}
	if n := len(s.journal(modelsPath)); n != 1 {
		t.Errorf("the list was fetched %d times, want once", n)
	}
	status, _, body := s.whole(s.send("HEAD", "/v1/models", ""))
	if status != http.StatusOK || body != "" {
		t.Errorf("HEAD: got %d %q", status, body)
	}
}

// proxy.md, Routes: GET …/models/{id}: the card with the backend's own fields; a hidden
// model can be looked at, an unknown one is refused with those that there are.
func TestOneModel(t *testing.T) {
	s := newStand(t, func(c *Config) { c.Aliases = map[string]string{"gpt-4o": "gpt-5.5"} })
	for _, base := range []string{"/codex", "/codex/v1", "/v1"} {
		for name, want := range map[string]string{"gpt-5.5": "gpt-5.5", "codex-auto-review": "codex-auto-review", "gpt-4o": "gpt-5.5"} {
			status, _, body := s.get(base + "/models/" + name)
			card := gjson.Parse(body)
			if status != http.StatusOK || card.Get("id").Str != want || card.Get("slug").Str != want || card.Get("object").Str != "model" ||
				card.Get("created").Raw != "0" || card.Get("owned_by").Str != "openai" || !card.Get("context_window").Exists() {
				t.Errorf("%s/models/%s: got %d %s", base, name, status, clipped(body))
			}
		}
		for _, name := range []string{"gpt-9", "GPT-5.5", "gpt-5", "%E4", "a%2fb"} {
			status, header, body := s.get(base + "/models/" + name)
			// proxy.md, Errors, has 400 for a model that is not available; the SDKs expect 404
			// where one is looked for.
			got := refusalIn(t, body)
			if status != http.StatusBadRequest && status != http.StatusNotFound || got.Code != "model_not_available" && got.Code != "model_not_found" {
				t.Errorf("%s %s: got %d %+v", base, name, status, got)
			}
			if !strings.Contains(got.Message, "gpt-6-sol") || strings.Contains(got.Message, "codex-auto-review") {
				t.Errorf("%s: message: got %q, want the listed models in it", name, got.Message)
			}
			if header.Get("Content-Type") != "application/json" {
				t.Errorf("%s: Content-Type: got %q", name, header.Get("Content-Type"))
			}
		}
	}
}

// An empty list comes of a client version that the backend does not know: that is said.
func TestModelsOfAnOldVersion(t *testing.T) {
	s := newStand(t, func(c *Config) {
		c.Models = func(context.Context) ([]responses.Model, error) { return nil, nil }
	})
	if status, _, body := s.get("/v1/models"); status != http.StatusOK || body != `{"object":"list","data":[],"models":[]}` {
		t.Errorf("got %d %s", status, body)
	}
	status, _, body := s.get("/v1/models/gpt-5.5")
	if got := refusalIn(t, body); status/100 != 4 || !strings.Contains(got.Message, "--client-version") {
		t.Errorf("got %d %+v, want --client-version in the message", status, got)
	}
	status, _, body = s.post("/v1/responses", strings.Replace(hello, "gpt-5.5", "gpt-9", 1))
	if got := wantRefusal(t, "asked", status, body, http.StatusBadRequest, "model_not_available"); !strings.Contains(got.Message, "--client-version") {
		t.Errorf("message: got %q, want --client-version in it", got.Message)
	}
}

// Failures of the lists keep their meaning.
func TestListsThatFail(t *testing.T) {
	for _, path := range []string{"/v1/models", "/v1/models/gpt-5.5", "/codex/usage"} {
		for fault, want := range map[emulator.Fault]struct {
			status int
			code   string
		}{
			emulator.FaultServerError:  {500, "server_error"},
			emulator.FaultUnauthorized: {401, "auth_denied"},
			emulator.FaultChallenge:    {502, "blocked"},
			emulator.FaultRateLimited:  {429, "rate_limit_exceeded"},
		} {
			s := newStand(t, nil)
			s.play(emulator.Scene{Fault: fault, Endpoint: "any"})
			status, _, body := s.get(path)
			if got := refusalIn(t, body); status != want.status || got.Message == "" {
				t.Errorf("%s, %s: got %d %+v, want %d", path, fault, status, got, want.status)
			}
		}
	}
}

// proxy.md, Routes: the account's quota on three addresses, so that other clients can
// show it: the backend's own document.
func TestUsage(t *testing.T) {
	s := newStand(t, nil)
	want, err := s.server.config.Client.Usage(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for i, path := range []string{"/backend-api/wham/usage", "/api/codex/usage", "/codex/usage"} {
		status, header, body := s.get(path)
		if status != http.StatusOK || header.Get("Content-Type") != "application/json" || body != string(want) {
			t.Errorf("%s: got %d %s,\nwant %s", path, status, clipped(body), want)
		}
		if gjson.Get(body, "rate_limit.primary_window.used_percent").Int() != 12 {
			t.Errorf("%s: got %s, want the allowance", path, clipped(body))
		}
		if n := len(s.journal(usagePath)); n != i+2 {
			t.Errorf("%s: the backend was asked %d times, want each time: %d", path, n, i+2)
		}
	}
	status, _, body := s.get("/v1/usage")
	wantRefusal(t, "/v1/usage", status, body, http.StatusNotFound, "not_found")
}
