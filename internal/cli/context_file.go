package cli

import (
	"context"
	"fmt"
	"os"
	"strings"
)

// readContext is the files of --file as blocks in front of a prompt.
func (inv *invocation) readContext(ctx context.Context, paths []string) (string, error) {
	var b strings.Builder
	for _, path := range paths {
		text, err := inv.readContextFile(ctx, path)
		if err != nil {
			return "", err
		}
		if b.Len()+len(text) > inputLimit {
			return "", errTooMuchText()
		}
		b.WriteString(fileBlock(path, text))
	}
	return b.String(), nil
}

// fileBlock is one file as the model reads it. The text is as it was: there is no way
// to write a </file> in it that would still be the file's.
func fileBlock(path, text string) string {
	return `<file path="` + attribute(path) + "\">\n" + withNewline(text) + "</file>\n\n"
}

// attribute is s within double quotes, as XML writes it.
func attribute(s string) string {
	var b strings.Builder
	for _, r := range strings.ToValidUTF8(s, "\uFFFD") {
		switch {
		case r == '&':
			b.WriteString("&amp;")
		case r == '<':
			b.WriteString("&lt;")
		case r == '>':
			b.WriteString("&gt;")
		case r == '"':
			b.WriteString("&quot;")
		case r < ' ' || r == 0x7f:
			fmt.Fprintf(&b, "&#%d;", r)
		default:
			b.WriteRune(r)
		}
	}
	return b.String()
}

// readContextFile reads one file of --file, or stdin.
func (inv *invocation) readContextFile(ctx context.Context, path string) (string, error) {
	data, err := inv.readInput(ctx, "file", path, inputLimit)
	if err != nil {
		return "", err
	}
	name := path
	if isStdin(path) {
		name = "stdin"
	}
	text, err := decodeText(data)
	if err == nil && strings.ContainsRune(text, 0) {
		err = fmt.Errorf("is no text: it holds the character NUL")
	}
	switch {
	case err != nil:
		return "", &usageError{
			message: fmt.Sprintf("--file: %s %v", name, err),
			hint:    "an image or a PDF goes along as it is: -a " + shellWord(path),
		}
	case blank(text):
		return "", usagef("--file: %s has no text in it", name)
	}
	return text, nil
}

// readInput reads the bytes of a file that a flag names, or of stdin: at most limit.
func (inv *invocation) readInput(ctx context.Context, flag, path string, limit int) ([]byte, error) {
	switch {
	case path == "":
		return nil, usagef("--%s: the name is empty; leave the flag out to do without", flag)
	case isStdin(path):
		data, _, err := inv.readStdinBytes(ctx, stdinRequest{required: true, limit: limit})
		return data, err
	}
	data, err := slurp(ctx, path, limit)
	if err == nil {
		return data, nil
	}
	err = usageOr(ctx, err, "--"+flag)
	bare, marked := strings.CutPrefix(path, "@")
	if _, there := os.Stat(bare); marked && there == nil && ctx.Err() == nil {
		return nil, &usageError{message: err.Error(), hint: fmt.Sprintf("without the @: --%s %s", flag, shellWord(bare))}
	}
	return nil, err
}
