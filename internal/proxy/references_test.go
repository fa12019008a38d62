package proxy

import (
	"net/http"
	"strings"
	"testing"

	"github.com/tidwall/gjson"
)

// Contract, Safety: the Vercel AI SDK works unmodified. It refers to items of earlier
// answers, since it has not said store: false.
func TestReferencesToKeptItems(t *testing.T) {
	s := newStand(t, nil)
	status, _, first := s.post("/v1/responses", hello)
	if status != http.StatusOK {
		t.Fatal(first)
	}
	message := gjson.Get(first, `output.#(type=="message").id`).Str
	thought := gjson.Get(first, `output.#(type=="reasoning").id`).Str
	reference := func(id string) string { return `{"type":"item_reference","id":"` + id + `"}` }
	ask := func(items ...string) (int, http.Header, string) {
		return s.post("/v1/responses", `{"model":"gpt-5.5","input":[{"role":"user","content":"hi"},`+strings.Join(items, ",")+`,{"role":"user","content":"again"}]}`)
	}
	status, _, body := ask(reference(thought), reference(message))
	if status != http.StatusOK {
		t.Fatalf("kept items: %d %s", status, body)
	}
	sent := s.sent()[1]
	if got := gjson.Get(sent, "input.#").Int(); got != 4 {
		t.Errorf("%d items were sent, want 4: %s", got, sent)
	}
	if got := gjson.Get(sent, "input.2.content.0.text").Str; got != "You said: hi" {
		t.Errorf("the message was sent as %q", got)
	}
	if got := gjson.Get(sent, "input.1.encrypted_content").Str; got == "" || strings.Contains(sent, thought) {
		t.Errorf("the thought was sent as %s", gjson.Get(sent, "input.1").Raw)
	}
	status, header, body := ask(reference("rs_unknown"), reference(message))
	if status != http.StatusOK || !strings.Contains(header.Get("X-Codexctl-Notes"), "left out: 1") {
		t.Errorf("a thought that is not kept: %d %s", status, body)
	}
	status, _, body = ask(reference("msg_unknown"))
	if status != http.StatusBadRequest || gjson.Get(body, "error.param").Str != "input.1" || !strings.Contains(body, "msg_unknown") {
		t.Errorf("a message that is not kept: %d %s", status, body)
	}
}

// Without a store nothing can be referred to, and the error says so.
func TestReferencesWithoutAStore(t *testing.T) {
	s := newStand(t, func(c *Config) { c.Sessions = nil })
	status, _, body := s.post("/v1/responses", `{"model":"gpt-5.5","input":[{"role":"user","content":"hi"},{"type":"item_reference","id":"msg_1"}]}`)
	if status != http.StatusBadRequest || len(s.sent()) != 0 {
		t.Errorf("%d %s", status, body)
	}
}
