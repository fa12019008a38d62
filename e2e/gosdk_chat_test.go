package e2e

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"github.com/openai/openai-go/v3"
	"github.com/openai/openai-go/v3/option"
	"github.com/openai/openai-go/v3/shared"
)

// thinking is the summary of the emulator's scene "thinking" below.
const thinking = `{"reasoning": "It is short."}`

func chat(text string) openai.ChatCompletionNewParams {
	return openai.ChatCompletionNewParams{Model: plainModel, Messages: []openai.ChatCompletionMessageParamUnion{openai.UserMessage(text)}}
}

// silent is chat without any reasoning, which the addresses below /codex ask for.
func silent(text string) openai.ChatCompletionNewParams {
	p := chat(text)
	p.ReasoningEffort = shared.ReasoningEffortNone
	return p
}

// proxy.md, Routes: "POST /codex/chat/completions, /codex/v1/chat/completions,
// /v1/chat/completions: Chat Completions, translated"; Chat answers: "real id, object,
// created, model, choices[].index, … then stop".
func TestGoSDKChat(t *testing.T) {
	s := startServer(t)
	for _, base := range bases {
		t.Run(base, func(t *testing.T) {
			client := s.goSDK(base)
			p := silent("hi")
			p.Messages = append([]openai.ChatCompletionMessageParamUnion{openai.SystemMessage("Be brief."), openai.DeveloperMessage("Be kind.")}, p.Messages...)
			got, err := client.Chat.Completions.New(t.Context(), p)
			if err != nil {
				t.Fatal(explain(err))
			}
			completed(t, got, "You said: hi", "stop")
			last := s.upstream.lastAsked(t)
			last.own(t)
			if instructions, _ := last.Body["instructions"].(string); !strings.Contains(instructions, "Be brief.") {
				t.Errorf("instructions: got %q, want those of the client", instructions)
			}

			p = silent("And now?")
			p.Messages = append([]openai.ChatCompletionMessageParamUnion{openai.UserMessage("My name is Alice"), openai.AssistantMessage("Hello Alice.")}, openai.UserMessage("What's my name?"))
			if got, err = client.Chat.Completions.New(t.Context(), p); err != nil {
				t.Fatal(explain(err))
			}
			completed(t, got, "Your name is Alice.", "stop")
			want := []string{"user: My name is Alice", "assistant: Hello Alice.", "user: What's my name?"}
			if got := s.upstream.lastAsked(t).items(); !slices.Equal(got, want) {
				t.Errorf("the backend got %q, want %q", got, want)
			}
		})
	}
}

// proxy.md, Chat answers: "delta.role first, finish_reason: null until the end"; "usage
// with cached and reasoning details (in a stream only if asked for)"; "choices is never
// empty except in the requested usage chunk".
func TestGoSDKChatStream(t *testing.T) {
	s := startServer(t)
	for _, base := range bases {
		t.Run(base, func(t *testing.T) {
			client := s.goSDK(base)
			total := chatStreamed(t, client, silent("Tell me a story"))
			completed(t, &total.ChatCompletion, "You said: Tell me a story", "stop")
			if total.Usage.TotalTokens != 0 {
				t.Errorf("usage %+v, want none unless it is asked for", total.Usage)
			}
			if total.finished != "You said: Tell me a story" {
				t.Errorf("the accumulator says %q has just finished, want the whole text once", total.finished)
			}

			p := silent("hi")
			p.StreamOptions.IncludeUsage = openai.Bool(true)
			total = chatStreamed(t, client, p)
			completed(t, &total.ChatCompletion, "You said: hi", "stop")
			if u := total.Usage; u.PromptTokens == 0 || u.CompletionTokens == 0 || u.TotalTokens != u.PromptTokens+u.CompletionTokens {
				t.Errorf("usage %+v, want what was asked for", u)
			}
		})
	}
}

