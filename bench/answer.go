package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"time"

	"github.com/codexctl/codexctl/bench/lab"
)

// What a question may cost next to the same one by curl.
const (
	answerOverCurl = 1.3
	firstDeltaMS   = 1.0
)

const shortAnswer = "The sky is blue because air scatters short waves more than long ones."

// measureAnswer is one short question: the whole process, and how long until the first
// of the text is on stdout.
func measureAnswer(ctx context.Context, l *lab.Lab) ([]row, error) {
	b, err := l.Backend(ctx, fmt.Sprintf(`{"text":%q}`, shortAnswer))
	if err != nil {
		return nil, err
	}
	defer b.Close()
	ask := ours(l, b, "ask", "hi")
	curl, err := curlFor(ctx, l, b)
	if err != nil {
		return nil, err
	}
	ask.Stdout, curl.Stdout = l.Path("answer.txt"), l.Path("answer.sse")
	ask.Check = func() error { return fileIs(ask.Stdout, []byte(shortAnswer+"\n")) }
	curl.Check = func() error { return fileHas(curl.Stdout, []byte("event: response.completed\n"), 1) }
	whole, err := l.InTurn(ctx, l.Times(200), l.Once, ask, curl)
	if err != nil {
		return nil, err
	}
	first, err := l.InTurn(ctx, l.Times(200), l.FirstByte, ask, curl)
	if err != nil {
		return nil, err
	}
	late := make([]float64, len(first[0]))
	for i := range late {
		late[i] = float64(first[0][i].First-first[1][i].First) / float64(time.Millisecond)
	}
	return []row{
		wallRow("one short answer: ask", whole[0], whole[1], "curl -N", bar{atMost: answerOverCurl}),
		{
			what: "first text on stdout, later than the first byte", ours: duration(first[0].First()), theirs: duration(first[1].First()),
			rival: "curl -N", value: lab.Median(late), unit: "ms", bar: bar{atMost: firstDeltaMS},
		},
	}, nil
}

// request is what `ask --dry-run` says of a request.
type request struct {
	Headers map[string]string `json:"headers"`
	Body    json.RawMessage   `json:"body"`
}

// curlFor is curl with the request that `ask hi` makes.
func curlFor(ctx context.Context, l *lab.Lab, b *lab.Backend) (lab.Command, error) {
	dry := ours(l, b, "ask", "--dry-run", "hi")
	dry.Stdout = l.Path("request.json")
	if _, err := l.Once(ctx, dry); err != nil {
		return lab.Command{}, err
	}
	data, err := os.ReadFile(dry.Stdout)
	if err != nil {
		return lab.Command{}, err
	}
	var r request
	if err := json.Unmarshal(data, &r); err != nil {
		return lab.Command{}, fmt.Errorf("%v: %w", dry.Args, err)
	}
	body := l.Path("body.json")
	if err := os.WriteFile(body, r.Body, 0o600); err != nil {
		return lab.Command{}, err
	}
	args := []string{"curl", "-sfN", "-H", "authorization: Bearer " + b.Token}
	for name, value := range r.Headers {
		if value != "***" {
			args = append(args, "-H", name+": "+value)
		}
	}
	return lab.Command{Args: append(args, "--data-binary", "@"+body, b.Responses())}, nil
}

// fileIs checks what a file holds.
func fileIs(path string, want []byte) error {
	got, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	if !bytes.Equal(got, want) {
		return fmt.Errorf("%s: %d bytes that are not the %d that were sent", path, len(got), len(want))
	}
	return nil
}

// fileHas checks how often something stands in a file.
func fileHas(path string, what []byte, times int) error {
	data, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	if n := bytes.Count(data, what); n != times {
		return fmt.Errorf("%s: %d times %q, want %d", path, n, what, times)
	}
	return nil
}
