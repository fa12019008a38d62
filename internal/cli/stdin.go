package cli

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"slices"
	"time"
)

const (
	// inputLimit is the most text that is read from stdin or a file, in bytes.
	inputLimit = 32 << 20

	// silenceNotice is how long a silent stdin goes unmentioned.
	silenceNotice = 2 * time.Second

	// socketPatience is how long a silent socket is waited for when the prompt stands
	// on the line: programs that start us often leave one open and never use it.
	socketPatience = 10 * time.Second
)

// stdinState is what became of stdin, as the `stdin` of a result says.
type stdinState string

const (
	stdinUnused stdinState = "none"
	stdinData   stdinState = "data"
	stdinEmpty  stdinState = "empty"
)

// fileFlag is a flag that names a file, as it was given.
type fileFlag struct{ name, value string }

// claimStdin finds out which flag reads stdin, before anybody does: it can be read
// only once. Two that want it are a usage error that names both.
func (inv *invocation) claimStdin(args []string, flags ...fileFlag) error {
	var by []string
	for _, f := range flags {
		if f.value == "-" || f.value == "@-" {
			by = append(by, "--"+f.name+" "+f.value)
			inv.stdinFlag = by[0]
		}
	}
	if slices.Contains(args, "-") {
		by = append(by, "the argument -")
	}
	if len(by) > 1 {
		return usagef("%s and %s both want stdin; only one can have it", by[0], by[1])
	}
	return nil
}

// stdinRequest says how stdin is to be read.
type stdinRequest struct {
	// required waits without a limit of its own, and refuses an empty stdin.
	required bool

	// prompted is true when there is a prompt without stdin.
	prompted bool

	// limit is the most that is read, in bytes; 0 is [inputLimit].
	limit int
}

// readStdin reads stdin to its end, if there is something to read. Text with a byte
// order mark is decoded.
func (inv *invocation) readStdin(ctx context.Context, want stdinRequest) (string, stdinState, error) {
	data, state, err := inv.readStdinBytes(ctx, want)
	if err != nil || state == stdinUnused {
		return "", state, err
	}
	text, err := decodeText(data)
	if err != nil {
		return "", stdinUnused, usagef("stdin %s", err)
	}
	if !blank(text) {
		return text, stdinData, nil
	}
	if want.required {
		return "", stdinEmpty, errStdinEmpty()
	}
	return "", stdinEmpty, nil
}

// readStdinBytes reads stdin as it is.
func (inv *invocation) readStdinBytes(ctx context.Context, want stdinRequest) ([]byte, stdinState, error) {
	kind := inv.env.StdinKind
	if inv.global.noStdin || kind == StdinNone || kind == StdinTerminal {
		if want.required {
			return nil, stdinUnused, inv.noStdinError()
		}
		return nil, stdinUnused, nil
	}
	data, err := inv.await(ctx, want)
	switch {
	case err != nil:
		return nil, stdinUnused, err
	case len(data) > 0:
		return data, stdinData, nil
	case want.required:
		return nil, stdinEmpty, errStdinEmpty()
	}
	return nil, stdinEmpty, nil
}

func errStdinEmpty() error { return usagef("stdin is empty, and it was asked for") }

func (inv *invocation) noStdinError() error {
	if inv.global.noStdin {
		return usagef("stdin is asked for and forbidden by --no-stdin")
	}
	return usagef("stdin is asked for, and there is nothing to read: it is a terminal or closed")
}

// await reads stdin to its end.
func (inv *invocation) await(ctx context.Context, want stdinRequest) ([]byte, error) {
	got := make(chan []byte, 1)
	limit := cmp.Or(want.limit, inputLimit)
	err := inv.awaitStdin(ctx, want, func(r io.Reader) error {
		data, err := io.ReadAll(io.LimitReader(r, int64(limit)+1))
		data, err = checkInput("stdin", limit, data, err)
		got <- data
		return err
	})
	if err != nil {
		return nil, err
	}
	return <-got, nil
}

// awaitStdin has stdin read. Until its first byte the wait is announced and, where asked
// for, limited; after it only the context limits it. After an error of this function
// read may still be at work.
func (inv *invocation) awaitStdin(ctx context.Context, want stdinRequest, read func(io.Reader) error) error {
	reader := &firstByteReader{src: inv.env.Stdin, first: make(chan struct{})}
	done := make(chan error, 1)
	// A read of stdin cannot be interrupted. If it never ends this goroutine ends
	// with the process, which is then about to end anyway.
	go func() { done <- read(reader) }()

	notice := time.NewTimer(silenceNotice)
	defer notice.Stop()
	limit, giveUp := inv.patience(want)
	if limit != nil {
		defer limit.Stop()
	}
	first := reader.first
	for {
		select {
		case err := <-done:
			return err
		case <-first:
			first = nil
			notice.Stop()
			if limit != nil {
				limit.Stop()
			}
		case <-notice.C:
			inv.talk.note("codexctl: waiting for stdin to end (--no-stdin does not read it)")
		case <-expiry(limit):
			return giveUp
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
}

// patience is the limit on a silent stdin and the error when it is reached.
func (inv *invocation) patience(want stdinRequest) (*time.Timer, error) {
	kind := inv.env.StdinKind
	switch {
	case inv.global.stdinTimeout > 0:
		return time.NewTimer(inv.global.stdinTimeout),
			usagef("stdin stayed silent for %s (--stdin-timeout); --no-stdin does not read it", inv.global.stdinTimeout)
	case kind == StdinSocket && want.prompted && !want.required:
		return time.NewTimer(socketPatience),
			usagef("stdin is a socket that stayed silent for %s: --no-stdin does not read it, a lone - waits for it", socketPatience)
	}
	return nil, nil
}

func expiry(t *time.Timer) <-chan time.Time {
	if t == nil {
		return nil
	}
	return t.C
}

// firstByteReader tells when the first byte or the end has come.
type firstByteReader struct {
	src   io.Reader
	first chan struct{}
	told  bool
}

func (r *firstByteReader) Read(p []byte) (int, error) {
	n, err := r.src.Read(p)
	if !r.told {
		r.told = true
		close(r.first)
	}
	return n, err
}

// checkInput refuses what could only be cut.
func checkInput(name string, limit int, data []byte, err error) ([]byte, error) {
	switch {
	case err != nil:
		return nil, &usageError{message: fmt.Sprintf("read %s: %v", name, err)}
	case len(data) > limit:
		return nil, usagef("%s holds more than %s, the most that is sent; nothing was sent", name, limitText(limit))
	}
	return data, nil
}

// limitText is a limit as the documentation has it.
func limitText(limit int) string {
	if limit%(1<<20) == 0 {
		return fmt.Sprintf("%d MiB", limit>>20)
	}
	return fmt.Sprintf("%d MB", limit/1_000_000)
}