// proxy.md, Chat translation: "tools, tool_choice, parallel_tool_calls, custom tools";
// Chat answers: "tool-call deltas with the right index"; "fc_ item ids and call_ call ids
// never confused". A full loop: calls, outputs, final answer, stream and not.
func TestGoSDKChatTools(t *testing.T) {
	s := startServer(t)
	client := s.goSDK("/v1")
	tools := []openai.ChatCompletionToolUnionParam{chatTool("get_weather"), chatTool("get_forecast")}
	loop := func(t *testing.T, scene string, want int, answer func(openai.ChatCompletionNewParams) *openai.ChatCompletion) {
		t.Helper()
		s.upstream.scene(t, scene)
		p := silent("What's the weather in Paris?")
		p.Tools = tools
		first := answer(p)
		completed(t, first, "", "tool_calls")
		calls := first.Choices[0].Message.ToolCalls
		if len(calls) != want {
			t.Fatalf("%d calls, want %d: %s", len(calls), want, first.RawJSON())
		}
		p.Messages = append(p.Messages, first.Choices[0].Message.ToParam())
		items := []string{"user: What's the weather in Paris?"}
		for i, call := range calls {
			if !strings.HasPrefix(call.ID, "call_") || call.Type != "function" || !json.Valid([]byte(call.Function.Arguments)) {
				t.Errorf("call %s, want the id call_…, the type function and arguments in JSON", call.RawJSON())
			}
			if name := []string{"get_weather", "get_forecast"}[i]; call.Function.Name != name {
				t.Errorf("call %d is of %s, want %s", i, call.Function.Name, name)
			}
			items = append(items, "function_call: "+call.Function.Arguments)
		}
		for i, call := range calls {
			p.Messages = append(p.Messages, openai.ToolMessage([]string{"18 degrees", "rain"}[i], call.ID))
			items = append(items, "function_call_output: "+[]string{"18 degrees", "rain"}[i])
		}
		s.upstream.scene(t, `{}`)
		completed(t, answer(p), "The tool answered: "+[]string{"", "18 degrees", "rain"}[want], "stop")
		got := s.upstream.lastAsked(t).items()
		slices.Sort(got) // calls and outputs may be in turns
		slices.Sort(items)
		if !slices.Equal(got, items) {
			t.Errorf("the backend got %q, want %q", got, items)
		}
	}
	whole := func(t *testing.T) func(openai.ChatCompletionNewParams) *openai.ChatCompletion {
		return func(p openai.ChatCompletionNewParams) *openai.ChatCompletion {
			t.Helper()
			got, err := client.Chat.Completions.New(t.Context(), p)
			if err != nil {
				t.Fatal(explain(err))
			}
			return got
		}
	}
	inPieces := func(t *testing.T) func(openai.ChatCompletionNewParams) *openai.ChatCompletion {
		return func(p openai.ChatCompletionNewParams) *openai.ChatCompletion {
			t.Helper()
			total := chatStreamed(t, client, p)
			if calls := total.Choices[0].Message.ToolCalls; len(calls) != len(total.calls) {
				t.Errorf("the accumulator says %d calls have just finished, want %d", len(total.calls), len(calls))
			}
			return &total.ChatCompletion
		}
	}
	t.Run("one call", func(t *testing.T) { loop(t, `{}`, 1, whole(t)) })
	t.Run("one call in a stream", func(t *testing.T) { loop(t, `{}`, 1, inPieces(t)) })
	t.Run("parallel calls", func(t *testing.T) { loop(t, `{"name": "parallel-tool-calls"}`, 2, whole(t)) })
	t.Run("parallel calls in a stream", func(t *testing.T) { loop(t, `{"name": "parallel-tool-calls"}`, 2, inPieces(t)) })
	t.Run("a tool that is chosen, and none", func(t *testing.T) {
		p := silent("Any")
		p.Tools = tools
		p.ToolChoice = openai.ToolChoiceOptionFunctionToolChoice(openai.ChatCompletionNamedToolChoiceFunctionParam{Name: "get_forecast"})
		got := whole(t)(p)
		if calls := got.Choices[0].Message.ToolCalls; len(calls) != 1 || calls[0].Function.Name != "get_forecast" {
			t.Errorf("called: %s, want get_forecast", got.RawJSON())
		}
		p.ToolChoice = openai.ChatCompletionToolChoiceOptionUnionParam{OfAuto: openai.String("none")}
		completed(t, whole(t)(p), "You said: Any", "stop")
	})
	t.Run("a long name", func(t *testing.T) {
		// proxy.md, Chat translation: "tool names over 64 characters shortened and restored".
		name := "mcp__a_server_with_a_long_name__" + strings.Repeat("and_a_long_tool_", 4)
		p := silent("Any")
		p.Tools = []openai.ChatCompletionToolUnionParam{chatTool(name)}
		for form, got := range map[string]*openai.ChatCompletion{"whole": whole(t)(p), "in pieces": inPieces(t)(p)} {
			if calls := got.Choices[0].Message.ToolCalls; len(calls) != 1 || calls[0].Function.Name != name {
				t.Errorf("%s: called %s, want %s", form, got.RawJSON(), name)
			}
		}
		if sent := s.upstream.lastAsked(t).Body["tools"].([]any)[0].(map[string]any)["name"].(string); len(sent) > 64 {
			t.Errorf("the backend got the name %s of %d characters", sent, len(sent))
		}
	})
	t.Run("a custom tool", func(t *testing.T) {
		p := silent("Any")
		p.Tools = []openai.ChatCompletionToolUnionParam{openai.ChatCompletionCustomTool(openai.ChatCompletionCustomToolCustomParam{Name: "run"})}
		got := whole(t)(p)
		calls := got.Choices[0].Message.ToolCalls
		if len(calls) != 1 || calls[0].Type != "custom" || calls[0].Custom.Name != "run" || calls[0].Custom.Input != "example input" {
			t.Fatalf("called: %s, want the custom tool", got.RawJSON())
		}
		p.Messages = append(p.Messages, got.Choices[0].Message.ToParam(), openai.ToolMessage("done", calls[0].ID))
		completed(t, whole(t)(p), "The tool answered: done", "stop")
	})
}

