package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/codexctl/codexctl/bench/lab"
)

// The requests of the load. The backend takes the native one as it is, so that the
// rival can pass it on.
const (
	nativeRequest = `{"model":"gpt-5.5","instructions":"Answer in one short paragraph, in plain words.",` +
		`"input":[{"type":"message","role":"user","content":[{"type":"input_text","text":"Why is the sky blue, and why is it red in the evening?"}]}],` +
		`"store":false,"stream":true}`
	chatRequest = `{"model":"gpt-5.5","stream":true,"messages":[` +
		`{"role":"system","content":"Answer in one short paragraph, in plain words."},` +
		`{"role":"user","content":"Why is the sky blue, and why is it red in the evening?"}]}`
)

// answerDeltas are the pieces of an answer that is recorded: words, as models send
// them, now and then with what JSON escapes.
func answerDeltas(n int) []string {
	words := strings.Split("The| light| of| the| sun| meets| the| air|,| and| \"blue\"| is| scattered| most|.\n", "|")
	deltas := make([]string, n)
	for i := range deltas {
		deltas[i] = words[i%len(words)]
	}
	return deltas
}

// recordAnswer is the body of an answer with so many deltas, as the backend sends it.
func recordAnswer(ctx context.Context, l *lab.Lab, deltas int) ([]byte, error) {
	scene, err := json.Marshal(struct {
		Deltas     []string `json:"deltas"`
		FullOutput bool     `json:"full_output"`
	}{answerDeltas(deltas), true})
	if err != nil {
		return nil, err
	}
	b, err := l.Backend(ctx, string(scene))
	if err != nil {
		return nil, err
	}
	defer b.Close()
	bare, err := l.Bare(ctx, b)
	if err != nil {
		return nil, err
	}
	defer bare.Close()
	body, err := lab.Load{URL: bare.URL + "/", Body: nativeRequest}.Once(ctx)
	if err == nil && bytes.Count(body, []byte("event: response.output_text.delta\n")) != deltas {
		err = fmt.Errorf("the backend's answer has not %d deltas: %.500s", deltas, body)
	}
	return body, err
}

// writeRecording puts an answer into a folder of its own, for a backend to repeat.
func writeRecording(l *lab.Lab, deltas int, body []byte) (string, error) {
	folder := l.Path(fmt.Sprintf("recording-%d", deltas))
	return folder, errors.Join(
		os.MkdirAll(folder, 0o700),
		os.WriteFile(filepath.Join(folder, "answer.sse"), body, 0o600),
		os.WriteFile(filepath.Join(folder, "answer.json"), []byte(`{"status":200,"request":{"model":"gpt-5.5"}}`), 0o600),
	)
}

// chatChunk is as much of a chunk as is looked at.
type chatChunk struct {
	Object  string `json:"object"`
	Choices []struct {
		Delta struct {
			Role, Content string
		} `json:"delta"`
		FinishReason *string `json:"finish_reason"`
	} `json:"choices"`
}

// checkChat wants the role, each delta as a chunk, the end, and [DONE].
func checkChat(answer []byte, deltas int) error {
	frames := strings.Split(strings.TrimSuffix(string(answer), "\n\n"), "\n\n")
	if want := 1 + deltas + 1 + 1; len(frames) != want {
		return fmt.Errorf("%d frames, want %d", len(frames), want)
	}
	last := len(frames) - 1
	if frames[last] != "data: [DONE]" {
		return fmt.Errorf("the last frame is %q", frames[last])
	}
	text := answerDeltas(deltas)
	for i, frame := range frames[:last] {
		var chunk chatChunk
		if err := json.Unmarshal([]byte(strings.TrimPrefix(frame, "data: ")), &chunk); err != nil {
			return err
		}
		if chunk.Object != "chat.completion.chunk" || len(chunk.Choices) != 1 {
			return fmt.Errorf("frame %d is no chunk: %s", i, frame)
		}
		choice := chunk.Choices[0]
		finished := choice.FinishReason != nil && *choice.FinishReason == "stop"
		switch {
		case i == 0 && choice.Delta.Role == "assistant" && choice.FinishReason == nil:
		case i == last-1 && finished:
		case i > 0 && i < last-1 && choice.Delta.Content == text[i-1] && choice.FinishReason == nil:
		default:
			return fmt.Errorf("frame %d is not what it has to be: %s", i, frame)
		}
	}
	return nil
}
