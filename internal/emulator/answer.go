package emulator

import (
	"fmt"
	"strings"

	"github.com/tidwall/gjson"
)

// answer is what the model says, before it becomes events.
type answer struct {
	reasoning *thought
	calls     []toolCall
	messages  []message
}

// thought is a reasoning item; the summary may be empty.
type thought struct {
	summary   string
	encrypted bool
}

// toolCall is a call of a function or of a custom tool.
type toolCall struct {
	custom bool
	name   string
	input  string // arguments as JSON text, or the custom tool's input
}

// message is something said to the person, as text or as a refusal.
type message struct {
	deltas  []string
	refusal bool
	phase   string // "commentary" or "final_answer"
	flood   bool   // the scene's flood instead of deltas
}

// decide makes the answer to q. The scene's content goes before our own ideas.
func decide(q *request, s Scene) answer {
	a := answer{reasoning: think(q, s)}
	switch {
	case s.Empty:
		return answer{}
	case s.FloodDeltas > 0:
		a.messages = []message{{flood: true, phase: phaseFinal}}
	case s.Refusal != "":
		a.messages = []message{{deltas: split(s.Refusal), refusal: true, phase: phaseFinal}}
	case s.Deltas != nil:
		a.messages = []message{{deltas: s.Deltas, phase: phaseFinal}}
	case s.Messages != nil:
		for n, text := range s.Messages {
			phase := phaseCommentary
			if n == len(s.Messages)-1 {
				phase = phaseFinal
			}
			a.messages = append(a.messages, message{deltas: split(text), phase: phase})
		}
	case s.Text != "":
		a.messages = []message{{deltas: split(s.Text), phase: phaseFinal}}
	default:
		a.calls = q.toolCalls(s)
		if len(a.calls) == 0 {
			a.messages = []message{{deltas: split(q.reply()), phase: phaseFinal}}
		}
	}
	return a
}

// The phases of a message item.
const (
	phaseCommentary = "commentary"
	phaseFinal      = "final_answer"
)

// think decides whether a reasoning item comes first: when the scene has one,
// when a summary was asked for, or when it is wanted encrypted.
func think(q *request, s Scene) *thought {
	effortless := q.Reasoning != nil && q.Reasoning.Effort != nil && *q.Reasoning.Effort == "none"
	asked := q.Reasoning != nil && q.Reasoning.Summary != nil
	switch {
	case s.Reasoning != "":
		return &thought{summary: s.Reasoning, encrypted: q.wantsEncrypted()}
	case effortless:
		return nil
	case asked:
		return &thought{summary: "**Thinking about the request**\n\nThe emulator looks at the last message and decides what to send back.", encrypted: q.wantsEncrypted()}
	case q.wantsEncrypted():
		return &thought{encrypted: true}
	}
	return nil
}

// toolCalls decides which tools are called. A tool that was chosen is called;
// with "auto" the first one is called until the input holds a tool's output.
func (q *request) toolCalls(s Scene) []toolCall {
	var callable []tool
	for _, t := range q.tools() {
		if t.Type == toolFunction || t.Type == toolCustom {
			callable = append(callable, t)
		}
	}
	c, _ := q.choice()
	count := s.ToolCalls
	switch {
	case len(callable) == 0:
		return nil
	case count > 0:
	case c.mode == "required":
		count = 1
	case c.mode == "named":
		count = 1
		for _, t := range callable {
			if t.Name == c.name {
				callable = []tool{t}
				break
			}
		}
	case c.mode == "auto" && q.lastOutput() == nil:
		count = 1
	}
	var calls []toolCall
	for n := range count {
		calls = append(calls, newToolCall(callable[n%len(callable)], s))
	}
	return calls
}

// newToolCall calls t with made-up input.
func newToolCall(t tool, s Scene) toolCall {
	call := toolCall{name: t.Name, custom: t.Type == toolCustom, input: s.ToolArguments}
	if call.input == "" && call.custom {
		call.input = "example input"
	}
	if call.input == "" {
		call.input = string(instance(gjson.ParseBytes(t.Parameters)))
		if !strings.HasPrefix(call.input, "{") {
			call.input = "{}" // a function without parameters
		}
	}
	return call
}

// lastOutput returns the last tool output if it came after the last thing the
// user said, or nil: a new question gets a new call.
func (q *request) lastOutput() *inputItem {
	for n := len(q.items) - 1; n >= 0; n-- {
		switch item := &q.items[n]; {
		case item.Type == itemFunctionOutput || item.Type == itemCustomOutput:
			return item
		case item.Type == itemMessage && item.Role == "user":
			return nil
		}
	}
	return nil
}

// lastUser returns the last user message, or nil.
func (q *request) lastUser() *inputItem {
	for n := len(q.items) - 1; n >= 0; n-- {
		if item := &q.items[n]; item.Type == itemMessage && item.Role == "user" {
			return item
		}
	}
	return nil
}

// reply is the text of the default answer.
func (q *request) reply() string {
	if q.Text != nil && q.Text.Format != nil {
		switch q.Text.Format.Type {
		case "json_schema":
			return string(instance(gjson.ParseBytes(q.Text.Format.Schema)))
		case "json_object":
			return string(encode(struct {
				Answer string `json:"answer"`
			}{q.prose()}))
		}
	}
	return q.prose()
}

// prose is the default answer in words.
func (q *request) prose() string {
	if output := q.lastOutput(); output != nil {
		return "The tool answered: " + shorten(output.text())
	}
	user := q.lastUser()
	if user == nil {
		return "There is no user message to answer."
	}
	if known := q.recall(user.text()); known != "" {
		return known
	}
	said := "You said: " + shorten(user.text())
	images, files := 0, 0
	for _, part := range user.parts {
		switch part.Type {
		case "input_image":
			images++
		case "input_file":
			files++
		}
	}
	if images > 0 {
		said += fmt.Sprintf(" [images: %d]", images)
	}
	if files > 0 {
		said += fmt.Sprintf(" [files: %d]", files)
	}
	return said
}

// shorten keeps an echo readable when a whole file was piped in.
func shorten(text string) string {
	const longest = 1000
	runes := []rune(strings.TrimSpace(text))
	if len(runes) <= longest {
		return string(runes)
	}
	return fmt.Sprintf("%s… (%d characters in all)", string(runes[:longest]), len(runes))
}

// split cuts text into deltas the way models do: words with the space before
// them, long ones in pieces. Joined, they are the text again.
func split(text string) []string {
	const longest = 12 // runes
	var deltas []string
	start, count := 0, 0
	for at, r := range text {
		if at > start && (r == ' ' || r == '\n' || count >= longest) {
			deltas = append(deltas, text[start:at])
			start, count = at, 0
		}
		count++
	}
	if start < len(text) {
		deltas = append(deltas, text[start:])
	}
	return deltas
}
