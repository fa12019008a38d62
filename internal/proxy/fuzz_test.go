package proxy

import (
	"bytes"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/tidwall/gjson"
)

// callers may send what they like, in both forms and to any address: there is one answer
// with a status, one JSON document or a stream with an end, and no panic.
func FuzzServer(f *testing.F) {
	for _, path := range []string{"/v1/responses", "/v1/chat/completions", "/codex/a/responses", "/codex/../v1/models/%2e%2e", "/v1/responses/resp_1", "/v1/sessions/a%00b"} {
		for _, body := range []string{
			hello, helloChat, asStream(hello), asStream(helloChat), `{"model":"gpt-5.5","input":[{"type":"item_reference","id":"x"}],"previous_response_id":"resp_1"}`,
			`{"model":"gpt-5.5","input":"hi","max_output_tokens":1}`, `{"model":null,"input":null,"store":false,"instructions":7}`, `{"messages":[{"role":"tool","tool_call_id":"x","content":[{}]}],"n":2}`, `[`, ``, `{"input":[[[`,
			`{"model":"gpt-5.5","input":"hi","tools":[{"type":"function"}],"text":{"format":{"type":"json_schema"}}}`,
		} {
			f.Add(path, "session-id", "s-1", []byte(body))
		}
	}
	s := newStand(f, nil)
	f.Fuzz(func(t *testing.T, path, header, value string, body []byte) {
		if !strings.HasPrefix(path, "/") {
			path = "/" + path
		}
		method := http.MethodPost
		if len(body) == 0 {
			method = http.MethodGet
		}
		request := httptest.NewRequest(method, "/", bytes.NewReader(body))
		request.URL.Path, request.Host = path, "localhost"
		request.Header.Set("Content-Type", "application/json")
		if header != "" && value != "" && !strings.EqualFold(header, "Host") {
			request.Header[http.CanonicalHeaderKey(header)] = []string{value}
		}
		answer := httptest.NewRecorder()
		s.server.ServeHTTP(answer, request)
		text, kind := answer.Body.String(), answer.Header().Get("Content-Type")
		switch {
		case answer.Code < 200 || answer.Code > 599:
			t.Errorf("%s %q: status %d", path, body, answer.Code)
		case answer.Code >= 500 && answer.Code != http.StatusBadGateway && answer.Code != http.StatusServiceUnavailable && answer.Code != http.StatusGatewayTimeout:
			t.Errorf("%s %q: status %d: %s", path, body, answer.Code, text)
		case strings.HasPrefix(kind, "application/json") && text != "" && !gjson.Valid(text):
			t.Errorf("%s %q: no JSON: %s", path, body, text)
		case strings.HasPrefix(kind, "text/event-stream") && !strings.HasSuffix(text, "\n\n"):
			t.Errorf("%s %q: the stream ends inside an event: %s", path, body, text)
		}
		for name, values := range answer.Header() {
			if strings.ContainsAny(name+strings.Join(values, ""), "\r\n\x00") {
				t.Errorf("%s %q: the header %q is %q", path, body, name, values)
			}
		}
		s.emulator.ClearJournal()
	})
}
