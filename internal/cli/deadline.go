package cli

import (
	"context"
	"fmt"
	"time"
)

// bounded is the context of one answer: --timeout ends it.
func (inv *invocation) bounded(ctx context.Context) (context.Context, context.CancelFunc) {
	if inv.global.timeout == 0 {
		return context.WithCancel(ctx)
	}
	return context.WithTimeoutCause(ctx, inv.global.timeout, deadlineError(inv.global.timeout))
}

func deadlineError(limit time.Duration) error {
	return fmt.Errorf("%w after %s (--timeout)", errDeadline, limit)
}

// untilEnd does what nothing can interrupt, such as opening a named pipe that nobody has
// opened at its other end, until the context ends. The error is then its cause.
func untilEnd[T any](ctx context.Context, do func() (T, error)) (T, error) {
	type result struct {
		value T
		err   error
	}
	done := make(chan result, 1)
	// After the context this goroutine ends with what it does, or with the process.
	go func() {
		value, err := do()
		done <- result{value, err}
	}()
	select {
	case r := <-done:
		return r.value, r.err
	case <-ctx.Done():
		var none T
		return none, context.Cause(ctx)
	}
}
