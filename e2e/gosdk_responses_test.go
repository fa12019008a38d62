package e2e

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/openai/openai-go/v3"
	"github.com/openai/openai-go/v3/option"
	"github.com/openai/openai-go/v3/packages/param"
	"github.com/openai/openai-go/v3/responses"
	"github.com/openai/openai-go/v3/shared"
)

// plainModel is one that the emulator answers in plain form.
const plainModel = "gpt-5.5"

// pixel is an image of one pixel.
const pixel = "data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="

// goSDK is OpenAI's SDK for Go, as a program has it that only knows a base address.
func (s server) goSDK(base string) openai.Client {
	return openai.NewClient(option.WithBaseURL(s.url+base), option.WithAPIKey("any-key"), option.WithMaxRetries(0))
}

func input(text string) responses.ResponseNewParamsInputUnion {
	return responses.ResponseNewParamsInputUnion{OfString: openai.String(text)}
}

func list(items ...responses.ResponseInputItemUnionParam) responses.ResponseNewParamsInputUnion {
	return responses.ResponseNewParamsInputUnion{OfInputItemList: items}
}

func userSays(text string) responses.ResponseInputItemUnionParam {
	return responses.ResponseInputItemParamOfMessage(text, responses.EasyInputMessageRoleUser)
}

// again is an item of an answer, as the input of the next request.
func again(item responses.ResponseOutputItemUnion) responses.ResponseInputItemUnionParam {
	return param.Override[responses.ResponseInputItemUnionParam](json.RawMessage(item.RawJSON()))
}

// proxy.md, Routes: "POST /codex/responses, /codex/v1/responses, /v1/responses:
// Responses, pass-through"; Requests: "string or list input, stream true, false or
// absent", "one object collected from the item events".
func TestGoSDKResponses(t *testing.T) {
	s := startServer(t)
	for _, base := range bases {
		t.Run(base, func(t *testing.T) {
			client := s.goSDK(base)
			got, err := client.Responses.New(t.Context(), responses.ResponseNewParams{Model: plainModel, Input: input("hi")})
			if err != nil {
				t.Fatal(explain(err))
			}
			answered(t, got, "You said: hi")
			s.upstream.lastAsked(t).own(t)

			got, err = client.Responses.New(t.Context(), responses.ResponseNewParams{
				Model: plainModel, Input: list(userSays("hi again")), Store: openai.Bool(true), Instructions: openai.String("Be brief."),
			})
			if err != nil {
				t.Fatal(explain(err))
			}
			answered(t, got, "You said: hi again")
			if last := s.upstream.lastAsked(t); last.Body["instructions"] != "Be brief." {
				t.Errorf("instructions: got %v, want those of the client alone", last.Body["instructions"])
			}
		})
	}
}

// proxy.md, Requests: "a stream only if stream: true"; Requests, stream headers: "a
// terminal event with an empty output: its response.output is filled from the item
// events, because the SDKs read the answer there".
func TestGoSDKResponsesStream(t *testing.T) {
	s := startServer(t)
	for _, base := range bases {
		t.Run(base, func(t *testing.T) {
			client := s.goSDK(base)
			final, seen := streamed(t, client, responses.ResponseNewParams{Model: plainModel, Input: input("Tell me a story")})
			answered(t, final, "You said: Tell me a story")
			if seen.text != "You said: Tell me a story" {
				t.Errorf("deltas: got %q, want the whole answer", seen.text)
			}
			if seen.types[0] != "response.created" || seen.types[len(seen.types)-1] != "response.completed" {
				t.Errorf("events: %v, want response.created first and response.completed last", seen.types)
			}
			if !slices.IsSorted(seen.numbers) || len(slices.Compact(slices.Clone(seen.numbers))) != len(seen.numbers) {
				t.Errorf("sequence numbers: %v, want them to rise", seen.numbers)
			}
			snapshot := seen.accumulator.Snapshot()
			if snapshot.OutputText() != final.OutputText() || snapshot.TerminalEvent != "response.completed" || snapshot.ResponseID != final.ID {
				t.Errorf("the SDK's accumulator: %+v, want what the last event says", snapshot)
			}
			rebuilt, err := seen.accumulator.ReconstructedResponse()
			if err != nil {
				t.Fatal(err)
			}
			answered(t, rebuilt, final.OutputText())
		})
	}
}

