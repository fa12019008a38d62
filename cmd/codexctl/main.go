// Command codexctl uses a ChatGPT subscription from shells, pipes, CI scripts and
// programs.
package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"

	"github.com/codexctl/codexctl/internal/cli"
)

func main() {
	// A reader of our output that goes away is an error of the write, not our end. To
	// ignore the signal would do as well, but our children would inherit that.
	signal.Notify(make(chan os.Signal, 1), syscall.SIGPIPE)
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM)
	ctx, stop := context.WithCancelCause(context.Background())
	go func() {
		first := <-signals
		stop(cli.Interrupted(first))
		// Whoever asks twice does not want to wait for the clean-up.
		os.Exit(cli.SignalExit(<-signals))
	}()
	os.Exit(cli.Main(ctx, cli.ProcessEnv(), os.Args[1:]))
}
