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