// proxy.md, Requests: "No hidden agent prompt, no hidden tools"; the tools of the client
// are passed through. A full loop: a call, its output, the final answer, by the client's
// own history and by previous_response_id.
func TestGoSDKResponsesTools(t *testing.T) {
	s := startServer(t)
	client := s.goSDK("/v1")
	tools := []responses.ToolUnionParam{weatherTool("get_weather"), weatherTool("get_forecast")}

	t.Run("one call, with the client's own history", func(t *testing.T) {
		history := []responses.ResponseInputItemUnionParam{userSays("What's the weather in Paris?")}
		first, err := client.Responses.New(t.Context(), responses.ResponseNewParams{
			Model: plainModel, Input: list(history...), Tools: tools, Store: openai.Bool(false),
			Include: []responses.ResponseIncludable{responses.ResponseIncludableReasoningEncryptedContent},
		})
		if err != nil {
			t.Fatal(explain(err))
		}
		calls := callsOf(t, first, 1)
		for _, item := range first.Output {
			history = append(history, again(item))
		}
		history = append(history, outputOf(calls[0], "18 degrees"))
		final, seen := streamed(t, client, responses.ResponseNewParams{Model: plainModel, Input: list(history...), Tools: tools, Store: openai.Bool(false)})
		answered(t, final, "The tool answered: 18 degrees")
		if seen.text != "The tool answered: 18 degrees" {
			t.Errorf("deltas: got %q, want the final answer", seen.text)
		}
		want := []string{"user: What's the weather in Paris?", "reasoning", "function_call: " + calls[0].Arguments.OfString, "function_call_output: 18 degrees"}
		if got := s.upstream.lastAsked(t).items(); !slices.Equal(got, want) {
			t.Errorf("the backend got %q, want each item once: %q", got, want)
		}
	})
	t.Run("parallel calls, with previous_response_id", func(t *testing.T) {
		s.upstream.scene(t, `{"name": "parallel-tool-calls"}`)
		first, seen := streamed(t, client, responses.ResponseNewParams{
			Model: plainModel, Input: input("Weather and forecast?"), Tools: tools, ParallelToolCalls: openai.Bool(true),
		})
		calls := callsOf(t, first, 2)
		if calls[0].Name != "get_weather" || calls[1].Name != "get_forecast" || calls[0].CallID == calls[1].CallID {
			t.Errorf("calls: %s %s and %s %s, want one of each tool", calls[0].Name, calls[0].CallID, calls[1].Name, calls[1].CallID)
		}
		var gathered []string
		for _, item := range seen.accumulator.Snapshot().Output {
			if item.Type == "function_call" {
				gathered = append(gathered, item.Name+" "+item.CallID+" "+item.Arguments)
			}
		}
		want := []string{calls[0].Name + " " + calls[0].CallID + " " + calls[0].Arguments.OfString, calls[1].Name + " " + calls[1].CallID + " " + calls[1].Arguments.OfString}
		if !slices.Equal(gathered, want) {
			t.Errorf("the SDK's accumulator has the calls %q, want %q", gathered, want)
		}
		s.upstream.scene(t, `{}`)
		final, err := client.Responses.New(t.Context(), responses.ResponseNewParams{
			Model: plainModel, PreviousResponseID: openai.String(first.ID), Tools: tools,
			Input: list(outputOf(calls[0], "18 degrees"), outputOf(calls[1], "rain")),
		})
		if err != nil {
			t.Fatal(explain(err))
		}
		answered(t, final, "The tool answered: rain")
		s.upstream.lastAsked(t).own(t)
	})
	t.Run("a tool that is chosen", func(t *testing.T) {
		got, err := client.Responses.New(t.Context(), responses.ResponseNewParams{
			Model: plainModel, Input: input("Any"), Tools: tools,
			ToolChoice: responses.ResponseNewParamsToolChoiceUnion{OfFunctionTool: &responses.ToolChoiceFunctionParam{Name: "get_forecast"}},
		})
		if err != nil {
			t.Fatal(explain(err))
		}
		if calls := callsOf(t, got, 1); calls[0].Name != "get_forecast" {
			t.Errorf("called: %s, want get_forecast", calls[0].Name)
		}
	})
}

