package responses_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"

	"github.com/codexctl/codexctl/pkg/responses"
)

// backend stands for the real one, so that the examples run.
func backend() *httptest.Server {
	return httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		for _, data := range []string{
			`{"type":"response.created","response":{"id":"resp_1","status":"in_progress"}}`,
			`{"type":"response.output_item.added","output_index":0,"item":{"type":"message","role":"assistant","content":[]}}`,
			`{"type":"response.output_text.delta","output_index":0,"content_index":0,"delta":"Paris"}`,
			`{"type":"response.output_text.delta","output_index":0,"content_index":0,"delta":"."}`,
			`{"type":"response.output_item.done","output_index":0,"item":{"type":"message","role":"assistant","content":[{"type":"output_text","text":"Paris."}]}}`,
			`{"type":"response.completed","response":{"id":"resp_1","status":"completed","output":[],"usage":{"total_tokens":21}}}`,
		} {
			fmt.Fprintf(w, "data: %s\n\n", data)
		}
	}))
}

// A question and its answer. A real program leaves BaseURL empty and sets
// Authorizer.
func ExampleCollect() {
	server := backend()
	defer server.Close()

	client := responses.Client{BaseURL: server.URL, Retries: 3}
	stream, err := client.Stream(context.Background(), responses.Request{
		Model: "gpt-5.5",
		Input: []json.RawMessage{responses.UserText("What is the capital of France?")},
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer stream.Close()
	answer, err := responses.Collect(stream)
	fmt.Println(answer.Text(), answer.Usage.TotalTokens, err)
	// Output: Paris. 21 <nil>
}

// The text is written as it arrives.
func ExampleTextSink() {
	server := backend()
	defer server.Close()

	client := responses.Client{BaseURL: server.URL}
	stream, err := client.StreamBody(context.Background(), []byte(`{"model":"gpt-5.5"}`))
	if err != nil {
		fmt.Println(err)
		return
	}
	defer stream.Close()
	sink := responses.NewTextSink(os.Stdout)
	for event, err := range stream.Events() {
		if err == nil {
			err = sink.Event(event, stream.Buffered())
		}
		if err != nil {
			fmt.Println(err)
			break
		}
	}
	if err := sink.Finish(true); err != nil {
		fmt.Println(err)
	}
	// Output: Paris.
}

// Events can be read one by one.
func ExampleStream_Events() {
	server := backend()
	defer server.Close()

	client := responses.Client{BaseURL: server.URL}
	stream, err := client.StreamBody(context.Background(), []byte(`{"model":"gpt-5.5"}`))
	if err != nil {
		fmt.Println(err)
		return
	}
	defer stream.Close()
	for event, err := range stream.Events() {
		if err != nil {
			fmt.Println(err)
			return
		}
		fmt.Printf("%s %q\n", event.Type, event.Delta())
	}
	// Output:
	// response.created ""
	// response.output_item.added ""
	// response.output_text.delta "Paris"
	// response.output_text.delta "."
	// response.output_item.done ""
	// response.completed ""
}

// What went wrong is asked by meaning, and the facts are in the error.
func ExampleAPIError() {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusTooManyRequests)
		_, _ = io.WriteString(w, `{"error":{"type":"usage_limit_reached","message":"All used up.","plan_type":"plus","resets_at":1788000000}}`)
	}))
	defer server.Close()

	client := responses.Client{BaseURL: server.URL, Retries: 3}
	_, err := client.StreamBody(context.Background(), []byte(`{}`))
	var failure *responses.APIError
	if errors.Is(err, responses.ErrQuota) && errors.As(err, &failure) {
		fmt.Println(failure.Plan, failure.ResetsAt.Format("2006-01-02 15:04"), responses.Attempts(err))
	}
	// Output: plus 2026-08-29 10:40 1
}
