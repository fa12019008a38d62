package cli

import (
	"context"
	"errors"
	"net/http"
	"sync"

	"github.com/codexctl/codexctl/pkg/responses"
)

// The lines of `ask --jsonl`. Readers must pass over types they do not know.
type (
	startLine struct {
		SchemaVersion int     `json:"schema_version"`
		Type          string  `json:"type"`
		Model         *string `json:"model"`
		Requested     string  `json:"requested_model"`
		RequestID     *string `json:"request_id"`
		Session       *string `json:"session"`
	}
	deltaLine struct {
		Type  string  `json:"type"`
		Text  string  `json:"text"`
		Phase *string `json:"phase,omitempty"`
	}
	toolLine struct {
		Type string `json:"type"`
		toolCallDocument
	}
	retryLine struct {
		Type    string `json:"type"`
		Attempt int    `json:"attempt"`
		DelayMS int64  `json:"delay_ms"`
		Reason  string `json:"reason"`
	}
	warningLine struct {
		Type    string `json:"type"`
		Message string `json:"message"`
	}
)

// askLines turns what happens into lines, as it happens. A line that cannot be
// written ends the call.
type askLines struct {
	answer *answer
	pieces responses.Pieces
	phases map[int]string // of the messages, by their place in the output

	mu     sync.Mutex // a renewal may warn from another goroutine
	failed error      // the first error of the writer
}

func newAskLines(a *answer) *askLines {
	l := &askLines{answer: a, phases: make(map[int]string)}
	a.inv.talk.tellOf(func(text string) { l.emit(warningLine{"warning", text}) })
	return l
}

// write runs the call.
func (l *askLines) write(ctx context.Context) error {
	call := &l.answer.call
	call.client.Notify = l.notice
	call.opened = func(http.Header) error { return l.start() }
	call.event = l.event
	err := call.run(ctx)
	switch broken := l.broken(); {
	case broken != nil:
		return broken
	case err != nil:
		return err
	}
	if err := l.answer.collector.Err(); err != nil {
		return err
	}
	if err := l.answer.conform(); err != nil {
		return err
	}
	return l.answer.saveText()
}

func (l *askLines) emit(v any) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.failed == nil {
		l.failed = l.answer.inv.line(v)
	}
}

// broken is the first error of the writer.
func (l *askLines) broken() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.failed
}

func (l *askLines) start() error {
	call := &l.answer.call
	l.emit(startLine{
		SchemaVersion: 1, Type: "start", Requested: call.requestedModel(),
		Model: stringOrNull(call.header.Get("Openai-Model")), RequestID: stringOrNull(call.requestID),
		Session: l.answer.conversation.keeping(),
	})
	return l.broken()
}

func (l *askLines) notice(n responses.Notice) {
	l.answer.inv.tell(n)
	if n.Kind == responses.NoticeRetry {
		l.emit(retryLine{"retry", n.Attempt, n.Delay.Milliseconds(), n.Err.Error()})
	}
}

func (l *askLines) event(e responses.Event, _ bool) error {
	l.answer.collector.Add(e)
	if phase := e.Phase(); phase != "" {
		l.phases[e.OutputIndex()] = phase
	}
	if text := e.ReasoningDelta(); text != "" {
		l.emit(deltaLine{Type: "reasoning.delta", Text: text})
	}
	l.pieces.Event(e, func(p responses.Piece) {
		l.emit(deltaLine{"text.delta", p.Text, stringOrNull(l.phases[p.OutputIndex])})
	})
	if call, ok := e.ToolCall(); ok {
		l.emit(toolLine{"tool_call", toolCallDocument{call.ID, call.Name, call.Arguments}})
	}
	return l.broken()
}

// errorLine ends the lines of a call that failed.
type errorLine struct {
	SchemaVersion int            `json:"schema_version"`
	Type          string         `json:"type"`
	Error         *errorDocument `json:"error"`
}

// last ends the lines: `done` is the result, `error` the failure.
func (l *askLines) last(err error) error {
	inv := l.answer.inv
	inv.talk.tellOf(nil)
	if errors.Is(err, errReaderGone) {
		return err
	}
	if err == nil {
		return inv.line(l.answer.document("done", nil))
	}
	if writeErr := inv.line(errorLine{1, "error", inv.explain(err)}); writeErr != nil {
		return writeErr
	}
	return &reported{err}
}