// proxy.md, Routes: Responses, "pass-through": images, structured output and reasoning
// reach the backend as the client has them.
func TestGoSDKResponsesContents(t *testing.T) {
	s := startServer(t)
	client := s.goSDK("/codex/v1")
	t.Run("an image as a data URL", func(t *testing.T) {
		content := responses.ResponseInputMessageContentListParam{
			responses.ResponseInputContentParamOfInputText("What is this?"),
			{OfInputImage: &responses.ResponseInputImageParam{Detail: responses.ResponseInputImageDetailAuto, ImageURL: openai.String(pixel)}},
		}
		got, err := client.Responses.New(t.Context(), responses.ResponseNewParams{
			Model: plainModel, Input: list(responses.ResponseInputItemParamOfMessage(content, responses.EasyInputMessageRoleUser)),
		})
		if err != nil {
			t.Fatal(explain(err))
		}
		answered(t, got, "You said: What is this? [images: 1]")
	})
	t.Run("structured output", func(t *testing.T) {
		format := responses.ResponseFormatTextConfigParamOfJSONSchema("person", personSchema())
		format.OfJSONSchema.Strict = openai.Bool(true)
		got, err := client.Responses.New(t.Context(), responses.ResponseNewParams{
			Model: plainModel, Input: input("Invent somebody."), Text: responses.ResponseTextConfigParam{Format: format},
		})
		if err != nil {
			t.Fatal(explain(err))
		}
		isPerson(t, got.OutputText())
	})
	t.Run("reasoning with a summary", func(t *testing.T) {
		got, seen := streamed(t, client, responses.ResponseNewParams{
			Model: plainModel, Input: input("Think."),
			Reasoning: shared.ReasoningParam{Effort: shared.ReasoningEffortHigh, Summary: shared.ReasoningSummaryAuto},
		})
		answered(t, got, "You said: Think.")
		i := slices.IndexFunc(got.Output, func(o responses.ResponseOutputItemUnion) bool { return o.Type == "reasoning" })
		if i < 0 || len(got.Output[i].Summary) == 0 || got.Output[i].Summary[0].Text == "" {
			t.Errorf("output %s, want a reasoning item with its summary", got.RawJSON())
		}
		if !slices.Contains(seen.types, "response.reasoning_summary_text.delta") {
			t.Errorf("events: %v, want deltas of the summary", seen.types)
		}
		if effort, _ := s.upstream.lastAsked(t).Body["reasoning"].(map[string]any); effort["effort"] != "high" || effort["summary"] != "auto" {
			t.Errorf("the backend got reasoning %v, want high and auto", effort)
		}
	})
	t.Run("system messages are instructions", func(t *testing.T) {
		_, err := client.Responses.New(t.Context(), responses.ResponseNewParams{
			Model: plainModel, Instructions: openai.String("First."),
			Input: list(responses.ResponseInputItemParamOfMessage("Second.", responses.EasyInputMessageRoleSystem), userSays("hi")),
		})
		if err != nil {
			t.Fatal(explain(err))
		}
		// proxy.md, Requests: "Given both instructions and system messages, they are
		// joined in that order by a blank line."
		if last := s.upstream.lastAsked(t); last.Body["instructions"] != "First.\n\nSecond." {
			t.Errorf("instructions: got %q, want both, joined", last.Body["instructions"])
		}
	})
	t.Run("a cap on the length", func(t *testing.T) {
		// proxy.md, Requests: "max_output_tokens as a local cap with … incomplete (the
		// upstream call is cancelled)".
		s.upstream.scene(t, `{"text": "one two three four five six seven eight", "event_delay_ms": 30}`)
		defer s.upstream.scene(t, `{}`)
		got, err := client.Responses.New(t.Context(), responses.ResponseNewParams{Model: plainModel, Input: input("Count."), MaxOutputTokens: openai.Int(3)})
		if err != nil {
			t.Fatal(explain(err))
		}
		if got.Status != "incomplete" || got.IncompleteDetails.Reason != "max_output_tokens" || got.OutputText() != "one two three" {
			t.Errorf("status %s (%s), text %q; want incomplete, max_output_tokens, and three words", got.Status, got.IncompleteDetails.Reason, got.OutputText())
		}
		if how := s.upstream.outcome(t); how != "client_gone" {
			t.Errorf("the call to the backend ended %q, want client_gone", how)
		}
		got, seen := streamed(t, client, responses.ResponseNewParams{Model: plainModel, Input: input("Count."), MaxOutputTokens: openai.Int(3)})
		if got.Status != "incomplete" || got.OutputText() != "one two three" || seen.text != "one two three" || seen.types[len(seen.types)-1] != "response.incomplete" {
			t.Errorf("in a stream: %s, text %q, deltas %q, events %v; want incomplete and three words", got.Status, got.OutputText(), seen.text, seen.types)
		}
		if rebuilt := seen.accumulator.Snapshot(); rebuilt.OutputText() != "one two three" || rebuilt.TerminalEvent != "response.incomplete" {
			t.Errorf("the SDK's accumulator: %+v, want three words and response.incomplete", rebuilt)
		}
	})
}

