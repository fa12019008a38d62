package cli

import (
	"context"
	"errors"
	"io"
	"os"
	"slices"
	"strings"
	"unicode/utf8"
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
	if !utf8.ValidString(text) {
		return prompt{}, usagef("the prompt is no text: it is not UTF-8")
	}
	if inv.stdinFlag != "" {
		if blank(text) {
			return prompt{}, inv.noPromptError()
		}
		return prompt{text, stdinUnused}, nil
	}
	data, state, err := inv.readStdin(ctx, stdinRequest{required: dash, prompted: text != ""})
	if err != nil {
		return prompt{}, err
	}
	switch {
	case blank(text) && state != stdinData:
		return prompt{}, inv.noPromptError()
	case blank(text):
		text = data
	case state == stdinData:
		text += "\n\n<stdin>\n" + withNewline(data) + "</stdin>"
	}
	return prompt{text, state}, nil
}

// blank says whether there is nothing to read in s.
func blank(s string) bool { return strings.TrimSpace(s) == "" }

func (inv *invocation) noPromptError() error {
	name := inv.commandName()
	hint := "codexctl " + name + ` "why is the sky blue?", or: git diff | codexctl ` + name + ` "review this"`
	for _, flag := range []struct{ name, example string }{
		{"file", `-f notes.txt "summarise this"`}, {"attach", `-a photo.jpg "what is this?"`},
	} {
		if inv.given[flag.name] {
			hint = "say what is to be done with it: codexctl " + name + " " + flag.example
		}
	}
	return &usageError{message: "no prompt: give it as words or on stdin", hint: hint}
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
	data, err := slurp(ctx, path, inputLimit)
	if err != nil {
		return "", usageOr(ctx, err, "--"+flag)
	}
	text, err := decodeText(data)
	if err != nil {
		return "", usagef("--%s: %s %s", flag, path, err)
	}
	return text, nil
}

// slurp reads a file of at most limit bytes, until the context ends: a named pipe can keep one waiting.
func slurp(ctx context.Context, path string, limit int) ([]byte, error) {
	type result struct {
		data []byte
		err  error
	}
	done := make(chan result, 1)
	// Opening and reading a pipe cannot be interrupted: this goroutine ends with it, or
	// with the process.
	go func() {
		file, err := os.Open(path)
		if err != nil {
			done <- result{nil, err}
			return
		}
		defer file.Close()
		data, err := io.ReadAll(io.LimitReader(file, int64(limit)+1))
		done <- result{data, err}
	}()
	select {
	case r := <-done:
		if r.err != nil {
			return nil, plainPathError(r.err)
		}
		return checkInput(path, limit, r.data, nil)
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	}
}

// usageOr is an error about the file of a flag, unless the context has ended.
func usageOr(ctx context.Context, err error, flag string) error {
	var usage *usageError
	if ctx.Err() != nil || errors.As(err, &usage) {
		return err
	}
	return usagef("%s: %v", flag, err)
}

// plainPathError leaves out the system call that an error of the file system names.
func plainPathError(err error) error {
	var path *os.PathError
	if errors.As(err, &path) {
		return errors.New(path.Path + ": " + path.Err.Error())
	}
	return err
}
