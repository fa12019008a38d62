package responses

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"sync"
	"testing"

	"github.com/codexctl/codexctl/internal/emulator"
)

// bearer is an Authorizer with one token.
type bearer string

func (b bearer) Authorize(req *http.Request) error {
	req.Header.Set("Authorization", "Bearer "+string(b))
	return nil
}

func (b bearer) Refused(*http.Request) (bool, error) { return false, nil }

// Client's contract: it is safe for concurrent use. Each caller gets the answer to its
// own question.
func TestClientIsUsedByManyAtOnce(t *testing.T) {
	e := emulator.New(emulator.Config{})
	client := &Client{
		Authorizer: bearer(e.Login(emulator.LoginOptions{}).AccessToken),
		HTTPClient: &http.Client{Transport: e.Transport()},
		Header:     http.Header{"X-Shared": {"yes"}},
		Retries:    1,
	}
	asks := func(n int) {
		question := fmt.Sprintf("question %d", n)
		stream, err := client.Stream(t.Context(), Request{Model: "gpt-5.5", Input: []json.RawMessage{UserText(question)}})
		if err != nil {
			t.Error(err)
			return
		}
		defer stream.Close()
		answer, err := Collect(stream)
		if want := "You said: " + question; err != nil || answer.Text() != want {
			t.Errorf("answer %q, %v, want %q", answer.Text(), err, want)
		}
	}
	var wait sync.WaitGroup
	for n := range 24 {
		wait.Go(func() { asks(n) })
	}
	for range 4 {
		wait.Go(func() {
			if models, err := client.Models(t.Context()); err != nil || len(models) == 0 {
				t.Errorf("%d models, %v, want some", len(models), err)
			}
		})
	}
	wait.Wait()
	if got := len(e.Journal("/backend-api/codex/responses")); got != 24 {
		t.Errorf("the backend got %d questions, want 24", got)
	}
}

// Stream's contract: one goroutine reads it, any may close it, and more than once. The
// reading then ends.
func TestStreamIsClosedByAnother(t *testing.T) {
	b := serve(t, func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.WriteString(w, frames(evCreated, evAdded, evHel))
		w.(http.Flusher).Flush()
		<-r.Context().Done() // nothing more comes
	})
	stream, err := b.client().StreamBody(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	var wait sync.WaitGroup
	events := 0
	for event, err := range stream.Events() {
		if err != nil {
			break // of the closed stream
		}
		events++
		if event.Type == "response.output_text.delta" {
			for range 4 {
				wait.Go(func() {
					_ = stream.Close()
					_ = stream.Header().Get("Date")
				})
			}
		}
	}
	wait.Wait()
	if events != 3 {
		t.Errorf("read %d events, want the 3 that came", events)
	}
}

// A request and a response are documents: encoding/json writes the first as it is sent
// and the second as the backend's object with its output.
func TestResponseMarshals(t *testing.T) {
	b := serve(t, func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, frames(hello...)) })
	request := Request{Model: "gpt-5.5", Input: []json.RawMessage{UserText("hi")}}
	stream, err := b.client().Stream(context.Background(), request)
	if err != nil {
		t.Fatal(err)
	}
	defer stream.Close()
	answer, err := Collect(stream)
	if err != nil {
		t.Fatal(err)
	}
	data, err := json.Marshal(struct {
		Request  Request   `json:"request"`
		Response *Response `json:"response"`
	}{request, answer})
	if err != nil {
		t.Fatal(err)
	}
	var got struct {
		Request struct {
			Model string
			Input []json.RawMessage
		}
		Response struct {
			ID     string
			Status string
			Output []struct{ Content []struct{ Text string } }
		}
	}
	if err := json.Unmarshal(data, &got); err != nil {
		t.Fatal(err)
	}
	if got.Request.Model != "gpt-5.5" || len(got.Request.Input) != 1 {
		t.Errorf("request %+v of %s, want the model and one item", got.Request, data)
	}
	r := got.Response
	if r.ID != answer.ID || r.Status != "completed" || len(r.Output) != 1 || r.Output[0].Content[0].Text != answer.Text() || answer.Text() == "" {
		t.Errorf("response %+v of %s, want id, status and the text %q", r, data, answer.Text())
	}
}
