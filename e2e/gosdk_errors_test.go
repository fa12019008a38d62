package e2e

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/openai/openai-go/v3"
	"github.com/openai/openai-go/v3/option"
	"github.com/openai/openai-go/v3/responses"
)

// refusal is what a client is told; message is a part of it.
type refusal struct {
	status                     int
	kind, code, param, message string
}

// refused checks the SDK's typed error.
func refused(t *testing.T, err error, want refusal) {
	t.Helper()
	var typed *openai.Error
	if !errors.As(err, &typed) {
		t.Errorf("the error is %v, want the SDK's own, with status %d", err, want.status)
		return
	}
	got := refusal{typed.StatusCode, typed.Type, typed.Code, typed.Param, typed.Message}
	if !strings.Contains(got.message, want.message) {
		t.Errorf("the message is %q, want %q in it", got.message, want.message)
	}
	got.message, want.message = "", ""
	if got != want {
		t.Errorf("the error is %+v, want %+v\n%s", got, want, typed.RawJSON())
	}
}

// explain is an error with what the server said; the SDK leaves that out.
func explain(err error) error {
	var typed *openai.Error
	if errors.As(err, &typed) {
		return fmt.Errorf("%w: %s", err, typed.RawJSON())
	}
	return err
}

// proxy.md, Errors: "Before the first byte an error is a real HTTP status with
// {"error":{"message","type","code","param"}}"; "The guide's seven troubleshooting cases
// each have their clear message"; "failure events inside an upstream 200 are turned into
// a real status while nothing has been sent on".
func TestGoSDKErrors(t *testing.T) {
	s := startServer(t)
	tests := []struct {
		name  string
		scene string
		with  func(*responses.ResponseNewParams, *openai.ChatCompletionNewParams)
		want  refusal
	}{
		{"unknown model", `{}`, func(r *responses.ResponseNewParams, c *openai.ChatCompletionNewParams) {
			r.Model, c.Model = "gpt-unknown", "gpt-unknown"
		},
			refusal{400, "invalid_request_error", "model_not_available", "", "Model not available: gpt-unknown"}},
		{"unknown model, with the account's", `{}`, func(r *responses.ResponseNewParams, c *openai.ChatCompletionNewParams) {
			r.Model, c.Model = "gpt-unknown", "gpt-unknown"
		},
			refusal{400, "invalid_request_error", "model_not_available", "", "gpt-6-sol"}},
		{"quota", `{"name": "usage-limit"}`, nil, refusal{429, "usage_limit_reached", "usage_limit_reached", "", "resets at"}},
		{"too fast", `{"name": "rate-limited-long"}`, nil, refusal{429, "requests", "rate_limit_exceeded", "", "Rate limit exceeded"}},
		{"plan", `{"name": "usage-not-included"}`, nil, refusal{403, "usage_not_included", "plan_required", "", "plan"}},
		{"context length", `{"name": "context-length"}`, nil, refusal{400, "invalid_request_error", "context_length_exceeded", "input", "context"}},
		{"context length, inside 200", `{"name": "failed-context-length"}`, nil, refusal{400, "invalid_request_error", "context_length_exceeded", "", "context"}},
		{"quota, inside 200", `{"name": "failed-usage-limit"}`, nil, refusal{429, "usage_limit_reached", "usage_limit_reached", "", "Rate limit exceeded"}},
		{"challenge", `{"name": "challenge-html"}`, nil, refusal{502, "server_error", "blocked", "", ""}},
		{"not allowed", `{"name": "forbidden-json"}`, nil, refusal{403, "permission_error", "auth_denied", "", ""}},
		{"a field of the wrong kind", `{}`, func(r *responses.ResponseNewParams, c *openai.ChatCompletionNewParams) {
			r.MaxOutputTokens, c.MaxCompletionTokens = openai.Int(-1), openai.Int(-1)
		}, refusal{400, "invalid_request_error", "invalid_request", "MAX", "whole number"}},
		{"a value that the backend refuses", `{}`, func(r *responses.ResponseNewParams, c *openai.ChatCompletionNewParams) {
			r.Reasoning.Effort, c.ReasoningEffort = "huge", "huge"
		}, refusal{400, "invalid_request_error", "unsupported_value", "reasoning.effort", "huge"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s.upstream.scene(t, tt.scene)
			r, c := responses.ResponseNewParams{Model: plainModel, Input: input("hi")}, chat("hi")
			if tt.with != nil {
				tt.with(&r, &c)
			}
			native, translated := tt.want, tt.want
			if tt.want.param == "MAX" {
				native.param, translated.param = "max_output_tokens", "max_completion_tokens"
			}
			client := s.goSDK("/codex/v1")
			t.Run("responses", func(t *testing.T) {
				_, err := client.Responses.New(t.Context(), r)
				refused(t, err, native)
			})
			t.Run("responses, stream", func(t *testing.T) {
				stream := client.Responses.NewStreaming(t.Context(), r)
				for stream.Next() {
					t.Errorf("an event has come: %s", stream.Current().RawJSON())
				}
				refused(t, stream.Err(), native)
			})
			t.Run("chat", func(t *testing.T) {
				_, err := client.Chat.Completions.New(t.Context(), c)
				refused(t, err, translated)
			})
			t.Run("chat, stream", func(t *testing.T) {
				stream := client.Chat.Completions.NewStreaming(t.Context(), c)
				for stream.Next() {
					t.Errorf("a chunk has come: %s", stream.Current().RawJSON())
				}
				refused(t, stream.Err(), translated)
			})
		})
	}
}