// proxy.md, Sessions: "previous_response_id … keep the conversation here: what was sent
// and answered is replayed before the new input"; rulings, Sessions: "previous_response_id
// names any node and moves no pointer"; "store: false … keep nothing".
func TestGoSDKPreviousResponse(t *testing.T) {
	s := startServer(t)
	for _, base := range bases {
		t.Run(base, func(t *testing.T) {
			client := s.goSDK(base)
			ask := func(previous, text string) *responses.Response {
				t.Helper()
				p := responses.ResponseNewParams{Model: plainModel, Input: input(text)}
				if previous != "" {
					p.PreviousResponseID = openai.String(previous)
				}
				got, err := client.Responses.New(t.Context(), p)
				if err != nil {
					t.Fatal(explain(err))
				}
				return got
			}
			first := ask("", "My name is Alice")
			second := ask(first.ID, "My colour is blue")
			answered(t, ask(second.ID, "What's my name?"), "Your name is Alice.")
			answered(t, ask(second.ID, "What's my colour?"), "Your colour is blue.")
			answered(t, ask(first.ID, "What's my colour?"), "You have not told me your colour.")
			answered(t, ask("", "What's my name?"), "You have not told me your name.")

			final, _ := streamed(t, client, responses.ResponseNewParams{Model: plainModel, Input: input("What's my name?"), PreviousResponseID: openai.String(second.ID)})
			answered(t, final, "Your name is Alice.")
			answered(t, ask(final.ID, "What's my colour?"), "Your colour is blue.")
		})
	}
	t.Run("what is not to be stored is not kept", func(t *testing.T) {
		client := s.goSDK("/v1")
		first, err := client.Responses.New(t.Context(), responses.ResponseNewParams{Model: plainModel, Input: input("hi"), Store: openai.Bool(false)})
		if err != nil {
			t.Fatal(explain(err))
		}
		_, err = client.Responses.New(t.Context(), responses.ResponseNewParams{Model: plainModel, Input: input("hi"), PreviousResponseID: openai.String(first.ID)})
		refused(t, err, refusal{status: 400, kind: "invalid_request_error", code: "previous_response_not_found", param: "previous_response_id", message: first.ID})
	})
}

// proxy.md, Errors: "A client that leaves cancels its upstream call."
func TestGoSDKCancels(t *testing.T) {
	const slow = `{"deltas": ["one ", "two ", "three"], "event_delay_ms": 10, "cut": "stall", "cut_at": "after_deltas", "cut_deltas": 2}`
	t.Run("a stream of Responses", func(t *testing.T) {
		s := startServer(t)
		s.upstream.scene(t, slow)
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		client := s.goSDK("/v1")
		stream := client.Responses.NewStreaming(ctx, responses.ResponseNewParams{Model: plainModel, Input: input("hi")})
		for stream.Next() {
			if stream.Current().Type == "response.output_text.delta" {
				cancel()
			}
		}
		gone(t, s, stream.Err())
	})
	t.Run("a whole Response", func(t *testing.T) {
		s := startServer(t)
		s.upstream.scene(t, slow)
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		go func() { s.awaitAsked(t); cancel() }()
		client := s.goSDK("/v1")
		_, err := client.Responses.New(ctx, responses.ResponseNewParams{Model: plainModel, Input: input("hi")})
		gone(t, s, err)
	})
	t.Run("a stream of chat", func(t *testing.T) {
		s := startServer(t)
		s.upstream.scene(t, slow)
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		client := s.goSDK("/codex")
		stream := client.Chat.Completions.NewStreaming(ctx, chat("hi"))
		for stream.Next() {
			if choices := stream.Current().Choices; len(choices) > 0 && choices[0].Delta.Content != "" {
				cancel()
			}
		}
		gone(t, s, stream.Err())
	})
	t.Run("a whole chat answer", func(t *testing.T) {
		s := startServer(t)
		s.upstream.scene(t, slow)
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		go func() { s.awaitAsked(t); cancel() }()
		client := s.goSDK("/codex")
		_, err := client.Chat.Completions.New(ctx, chat("hi"))
		gone(t, s, err)
	})
}

