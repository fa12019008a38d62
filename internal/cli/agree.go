package cli

import (
	"context"
	"fmt"
)

// canAsk says whether there is somebody who may be asked.
func (inv *invocation) canAsk() bool { return inv.env.Confirm != nil && !inv.global.noInput }

// agree asks a person. A no ends the command with errCancelled.
func (inv *invocation) agree(ctx context.Context, question string) error {
	yes, err := inv.env.Confirm(ctx, question)
	if err != nil {
		return err
	}
	if !yes {
		return fmt.Errorf("%w: nothing was changed", errCancelled)
	}
	return nil
}

// mustAgree is agree; where there is nobody to ask, the flag must have said it.
func (inv *invocation) mustAgree(ctx context.Context, question, flag string) error {
	if !inv.canAsk() {
		return &usageError{message: question + " There is nobody to ask", hint: "say yes with " + flag}
	}
	return inv.agree(ctx, question)
}