// proxy.md, Errors: "x-codex-*, retry-after and request-id headers kept".
func TestGoSDKErrorHeaders(t *testing.T) {
	s := startServer(t)
	client := s.goSDK("/v1")
	for scene, wanted := range map[string][]string{
		"usage-limit":       {"X-Codex-Primary-Used-Percent", "X-Codex-Plan-Type", "X-Request-Id", "X-Oai-Request-Id"},
		"rate-limited-long": {"Retry-After", "X-Request-Id", "X-Oai-Request-Id"},
	} {
		s.upstream.scene(t, `{"name": "`+scene+`"}`)
		_, native := client.Responses.New(t.Context(), responses.ResponseNewParams{Model: plainModel, Input: input("hi")})
		_, translated := client.Chat.Completions.New(t.Context(), chat("hi"))
		for _, err := range []error{native, translated} {
			var typed *openai.Error
			if !errors.As(err, &typed) {
				t.Fatalf("the error is %v, want the SDK's own", err)
			}
			for _, name := range wanted {
				if typed.Response.Header.Get(name) == "" {
					t.Errorf("%s: the answer to %s has no header %s: %v", scene, typed.Request.URL.Path, name, typed.Response.Header)
				}
			}
		}
	}
}

// proxy.md, Errors: "{"error":{"message","type","code","param"}}": param is the field that
// is wrong, before the backend is asked.
func TestGoSDKBadFields(t *testing.T) {
	s := startServer(t)
	client := s.goSDK("/v1")
	for _, tt := range []struct {
		field string
		value any
	}{
		{"input", 5}, {"input", []any{}}, {"instructions", 5}, {"model", 5}, {"tools", map[string]any{}}, {"stream", "yes"},
		{"store", "yes"}, {"previous_response_id", 5}, {"max_output_tokens", "many"}, {"messages", []any{map[string]any{"role": "user", "content": "hi"}}},
	} {
		t.Run(fmt.Sprintf("responses, %s %v", tt.field, tt.value), func(t *testing.T) {
			_, err := client.Responses.New(t.Context(), responses.ResponseNewParams{Model: plainModel, Input: input("hi")}, option.WithJSONSet(tt.field, tt.value))
			refused(t, err, refusal{400, "invalid_request_error", "invalid_request", tt.field, tt.field})
		})
	}
	for _, tt := range []struct {
		field string
		value any
	}{
		{"messages", []any{}}, {"messages", 5}, {"model", 5}, {"tools", map[string]any{}}, {"stream", "yes"}, {"n", 9}, {"stop", 5},
		{"response_format", 5}, {"max_tokens", "many"}, {"reasoning_effort", 5},
	} {
		t.Run(fmt.Sprintf("chat, %s %v", tt.field, tt.value), func(t *testing.T) {
			_, err := client.Chat.Completions.New(t.Context(), chat("hi"), option.WithJSONSet(tt.field, tt.value))
			refused(t, err, refusal{400, "invalid_request_error", "invalid_request", tt.field, tt.field})
		})
	}
	if n := len(s.upstream.journal(t, responsesPath)); n != 0 {
		t.Errorf("the backend was asked %d times, want never", n)
	}
}

