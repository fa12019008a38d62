package cli

import (
	"context"
	"fmt"
)

// bounded is the context of one answer: --timeout ends it.
func (inv *invocation) bounded(ctx context.Context) (context.Context, context.CancelFunc) {
	if inv.global.timeout == 0 {
		return context.WithCancel(ctx)
	}
	cause := fmt.Errorf("%w after %s (--timeout)", errDeadline, inv.global.timeout)
	return context.WithTimeoutCause(ctx, inv.global.timeout, cause)
}