// proxy.md, Chat translation: "text, image_url … parts", "response_format text /
// json_object / json_schema", "reasoning_effort"; Chat answers: "reasoning summary once:
// inside <reasoning>…</reasoning> on the /codex/… routes, as reasoning_content on /v1/…".
func TestGoSDKChatContents(t *testing.T) {
	s := startServer(t)
	ask := func(t *testing.T, base string, p openai.ChatCompletionNewParams) *openai.ChatCompletion {
		t.Helper()
		client := s.goSDK(base)
		got, err := client.Chat.Completions.New(t.Context(), p)
		if err != nil {
			t.Fatal(explain(err))
		}
		return got
	}
	t.Run("an image as a data URL", func(t *testing.T) {
		p := silent("")
		p.Messages = []openai.ChatCompletionMessageParamUnion{openai.UserMessage([]openai.ChatCompletionContentPartUnionParam{
			openai.TextContentPart("What is this?"),
			openai.ImageContentPart(openai.ChatCompletionContentPartImageImageURLParam{URL: pixel, Detail: "low"}),
		})}
		completed(t, ask(t, "/v1", p), "You said: What is this? [images: 1]", "stop")
	})
	t.Run("structured output", func(t *testing.T) {
		for _, base := range bases { // below /codex no tags may come before the JSON
			p := chat("Invent somebody.")
			p.ResponseFormat.OfJSONSchema = &shared.ResponseFormatJSONSchemaParam{JSONSchema: shared.ResponseFormatJSONSchemaJSONSchemaParam{
				Name: "person", Strict: openai.Bool(true), Schema: personSchema(),
			}}
			isPerson(t, ask(t, base, p).Choices[0].Message.Content)
			client := s.goSDK(base)
			total := chatStreamed(t, client, p)
			isPerson(t, total.Choices[0].Message.Content)
		}
		p := chat("Answer in JSON.")
		p.ResponseFormat.OfJSONObject = &shared.ResponseFormatJSONObjectParam{}
		if text := ask(t, "/codex", p).Choices[0].Message.Content; !json.Valid([]byte(text)) {
			t.Errorf("the answer %q is no JSON", text)
		}
	})
	t.Run("reasoning", func(t *testing.T) {
		s.upstream.scene(t, thinking)
		defer s.upstream.scene(t, `{}`)
		for _, base := range bases {
			p := chat("hi")
			p.ReasoningEffort = shared.ReasoningEffortHigh
			got := ask(t, base, p).Choices[0].Message
			client := s.goSDK(base)
			total := chatStreamed(t, client, p)
			extra := struct {
				Content string `json:"reasoning_content"`
			}{}
			if err := json.Unmarshal([]byte(got.RawJSON()), &extra); err != nil {
				t.Fatal(err)
			}
			tags, field := "<reasoning>It is short.</reasoning>", ""
			if base == "/v1" {
				tags, field = "", "It is short."
			}
			if !strings.HasPrefix(got.Content, tags) || !strings.HasSuffix(got.Content, "You said: hi") || strings.Count(got.Content, "reasoning>") != 2*min(len(tags), 1) || extra.Content != field {
				t.Errorf("%s: content %q, reasoning_content %q; want %q and %q first", base, got.Content, extra.Content, tags, field)
			}
			if total.Choices[0].Message.Content != got.Content || total.reasoning != field {
				t.Errorf("%s, in a stream: content %q, reasoning_content %q; want the same as without: %q, %q",
					base, total.Choices[0].Message.Content, total.reasoning, got.Content, field)
			}
			if sent, _ := s.upstream.lastAsked(t).Body["reasoning"].(map[string]any); sent["effort"] != "high" || sent["summary"] != "auto" {
				t.Errorf("%s: the backend got reasoning %v, want high and auto", base, sent)
			}
		}
	})
	t.Run("tags that come back", func(t *testing.T) {
		// proxy.md, Chat answers: "tags that a client sends back in assistant messages are
		// removed before sending".
		first := ask(t, "/codex", chat("hi")).Choices[0].Message
		if !strings.HasPrefix(first.Content, "<reasoning>") {
			t.Fatalf("content %q, want reasoning in tags", first.Content)
		}
		p := chat("hi")
		p.Messages = append(p.Messages, first.ToParam(), openai.UserMessage("Go on."))
		ask(t, "/codex", p)
		if got, want := s.upstream.lastAsked(t).items(), []string{"user: hi", "assistant: You said: hi", "user: Go on."}; !slices.Equal(got, want) {
			t.Errorf("the backend got %q, want %q", got, want)
		}
	})
	t.Run("a refusal", func(t *testing.T) {
		s.upstream.scene(t, `{"name": "refusal"}`)
		defer s.upstream.scene(t, `{}`)
		p := silent("hi")
		client := s.goSDK("/v1")
		total := chatStreamed(t, client, p)
		for form, got := range map[string]openai.ChatCompletionMessage{"whole": ask(t, "/v1", p).Choices[0].Message, "in pieces": total.Choices[0].Message} {
			if got.Refusal != "I cannot help with that." || got.Content != "" {
				t.Errorf("%s: refusal %q, content %q; want the refusal alone", form, got.Refusal, got.Content)
			}
		}
	})
	t.Run("a stop, several choices and a cap", func(t *testing.T) {
		// proxy.md, Requests: "Emulated here because no peer does: stop …, n up to 8 by
		// parallel calls, max_tokens/max_completion_tokens … finish_reason: length".
		s.upstream.scene(t, `{"text": "one two three four five six", "event_delay_ms": 20}`)
		defer s.upstream.scene(t, `{}`)
		p := silent("Count.")
		p.Stop.OfString = openai.String(" four")
		completed(t, ask(t, "/v1", p), "one two three", "stop")
		client := s.goSDK("/v1")
		total := chatStreamed(t, client, p)
		completed(t, &total.ChatCompletion, "one two three", "stop")
		if how := s.upstream.outcome(t); how != "client_gone" {
			t.Errorf("the call to the backend ended %q, want client_gone", how)
		}

		p = silent("Count.")
		p.MaxCompletionTokens = openai.Int(2)
		completed(t, ask(t, "/v1", p), "one two", "length")
		total = chatStreamed(t, client, p)
		completed(t, &total.ChatCompletion, "one two", "length")

		p = silent("Count.")
		p.N = openai.Int(3)
		total = chatStreamed(t, client, p)
		for form, got := range map[string]*openai.ChatCompletion{"whole": ask(t, "/v1", p), "in pieces": &total.ChatCompletion} {
			if len(got.Choices) != 3 {
				t.Fatalf("%s: %d choices, want 3", form, len(got.Choices))
			}
			for i, choice := range got.Choices {
				if choice.Index != int64(i) || choice.Message.Content != "one two three four five six" || choice.FinishReason != "stop" {
					t.Errorf("%s: choice %d is %s", form, i, choice.RawJSON())
				}
			}
		}
	})
	t.Run("fields that the backend refuses", func(t *testing.T) {
		// proxy.md, Requests: "Fields the backend refuses are dropped".
		p := silent("hi")
		p.Temperature, p.TopP, p.Seed = openai.Float(0.7), openai.Float(0.9), openai.Int(1)
		p.PresencePenalty, p.User = openai.Float(0.1), openai.String("somebody")
		completed(t, ask(t, "/codex/v1", p), "You said: hi", "stop")
	})
}

