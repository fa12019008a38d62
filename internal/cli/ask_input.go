package cli

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/codexctl/codexctl/pkg/responses"
)

// inputOptions are the flags of `ask` about what goes along with the prompt, and how
// much of it.
type inputOptions struct {
	files    repeated
	attached repeated
	countOptions
}

func (o *inputOptions) flags() []flagSpec {
	return append([]flagSpec{
		repeatedFlag("file,f", "FILE", &o.files, "text to read before the prompt, or stdin for - (repeat)"),
		repeatedFlag("attach,a", "'PATH|URL|-[;type=MIME]'", &o.attached, "image or PDF to look at, or stdin for - (repeat)"),
	}, o.countOptions.flags()...)
}

// fileFlags are those that may name stdin. A leading @ has no meaning here: it is part
// of a name.
func (o *inputOptions) fileFlags() []fileFlag {
	var claims []fileFlag
	for _, path := range o.files {
		if isStdin(path) {
			claims = append(claims, fileFlag{"file", "-"})
		}
	}
	for _, spec := range o.attached {
		if isStdin(splitAttachment(spec).name) {
			claims = append(claims, fileFlag{"attach", "-"})
		}
	}
	return claims
}

// isStdin says whether a path is standard input. Under its other names it would be
// read a second time, for the prompt.
func isStdin(path string) bool {
	switch path {
	case "-", "/dev/stdin", "/dev/fd/0", "/proc/self/fd/0":
		return true
	}
	return false
}

// attachments are what goes along with a prompt.
type attachments struct {
	text  string       // the files of --file as blocks, each followed by a blank line
	parts []attachment // in the order of the line
}

// read reads and checks all that the flags name.
func (o *inputOptions) read(ctx context.Context, inv *invocation) (attachments, error) {
	var a attachments
	var err error
	if a.text, err = inv.readContext(ctx, o.files); err != nil {
		return attachments{}, err
	}
	a.parts, err = inv.readAttachments(ctx, o.attached)
	return a, err
}

// message is the user's message: one text, then the attachments.
func (a attachments) message(prompt string) (json.RawMessage, error) {
	if len(a.text)+len(prompt) > inputLimit {
		return nil, errTooMuchText()
	}
	text := responses.UserText(a.text + prompt)
	if len(a.parts) == 0 {
		return text, nil
	}
	size := len(text)
	for _, part := range a.parts {
		size += part.encodedSize()
	}
	var b strings.Builder
	b.Grow(size)
	b.Write(text[:len(text)-len("]}")])
	for _, part := range a.parts {
		data, err := part.encode()
		if err != nil {
			return nil, err
		}
		b.WriteByte(',')
		b.Write(data)
	}
	b.WriteString("]}")
	return json.RawMessage(b.String()), nil
}

func errTooMuchText() error {
	return &usageError{
		message: fmt.Sprintf("the prompt and the files of --file hold more than %s together, the most that is sent; nothing was sent", limitText(inputLimit)),
		hint:    "send less text: codexctl ask --count says how many tokens it is",
	}
}
