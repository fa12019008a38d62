package emulator

import (
	"bytes"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/fstest"
)

// A scene that somebody writes is one that can be played, or an error.
func FuzzParseScene(f *testing.F) {
	for _, seed := range []string{`{}`, `{"name":"flood"}`, `{"name":"default","times":-1}`, `{"cut":"abort","cut_at":"in_delta"}`, `{"deltas":["a"],"text":"b"}`, `{"event_bytes":1e9}`, `[]`, `{} {}`} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		scene, err := ParseScene(data)
		if err == nil && scene.Validate() != nil {
			t.Errorf("%s is taken and yet not valid: %v", data, scene.Validate())
		}
	})
}

// Requests may say what they like: there is an answer.
func FuzzRequests(f *testing.F) {
	for _, path := range []string{"/backend-api/codex/responses", "/oauth/token", "/oauth/authorize", "/oauth/revoke", "/api/accounts/deviceauth/usercode", "/__emulator/scene"} {
		f.Add(path, "application/json", []byte(`{"model":"gpt-5.5","instructions":"x","stream":true,"store":false,"input":[{"type":"message","role":"user","content":[{"type":"input_text","text":"hi"}]}]}`))
		f.Add(path, "application/x-www-form-urlencoded", []byte("grant_type=refresh_token&refresh_token=x"))
	}
	e := New(Config{Seed: 1})
	login := e.Login(LoginOptions{})
	f.Fuzz(func(t *testing.T, path, contentType string, body []byte) {
		if !strings.HasPrefix(path, "/") || strings.HasPrefix(path, "/__emulator") && bytes.Contains(body, []byte("_ms")) {
			return
		}
		request := httptest.NewRequest(http.MethodPost, "/", bytes.NewReader(body))
		request.URL.Path, request.Host = path, "127.0.0.1"
		request.Header.Set("Content-Type", contentType)
		request.Header.Set("Authorization", "Bearer "+login.AccessToken)
		request.Header.Set("ChatGPT-Account-Id", login.AccountID)
		request.Header.Set("User-Agent", "codexctl/test")
		answer := httptest.NewRecorder()
		e.ServeHTTP(answer, request)
		if answer.Code < 200 || answer.Code > 599 {
			t.Errorf("%s %q: status %d", path, body, answer.Code)
		}
		if err := e.SetScene(Scene{}); err != nil {
			t.Fatal(err)
		}
		e.ClearJournal()
	})
}

// A folder of recordings is one that can be replayed, or an error; and what is replayed is
// the recording.
func FuzzReplay(f *testing.F) {
	f.Add([]byte("event: response.created\ndata: {\"type\":\"response.created\",\"response\":{\"id\":\"r\"}}\n\n"), []byte(`{"request":{"model":"m","input":[]},"status":200,"headers":{"x-a":"b"}}`))
	f.Add([]byte(""), []byte(`{}`))
	f.Add([]byte("data: \xff\r\r\n"), []byte(`{"request":null,"response_headers":[["a"]]}`))
	f.Fuzz(func(t *testing.T, stream, about []byte) {
		folder := fstest.MapFS{"a.sse": {Data: stream}, "a.json": {Data: about}}
		valid := ValidateReplay(folder) == nil
		e := New(Config{Seed: 1, Replay: folder})
		login := e.Login(LoginOptions{})
		request := httptest.NewRequest(http.MethodPost, "/backend-api/codex/responses", strings.NewReader(
			`{"model":"gpt-5.5","instructions":"x","stream":true,"store":false,"input":[{"type":"message","role":"user","content":[{"type":"input_text","text":"hi"}]}]}`))
		request.Host = "127.0.0.1"
		request.Header.Set("Content-Type", "application/json")
		request.Header.Set("Authorization", "Bearer "+login.AccessToken)
		request.Header.Set("ChatGPT-Account-Id", login.AccountID)
		request.Header.Set("User-Agent", "codexctl/test")
		answer := httptest.NewRecorder()
		e.ServeHTTP(answer, request)
		if !valid && answer.Code != http.StatusInternalServerError {
			t.Errorf("a broken folder is answered with %d", answer.Code)
		}
		if answer.Code == http.StatusOK && answer.Body.String() != string(stream) {
			t.Errorf("%q is replayed as %q", stream, answer.Body)
		}
	})
}