// proxy.md, Sessions: "the header session_id … keep the conversation here"; "Each answer
// names its conversation in header x-codexctl-session".
func TestGoSDKChatSession(t *testing.T) {
	s := startServer(t)
	client := s.goSDK("/v1")
	named := option.WithHeader("session_id", "alice-1")
	for _, turn := range []struct{ say, want string }{{"My name is Alice", "You said: My name is Alice"}, {"What's my name?", "Your name is Alice."}} {
		got, err := client.Chat.Completions.New(t.Context(), silent(turn.say), named)
		if err != nil {
			t.Fatal(explain(err))
		}
		completed(t, got, turn.want, "stop")
	}
	byPath := s.goSDK("/codex/alice-1")
	got, err := byPath.Chat.Completions.New(t.Context(), silent("What's my name?"))
	if err != nil {
		t.Fatal(explain(err))
	}
	completed(t, got, "Your name is Alice.", "stop")
	if got, err = client.Chat.Completions.New(t.Context(), silent("What's my name?")); err != nil {
		t.Fatal(explain(err))
	}
	completed(t, got, "You have not told me your name.", "stop")
}

// proxy.md, Chat translation: "orphan tool calls or outputs repaired with a note". A
// conversation that is kept here must not be lost because a client did not answer a call.
func TestGoSDKChatOrphans(t *testing.T) {
	s := startServer(t)
	withTools := silent("Weather?")
	withTools.Tools = []openai.ChatCompletionToolUnionParam{chatTool("get_weather")}
	t.Run("in the client's history", func(t *testing.T) {
		client := s.goSDK("/v1")
		first, err := client.Chat.Completions.New(t.Context(), withTools)
		if err != nil {
			t.Fatal(explain(err))
		}
		p := silent("Weather?")
		p.Messages = append(p.Messages, first.Choices[0].Message.ToParam(), openai.UserMessage("Never mind."))
		got, err := client.Chat.Completions.New(t.Context(), p)
		if err != nil {
			t.Fatal(explain(err))
		}
		completed(t, got, "You said: Never mind.", "stop")
	})
	t.Run("in a conversation that is kept here", func(t *testing.T) {
		client := s.goSDK("/codex/orphan-1")
		if _, err := client.Chat.Completions.New(t.Context(), withTools); err != nil {
			t.Fatal(explain(err))
		}
		for range 2 {
			got, err := client.Chat.Completions.New(t.Context(), silent("Never mind."))
			if err != nil {
				t.Fatal(explain(err))
			}
			completed(t, got, "You said: Never mind.", "stop")
		}
	})
}

