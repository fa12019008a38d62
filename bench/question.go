package main

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/codexctl/codexctl/bench/lab"
)

// questionSize is the least length of a long question, in bytes: that of a client which
// sends its whole history with each request.
const questionSize = 1 << 20

// measureQuestion is what the server does with long questions, which it has to look into.
func measureQuestion(ctx context.Context, l *lab.Lab) ([]row, error) {
	s, err := openStand(ctx, l, shortStream, "{}")
	if err != nil {
		return nil, err
	}
	defer s.close()
	connections, requests, size := 4, 80, questionSize
	if l.Quick {
		connections, requests, size = 1, 1, questionSize/16
	}
	loads := s.loads()
	for i, form := range [contenders]string{native: "input", chat: "messages", bare: "input"} {
		if loads[i].load.Body, err = longQuestion(form, size); err != nil {
			return nil, err
		}
	}
	rounds, err := inTurn(ctx, l.Times(3), connections, requests, loads)
	if err != nil {
		return nil, err
	}
	at := fmt.Sprintf(", a question of %d KiB, concurrency %d", size>>10, connections)
	return []row{
		rounds.row("serve native: p50"+at, native, p50, bar{}),
		rounds.row("serve native: processor time a request"+at, native, processorTime, bar{}),
		rounds.row("serve chat: p50"+at, chat, p50, bar{}),
		rounds.row("serve chat: processor time a request"+at, chat, processorTime, bar{}),
	}, nil
}

// longQuestion is a request for a stream whose history, in the field of the given name,
// has at least size bytes.
func longQuestion(form string, size int) (string, error) {
	type message struct {
		Role    string `json:"role"`
		Content string `json:"content"`
	}
	text := strings.Repeat("Some \"words\" of a question,\nwith a line end here and there.\n", 40)
	var history []message
	for total := 0; total < size; total += len(text) {
		history = append(history, message{"user", text})
	}
	items, err := json.Marshal(history)
	if err != nil {
		return "", err
	}
	return fmt.Sprintf(`{"model":"gpt-5.5","stream":true,"store":false,"%s":%s}`, form, items), nil
}