// proxy.md, Errors: "no credentials (401 auth_required)"; cli: "The server starts without
// a login as well and uses one as soon as it is there".
func TestGoSDKWithoutALogin(t *testing.T) {
	emulator := startEmulator(t, `{}`)
	p := newPerson(t, emulator.variables()...)
	s := emulator.serve(t, p)
	client := s.goSDK("/v1")
	want := refusal{401, "authentication_error", "auth_required", "", "No valid OpenAI credentials found"}
	_, err := client.Responses.New(t.Context(), responses.ResponseNewParams{Model: plainModel, Input: input("hi")})
	refused(t, err, want)
	_, err = client.Chat.Completions.New(t.Context(), chat("hi"))
	refused(t, err, want)
	_, err = client.Models.List(t.Context())
	refused(t, err, want)

	owner := newPerson(t, emulator.variables()...).with("CODEXCTL_AUTH_FILE=" + emulator.authFile)
	login := owner.must(t, program, "auth", "export", "--format", "langchain", "-y").out
	imported := p.command(t, program, "auth", "import", "-y", "-")
	imported.Stdin = strings.NewReader(login)
	if said, err := imported.CombinedOutput(); err != nil {
		t.Fatalf("auth import: %v\n%s", err, said)
	}
	got, err := client.Responses.New(t.Context(), responses.ResponseNewParams{Model: plainModel, Input: input("hi")})
	if err != nil {
		t.Fatal(explain(err))
	}
	answered(t, got, "You said: hi")
}

// proxy.md, Errors: "renewal failed (401)"; "401 upstream: renew once, repeat once".
func TestGoSDKAfterTheLoginRunsOut(t *testing.T) {
	s := startServer(t)
	client := s.goSDK("/v1")
	s.upstream.scene(t, `{"name": "unauthorized-once"}`)
	got, err := client.Responses.New(t.Context(), responses.ResponseNewParams{Model: plainModel, Input: input("hi")})
	if err != nil {
		t.Fatal(explain(err))
	}
	answered(t, got, "You said: hi")
	s.upstream.scene(t, `{"fault": "token_expired", "token": "expired"}`)
	_, err = client.Chat.Completions.New(t.Context(), chat("hi"))
	refused(t, err, refusal{401, "authentication_error", "auth_expired", "", "Token refresh failed"})
}

// proxy.md, Routes: "Unknown paths: 404 in the OpenAI error shape"; "v1 is never taken
// for a session id".
func TestGoSDKWrongPath(t *testing.T) {
	s := startServer(t)
	for _, base := range []string{"", "/openai/v1", "/v2"} {
		client := s.goSDK(base)
		_, err := client.Responses.New(t.Context(), responses.ResponseNewParams{Model: plainModel, Input: input("hi")})
		refused(t, err, refusal{404, "invalid_request_error", "not_found", "", "/responses"})
		_, err = client.Chat.Completions.New(t.Context(), chat("hi"))
		refused(t, err, refusal{404, "invalid_request_error", "not_found", "", "/v1"})
	}
	client := s.goSDK("/v1")
	_, err := client.Embeddings.New(t.Context(), openai.EmbeddingNewParams{Model: "x", Input: openai.EmbeddingNewParamsInputUnion{OfString: openai.String("x")}})
	refused(t, err, refusal{404, "invalid_request_error", "not_found", "", "/v1/embeddings"})
}