// gone checks that a cancelled call has failed here, and was given up by the server.
func gone(t *testing.T, s server, err error) {
	t.Helper()
	if !errors.Is(err, context.Canceled) {
		t.Errorf("the client's error: %v, want a cancelled context", err)
	}
	if how := s.upstream.outcome(t); how != "client_gone" {
		t.Errorf("the call to the backend ended %q, want client_gone", how)
	}
}

// streamSeen is what a client saw of a stream.
type streamSeen struct {
	types       []string
	numbers     []int64
	text        string
	accumulator responses.ResponseAccumulator
}

// streamed reads a stream to its end; the Response is that of the last event.
func streamed(t *testing.T, client openai.Client, p responses.ResponseNewParams) (*responses.Response, *streamSeen) {
	t.Helper()
	stream := client.Responses.NewStreaming(t.Context(), p)
	seen := &streamSeen{}
	var final *responses.Response
	for stream.Next() {
		event := stream.Current()
		seen.types = append(seen.types, event.Type)
		seen.numbers = append(seen.numbers, event.SequenceNumber)
		switch event.Type {
		case "response.output_text.delta":
			seen.text += event.Delta
		case "response.completed", "response.incomplete":
			final = &event.Response
		}
		// The accumulator is made for WebSockets, whose messages are the same.
		var message responses.ResponsesServerEventUnion
		if err := json.Unmarshal([]byte(event.RawJSON()), &message); err != nil {
			t.Fatal(err)
		}
		if err := seen.accumulator.AddEvent(message); err != nil {
			t.Errorf("the SDK's accumulator: %v", err)
		}
	}
	if err := stream.Err(); err != nil {
		t.Fatal(explain(err))
	}
	if final == nil {
		t.Fatalf("the stream has no end: %v", seen.types)
	}
	return final, seen
}

// answered checks a finished Response.
func answered(t *testing.T, got *responses.Response, text string) {
	t.Helper()
	if got.OutputText() != text || got.Status != "completed" {
		t.Errorf("the answer is %s: %q, want completed: %q\n%s", got.Status, got.OutputText(), text, got.RawJSON())
	}
	if got.Object != "response" || !strings.HasPrefix(got.ID, "resp_") || got.Model != plainModel || got.Usage.TotalTokens == 0 {
		t.Errorf("object %s, id %s, model %s, %d tokens; want a response with id, model and usage", got.Object, got.ID, got.Model, got.Usage.TotalTokens)
	}
}

// callsOf is the calls of a Response, which must be so many.
func callsOf(t *testing.T, got *responses.Response, want int) []responses.ResponseOutputItemUnion {
	t.Helper()
	var calls []responses.ResponseOutputItemUnion
	for _, item := range got.Output {
		if item.Type != "function_call" {
			continue
		}
		calls = append(calls, item)
		if !strings.HasPrefix(item.CallID, "call_") || !strings.HasPrefix(item.ID, "fc_") || !json.Valid([]byte(item.Arguments.OfString)) {
			t.Errorf("call %s, want the ids call_… and fc_… and arguments in JSON", item.RawJSON())
		}
	}
	if len(calls) != want {
		t.Fatalf("%d calls, want %d: %s", len(calls), want, got.RawJSON())
	}
	return calls
}

func outputOf(call responses.ResponseOutputItemUnion, output string) responses.ResponseInputItemUnionParam {
	item := responses.ResponseInputItemParamOfFunctionCallOutput(output)
	item.OfFunctionCallOutput.CallID = openai.String(call.CallID)
	return item
}

func weatherTool(name string) responses.ToolUnionParam {
	tool := responses.ToolParamOfFunction(name, placeSchema(), true)
	tool.OfFunction.Description = openai.String("Tells about the weather.")
	return tool
}

func placeSchema() map[string]any {
	return map[string]any{
		"type": "object", "properties": map[string]any{"location": map[string]any{"type": "string"}},
		"required": []string{"location"}, "additionalProperties": false,
	}
}

func personSchema() map[string]any {
	return map[string]any{
		"type": "object", "additionalProperties": false, "required": []string{"name", "age"},
		"properties": map[string]any{"name": map[string]any{"type": "string"}, "age": map[string]any{"type": "integer"}},
	}
}

// isPerson checks that a text fits personSchema.
func isPerson(t *testing.T, text string) {
	t.Helper()
	var p struct {
		Name *string `json:"name"`
		Age  *int    `json:"age"`
	}
	decoder := json.NewDecoder(strings.NewReader(text))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&p); err != nil || p.Name == nil || p.Age == nil {
		t.Errorf("the answer %q does not fit the schema: %v", text, err)
	}
}