// chatTotal is what a client saw of a stream.
type chatTotal struct {
	openai.ChatCompletionAccumulator
	finished  string // contents that the accumulator calls finished
	reasoning string
	calls     []openai.FinishedChatCompletionToolCall
}

// chatStreamed reads a stream to its end, and checks its chunks.
func chatStreamed(t *testing.T, client openai.Client, p openai.ChatCompletionNewParams) *chatTotal {
	t.Helper()
	stream := client.Chat.Completions.NewStreaming(t.Context(), p)
	total := &chatTotal{}
	roles, ended := map[int64]int{}, map[int64]int{}
	for stream.Next() {
		chunk := stream.Current()
		if !total.AddChunk(chunk) {
			t.Errorf("the SDK's accumulator does not take %s", chunk.RawJSON())
		}
		if text, ok := total.JustFinishedContent(); ok {
			total.finished += text
		}
		if call, ok := total.JustFinishedToolCall(); ok {
			total.calls = append(total.calls, call)
		}
		if chunk.Object != "chat.completion.chunk" || !strings.HasPrefix(chunk.ID, "chatcmpl-") || chunk.Model != plainModel || chunk.Created == 0 {
			t.Errorf("chunk %s, want object, id, model and created", chunk.RawJSON())
		}
		if asked := p.StreamOptions.IncludeUsage.Value; len(chunk.Choices) == 0 && (!asked || chunk.Usage.TotalTokens == 0) {
			t.Errorf("chunk %s has no choice and no usage", chunk.RawJSON())
		}
		for _, choice := range chunk.Choices {
			if choice.Delta.Role != "" {
				roles[choice.Index]++
			}
			if roles[choice.Index] != 1 || ended[choice.Index] != 0 {
				t.Errorf("chunk %s, want a role in the first chunk of a choice only, and nothing after its end", chunk.RawJSON())
			}
			if choice.FinishReason != "" {
				ended[choice.Index]++
			}
			var extra struct {
				Content string `json:"reasoning_content"`
			}
			if err := json.Unmarshal([]byte(choice.Delta.RawJSON()), &extra); err != nil {
				t.Fatal(err)
			}
			total.reasoning += extra.Content
		}
	}
	if err := stream.Err(); err != nil {
		t.Fatal(explain(err))
	}
	if len(total.Choices) == 0 || len(ended) != len(total.Choices) {
		t.Fatalf("%d of %d choices have ended, want all: %s", len(ended), len(total.Choices), total.RawJSON())
	}
	return total
}

// completed checks a finished chat answer.
func completed(t *testing.T, got *openai.ChatCompletion, text, reason string) {
	t.Helper()
	if len(got.Choices) != 1 {
		t.Fatalf("%d choices, want 1: %s", len(got.Choices), got.RawJSON())
	}
	choice := got.Choices[0]
	if choice.Message.Content != text || choice.FinishReason != reason || choice.Index != 0 || choice.Message.Role != "assistant" {
		t.Errorf("the answer is %q by %s, ended by %q; want %q by assistant, ended by %q", choice.Message.Content, choice.Message.Role, choice.FinishReason, text, reason)
	}
	if !strings.HasPrefix(got.ID, "chatcmpl-") || got.Model != plainModel || got.Created == 0 {
		t.Errorf("id %s, model %s, created %d; want a chatcmpl- id, the model and a time", got.ID, got.Model, got.Created)
	}
}

func chatTool(name string) openai.ChatCompletionToolUnionParam {
	return openai.ChatCompletionFunctionTool(shared.FunctionDefinitionParam{
		Name: name, Description: openai.String("Tells about the weather."), Parameters: placeSchema(), Strict: openai.Bool(true),
	})
}