// proxy.md, Requests: "with --strict (or header x-codexctl-strict: 1) they are a 400 that
// names the field"; Safety: "Authorization: Bearer"; Errors after the first byte: "one
// final error event".
func TestGoSDKStrictKeyAndLateErrors(t *testing.T) {
	s := startServer(t)
	t.Run("strict", func(t *testing.T) {
		client := s.goSDK("/v1")
		strict := option.WithHeader("x-codexctl-strict", "1")
		_, err := client.Responses.New(t.Context(), responses.ResponseNewParams{Model: plainModel, Input: input("hi"), Temperature: openai.Float(0.5)}, strict)
		refused(t, err, refusal{400, "invalid_request_error", "invalid_request", "temperature", "temperature"})
		p := chat("hi")
		p.Temperature = openai.Float(0.5)
		_, err = client.Chat.Completions.New(t.Context(), p, strict)
		refused(t, err, refusal{400, "invalid_request_error", "invalid_request", "temperature", "temperature"})
	})
	t.Run("a stream that fails late", func(t *testing.T) {
		s.upstream.scene(t, `{"name": "failed-after-deltas"}`)
		defer s.upstream.scene(t, `{}`)
		client := s.goSDK("/v1")
		chunks := client.Chat.Completions.NewStreaming(t.Context(), chat("hi"))
		text := ""
		for chunks.Next() {
			text += chunks.Current().Choices[0].Delta.Content
		}
		if err := chunks.Err(); err == nil || text != "Hel" {
			t.Errorf("chat: text %q, error %v; want Hel and an error", text, err)
		}
		events := client.Responses.NewStreaming(t.Context(), responses.ResponseNewParams{Model: plainModel, Input: input("hi")})
		var types []string
		for events.Next() {
			types = append(types, events.Current().Type)
		}
		if last := len(types) - 1; last < 0 || types[last] != "response.failed" || slices.Contains(types, "error") {
			t.Errorf("events %v (%v), want the backend's response.failed last, and no other error", types, events.Err())
		}
	})
	t.Run("a stream that breaks off", func(t *testing.T) {
		s.upstream.scene(t, `{"name": "cut-after-three-deltas"}`)
		defer s.upstream.scene(t, `{}`)
		client := s.goSDK("/v1")
		events := client.Responses.NewStreaming(t.Context(), responses.ResponseNewParams{Model: plainModel, Input: input("hi")})
		var types []string
		var told string
		for events.Next() {
			types = append(types, events.Current().Type)
			told = events.Current().Message
		}
		if last := len(types) - 1; last < 0 || types[last] != "error" || told == "" {
			t.Errorf("events %v, the last says %q (%v); want an error event with its reason", types, told, events.Err())
		}
		chunks := client.Chat.Completions.NewStreaming(t.Context(), chat("hi"))
		for chunks.Next() {
			if reason := chunks.Current().Choices[0].FinishReason; reason != "" {
				t.Errorf("chat ends by %q, want an error", reason)
			}
		}
		if chunks.Err() == nil {
			t.Error("chat: no error")
		}
	})
	t.Run("a key", func(t *testing.T) {
		locked := s.upstream.serve(t, newPerson(t, s.upstream.variables()...).with("CODEXCTL_AUTH_FILE="+s.upstream.authFile, "CODEXCTL_SERVE_KEY=the-key"))
		client := locked.goSDK("/v1")
		_, err := client.Chat.Completions.New(t.Context(), silent("hi"))
		refused(t, err, refusal{401, "authentication_error", "invalid_api_key", "", "key"})
		got, err := client.Chat.Completions.New(t.Context(), silent("hi"), option.WithAPIKey("the-key"))
		if err != nil {
			t.Fatal(explain(err))
		}
		completed(t, got, "You said: hi", "stop")
	})
}

// proxy.md, Routes: "GET …/models, GET …/models/{id} under /codex, /codex/v1, /v1: OpenAI
// list shape".
func TestGoSDKModels(t *testing.T) {
	s := startServer(t)
	for _, base := range bases {
		t.Run(base, func(t *testing.T) {
			client := s.goSDK(base)
			var ids []string
			pages := client.Models.ListAutoPaging(t.Context())
			for pages.Next() {
				m := pages.Current()
				ids = append(ids, m.ID)
				if m.Object != "model" || m.OwnedBy != "openai" || m.Created != 0 {
					t.Errorf("model %s, want object, owner and created: 0", m.RawJSON())
				}
			}
			if err := pages.Err(); err != nil {
				t.Fatal(explain(err))
			}
			want := []string{"gpt-6-sol", "gpt-5.6-sol", "gpt-5.6-terra", "gpt-5.6-luna", "gpt-5.5", "gpt-5.2"}
			if !slices.Equal(ids, want) {
				t.Errorf("models %v, want those that the account is offered: %v", ids, want)
			}
			m, err := client.Models.Get(t.Context(), plainModel)
			if err != nil {
				t.Fatal(explain(err))
			}
			if m.ID != plainModel || m.Object != "model" {
				t.Errorf("model %s, want %s", m.RawJSON(), plainModel)
			}
			_, err = client.Models.Get(t.Context(), "gpt-unknown")
			refused(t, err, refusal{404, "invalid_request_error", "model_not_found", "", "Model not available: gpt-unknown"})
		})
	}
}

// proxy.md, Routes: "POST …/responses/input_tokens: an estimate of the input tokens".
func TestGoSDKInputTokens(t *testing.T) {
	s := startServer(t)
	client := s.goSDK("/v1")
	got, err := client.Responses.InputTokens.Count(t.Context(), responses.InputTokenCountParams{
		Model: openai.String(plainModel), Input: responses.InputTokenCountParamsInputUnion{OfString: openai.String("How many tokens are these?")},
	})
	if err != nil {
		t.Fatal(explain(err))
	}
	if got.InputTokens < 5 || got.Object != "response.input_tokens" {
		t.Errorf("got %s, want some tokens", got.RawJSON())
	}
}
