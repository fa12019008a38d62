package responses

import (
	"encoding/json"
	"errors"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// header is what a backend sees of the headers that name the caller.
func header(t *testing.T, c func(*Client)) map[string]string {
	t.Helper()
	b := serve(t, says(hello...))
	client := b.client()
	c(client)
	if _, err := ask(t, client); err != nil {
		t.Fatal(err)
	}
	got := make(map[string]string)
	for name, values := range b.got()[0].Header {
		switch name {
		case "Accept-Encoding", "Content-Length":
		default:
			got[name] = strings.Join(values, ",")
		}
	}
	return got
}

func TestHeaders(t *testing.T) {
	plain := func() map[string]string {
		return map[string]string{
			"Accept": "text/event-stream", "Content-Type": "application/json", "Originator": DefaultOriginator,
			"Version": DefaultClientVersion,
		}
	}
	tests := []struct {
		name   string
		client func(*Client)
		change func(map[string]string)
		agent  string
	}{
		{"zero value", func(*Client) {}, func(map[string]string) {}, "codexctl ("},
		{
			"own names", func(c *Client) { c.Originator, c.UserAgent, c.ClientVersion = "me", "me/1", "9.9.9" },
			func(h map[string]string) { h["Originator"], h["Version"] = "me", "9.9.9" }, "me/1",
		},
		{"no originator", func(c *Client) { c.NoOriginator, c.Originator = true, "me" }, func(h map[string]string) { delete(h, "Originator") }, "codexctl ("},
		{
			"login", func(c *Client) { c.Authorizer = &login{names: []string{"a"}} },
			func(h map[string]string) { h["Authorization"] = "Bearer a" }, "codexctl (",
		},
		{
			"own headers win over everything",
			func(c *Client) {
				c.Authorizer = &login{names: []string{"a"}}
				c.Header = http.Header{
					"authorization": {"Bearer mine"}, "Originator": {"mine"}, "USER-AGENT": {"mine/1"}, "accept": {"x/y"},
					"Content-Type": {"x/z"}, "version": {"0"}, "X-More": {"1", "2"},
				}
			},
			func(h map[string]string) {
				h["Authorization"], h["Originator"], h["Accept"], h["Content-Type"], h["Version"] = "Bearer mine", "mine", "x/y", "x/z", "0"
				h["X-More"] = "1,2"
			}, "mine/1",
		},
		{
			"an empty list removes",
			func(c *Client) {
				c.Authorizer = &login{names: []string{"a"}}
				c.Header = http.Header{"Authorization": nil, "Originator": {}, "Version": nil, "User-Agent": nil, "X-Unknown": nil}
			},
			func(h map[string]string) { delete(h, "Originator"); delete(h, "Version") }, "",
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, want := header(t, tt.client), plain()
			tt.change(want)
			agent := got["User-Agent"]
			delete(got, "User-Agent")
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("headers (-want +got):\n%s", diff)
			}
			if !strings.HasPrefix(agent, tt.agent) || tt.agent == "" && agent != "" || strings.Contains(agent, "Go-http-client") {
				t.Errorf("User-Agent = %q, want %q", agent, tt.agent)
			}
		})
	}
}

func TestNewRequest(t *testing.T) {
	for base, want := range map[string]string{
		"":                     DefaultBaseURL + "/responses",
		"http://127.0.0.1:1/":  "http://127.0.0.1:1/responses",
		"http://127.0.0.1:1/x": "http://127.0.0.1:1/x/responses",
	} {
		req, err := (&Client{BaseURL: base}).NewRequest(t.Context(), []byte("{}"), true)
		if err != nil || req.URL.String() != want || req.Method != http.MethodPost || req.Header.Get(liteHeader) != "true" {
			t.Errorf("request = %v, %v, want POST %s in the Lite form", req, err, want)
		}
	}
}

func TestStreamTellsOfItsAnswer(t *testing.T) {
	b := serve(t, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("X-Oai-Request-Id", "other")
		w.Header().Set("X-Request-Id", "first")
		says(failed("invalid_prompt", "m"))(w, r)
	})
	s, err := b.client().StreamBody(t.Context(), []byte(`{"a":1}`))
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if s.RequestID() != "first" || s.Header().Get("X-Oai-Request-Id") != "other" || s.Attempts() != 1 {
		t.Errorf("request %q, header %v, attempts %d; want first, other, 1", s.RequestID(), s.Header(), s.Attempts())
	}
	_, err = Collect(s)
	if e, ok := errors.AsType[*APIError](err); !ok || e.RequestID != "first" {
		t.Errorf("error = %#v, want the request's id in it", err)
	}
	if got := b.got()[0].Body; got != `{"a":1}` {
		t.Errorf("body = %s, want it as it was given", got)
	}
}

