package responses_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log"
	"net/http"
	"os"
	"path/filepath"

	"github.com/codexctl/codexctl/internal/emulator"
	"github.com/codexctl/codexctl/pkg/auth"
	"github.com/codexctl/codexctl/pkg/credentials"
	"github.com/codexctl/codexctl/pkg/responses"
)

// A question and its answer, with the login of this machine: what `codexctl auth login`,
// LangChain or the official CLI has stored. A real program has
// credentials.Locator{Home: home, Getenv: os.Getenv} in the first line, and no HTTPClient.
func Example() {
	machine := newMachine("Paris.")
	defer machine.remove()
	ctx := context.Background()

	login, err := auth.Open(ctx, machine.locator, auth.Config{})
	if err != nil {
		log.Fatal(err)
	}
	client := responses.Client{Authorizer: login, HTTPClient: machine.network, Retries: 3}
	stream, err := client.Stream(ctx, responses.Request{
		Model: "gpt-5.5",
		Input: []json.RawMessage{responses.UserText("What is the capital of France?")},
	})
	if err != nil {
		log.Fatal(err)
	}
	defer stream.Close()
	answer, err := responses.Collect(stream)
	fmt.Println(answer.Text(), err)
	// Output: Paris. <nil>
}

// The same, and each piece of the text is there as soon as it comes.
func ExampleClient_Stream() {
	machine := newMachine("Once upon a time.")
	defer machine.remove()
	ctx := context.Background()

	login, err := auth.Open(ctx, machine.locator, auth.Config{})
	if err != nil {
		log.Fatal(err)
	}
	client := responses.Client{Authorizer: login, HTTPClient: machine.network}
	stream, err := client.Stream(ctx, responses.Request{
		Model:        "gpt-5.5",
		Instructions: "You tell stories.",
		Input:        []json.RawMessage{responses.UserText("Tell me a story.")},
	})
	if err != nil {
		log.Fatal(err)
	}
	defer stream.Close()
	for event, err := range stream.Events() {
		if err != nil {
			log.Fatal(err) // what was printed is not the whole answer
		}
		if event.Type == "response.output_text.delta" {
			fmt.Print(event.Delta())
		}
	}
	fmt.Println()
	// Output: Once upon a time.
}

// A tool: the model asks for a call, the program makes it and sends its result along with
// all that was said before.
func ExampleResponse_ToolCalls() {
	machine := newMachine("")
	defer machine.remove()
	ctx := context.Background()

	login, err := auth.Open(ctx, machine.locator, auth.Config{})
	if err != nil {
		log.Fatal(err)
	}
	client := responses.Client{Authorizer: login, HTTPClient: machine.network}
	request := responses.Request{
		Model: "gpt-5.5",
		Input: []json.RawMessage{responses.UserText("How is the weather in Oslo?")},
		Tools: []json.RawMessage{json.RawMessage(`{"type":"function","name":"weather","parameters":` +
			`{"type":"object","properties":{"place":{"type":"string"}},"required":["place"]}}`)},
	}
	for {
		stream, err := client.Stream(ctx, request)
		if err != nil {
			log.Fatal(err)
		}
		answer, err := responses.Collect(stream)
		stream.Close()
		if err != nil {
			log.Fatal(err)
		}
		calls := answer.ToolCalls()
		if len(calls) == 0 {
			fmt.Println(answer.Text())
			return
		}
		request.Input = append(request.Input, responses.Replay(answer.Output)...)
		for _, call := range calls {
			fmt.Println("calling", call.Name)
			output := fmt.Sprintf(`{"type":"function_call_output","call_id":%q,"output":"rain"}`, call.ID)
			request.Input = append(request.Input, json.RawMessage(output))
		}
	}
	// Output:
	// calling weather
	// The tool answered: rain
}

// Nobody is signed in: what to do is known from the error.
func ExampleClient_Stream_signedOut() {
	_, err := auth.Open(context.Background(), credentials.Locator{AuthFile: "missing.json"}, auth.Config{})
	fmt.Println(errors.Is(err, auth.ErrLoginRequired))
	// Output: true
}

// machine stands for the reader's: a login on disk, and a backend that knows it.
type machine struct {
	locator credentials.Locator
	network *http.Client
	remove  func()
}

// newMachine has a backend that says text; one that says what fits if there is none.
func newMachine(text string) machine {
	e := emulator.New(emulator.Config{Scene: emulator.Scene{Text: text}})
	login := e.Login(emulator.LoginOptions{})
	dir, err := os.MkdirTemp("", "example")
	if err != nil {
		log.Fatal(err)
	}
	c := credentials.Credential{
		AccessToken: credentials.NewSecret(login.AccessToken), RefreshToken: credentials.NewSecret(login.RefreshToken),
		AccountID: login.AccountID, ExpiresAt: login.ExpiresAt,
	}
	file := filepath.Join(dir, "auth.json")
	data, err := credentials.Encode(c, credentials.LangChain)
	if err == nil {
		err = os.WriteFile(file, data, 0o600)
	}
	if err != nil {
		log.Fatal(err)
	}
	return machine{
		locator: credentials.Locator{AuthFile: file},
		network: &http.Client{Transport: e.Transport()},
		remove:  func() { _ = os.RemoveAll(dir) },
	}
}
