package cli

import (
	"context"
	"errors"
	"io"
	"os"
	"slices"
	"strings"
)

// prompt is what the person wants to say, and where it came from.
type prompt struct {
	text  string
	stdin stdinState
}

// readPrompt puts the prompt together from the words on the line and from stdin:
// words alone; stdin alone, also for a lone -; words, a blank line and stdin as a
// block when both are there.
func (inv *invocation) readPrompt(ctx context.Context, args []string) (prompt, error) {
	words := slices.DeleteFunc(slices.Clone(args), func(arg string) bool { return arg == "-" })
	text := strings.Join(words, " ")
	dash := len(words) < len(args)
	if inv.stdinFlag != "" {
		if text == "" {
			return prompt{}, inv.noPromptError()
		}
		return prompt{text, stdinUnused}, nil
	}
	data, state, err := inv.readStdin(ctx, stdinRequest{required: dash, prompted: text != ""})
	if err != nil {
		return prompt{}, err
	}
	switch {
	case text == "" && state != stdinData:
		return prompt{}, inv.noPromptError()
	case text == "":
		text = data
	case state == stdinData:
		text += "\n\n<stdin>\n" + withNewline(data) + "</stdin>"
	}
	return prompt{text, state}, nil
}

func (inv *invocation) noPromptError() error {
	name := inv.commandName()
	return &usageError{
		message: "no prompt: give it as words or on stdin",
		hint:    "codexctl " + name + ` "why is the sky blue?", or: git diff | codexctl ` + name + ` "review this"`,
	}
}

func withNewline(s string) string {
	if strings.HasSuffix(s, "\n") {
		return s
	}
	return s + "\n"
}

// readFile reads a file that a flag names, or stdin for -, which claimStdin has given
// to it.
func (inv *invocation) readFile(ctx context.Context, flag, path string) (string, error) {
	if path == "-" {
		text, _, err := inv.readStdin(ctx, stdinRequest{required: true})
		return text, err
	}
	file, err := os.Open(path)
	if err != nil {
		return "", usagef("--%s: %v", flag, plainPathError(err))
	}
	defer file.Close()
	data, err := io.ReadAll(io.LimitReader(file, inputLimit+1))
	if data, err = checkInput(path, data, plainPathError(err)); err != nil {
		return "", err
	}
	text, err := decodeText(data)
	if err != nil {
		return "", usagef("--%s: %s %s", flag, path, err)
	}
	return text, nil
}

// plainPathError leaves out the system call that an error of the file system names.
func plainPathError(err error) error {
	var path *os.PathError
	if errors.As(err, &path) {
		return errors.New(path.Path + ": " + path.Err.Error())
	}
	return err
}
