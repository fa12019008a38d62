package main

import (
	"context"
	"os"
	"os/signal"
	"sync"
	"syscall"

	"github.com/codexctl/codexctl/internal/cli"
)

// listening is a context that a signal ends. It asks for signals when somebody first
// wants to know its end: to ask takes two threads, and a tenth of the time of a command
// that only prints. Until then a signal ends the process, as it does before main.
type listening struct {
	context.Context
	listen func()
}

// untilSignal is parent until the process is told to end.
func untilSignal(parent context.Context) context.Context {
	ctx, stop := context.WithCancelCause(parent)
	return listening{ctx, sync.OnceFunc(func() {
		signals := make(chan os.Signal, 1)
		signal.Notify(signals, os.Interrupt, syscall.SIGTERM)
		go endOnSignal(signals, stop)
	})}
}

// Done is the channel of the context, once the signals are asked for.
func (l listening) Done() <-chan struct{} {
	l.listen()
	return l.Context.Done()
}

// endOnSignal waits for a signal, which ends the context, and for a second one, which
// ends the process: whoever asks twice does not want to wait for the clean-up.
func endOnSignal(signals <-chan os.Signal, stop context.CancelCauseFunc) {
	stop(cli.Interrupted(<-signals))
	os.Exit(cli.SignalExit(<-signals))
}
