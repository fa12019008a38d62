package cli

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/tidwall/gjson"

	"github.com/codexctl/codexctl/pkg/responses"
)

// body is the payload with the flags laid over it.
func (o *respondOptions) body(ctx context.Context, inv *invocation, args []string) ([]byte, error) {
	wants := []fileFlag{{"payload", o.payload}, o.fileFlag(), {"input", atFile(o.input)}}
	for _, tool := range o.tools {
		wants = append(wants, fileFlag{"tool", atFile(tool)})
	}
	if err := inv.claimStdin(args, wants...); err != nil {
		return nil, err
	}
	body := []byte("{}")
	if o.payload != "" {
		text, err := inv.readFile(ctx, "payload", o.payload)
		if err != nil {
			return nil, err
		}
		if body = []byte(strings.TrimSpace(text)); !json.Valid(body) || body[0] != '{' {
			return nil, usagef("--payload %s: not a JSON object%s", o.payload, whereInvalid(body))
		}
	}
	edit := &bodyEdit{body: body}
	instructions, err := o.readInstructions(ctx, inv)
	if err != nil {
		return nil, err
	}
	if o.model.given && (inv.given["model"] || o.fills(body, "model")) {
		edit.string("model", o.model.text)
	}
	if instructions != "" && (inv.given["instructions"] || inv.given["instructions-file"] || o.fills(body, "instructions")) {
		edit.string("instructions", instructions)
	}
	if err := o.editInput(ctx, inv, edit, args); err != nil {
		return nil, err
	}
	if err := o.editTools(ctx, inv, edit); err != nil {
		return nil, err
	}
	if len(o.include) > 0 {
		edit.raw("include", []byte("[]"))
	}
	for _, name := range o.include {
		edit.string("include.-1", name)
	}
	for _, assignment := range o.set {
		edit.assign(assignment)
	}
	return edit.body, edit.err
}

// fills says whether a setting of the environment may fill a field: one that the
// payload lacks, unless the payload is to be sent as it is.
func (o *respondOptions) fills(body []byte, field string) bool {
	return !o.asIs && !gjson.GetBytes(body, field).Exists()
}

// editInput lays the input over the payload's: from the flag, from the words, or
// from stdin when nothing else gives one.
func (o *respondOptions) editInput(ctx context.Context, inv *invocation, edit *bodyEdit, args []string) error {
	switch {
	case o.input != "" && len(args) > 0:
		return usagef("--input and the words both give an input; only one can")
	case o.input != "":
		value, err := inv.readValue(ctx, "input", o.input)
		if err != nil {
			return err
		}
		return editInputValue(edit, value)
	case o.payload != "" && len(args) == 0:
		return nil // the payload has it, or the backend will say that it lacks one
	}
	said, err := inv.readPrompt(ctx, args)
	if err != nil {
		return err
	}
	edit.string("input", said.text)
	if o.asIs {
		edit.raw("input", []byte("["+string(responses.UserText(said.text))+"]"))
	}
	return nil
}

// editInputValue takes a list of items, one item, or text. What begins like JSON must
// be JSON: a typing error is not a prompt.
func editInputValue(edit *bodyEdit, value string) error {
	compact := strings.Join(strings.Fields(value), "")
	switch {
	case blank(value):
		return usagef("--input is empty")
	case gjson.Valid(value) && strings.HasPrefix(compact, "["):
		edit.raw("input", []byte(value))
	case gjson.Valid(value) && strings.HasPrefix(compact, "{"):
		edit.raw("input", []byte("["+value+"]"))
	case strings.HasPrefix(compact, "[{"), strings.HasPrefix(compact, `{"`):
		return usagef("--input begins like JSON and is none%s", whereInvalid([]byte(value)))
	default:
		edit.string("input", value)
	}
	return nil
}

func (o *respondOptions) editTools(ctx context.Context, inv *invocation, edit *bodyEdit) error {
	if len(o.tools) > 0 {
		edit.raw("tools", []byte("[]"))
	}
	for _, tool := range o.tools {
		value, err := inv.readValue(ctx, "tool", tool)
		if err != nil {
			return err
		}
		if !gjson.Valid(value) || !gjson.Parse(value).IsObject() {
			return usagef("--tool wants a JSON object%s", whereInvalid([]byte(value)))
		}
		edit.raw("tools.-1", []byte(value))
	}
	switch choice := o.toolChoice; {
	case choice == "":
	case choice == "auto", choice == "none", choice == "required":
		edit.string("tool_choice", choice)
	case gjson.Valid(choice) && gjson.Parse(choice).IsObject():
		edit.raw("tool_choice", []byte(choice))
	default:
		edit.raw("tool_choice", []byte(`{"type":"function"}`))
		edit.string("tool_choice.name", choice)
	}
	return nil
}

// atFile is a value that names a file with @; empty for a value that is meant itself.
func atFile(value string) string {
	if strings.HasPrefix(value, "@") {
		return value
	}
	return ""
}

// readValue is a flag's value, or the content of the file that it names with @.
func (inv *invocation) readValue(ctx context.Context, flag, value string) (string, error) {
	path, ok := strings.CutPrefix(value, "@")
	if !ok {
		return value, nil
	}
	text, err := inv.readFile(ctx, flag, path)
	return strings.TrimSpace(text), err
}

// whereInvalid says where JSON goes wrong, for the end of a message.
func whereInvalid(data []byte) string {
	var syntax *json.SyntaxError
	var whole json.RawMessage
	if err := json.Unmarshal(data, &whole); errors.As(err, &syntax) {
		return fmt.Sprintf(" (byte %d: %s)", syntax.Offset, syntax.Error())
	}
	return ""
}