func TestModels(t *testing.T) {
	const list = `{"models":[{"slug":"a","visibility":"list","use_responses_lite":true},{"id":"b","visibility":"hide"},{"slug":"c","visibility":"list"}]}`
	want := []Model{
		{Slug: "a", Listed: true, Lite: true, Entry: json.RawMessage(`{"slug":"a","visibility":"list","use_responses_lite":true}`)},
		{Slug: "b", Entry: json.RawMessage(`{"id":"b","visibility":"hide"}`)},
		{Slug: "c", Listed: true, Entry: json.RawMessage(`{"slug":"c","visibility":"list"}`)},
	}
	var path string
	b := serve(t, fails(401, `{}`), func(w http.ResponseWriter, r *http.Request) {
		path = r.URL.String()
		fails(200, list)(w, r)
	})
	c := b.client()
	c.ClientVersion, c.Authorizer = "1.2 3", &login{names: []string{"a", "b"}, retry: true}
	got, err := c.Models(t.Context())
	if err != nil || path != "/models?client_version=1.2+3" || len(b.got()) != 2 || b.got()[1].Header.Get("Authorization") != "Bearer b" {
		t.Errorf("error %v, path %s after %d requests; want the version in it, and 2", err, path, len(b.got()))
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("models (-want +got):\n%s", diff)
	}
}

func TestModelsFailures(t *testing.T) {
	mine := errors.New("sign in again")
	tests := []struct {
		name     string
		answer   http.HandlerFunc
		login    *login
		want     error
		requests int
	}{
		{"page", fails(200, "<html>", "Content-Type", "text/html"), nil, ErrBlocked, 1},
		{"page without its type", fails(200, "<html>"), nil, ErrBlocked, 1},
		{"refused", fails(403, `{"detail":"no"}`), nil, ErrForbidden, 1},
		{"not signed in", fails(401, `{}`), nil, ErrUnauthorized, 1},
		{"not signed in, twice", fails(401, `{}`), &login{names: []string{"a"}, retry: true}, ErrUnauthorized, 2},
		{"login fails", fails(401, `{}`), &login{names: []string{"a"}, err: mine}, mine, 1},
		{"no login", fails(401, `{}`), &login{names: []string{"a"}, broken: mine}, mine, 0},
		{"cut", breaksOff(`{"models":[`), nil, ErrConnection, 1},
		{"no answer", func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }, nil, ErrConnection, 1},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			b := serve(t, tt.answer)
			c := b.client()
			if tt.login != nil {
				c.Authorizer = tt.login
			}
			_, err := c.Models(t.Context())
			if tt.want == mine {
				if err == nil || err.Error() != mine.Error() {
					t.Errorf("error = %v, want %v", err, mine)
				}
			} else {
				wantMeaning(t, err, tt.want)
			}
			if len(b.got()) != tt.requests {
				t.Errorf("%d requests, want %d", len(b.got()), tt.requests)
			}
		})
	}
	if _, err := (&Client{BaseURL: ":"}).Models(t.Context()); err == nil {
		t.Error("a bad address is no error")
	}
}

func TestModelsThatTheCallerHasAlready(t *testing.T) {
	var asked []string
	b := serve(t, fails(401, `{}`), func(w http.ResponseWriter, r *http.Request) {
		asked = append(asked, r.Header.Get("If-None-Match"))
		w.Header().Set("ETag", `W/"2"`)
		if r.Header.Get("If-None-Match") == `W/"2"` {
			w.WriteHeader(http.StatusNotModified)
			return
		}
		fails(200, `{"models":[{"slug":"a"}]}`)(w, r)
	})
	c := b.client()
	c.Authorizer = &login{names: []string{"a", "b"}, retry: true}
	models, fresh, same, err := c.ModelsIf(t.Context(), `W/"1"`)
	if err != nil || same || fresh != `W/"2"` || len(models) != 1 {
		t.Errorf("an old list: %v %q %v %v", models, fresh, same, err)
	}
	models, fresh, same, err = c.ModelsIf(t.Context(), `W/"2"`)
	if err != nil || !same || fresh != `W/"2"` || models != nil {
		t.Errorf("the present list: %v %q %v %v", models, fresh, same, err)
	}
	if want := []string{`W/"1"`, `W/"2"`}; !cmp.Equal(asked, want) {
		t.Errorf("asked with %q, want %q, also after a 401", asked, want)
	}
	if _, _, _, err := c.ModelsIf(t.Context(), ""); err != nil {
		t.Error(err)
	}
}

// A 304 that nobody asked for is no list.
func TestModelsUnaskedNotModified(t *testing.T) {
	b := serve(t, func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNotModified) })
	_, err := b.client().Models(t.Context())
	wantMeaning(t, err, ErrRedirect)
}
